"""What holds for every registered method on every network, also for methods that do not exist yet."""

import gc

import pytest
import torch
from torch import nn

from bench import explain
from bench.errors import BenchError
from bench.studies.method_contract import (
    CHECKS,
    ContractError,
    breaches,
    check_leaves_all_as_it_was,
    check_same_in_any_batch,
    check_unchanged,
    check_well_formed,
    lived_in,
    state,
)
from methods import NotApplicableError, alias, evidence_method, gradient_method
from methods.registry import names
from tests.helpers.plain_registries import restored
from tests.helpers.small_networks import NETWORKS, SIZE, chain, pictures

EXTRA = ("layer-cam+fgbp", "grad-cam/convs=tanh+fgbp@80+lt@20", "hires-cam/S1-S2=product")
TEXTS = (*names(), *EXTRA)


def checked(network, text, **options):
    """Return the maps, or None where the method says that it has no answer on this network."""
    try:
        return explain(network, pictures(4), text, **options)[text]
    except NotApplicableError:
        return None


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("check", CHECKS)
def test_every_method_on_every_network(check, text, make):
    check(text, make, pictures(4))


@pytest.mark.parametrize("text", TEXTS)
def test_every_method_finds_something_on_a_network_made_for_it(text):
    maps = checked(chain(kind="gap"), text)
    assert maps is not None
    assert (maps.amax((1, 2)) > maps.amin((1, 2))).all()


@pytest.mark.parametrize("text", TEXTS)
def test_the_caller_may_have_turned_gradients_off(text):
    expected = checked(chain(kind="gap"), text)
    with torch.no_grad():
        assert torch.equal(checked(chain(kind="gap"), text), expected)
        assert not torch.is_grad_enabled()


@pytest.mark.parametrize("text", TEXTS)
def test_the_callers_images_may_require_gradients(text):
    network, images = chain(kind="gap"), pictures(2).requires_grad_()
    for given in (images, images * 1):
        maps = explain(network, given, text)[text]
        assert not maps.requires_grad
    assert images.grad is None


@pytest.mark.parametrize("text", TEXTS)
def test_frozen_parameters_change_nothing(text):
    free, frozen = (checked(NETWORKS[name](), text) for name in ("in-place ReLU, gap", "frozen, gap"))
    assert torch.equal(free, frozen)


@pytest.mark.parametrize("text", TEXTS)
def test_writing_a_relu_in_place_changes_nothing(text):
    plain, in_place = (checked(NETWORKS[name](), text) for name in ("ReLU", "in-place ReLU"))
    assert (plain is None) == (in_place is None)
    assert plain is None or torch.equal(plain, in_place)


@pytest.mark.parametrize("text", TEXTS)
def test_writing_a_leaky_relu_in_place_changes_nothing(text):
    plain = checked(chain(lambda: nn.LeakyReLU(0.1)), text)
    in_place = checked(chain(lambda: nn.LeakyReLU(0.1, inplace=True)), text)
    assert (plain is None) == (in_place is None)
    assert plain is None or torch.equal(plain, in_place)


class Preparing(nn.Module):
    """Normalises what it is given in place, as some published networks do."""

    def __init__(self):
        super().__init__()
        self.body = chain()

    def forward(self, images):
        return self.body(images.sub_(0.5).div_(0.25))


@pytest.mark.parametrize("text", ["grad-cam", "random"])
def test_images_survive_a_network_that_writes_on_its_input(text):
    images = pictures(2)
    before = images.clone()
    explain(Preparing().eval(), images, text)
    assert torch.equal(images, before)


@pytest.mark.parametrize("text", ["broken", "broken+fgbp+lt", "sess:broken+fgbp+lt", "nff:broken+fgbp+lt"])
def test_a_method_that_raises_leaves_all_as_it_was(text):
    def broken(activation, gradient):
        raise RuntimeError("mine")

    gradient_method("broken", layers="stages", paper="none")(broken)
    network, images = lived_in(chain()), pictures(2)
    before, pixels = state(network), images.clone()
    with pytest.raises(RuntimeError, match="mine"):
        explain(network, images, text)
    check_unchanged(network, before)
    assert torch.equal(images, pixels)


@pytest.mark.parametrize("text", ["grad-cam/S9", "layer-cam/layer.nowhere"])
def test_layers_that_do_not_exist_leave_all_as_it_was(text):
    network, images = lived_in(chain()), pictures(2)
    before = state(network)
    with pytest.raises(BenchError, match="this network has"):
        explain(network, images, ["ra-cam", text])
    check_unchanged(network, before)


@pytest.mark.parametrize("at", ["first", "later"])
def test_a_network_that_raises_is_left_as_it_was(at):
    network, images = lived_in(chain()), pictures(2)

    class Moody(nn.Module):
        calls = 0

        def forward(self, x):
            Moody.calls += 1
            if at == "first" or Moody.calls > 1:
                raise RuntimeError("mine")
            return x

    network.append(Moody())
    before = state(network)
    with pytest.raises(BenchError if at == "first" else RuntimeError, match="mine"):
        explain(network, images, "grad-cam")
    check_unchanged(network, before)


def test_memory_stays_flat():
    network, images, texts = chain(kind="gap"), pictures(2), list(TEXTS)

    def living(calls):
        for _ in range(calls):
            explain(network, images, texts)
        gc.collect()
        return len(gc.get_objects())

    living(3)
    gc.freeze()  # what lived before is not counted, which takes long
    try:
        before = living(1)
        # A tensor or a hook that stays behind is at least one object a call.
        assert living(30) - before < 30
    finally:
        gc.unfreeze()


# The checks above have to fail where a method breaks the contract.
BREAKS = {
    "wrong size": (check_well_formed, lambda view: view.input[:1, 0].abs()),
    "not finite": (check_well_formed, lambda view: view.input[:, 0] * torch.nan),
    "float64": (check_well_formed, lambda view: view.input[:, 0].abs().double()),
    "on the graph": (check_well_formed, lambda view: view.input[:, 0].abs().requires_grad_()),
    "over the batch": (check_same_in_any_batch, lambda view: view.input[:, 0].abs() / view.input.max()),
    "changes the images": (check_leaves_all_as_it_was, lambda view: view.input.abs_()[:, 0]),
    "draws from everyone's generator": (check_leaves_all_as_it_was, lambda view: torch.rand(2, *SIZE)),
}


@pytest.mark.parametrize(("check", "compute"), BREAKS.values(), ids=BREAKS)
def test_the_checks_see_a_broken_method(check, compute):
    evidence_method("mine", paper="none")(compute)
    with pytest.raises(ContractError):
        check("mine", chain, pictures(4))
    assert "mine" in {one.method for one in breaches("mine")}


def test_negative_values_are_cut_whoever_gives_them():
    evidence_method("mine", paper="none")(lambda view: view.input[:, 0])
    images = pictures(2) - 0.5
    assert torch.equal(explain(chain(), images, "mine")["mine"], images[:, 0].relu())


def test_the_checks_accept_a_sound_new_method():
    @gradient_method("mine", layers="stages", paper="none")
    def mine(activation, gradient):
        return (activation * gradient).abs().amax(1)

    alias("my-own", "mine+fgbp+lt")
    for text in ("mine", "my-own@30", "mine/convs=max+lt"):
        for make in NETWORKS.values():
            for check in CHECKS:
                check(text, make, pictures(4))
        assert list(breaches(text)) == []


def test_what_is_registered_is_tested():
    with restored():
        evidence_method("mine", paper="none")(lambda view: view.input[:, 0])
        assert set(names()) - set(TEXTS) == {"mine"}
    assert set(names()) <= set(TEXTS)
