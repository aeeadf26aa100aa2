"""Outputs and nodes are collected within the context, and no hook stays."""

import pytest
import torch

from bench.errors import BenchError
from bench.network.anatomy import examine
from bench.network.hooks import keep_outputs, name_nodes
from bench.studies.method_contract import check_unchanged, state
from tests.helpers.small_networks import chain, pictures


def test_outputs_are_kept_as_parts_of_the_graph_and_what_follows_may_overwrite_its_copy():
    network, images = chain(), pictures()
    anatomy = examine(network, images)
    before = state(network)
    with keep_outputs(network, anatomy, ["conv1", "act3"]) as outputs:
        logits = network(images)
    assert list(outputs) == ["conv1", "act3"]
    assert torch.equal(outputs["conv1"], network.conv1(images))  # the ReLU behind it works in place
    assert all(gradient.any() for gradient in torch.autograd.grad(logits[:, 1].sum(), list(outputs.values())))
    check_unchanged(network, before)


def test_a_layer_that_does_not_run_is_named():
    network, images = chain(), pictures()
    with (
        pytest.raises(BenchError, match="the layer conv3 did not run on this batch"),
        keep_outputs(network, examine(network, images), ["conv3"]),
    ):
        network.conv1(images)


@pytest.mark.parametrize("collect", [lambda n: keep_outputs(n, examine(n, pictures()), ["conv1"]), name_nodes])
def test_after_an_error_no_hook_stays(collect):
    network = chain()
    before = state(network)
    with pytest.raises(KeyError, match="mine"), collect(network):
        raise KeyError("mine")
    check_unchanged(network, before)


def test_nodes_have_the_name_of_the_innermost_module_that_made_them():
    network, images = torch.nn.Sequential(chain()), pictures()
    with name_nodes(network) as names:
        logits = network(images)
    assert names[logits.grad_fn] == "0.classifier"
    assert {"0.conv1", "0.act3"} < set(names.values())
    assert not {"", "0"} & set(names.values())
