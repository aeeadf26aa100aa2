"""Wrapped specs keep the contract of methods on every network."""

import pytest
import torch
from torch import nn

from bench import explain
from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from bench.studies.method_contract import CHECKS, check_unchanged, state
from methods import NotApplicableError, evidence_method, heatmap, parse
from methods.contract import Note
from methods.fusing import over_maximum, upsample
from methods.registry import WRAPPERS, wrapper
from tests.helpers.small_networks import CLASSES, NETWORKS, SIZE, chain, frozen, pictures

TEXTS = ("sess:grad-cam", "nff:layer-cam", "nff:ra-cam/S2-S3=max@30")


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("check", CHECKS)
def test_every_wrapper_on_every_network(check, text, make):
    check(text, make, pictures(4))


def test_what_is_registered_is_tested():
    assert {parse(text).wrapper for text in TEXTS} == set(WRAPPERS)


@pytest.mark.parametrize("text", TEXTS)
def test_every_wrapper_finds_something(text):
    maps = explain(chain(kind="gap"), pictures(4), text)[text]
    assert (maps.amax((1, 2)) > maps.amin((1, 2))).all()


@pytest.mark.parametrize("text", TEXTS)
def test_frozen_parameters_and_gradients_turned_off_change_nothing(text):
    expected = explain(chain(), pictures(2), text)[text]
    with torch.no_grad():
        assert torch.equal(explain(frozen(), pictures(2), text)[text], expected)


def evidence(network, specs, count=3, size=SIZE, target=None, **options):
    images = pictures(count, size).to(next(network.parameters()).dtype)
    labels = torch.arange(count) % CLASSES
    return Evidence(network, examine(network, images), images, target or Target(), specs, labels=labels, **options)


def maps_of(network, text, **options):
    spec = parse(text)
    found = evidence(network, [spec], **options)
    return heatmap(spec, View(found, spec)).values


