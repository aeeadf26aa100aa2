"""What a user can ask for: each setting stands here once, for the command line and for Python.

Nothing heavy is imported, so that the help of a command can show them. A setting is the text that the command line
takes; lists, tuples and dictionaries are written as that text.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.own import datasets

RUNS = Path("results/runs")
"""Where runs are put that are given no folder of their own."""
PICTURES = 6
"""Images of which pictures are kept unless more or others are asked for."""
SMALLEST = 32
"""Pixels of an input's shorter side, so that five stages fit."""


def _as_size(given: Any) -> Any:
    return "x".join(map(str, given)) if isinstance(given, tuple | list) else given


def _as_list(given: Any) -> Any:
    return ",".join(map(str, given)) if isinstance(given, tuple | list) else given


def _as_pairs(given: Any) -> Any:
    return ",".join(f"{key}={value}" for key, value in given.items()) if isinstance(given, Mapping) else given


def _as_several(given: Any) -> Any:
    return (given,) if isinstance(given, str | Path) else given


def _maskless(threshold: str) -> str:
    from results.metrics.thresholds import check_unsupervised, parse_policy

    check_unsupervised(parse_policy(threshold))
    return threshold


Head = Literal["fc", "gap"]
Activation = Literal["relu", "leaky_relu"]
Size = Annotated[str, BeforeValidator(_as_size)]
Listed = Annotated[str, BeforeValidator(_as_list)]
Pairs = Annotated[str, BeforeValidator(_as_pairs)]
Maskless = Annotated[str, AfterValidator(_maskless)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_as_several)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_several)]


class Settings(BaseModel):
    """Values that are checked when they are given, and never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Return the settings with the values that are given, and defaults for the others.

        Raises:
            BenchError: there is no such setting, or it cannot have such a value.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            raise BenchError("; ".join(_told(cls, one["loc"][0], one) for one in error.errors())) from None


class CopySettings(Settings):
    """Where the copy of a dataset is, and what its user says of it."""

    data_root: Path | None = None
    """Folder of the dataset; else $CAM_BENCH_DATA/NAME, else the user's cache folder. Own images (folder) may also be
    listed in a CSV file."""

    group_by: str = ""
    """Regular expression on an image's id that gives its physical item."""

    one_kind: bool = False
    """Call every kind of defect 'defect', so that there are two classes."""

    mask_above: float | None = None
    """Value of a mask, in the file's own values, above which a pixel is defective; by default 0, and black of
    colours."""

    def find_copy(self, dataset: str) -> datasets.LocalCopy:
        """Find the copy of the dataset of this name.

        Raises:
            DatasetError: there is no such dataset, or it is not where it should be.
        """
        from bench.own import datasets

        return datasets.find_copy(
            dataset, self.data_root, **self.model_dump(include={"group_by", "one_kind", "mask_above"})
        )


class DatasetSettings(CopySettings):
    """Which images."""

    dataset: str = "synthetic"
    """Name of the dataset, or of a part of it, e.g. ksdd or mvtec:bottle."""

    size: Size = ""
    """Input size HEIGHTxWIDTH in pixels; by default the dataset's own."""

    folds: int = Field(0, ge=0)
    """Folds by item, in which every item is tested once; 0: one split."""


class PluginSettings(Settings):
    """What others bring."""

    plugin: Paths = ()
    """Python file that registers methods, datasets or metrics; may be given again."""


class NetworkSettings(Settings):
    """Which network."""

    network: str = "vgg-small"
    """vgg-small, a torchvision network, timm:NAME, or your own package.module:factory."""

    head: Head = "fc"
    """Two linear layers, or global average pooling and one."""

    activation: Activation = "relu"
    """Of the network's body."""

    weights: str = "none"
    """Of the network's body before training: none, imagenet or a file."""


class ExperimentSettings(NetworkSettings, DatasetSettings, PluginSettings):
    """Which images, and which classifiers are trained on them."""

    checkpoint: Path | None = None
    """All tensors of a network that was trained elsewhere; it is not trained any further."""

    seeds: int = Field(1, ge=1)
    """Number of classifiers that are trained on each fold."""

    recipe: Pairs = ""
    """Changes to the training recipe, e.g. epochs=6,batch=8."""

    checkpoints: Path | None = None
    """Folder of trained classifiers; by default the user's cache."""

    device: str = ""
    """cpu, cuda, ...; by default the GPU where there is one."""


class StudySettings(ExperimentSettings):
    """How methods are run that are compared with each other."""

    threshold: Maskless = "otsu"
    """otsu, fixed:0.5 or percentile:95; none that reads masks."""

    out: Path | None = None
    """Folder of the run; by default one of its own under results/runs."""


class RunSettings(StudySettings):
    """Which methods are run on which images, with which classifiers, and what is kept of them."""

    methods: Listed = "all"
    """all, paper, gradient, factorial, references (other libraries'), everything, or specs, e.g.
    grad-cam,layer-cam/S2-S4+lt@30,pgc:GradCAM."""

    backend: Literal["own", "pytorch-grad-cam"] = "own"
    """Whose code computes the plain methods that both have."""

    target: str = ""
    """What is explained: a class index, label, predicted or margin. By default the defect class; with several of them
    the predicted one."""

    image: Names = ()
    """Id of an image; may be given again. Only these are looked at."""

    evaluate_at: Literal["input", "original"] = "input"
    """Score at the size of the input, or upsample each heatmap to its image's own size first."""

    threshold: str = "otsu"
    """otsu, fixed:0.5, percentile:95, oracle or tuned."""

    all_images: bool = False
    """Run methods that need forward passes of their own on defect-free images too."""

    budget: float | None = Field(None, ge=0)
    """Minutes for methods that need forward passes of their own; the most expensive ones are left out."""

    chunk: int | None = Field(None, ge=1)
    """Variants of an image in one such pass; by default as many as fit into memory."""

    gallery: int = Field(PICTURES, ge=1)
    """Number of defective images of which pictures are kept, spread over all of them."""

    gallery_ids: Listed = ""
    """Ids of the images of which pictures are kept instead, separated by commas."""


def read_size(text: str, name: str = "size") -> tuple[int, int] | None:
    """Read HEIGHTxWIDTH in pixels, what the setting `name` was given; None for an empty text.

    >>> read_size("704x256")
    (704, 256)

    Raises:
        BenchError: it is something else, or too small for five stages.
    """
    if not text:
        return None
    height, _, width = text.partition("x")
    if not (height.isdigit() and width.isdigit() and min(int(height), int(width)) >= SMALLEST):
        raise BenchError(f"{name} {text}: write HEIGHTxWIDTH in pixels, at least {SMALLEST} each, e.g. 704x256")
    return int(height), int(width)


def _told(settings: type[Settings], name: int | str, error: Any) -> str:
    """Say in a phrase what is wrong with one setting."""
    if name in settings.model_fields:
        return f"{name} {error['input']!r}: {error['msg']}"
    from methods.spelling import did_you_mean

    return f"there is no setting {name!r}; {did_you_mean(str(name), list(settings.model_fields))}"
