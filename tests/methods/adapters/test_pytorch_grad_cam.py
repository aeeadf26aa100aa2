"""What is special about the methods of pytorch-grad-cam."""

from types import SimpleNamespace

import pytest
import torch

from bench import explain
from methods import METHODS, MethodError
from methods.adapters import pytorch_grad_cam as pgc_file
from tests.helpers.small_networks import chain, pictures


@pytest.mark.parametrize("name", pgc_file.SQUARE)
def test_a_matrix_that_no_machine_holds_is_refused_before_it_is_made(name):
    view = SimpleNamespace(
        input=torch.empty(1, 3, 704, 256, device="meta"),
        layers=("features.2",),
        activation=lambda _: torch.empty(1, 64, 704, 256, device="meta"),
    )
    with pytest.raises(
        MethodError, match=f"pgc:{name} would make a matrix of 121 GiB.*704x256 positions of features.2"
    ):
        METHODS[f"pgc:{name}"].compute(view)


def test_several_layers_of_a_method_that_takes_one_are_a_failure_with_a_reason():
    with pytest.raises(MethodError, match="the library fails here: RuntimeError"):
        explain(chain(), pictures(1), "pgc:ShapleyCAM/stages")
