"""From images to the cells of a run: evidence once a batch, every method on it, statistics kept."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from bench.attribution.explaining import MethodResult, explain_batch
from bench.classifiers.checkpoint import Classifier, TrainingPlan
from bench.classifiers.loading import Batch, ImageDataset, batches, seed_of
from bench.network.anatomy import Anatomy, examine
from bench.network.batch_size import GRAPH_FACTOR, fitting
from bench.network.targets import Target
from bench.own import datasets
from bench.runs.assignment import Assignment
from bench.runs.budget import needs_extra_passes
from bench.runs.gallery import Gallery
from methods import METHODS, MethodSpec
from methods.contract import Note
from methods.fusing import upsample
from results.metrics.levels import LevelStatistics, joined, level_statistics, missing_statistics, to_levels
from results.metrics.thresholds import LEVELS
from results.status import Status
from results.store.cells import Cell
from results.store.run_store import RunStore

LARGEST_BATCH = 16
NOTHING = Note("")

Advance = Callable[[int], None]
"""Told how many more images are done."""


@dataclass(frozen=True)
class Evaluation:
    """What is to be computed with each classifier.

    Attributes:
        specs: the methods.
        target: the score that heatmaps explain.
        splits: ``test``; ``val`` where thresholds are tuned, ``train`` and ``val`` where readings or δ are compared.
        evaluate_at: ``input`` scores at the size of the input; ``original`` upsamples every map to the size of its
            own image first.
        images: ids of the images that are looked at; empty: all.
        only_defective: leave the images out that show no defect; what is pooled over the others needs none.
        all_images: run methods that ask the classifier again on images without a defect too.
        chunk: forward passes at once of such methods; as many as fit into memory if None.
    """

    specs: tuple[MethodSpec, ...]
    target: Target
    splits: tuple[str, ...]
    evaluate_at: str = "input"
    images: tuple[str, ...] = ()
    only_defective: bool = False
    all_images: bool = False
    chunk: int | None = None

    def samples(self, assignment: Assignment) -> pd.DataFrame:
        """Return the rows of the sample table that are looked at with this classifier."""
        table = assignment.data.table
        chosen = table["split"].isin(self.splits)
        if self.images:
            chosen &= table["id"].isin(self.images)
        return table[chosen & (table["label"] != datasets.GOOD)] if self.only_defective else table[chosen]

    def specs_for(self, label: str) -> tuple[MethodSpec, ...]:
        """Return the methods that are run on an image with this label."""
        if label != datasets.GOOD or self.all_images:
            return self.specs
        return tuple(spec for spec in self.specs if not needs_extra_passes(spec))


def run(
    assignment: Assignment,
    classifier: Classifier,
    evaluation: Evaluation,
    store: RunStore,
    gallery: Gallery,
    advance: Advance,
) -> None:
    """Compute and store those cells of one classifier that `store` does not have.

    An image that cannot be read, a method that raises and a map that is not finite are recorded with
    their reason, and the run goes on.
    """
    plan, network = assignment.plan, classifier.network
    device = next(network.parameters()).device
    noise = torch.rand(1, plan.network.channels, *plan.size, generator=torch.Generator().manual_seed(0))
    anatomy = examine(network, classifier.prepare(255 * noise.to(device)))
    size = fitting(anatomy.layers.values(), device, factor=GRAPH_FACTOR, most=LARGEST_BATCH)
    for rows, specs in pending(assignment, evaluation, store, gallery):
        if not specs:
            advance(len(rows))
            continue
        facts = {str(row.id): row for row in rows.itertuples(index=False)}
        source = ImageDataset(rows, plan.size, plan.network.channels, plan.classes)
        for batch in batches(source, size, device=device):
            masks = tuple(batch.masks) if evaluation.evaluate_at == "input" else _own_masks(batch, facts)
            outcomes = _measure(classifier, anatomy, batch, masks, replace(evaluation, specs=specs), gallery)
            store.append([cell for outcome in outcomes for cell in _cells(plan, facts, outcome)])
            advance(len(batch.ids) + len(batch.failures))


@dataclass(frozen=True)
class _Outcome:
    """What one method gave on the images of a batch.

    Attributes:
        spec: the method.
        images: their ids.
        predicted: the class of each, as the classifier predicts it; empty where that is not known.
        statistics: of their heatmaps, or of there being none.
        notes: one for each image: why there is no map, or what its reader has to know.
        layers: names of the layers that were fused.
        shares: (images, layers) of each map's maximum.
    """

    spec: MethodSpec
    images: tuple[str, ...]
    predicted: tuple[str, ...]
    statistics: LevelStatistics
    notes: tuple[Note, ...]
    layers: tuple[str, ...] = ()
    shares: NDArray[np.float32] | None = None


def pending(
    assignment: Assignment, evaluation: Evaluation, store: RunStore, gallery: Gallery
) -> Iterator[tuple[pd.DataFrame, tuple[MethodSpec, ...]]]:
    """Yield images together with the methods of which they lack the cell, or the picture."""
    plan, finished = assignment.plan, store.finished()
    texts = {spec: str(spec) for spec in evaluation.specs}
    table = evaluation.samples(assignment)

    def lacks(row: Any, spec: str) -> bool:
        status = finished.get((plan.fold, plan.seed, row.split, row.id, spec))
        return status is None or (status == Status.OK and gallery.lacks(row.id, spec))

    lacking = [
        tuple(spec for spec in evaluation.specs_for(str(row.label)) if lacks(row, texts[spec]))
        for row in table.itertuples(index=False)
    ]
    for specs in dict.fromkeys(lacking):
        yield table[[one == specs for one in lacking]], specs


def _measure(
    classifier: Classifier,
    anatomy: Anatomy,
    batch: Batch,
    masks: tuple[Tensor, ...],
    evaluation: Evaluation,
    gallery: Gallery,
) -> Iterator[_Outcome]:
    """Yield what every method gives on one batch, scored against `masks`, one (h, w) an image."""
    for image, reason in batch.failures:
        for spec in evaluation.specs:
            yield _Outcome(spec, (image,), ("",), _unread(), (Note(reason),))
    if not batch.ids:
        return
    for number, image in enumerate(batch.ids):
        if image in gallery:
            gallery.keep(image, "image", batch.images[number])
            gallery.keep(image, "mask", 255 * batch.masks[number].to(torch.uint8))
    for result in explain_batch(
        classifier.network,
        anatomy,
        classifier.prepare(batch.images),
        evaluation.target,
        evaluation.specs,
        labels=batch.labels,
        seeds=tuple(map(seed_of, batch.ids)),
        chunk=evaluation.chunk,
    ):
        for number, image in enumerate(batch.ids if result.heatmap else ()):
            if image in gallery:
                gallery.keep(image, str(result.spec), to_levels(result.require().values[number : number + 1])[0])
        yield _outcome(result, batch.ids, classifier.card.plan.classes, masks)


def _outcome(
    result: MethodResult, images: tuple[str, ...], classes: tuple[str, ...], masks: tuple[Tensor, ...]
) -> _Outcome:
    """Score what one method gave on `images` against their masks."""
    predicted = _predicted(result.logits, classes, len(images))
    if result.heatmap is None:
        missing = joined([missing_statistics(mask[None], result.status) for mask in masks])
        return _Outcome(result.spec, images, predicted, missing, (Note(result.reason),) * len(images))
    statistics = _statistics(result.heatmap.values, masks)
    # A map that is not used needs no note.
    usable = [status.usable for status in statistics.status]
    notes = tuple(result.notes.get(number, NOTHING) if ok else NOTHING for number, ok in enumerate(usable))
    layers, shares = result.heatmap.layers, result.heatmap.shares.cpu().numpy()
    return _Outcome(result.spec, images, predicted, statistics, notes, layers, shares)


def _predicted(logits: Tensor, classes: tuple[str, ...], images: int) -> tuple[str, ...]:
    """Return the predicted class of each image; the sign of a single logit decides between two."""
    if not len(logits):
        return ("",) * images
    index = logits.argmax(1) if logits.shape[1] > 1 else (logits[:, 0] > 0).long()
    return tuple(classes[number] for number in index.tolist())


def _own_masks(batch: Batch, facts: dict[str, Any]) -> tuple[Tensor, ...]:
    """Return each image's mask at the size of its image, (h, w), on the device of the batch."""
    rows = [facts[image] for image in batch.ids]
    return tuple(
        torch.from_numpy(datasets.read_own_mask(row.image_path, row.mask_path)).to(batch.masks.device) for row in rows
    )


