"""Training recipes."""

import pytest
from pydantic import ValidationError

from bench.classifiers.networks import NetworkConfig
from bench.classifiers.recipe import Recipe, default_recipe


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0}, {"batch": 0}, {"body_rate": 0}, {"head_rate": -1}, {"momentum": 1}, {"momentum": -0.1},
        {"weight_decay": -1}, {"clip": 0}, {"brightness": 1}, {"patience": 0}, {"schedule": "step"},
        {"precision": "float16"}, {"epoch": 3},
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_refused_by_name(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Recipe.model_validate(wrong)


def test_texts_of_the_command_line_are_read():
    assert Recipe.model_validate({"epochs": "3", "body_rate": "1e-3"}) == Recipe(epochs=3, body_rate=1e-3)


def test_the_builtin_network_is_trained_from_nothing_and_longer_than_a_pretrained_body():
    builtin, pretrained = default_recipe(NetworkConfig()), default_recipe(NetworkConfig(name="vgg16"))
    assert pretrained == Recipe()
    assert builtin.epochs > pretrained.epochs
    assert builtin.body_rate > 10 * pretrained.body_rate


def test_a_recipe_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Recipe().epochs = 2
