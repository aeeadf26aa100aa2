"""The one call for any network."""

import weakref

import pytest
import torch

import bench
from bench import explain
from bench.attribution.evidence import Evidence
from bench.attribution.explaining import explain_batch
from bench.attribution.view import View
from bench.errors import BenchError
from bench.network.anatomy import examine
from bench.network.targets import Target
from bench.stopwatch import Stopwatch
from methods import MethodError, NotApplicableError, evidence_method, gradient_method, heatmap, parse
from results.scopes import BACKWARD, SCOPES
from results.status import Status
from tests.helpers.small_networks import Wrapper, chain, pictures, residual


def directly(network, images, text, target):
    spec = parse(text)
    return heatmap(spec, View(Evidence(network, examine(network, images), images, target, [spec]), spec)).values


TEXTS = ("grad-cam", "layer-cam+fgbp@30", "ra-cam", "hires-cam/S1-S2=max+lt@10", "cam", "random", "lt-grad-cam@70")


@pytest.mark.parametrize("target", ["1", "predicted-margin"])
def test_maps_are_those_of_the_evidence(target):
    network, images = chain(kind="gap"), pictures(3)
    found = explain(network, images, TEXTS, target=target)
    for text in TEXTS:
        assert torch.equal(found[text], directly(network, images, text, bench.network.targets.parse_target(target))), (
            text
        )


def test_what_a_method_has_to_say_of_a_map_is_a_warning():
    with pytest.warns(UserWarning, match="relevance-cam/layer.block1.second, image 1: not exact at block1.second"):
        explain(residual(), pictures(2), "relevance-cam/layer.block1.second")


def test_keys_are_the_specs_as_given():
    written, spec = "hires-cam/stages+fgbp+lt", parse("ra-cam")
    found = explain(chain(), pictures(), [written, spec, "ra-cam@50", "grad-cam"])
    assert list(found) == [written, spec, "ra-cam@50", "grad-cam"]
    assert torch.equal(found[written], found[spec])
    assert torch.equal(found["ra-cam@50"], found[spec])


@pytest.mark.parametrize("given", ["grad-cam", parse("grad-cam")], ids=["text", "spec"])
def test_one_spec_needs_no_list(given):
    found = explain(chain(), pictures(), given)
    assert list(found) == [given]
    assert found[given].shape == (2, 24, 32)


@pytest.mark.parametrize("given", [("grad-cam", "cam"), ["grad-cam", "cam"]])
def test_any_sequence_will_do(given):
    assert list(explain(chain(kind="gap"), pictures(), given)) == ["grad-cam", "cam"]


@pytest.mark.parametrize(
    ("target", "same"),
    [
        (2, Target(2)),
        ("2", Target(2)),
        (Target(2), Target(2)),
        ("margin", Target(1, margin=True)),
        ("predicted", Target("predicted")),
        (Target("predicted", margin=True), Target("predicted", margin=True)),
    ],
)
def test_targets_are_given_as_numbers_texts_or_targets(target, same):
    network, images = chain(), pictures()
    found = explain(network, images, "hires-cam", target=target)["hires-cam"]
    assert torch.equal(found, directly(network, images, "hires-cam", same))


def test_the_target_is_the_defect_class_where_none_is_given():
    network, images = chain(), pictures()
    assert torch.equal(
        explain(network, images, "hires-cam")["hires-cam"],
        explain(network, images, "hires-cam", target=1)["hires-cam"],
    )
    assert not torch.equal(
        explain(network, images, "hires-cam")["hires-cam"],
        explain(network, images, "hires-cam", target=2)["hires-cam"],
    )


def test_a_network_may_have_one_logit():
    network, images = chain(classes=1), pictures()
    maps = [explain(network, images, "layer-cam", target=target)["layer-cam"] for target in (1, "predicted")]
    assert maps[0].any()
    assert torch.equal(maps[0], maps[1])


@pytest.mark.parametrize("text", ["layer-cam", "ablation-cam", "lift-cam", "relevance-cam"])
def test_of_one_logit_the_good_class_is_explained_by_its_negative(text):
    network, images = chain(classes=1).double(), pictures().double()
    opposite = chain(classes=1).double()
    with torch.no_grad():
        opposite.classifier.weight.neg_()
        opposite.classifier.bias.neg_()
    good, defect = (explain(network, images, text, target=target)[text] for target in (0, 1))
    assert not torch.equal(good, defect)
    if text != "relevance-cam":  # whose rules share by positive contributions, which are others in the opposite network
        torch.testing.assert_close(good, explain(opposite, images, text, target=1)[text])
    # What speaks for the one class does not speak for the other.
    assert (good * defect).max() <= 0.25 * good.max() * defect.max() or text == "layer-cam"


def test_layers_are_for_the_specs_that_name_none():
    network, images = chain(), pictures()
    texts = ["grad-cam", "ra-cam", "grad-cam/last", "layer-cam/S1"]
    found = explain(network, images, texts, layers="S2")
    for text, full in zip(texts, ("grad-cam/S2", "ra-cam/S2", "grad-cam/last", "layer-cam/S1"), strict=True):
        assert torch.equal(found[text], explain(network, images, full)[full]), text


