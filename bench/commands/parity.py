"""`python -m bench parity`: our methods beside those of other libraries, number for number and second for second."""

import json as json_format
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import Json, takes_settings
from bench.runs.settings import ExperimentSettings

if TYPE_CHECKING:
    import pandas as pd

    from bench.studies.library_parity import NotCompared, Parity
    from reports.grid import Grid

COLUMNS = (
    "Deviation: the largest difference of a pixel, heatmaps scaled to [0, 1]; Rank: Spearman's correlation where it is "
    "lowest; ms an image: the best of all, each with its forward and backward passes; Ratio: the library's time over "
    "ours."
)


@takes_settings
def parity(
    *,
    images: Annotated[int, typer.Option(help="Number of test images; those with defects come first.", min=1)] = 3,
    settings: ExperimentSettings,
    json: Json = False,
) -> None:
    """Compare each method that pytorch-grad-cam or captum has too: how far heatmaps differ, and how long each takes."""
    from bench.commands.console import output, records, reporting
    from bench.runs.experiment import find
    from bench.studies.library_parity import compare

    experiment = find(settings)
    target = experiment.target()
    assignment = next(experiment.assignments())
    with reporting() as reporter:
        reporter.faults(experiment.copy.dataset.name, experiment.faults())
        classifier = experiment.classifier(assignment, reporter.training)
        show = reporter.counting("comparing")
        found = []
        for one in compare(assignment, classifier, target, images):
            show(one.pair.own)
            found.append(one)
    height, width = experiment.size
    setting = (
        f"{experiment.copy.name} at {height}x{width}, {images} test image(s); {settings.network} ({settings.head} "
        f"head); target {target}."
    )
    if json:
        typer.echo(json_format.dumps({"setting": setting, "pairs": records(_rows(found))}, indent=2))
        return
    console = output()
    console.print(_grid(found).terminal())
    console.print()
    for line in _notes(found):
        console.print(line, markup=False)
    console.print(f"\n{setting} {COLUMNS}")


def _rows(found: "list[Parity | NotCompared]") -> "pd.DataFrame":
    import pandas as pd

    numbers = ({name: value for name, value in vars(one).items() if name != "pair"} for one in found)
    return pd.DataFrame(vars(one.pair) | own for one, own in zip(found, numbers, strict=True))


def _grid(found: "list[Parity | NotCompared]") -> "Grid":
    from bench.studies.library_parity import NotCompared
    from reports.grid import Column, Grid

    numbers = ("Deviation", "Rank", "ms", "Its ms", "Ratio")
    columns = [
        Column("Ours", wrap="anywhere"),
        Column("Library's", wrap="nowhere"),
        *(Column(name, right=True, wrap="nowhere") for name in numbers),
        Column("Defined", wrap="nowhere"),
    ]
    rows = []
    for one in found:
        pair = one.pair
        if isinstance(one, NotCompared):
            rows.append([pair.own, pair.other, *[""] * len(numbers), "failed"])
            continue
        deviations = (f"{one.difference:.0e}", f"{one.correlation:.3f}")
        times = (f"{one.own_ms:.1f}", f"{one.other_ms:.1f}", f"{one.other_ms / one.own_ms:.1f}")
        rows.append([pair.own, pair.other, *deviations, *times, "apart" if pair.departure else "alike"])
    return Grid(columns, rows)


def _notes(found: "list[Parity | NotCompared]") -> Iterator[str]:
    """Yield a line for each pair that could not be compared, or whose definitions depart."""
    from bench.studies.library_parity import NotCompared

    for one in found:
        pair = f"{one.pair.own}: {one.pair.other}"
        if isinstance(one, NotCompared):
            yield f"{pair} failed: {one.reason}"
        elif one.pair.departure:
            yield f"{pair} {one.pair.departure}."
