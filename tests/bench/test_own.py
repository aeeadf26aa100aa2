"""Our `datasets` beside a package of somebody else that is called so too."""

import pytest

from bench.own import datasets as own
from tests.helpers.command_line import python

OURS = """
from bench import explain, run
from bench.own import datasets as ours

@ours.dataset("few", size=(32, 32), licence="MIT", citation="none", url="none", generated=True)
def few(root):
    return ours.synthetic.generate(root, size=(32, 32), items=8)
"""
THEIRS = "import datasets"
USED = """
recipe = {"epochs": 1}
result = run(dataset="few", data_root=".", out="run", checkpoints=".", methods="grad-cam", recipe=recipe, device="cpu")
assert result.table().index.tolist() == ["grad-cam"]

import datasets.part, sys
assert datasets.OWNER == datasets.part.OWNER == "somebody else"
assert sys.modules["datasets"] is datasets is not ours
print(ours.read_image.__module__, explain.__module__)
"""


@pytest.fixture
def foreign(tmp_path):
    """A folder with a package called datasets that is not ours."""
    package = tmp_path / "site" / "datasets"
    package.mkdir(parents=True)
    for name in ("__init__.py", "part.py"):
        (package / name).write_text('OWNER = "somebody else"\n')
    return package.parent


def test_where_the_name_is_free_ours_is_imported_under_it():
    import datasets

    assert own is datasets


@pytest.mark.parametrize("lines", [(THEIRS, OURS), (OURS, THEIRS)], ids=["theirs first", "ours first"])
def test_a_program_keeps_its_datasets_beside_a_whole_run_in_either_order_of_import(tmp_path, foreign, lines):
    done = python(tmp_path, "-c", "\n".join([*lines, USED]), first=[foreign])
    assert done.stdout.split() == ["bench.own.datasets.reader", "bench.attribution.explaining"], done.stderr


def test_a_module_that_was_put_there_by_hand_stays_there(tmp_path):
    code = (
        "import sys, types; sys.modules['datasets'] = types.ModuleType('datasets')\n"
        "from bench.own import datasets; print(datasets.__name__)"
    )
    assert python(tmp_path, "-c", code).stdout == "bench.own.datasets\n"


def test_what_one_process_hands_to_another_arrives(tmp_path, foreign):
    code = "import pickle, sys; from bench.own import datasets; "
    sent = python(tmp_path, "-c", code + "print(pickle.dumps(datasets.DatasetError('no mask')).hex())", first=[foreign])
    read = f"import pickle; print(repr(pickle.loads(bytes.fromhex('{sent.stdout.strip()}'))))"
    assert python(tmp_path, "-c", read, first=[foreign]).stdout == "DatasetError('no mask')\n"


def test_commands_work_beside_it_and_tell_mistakes_as_ever(tmp_path, foreign):
    done = python(tmp_path, "-m", "bench", "list", "datasets", first=[foreign])
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in own.DATASETS)
    done = python(tmp_path, "-m", "bench", "verify", "nowhere", first=[foreign])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there is no dataset 'nowhere'")
