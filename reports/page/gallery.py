"""The gallery of the page: images as files, heatmaps and masks within scripts.

A browser does not let a page that is opened from disk read the pixels of an image file. So the mask and the heatmaps of
each image are ``data:`` URLs in a script, which the page loads when the image is shown.
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

from reports.page.page_data import PageData
from reports.style import HEATMAP
from results.metrics.counts import Counts
from results.metrics.formulas import iou


def write_gallery(data: PageData, folder: Path) -> int:
    """Write ``gallery/`` into the page's folder.

    Its ``index.js`` lists images and methods, what each method scored on each image, and the colour of each level.

    Returns:
        Number of images; 0 where the run has no gallery, and nothing is written then.
    """
    target = folder / "gallery"
    shutil.rmtree(target, ignore_errors=True)
    kept = sorted(path.parent for path in (data.folder / "gallery").glob("*/image.png"))
    if not kept:
        return 0
    target.mkdir(parents=True)
    methods = [row.spec for row in data.summary.rows if row.applicable]
    images = [_image(data, source, methods, target, f"{number:03}") for number, source in enumerate(kept)]
    index = {
        "methods": methods,
        "best": max(0, methods.index(data.best) if data.best in methods else 0),
        "policy": str(data.summary.policy),
        "colours": _colours(),
        "images": images,
    }
    (target / "index.js").write_text(f"cam.index({json.dumps(index)});\n")
    return len(images)


def _image(data: PageData, source: Path, methods: list[str], target: Path, name: str) -> dict[str, Any]:
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
    rows = data.images[data.images["image"] == image]
    scored = [_scored(rows[rows["spec"] == method]) for method in methods]
    label = str(rows["label"].iloc[0]) if len(rows) else "not scored"
    return {"id": image, "file": name, "label": label, "width": width, "height": height, "scored": scored}


def _scored(rows: pd.DataFrame) -> dict[str, Any] | None:
    """Return threshold, IoU and status of one method on one image, for the classifier whose heatmap is shown."""
    if rows.empty:
        return None
    first = rows.sort_values(["seed", "fold"]).iloc[0]
    value = float(iou(Counts.of_table(first)))
    status = first["status"] + (f": {first['reason']}" if first["reason"] else "")
    return {"t": int(first["threshold"]), "iou": None if np.isnan(value) else round(value, 4), "status": status}


def _data(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")


def _colours() -> list[list[int]]:
    """Return red, green and blue, 0 to 255, of each level."""
    colours = mpl.colormaps[HEATMAP](np.arange(256), bytes=True)
    return [[int(part) for part in colour[:3]] for colour in colours]
