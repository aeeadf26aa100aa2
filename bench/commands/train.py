"""`python -m bench train`: classifiers from image labels alone."""

from bench.commands.options import Quiet, takes_settings
from bench.runs.settings import ExperimentSettings


@takes_settings
def train(settings: ExperimentSettings, *, quiet: Quiet = False) -> None:
    """Train a classifier for each fold and seed, from image labels only; those in the cache are not trained again."""
    from rich.table import Table

    from bench.commands.console import output, reporting
    from bench.runs.experiment import find

    experiment = find(settings)
    table = Table("Fold", "Seed", "Accuracy", "AP", "AUROC", "Confusion (good, ...)", "Checkpoint", box=None)
    folders: dict[str, None] = {}  # one that is kept with a run is taken from there
    with reporting(quiet=quiet) as reporter:
        reporter.faults(experiment.copy.dataset.name, experiment.faults())
        for assignment in experiment.assignments():
            classifier = experiment.classifier(assignment, reporter.training)
            test = classifier.card.metrics["test"]
            numbers = (test.accuracy, test.average_precision, test.auroc)
            folders[str(assignment.path.parent)] = None
            table.add_row(
                str(assignment.plan.fold),
                str(assignment.plan.seed),
                *("–" if number is None else f"{number:.3f}" for number in numbers),
                str(test.confusion),
                assignment.path.name,
            )
    if quiet:
        return
    console = output()
    console.print(table)
    console.print(f"The checkpoints and their cards are in {', '.join(folders)}", soft_wrap=True)
