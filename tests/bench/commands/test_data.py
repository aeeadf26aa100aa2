"""fetch, verify, leaks, show and list datasets through their real entry points."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image

from datasets import DATASETS
from tests.helpers.archive_server import serving, zipped
from tests.helpers.command_line import call, call_apart


def images(folder, *, items=10):
    """Write a KolektorSDD of `items` items, two images each, the second one defective."""
    random = np.random.default_rng(0)
    for item in range(1, items + 1):
        for part in range(2):
            name = folder / f"kos{item:02}" / f"Part{part}"
            name.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(random.integers(40, 220, (96, 64), dtype=np.uint8)).save(f"{name}.jpg", quality=95)
            mask = np.zeros((96, 64), dtype=bool)
            mask[30:44, 20:34] = part
            Image.fromarray(mask).save(f"{name}_label.bmp")
    return folder


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A current folder of one's own, in which nothing has been fetched; data/ is where datasets are looked for."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAM_BENCH_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path


@pytest.fixture
def bench():
    """Call a command that may end as it likes."""
    return partial(call, code=None)


@pytest.fixture
def official(place, monkeypatch):
    """A server with a small KolektorSDD in place of the official one."""
    content = zipped(images(place / "original"), "KolektorSDD/")
    with serving(content) as server:
        checksum = f"md5:{hashlib.md5(content).hexdigest()}"
        archive = replace(DATASETS["ksdd"].archive, url=server.url, checksum=checksum)
        monkeypatch.setitem(DATASETS, "ksdd", replace(DATASETS["ksdd"], archive=archive))
        yield server


def test_fetch_shows_the_licence_and_puts_the_set_where_the_other_commands_look(bench, place, official):
    code, text, _ = bench("fetch", "ksdd")
    assert code == 0
    assert text.index("CC BY-NC-SA 4.0") < text.index("Tabernik") < text.index("ksdd is now at")
    assert (place / "data" / "ksdd" / "SOURCE.txt").is_file()
    assert bench("verify", "ksdd", "--size", "96x64")[0] == 0


def test_fetch_again_does_nothing(bench, official):
    bench("fetch", "ksdd")
    code, text, _ = bench("fetch", "ksdd")
    assert code == 0
    assert "already" in text
    assert len(official.asked) == 1


def test_fetch_goes_to_the_folder_given_and_takes_a_cut_connection_up(bench, place, official):
    official.cuts = [3000]
    assert bench("fetch", "ksdd", "--data-root", "mine/kolektor")[0] == 0
    assert official.asked == [None, "bytes=3000-"]
    assert (place / "mine" / "kolektor" / "kos10" / "Part1.jpg").is_file()


@pytest.mark.parametrize("trouble", [{"status": 404}, {"content": b"<html>" * 99}])
def test_fetch_that_fails_shows_one_message_with_the_address_and_the_place(bench, place, official, trouble):
    vars(official).update(trouble)
    code, _, message = bench("fetch", "ksdd")
    assert code == 2
    assert message.startswith("error: ")
    assert "Traceback" not in message
    assert official.url in message
    assert str(place / "data" / "KolektorSDD.zip") in message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mtd", ("github.com/abin24", "MT_Free")),
        ("dagm", ("hci.iwr", "Class1")),
        ("mvtec:bottle", ("mvtec.com", "mvtec_anomaly_detection.tar.xz")),
        ("kssd", ("did you mean",)),
    ],
)
def test_fetch_by_hand_says_where_from_and_where_to_with_code_2(bench, place, name, words):
    code, _, message = bench("fetch", name)
    assert code == 2
    assert all(word in message for word in words)
    assert not (place / "data").exists()


@pytest.mark.parametrize("name", ["synthetic", "folder"])
def test_there_is_nothing_to_fetch_for_what_is_made_or_the_users_own(bench, name):
    code, text, _ = bench("fetch", name)
    assert code == 0
    assert "nothing to fetch" in text


def test_verify_of_a_sound_set_counts_splits_and_classes(bench, place):
    images(place / "data" / "ksdd")
    code, text, _ = bench("verify", "ksdd")
    assert code == 0
    assert text == (
        "ksdd: 20 images of 10 items at 1408x512, no faults; train: 6 good, 6 defect; val: 2 good, 2 defect; "
        "test: 2 good, 2 defect\n"
    )


def test_verify_lists_all_faults_with_code_1(bench, place):
    root = images(place / "set")
    (root / "kos02" / "Part0.jpg").write_bytes(b"")
    (root / "kos05" / "Part1.jpg").write_bytes((root / "kos05" / "Part1.jpg").read_bytes()[:500])
    Image.fromarray(np.ones((64, 96), dtype=bool)).save(root / "kos07" / "Part1_label.bmp")
    speck = np.zeros((96, 64), dtype=bool)
    speck[0, 0] = True
    Image.fromarray(speck).save(root / "kos08" / "Part1_label.bmp")
    code, text, _ = bench("verify", "ksdd", "--data-root", root, "--size", "32x32")
    assert code == 1
    lines = text.splitlines()
    assert [line.split(":")[0] for line in lines[:-1]] == [
        "damaged image",
        "damaged image",
        "other size",
        "full mask",
        "lost defect",
    ]
    assert all(str(root) in line for line in lines[:-1])
    assert "20 images of 10 items at 32x32, 5 faults" in lines[-1]


def test_verify_of_another_folder_shows_the_layout_expected(bench, place):
    (place / "holiday").mkdir()
    code, text, _ = bench("verify", "ksdd", "--data-root", place / "holiday")
    assert code == 1
    assert "it should hold kos01/Part0.jpg" in text
    assert "1 fault;" in text


def test_leaks_finds_what_was_planted_and_compares_with_a_random_split(bench, place):
    root = images(place / "data" / "ksdd")
    Image.open(root / "kos01" / "Part0.jpg").transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(
        root / "kos02" / "Part0.jpg"
    )
    code, text, _ = bench("leaks", "ksdd", "--folds", "5")
    assert code == 0
    assert "kos01/Part0" in text
    assert "left and right swapped" in text
    assert "folds by item" in text
    assert "at random" in text
    assert "one item" in text
    assert "ksdd: 1 pair of near-duplicates, 0 of them across splits, 1 of items that are taken as one" in text
    assert Image.open(place / "ksdd-leaks.png").width > 200
    assert (place / "ksdd-leaks.csv").read_text().splitlines()[1].startswith("kos01/Part0,kos02/Part0,fold ")


def test_leaks_of_a_clean_set_draws_nothing(bench, place):
    images(place / "data" / "ksdd")
    code, text, _ = bench("leaks", "ksdd")
    assert code == 0
    assert "ksdd: 0 pairs of near-duplicates" in text
    assert "0 (0.0 %)" in text
    assert sorted(path.name for path in place.iterdir()) == ["data"]


def test_show_draws_the_set_where_it_is_told_to(bench, place):
    images(place / "data" / "ksdd")
    code, text, _ = bench("show", "ksdd", "--out", "pictures/mine.png")
    assert code == 0
    assert "pictures/mine.png" in text
    assert Image.open(place / "pictures" / "mine.png").width > 600


def test_show_of_a_part_is_named_after_it(bench, place):
    for split, kind in (("train", "good"), ("test", "good"), ("test", "broken")):
        for number in range(8):
            for path in (f"{split}/{kind}/{number:03}.png", f"ground_truth/{kind}/{number:03}_mask.png"):
                image = np.random.default_rng(number).integers(0, 255, (40, 50), dtype=np.uint8)
                (place / "data/mvtec/bottle" / path).parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(place / "data/mvtec/bottle" / path)
    assert bench("show", "mvtec:bottle")[0] == 0
    assert (place / "mvtec-bottle-images.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify", "ksdd"), ("ksdd is not at", "--data-root")),
        (("verify", "synthetic", "--size", "64"), ("HEIGHTxWIDTH",)),
        (("leaks", "kssd"), ("did you mean",)),
        (("show", "ksdd", "--data-root", "."), ("it should hold kos01/Part0.jpg",)),
    ],
)
def test_a_mistake_ends_with_one_message_and_code_2(bench, arguments, words):
    code, _, message = bench(*arguments)
    assert code == 2
    assert message.startswith("error: ")
    assert all(word in message for word in words)


def test_a_process_of_its_own_ends_with_the_code_of_the_command(place):
    root = images(place / "data" / "ksdd")
    Image.fromarray(np.ones((64, 96), dtype=bool)).save(root / "kos07" / "Part1_label.bmp")
    done = call_apart("verify", "ksdd", code=1)
    assert "Traceback" not in done.stderr
    assert "ksdd" in done.stdout


@pytest.mark.parametrize("command", ["fetch", "verify", "leaks", "show"])
def test_asking_for_help_imports_nothing_heavy(command):
    code = (
        "import json, runpy, sys\n"
        f"sys.argv = ['bench', '{command}', '--help']\n"
        "try:\n    runpy.run_module('bench', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert "bench" in loaded
    assert not {"torch", "pandas", "matplotlib", "numpy", "datasets"} & set(loaded)


@pytest.mark.parametrize("command", ["show", "leaks"])
def test_a_picture_of_an_unknown_kind_is_refused_in_our_own_words(bench, command):
    code, _, told = bench(command, "synthetic", "--out", "a.xyz")
    assert (code, told.count("\n")) == (2, 1)
    assert "a.xyz is no name of a picture: let it end in .png" in told
