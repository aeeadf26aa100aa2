"""The gallery of the page: images as files, levels within script files.

A browser does not let a page from disk read the pixels of a picture file. So the levels of each image's maps, and
its mask, stand as ``data:`` in one script of their own, which the page loads when the image is shown.
"""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import matplotlib as mpl
import numpy as np
import pandas as pd
from PIL import Image

from reports.page.page_data import Material
from results.metrics.formulas import iou
from results.statistics.breakdown import pixel_counts

COLOURS = "viridis"


def write_gallery(material: Material, folder: Path) -> int:
    """Write ``gallery/`` into the page's folder.

    ``index.js`` says which images and methods there are, what each method scored on each, and the 256 colours.

    Returns:
        How many images there are; none where the run kept no pictures, and nothing is written then.
    """
    target = folder / "gallery"
    shutil.rmtree(target, ignore_errors=True)
    kept = sorted(path.parent for path in (material.folder / "gallery").glob("*/image.png"))
    if not kept:
        return 0
    target.mkdir(parents=True)
    methods = [row.spec for row in material.summary.rows if row.applicable]
    images = [_image(material, source, methods, target, f"{number:03}") for number, source in enumerate(kept)]
    index = {
        "methods": methods,
        "best": max(0, methods.index(material.best) if material.best in methods else 0),
        "policy": str(material.summary.policy),
        "colours": _colours(),
        "images": images,
    }
    (target / "index.js").write_text(f"cam.index({json.dumps(index)});\n")
    return len(images)


def _image(material: Material, source: Path, methods: list[str], target: Path, name: str) -> dict[str, Any]:
    """Write the files of one image, and return what the index says of it."""
    shutil.copyfile(source / "image.png", target / f"{name}.png")
    with Image.open(source / "image.png") as opened:
        width, height = opened.size
    maps = {
        number: _data(path)
        for number, method in enumerate(methods)
        for path in [source / f"{quote(method, safe='')}.png"]
        if path.is_file()
    }
    loaded = {"mask": _data(source / "mask.png"), "maps": maps}
    (target / f"{name}.js").write_text(f"cam.loaded({json.dumps(name)}, {json.dumps(loaded)});\n")
    image = unquote(source.name)
    rows = material.images[material.images["image"] == image]
    scored = [_scored(rows[rows["spec"] == method]) for method in methods]
    label = str(rows["label"].iloc[0]) if len(rows) else "not scored"
    return {"id": image, "file": name, "label": label, "width": width, "height": height, "scored": scored}


def _scored(rows: pd.DataFrame) -> dict[str, Any] | None:
    """Return threshold, IoU and status of one method on one image, with the classifier whose map is shown."""
    if rows.empty:
        return None
    first = rows.sort_values(["seed", "fold"]).iloc[0]
    value = float(iou(pixel_counts(first)))
    status = first["status"] + (f": {first['reason']}" if first["reason"] else "")
    return {"t": int(first["threshold"]), "iou": None if np.isnan(value) else round(value, 4), "status": status}


def _data(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")


def _colours() -> list[list[int]]:
    """Return red, green and blue, 0 to 255, of each level."""
    colours = mpl.colormaps[COLOURS](np.arange(256), bytes=True)
    return [[int(part) for part in colour[:3]] for colour in colours]
