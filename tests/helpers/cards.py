"""The card of a classifier that nobody has trained."""

from bench.classifiers.checkpoint import Card, Metrics, TrainingPlan
from bench.classifiers.networks import NetworkConfig
from bench.classifiers.recipe import Recipe

METRICS = Metrics(accuracy=0.75, average_precision=None, auroc=0.1 + 0.2, loss=0.5, confusion=[[3, 1], [0, 0]])
PLAN = TrainingPlan(
    network=NetworkConfig(), weights="none", size=(64, 48), classes=("good", "defect"), dataset="synthetic",
    dataset_fingerprint="0123", split_fingerprint="4567", fold=1, folds=5, seed=2, recipe=Recipe(),
)  # fmt: skip
CARD = Card(plan=PLAN, metrics={"val": METRICS, "test": METRICS}, versions={"torch": "2"})
