"""Our methods against pytorch-grad-cam's and captum's: equal where the definitions agree, different where they depart.

Each departure of a library from its paper is asserted, so that a release that changes it is noticed.
"""

from functools import partial

import captum.attr
import numpy as np
import pytest
import torch
from pytorch_grad_cam import AblationCAM, GuidedBackpropReLUModel
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection
from torch.nn.functional import interpolate

from bench import explain
from bench.attribution.evidence import Evidence
from bench.attribution.view import View
from bench.network.anatomy import examine
from bench.network.targets import Target
from methods import METHODS, heatmap, parse
from methods.adapters.counterparts import COUNTERPARTS
from methods.catalogue import guided as guided_file
from methods.catalogue import perturbation
from methods.fusing import upsample
from methods.registry import WRAPPERS
from tests.helpers.small_networks import LEAKY, NETWORKS, SOLID, chain, dense, pictures

NO_LIBRARY = {
    "cam": "the libraries have only its generalisations",
    "group-cam": "neither library has it",
    "fsg-cam": "neither library has it",
    "lift-cam": "captum has the contributions and not the map; tests/bench/attribution compares those",
    "relevance-cam": "captum's rules have no contrastive start",
    "nff": "neither library has it",
    "random": "RandomCAM weighs real activations at random, which is no noise",
    "centre": "a floor of our own",
    "every-pixel": "a floor of our own",
}
AGREEING = [pair for pair in COUNTERPARTS if not pair.departure]
PAIRS = {(pair.own, pair.other) for pair in COUNTERPARTS}


def loud(network, factor=1e4):
    """Make the score, and with it every gradient, so large that no epsilon of a library counts."""
    final = [module for module in network.modules() if isinstance(module, torch.nn.Linear)][-1]
    with torch.no_grad():
        final.weight *= factor
        final.bias *= factor
    return network.double()


def scaled(maps):
    """Scale each map to [0, 1]; Grad-CAM's is 0 everywhere where nothing speaks for the class."""
    span = maps.amax((1, 2), keepdim=True) - maps.amin((1, 2), keepdim=True)
    assert span.any()
    return ((maps - maps.amin((1, 2), keepdim=True)) / span.clamp(min=1e-30)).double()


def view_of(network, text, images=None):
    """Return the view of one spec on float64 pictures that are explained for the classes 1, 2, 1, 2."""
    images = pictures(4).double() if images is None else images
    spec, labels = parse(text), torch.tensor([1, 2, 1, 2])[: len(images)]
    return View(Evidence(network, examine(network, images[:1]), images, Target("label"), [spec], labels=labels), spec)


def distance(network, own, other, images=None):
    """Return how far the two are apart at most, each map scaled to [0, 1]."""
    first, second = (scaled(heatmap(parse(text), view_of(network, text, images)).values) for text in (own, other))
    return (first - second).abs().max().item()


def test_every_method_has_a_counterpart_or_a_reason_why_it_has_none():
    compared = {parse(pair.own).wrapper or parse(pair.own).name for pair in COUNTERPARTS}
    assert compared.isdisjoint(NO_LIBRARY)
    assert compared | set(NO_LIBRARY) == set(METHODS) | set(WRAPPERS)


@pytest.mark.parametrize("make", ["in-place ReLU", "in-place ReLU, gap", "frozen", "residual", "dense, gap"])
@pytest.mark.parametrize("pair", AGREEING, ids=lambda pair: f"{pair.own} {pair.other}")
def test_what_agrees_by_definition_is_equal(pair, make):
    assert distance(loud(NETWORKS[make]()), pair.own, pair.other) < 1e-4


@pytest.mark.parametrize("target", [0, 2, "2-margin"])
@pytest.mark.parametrize("own", ["grad-cam", "layer-cam/last"])
def test_the_same_score_is_explained(own, target):
    network, images = loud(chain()), pictures(4).double()
    other = own.replace("grad-cam", "pgc:GradCAM").replace("layer-cam", "pgc:LayerCAM")
    found = explain(network, images, [own, other], target=target)
    torch.testing.assert_close(scaled(found[other]), scaled(found[own]), rtol=0, atol=1e-4)


# One test for each departure; `DEPARTURES` holds them against the table in methods/adapters/counterparts.py.


def grad_cam_plus_plus_adds_1e_6_to_a_denominator_of_the_size_of_squared_gradients():
    assert distance(loud(chain(), 1e4), "grad-cam++", "pgc:GradCAMPlusPlus") < 1e-4
    assert distance(loud(chain(), 1e-2), "grad-cam++", "pgc:GradCAMPlusPlus") > 1e-2


