"""Networks by name: heads, activations, seeds, weights from files."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from bench.classifiers.networks import LEAK, NetworkConfig, build, network_names, prepare
from bench.errors import BenchError

NAMES = ["vgg11", "resnet18", "squeezenet1_0", "densenet121", "vgg-small"]
SQUEEZENET = NetworkConfig(name="squeezenet1_0", head="gap")


def kinds(network, kind):
    return [module for module in network.modules() if isinstance(module, kind)]


@pytest.mark.parametrize(("head", "activation", "classes"), [("fc", "relu", 2), ("gap", "leaky_relu", 3)])
@pytest.mark.parametrize("name", NAMES)
def test_every_family_takes_both_heads_and_both_activations(name, head, activation, classes):
    config = NetworkConfig(name=name, head=head, activation=activation, classes=classes)
    network = build(config)
    assert network.training
    assert network.eval()(torch.zeros(2, config.channels, 32, 32)).shape == (2, classes)
    assert len(kinds(network, nn.Linear)) == (2 if head == "fc" else 1)
    plain, leaky = kinds(network.features, nn.ReLU), kinds(network.features, nn.LeakyReLU)
    assert bool(plain) == (activation == "relu")
    assert bool(leaky) == (activation == "leaky_relu")
    assert {module.negative_slope for module in leaky} <= {LEAK}


@pytest.mark.parametrize("head", ["gap", "fc"])
def test_the_other_head_goes_with_the_other_activation(head):
    activation = "relu" if head == "gap" else "leaky_relu"
    network = build(NetworkConfig(head=head, activation=activation))
    assert network.eval()(torch.zeros(1, 1, 32, 32)).shape == (1, 2)
    # The head's own activation is not the body's.
    assert len(kinds(network, nn.ReLU)) == (9 if head == "gap" else 1)


def test_a_logit_of_a_squeezenet_can_be_negative():
    network = build(SQUEEZENET)
    assert isinstance(list(network)[-1], nn.Linear)
    noise = torch.randn(8, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    assert (network.eval()(noise) < 0).any()


def test_a_densenets_features_end_in_a_module_that_rectifies():
    # Torchvision's network calls a function there, which no method could see.
    network = build(NetworkConfig(name="densenet121", head="gap")).eval()
    assert isinstance(list(network.features)[-1], nn.ReLU)
    assert network.features(torch.zeros(1, 3, 32, 32)).min() >= 0


def test_the_same_seed_gives_the_same_weights():
    one, same, other = (build(NetworkConfig(), seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not torch.equal(one["classifier.weight"], other["classifier.weight"])
    assert not torch.equal(one["features.0.weight"], other["features.0.weight"])


def test_the_weights_do_not_depend_on_the_global_random_state():
    torch.manual_seed(1)
    one = build(NetworkConfig())
    torch.manual_seed(2)
    assert torch.equal(one.classifier.weight, build(NetworkConfig()).classifier.weight)


def test_the_global_random_state_is_left_as_it_was():
    before = torch.get_rng_state()
    build(NetworkConfig(), seed=7)
    assert torch.equal(torch.get_rng_state(), before)


def test_every_name_is_listed_and_of_a_known_family():
    names = network_names()
    assert names[0] == "vgg-small"
    assert set(NAMES) | {"vgg16", "resnet50", "densenet169"} <= set(names)
    assert "vit_b_16" not in names


def test_an_unknown_field_or_head_is_refused():
    for wrong in ({"head": "transformer"}, {"activation": "gelu"}, {"depth": 3}, {"classes": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            NetworkConfig.model_validate(wrong)


@pytest.fixture(scope="module")
def tensors():
    """A state of torchvision's network that ours never begins with."""
    with torch.random.fork_rng():
        torch.manual_seed(99)
        return models.squeezenet1_0().state_dict()


def write(path, tensors):
    save_file(tensors, path) if path.suffix == ".safetensors" else torch.save(tensors, path)
    return str(path)


