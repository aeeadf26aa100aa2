"""The names of other libraries' methods: found when asked for, in specs, sets and backends."""

import subprocess
import sys

import pytest
import pytorch_grad_cam

from methods import METHODS, MethodError, parse, registry, select
from methods.adapters import pytorch_grad_cam as pgc_file
from methods.adapters.counterparts import through
from methods.registry import LIBRARIES, Library, names
from tests.helpers.command_line import python

ADAPTERS = [*names("pgc"), *names("captum")]


def test_no_library_is_imported_before_one_of_its_methods_is_named():
    code = (
        "import sys\n"
        "from methods import parse, select\n"
        "from methods.registry import names\n"
        "names(), parse('layer-cam'), select('all,paper')\n"
        "print('captum' in sys.modules, 'pytorch_grad_cam' in sys.modules)\n"
        "parse('pgc:GradCAM')\n"
        "print('captum' in sys.modules, 'pytorch_grad_cam' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False False", "False True"]


def test_every_class_of_the_package_is_found_also_a_new_one(monkeypatch):
    class NewCAM(pytorch_grad_cam.GradCAM):
        pass

    monkeypatch.setattr(pytorch_grad_cam, "NewCAM", NewCAM, raising=False)
    found = {method.name for method in pgc_file.load()}
    assert found == {*names("pgc"), "pgc:NewCAM"}
    exported = [one for one in vars(pytorch_grad_cam).values() if isinstance(one, type)]
    base = pytorch_grad_cam.base_cam.BaseCAM
    assert {f"pgc:{one.__name__}" for one in exported if issubclass(one, base)} <= found
    assert {"pgc:FinerCAM", "pgc:RefineCAM", "pgc:SESS"} <= found


def test_default_layers_are_those_that_a_method_is_made_for():
    choices = {name: METHODS[name].layers for name in ADAPTERS if METHODS[name].layers != "last"}
    assert choices == {"pgc:LayerCAM": "stages", "pgc:RefineCAM": "stages", "pgc:FullGrad": "convs"}


@pytest.mark.parametrize(
    "text",
    [
        "pgc:GradCAM",
        "pgc:LayerCAM/S2-S4",
        "captum:LayerGradCam/stages=max",
        "sess:pgc:GradCAM/layer.act1",
        "pgc:FullGrad",
    ],
)
def test_a_spec_is_written_and_read(text):
    assert str(parse(text)) == text
    assert parse(text).wrapper == ("sess" if text.startswith("sess") else "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pgc:GradCam", "no method 'pgc:GradCam'; did you mean.*pgc:GradCAM"),
        ("pgc:grad-cam", "no method 'pgc:grad-cam'"),
        ("captum:LayerLRP", "no method 'captum:LayerLRP'; did you mean"),
        ("pgx:GradCAM", "no wrapper 'pgx'.*libraries begin with pgc: and captum:"),
        ("pgc:GradCAM+lt", "pgc:GradCAM reads no gradient of ours"),
        ("captum:Saliency+fgbp@30", "captum:Saliency reads no gradient of ours"),
        ("pgc:LayerCAM/stages=max", "pgc:LayerCAM joins its layers by itself; leave =max out"),
        ("pgc:FullGrad/S2", "pgc:FullGrad reads every layer that has a bias"),
        ("pgc:GradCAM/stages rest", "what follows pgc:GradCAM cannot be read"),
    ],
)
def test_a_mistake_is_named(text, message):
    with pytest.raises(MethodError, match=message):
        parse(text)


def test_a_library_that_is_missing_or_broken_says_so(monkeypatch):
    def broken():
        raise ImportError("no libGL")

    monkeypatch.setitem(LIBRARIES, "none", Library("none", "no_such_package", "no-such-project", list))
    monkeypatch.setitem(LIBRARIES, "half", Library("half", "captum", "half-a-library", broken))
    with pytest.raises(
        MethodError, match="no-such-project, which is not installed; python -m pip install no-such-proj"
    ):
        parse("none:GradCAM")
    with pytest.raises(MethodError, match="half-a-library cannot be imported: ImportError: no libGL"):
        parse("half:GradCAM")


def test_references_are_the_methods_of_the_libraries_that_can_be_used(monkeypatch):
    assert [spec.name for spec in select("references")] == ADAPTERS
    monkeypatch.setitem(LIBRARIES, "captum", Library("captum", "no_such_package", "no-such-project", list))
    with pytest.warns(UserWarning, match="left out: .* no-such-project, which is not installed"):
        assert [spec.name for spec in select("references")] == names("pgc")
    monkeypatch.delitem(LIBRARIES, "pgc")
    with (
        pytest.warns(UserWarning, match="left out"),
        pytest.raises(MethodError, match="none of the libraries can be used; python -m pip install no-such-project"),
    ):
        select("references")


def test_where_opencv_lacks_a_library_of_the_system_it_is_named_and_all_else_runs(tmp_path):
    (tmp_path / "cv2.py").write_text(
        "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
    )
    code = (
        "from methods import MethodError, parse, select\n"
        "from bench.timing.workloads import counterparts\n"
        "print(*{str(spec).partition(':')[0] for spec in select('references')})\n"
        "print(*{work.library for work in counterparts(select('grad-cam'))})\n"
        "try:\n    parse('pgc:GradCAM')\nexcept MethodError as error:\n    print(error)"
    )
    done = python(tmp_path, "-c", code, first=[tmp_path])
    used, timed, error = done.stdout.splitlines()
    assert (used, timed) == ("captum", "captum")
    for part in ("grad-cam cannot be imported", "the system library libGL.so.1", "apt-get install libgl1"):
        assert part in error
    assert f"left out: {error}" in done.stderr


def test_methods_of_libraries_are_listed_nowhere_else():
    assert not [name for name in (*METHODS, *names(), *map(str, select("all"))) if name.startswith(("pgc:", "captum:"))]
    with pytest.raises(KeyError):
        METHODS["pgc:Nothing"]
    with pytest.raises(KeyError):
        METHODS["nothing"]


def test_a_prefix_is_given_once():
    for taken in ("pgc", "sess"):
        with pytest.raises(MethodError, match=f"the prefix {taken}: is taken"):
            registry.library(taken, "captum", "captum")(list)


@pytest.mark.parametrize(
    ("own", "stand_in"),
    [
        ("grad-cam", "pgc:GradCAM"), ("grad-cam++", "pgc:GradCAMPlusPlus"), ("xgrad-cam", "pgc:XGradCAM"),
        ("ablation-cam", "pgc:AblationCAM"), ("score-cam", "pgc:ScoreCAM"), ("layer-cam", "pgc:LayerCAM"),
        ("full-grad", "pgc:FullGrad"), ("grad-cam/stages", "pgc:GradCAM/stages"), ("layer-cam/S3", "pgc:LayerCAM/S3"),
        ("ra-cam", "ra-cam"), ("full-grad+lt", "full-grad+lt"), ("layer-cam[relu=sum]", "layer-cam[relu=sum]"),
        ("layer-cam/stages=max", "layer-cam/stages=max"), ("sess:grad-cam", "sess:grad-cam"), ("cam", "cam"),
        ("guided-grad-cam", "guided-grad-cam"),
    ],
)  # fmt: skip
def test_a_backend_stands_in_for_the_plain_methods_that_it_has(own, stand_in):
    assert through(parse(own), "pytorch-grad-cam") == parse(stand_in)
    assert through(parse(own), "own") == parse(own)
