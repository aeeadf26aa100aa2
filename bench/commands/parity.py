"""`python -m bench parity`: our methods beside those of other libraries, number for number and second for second."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from bench.commands.options import takes_settings

if TYPE_CHECKING:
    from rich.table import Table

    from bench.runs.experiment import ExperimentSettings
    from bench.studies.library_parity import NotCompared, Parity


@takes_settings
def parity(
    *,
    images: Annotated[int, typer.Option(help="Test images; those with defects come first.", min=1)] = 3,
    settings: "ExperimentSettings",
) -> None:
    """Compare every method that pytorch-grad-cam or captum has too: how far maps differ, and how long each takes."""
    from bench.commands.console import output, reporting
    from bench.network.targets import default_target
    from bench.runs.experiment import find
    from bench.studies.library_parity import compare

    experiment = find(settings)
    target = default_target(len(experiment.classes))
    assignment = next(experiment.assignments())
    with reporting() as reporter:
        reporter.faults(experiment.dataset.name, experiment.faults())
        classifier = experiment.classifier(assignment, reporter.training)
        show = reporter.counting("comparing")
        found = []
        for one in compare(assignment, classifier, target, images):
            show(one.pair.own)
            found.append(one)
    console = output()
    console.print(_table(found))
    console.print()
    for line in _notes(found):
        console.print(line, markup=False)
    height, width = experiment.size
    network = settings.network
    console.print(
        f"\n{experiment.dataset.name} at {height}x{width}, {images} test image(s); {network.name} ({network.head} "
        f"head); target {target}. Deviation: the most that a pixel differs by, maps scaled to [0, 1]; Rank: "
        "Spearman's correlation where it is lowest; ms an image, the best of all, each with its forward and backward "
        "passes; Ratio: the library's time over ours."
    )


def _table(found: "list[Parity | NotCompared]") -> "Table":
    from rich.markup import escape
    from rich.table import Table

    from bench.studies.library_parity import NotCompared

    table = Table(box=None)
    table.add_column("Ours", overflow="fold")
    table.add_column("Library's", no_wrap=True)
    for name in ("Deviation", "Rank", "ms", "Its ms", "Ratio"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Defined", no_wrap=True)
    for one in found:
        pair = one.pair
        if isinstance(one, NotCompared):
            table.add_row(escape(pair.own), pair.other, *[""] * 5, "failed")
            continue
        times = (f"{one.own_ms:.1f}", f"{one.other_ms:.1f}", f"{one.other_ms / one.own_ms:.1f}")
        agree = "apart" if pair.departure else "alike"
        table.add_row(escape(pair.own), pair.other, f"{one.difference:.0e}", f"{one.correlation:.3f}", *times, agree)
    return table


def _notes(found: "list[Parity | NotCompared]") -> Iterator[str]:
    """Yield a line for each pair that could not be compared, or whose definitions depart."""
    from bench.studies.library_parity import NotCompared

    for one in found:
        pair = f"{one.pair.own}: {one.pair.other}"
        if isinstance(one, NotCompared):
            yield f"{pair} failed: {one.reason}"
        elif one.pair.departure:
            yield f"{pair} {one.pair.departure}."
