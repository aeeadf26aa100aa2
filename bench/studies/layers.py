"""What methods see in each layer of one image: the maps of the layers alone, and fused."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from torch import Tensor

from bench.attribution.explaining import MethodResult, explain_batch
from bench.classifiers.checkpoint import Classifier, TrainingPlan
from bench.classifiers.loading import ImageDataset, seed_of
from bench.errors import BenchError
from bench.network.anatomy import Anatomy, examine
from bench.network.targets import Target
from bench.own import datasets
from bench.runs.assignment import Assignment
from bench.runs.experiment import Experiment
from bench.runs.gallery import choose
from bench.runs.reporter import Reporter
from methods import Heatmap, MethodSpec
from methods.fusing import fuse
from reports.layer_maps import Block, FusedMap, LayerMap, MethodMaps
from reports.outlined_image import Tile
from results.metrics.counts import counts_at
from results.metrics.formulas import iou
from results.metrics.levels import level_statistics, to_levels
from results.metrics.thresholds import otsu

MOST_KINDS = 3
"""Kinds of defects of which an image is shown, where no image is named."""


def one_of_each_kind(assignments: Sequence[Assignment]) -> tuple[str, ...]:
    """Return the ids of one test image of each kind of defect, of at most `MOST_KINDS` kinds.

    Raises:
        BenchError: no test image shows a defect.
    """
    tables = [one.data.table for one in assignments]
    tested = pd.concat([table[table["split"] == "test"] for table in tables])
    kinds = [rows for _, rows in tested[tested["label"] != datasets.GOOD].groupby("label")]
    if not kinds:
        raise BenchError("no test image shows a defect: name an image with --image")
    return tuple(choose(rows, 1)[0] for rows in kinds[:MOST_KINDS])


def assignment_of(assignments: Sequence[Assignment], image: str) -> Assignment:
    """Return the classifier for which `image` is a test image, or the first one if it is a test image for none.

    Args:
        assignments: of one seed, one for each fold.
        image: id of an image.
    """
    splits = [one.data.table.set_index("id")["split"] for one in assignments]
    tested = [one for one, split in zip(assignments, splits, strict=True) if split[image] == "test"]
    return tested[0] if tested else assignments[0]


def blocks_of(
    experiment: Experiment, images: Sequence[str], specs: Sequence[MethodSpec], target: Target, reporter: Reporter
) -> list[Block]:
    """Compute what the sheet shows; a classifier that no image needs is neither loaded nor trained.

    Args:
        experiment: whose first seed is shown.
        images: ids; empty for one of each kind of defect.
        specs: the methods, in the order of the rows.
        target: the score that is explained.
        reporter: is told how it goes on.

    Raises:
        BenchError: there is no such image, or what `block` raises.
    """
    assignments = [one for one in experiment.assignments() if one.plan.seed == 0]
    reporter.faults(experiment.copy.dataset.name, experiment.faults())
    wanted = tuple(dict.fromkeys(images)) or one_of_each_kind(assignments)
    for image in wanted:
        experiment.check_image(image)
    by_image = {image: assignment_of(assignments, image) for image in wanted}
    found = {}
    for fold in sorted({one.plan.fold for one in by_image.values()}):
        classifier = experiment.classifier(assignments[fold], reporter.training)
        for image, one in by_image.items():
            if one.plan.fold == fold:
                found[image] = block(one, classifier, image, specs, target)
    return [found[image] for image in wanted]


def block(
    assignment: Assignment, classifier: Classifier, image: str, specs: Sequence[MethodSpec], target: Target
) -> Block:
    """Compute what the sheet shows of one image.

    Args:
        assignment: of `classifier`; its table has `image`.
        classifier: that is explained.
        image: id of the image.
        specs: the methods, in the order of the rows.
        target: the score that is explained.

    Raises:
        BenchError: the image cannot be read, or the network lacks a layer or the class asked for.
    """
    plan, table = assignment.plan, assignment.data.table
    rows = table[table["id"] == image]
    batch = ImageDataset(rows, plan.size, plan.network.channels, plan.classes)[0]
    if batch.failures:
        raise BenchError(f"{image}: {batch.failures[0][1]}")
    device = next(classifier.network.parameters()).device
    images = classifier.prepare(batch.images.to(device))
    anatomy = examine(classifier.network, images)
    labels, seeds = batch.labels.to(device), (seed_of(image),)
    results = explain_batch(classifier.network, anatomy, images, target, specs, labels=labels, seeds=seeds)
    by_spec = {result.spec: method_maps(result, anatomy, batch.masks) for result in results}
    pixels = batch.images[0].expand(3, -1, -1).permute(1, 2, 0).numpy()
    tile = Tile(pixels, batch.masks[0].numpy(), image)
    return Block(tile, _caption(plan, rows.iloc[0]), tuple(by_spec[spec] for spec in specs))


def method_maps(result: MethodResult, anatomy: Anatomy, mask: Tensor) -> MethodMaps:
    """Return what the sheet shows of one method: its maps, or the reason why there are none.

    Args:
        result: of one image.
        anatomy: of the network.
        mask: (1, H, W) bool, at the size of the input.
    """
    spec, heatmap = result.spec, result.heatmap
    if heatmap is None:
        return MethodMaps(str(spec), reason=f"{result.status}: {result.reason}")
    shares = dict(zip(heatmap.layers, heatmap.shares[0].tolist(), strict=True))
    stages = {layer: f"S{number}" for number, layer in enumerate(anatomy.stages, 1)}
    layers = []
    for layer, one in heatmap.layer_maps.items():
        if layer:
            alone = _alone(spec, one, heatmap)
            levels = to_levels(alone)[0].cpu().numpy()
            layers.append(LayerMap(stages.get(layer, ""), layer, levels, float(alone.max()), shares[layer]))
    how = spec.fuse if len(heatmap.layers) > 1 else ""
    return MethodMaps(str(spec), tuple(layers), _fused(heatmap.values, mask, how))


def _alone(spec: MethodSpec, one: Tensor, whole: Heatmap) -> Tensor:
    """Return the heatmap, (1, H, W), that `spec` would give if it had only this layer's map, (1, h, w)."""
    _, height, width = whole.values.shape
    readings = {question: spec.reading(question) for question in ("corners", "relu")}
    return fuse({"": one}, "sum", (height, width), **readings).values


def _fused(values: Tensor, mask: Tensor, how: str) -> FusedMap:
    """Threshold a heatmap, (1, H, W), by Otsu's method, as a run does."""
    kept = level_statistics(values, mask)
    cut = otsu(kept.defect + kept.other)
    levels = to_levels(values)[0].cpu().numpy()
    score = iou(counts_at(kept.defect, kept.other, cut))
    return FusedMap(how, kept.status[0], levels, levels > cut[0], float(score[0]))


def _caption(plan: TrainingPlan, row: pd.Series) -> str:
    fold = f"fold {plan.fold + 1} of {plan.folds}, " if plan.folds else ""
    return f"{row['label']}; {row['split']}, {fold}seed {plan.seed}"
