"""Layers, stages and heads, found by one recorded forward pass."""

from functools import partial

import pytest
import torch
import torchvision
from torch import nn

from bench.errors import BenchError
from bench.network.anatomy import examine
from tests.helpers.small_networks import (
    INPLACE,
    LEAKY,
    NETWORKS,
    SIZE,
    SOLID,
    Wrapper,
    chain,
    dense,
    pictures,
    residual,
)


def small(make, seed=0):
    """Build a torchvision network with random weights and without its large classifying layers."""
    with torch.device("meta"):
        network = make(weights=None)
    if isinstance(network, torchvision.models.VGG):
        network.classifier = nn.Sequential(nn.Linear(512 * 49, 4), nn.ReLU(inplace=True), nn.Linear(4, 2))
    network.to_empty(device="cpu")
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for module in network.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
    return network.eval()


STAGES = {
    # The ReLUs before the pools.
    "vgg11": ["features.1", "features.4", "features.9", "features.14", "features.19"],
    # The stem's ReLU and each layer's last block.
    "resnet18": ["relu", "layer1.1", "layer2.1", "layer3.1", "layer4.1"],
    # The last Fire of each resolution.
    "squeezenet1_0": ["features.1", "features.5", "features.10", "features.12"],
    # What a transition makes before it pools, and the last norm, both of either sign.
    "densenet121": ["features.relu0", *[f"features.transition{i}.conv" for i in (1, 2, 3)], "features.norm5"],
    # Blocks are kept whole.
    "mobilenet_v2": ["features.1", "features.3", "features.6", "features.13", "features.18.2"],
    "efficientnet_b0": ["features.1.0", "features.2.1", "features.3.1", "features.5.2", "features.8.2"],
}
SIGNED = {
    "vgg11": [False] * 5,
    "resnet18": [False] * 5,
    "squeezenet1_0": [False] * 4,
    "densenet121": [False, True, True, True, True],
    "mobilenet_v2": [True, True, True, True, False],
    "efficientnet_b0": [True] * 5,
}


@pytest.fixture(scope="module")
def of_torchvision():
    examined = {}

    def look(name):
        if name not in examined:
            examined[name] = examine(small(getattr(torchvision.models, name)), pictures(1, (64, 64)))
        return examined[name]

    return look


@pytest.mark.parametrize("name", STAGES)
def test_the_stages_of_torchvisions_networks(of_torchvision, name):
    anatomy = of_torchvision(name)
    assert list(anatomy.stages) == STAGES[name]
    assert [anatomy.layers[stage].signed for stage in anatomy.stages] == SIGNED[name]


@pytest.mark.parametrize("name", STAGES)
def test_stages_shrink_from_shallow_to_deep(of_torchvision, name):
    anatomy = of_torchvision(name)
    heights = [anatomy.layers[stage].shape[1] for stage in anatomy.stages]
    assert heights == sorted(set(heights), reverse=True)


def test_a_layer_is_described_as_it_ran(of_torchvision):
    layer = of_torchvision("resnet18").layers["layer2.0.conv1"]
    assert (layer.name, layer.kind, layer.shape) == ("layer2.0.conv1", "Conv2d", (128, 8, 8))
    assert layer.signed
    assert not layer.overwritten
    assert of_torchvision("resnet18").layers["bn1"].overwritten
    assert of_torchvision("resnet18").layers["fc"].shape == (1000,)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vgg11", None),
        ("resnet18", "fc"),
        ("squeezenet1_0", None),
        ("densenet121", None),  # its last ReLU is functional: no module's output is what is pooled
        ("mobilenet_v2", "classifier.1"),
        ("efficientnet_b0", "classifier.1"),
    ],
)
def test_the_linear_layer_behind_pooling(of_torchvision, name, expected):
    assert of_torchvision(name).pooled_linear == expected


def test_a_wrapper_is_opened():
    inside = small(torchvision.models.resnet18)
    anatomy = examine(Wrapper(inside).eval(), pictures(1, (64, 64)))
    assert list(anatomy.stages) == [f"backbone.{name}" for name in STAGES["resnet18"]]
    assert anatomy.pooled_linear == "backbone.fc"


SMALL = {
    "chain": (partial(chain, INPLACE), ["act1", "act2", "act3"]),
    "chain, not in place": (partial(chain, SOLID), ["act1", "act2", "act3"]),
    "chain, leaky": (partial(chain, LEAKY), ["act1", "act2", "act3"]),
    "residual": (residual, ["act", "block1", "block2"]),
    "dense": (dense, ["act", "transition", "last"]),
}


