"""Bodies of known networks: what stands before the pooling, from every family that torchvision has."""

import pytest
import torch
from torch import nn

from bench.classifiers.bodies import body, check_name, torchvision_names
from bench.classifiers.networks import NetworkConfig, build
from bench.errors import BenchError
from bench.network.anatomy import examine
from bench.provenance import import_torchvision

SMALLEST = [
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small",
    "regnet_x_400mf", "resnet18", "resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_1", "vgg11", "wide_resnet50_2",
]  # fmt: skip
SLOW_TO_INITIALISE = {"googlenet", "inception_v3"}


def family(name):
    return name.split("_")[0].rstrip("0123456789")


def test_every_family_has_a_network_here():
    assert {family(name) for name in torchvision_names()} == {family(name) for name in SMALLEST} | {
        family(name) for name in SLOW_TO_INITIALISE
    }


@pytest.mark.parametrize("name", SMALLEST)
def test_every_family_gives_logits_and_stages(name):
    network = build(NetworkConfig(name=name, head="gap", classes=3)).eval()
    anatomy = examine(network, torch.randn(1, 3, 96, 128))
    assert anatomy.layers[""].shape == (3,)
    assert len(anatomy.stages) >= 3
    assert anatomy.pooled_linear == "classifier"


@pytest.mark.parametrize(
    "name", ["efficientnet_b0", "mobilenet_v2", "regnet_x_400mf", "resnet18", "shufflenet_v2_x0_5"]
)
def test_a_body_is_all_that_stands_before_the_pooling(name):
    torch.manual_seed(0)
    whole = import_torchvision().models.get_model(name, weights=None).eval()
    features = body(name, "none").eval()
    features.load_state_dict(dict(zip(features.state_dict(), whole.state_dict().values(), strict=False)))
    linear = [module for module in whole.modules() if isinstance(module, nn.Linear)][-1]
    read = []
    linear.register_forward_hook(lambda _module, inputs, _output: read.append(inputs[0]))
    images = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        whole(images)
        torch.testing.assert_close(features(images).mean((2, 3)), read[0])


@pytest.mark.parametrize("name", ["vit_b_16", "swin_t", "maxvit_t"])
def test_transformers_are_refused_in_clear_words(name):
    with pytest.raises(BenchError, match=f"{name} is a transformer without feature maps"):
        check_name(name)


def test_an_unknown_name_lists_the_near_ones():
    with pytest.raises(BenchError, match=r"resnet81.*resnet18"):
        check_name("resnet81")


def test_timm_goes_by_its_prefix():
    pytest.importorskip("timm", reason="timm is not installed")
    config = NetworkConfig(name="timm:resnet10t", head="gap", classes=4)
    network = build(config).eval()
    anatomy = examine(network, torch.randn(1, 3, 96, 96))
    assert anatomy.layers[""].shape == (4,)
    assert len(anatomy.stages) == 5
    assert len(config.normalisation[0]) == 3
    with pytest.raises(BenchError, match="images of any size"):
        build(NetworkConfig(name="timm:vit_tiny_patch16_224"))
    with pytest.raises(BenchError, match="timm has no network"):
        check_name("timm:resnet10x")


def test_timm_that_is_absent_is_asked_for(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(BenchError, match="pip install timm"):
        check_name("timm:resnet10t")
