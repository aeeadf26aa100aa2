"""Heatmaps of transformers: their maps are found, and are those of the library that is told where they are."""

import pytest
import torch
from torch import nn

from bench import explain
from bench.attribution.evidence import layers_read
from bench.errors import BenchError
from bench.network.anatomy import examine
from bench.provenance import import_torchvision
from methods import NotApplicableError, parse
from tests.helpers.small_networks import seeded

pgc = pytest.importorskip("pytorch_grad_cam")
timm = pytest.importorskip("timm")


def told(seed_network):
    """Return the network with weights by which something is seen: many heads begin with zeros."""
    for module in seed_network.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.05)
    return seed_network


def vit():
    return told(
        timm.models.vision_transformer.VisionTransformer(
            img_size=(32, 48), patch_size=8, embed_dim=24, depth=2, num_heads=2, num_classes=3
        )
    )


def torchvision_vit():
    models = import_torchvision().models
    return told(
        models.VisionTransformer(
            image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=24, mlp_dim=48, num_classes=3
        )
    )


def swin():
    models = import_torchvision().models
    return told(
        models.SwinTransformer(
            patch_size=[4, 4], embed_dim=12, depths=[1, 2], num_heads=[1, 2], window_size=[4, 4], num_classes=3
        )
    )


CASES = {
    "timm's ViT": (vit, (32, 48), "blocks.1.norm1", (4, 6)),
    "torchvision's ViT": (torchvision_vit, (32, 32), "encoder.layers.encoder_layer_1.ln_1", (4, 4)),
    "Swin": (swin, (32, 48), "features.3.1.norm1", (4, 6)),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request):
    make, size, layer, grid = request.param
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    return seeded(make), images, layer, grid


def test_the_last_stage_is_what_the_last_attention_reads(case):
    network, images, layer, grid = case
    anatomy = examine(network, images)
    assert layers_read(parse("grad-cam"), anatomy) == (layer,)
    assert anatomy.layers[layer].shape[1:] == grid


def reshaped(grid):
    def transform(output):
        if output.dim() == 4:
            return output.permute(0, 3, 1, 2)
        return output[:, 1:].reshape(len(output), *grid, -1).permute(0, 3, 1, 2)

    return transform


@pytest.mark.parametrize("name", ["grad-cam", "hires-cam"])
def test_maps_are_those_of_the_library_that_is_told_layer_and_grid(case, name):
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    network, images, layer, grid = case
    library = {"grad-cam": pgc.GradCAM, "hires-cam": pgc.HiResCAM}[name]
    with library(network, [network.get_submodule(layer)], reshape_transform=reshaped(grid)) as other:
        expected = torch.from_numpy(other(images, [ClassifierOutputTarget(1)] * 2))
    found = explain(network, images, name)[name]
    low, high = found.amin((1, 2), keepdim=True), found.amax((1, 2), keepdim=True)
    torch.testing.assert_close((found - low) / (high - low), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["score-cam", "ablation-cam", "layer-cam", "eigen-cam", "lift-cam", "sess:grad-cam"])
@pytest.mark.filterwarnings("ignore:.*not exact")
def test_other_methods_read_transformers_too(case, name):
    network, images, _, _ = case
    found = explain(network, images, name)[name]
    assert found.shape == (2, *images.shape[2:])
    assert found.isfinite().all()


@pytest.mark.parametrize("name", ["full-grad", "ra-cam"])
def test_methods_for_relus_and_constant_biases_say_that_they_are_not_defined(case, name):
    network, images, _, _ = case
    with pytest.raises(NotApplicableError):
        explain(network, images, name)


def test_a_layer_of_which_the_class_token_alone_is_read_is_refused():
    images = torch.randn(1, 3, 32, 48)
    with pytest.raises(NotApplicableError, match="of norm only the class token is read"):
        explain(seeded(vit), images, "grad-cam/layer.norm")


def test_a_size_that_a_network_does_not_take_is_said():
    with pytest.raises(BenchError, match=r"does not take images of \(3, 40, 40\)"):
        explain(seeded(vit), torch.randn(1, 3, 40, 40), "grad-cam")
