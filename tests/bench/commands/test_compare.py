"""compare through its entry point, on the baseline of the built-in set."""

from tests.helpers.command_line import call, working_in


def test_methods_are_compared_with_a_reference(tmp_path):
    with working_in(tmp_path):
        text = call("compare", "synthetic", "--reference", "layer-cam", "--out", "compared").stdout
    assert "ra-cam@50" in text
    assert max(map(len, text.splitlines()[:-1])) <= 100
    assert {path.name for path in (tmp_path / "compared").iterdir()} == {
        "comparison.md", "critical-difference.png", "ranks.png",
    }  # fmt: skip
