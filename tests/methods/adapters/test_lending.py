"""A network that is lent to a library comes back as it was, and random numbers come from the image's seed."""

from types import SimpleNamespace

import captum.attr
import numpy as np
import pytest
import pytorch_grad_cam
import torch

from bench import explain
from bench.studies.method_contract import check_unchanged, lived_in, state
from methods.adapters.lending import lent, preserved
from tests.helpers.small_networks import chain, pictures


def test_libraries_draw_from_the_seed_of_the_image():
    view, drawn = SimpleNamespace(model=chain(), input=pictures(3), seeds=(7, 8, 7)), []
    for number in range(3):
        with lent(view, number):
            drawn.append((torch.rand(1).item(), np.random.rand()))  # noqa: NPY002
    assert drawn[0] == drawn[2]
    assert drawn[0][0] != drawn[1][0]
    assert drawn[0][1] != drawn[1][1]


def ablating_raises(network, images):
    calls = []

    def raising(logits):
        calls.append(logits)
        if len(calls) > 2:
            raise RuntimeError("mine")
        return logits[1]

    pytorch_grad_cam.AblationCAM(network, [network.act3])(images, [raising] * 2)


FAILING = {
    "modules replaced": lambda network, images: pytorch_grad_cam.GuidedBackpropReLUModel(network)(images, 99),
    "a layer replaced": ablating_raises,
    "attributes and rules": lambda network, images: captum.attr.LRP(network).attribute(images, target=1),
}


@pytest.mark.parametrize("fails", FAILING.values(), ids=FAILING)
def test_a_network_is_given_back_as_it_was_when_a_library_fails(fails):
    network, images = lived_in(chain()), pictures(2)
    before, attributes = state(network), [dict(vars(module)) for module in network.modules()]
    with pytest.raises((IndexError, RuntimeError, TypeError)), preserved(network):
        fails(network, images)
    check_unchanged(network, before)
    assert [dict(vars(module)) for module in network.modules()] == attributes
    with pytest.raises((IndexError, RuntimeError, TypeError)):
        fails(network, images)
    assert [dict(vars(module)) for module in network.modules()] != attributes


def test_handles_of_the_caller_still_work_on_a_network_that_was_lent():
    network, seen = chain(), []
    handle = network.act1.register_forward_hook(lambda *_: seen.append(1))
    explain(network, pictures(1), "pgc:GradCAM")
    handle.remove()
    seen.clear()
    network(pictures(1))
    assert not seen
