"""One sentence that says how the numbers of a run were obtained."""

from __future__ import annotations

from collections.abc import Iterator

from reports.formatting import counted
from results.metrics.thresholds import ThresholdPolicy
from results.store.manifest import Manifest

SIZES = {"input": "the input's size", "original": "each image's own size"}


def protocol(manifest: Manifest, policy: ThresholdPolicy, pooled: str) -> str:
    """Return dataset, network, target, threshold and images as one sentence.

    Args:
        manifest: of the run.
        policy: how thresholds are chosen.
        pooled: the images whose pixel counts are pooled.
    """
    network, (height, width) = manifest.network, manifest.size
    split = f"{manifest.folds} folds" if manifest.folds else "one split"
    weights = manifest.weights.split(":")[0]
    return (
        f"{manifest.called} at {height}x{width}, {split} by item, {counted(manifest.seeds, 'seed')}; "
        f"{network.name} ({network.head} head, {network.activation}, weights {weights}), "
        f"average precision {_precision(manifest)} on test images; target {manifest.target}; "
        f"scored at {SIZES[manifest.evaluate_at]}; threshold {policy}; pixel counts pooled over {pooled}."
    )


def unscored(unread: int, unmasked: int, *, none_masked: bool = False) -> Iterator[str]:
    """Yield the lines that say how many images are not scored, and why.

    Args:
        unread: images that could not be read.
        unmasked: images that show a defect, and whose masks are not known.
        none_masked: no other image shows a defect.
    """
    if unread:
        yield f"Images that could not be read and are not scored: {unread}."
    if unmasked and none_masked:
        yield f"IoU, precision, recall and F1 are not known: none of the {unmasked} defective test images has a mask."
    elif unmasked:
        yield f"Defective images that have no mask and are not scored: {unmasked}."


def _precision(manifest: Manifest) -> str:
    """Return the mean average precision of the classifiers whose test split allows to compute it."""
    found = [one.test.average_precision for one in manifest.classifiers.values()]
    known = [value for value in found if value is not None]
    return f"{sum(known) / len(known):.3f}" if known else "unknown"
