"""The table on a terminal and in Markdown, and the notes under it."""

import pytest

from reports.methods_table import headings, markdown, notes, terminal
from reports.summary import summarise
from results.metrics.thresholds import parse_policy
from tests.helpers.small_runs import cell, store
from tests.helpers.terminal import COLOURS, text_of

HALF = parse_policy("fixed:0.5")
LONG = [
    "ra-cam-pooled/S2-S4=product@80",
    "grad-cam-elementwise/stages=gmean+fgbp@50",
    "ra-cam/convs=minmax@12.5",
    "layer-cam/layer.features.29+fgbp+lt@95",
]
NAMES = ["grad-cam", "ra-cam@50", "layer-cam+fgbp@50", *LONG, *(f"hires-cam+lt@{delta}" for delta in range(10, 23))]


def hit(image="a/0", spec="grad-cam", *, tp=5, fp=5, **fields):
    return cell(image, spec, defect={255: tp, 0: 10 - tp}, other={255: fp, 0: 90 - fp}, **fields)


def good(image="g/0", spec="grad-cam", *, fp=9, **fields):
    return cell(image, spec, other={255: fp, 0: 90 - fp}, **fields)


def summary(folder, found, policy=HALF, **changes):
    store(folder, found, **changes)
    return summarise(folder, policy)


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("policy", ["otsu", "oracle"])
def test_twenty_methods_with_published_numbers_fit_100_columns(tmp_path, seeds, policy):
    found = [hit(spec=spec, seed=seed) for spec in NAMES for seed in range(seeds)]
    shown = summary(tmp_path, found, parse_policy(policy), dataset="ksdd", seeds=seeds)
    lines = text_of(terminal(shown)).splitlines()
    assert len(NAMES) == 20
    assert max(map(len, lines)) <= 100
    rows = {line.split()[0]: line for line in lines if line.startswith(tuple(NAMES))}
    assert list(rows) == NAMES
    assert not any("…" in line for line in rows.values())
    assert rows["grad-cam"].endswith("17.50")


@pytest.mark.parametrize("seeds", [1, 3])
def test_no_heading_is_cut_for_the_methods_of_the_papers(tmp_path, seeds):
    names = ["grad-cam", "grad-cam-elementwise", "lt-grad-cam@50", "ra-cam-pooled@50", "layer-cam+fgbp@50"]
    found = [hit(spec=spec, seed=seed) for spec in names for seed in range(seeds)]
    text = text_of(terminal(summary(tmp_path, found, dataset="ksdd", seeds=seeds)))
    assert max(map(len, text.splitlines())) <= 100
    assert "…" not in text


def test_the_columns_are_those_of_the_papers(tmp_path):
    shown = summary(tmp_path, [hit()])
    assert headings(shown) == [
        "Method", "IoU", "Precision", "Recall", "Micro-F1", "FP area", "Masks",
    ]  # fmt: skip


def test_numbers_are_percent_with_two_digits(tmp_path):
    line = markdown(summary(tmp_path, [hit(tp=5, fp=5), good(fp=9)])).splitlines()[2]
    cells = [part.strip(" *") for part in line.strip("|").split("|")]
    assert cells == ["`grad-cam`", "33.33", "50.00", "50.00", "50.00", "10.00", "none"]


def test_several_seeds_show_mean_and_spread(tmp_path):
    shown = summary(tmp_path, [hit(tp=tp, seed=seed) for seed, tp in enumerate([4, 6])], seeds=2)
    assert "50.00 ±14.14" in markdown(shown)


def test_an_undefined_number_is_a_dash(tmp_path):
    assert "| – |" in markdown(summary(tmp_path, [hit()]))


def bold(shown):
    """Return the bold numbers of each method."""
    lines = [line.strip("|").split(" | ") for line in markdown(shown).splitlines()[2:] if line.startswith("| `")]
    return {line[0].strip(" `"): [part.strip("* ") for part in line[1:] if "**" in part] for line in lines}


def test_the_best_of_each_column_is_bold(tmp_path):
    found = [hit(spec="one", tp=9, fp=41), good(spec="one", fp=45), hit(spec="two", tp=4, fp=1), good(spec="two", fp=9)]
    shown = bold(summary(tmp_path, found))
    # `two` has the better precision and fewer false positives, `one` the better recall.
    assert shown["one"] == ["90.00"]
    assert shown["two"] == ["36.36", "80.00", "53.33", "10.00"]


def test_chance_is_never_the_best(tmp_path):
    shown = bold(summary(tmp_path, [hit(spec="one", tp=5), hit(spec="every-pixel", tp=9, chance=True)]))
    assert shown["every-pixel"] == []
    assert len(shown["one"]) == 4


def test_equally_good_methods_are_all_bold(tmp_path):
    shown = bold(summary(tmp_path, [hit(spec="one"), hit(spec="two"), hit(spec="three", tp=1, fp=40)]))
    assert shown["one"] == shown["two"]
    assert len(shown["one"]) == 4
    assert shown["three"] == []


