"""Variants are scored in chunks, and no result depends on them."""

import pytest
import torch

from bench.attribution import forward_queries
from bench.attribution.evidence import Evidence
from bench.attribution.forward_queries import ForwardQueries
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import heatmap, parse
from tests.helpers.small_networks import NETWORKS, chain, pictures, seeded

ASKING = ["ablation-cam", "ablation-cam/stages", "score-cam", "group-cam"]


def maps(network, texts, chunk=None, target=None, count=3):
    images, specs = pictures(count).double(), [parse(text) for text in texts]
    labels = torch.arange(count) % 3
    evidence = Evidence(
        network, examine(network, images), images, target or Target(), specs, labels=labels, chunk=chunk
    )
    return {str(spec): heatmap(spec, View(evidence, spec)).values for spec in specs}


@pytest.mark.parametrize("make", ["in-place ReLU, gap", "residual", "dense"])
@pytest.mark.parametrize("chunk", [1, 3])
def test_the_size_of_a_chunk_changes_nothing(make, chunk):
    network = NETWORKS[make]().double()
    whole, parts = maps(network, ASKING), maps(network, ASKING, chunk)
    for text, one in whole.items():
        torch.testing.assert_close(parts[text], one, rtol=1e-9, atol=1e-12, msg=text)


class Viewing(torch.nn.Module):
    """Flattens by a view, which cannot follow channels that are last."""

    def __init__(self):
        super().__init__()
        self.body = chain()
        self.linear = torch.nn.Linear(3 * 8 * 8, 3)

    def forward(self, images):
        seen = torch.nn.functional.adaptive_avg_pool2d(self.body.act1(self.body.conv1(images)), 8)[:, :3]
        return self.linear(seen.view(len(images), -1))


def test_channels_are_last_where_the_network_takes_it():
    seen = []
    for network in (chain(), seeded(Viewing)):
        network.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        images = pictures(4)
        probe = ForwardQueries(network, None, images, Target(), torch.ones(4, dtype=torch.int64), 2)
        with torch.no_grad():
            torch.testing.assert_close(probe.logits(images), network(images))
    formats = [one.is_contiguous(memory_format=torch.channels_last) for one in seen]
    assert formats == [True, True, False, True, False, False]


@pytest.mark.parametrize("target", [Target("label"), Target("predicted", margin=True), Target(2)])
def test_every_image_is_asked_about_its_own_class(target):
    network = NETWORKS["in-place ReLU"]().double()
    together = maps(network, ASKING, target=target)
    images, specs = pictures(3).double(), [parse(text) for text in ASKING]
    for number, image in enumerate(images):
        labels = torch.tensor([number % 3])
        evidence = Evidence(network, examine(network, images), image[None], target, specs, labels=labels)
        for spec in specs:
            alone = heatmap(spec, View(evidence, spec)).values[0]
            torch.testing.assert_close(alone, together[str(spec)][number], rtol=1e-9, atol=1e-12)


class Cramped(ForwardQueries):
    """Has memory for two variants at once."""

    def fitting(self, layers):
        return self.chunk or 5


def test_where_memory_does_not_suffice_chunks_are_halved_and_it_is_said():
    network, images = chain().double(), pictures(2).double()
    evidence = Evidence(network, examine(network, images), images, Target(), [parse("score-cam")])
    expected = heatmap(parse("score-cam"), View(evidence, parse("score-cam"))).values
    asked = []

    def short_of_memory(module, inputs):
        asked.append(len(inputs[0]))
        if len(inputs[0]) > 2:
            raise torch.OutOfMemoryError("no")

    evidence = Evidence(network, examine(network, images), images, Target(), [parse("score-cam")], queries=Cramped)
    handle = network.register_forward_pre_hook(short_of_memory)
    with pytest.warns(UserWarning, match="out of memory: going on with 2 forward passes at once"):
        found = heatmap(parse("score-cam"), View(evidence, parse("score-cam"))).values
    handle.remove()
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
    assert asked.count(5) == 1  # it is not tried again


@pytest.mark.filterwarnings("ignore:out of memory")
def test_one_variant_that_does_not_fit_is_an_error():
    network, images = chain(), pictures(1)
    evidence = Evidence(network, examine(network, images), images, Target(), [parse("score-cam")])

    def no_memory(module, inputs):
        raise torch.OutOfMemoryError("no")

    network.register_forward_pre_hook(no_memory)
    with pytest.raises(torch.OutOfMemoryError):
        heatmap(parse("score-cam"), View(evidence, parse("score-cam")))


def test_layers_that_are_not_behind_take_no_memory(monkeypatch):
    network, images = chain(), pictures(1)
    evidence = Evidence(network, examine(network, images), images, Target(), [parse("ablation-cam/stages")])
    sizes = []
    monkeypatch.setattr(forward_queries, "fitting", lambda layers, *_, **__: (sizes.append(len(layers)), 4)[1])
    heatmap(parse("ablation-cam/stages"), View(evidence, parse("ablation-cam/stages")))
    assert sizes[0] > sizes[1] > sizes[2]
