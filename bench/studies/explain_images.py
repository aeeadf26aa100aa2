"""A user's own images explained: heatmap, mask and numbers as files."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from bench.attribution.explaining import explain_batch
from bench.classifiers.checkpoint import Classifier
from bench.classifiers.loading import seed_of
from bench.errors import BenchError
from bench.network.anatomy import examine
from bench.network.targets import Target
from bench.own import datasets
from bench.provenance import versions
from methods import MethodSpec
from methods.fusing import upsample
from reports.heatmap_overlay import overlay
from results.metrics.levels import level_statistics, to_levels
from results.metrics.thresholds import ThresholdPolicy, thresholds
from results.status import Status


@dataclass(frozen=True)
class Explanation:
    """The heatmap of one method on one image, at the image's own size.

    Attributes:
        image: (H, W, 3), 0 to 255.
        values: (H, W) float32, the raw heatmap: non-negative and not normalised.
        levels: (H, W), the heatmap scaled to 0 to 255.
        predicted: (H, W), the pixels above the threshold; none where the heatmap is constant or not finite.
        facts: threshold, probabilities, versions and so on, as JSON.
    """

    image: NDArray[np.uint8]
    values: NDArray[np.float32]
    levels: NDArray[np.uint8]
    predicted: NDArray[np.bool_]
    facts: dict[str, Any]


def explain_image(
    classifier: Classifier, path: Path, spec: MethodSpec, target: Target, policy: ThresholdPolicy
) -> Explanation:
    """Explain one image, resized to the classifier's input as in training.

    Args:
        classifier: with its card.
        path: of the image.
        spec: the method.
        target: the score that is explained; the image has no label.
        policy: by which the threshold is chosen; it reads no masks.

    Raises:
        DatasetError: the file cannot be read as an image.
        BenchError: the method has no answer on this network, or the network lacks a layer or the class asked for.
    """
    plan = classifier.card.plan
    pixels = torch.from_numpy(datasets.read_image(str(path), plan.size, plan.network.channels))[None]
    images = classifier.prepare(pixels.to(next(classifier.network.parameters()).device))
    anatomy, seeds = examine(classifier.network, images), (seed_of(path.name),)
    (result,) = explain_batch(classifier.network, anatomy, images, target, [spec], seeds=seeds)
    if result.status is Status.NOT_APPLICABLE:
        raise BenchError(f"{spec} has no answer here: {result.reason}") from result.error
    heatmap = result.require()
    height, width = datasets.read_own_mask(str(path), "").shape
    values = upsample(heatmap.values, (height, width)).cpu()
    predicted, outcome = _thresholded(values, policy)
    facts = {
        "image": str(path),
        "method": str(spec),
        "target": str(target),
        **outcome,
        "probabilities": dict(zip(plan.classes, _probabilities(result.logits[0]), strict=True)),
        "note": str(result.notes.get(0, "")),
        "classifier": {"file": plan.file_name, "fingerprint": classifier.fingerprint, "input": list(plan.size)},
        "versions": versions(),
    }
    image = datasets.read_image(str(path), (height, width), 3).transpose(1, 2, 0)
    return Explanation(image, values[0].numpy(), to_levels(values)[0].numpy(), predicted, facts)


def _probabilities(logits: Tensor) -> list[float]:
    """Return the probability of each class; a single logit belongs to the second of two classes."""
    if len(logits) == 1:
        logits = torch.cat([torch.zeros_like(logits), logits])
    probabilities: list[float] = logits.softmax(0).tolist()
    return probabilities


def _thresholded(values: Tensor, policy: ThresholdPolicy) -> tuple[NDArray[np.bool_], dict[str, Any]]:
    """Threshold a heatmap, (1, H, W), as a run does; return the predicted pixels, and how they were found."""
    kept = level_statistics(values, torch.zeros_like(values, dtype=torch.bool))
    cut = int(thresholds(policy, kept.defect, kept.other)[0])
    low, high = float(kept.minimum[0]), float(kept.maximum[0])
    usable = kept.status[0].usable
    predicted = (to_levels(values)[0].numpy() > cut) & usable
    outcome = {
        "status": kept.status[0],
        "size": list(values.shape[1:]),
        "minimum": low if usable else None,
        "maximum": high if usable else None,
        "threshold": str(policy),
        "threshold_level": cut,
        "predicted_positive": float(predicted.mean()),
    }
    return predicted, outcome


def stems(images: Sequence[Path], folder: Path) -> list[Path]:
    """Return, for each image, the path under `folder` with which the names of its files begin.

    It is the path of the image below the folder that all images share, without its suffix.

    Raises:
        BenchError: two images would write the same files.

    Examples:
        >>> [str(stem) for stem in stems([Path("line/a/1.png"), Path("line/b/1.png")], Path("out"))]
        ['out/a/1', 'out/b/1']
    """
    parents = [image.absolute().parent for image in images]
    common = Path(os.path.commonpath(parents))
    paths = [folder / parent.relative_to(common) / image.stem for parent, image in zip(parents, images, strict=True)]
    for path, count in Counter(paths).items():
        if count > 1:
            raise BenchError(f"{count} of the images would write {path}: explain them one after the other")
    return paths


def write(explanation: Explanation, stem: Path) -> list[Path]:
    """Write STEM-overlay.png, STEM-map.npy, STEM-mask.png (0 or 255) and STEM.json; return their paths."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    files = [stem.with_name(stem.name + end) for end in ("-overlay.png", "-map.npy", "-mask.png", ".json")]
    picture, values, mask, facts = files
    Image.fromarray(overlay(explanation.image, explanation.levels, explanation.predicted)).save(picture)
    np.save(values, explanation.values)
    Image.fromarray(255 * explanation.predicted.astype(np.uint8)).save(mask)
    facts.write_text(json.dumps(explanation.facts, indent=2, allow_nan=False) + "\n")
    return files
