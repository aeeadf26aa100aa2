"""A network is looked at in evaluation mode, and left as it was."""

import pytest
import torch
from torch import nn

from bench.errors import BenchError
from bench.network.anatomy import examine
from bench.network.tracing import evaluating
from tests.helpers.small_networks import (
    chain,
    pictures,
)


class Failing(nn.Module):
    def forward(self, x):
        raise RuntimeError("mine")


def flags(network):
    return [module.training for module in network.modules()]


def test_every_module_gets_its_own_training_flag_back():
    network = chain().train()
    network.norm2.eval()
    network.drop.eval()
    before = flags(network)
    assert len(set(before)) == 2
    with evaluating(network):
        assert not any(flags(network))
    assert flags(network) == before
    examine(network, pictures())
    assert flags(network) == before


def test_training_flags_and_hooks_are_given_back_after_an_exception():
    network = chain().train()
    network.norm2.eval()
    network.append(Failing())
    before = flags(network)
    with pytest.raises(BenchError, match=r"does not take images of \(3, 24, 32\): mine"):
        examine(network, pictures())
    assert flags(network) == before
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_looking_at_a_network_does_not_train_it():
    network = chain().train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    examine(network, pictures())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
