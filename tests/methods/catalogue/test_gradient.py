"""What gradient-weighted methods do where their equations leave room."""

import torch

from methods import METHODS


def test_xgrad_cam_gives_no_weight_to_activations_that_cancel():
    activation = torch.tensor([[[[1.0, -1.0 + 1e-9]], [[1.0, 2.0]]]], dtype=torch.float64)
    gradient = torch.tensor([[[[3.0, -5.0]], [[1.0, 1.0]]]], dtype=torch.float64)
    found = METHODS["xgrad-cam"].compute(activation, gradient)
    torch.testing.assert_close(found, torch.tensor([[[1.0, 2.0]]], dtype=torch.float64))
