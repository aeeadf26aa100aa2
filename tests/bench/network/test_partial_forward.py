"""What lies behind a layer gives the same logits, and nothing before it runs again."""

import pytest
import torch
from torch import nn

from bench.errors import BenchError
from bench.network.anatomy import examine
from bench.network.partial_forward import PartialForward
from tests.helpers.small_networks import NETWORKS, chain, pictures


def outputs(network, image, layer):
    kept = []
    handle = network.get_submodule(layer).register_forward_hook(lambda *call: kept.append(call[-1].clone()))
    with torch.no_grad():
        logits = network(image.clone())
    handle.remove()
    return logits, kept[-1]


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_behind_every_layer_the_logits_are_the_networks(make):
    network, image = make().double(), pictures(1).double()
    for layer, facts in examine(network, image).layers.items():
        if not layer:
            continue
        expected, activation = outputs(network, image, layer)
        replay = PartialForward(network, layer, image)
        for count in (1, 3):
            found = replay(activation.expand(count, *activation.shape[1:]).clone())
            torch.testing.assert_close(found, expected.expand(count, -1), rtol=1e-12, atol=1e-12, msg=str(facts))


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_other_activations_give_what_a_hook_would_give(make):
    network, image = make().double(), pictures(1).double()
    for layer in examine(network, image).stages:
        _, activation = outputs(network, image, layer)
        changed = torch.cat([activation * 0, activation * 0.5, activation.flip(1)])
        found = PartialForward(network, layer, image)(changed.clone())
        for row, one in zip(found, changed, strict=True):
            runs = []

            def put(_module, _inputs, output, one=one, runs=runs):
                runs.append(1)
                return one[None].clone()

            handle = network.get_submodule(layer).register_forward_hook(put)
            with torch.no_grad():
                expected = network(image.clone())[0]
            handle.remove()
            if len(runs) == 1:
                torch.testing.assert_close(row, expected, rtol=1e-12, atol=1e-12)


def test_nothing_before_the_layer_runs_again():
    network, image = chain(), pictures(1)
    _, activation = outputs(network, image, "act2")
    replay = PartialForward(network, "act2", image)
    forwards = []
    before = nn.Conv2d.forward
    try:
        nn.Conv2d.forward = lambda self, x: (forwards.append(self), before(self, x))[1]
        replay(activation.repeat(4, 1, 1, 1))
    finally:
        nn.Conv2d.forward = before
    assert forwards == [network.conv3]


@pytest.mark.parametrize("fails", [False, True])
def test_the_network_is_left_as_it_was(fails):
    network, image = chain(), pictures(1)
    network.train()
    own = network.conv1.forward
    network.conv1.forward = own
    before = {name: vars(module).get("forward") for name, module in network.named_modules()}
    replay = PartialForward(network, "act2", image)
    _, activation = outputs(network.eval(), image, "act2")
    network.train()
    if fails:
        with pytest.raises(RuntimeError):
            replay(activation[:, :1])
    else:
        assert not replay(activation).requires_grad
    assert {name: vars(module).get("forward") for name, module in network.named_modules()} == before
    assert all(module.training for module in network.modules())


def test_a_layer_that_does_not_run_is_named():
    network = chain()
    network.add_module("aside", nn.Identity())
    network.forward = lambda x: network.act1(network.conv1(x))
    with pytest.raises(BenchError, match="the layer conv3 did not run"):
        PartialForward(network, "conv3", pictures(1))