def test_the_best_number_is_bold_on_a_terminal(tmp_path):
    shown = summary(tmp_path, [hit(spec="one"), hit(spec="two", tp=1, fp=40)])
    text = text_of(terminal(shown), **COLOURS)
    assert "\x1b[1m33.33" in text
    assert "\x1b[1m2.00" not in text


def test_nothing_is_best_under_the_oracle(tmp_path):
    shown = summary(tmp_path, [hit(spec="one"), hit(spec="two", tp=1)], parse_policy("oracle"))
    assert "**" not in markdown(shown)
    assert markdown(shown).count("| test |") == 2


def test_the_first_note_is_the_protocol(tmp_path):
    shown = summary(tmp_path, [hit()])
    assert notes(shown) == [f"In percent. {shown.protocol}"]
    assert shown.protocol in markdown(shown)


def test_equal_methods_are_noted(tmp_path):
    shown = summary(tmp_path, [hit(spec="one"), hit(spec="two"), hit(spec="three", fp=90)])
    assert "Equal on this network: one = two." in notes(shown)


def test_a_method_without_an_answer_is_noted_with_its_reason(tmp_path):
    absent = cell("a/0", "cam", defect={0: 10}, status="not applicable", reason="it needs a pooled head")
    shown = summary(tmp_path, [hit(), absent])
    assert "cam is not applicable: it needs a pooled head." in notes(shown)
    assert "| `cam` | – | – | – | – | – | none |" in markdown(shown)


def test_failures_are_noted_with_their_number_and_reason(tmp_path):
    failed = cell("b/0", defect={0: 10}, status="failed", reason="RuntimeError: too large")
    flat, empty = (cell(f"{one}/0", defect={0: 10}, status=one) for one in ("constant", "empty"))
    shown = summary(tmp_path, [hit(), failed, flat, empty, cell("good/0", status="empty")])
    numbers = ", ".join(f"{count} (1 on defective images)" for count in ("2 empty", "1 constant", "1 failed"))
    assert notes(shown)[1:] == [
        f"grad-cam: of 5 heatmaps, {numbers} (RuntimeError: too large).",
        "Empty: the heatmap is zero everywhere, so that no pixel is predicted positive.",
        "Constant, failed: no pixel is predicted positive, and none counts as a true negative.",
    ]


def test_what_a_method_noted_is_told_with_its_worst(tmp_path):
    found = [
        hit("a/0", reason="off by 3 %", deviation=0.03),
        hit("b/0", reason="off by 67 %", deviation=0.67),
        hit("c/0"),
    ]
    found += [hit("a/0", "cam", reason="second choice"), hit("b/0", "cam"), hit("c/0", "cam")]
    shown = summary(tmp_path, found)
    assert "grad-cam, 2 of 3 images, at worst: off by 67 %." in notes(shown)
    assert "cam, 1 of 3 images: second choice." in notes(shown)
    assert not any("failed" in line for line in notes(shown))
    assert [(one["noted"], one["note"]) for one in shown.as_json()["rows"]] == [
        (2, "off by 67 %"),
        (1, "second choice"),
    ]


def test_images_that_could_not_be_read_are_noted_once(tmp_path):
    unread = [cell("x/0", spec, other={0: 0}, status="failed", reason="x is empty") for spec in ("one", "two")]
    shown = summary(tmp_path, [hit(spec="one"), hit(spec="two"), *unread])
    assert [line for line in notes(shown) if "could not be read" in line] == [
        "Images that could not be read and are not scored: 1."
    ]


def test_images_without_a_mask_are_noted_once(tmp_path):
    lacking = [
        cell("x/0", spec, other={0: 0}, label="defect", unmasked=True, reason="a note") for spec in ("one", "two")
    ]
    shown = summary(tmp_path / "some", [hit(spec="one"), hit(spec="two"), *lacking])
    assert "Defective images that have no mask and are not scored: 1." in notes(shown)
    assert [row["unmasked"] for row in shown.as_json()["rows"]] == [1, 1]


def test_where_no_image_has_a_mask_it_is_said_why_there_is_no_iou(tmp_path):
    lacking = cell("x/0", other={0: 0}, label="defect", unmasked=True)
    shown = summary(tmp_path, [lacking, cell("b/0", other={0: 5, 255: 5})])
    assert "IoU, precision, recall and F1 are not known: none of the 1 defective test images has a mask." in notes(
        shown
    )
    assert "| `grad-cam` | – | – | – | – | **50.00** | none |" in markdown(shown)


def test_a_one_layer_method_in_disguise_is_noted(tmp_path):
    shown = summary(tmp_path, [hit(layer_names=["S4", "S5"], shares=[0.03, 0.97])])
    assert "grad-cam amounts to one layer here: S5 contributes 97 % of the fused heatmap's maximum." in notes(shown)


def test_a_method_that_departs_from_its_paper_says_how_under_the_table(tmp_path):
    shown = summary(tmp_path, [hit(remark="a reading of its title"), hit(spec="other")])
    assert [line for line in notes(shown) if "reading" in line] == ["grad-cam: a reading of its title."]
