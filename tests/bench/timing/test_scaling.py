"""One quantity grows at a time."""

import torch

from bench.timing import scaling
from methods import parse
from tests.helpers.timing_setup import CONFIG


def test_one_quantity_grows_at_a_time_and_nothing_is_timed_twice():
    specs = list(map(parse, ("layer-cam", "ra-cam@30")))
    points = scaling.scaling_points(CONFIG, specs)
    for axis, same in {
        "pixels": lambda config: (config.network, config.batch),
        "images": lambda config: (config.network, config.size),
        "channels of the last stage": lambda config: (config.size, config.batch),
    }.items():
        assert len({same(one.config) for one in points if one.axis == axis}) == 1
    assert {len(one.workload.specs) for one in points if one.axis == "δ at once"} == {1, 2, 5, 10}
    to_time = scaling.workloads_of(points)
    assert len({config.conditions for config, _ in to_time}) == len(to_time)
    for _, own in to_time:
        assert len(set(own)) == len(own)


def test_networks_of_other_widths_are_vgg16_but_for_their_channels():
    network = scaling.eighth(2)
    features = [one for one in network[0] if isinstance(one, torch.nn.Conv2d)]
    assert [one.out_channels for one in features] == [8, 8, 16, 16, *[32] * 3, *[64] * 6]
    assert network(torch.rand(1, 3, 32, 32)).shape == (1, 2)