def layer_cam_scales_each_layer_before_they_are_joined():
    """The paper joins layers by a maximum behind a tanh; only a layer alone is the paper's LayerCAM."""
    assert distance(loud(chain()), "layer-cam/last", "pgc:LayerCAM/last") < 1e-4
    for joined in ("layer-cam", "layer-cam/stages=tanh"):
        assert distance(loud(chain()), joined, "pgc:LayerCAM") > 0.01


def layer_cam_adds_1e_7_to_each_range():
    assert distance(loud(chain()), "layer-cam/stages=minmax[prepared=layer]", "pgc:LayerCAM") < 1e-4
    assert distance(loud(chain(), 1e-3), "layer-cam/stages=minmax[prepared=layer]", "pgc:LayerCAM") > 1e-3


def full_grad_scales_each_channel_alone():
    assert distance(loud(chain()), "full-grad", "pgc:FullGrad") > 0.01


def full_grad_adds_1e_7_to_each_range():
    assert distance(loud(chain()), "full-grad[scaling=channel]", "pgc:FullGrad") < 1e-4
    assert distance(loud(chain(), 1e-3), "full-grad[scaling=channel]", "pgc:FullGrad") > 1e-3


def ablation_cam_ablates_by_the_minimum_less_1e_7_where_a_layer_is_never_0():
    """And because that minimum is taken again for each row, the result depends on how many channels run at once."""
    assert distance(loud(chain()), "ablation-cam", "pgc:AblationCAM") < 1e-4
    network, images = chain(LEAKY), pictures(1)
    asked = [ClassifierOutputTarget(1)]
    maps = [AblationCAM(network, [network.act3], batch_size=size) for size in (1, 12)]
    one, twelve = (explainer.get_cam_weights(*arguments(explainer, images, asked)) for explainer in maps)
    own = view_of(chain(LEAKY), "ablation-cam", images)
    assert not np.allclose(one, twelve, rtol=0.1)
    assert np.abs(one).max() > 1e4
    assert METHODS["ablation-cam"].compute(own)["act3"].abs().max() < 1e4


def arguments(explainer, images, targets):
    explainer.activations_and_grads(images)
    return images, explainer.target_layers[0], targets, explainer.activations_and_grads.activations[0].numpy(), None


def score_cam_aligns_the_corners_of_its_masks(monkeypatch):
    network = loud(chain(), 100)
    assert distance(network, "score-cam/S1", "pgc:ScoreCAM/S1") < 1e-4  # as large as the image: not upsampled
    assert distance(network, "score-cam", "pgc:ScoreCAM") > 0.01
    monkeypatch.setattr(perturbation, "upsample", partial(upsample, corners="aligned"))
    assert distance(network, "score-cam", "pgc:ScoreCAM") < 1e-4


def eigen_cam_centres_the_channels_and_leaves_the_sign_to_chance():
    for own, other in (("eigen-cam", "pgc:EigenCAM"), ("eigen-grad-cam", "pgc:EigenGradCAM")):
        network, images = loud(chain()), pictures(4).double()
        view = view_of(network, own, images)
        features = view.activation("act3") * (1 if own == "eigen-cam" else view.gradient("act3"))
        centred = features - features.mean((2, 3), keepdim=True)
        ours = METHODS["eigen-grad-cam"].compute(centred, torch.ones_like(centred))
        theirs = scaled(heatmap(parse(other), view_of(network, other, images)).values)
        ways = [scaled(upsample((sign * ours).relu(), theirs.shape[1:])) for sign in (1, -1)]
        apart = torch.stack([(theirs - way).abs().amax((1, 2)) for way in ways])
        assert (apart.amin(0) < 1e-4).all()
        assert distance(network, own, other, images) > 0.01
    features = torch.randn(40, 5, 6, 8, generator=torch.Generator().manual_seed(0))
    found = get_2d_projection(features.numpy())
    assert {np.sign((one * total).sum()) for one, total in zip(found, features.sum(1).numpy(), strict=True)} == {-1, 1}


def guided_grad_cam_gives_each_pixel_the_nearest_position(monkeypatch):
    network = loud(chain())
    assert distance(network, "guided-grad-cam/S1", "captum:GuidedGradCam/S1") < 1e-4  # not upsampled
    assert distance(network, "guided-grad-cam", "captum:GuidedGradCam") > 0.01
    monkeypatch.setattr(guided_file, "upsample", lambda maps, size: interpolate(maps[:, None], size)[:, 0])
    assert distance(network, "guided-grad-cam", "captum:GuidedGradCam") < 1e-4


def sess_slides_square_windows_and_leaves_out_no_patch():
    assert distance(chain(), "sess:grad-cam", "pgc:SESS", pictures(1)) > 0.01


