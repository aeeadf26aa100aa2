"""A configuration makes the same network and images each time, at the precision asked for."""

import torch

from bench.timing.setup import MATMUL_SETTINGS, build_testbed, matmul_precision
from tests.helpers.timing_setup import CONFIG


def test_a_configuration_is_the_same_network_and_images_each_time(small):
    again = build_testbed(CONFIG)
    assert small.images.shape == (2, 1, 32, 48)
    assert torch.equal(again.images, small.images)
    assert torch.equal(again.masks, small.masks)
    assert torch.equal(again.network(again.images), small.network(small.images))
    assert str(CONFIG.conditions) == "vgg-small (fc head, relu, weights none), 32x48, batch 2, cpu, fp32"


def test_products_on_a_gpu_are_allowed_tf32_only_where_it_is_asked_for():
    before = [one.fp32_precision for one in MATMUL_SETTINGS]
    with matmul_precision("tf32"):
        assert {one.fp32_precision for one in MATMUL_SETTINGS} == {"tf32"}
        with matmul_precision("fp32"):
            assert {one.fp32_precision for one in MATMUL_SETTINGS} == {"ieee"}
    assert [one.fp32_precision for one in MATMUL_SETTINGS] == before
