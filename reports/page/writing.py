"""Writes the page of a run."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.methods_table import markdown, notes
from reports.page import page_text
from reports.page.gallery import write_gallery
from reports.page.page_data import Material, gather
from reports.page.panels import draw
from reports.page.qualitative_figures import write_comparisons
from reports.paper_table import csv, latex
from results.metrics.thresholds import ThresholdPolicy

FOLDER = "report"
"""Of the page, in the folder of its run."""
ASSETS = ("page.css", "page.js")


def write(folder: Path, policy: ThresholdPolicy, specs: list[str] | None = None) -> Path:
    """Write the page of the run in `folder`, from what the run has kept; an earlier one is replaced.

    Args:
        folder: of the run.
        policy: how thresholds are chosen.
        specs: short texts of the methods to show, in this order; see `reports.page.page_data.gather`.

    Returns:
        The file to open, ``report/index.html``.

    Raises:
        ResultError: the folder holds no run, or the policy needs what the run does not have.
    """
    material = gather(folder, policy, specs)
    target = folder / FOLDER
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    (target / "index.html").write_text(_html(material, target), encoding="utf-8")
    _tables(material, target / "tables")
    for name in ASSETS:
        (target / name).write_text((files("reports.page") / "templates" / name).read_text(encoding="utf-8"))
    return target / "index.html"


def _tables(material: Material, target: Path) -> None:
    """Write the table as papers take it."""
    target.mkdir()
    summary, intervals = material.summary, material.intervals
    texts = {"md": markdown(summary), "csv": csv(summary, intervals), "tex": latex(summary, intervals)}
    for kind, text in texts.items():
        (target / f"table.{kind}").write_text(text, encoding="utf-8")


def _html(material: Material, target: Path) -> str:
    """Draw what the page shows into its folder, and return its text."""
    # Names of files and reasons of failures are anybody's text: all of it is escaped.
    templates = Environment(
        loader=PackageLoader("reports.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    summary = material.summary
    columns = page_text.columns(material)
    return templates.get_template("page.html").render(
        title=f"{summary.manifest.dataset}, {summary.manifest.network.name}",
        run=material.folder.name,
        protocol=summary.protocol,
        facts=page_text.facts(summary.manifest),
        classifiers=page_text.classifiers(summary.manifest),
        columns=columns,
        rows=page_text.rows(material, columns),
        notes=notes(summary)[1:],
        drawings=draw(material, target),
        statuses=list(page_text.statuses(material)),
        pictures=write_gallery(material, target),
        comparisons=write_comparisons(material, target),
        policy=str(summary.policy),
    )
