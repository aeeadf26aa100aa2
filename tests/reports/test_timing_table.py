"""Timings as tables."""

from reports.timing_table import markdown, terminal, verdict_table
from results.store.timings import BARE
from tests.helpers.terminal import text_of
from tests.helpers.timings import HERE, LOW, TIMINGS


def row(text, name):
    (found,) = [line for line in text.splitlines() if line.startswith(name)]
    return found[len(name) :].split()


def test_the_first_table_has_times_and_multiples():
    times, _ = map(text_of, terminal(TIMINGS, HERE))
    assert row(times, "grad-cam") == ["80.0", "76.0", "to", "88.0", "0.80", "0.80", "0.80", "25.0", "2.5", "–"]
    assert row(times, BARE)[4:6] == ["1.00", "1.00"]
    assert row(times, "cam")[:2] == ["failed", "–"]


def test_the_second_table_has_parts_and_leaves_out_what_nobody_knows():
    _, parts = map(text_of, terminal(TIMINGS, HERE))
    assert row(parts, "grad-cam") == ["10.0", "10.0", "10.0", "10.0", "12", "3.0", "38"]
    assert "Rank" not in parts
    _, low = map(text_of, terminal(TIMINGS, LOW))
    assert row(low, "grad-cam")[-2:] == ["0.0123", "0.9870"]


def test_no_line_is_wider_than_the_terminal():
    for table in (*terminal(TIMINGS, HERE), *terminal(TIMINGS, LOW), verdict_table(TIMINGS.verdicts)):
        assert "…" not in text_of(table)


def test_verdicts_stand_beside_their_targets():
    text = text_of(verdict_table(TIMINGS.verdicts))
    assert " ".join(row(text, "grad-cam")) == "128x128, batch 2, cpu fp32 0.80 at most 1.4 bare passes yes"
    assert " ".join(row(text, "x")) == "128x128, batch 2, cpu fp32 – at least 6 times faster no"


def test_markdown_has_every_table():
    text = markdown(TIMINGS)
    assert "| grad-cam | 128x128, batch 2, cpu fp32 | 0.80 | at most 1.4 bare passes | yes |" in text
    assert "| **x** | **128x128, batch 2, cpu fp32** | **–** | **at least 6 times faster** | **no** |" in text
    assert text.count("| `grad-cam` |") == 2
    assert "| layer-cam and full-grad |" in text
