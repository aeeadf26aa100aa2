"""Every method of the libraries on small networks: it runs or says why not, and leaves no trace."""

import numpy as np
import pytest
import pytorch_grad_cam
import torch
from torch import nn
from torch.nn.functional import relu

from bench import explain
from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from bench.studies.method_contract import check_unchanged, lived_in, state
from methods import MethodError, heatmap, parse
from methods.registry import names
from tests.helpers.small_networks import CLASSES, NETWORKS, SIZE, chain, convolution, pictures, seeded

ADAPTERS = [*names("pgc"), *names("captum")]
QUICK = [name for name in ADAPTERS if name not in {"pgc:SESS", "captum:Occlusion"}]
TRIED = ("in-place ReLU", "leaky ReLU", "frozen, gap", "residual", "dense, gap")
REASONS = {
    ("captum:DeepLift", "residual"): "RuntimeError: A Module ReLU.. was detected.*used more than once",
    ("captum:LRP", "leaky ReLU"): "TypeError: Module of type .*LeakyReLU.* has no rule",
}
DRAWING = {"pgc:RandomCAM", "captum:GradientShap"}
CLASSLESS = {"pgc:EigenCAM", "pgc:KPCA_CAM", "pgc:FEM", "pgc:RandomCAM"}


def maps_of(network, text, images, *, seeds=None, labels=None):
    target = Target() if labels is None else Target("label")
    spec = parse(text)
    evidence = Evidence(network, examine(network, images[:1]), images, target, [spec], labels=labels, seeds=seeds)
    return heatmap(spec, View(evidence, spec)).values


def generators():
    """Return the states of the generators that everyone draws from."""
    return torch.get_rng_state().numpy().copy(), np.random.get_state()[1].copy()  # noqa: NPY002


@pytest.mark.parametrize("make", TRIED)
@pytest.mark.parametrize("text", ADAPTERS)
def test_it_runs_or_says_why_not_and_leaves_no_trace(text, make, capfd):
    network, images = lived_in(NETWORKS[make]()), pictures(2)
    before, pixels, drawn = state(network), images.clone(), generators()
    if (text, make) in REASONS:
        with pytest.raises(MethodError, match=f"(?s){REASONS[text, make]}"):
            explain(network, images, text)
    else:
        maps = explain(network, images, text)[text]
        assert maps.shape == (2, *SIZE)
        assert maps.dtype == torch.float32
        assert maps.isfinite().all()
        assert (maps >= 0).all()
        assert not maps.requires_grad
        ablated_by_1e7 = (text, make) == ("pgc:AblationCAM", "leaky ReLU")
        assert (maps.amax((1, 2)) > maps.amin((1, 2))).any() or ablated_by_1e7
    check_unchanged(network, before)
    assert torch.equal(images, pixels)
    assert all(map(np.array_equal, generators(), drawn))
    assert "".join(capfd.readouterr()) == ""


@pytest.mark.parametrize("text", QUICK)
def test_methods_behind_it_still_find_their_way_back_through_the_same_graph(text):
    """captum's LRP writes the weights on themselves, of which the filtered backward pass knew nothing."""
    network, images = chain(), pictures(2)
    together = explain(network, images, [text, "ra-cam"])
    assert torch.equal(together["ra-cam"], explain(network, images, "ra-cam")["ra-cam"])


@pytest.mark.parametrize("text", QUICK)
def test_an_image_has_the_same_map_in_any_batch(text):
    """Also of methods that draw, and of libraries whose result depends on the batch: images go one at a time."""
    network, images, seeds = chain(kind="gap"), pictures(4), (3, 1, 4, 1)
    together = maps_of(network, text, images, seeds=seeds)
    for number in range(4):
        (alone,) = maps_of(network, text, images[number : number + 1], seeds=seeds[number : number + 1])
        torch.testing.assert_close(alone, together[number])


@pytest.mark.parametrize("text", QUICK)
def test_each_image_is_explained_for_its_own_class(text):
    network, images = chain(kind="gap"), pictures(2)
    found = maps_of(network, text, images, labels=torch.tensor([1, 2]))
    first, second = (explain(network, images, text, target=target)[text] for target in (1, 2))
    torch.testing.assert_close(found, torch.stack([first[0], second[1]]))
    assert torch.equal(first, second) == (text in CLASSLESS)


@pytest.mark.parametrize("text", QUICK)
def test_only_what_draws_depends_on_the_seed(text):
    network, images = chain(), pictures(2)
    first, other, again = (maps_of(network, text, images, seeds=seeds) for seeds in ((0, 2**40), (5, 6), (0, 2**40)))
    torch.testing.assert_close(first, again)
    assert torch.allclose(first, other, atol=1e-5) == (text not in DRAWING)


@pytest.mark.parametrize("text", ["pgc:GradCAM", "pgc:FullGrad", "captum:Saliency", "captum:LayerGradCam"])
def test_the_caller_may_have_turned_gradients_off(text):
    expected = explain(chain(), pictures(2), text)[text]
    with torch.no_grad():
        assert torch.equal(explain(chain(), pictures(2), text)[text], expected)
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize("text", [one for one in QUICK if one != "captum:LRP"])
def test_a_network_may_write_on_its_input(text):
    class Preparing(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = chain()

        def forward(self, images):
            return self.body(images.mul_(2))

    found = maps_of(Preparing().eval(), text, pictures(1))
    assert found.any()


class Overwriting(nn.Module):
    """The output of its last convolution is overwritten by a function, which no module's flag says."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(convolution(3, 8), nn.ReLU(), nn.MaxPool2d(2), convolution(8, 8))
        self.classifier = nn.Linear(8, CLASSES)

    def forward(self, images):
        return self.classifier(relu(self.body(images), inplace=True).mean((2, 3)))


def minmax(one):
    return (one - one.min()) / (one.max() - one.min())


def test_a_layer_that_is_overwritten_later_is_read_as_it_was():
    network, images = seeded(Overwriting), pictures(2)
    pairs = {"pgc:GradCAM": "grad-cam", "captum:LayerGradCam": "grad-cam", "pgc:XGradCAM": "xgrad-cam"}
    layer = "/layer.body.3"
    for adapter, own in pairs.items():
        theirs, ours = explain(network, images, [adapter + layer, own + layer]).values()
        for one, other in zip(theirs, ours, strict=True):
            torch.testing.assert_close(minmax(one), minmax(other), rtol=0, atol=1e-4)
    # What the library by itself gives on the CPU: the activations behind the function, which it keeps no copy of.
    explainer = pytorch_grad_cam.GradCAM(network, [network.body[3]])
    explainer(images, [lambda logits: logits[1]] * 2)
    assert (explainer.activations_and_grads.activations[0] >= 0).all()