@pytest.mark.parametrize("ending", ["safetensors", "pth"])
def test_a_file_of_torchvisions_keys_fills_the_body(tmp_path, tensors, ending):
    network = build(SQUEEZENET, weights=write(tmp_path / f"body.{ending}", tensors))
    body = network.features.state_dict()
    assert len(body) == 50
    assert all(torch.equal(body[key], tensors[f"features.{key}"]) for key in body)


def test_weights_do_not_change_the_random_head(tmp_path, tensors):
    network = build(SQUEEZENET, weights=write(tmp_path / "body.pth", tensors), seed=5)
    again = build(SQUEEZENET, weights=write(tmp_path / "body.pth", tensors), seed=5)
    assert torch.equal(network.classifier.weight, again.classifier.weight)


def test_the_classifying_layers_may_be_absent_and_halves_are_widened(tmp_path, tensors):
    body = {key: value.half() for key, value in tensors.items() if key.startswith("features.")}
    network = build(SQUEEZENET, weights=write(tmp_path / "body.safetensors", body))
    assert network.features[0].weight.dtype == torch.float32
    assert torch.equal(network.features[0].weight, body["features.0.weight"].float())


def test_a_missing_key_is_refused_by_name(tmp_path, tensors):
    lacking = {key: value for key, value in tensors.items() if key != "features.3.squeeze.bias"}
    with pytest.raises(BenchError, match=r"does not fit SqueezeNet: 1 keys differ, such as features\.3\.squeeze\.bias"):
        build(SQUEEZENET, weights=write(tmp_path / "body.pth", lacking))


def test_an_unexpected_key_is_refused_by_name(tmp_path, tensors):
    with pytest.raises(BenchError, match=r"1 keys differ, such as backbone\.weight"):
        build(SQUEEZENET, weights=write(tmp_path / "body.pth", tensors | {"backbone.weight": torch.zeros(1)}))


def test_a_tensor_of_another_shape_is_refused(tmp_path, tensors):
    wrong = tensors | {"features.0.weight": torch.zeros(64, 3, 3, 3)}
    with pytest.raises(BenchError, match=r"body\.pth"):
        build(SQUEEZENET, weights=write(tmp_path / "body.pth", wrong))


def test_weights_that_are_not_there_are_named(tmp_path):
    with pytest.raises(BenchError, match=r"there are no weights at .*gone\.pth"):
        build(SQUEEZENET, weights=str(tmp_path / "gone.pth"))


def test_the_builtin_network_has_no_weights():
    with pytest.raises(BenchError, match="has no weights 'imagenet'"):
        build(NetworkConfig(), weights="imagenet")


def test_grey_images_are_repeated_and_normalised_by_channel():
    grey = torch.tensor([0, 255], dtype=torch.uint8).view(1, 1, 1, 2)
    found = prepare(grey, SQUEEZENET)
    assert found.dtype == torch.float32
    assert found.shape == (1, 3, 1, 2)
    # (0 - mean) / deviation and (1 - mean) / deviation of ImageNet.
    expected = [[-2.117904, 2.248908], [-2.035714, 2.428571], [-1.804444, 2.640000]]
    torch.testing.assert_close(found[0, :, 0], torch.tensor(expected), atol=1e-5, rtol=0)


def test_the_builtin_network_takes_grey_around_a_half():
    grey = torch.tensor([0.0, 127.5, 255.0]).view(1, 1, 1, 3)
    assert prepare(grey, NetworkConfig()).flatten().tolist() == [-2, 0, 2]


def test_colours_keep_their_channels():
    image = torch.tensor([255, 0, 51], dtype=torch.uint8).view(1, 3, 1, 1)
    expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, (0.2 - 0.406) / 0.225]
    torch.testing.assert_close(prepare(image, SQUEEZENET).flatten(), torch.tensor(expected))
