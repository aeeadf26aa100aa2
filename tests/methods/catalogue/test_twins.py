"""Every registered method against a slow twin that was written from its paper's equation."""

import numpy as np
import pytest
import torch

from methods import METHODS
from tests.helpers.made_up_evidence import made_up
from tests.helpers.twins import EVIDENCE_TWINS, GRADIENT_TWINS


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
