"""Timings as a JSON file, with all samples."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from results.errors import ResultError
from results.store.timings import Conditions, Deviation, Sample, Timing, Timings, Verdict, growth

SCHEMA = 2


def write(timings: Timings, path: Path) -> None:
    """Write everything, all samples included, as JSON."""
    path.write_text(json.dumps({"schema_version": SCHEMA} | asdict(timings), indent=1) + "\n")


def read(path: Path) -> Timings:
    """Read what `write` has written.

    Raises:
        ResultError: there is no such file, or a newer release has written it.
    """
    if not path.is_file():
        raise ResultError(f"there are no timings at {path}; python -m bench time makes them")
    found = _upgraded(json.loads(path.read_text()), path)
    return Timings(
        machine=found["machine"],
        timings=tuple(map(_timing, found["timings"])),
        peaks=found["peaks"],
        left_out=tuple(found["left_out"]),
        verdicts=tuple(Verdict(**one | {"conditions": Conditions(**one["conditions"])}) for one in found["verdicts"]),
        growths=tuple(growth(one["axis"], one["work"], list(map(tuple, one["points"]))) for one in found["growths"]),
    )


def _upgraded(found: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the content of a file of an earlier schema as this schema has it."""
    schema = found["schema_version"]
    if schema > SCHEMA:
        raise ResultError(f"{path} has schema {schema}, this version reads up to {SCHEMA}: upgrade cam-bench")
    if schema == 1:  # CPU seconds were called busy, deviations apart
        for timing in found["timings"]:
            timing["deviation"] = timing.pop("apart")
            for sample in timing["samples"]:
                sample["cpu"], sample["bare_cpu"] = sample.pop("busy"), sample.pop("bare_busy")
    return found


def _timing(fields: dict[str, Any]) -> Timing:
    made: dict[str, Callable[[Any], Any]] = {
        "specs": tuple,
        "stands_for": tuple,
        "conditions": lambda one: Conditions(**one),
        "samples": lambda many: tuple(Sample(**one) for one in many),
        "deviation": lambda one: one and Deviation(**one),
    }
    return Timing(**{name: made[name](value) if name in made else value for name, value in fields.items()})
