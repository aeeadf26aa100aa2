"""`python -m bench train`: classifiers from image labels alone."""

from bench.commands.options import Quiet, takes_settings
from bench.runs.settings import ExperimentSettings


@takes_settings
def train(settings: ExperimentSettings, *, quiet: Quiet = False) -> None:
    """Train a classifier for each fold and seed, from image labels only; those in the cache are not trained again."""
    from bench.commands.console import output, reporting
    from bench.runs.experiment import find
    from reports.formatting import number
    from reports.grid import Grid

    experiment = find(settings)
    rows = []
    folders: dict[str, None] = {}  # one that is kept with a run is taken from there
    with reporting(quiet=quiet) as reporter:
        reporter.faults(experiment.copy.dataset.name, experiment.faults())
        for assignment in experiment.assignments():
            classifier = experiment.classifier(assignment, reporter.training)
            test = classifier.card.metrics["test"]
            numbers = (test.accuracy, test.average_precision, test.auroc)
            folders[str(assignment.path.parent)] = None
            told = [*(number(one, 3) for one in numbers), str(test.confusion), assignment.path.name]
            rows.append([str(assignment.plan.fold), str(assignment.plan.seed), *told])
    if quiet:
        return
    console = output()
    columns = ["Fold", "Seed", "Accuracy", "AP", "AUROC", f"Confusion ({experiment.classes[0]}, ...)", "Checkpoint"]
    console.print(Grid(columns, rows).terminal())
    console.print(f"The checkpoints and their cards are in {', '.join(folders)}", soft_wrap=True)
