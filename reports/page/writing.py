"""The page of a run, written into its folder."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports.methods_table import markdown, notes
from reports.page import page_text
from reports.page.chart_files import write_chart
from reports.page.gallery import write_gallery
from reports.page.page_data import PageData, gather
from reports.page.panels import PANELS, Panel
from reports.page.qualitative_figures import write_qualitative_figures
from reports.paper_table import csv, latex
from results.metrics.thresholds import ThresholdPolicy

FOLDER = "report"
"""Folder of the page, within that of its run."""
ASSETS = ("page.css", "page.js")


def write(folder: Path, policy: ThresholdPolicy, specs: list[str] | None = None) -> Path:
    """Write the page of the run in `folder`, from the files of the run alone; an earlier page is replaced.

    Args:
        folder: of the run.
        policy: how thresholds are chosen.
        specs: short texts of the methods to show, in this order; see `reports.page.page_data.gather`.

    Returns:
        The file to open, ``report/index.html``.

    Raises:
        ResultError: the folder holds no run, or the policy needs what the run does not have.
    """
    data = gather(folder, policy, specs)
    target = folder / FOLDER
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    (target / "index.html").write_text(_html(data, target), encoding="utf-8")
    _tables(data, target / "tables")
    for name in ASSETS:
        (target / name).write_text((files("reports.page") / "templates" / name).read_text(encoding="utf-8"))
    return target / "index.html"


def _tables(data: PageData, target: Path) -> None:
    """Write the table of methods as Markdown, CSV and LaTeX."""
    target.mkdir()
    summary, intervals = data.summary, data.intervals
    texts = {"md": markdown(summary), "csv": csv(summary, intervals), "tex": latex(summary, intervals)}
    for kind, text in texts.items():
        (target / f"table.{kind}").write_text(text, encoding="utf-8")


def _html(data: PageData, target: Path) -> str:
    """Write the figures and the gallery of the page into its folder, and return its text."""
    # Names of files and reasons of failures may hold any text: all of it is escaped.
    templates = Environment(
        loader=PackageLoader("reports.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    summary = data.summary
    columns = page_text.columns(data)
    return templates.get_template("page.html").render(
        title=f"{summary.manifest.called}, {summary.manifest.network.name}",
        run=data.folder.name,
        protocol=summary.protocol,
        facts=page_text.facts(summary.manifest),
        classifiers=page_text.classifiers(summary.manifest),
        columns=columns,
        rows=page_text.rows(data, columns),
        notes=notes(summary)[1:],
        panels=_panels(data, target),
        statuses=list(page_text.statuses(data)),
        images=write_gallery(data, target),
        qualitative=write_qualitative_figures(data, target),
        policy=str(summary.policy),
    )


def _panels(data: PageData, target: Path) -> list[Panel]:
    """Write the charts of all panels that the run has data for, and return these panels."""
    panels = [panel for make in PANELS for panel in make(data)]
    for panel in panels:
        write_chart(panel, target)
    return panels
