"""`python -m bench sweep`: what the percentile δ of the gradient rules does, and what it is worth to choose it."""

import time
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from bench.commands.options import takes_settings
from bench.commands.run import RUNS
from bench.errors import BenchError

if TYPE_CHECKING:
    from bench.runs.experiment import ExperimentSettings
    from methods import MethodSpec

DELTAS = "write FIRST:LAST:STEP, e.g. 0:90:10, or a list, e.g. 0,50,90, each from 0 to 100"


@takes_settings
def sweep(
    *,
    methods: Annotated[
        str, typer.Option(help="Methods with a gradient rule; a δ that they name is replaced.")
    ] = "lt-grad-cam,lt-layer-cam,lt-full-grad,ra-cam",
    deltas: Annotated[str, typer.Option(help="FIRST:LAST:STEP with LAST included, or a list; in percent.")] = "0:90:10",
    splits: Annotated[str, typer.Option(help="Of train, val and test.")] = "train,test",
    plugin: Annotated[
        Optional[list[Path]],  # noqa: UP045  read at run time by the command line's library
        typer.Option(help="Python file that registers methods; may be given again."),
    ] = None,
    threshold: Annotated[str, typer.Option(help="otsu, fixed:0.5 or percentile:95.")] = "otsu",
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder of the run; by default one of its own under results/runs."),
    ] = None,
    settings: "ExperimentSettings",
) -> None:
    """Draw IoU against δ on training and test images, and tell what a δ gives that other masks have chosen."""
    started = time.perf_counter()
    from bench.commands.console import output, reporting
    from bench.network.targets import default_target
    from bench.plugins import load_plugins
    from bench.runs.experiment import find
    from bench.runs.run import Request, execute
    from bench.runs.runner import Evaluation
    from methods import select
    from methods.spec import DEFAULT_DELTA
    from reports.sweep_table import POINTS, draw, markdown, notes, points_table, terminal
    from results.metrics.thresholds import check_unsupervised, parse_policy
    from results.store.run_store import RunStore
    from results.studies.sweeps import score_sweep

    plugins = tuple(plugin or ())
    load_plugins(plugins)
    policy = parse_policy(threshold)
    check_unsupervised(policy)
    looked_at = read_splits(splits)
    families = by_family(select(methods), read_deltas(deltas))
    experiment = find(settings)
    target = default_target(len(experiment.classes))
    specs = tuple(spec for at in families.values() for spec in at.values())
    evaluation = Evaluation(specs, target, looked_at, only_defective=True)
    with reporting() as reporter:
        folder = execute(Request(experiment, evaluation, plugins, out, RUNS), reporter)
    store = RunStore(folder)
    texts = {family: {delta: str(spec) for delta, spec in at.items()} for family, at in families.items()}
    found, manifest = score_sweep(store.cells(), texts, looked_at, policy, DEFAULT_DELTA), store.manifest()
    points_table(found).to_csv(folder / POINTS, index=False)
    (folder / "sweep.md").write_text(markdown(found, manifest))
    picture = draw(found, folder / "sweep.png")
    console = output()
    console.print(terminal(found))
    console.print()
    for line in notes(found, manifest):
        console.print(line)
    console.print(f"\nDone in {time.perf_counter() - started:.0f} s. Open {picture} next.", soft_wrap=True)


def read_deltas(text: str) -> tuple[float, ...]:
    """Read δ in percent, FIRST:LAST:STEP with LAST included or a list; ascending, each once.

    Raises:
        BenchError: it is something else, a δ is not from 0 to 100, or the steps do not meet LAST.
    """
    stepwise = ":" in text
    try:
        numbers = [Decimal(part.strip()) for part in text.split(":" if stepwise else ",")]
    except InvalidOperation:
        raise BenchError(f"--deltas {text}: {DELTAS}") from None
    if stepwise and len(numbers) != 3:
        raise BenchError(f"--deltas {text}: {DELTAS}")
    ends = numbers[:2] if stepwise else numbers
    if not all(number.is_finite() and 0 <= number <= 100 for number in ends):
        raise BenchError(f"--deltas {text}: δ is a percentile from 0 to 100; {DELTAS}")
    return tuple(sorted({float(number) for number in (_steps(numbers, text) if stepwise else numbers)}))


def _steps(numbers: list[Decimal], text: str) -> list[Decimal]:
    first, last, step = numbers
    if not step.is_finite() or step <= 0 or last < first:
        raise BenchError(f"--deltas {text}: STEP has to be above 0, and LAST not below FIRST; {DELTAS}")
    if (last - first) % step:
        raise BenchError(f"--deltas {text}: steps of {step} from {first} do not meet {last}; {DELTAS}")
    return [first + number * step for number in range(int((last - first) / step) + 1)]


def read_splits(text: str) -> tuple[str, ...]:
    """Read names of splits, and return them in the order of train, val, test.

    Raises:
        BenchError: there is none, or one of them does not exist.
    """
    from bench.own import datasets

    named = {part.strip() for part in text.split(",")}
    if unknown := sorted(named - set(datasets.SPLITS)):
        raise BenchError(f"--splits {text}: there is no split {unknown[0]!r}; choose from {', '.join(datasets.SPLITS)}")
    return tuple(split for split in datasets.SPLITS if split in named)


def by_family(specs: "Sequence[MethodSpec]", deltas: Sequence[float]) -> "dict[str, dict[float, MethodSpec]]":
    """Return the spec of each δ by family, the text that leaves every δ out.

    Raises:
        BenchError: there are no methods, or some have no rule that a δ could belong to.
    """
    if not specs:
        raise BenchError("--methods names no method to sweep")
    if without := [str(spec) for spec in specs if not spec.rules]:
        raise BenchError(
            f"{', '.join(without)} cannot be swept: a δ belongs to a gradient rule; write NAME+lt, NAME+fgbp or "
            "NAME+fgbp+lt for a method that reads gradients, and leave the others out"
        )
    return {_family(spec): {delta: spec.at(delta) for delta in deltas} for spec in specs}


def _family(spec: "MethodSpec") -> str:
    """Return the short text of `spec` without δ, which stands for that of the default."""
    from methods.spec import DEFAULT_DELTA

    name, bracket, options = str(spec.at(DEFAULT_DELTA)).partition("[")
    return name.replace(f"@{DEFAULT_DELTA:g}", "") + bracket + options