@pytest.mark.parametrize("kind", ["gap", "fc"])
@pytest.mark.parametrize(("make", "stages"), SMALL.values(), ids=SMALL)
def test_the_stages_of_small_networks(make, stages, kind):
    for network in (make(kind=kind), make(kind=kind).train()):
        assert list(examine(network, pictures(1)).stages) == stages


def test_the_stages_do_not_depend_on_the_size_or_number_of_images():
    for images in (pictures(1, (48, 48)), pictures(3), pictures(2, (25, 33))):
        assert examine(residual(), images).stages == ("act", "block1", "block2")


def test_a_stage_that_can_be_negative_is_signed():
    anatomy = examine(dense(), pictures())
    assert [anatomy.layers[name].signed for name in anatomy.stages] == [False, True, False]
    leaky = examine(chain(LEAKY), pictures())
    assert all(leaky.layers[name].signed for name in leaky.stages)


def test_convolutions_stand_in_the_order_in_which_they_run():
    assert examine(chain(), pictures()).convolutions == ("conv1", "conv2", "conv3")
    names = ("stem", "block1.first", "block1.second", "block2.first", "block2.second")
    assert examine(residual(), pictures()).convolutions == names


@pytest.mark.parametrize(
    ("choice", "layers"),
    [
        ("last", ("act3",)),
        ("stages", ("act1", "act2", "act3")),
        ("convs", ("conv1", "conv2", "conv3")),
        ("S1", ("act1",)),
        ("S2", ("act2",)),
        ("S2-S3", ("act2", "act3")),
        ("S1-S3", ("act1", "act2", "act3")),
        ("S2-S2", ("act2",)),
        ("layer.norm2", ("norm2",)),
    ],
)
def test_choices_of_layers(choice, layers):
    assert examine(chain(), pictures()).choose(choice) == layers


@pytest.mark.parametrize("choice", ["S9", "S0", "S4", "S2-S4", "S3-S2", "S0-S2"])
def test_stages_that_do_not_exist_are_refused(choice):
    with pytest.raises(BenchError, match=f"{choice}: this network has the stages S1 to S3"):
        examine(chain(), pictures()).choose(choice)


@pytest.mark.parametrize(
    ("name", "near"),
    [("cnov2", "did you mean .*conv2"), ("hidden", "there are conv1|did you mean"), ("", "there are conv1")],
)
def test_a_layer_that_does_not_exist_or_has_no_maps_is_named_with_what_is_near(name, near):
    with pytest.raises(BenchError, match=rf"no layer '{name}' with feature maps; ({near})"):
        examine(chain(), pictures()).choose(f"layer.{name}")


@pytest.mark.parametrize("choice", ["last", "stages", "S1"])
def test_a_network_without_feature_maps_has_no_stages(choice):
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIZE[0] * SIZE[1], 4), nn.ReLU(), nn.Linear(4, 2))
    anatomy = examine(network, pictures())
    assert anatomy.stages == anatomy.convolutions == ()
    with pytest.raises(BenchError, match="no stages"):
        anatomy.choose(choice)


@pytest.mark.parametrize(
    "tail",
    [nn.Softmax(1), nn.Sigmoid(), nn.Linear(3, 3), nn.ReLU()],
    ids=str,
)
def test_what_follows_the_linear_layer_makes_its_weights_no_class_weights(tail):
    network = chain(kind="gap")
    assert examine(network, pictures()).pooled_linear == "classifier"
    network.append(tail)
    assert examine(network, pictures()).pooled_linear is None


@pytest.mark.parametrize(
    "pool", [nn.AdaptiveMaxPool2d(1), nn.Sequential(nn.ReLU(), nn.Dropout(0.9), nn.AvgPool2d((6, 8)))]
)
def test_what_stands_between_stage_and_linear_layer_matters(pool):
    network = chain(kind="gap")
    network.pool = pool
    averaging = not isinstance(pool, nn.AdaptiveMaxPool2d)
    assert examine(network, pictures()).pooled_linear == ("classifier" if averaging else None)


@pytest.mark.parametrize("name", [name for name in NETWORKS if "gap" not in name])
def test_two_linear_layers_are_no_class_weights(name):
    assert examine(NETWORKS[name](), pictures()).pooled_linear is None


def test_what_a_later_operation_writes_on_is_called_overwritten():
    layers = examine(chain(INPLACE), pictures()).layers
    assert [name for name, layer in layers.items() if layer.overwritten] == ["conv1", "norm2", "conv3", "hidden"]
    assert not any(
        layer.overwritten
        for layer in examine(
            chain(SOLID),
            pictures(),
        ).layers.values()
        if layer.name != "hidden"
    )


def test_a_layer_is_signed_by_what_it_gave_out_not_by_what_was_written_on_it():
    layers = examine(chain(INPLACE), pictures()).layers
    assert layers["conv1"].signed
    assert not layers["act1"].signed
