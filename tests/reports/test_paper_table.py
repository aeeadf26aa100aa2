"""Tables for papers."""

import io
import shutil
import subprocess

import pandas as pd
import pytest

from reports.paper_table import csv, escaped, latex
from reports.summary import summarise
from results.metrics.thresholds import parse_policy
from tests.helpers.small_runs import cell, store

DOCUMENT = "\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n%s\\end{document}\n"


def summary(folder, policy="fixed:0.5", **changes):
    found = [
        cell("a/0", spec, defect={255: tp, 0: 10 - tp}, other={255: 5, 0: 85}, chance=spec == "random", seed=seed)
        for seed in range(changes.get("seeds", 1))
        for spec, tp in {"ra-cam@50": 9, "layer-cam": 7, "grad-cam": 5, "random": 10}.items()
    ]
    found.append(cell("a/0", "cam", defect={0: 10}, status="not applicable", reason="no head"))
    store(folder, found, **changes)
    return summarise(folder, parse_policy(policy))


def line(table, method):
    return next(line for line in table.splitlines() if f"{{{method}}}" in line)


def test_the_best_is_bold_the_second_underlined_and_chance_neither(tmp_path):
    table = latex(summary(tmp_path), {})
    assert r"\textbf{60.00}" in line(table, "ra-cam@50")
    assert r"\underline{46.67}" in line(table, "layer-cam")
    assert "textbf" not in line(table, "grad-cam") + line(table, "random")
    assert "--" in line(table, "cam")


def test_an_oracle_is_never_best(tmp_path):
    table = latex(summary(tmp_path, "oracle"), {})
    assert not any(word in table for word in ("textbf", "underline"))


def test_the_caption_is_the_protocol_and_intervals_stand_beside_the_iou(tmp_path):
    found = summary(tmp_path)
    table = latex(found, {"ra-cam@50": (0.5, 0.75)})
    assert escaped(found.protocol) in table
    assert "60.00} & {[50.00, 75.00]} &" in line(table, "ra-cam@50")


@pytest.mark.parametrize(("text", "shown"), [("50 %", r"50 \%"), ("a_b", r"a\_b"), ("δ", r"$\delta$"), ("鋼", "?")])
def test_what_latex_would_read_as_its_own_is_escaped(text, shown):
    assert escaped(text) == shown


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="there is no pdflatex")
@pytest.mark.parametrize("changes", [{}, {"dataset": "ksdd", "weights": "a_b%.pth:0123", "seeds": 2}])
def test_the_table_compiles(tmp_path, changes):
    table = latex(summary(tmp_path / "run", **changes), {"ra-cam@50": (0.5, 0.75)})
    (tmp_path / "paper.tex").write_text(DOCUMENT % table)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "paper.pdf").stat().st_size > 5000


def test_the_csv_holds_every_metric_and_reads_back(tmp_path):
    found = summary(tmp_path, dataset="ksdd")
    table = pd.read_csv(io.StringIO(csv(found, {"layer-cam": (0.25, 0.5)}))).set_index("method")
    assert table.loc["ra-cam@50", "iou"] == pytest.approx(0.6)
    assert table.loc["layer-cam", ["iou_low", "iou_high"]].tolist() == [0.25, 0.5]
    assert table.loc["grad-cam", "iou_published"] == pytest.approx(0.175)
    assert table.loc["cam"].isna()["iou"]
    assert {"auroc", "pixel_ap", "supervision", "failed"} <= set(table.columns)


def test_a_new_metric_is_a_column_of_the_csv(tmp_path, specificity):
    table = pd.read_csv(io.StringIO(csv(summary(tmp_path, seeds=2), {}))).set_index("method")
    assert table.loc["ra-cam@50", "specificity"] == pytest.approx(85 / 90)
    assert table.loc["ra-cam@50", "specificity_spread"] == 0
