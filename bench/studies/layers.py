"""From one image and its classifier to what `reports.layer_sheet` shows: each layer alone, and all fused."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from torch import Tensor

from bench.attribution.evidence import Evidence, by_gradient
from bench.attribution.view import View
from bench.classifiers.checkpoint import Classifier, TrainingPlan
from bench.classifiers.loading import ImageDataset, seed_of
from bench.errors import BenchError
from bench.network.anatomy import examine
from bench.network.targets import Target
from bench.own import datasets
from bench.runs.experiment import Assignment
from bench.runs.gallery import choose
from methods import Heatmap, MethodSpec, NotApplicableError, heatmap, layer_maps
from methods.fusing import fuse
from reports.contact_sheet import Tile
from reports.layer_sheet import Block, FusedMap, LayerMap, MethodMaps
from results.metrics.formulas import counts_at, iou
from results.metrics.levels import level_statistics, to_levels
from results.metrics.thresholds import otsu

MOST_KINDS = 3
"""Of defects, of which an image is shown where none is named."""


def one_of_each_kind(assignments: Sequence[Assignment]) -> tuple[str, ...]:
    """Return the id of one tested image of each kind of defect, of at most `MOST_KINDS` kinds.

    Raises:
        BenchError: no tested image shows a defect.
    """
    tables = [one.data.table for one in assignments]
    tested = pd.concat([table[table["split"] == "test"] for table in tables])
    kinds = [rows for _, rows in tested[tested["label"] != datasets.GOOD].groupby("label")]
    if not kinds:
        raise BenchError("no image that is tested shows a defect: name one with --image")
    return tuple(choose(rows)[0] for rows in kinds[:MOST_KINDS])


def assignment_of(assignments: Sequence[Assignment], image: str) -> Assignment:
    """Return the classifier that `image` is tested with; the only one, where there are no folds.

    Args:
        assignments: of one seed, one for each fold.
        image: id of an image.
    """
    splits = [one.data.table.set_index("id")["split"] for one in assignments]
    tested = [one for one, split in zip(assignments, splits, strict=True) if split[image] == "test"]
    return tested[0] if tested else assignments[0]


def block(
    assignment: Assignment, classifier: Classifier, image: str, specs: Sequence[MethodSpec], target: Target
) -> Block:
    """Compute what the sheet shows of one image.

    Args:
        assignment: of `classifier`; its table has `image`.
        classifier: by which the maps are made.
        image: id of the image.
        specs: the methods, in the order of the rows.
        target: the score that is explained.

    Raises:
        BenchError: the image cannot be read, or the network has not the layers or the class asked for.
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
    evidence = Evidence(classifier.network, anatomy, images, target, specs, labels=labels, seeds=seeds)
    pixels = batch.images[0].expand(3, -1, -1).permute(1, 2, 0).numpy()
    tile = Tile(pixels, batch.masks[0].numpy(), image)
    return Block(tile, _caption(plan, rows.iloc[0]), methods_maps(evidence, specs, batch.masks))


def methods_maps(evidence: Evidence, specs: Sequence[MethodSpec], mask: Tensor) -> tuple[MethodMaps, ...]:
    """Compute every method's maps; one that has no answer, or raises, has its reason instead.

    Args:
        evidence: of one image, gathered for `specs`.
        specs: the methods, in any order.
        mask: (1, H, W) bool, at the size of the input.

    Returns:
        One entry a spec, in their order.
    """
    found = {spec: _method(spec, evidence, mask) for spec in by_gradient(specs)}
    return tuple(found[spec] for spec in specs)


def _method(spec: MethodSpec, evidence: Evidence, mask: Tensor) -> MethodMaps:
    view = View(evidence, spec)
    try:
        maps, fused = layer_maps(spec, view), heatmap(spec, view)
    except NotApplicableError as error:
        return MethodMaps(str(spec), reason=f"not applicable: {error}")
    except Exception as error:  # noqa: BLE001  a plug-in may raise anything; its row says what it was
        return MethodMaps(str(spec), reason=f"failed: {type(error).__name__}: {error}")
    shares = dict(zip(fused.parts, fused.shares[0].tolist(), strict=True))
    stages = {layer: f"S{number}" for number, layer in enumerate(evidence.anatomy.stages, 1)}
    layers = []
    for layer, one in maps.items():
        if layer:
            alone = _alone(spec, one, fused)
            levels = to_levels(alone)[0].cpu().numpy()
            layers.append(LayerMap(stages.get(layer, ""), layer, levels, float(alone.max()), shares[layer]))
    return MethodMaps(str(spec), tuple(layers), _fused(fused.values, mask, spec.fuse if len(maps) > 1 else ""))


def _alone(spec: MethodSpec, one: Tensor, fused: Heatmap) -> Tensor:
    """Return the heatmap, (1, H, W), that `spec` would give if it had this layer's map (1, h, w) only."""
    _, height, width = fused.values.shape
    readings = {question: spec.reading(question) for question in ("corners", "relu")}
    return fuse({"": one}, "sum", (height, width), **readings).values


def _fused(values: Tensor, mask: Tensor, how: str) -> FusedMap:
    """Cut a heatmap, (1, H, W), as a run does with Otsu's threshold."""
    kept = level_statistics(values, mask)
    cut = otsu(kept.defect + kept.other)
    levels = to_levels(values)[0].cpu().numpy()
    score = iou(counts_at(kept.defect, kept.other, cut))
    return FusedMap(how, kept.status[0], levels, levels > cut[0], float(score[0]))


def _caption(plan: TrainingPlan, row: pd.Series) -> str:
    fold = f"fold {plan.fold + 1} of {plan.folds}, " if plan.folds else ""
    return f"{row['label']}; {row['split']}, {fold}seed {plan.seed}"
