"""Curves and choices of a sweep, for the tests of its table, its figure and its points."""

from results.metrics.thresholds import parse_policy
from results.studies.sweeps import Choice, Curve, Estimate, Sweep

DELTAS = (0.0, 50.0, 90.0)
SIZES = {"train": 14, "test": 1}
"""Images of the splits."""


def estimate(iou=0.25, width=0.05, images=8, items=4, failed=0):
    return Estimate(iou, iou - width, iou + width, images, items, failed)


def curve(family="ra-cam", split="test", ious=(0.2, 0.3, 0.1), **fields):
    return Curve(family, split, {delta: estimate(iou, **fields) for delta, iou in zip(DELTAS, ious, strict=True)})


def choice(chosen_on="default", deltas=((50.0,),), test=None, family="ra-cam"):
    return Choice(family, chosen_on, deltas, test or estimate())


def sweep(curves=None, choices=(), *, absent=None, unread=0, policy="otsu"):
    curves = curves or [curve(split="train", images=14, items=1), curve()]
    return Sweep(parse_policy(policy), 50.0, tuple(curves), tuple(choices), absent or {}, unread)