def _statistics(heatmaps: Tensor, masks: tuple[Tensor, ...]) -> LevelStatistics:
    """Score (B, H, W) heatmaps against one mask an image, each map upsampled to the size of its mask."""
    if all(mask.shape == heatmaps.shape[1:] for mask in masks):
        return level_statistics(heatmaps, torch.stack(masks))
    return joined(
        [
            level_statistics(upsample(one[None], (mask.shape[0], mask.shape[1])), mask[None])
            for one, mask in zip(heatmaps, masks, strict=True)
        ]
    )


def _unread() -> LevelStatistics:
    """Return the statistics of one image that could not be read: no pixel of it is known."""
    nothing, unknown = np.zeros((1, LEVELS), dtype=np.int64), np.full(1, np.nan, dtype=np.float32)
    return LevelStatistics([Status.FAILED], unknown, unknown, nothing, nothing)


def _cells(plan: TrainingPlan, facts: dict[str, Any], outcome: _Outcome) -> Iterator[Cell]:
    """Yield one cell an image; without its mask no pixel of a defective image is counted."""
    spec, statistics = outcome.spec, outcome.statistics
    pixels = (statistics.defect + statistics.other).sum(axis=1)
    for number, image in enumerate(outcome.images):
        row = facts[image]
        unmasked = bool(pixels[number]) and row.label != datasets.GOOD and not row.mask_path
        shares = [] if outcome.shares is None else outcome.shares[number].tolist()
        yield Cell(
            fold=plan.fold,
            seed=plan.seed,
            split=row.split,
            image=image,
            group=row.group,
            label=row.label,
            predicted=outcome.predicted[number],
            spec=str(spec),
            name=spec.name,
            layers=spec.layers,
            fuse=spec.fuse,
            rules=[{"rule": rule, "delta": delta} for rule, delta in spec.rules],
            options=json.dumps(dict(spec.options)),
            wrapper=spec.wrapper,
            chance=METHODS[spec.name].chance,
            status=statistics.status[number],
            reason=str(outcome.notes[number]),
            deviation=outcome.notes[number].deviation or math.nan,
            unmasked=unmasked,
            minimum=float(statistics.minimum[number]),
            maximum=float(statistics.maximum[number]),
            layer_names=list(outcome.layers) if len(shares) > 1 else [],
            shares=shares,
            defect=statistics.defect[number] * (not unmasked),
            other=statistics.other[number] * (not unmasked),
            remark=spec.remark,
        )