@pytest.mark.parametrize("target", [Target("label"), Target("predicted", margin=True), Target(2)], ids=str)
@pytest.mark.parametrize("text", TEXTS)
def test_every_image_is_asked_about_its_own_class(text, target):
    network = NETWORKS["residual"]().double()
    together = maps_of(network, text, target=target)
    spec = parse(text)
    for number, image in enumerate(pictures(3).double()):
        alone = Evidence(
            network, examine(network, image[None]), image[None], target, [spec], labels=torch.tensor([number])
        )
        torch.testing.assert_close(heatmap(spec, View(alone, spec)).values[0], together[number], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("chunk", [1, 5])
def test_the_size_of_a_chunk_changes_nothing(text, chunk):
    network = chain().double()
    whole = maps_of(network, text)
    torch.testing.assert_close(maps_of(network, text, chunk=chunk), whole, rtol=1e-9, atol=1e-9)


def register_probe(ask):
    """Register a wrapper that keeps what `ask` gives of (images, inner), and return where it is kept."""
    kept = []

    @wrapper("probing", paper="none")
    def probing(images, inner):
        kept.append(ask(images, inner))
        return images[:, 0].abs()

    return kept


@pytest.mark.parametrize("text", ["layer-cam", "ra-cam/S2-S3=max@30", "full-grad", "cam", "score-cam", "random"])
def test_the_inner_method_is_the_same_spec_for_the_class_of_the_image(text):
    """The variants look like the first class, and what is explained is the class of the image that they are made of."""
    variants = pictures(3, (32, 40), seed=9)
    numbers = [2, 0, 0]
    kept = register_probe(lambda images, inner: inner.maps(numbers, lambda first, last: variants[first:last]))
    network, spec = chain(kind="gap"), parse(f"probing:{text}")
    found = evidence(network, [spec], target=Target("label"), seeds=(4, 5, 6), chunk=2)
    heatmap(spec, View(found, spec))
    assert found.classes[numbers].tolist() == [2, 1, 1]
    assert network(variants).argmax(1).tolist() == [1, 1, 1]
    for number, variant, values in zip(numbers, variants, kept[0], strict=True):
        bare, seeds = parse(text), (found.seeds[number],)
        alone = Evidence(
            network,
            examine(network, variant[None]),
            variant[None],
            Target(int(found.classes[number])),
            [bare],
            seeds=seeds,
        )
        expected = heatmap(bare, View(alone, bare)).values[0]
        torch.testing.assert_close(values, expected, rtol=1e-5, atol=1e-6)


def test_the_other_class_is_the_next_one_of_the_image_and_probabilities_are_those_of_the_class():
    def ask(images, inner):
        def build(first, last):
            return images[first:last] / 2

        other = inner.runner_up
        return *(one.probabilities(range(3), build) for one in (inner, other)), other.maps(range(3), build)

    kept = register_probe(ask)
    network, spec = chain(), parse("probing:grad-cam")
    found = evidence(network, [spec], target=Target("label"), chunk=1)
    heatmap(spec, View(found, spec))
    own, other, maps = kept[0]
    logits, shares = network(found.images).detach(), network(found.images / 2).softmax(1).detach()
    for number in range(3):
        explained = int(found.classes[number])
        _, following = max((value, index) for index, value in enumerate(logits[number].tolist()) if index != explained)
        torch.testing.assert_close(own[number], shares[number, explained])
        torch.testing.assert_close(other[number], shares[number, following])
        expected = explain(network, found.images[number : number + 1] / 2, "grad-cam", target=following)["grad-cam"]
        torch.testing.assert_close(maps[number : number + 1], expected)


def test_one_logit_has_no_other_class_and_its_sigmoid_is_the_probability():
    def ask(images, inner):
        return inner.runner_up, inner.probabilities([0, 1], lambda first, last: images[first:last])

    kept = register_probe(ask)
    network = chain(classes=1)
    explain(network, pictures(2), "probing:grad-cam")
    assert kept[0][0] is None
    torch.testing.assert_close(kept[0][1], network(pictures(2)).sigmoid()[:, 0].detach())
    assert explain(network, pictures(2), "nff:grad-cam")["nff:grad-cam"].any((1, 2)).all()


@pytest.mark.parametrize("text", ["layer-cam", "layer-cam/stages=tanh[corners=aligned]"])
def test_nff_is_what_explain_gives_at_four_sizes(text):
    network, images = chain().double(), pictures(2).double()

    def over_scales(target):
        found = []
        for size in ((12, 16), (24, 32), (36, 48), (48, 64)):
            there = nn.functional.interpolate(images, size, mode="bilinear", antialias=True)
            found.append(over_maximum(upsample(explain(network, there, text, target=target)[text], SIZE)))
        return torch.stack(found).mean(0)

    following = [0 if zeroth > second else 2 for zeroth, _, second in network(images).tolist()]
    others = torch.stack([over_scales(other)[number] for number, other in enumerate(following)])
    expected = (over_scales(1) - others).relu()
    torch.testing.assert_close(explain(network, images, f"nff:{text}")[f"nff:{text}"], expected)


def test_the_worst_note_on_the_variants_of_an_image_is_noted_of_the_image():
    @evidence_method("noting", paper="none")
    def noting(view):
        for number, seed in enumerate(view.seeds):
            if seed == 5:
                height = view.input.shape[2]
                view.note(number, f"{height} rows", 0.01 * (height if height < 40 else 0))
        return view.input[:, 0].abs()

    spec = parse("nff:noting")
    view = View(evidence(chain(), [spec], seeds=(4, 5, 5)), spec)
    heatmap(spec, view)
    worst = Note("in a variant: 36 rows", 0.36)
    assert view.notes == {1: worst, 2: worst}


class OneSize(nn.Module):
    """Takes images of one size, as networks with a fixed number of positions do."""

    def __init__(self):
        super().__init__()
        self.body = chain()

    def forward(self, images):
        assert images.shape[2:] == SIZE, "one size"
        return self.body(images)


def test_a_network_that_takes_no_other_size_is_named_and_left_as_it_was():
    network = OneSize().eval()
    before = state(network)
    with pytest.raises(NotApplicableError, match="the network does not take images of 12x16: AssertionError: one size"):
        explain(network, pictures(1), "nff:grad-cam")
    check_unchanged(network, before)
    assert explain(network, pictures(1), "sess:grad-cam")["sess:grad-cam"].any()


def test_an_image_that_is_too_small_for_the_network_at_half_its_size_is_a_reason():
    small = pictures(1, (4, 5))
    assert explain(chain(), small, "layer-cam")["layer-cam"].any()
    with pytest.raises(NotApplicableError, match="does not take images of 2x2"):
        explain(chain(), small, "nff:layer-cam")


def test_what_a_network_raises_at_the_size_of_the_batch_is_not_about_sizes():
    network, calls = chain(), []
    network.register_forward_pre_hook(lambda module, inputs: calls.append(inputs[0].shape))
    explain(network, pictures(2), "sess:grad-cam")
    before_the_patches = len(calls) - 1

    def moody(module, inputs):
        if len(calls) > before_the_patches:
            raise RuntimeError("mine")

    calls.clear()
    network.register_forward_pre_hook(moody)
    with pytest.raises(RuntimeError, match="mine"):
        explain(network, pictures(2), "sess:grad-cam")


@pytest.mark.parametrize("text", TEXTS)
def test_where_memory_does_not_suffice_chunks_are_halved(text):
    network = chain().double()
    expected = maps_of(network, text)

    def short_of_memory(module, inputs):
        if len(inputs[0]) > 20 or (len(inputs[0]) > 1 and inputs[0].shape[2:] != SIZE):
            raise torch.OutOfMemoryError("no")

    handle = network.register_forward_pre_hook(short_of_memory)
    with pytest.warns(UserWarning, match="out of memory: going on with"):
        found = maps_of(network, text, chunk=64)
    handle.remove()
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
