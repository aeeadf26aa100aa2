"""Baselines: small copies of runs under a name, which other runs are compared with.

They are in ``results/baselines`` under the current folder; those that come with the suite are found from anywhere.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from results.errors import ResultError
from results.store.run_store import RunStore

HERE = Path("results/baselines")
SHIPPED = Path(__file__).parents[1] / "baselines"
CLASSIFIERS = "classifiers"
"""The folder of a baseline that holds its checkpoints and their cards."""
SMALL = 1_000_000
"""Bytes; larger classifiers are not kept with their run."""
PARTIAL = ".part"
"""Suffix of a baseline that is being copied, or whose copy was interrupted."""


def all_baselines() -> dict[str, Path]:
    """Return the folder of each baseline by its name; those of the current folder take precedence."""
    found = [path.parent for place in (SHIPPED, HERE) for path in sorted(place.glob("*/manifest.json"))]
    return {folder.name: folder for folder in found if not folder.name.endswith(PARTIAL)}


def find_run(text: str) -> RunStore:
    """Return the run in the folder `text`, or the baseline of this name.

    Raises:
        ResultError: there is none.
    """
    if (Path(text) / "manifest.json").is_file():
        return RunStore(Path(text))
    kept = all_baselines()
    if text not in kept:
        raise ResultError(f"{text} is neither the folder of a run nor a baseline; kept are {', '.join(kept)}")
    return RunStore(kept[text])


def baseline_classifier(file_name: str) -> Path | None:
    """Return the checkpoint of this name that was kept with a baseline; None where there is none."""
    found = [folder / CLASSIFIERS / file_name for folder in all_baselines().values()]
    return next((path for path in found if path.is_file()), None)


def add(run: RunStore, name: str, cache: Path, *, replace: bool = False) -> Path:
    """Keep a copy of a run as a baseline, with its small classifiers and without pictures.

    Args:
        run: to be copied.
        name: of the baseline.
        cache: folder where the classifiers of the run are looked for; they are looked for among the baselines too.
        replace: an existing baseline of this name.

    Returns:
        The folder of the baseline.

    Raises:
        ResultError: there is a baseline of this name, the name is not that of a folder, or the run has no results.
    """
    if not name or Path(name).name != name:
        raise ResultError(f"{name!r} cannot be the name of a baseline; name it with --name")
    target = HERE / name
    if target.exists() and not replace:
        raise ResultError(f"there is a baseline {name} already; add --replace, or choose another one with --name")
    partial = HERE / f"{name}{PARTIAL}"
    shutil.rmtree(partial, ignore_errors=True)
    run.copy(partial)
    for file_name, known in run.manifest().classifiers.items():
        # Retraining gives a checkpoint of the same name; only the fingerprint tells which one the run used.
        there = [path for path in (cache / file_name, baseline_classifier(file_name)) if path and path.is_file()]
        path = next((path for path in there if _fingerprint(path) == known.fingerprint), None)
        if path is None or path.stat().st_size > SMALL:
            continue
        (partial / CLASSIFIERS).mkdir(exist_ok=True)
        for file in (path, path.with_suffix(".json")):
            shutil.copyfile(file, partial / CLASSIFIERS / file.name)
    if target.exists():
        shutil.rmtree(target)
    partial.rename(target)
    return target


def remove(name: str) -> Path:
    """Delete a baseline of the current folder and return where it was.

    Raises:
        ResultError: there is none of this name.
    """
    target = HERE / name
    if Path(name).name != name or not (target / "manifest.json").is_file():
        raise ResultError(f"there is no baseline {name} in {HERE}")
    shutil.rmtree(target)
    return target


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
