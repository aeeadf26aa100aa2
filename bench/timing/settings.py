"""What a user can ask to be timed; see `bench.runs.settings`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from bench.runs.settings import Listed, Names, NetworkSettings, PluginSettings


class TimeSettings(NetworkSettings, PluginSettings):
    """What is timed, on which network, under which conditions."""

    methods: Listed = "gradient,full-grad,lt-full-grad"
    """Sets and specs, as in run; each is timed alone, and beside the libraries that have it too."""

    together: Names = ()
    """NAME=METHODS: methods that share one forward pass; may be given again."""

    targets: Listed = ""
    """The rows of the suite's own speed targets instead: all, or some of gradient, truncated, ra, ra-ten, papers,
    full-grad, ablation, score, memory; of vgg16 at 640x224, batch 1 and 8, if nothing else is named."""

    scaling: bool = False
    """Vary pixels, images, channels, methods and δ one by one instead, and fit how time grows."""

    run: Path | None = None
    """Folder of a run whose IoU is drawn against time."""

    input_sizes: Listed = ""
    """Sizes of the images, HEIGHTxWIDTH, several by commas."""

    batch_sizes: Listed = ""
    """Numbers of images at once, several by commas."""

    devices: Listed = ""
    """cpu, cuda or cpu,cuda; by default the GPU where there is one."""

    precision: Listed = "fp32"
    """Of the network's passes: fp32, tf32 (GPUs), bf16, several by commas."""

    threads: int | None = Field(None, ge=1)
    """Threads of the processor; by default as many as torch takes."""

    repeats: int = Field(7, ge=1)
    """Samples of each workload."""

    limit: float = Field(60, ge=0)
    """Seconds after which a workload is sampled no more."""

    only_time: bool = False
    """Leave out memory and operations, which take runs of their own."""

    out: Path | None = None
    """New folder; by default one of its own under results/timings."""

    network: str = ""
    """vgg-small, a torchvision network, timm:NAME, or your own package.module:factory; by default vgg-small, and vgg16
    for the speed targets."""
