"""What a user can ask of the studies; see `bench.runs.settings`."""

from __future__ import annotations

from bench.runs.settings import Listed, StudySettings


class SweepSettings(StudySettings):
    """Which δ are compared, of which methods, on which images."""

    methods: Listed = "lt-grad-cam,lt-layer-cam,lt-full-grad,ra-cam"
    """Methods with a gradient rule; every δ in a spec is replaced."""

    deltas: Listed = "0:90:10"
    """Values of δ in percent: FIRST:LAST:STEP with LAST included, or a list, e.g. 0,50,90."""

    splits: Listed = "train,test"
    """Some of train, val and test."""


class ReadingsSettings(StudySettings):
    """Which readings are compared, of which methods."""

    methods: Listed = "lt-grad-cam,lt-full-grad,layer-cam+fgbp,ra-cam"
    """Methods whose readings are compared, each with its own default."""

    full: bool = False
    """Compare every combination of answers, not one answer at a time."""