DEPARTURES = {
    (
        "grad-cam++",
        "pgc:GradCAMPlusPlus",
    ): grad_cam_plus_plus_adds_1e_6_to_a_denominator_of_the_size_of_squared_gradients,
    ("layer-cam", "pgc:LayerCAM"): layer_cam_scales_each_layer_before_they_are_joined,
    ("layer-cam/stages=minmax[prepared=layer]", "pgc:LayerCAM"): layer_cam_adds_1e_7_to_each_range,
    ("full-grad", "pgc:FullGrad"): full_grad_scales_each_channel_alone,
    ("full-grad[scaling=channel]", "pgc:FullGrad"): full_grad_adds_1e_7_to_each_range,
    ("ablation-cam", "pgc:AblationCAM"): ablation_cam_ablates_by_the_minimum_less_1e_7_where_a_layer_is_never_0,
    ("score-cam", "pgc:ScoreCAM"): score_cam_aligns_the_corners_of_its_masks,
    ("eigen-cam", "pgc:EigenCAM"): eigen_cam_centres_the_channels_and_leaves_the_sign_to_chance,
    ("eigen-grad-cam", "pgc:EigenGradCAM"): eigen_cam_centres_the_channels_and_leaves_the_sign_to_chance,
    ("guided-grad-cam", "captum:GuidedGradCam"): guided_grad_cam_gives_each_pixel_the_nearest_position,
    ("sess:grad-cam", "pgc:SESS"): sess_slides_square_windows_and_leaves_out_no_patch,
}


def test_every_departure_of_the_table_is_asserted():
    assert set(DEPARTURES) == PAIRS - {(pair.own, pair.other) for pair in AGREEING}


@pytest.mark.parametrize("departs", dict.fromkeys(DEPARTURES.values()), ids=lambda one: one.__name__)
def test_the_library_departs(departs, monkeypatch):
    departs(monkeypatch) if departs.__code__.co_argcount else departs()


# What stands in no pair: parts of methods, and methods that are others under a new name.


def guided(network, images):
    """Return what our guided backpropagation gives for class 1, (B, C, H, W)."""
    spec = parse("guided-grad-cam")
    return View(Evidence(network, examine(network, images[:1]), images, Target(), [spec]), spec).guided_gradient()


def test_guided_backpropagation_is_captums_and_pytorch_grad_cams():
    images = pictures(2).double()
    network = loud(chain(SOLID))
    expected = guided(network, images)
    found = explain(network, images, "captum:GuidedBackprop")["captum:GuidedBackprop"]
    torch.testing.assert_close(
        found.double(), expected.abs().sum(1), rtol=1e-4, atol=1e-4 * expected.abs().max().item()
    )
    theirs = GuidedBackpropReLUModel(loud(chain(SOLID)))(images[:1].clone(), target_category=1)
    torch.testing.assert_close(torch.from_numpy(theirs).permute(2, 0, 1), expected[0], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("make", [dense, lambda: chain(LEAKY)], ids=["functions", "leaky ReLU"])
def test_captum_guides_modules_of_the_class_relu_alone(make):
    network, images = loud(make()), pictures(2).double()
    ours = guided(network, images).abs().sum(1)
    assert (
        scaled(explain(network, images, "captum:GuidedBackprop")["captum:GuidedBackprop"]) - scaled(ours)
    ).max() > 0.01


def test_captum_leaves_leaky_relus_unguided():
    maps = explain(chain(LEAKY, "gap"), pictures(2), ["captum:GuidedBackprop", "captum:Saliency"])
    torch.testing.assert_close(maps["captum:GuidedBackprop"], maps["captum:Saliency"])


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_captums_deep_lift_misses_the_score_behind_max_pooling():
    network, image = chain(SOLID).double(), pictures(1).double()

    def missed():
        found = captum.attr.DeepLift(network).attribute(image, target=1).sum()
        with torch.no_grad():
            change = (network(image) - network(0 * image))[0, 1]
        return ((found - change) / change).abs().item()

    assert missed() > 0.01
    network.pool1 = network.pool2 = torch.nn.AvgPool2d(2)
    assert missed() < 1e-6


def test_shapley_cam_is_grad_cam_on_piecewise_linear_networks():
    assert distance(loud(chain()), "pgc:ShapleyCAM", "pgc:GradCAM") < 1e-6


def test_refine_cam_of_one_layer_is_grad_cam_plus_plus():
    assert distance(loud(chain()), "pgc:RefineCAM/last", "pgc:GradCAMPlusPlus") < 1e-6


def test_finer_cam_explains_the_class_against_near_ones():
    assert distance(loud(chain(), 1), "pgc:FinerCAM", "pgc:GradCAM") > 0.01
