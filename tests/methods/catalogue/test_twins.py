"""Every registered method against a slow twin that was written from its paper's equation."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import METHODS, Heatmap, MethodError, heatmap, parse
from methods.rules import Filter
from results.metrics.levels import to_levels
from results.metrics.thresholds import otsu
from tests.helpers import slow_propagation
from tests.helpers.small_networks import NETWORKS, SIZE, chain, pictures
from tests.helpers.twins import EVIDENCE_TWINS, GRADIENT_TWINS
from tests.helpers.twins.arithmetic import truncated, upsampled, weighted_sum
from tests.helpers.twins.eigen import eigen


@dataclass
class MadeUp:
    """Evidence without a network: random tensors where a method looks."""

    activations: torch.Tensor
    weights: torch.Tensor
    input: torch.Tensor
    seeds: tuple
    layers: tuple = ("first", "last")

    def activation(self, layer):
        return self.activations if layer == "last" else -self.activations

    def class_weights(self):
        return self.weights

    @property
    def score(self):
        return self.activations.square().mean((1, 2, 3)) - 0.5

    def gradient(self, layer):
        return self.activation(layer).flip(1, 2)

    def scores(self, image, count, build):
        """Depends on where a variant is large, and not linearly."""
        variants = torch.cat([build(first, min(first + 2, count)) for first in range(0, count, 2)])
        where = torch.linspace(-1, 1, variants[0].numel(), dtype=torch.float64).view(variants.shape[1:])
        return (where * variants + (image + 1) * 0.1 * variants.square()).flatten(1).mean(1).tanh()

    def scores_behind(self, layer, image, count, build):
        return self.scores(image, count, build) + len(layer)

    def deep_lift(self, layer):
        return self.activation(layer) * self.activation(layer).flip(0)

    def relevance(self, layer):
        return self.deep_lift(layer).sin()

    def guided_gradient(self):
        return self.input.flip(1)

    def input_gradient(self):
        return self.input.flip(0)

    def bias_gradients(self):
        return {"first": self.activations, "last": -2 * self.activations[:, :3], "linear": self.weights}


def made_up(seed=0, count=3):
    random = torch.Generator().manual_seed(seed)
    return MadeUp(
        torch.randn(count, 5, 6, 8, generator=random, dtype=torch.float64),
        torch.randn(count, 5, generator=random, dtype=torch.float64),
        torch.randn(count, 3, *SIZE, generator=random, dtype=torch.float64),
        tuple(range(seed, seed + count)),
    )


def tensors(signed, seed, scale=1.0):
    random = torch.Generator().manual_seed(seed)
    activation, gradient = torch.randn(2, 2, 5, 4, 6, generator=random, dtype=torch.float64)
    return (activation if signed else activation.relu()), scale * gradient


def computed(name, activation, gradient):
    """Return the map of one layer, its negative values cut."""
    return METHODS[name].compute(activation, gradient).relu()


def twin(name, activation, gradient):
    pairs = zip(activation.numpy(), gradient.numpy(), strict=True)
    return np.stack([GRADIENT_TWINS[name](a, g) for a, g in pairs])


def test_every_method_has_a_twin():
    assert set(METHODS) == set(GRADIENT_TWINS) | set(EVIDENCE_TWINS)
    assert {name for name, method in METHODS.items() if method.gradient_weighted} == set(GRADIENT_TWINS)


@pytest.mark.parametrize("name", GRADIENT_TWINS)
@pytest.mark.parametrize("signed", [False, True], ids=["A >= 0", "A signed"])
@pytest.mark.parametrize("seed", range(4))
def test_a_gradient_weighted_method_is_its_equation(name, signed, seed):
    activation, gradient = tensors(signed, seed)
    expected = twin(name, activation, gradient)
    assert expected.any()
    np.testing.assert_allclose(computed(name, activation, gradient), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", GRADIENT_TWINS)
@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6])
def test_the_scale_of_the_gradient_does_not_change_the_equation(name, scale):
    activation, gradient = tensors(False, 0, scale)
    expected = twin(name, activation, gradient)
    assert expected.any()
    np.testing.assert_allclose(computed(name, activation, gradient), expected, rtol=1e-9, atol=1e-12 * scale)


@pytest.mark.parametrize("name", sorted(set(GRADIENT_TWINS) - {"grad-cam++"}))
def test_a_rescaled_score_rescales_the_map(name):
    activation, gradient = tensors(True, 5)
    compute = METHODS[name].compute
    torch.testing.assert_close(
        compute(activation, 1e-9 * gradient), 1e-9 * compute(activation, gradient), rtol=1e-9, atol=1e-20
    )


@pytest.mark.parametrize("name", GRADIENT_TWINS)
def test_channels_without_activation_or_gradient_give_nothing_and_no_nan(name):
    activation, gradient = tensors(True, 6)
    activation[:, 0] = 0
    gradient[:, 1] = 0
    activation[:, 2, 0, 0] -= activation[:, 2].sum((1, 2))  # sums to zero but for rounding
    found = METHODS[name].compute(activation, gradient)
    assert found.isfinite().all()
    assert not METHODS[name].compute(0 * activation, gradient).any()
    assert not METHODS[name].compute(activation, 0 * gradient).any()
    without = METHODS[name].compute(activation[:, 3:], gradient[:, 3:])
    torch.testing.assert_close(METHODS[name].compute(activation[:, [0, 1, 3, 4]], gradient[:, [0, 1, 3, 4]]), without)


def test_xgrad_cam_gives_no_weight_to_activations_that_cancel():
    activation = torch.tensor([[[[1.0, -1.0 + 1e-9]], [[1.0, 2.0]]]], dtype=torch.float64)
    gradient = torch.tensor([[[[3.0, -5.0]], [[1.0, 1.0]]]], dtype=torch.float64)
    found = METHODS["xgrad-cam"].compute(activation, gradient)
    torch.testing.assert_close(found, torch.tensor([[[1.0, 2.0]]], dtype=torch.float64))


@pytest.mark.parametrize("name", EVIDENCE_TWINS)
@pytest.mark.parametrize("seed", range(3))
def test_a_method_of_the_evidence_is_its_equation(name, seed):
    view = made_up(seed)
    found, expected = METHODS[name].compute(view), EVIDENCE_TWINS[name](view)
    if not isinstance(found, dict):
        found, expected = {"": found}, {"": expected}
    assert list(found) == list(expected)
    for layer, values in found.items():
        exact = 1e-9 if values.dtype == torch.float64 else 1e-6
        np.testing.assert_allclose(values, expected[layer], rtol=exact, atol=1e-12, err_msg=layer)


def test_a_channel_may_be_ablated_by_its_mean():
    view = made_up()
    found, expected = METHODS["ablation-cam"].compute(view, by="mean"), EVIDENCE_TWINS["ablation-cam"](view, "mean")
    for layer, values in found.items():
        np.testing.assert_allclose(values, expected[layer], rtol=1e-9, atol=1e-12)
    with pytest.raises(MethodError, match="ablated by zero or mean, not by 'max'"):
        METHODS["ablation-cam"].compute(view, by="max")


def test_flat_channels_share_one_forward_pass():
    view, asked = made_up(count=1), []
    view.activations[:, [1, 3]] = torch.tensor([0.0, 2.0], dtype=torch.float64)[:, None, None]
    expected = EVIDENCE_TWINS["score-cam"](view)
    scores = view.scores
    view.scores = lambda image, count, build: (asked.append(count), scores(image, count, build))[1]
    found = METHODS["score-cam"].compute(view)
    assert asked == [3, 1] * 2
    for layer, values in found.items():
        np.testing.assert_allclose(values, expected[layer], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(2, 7, 2, 3), (2, 4, 5, 6)], ids=["wide", "deep"])
def test_both_ways_to_the_first_direction_agree(shape):
    random = torch.Generator().manual_seed(1)
    features = torch.randn(shape, generator=random, dtype=torch.float64)
    ones = torch.ones_like(features)
    found = METHODS["eigen-grad-cam"].compute(features, ones)
    np.testing.assert_allclose(found, [eigen(one) for one in features.numpy()], rtol=1e-7, atol=1e-9)
    assert not METHODS["eigen-grad-cam"].compute(0 * features, ones).any()


def test_full_grad_may_scale_every_channel_alone():
    view = made_up()
    found, expected = METHODS["full-grad"].compute(view, scaling="channel"), EVIDENCE_TWINS["full-grad"](view, True)
    for layer, values in found.items():
        np.testing.assert_allclose(values, expected[layer], rtol=1e-9, atol=1e-12, err_msg=layer)
    with pytest.raises(MethodError, match="scaling is layer or channel, not 'image'"):
        METHODS["full-grad"].compute(view, scaling="image")


@pytest.mark.parametrize("groups", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(3))
def test_fsg_cam_joins_channels_whose_activations_are_similar(groups, seed):
    view = made_up(seed)
    random = torch.Generator().manual_seed(seed)
    view.activations = torch.randn(3, 12, 3, 4, generator=random, dtype=torch.float64)
    view.activations[1] = view.activations[1].relu()
    view.activations[1, 2] = 0
    view.activations[2, 1:] = 0
    found = METHODS["fsg-cam"].compute(view, groups=groups)
    np.testing.assert_allclose(found, EVIDENCE_TWINS["fsg-cam"](view, groups), rtol=1e-9, atol=1e-12)
    assert found[:2].any()


def test_fsg_cam_finds_nothing_where_nothing_is_active():
    view = made_up()
    view.activations = torch.zeros_like(view.activations)
    assert not METHODS["fsg-cam"].compute(view).any()


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.chance])
def test_a_floor_does_not_look_at_the_picture(name):
    view = made_up()
    before = METHODS[name].compute(view)
    view.input, view.activations = view.input.flip(0) + 1, view.activations.flip(0) + 1
    assert torch.equal(METHODS[name].compute(view), before)


def test_noise_comes_from_each_images_seed():
    view = made_up(count=4)
    noise = METHODS["random"].compute(view)
    assert torch.equal(METHODS["random"].compute(view), noise)
    view.seeds = (0, 5, 2, 7)
    same = [torch.equal(*pair) for pair in zip(METHODS["random"].compute(view), noise, strict=True)]
    assert same == [True, False, True, False]


def test_noise_does_not_depend_on_the_batch():
    view = made_up(count=4)
    noise = METHODS["random"].compute(view)
    view.activations, view.seeds = view.activations[2:3], view.seeds[2:3]
    assert torch.equal(METHODS["random"].compute(view), noise[2:3])


def test_noise_is_uniform_and_leaves_the_callers_generator_alone():
    view = made_up()
    view.activations = torch.zeros(3, 1, 60, 80)
    state = torch.get_rng_state()
    noise = METHODS["random"].compute(view)
    assert torch.equal(torch.get_rng_state(), state)
    assert (noise >= 0).all()
    assert (noise < 1).all()
    assert noise.mean().item() == pytest.approx(0.5, abs=0.01)
    assert noise.var().item() == pytest.approx(1 / 12, abs=0.002)


def test_the_centre_is_highest_in_the_middle_and_symmetric():
    (one,) = METHODS["centre"].compute(made_up(count=1))
    assert one.argmax() in [SIZE[1] * row + column for row in (11, 12) for column in (15, 16)]
    torch.testing.assert_close(one, one.flip(0))
    torch.testing.assert_close(one, one.flip(1))
    assert one[0, 0] == one.min()


def test_everything_is_marked_by_otsu():
    maps = METHODS["every-pixel"].compute(made_up()).float()
    levels = to_levels(maps).reshape(len(maps), -1)
    histograms = np.stack([np.bincount(one.ravel(), minlength=256) for one in np.asarray(levels)])
    marked = np.asarray(levels) > otsu(histograms)[:, None]
    assert (marked.sum(1) == SIZE[0] * SIZE[1] - 1).all()


def on_network(network, text):
    """Return the heatmap, and what its twin needs: plain activations and gradients, image by image."""
    images = pictures(count=2).double()
    anatomy = examine(network, images)
    spec = parse(text)
    evidence = Evidence(network, anatomy, images, Target(), [spec])
    return heatmap(spec, View(evidence, spec)), evidence, anatomy.choose(spec.layers)


def by_hand(evidence, layers, weight_of, filtered_at=None):
    """Eq. 7 at each layer and eq. 8 over them: Σ_l upsample(ReLU(Σ_k w_k A_k))."""
    rule = None if filtered_at is None else Filter(filtered_at)
    total = np.zeros((len(evidence.images), *SIZE))
    for layer in layers:
        a, g = evidence.activation(layer).numpy(), evidence.gradient(layer, rule, None).numpy()
        for b, r in enumerate(truncated(g, 50)):
            total[b] += upsampled(weight_of(a[b], r), SIZE)
    return total


def region_aware(a, r):
    out = np.zeros(a.shape[1:])
    for i, j in np.ndindex(out.shape):
        out[i, j] = max(sum(r[k, i, j] * a[k, i, j] for k in range(len(a))), 0)
    return out


def pooled(a, r):
    return weighted_sum(r.mean((1, 2)), a)


@pytest.mark.parametrize(
    ("alias", "expansion", "weight_of", "filtered_at"),
    [
        ("ra-cam", "hires-cam/stages+fgbp@50+lt@50", region_aware, 50.0),
        ("ra-cam-pooled", "grad-cam/stages+fgbp@50+lt@50", pooled, 50.0),
        ("lt-grad-cam", "grad-cam/stages+lt@50", pooled, None),
        ("lt-layer-cam", "layer-cam/stages+lt@50", region_aware, None),
    ],
)
@pytest.mark.parametrize("make", ["in-place ReLU", "leaky ReLU"])
def test_an_alias_is_its_papers_equations(make, alias, expansion, weight_of, filtered_at):
    network = NETWORKS[make]().double()
    found, evidence, layers = on_network(network, alias)
    assert isinstance(found, Heatmap)
    assert layers == ("act1", "act2", "act3")
    expected = by_hand(evidence, layers, weight_of, filtered_at)
    assert expected.any()
    np.testing.assert_allclose(found.values, expected, rtol=1e-9, atol=1e-14)
    assert torch.equal(on_network(network, expansion)[0].values, found.values)


def test_cam_multiplies_the_last_stage_by_the_classs_weights():
    network = chain(kind="gap").double()
    found, evidence, (layer,) = on_network(network, "cam")
    weight = network.classifier.weight[1].detach().numpy()
    for b, a in enumerate(evidence.activation(layer).numpy()):
        np.testing.assert_allclose(found.values[b], upsampled(weighted_sum(weight, a), SIZE), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("kind", ["fc", "gap"])
@pytest.mark.parametrize(("layers", "behind"), [("last", 9), ("S2", 6)])
@pytest.mark.parametrize("what", ["deep_lift", "relevance"])
def test_what_arrives_at_a_layer_is_what_arrives_by_hand(what, layers, behind, kind):
    network, images = chain(kind=kind).double(), pictures(count=2).double()
    spec = parse(f"lift-cam/{layers}")
    view = View(Evidence(network, examine(network, images), images, Target(), [spec]), spec)
    (layer,) = view.layers
    for found, a in zip(getattr(view, what)(layer).numpy(), view.activation(layer).numpy(), strict=True):
        expected = getattr(slow_propagation, what)(network[behind:], a, 1)
        assert expected.any()
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-14)
    assert view.notes == {}
