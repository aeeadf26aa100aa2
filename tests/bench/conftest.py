import torch

from tests.helpers.plain_registries import plain_registries  # noqa: F401  it holds for every test in this folder

torch.set_num_threads(1)  # networks are so small that threads only get in each other's way
