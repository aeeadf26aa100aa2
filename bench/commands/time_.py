"""`python -m bench time`: how long methods take, in seconds and in bare passes of the network."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.commands.options import takes_settings
from bench.errors import BenchError
from bench.timing.settings import TimeSettings

if TYPE_CHECKING:
    from results.store.timings import Timings

TIMINGS = Path("results/timings")


@takes_settings
def time(settings: TimeSettings) -> None:
    """Time methods on random images, each beside a bare pass; timings are never cached and never joined."""
    from bench.commands.console import reporting
    from bench.timing.planning import time_methods

    folder = fresh_folder(settings.out)
    with reporting() as reporter:
        found = time_methods(settings, reporter.counting)
    _keep(found, folder, settings.run)


def fresh_folder(out: Path | None) -> Path:
    """Return the folder for the results, `out` or one that is named by the time; it is not made yet.

    Raises:
        BenchError: it is there already.
    """
    folder = out or TIMINGS / datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")
    if folder.exists():
        raise BenchError(f"{folder} is there already, and timings of two days are never joined; name another --out")
    return folder


def _keep(found: "Timings", folder: Path, run: Path | None) -> None:
    """Write everything into a new folder, and print it."""
    from bench.commands.console import output
    from reports.timing_csv import frame
    from reports.timing_figures import draw
    from reports.timing_notes import notes
    from reports.timing_table import growth_table, markdown, terminal, verdict_table
    from results.store.timing_files import write

    folder.mkdir(parents=True)
    write(found, folder / "timing.json")
    frame(found).to_csv(folder / "timing.csv", index=False)
    (folder / "timing.md").write_text(markdown(found))
    pictures = draw(found, folder, run)
    console = output()
    for conditions in () if found.growths else found.conditions:
        console.print(str(conditions), style="bold", markup=False)
        for table in terminal(found, conditions):
            console.print(table)
            console.print()
    if found.verdicts:
        console.print(verdict_table(found.verdicts))
        console.print()
    if found.growths:
        console.print(growth_table(found.growths))
        console.print()
    for line in notes(found):
        console.print(line, markup=False)
    first = pictures[0] if pictures else folder / "timing.md"
    console.print(f"\nAll samples are in {folder / 'timing.json'}. Open {first} next.", soft_wrap=True)
