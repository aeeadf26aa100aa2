"""train through its entry point: what it leaves in the cache is what run takes from there."""

import json

from tests.helpers.command_line import call, working_in
from tests.helpers.tiny_set import TINY, register_tiny


def test_train_puts_checkpoints_and_cards_in_the_cache_for_run(tmp_path, monkeypatch):
    register_tiny(monkeypatch)
    small = ("--dataset", TINY, "--recipe", "epochs=1,batch=8", "--device", "cpu")
    options = (*small, "--folds", "2", "--head", "gap", "--checkpoints", "classifiers")
    with working_in(tmp_path):
        text = call("train", *options).stdout
        assert "Confusion" in text
        assert call("train", *options, "--quiet")[1:] == ("", "")
        files = sorted(path.suffix for path in (tmp_path / "classifiers").iterdir())
        assert files == [".faults", ".json", ".json", ".safetensors", ".safetensors"]
        before = {path: path.stat().st_mtime_ns for path in (tmp_path / "classifiers").iterdir()}
        done = json.loads(call("run", *options, "--methods", "cam,grad-cam", "--gallery", "2", "--json").stdout)
        assert {path: path.stat().st_mtime_ns for path in (tmp_path / "classifiers").iterdir()} == before
        assert {row["images"] for row in done["rows"]} == {40}
