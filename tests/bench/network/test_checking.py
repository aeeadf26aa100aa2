"""Networks and images as people bring them: usable, or refused in one line that says what to do."""

from collections import OrderedDict
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from bench.errors import BenchError
from bench.network.checking import check_images, logits_of, of_two_classes, usable
from tests.helpers.small_networks import chain, pictures

LOGITS = torch.tensor([[1.0, 2.0]])
OTHERS = torch.zeros(1, 5)


@pytest.mark.parametrize(
    "output",
    [
        LOGITS,
        {"aux": OTHERS, "out": LOGITS},
        OrderedDict(logits=LOGITS, out=OTHERS),
        (LOGITS, OTHERS),
        [LOGITS],
        SimpleNamespace(loss=None, logits=LOGITS),
    ],
)
def test_logits_are_found_among_what_networks_give(output):
    assert logits_of(output) is LOGITS


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ({"features": LOGITS}, "it gives a mapping of features"),
        (None, "it gives NoneType"),
        ((), "it gives tuple"),
        (torch.zeros(1, 2, 3, 3), r"not \(1, 2, 3, 3\) torch.float32"),
        (torch.zeros(1, 2, dtype=torch.int64), r"not \(1, 2\) torch.int64"),
    ],
)
def test_what_is_no_logits_is_refused_by_what_it_is(output, text):
    with pytest.raises(BenchError, match=text):
        logits_of(output)


def test_the_network_behind_a_compiled_one_is_taken():
    network = chain()
    compiled = nn.Module()
    compiled._orig_mod = network
    assert usable(compiled) is network
    assert usable(network) is network


@pytest.mark.parametrize("make", [torch.jit.script, lambda one: torch.jit.trace(one, pictures())])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_network_is_refused(make):
    with pytest.raises(BenchError, match="is scripted"):
        usable(make(chain()))


@pytest.mark.filterwarnings("ignore")
def test_a_quantised_network_is_refused():
    network = torch.ao.quantization.quantize_dynamic(chain(), {nn.Linear}, torch.qint8)
    with pytest.raises(BenchError, match=r"is quantised \(hidden\)"):
        usable(network)


def test_what_is_no_module_is_refused():
    with pytest.raises(BenchError, match="is a function"):
        usable(lambda images: images)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda images: images[0], r"one image is images\[None\]"),
        (lambda images: images[None], "have to be"),
        (lambda images: images[:0], "have to be"),
        (lambda images: (255 * images).to(torch.uint8), "floats and not torch.uint8"),
        (lambda images: images / 0, "not finite"),
        (lambda images: images.double(), "is torch.float32 and the images torch.float64"),
    ],
)
def test_images_that_no_network_takes_are_refused(change, text):
    with pytest.raises(BenchError, match=text):
        check_images(chain(), change(pictures()))


def test_images_as_they_should_be_pass():
    check_images(chain(), pictures())
    check_images(chain().double(), pictures().double())
    with torch.autocast("cpu", torch.bfloat16):
        check_images(chain(), pictures().bfloat16())


def test_a_single_logit_is_that_of_the_second_of_two_classes():
    assert of_two_classes(torch.tensor([[3.0]])).tolist() == [[0, 3]]
    assert of_two_classes(LOGITS) is LOGITS
