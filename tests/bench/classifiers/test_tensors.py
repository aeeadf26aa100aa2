"""Files of weights are read as tensors and nothing else, and named by their bytes."""

import pickle

import pytest
import torch

from bench.classifiers.tensors import load_tensors, name_weights
from bench.errors import BenchError


class Intruder:
    """Its pickle makes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("bare", [False, True])
def test_a_pickle_that_runs_code_is_refused_and_not_run(tmp_path, bare):
    path, content = tmp_path / "weights.pth", {"features.0.weight": Intruder(tmp_path / "mark")}
    if bare:
        path.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, path)
    with pytest.raises(BenchError, match=r"weights\.pth cannot be read as weights and is refused"):
        load_tensors(path)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("content", [{"epoch": 3}, [torch.zeros(1)], {"state_dict": {"a": torch.zeros(1)}}])
def test_a_file_of_something_else_than_tensors_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(BenchError, match="something else than a dictionary of tensors"):
        load_tensors(tmp_path / "weights.pth")


@pytest.mark.parametrize("ending", ["safetensors", "pth"])
@pytest.mark.parametrize("content", [b"", b"half a file", b"random bytes here"])
def test_a_damaged_file_is_refused(tmp_path, ending, content):
    path = tmp_path / f"weights.{ending}"
    path.write_bytes(content)
    with pytest.raises(BenchError, match="cannot be read as weights"):
        load_tensors(path)


def test_weights_are_named_by_their_file_and_its_bytes(tmp_path):
    path, moved = tmp_path / "body.pth", tmp_path / "elsewhere" / "body.pth"
    moved.parent.mkdir()
    path.write_bytes(b"one")
    moved.write_bytes(b"one")
    name = name_weights(str(path))
    assert name == name_weights(str(moved))
    assert name.startswith("body.pth:")
    path.write_bytes(b"two")
    assert name_weights(str(path)) != name
    assert [name_weights(known) for known in ("none", "imagenet")] == ["none", "imagenet"]
    with pytest.raises(BenchError, match="there are no weights at imagnet; write none, imagenet or the path"):
        name_weights("imagnet")
