"""What small workloads are timed on."""

import torch

from bench.classifiers.networks import NetworkConfig
from bench.timing.setup import TimingConfig

CONFIG = TimingConfig(NetworkConfig(), "none", (32, 48), 2, torch.device("cpu"))