def test_a_spec_has_its_layers_already():
    spec = parse("layer-cam")
    network, images = chain(), pictures()
    assert torch.equal(explain(network, images, spec, layers="S1")[spec], explain(network, images, spec)[spec])


def test_a_layer_is_named_by_its_module():
    found = explain(chain(), pictures(), "grad-cam", layers="layer.conv2")["grad-cam"]
    assert torch.equal(found, explain(chain(), pictures(), "grad-cam/layer.conv2")["grad-cam/layer.conv2"])


@pytest.mark.parametrize("make", [chain, residual])
def test_a_network_in_training_mode_is_explained_in_evaluation_mode_and_stays_as_it_was(make):
    network, images = make(), pictures()
    expected = explain(network, images, "ra-cam")["ra-cam"]
    network.train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert torch.equal(explain(network, images, "ra-cam")["ra-cam"], expected)
    assert all(module.training for module in network.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_a_wrapped_network_gives_the_same_maps():
    network, images = chain(), pictures()
    first, second = (explain(one, images, TEXTS[:4]) for one in (network, Wrapper(network)))
    for text in TEXTS[:4]:
        assert torch.equal(first[text], second[text])


def test_mistakes_are_named():
    network, images = chain(), pictures()
    with pytest.raises(MethodError, match="no method 'grad-cma'"):
        explain(network, images, "grad-cma")
    with pytest.raises(BenchError, match="no target 'best'"):
        explain(network, images, "grad-cam", target="best")
    with pytest.raises(BenchError, match="needs the images' labels"):
        explain(network, images, "grad-cam", target="label")
    with pytest.raises(BenchError, match="S7: this network has the stages S1 to S3"):
        explain(network, images, "grad-cam/S7")
    with pytest.raises(NotApplicableError, match="global average pooling"):
        explain(network, images, ["grad-cam", "cam"])


# Batches


def results_of(texts, network=None, **options):
    network, images = network or chain(), pictures()
    specs = [parse(text) for text in texts]
    return list(explain_batch(network, examine(chain(), images), images, Target(), specs, **options))


def test_results_come_in_the_order_in_which_they_share_backward_passes():
    results = results_of(["ra-cam@30", "grad-cam", "ra-cam", "layer-cam+lt"])
    assert [str(result.spec) for result in results] == ["grad-cam", "lt-layer-cam@50", "ra-cam@30", "ra-cam@50"]
    for result in results:
        assert (result.status, result.reason, result.error) == (Status.OK, "", None)
        assert torch.equal(result.require().values, directly(chain(), pictures(), str(result.spec), Target()))
        assert torch.equal(result.logits, chain()(pictures()))


def test_what_a_method_raises_is_its_result_and_the_others_go_on():
    @gradient_method("fragile", paper="none")
    def fragile(activation, gradient):
        raise ZeroDivisionError("a planted fault")

    unanswered, failed, fine = results_of(["cam", "fragile", "grad-cam"])
    assert (unanswered.status, failed.status, fine.status) == (Status.NOT_APPLICABLE, Status.FAILED, Status.OK)
    assert unanswered.reason.startswith("the network does not end in global average pooling")
    assert failed.reason == "ZeroDivisionError: a planted fault"
    assert failed.heatmap is None
    assert failed.logits.shape == (2, 3)
    with pytest.raises(ZeroDivisionError, match="a planted fault"):
        failed.require()


def test_what_the_network_raises_is_the_result_of_every_method():
    network = chain()

    def broken(module, inputs):
        raise RuntimeError("no")

    network.register_forward_pre_hook(broken)
    results = results_of(["grad-cam", "eigen-cam"], network)
    assert [(str(result.spec), result.reason) for result in results] == [
        ("grad-cam", "RuntimeError: no"), ("eigen-cam", "RuntimeError: no"),
    ]  # fmt: skip
    assert all(result.logits.shape == (0, 0) for result in results)


def test_a_layer_that_the_network_does_not_have_is_nobodys_result():
    with pytest.raises(BenchError, match="S7: this network has the stages S1 to S3"):
        results_of(["grad-cam", "grad-cam/S7"])


def test_the_next_method_does_not_have_to_share_memory_with_one_that_failed():
    held = []

    @evidence_method("hoarding", paper="none")
    def hoarding(view):
        large = torch.ones(10)
        held.append(weakref.ref(large))
        raise MemoryError("too much")

    @evidence_method("modest", paper="none")
    def modest(view):
        held.append(held[0]())
        return view.input[:, 0].abs()

    results = results_of(["hoarding", "modest"])
    assert [result.status for result in results] == [Status.FAILED, Status.OK]
    assert held[1] is None
    assert results[0].error.__traceback__ is not None


def test_the_parts_of_the_work_are_timed():
    with Stopwatch() as watch:
        results_of(["grad-cam", "eigen-cam"], timed=watch.part)
    assert set(watch.parts) == set(SCOPES)
    with Stopwatch() as watch:
        results_of(["eigen-cam"], timed=watch.part)
    assert set(watch.parts) == set(SCOPES) - {BACKWARD}


def test_it_is_the_packages_one_function():
    assert bench.explain is explain
    with pytest.raises(AttributeError, match="no attribute 'explane'"):
        bench.explane  # noqa: B018
