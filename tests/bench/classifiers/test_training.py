"""Training from image labels alone, on a few small images."""

import math
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from bench.classifiers import training
from bench.classifiers.networks import NetworkConfig, build
from bench.classifiers.recipe import Recipe
from bench.classifiers.training import TrainingSet, evaluate, train
from bench.errors import BenchError
from tests.helpers.bright_squares import CLASSES, SIZE, images, training_set

CPU = torch.device("cpu")
SMALL = NetworkConfig()
QUICK = Recipe(epochs=1, batch=8, body_rate=0.02, head_rate=0.02)


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    return training_set(tmp_path_factory.mktemp("squares"))


def tensors_of(network):
    return torch.cat([tensor.flatten().double() for tensor in network.state_dict().values()])


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine"])
def test_a_bright_square_is_learned_in_a_few_epochs(squares, schedule):
    recipe = Recipe(epochs=8, batch=4, body_rate=0.05, head_rate=0.05, schedule=schedule, patience=8)
    network, metrics, _ = train(SMALL, squares, recipe, device=CPU)
    assert set(metrics) == {"val", "test"}
    assert metrics["test"].average_precision > 0.9
    assert metrics["test"].accuracy > 0.9
    assert not network.training


def test_training_opens_no_mask(tmp_path):
    data = training_set(tmp_path, train=(3, 3), val=(2, 2), test=(2, 2))
    for mask in tmp_path.glob("*_mask.png"):
        mask.unlink()
    train(SMALL, data, QUICK, device=CPU)


def test_the_same_seed_gives_the_same_weights(squares):
    one, same, other = (tensors_of(train(SMALL, squares, QUICK, seed=seed, device=CPU)[0]) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_weights_do_not_depend_on_the_global_random_state(squares):
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        found.append(tensors_of(train(SMALL, squares, QUICK, device=CPU)[0]))
    assert torch.equal(*found)


def test_the_global_random_states_are_left_as_they_were(squares):
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    train(SMALL, squares, QUICK, device=CPU)
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert before[1:] == after[1:]
    assert torch.equal(before[0], after[0])


def test_brightness_and_flips_are_those_of_the_seed_and_within_bounds():
    images = torch.arange(2 * 4 * 4).view(2, 1, 4, 4).float() + 200
    first, second = (training._augment(images, 0.1, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.max() <= 255
    for one, changed in zip(images, first, strict=True):
        turned = [one, one.flip(1), one.flip(2), one.flip(1, 2)]
        factors = [changed / option for option in turned]
        # Of the four ways to lay it, one differs by a single factor alone, up to where white is reached.
        spread = [(factor[changed < 255].max() - factor[changed < 255].min()).item() for factor in factors]
        assert min(spread) < 1e-5
        assert 0.9 <= factors[int(np.argmin(spread))].max() <= 1.1


def scripted(monkeypatch, precisions, losses=None):
    """Let each epoch's validation show these values; return the tensors that each one had."""
    seen = []
    evaluated = training.evaluate

    def script(network, config, data, split, device):
        measured = evaluated(network, config, data, split, device)
        if split != "val" or len(seen) == len(precisions):
            return measured
        loss = losses[len(seen)] if losses else 1.0
        precision = precisions[len(seen)]
        seen.append(tensors_of(network).clone())
        return measured.model_copy(update={"average_precision": precision, "loss": loss})

    monkeypatch.setattr(training, "evaluate", script)
    return seen


def test_the_best_epoch_is_kept_and_training_stops_after_it(squares, monkeypatch):
    seen = scripted(monkeypatch, [0.3, 0.8, 0.5, 0.7, 0.9])
    recipe = QUICK.model_copy(update={"epochs": 6, "patience": 2})
    network, _, _ = train(SMALL, squares, recipe, device=CPU)
    assert len(seen) == 4 + 1  # the fifth is the final measurement of the network that was kept
    assert torch.equal(tensors_of(network), seen[1].half().float())
    assert torch.equal(seen[4], seen[1].half().float())
    assert not torch.equal(seen[1], seen[3])


def test_of_equally_precise_epochs_the_one_with_the_least_loss_is_kept(squares, monkeypatch):
    seen = scripted(monkeypatch, [0.8, 0.8, 0.8], [0.5, 0.3, 0.4])
    network, _, _ = train(SMALL, squares, QUICK.model_copy(update={"epochs": 3}), device=CPU)
    assert torch.equal(tensors_of(network), seen[1].half().float())


def test_an_epoch_without_a_defined_precision_is_no_better_than_none(squares, monkeypatch):
    seen = scripted(monkeypatch, [None, 0.1])
    network, _, _ = train(SMALL, squares, QUICK.model_copy(update={"epochs": 2}), device=CPU)
    assert torch.equal(tensors_of(network), seen[1].half().float())


def test_each_class_is_drawn_as_often_as_the_other(tmp_path, monkeypatch):
    data = training_set(tmp_path, train=(27, 3), val=(1, 1), test=(1, 1))
    drawn = []
    read = training.batches

    def recorded(*arguments, sampler=None, **options):
        for batch in read(*arguments, sampler=sampler, **options):
            drawn.extend(batch.labels.tolist() if sampler else [])
            yield batch

    monkeypatch.setattr(training, "batches", recorded)
    train(SMALL, data, QUICK.model_copy(update={"epochs": 5, "patience": 5}), device=CPU)
    assert len(drawn) == 5 * 30
    # 75 of 150 are expected; four standard deviations are 25. Unbalanced, it would be 15.
    assert 50 <= sum(drawn) <= 100


def test_progress_counts_every_step(squares):
    told = []
    recipe = QUICK.model_copy(update={"epochs": 2})
    train(SMALL, squares, recipe, device=CPU, progress=lambda *what: told.append(what))
    assert [(done, total) for done, total, _ in told] == [(step, 4) for step in range(1, 5)]
    assert told[-1][2].startswith("validation average precision ")


def test_a_class_without_a_training_image_is_refused(tmp_path):
    data = training_set(tmp_path, train=(4, 0), val=(1, 1), test=(1, 1))
    with pytest.raises(BenchError, match="the training split has no image of the class defect"):
        train(SMALL, data, QUICK, device=CPU)


def test_a_test_image_that_cannot_be_read_is_left_out(tmp_path):
    table = images(tmp_path, train=(2, 2), val=(1, 1), test=(2, 2))
    paths = table.loc[table["split"] == "test", "image_path"]
    Path(paths.iloc[0]).write_bytes(b"")
    _, metrics, _ = train(SMALL, TrainingSet(table, CLASSES, SIZE), QUICK, device=CPU)
    assert np.sum(metrics["test"].confusion) == 3
    for path in paths:
        Path(path).write_bytes(b"")
    with pytest.raises(BenchError, match="none of the images of test can be read"):
        train(SMALL, TrainingSet(table, CLASSES, SIZE), QUICK, device=CPU)


@pytest.mark.parametrize("split", ["train", "val"])
def test_an_image_that_cannot_be_read_is_refused_by_name(tmp_path, split):
    table = images(tmp_path, train=(1, 1), val=(1, 1), test=(1, 1))
    Path(table.loc[table["split"] == split, "image_path"].iloc[0]).write_bytes(b"")
    with pytest.raises(BenchError, match=rf"training needs every image: .*{split}-good-0\.png is empty"):
        train(SMALL, TrainingSet(table, CLASSES, SIZE), QUICK.model_copy(update={"batch": 2, "epochs": 4}), device=CPU)


def rates(schedule, steps=10):
    recipe = Recipe(epochs=2, body_rate=0.1, head_rate=0.4, schedule=schedule)
    optimiser, scheduler = training._optimiser(build(SMALL), recipe, steps)
    found = []
    for _ in range(2 * steps):
        found.append([group["lr"] for group in optimiser.param_groups])
        optimiser.step()
        scheduler.step()
    return np.array(found)


def test_the_cosine_falls_from_the_highest_rates_to_0():
    found = rates("cosine")
    assert found[0].tolist() == [0.1, 0.4]
    assert (np.diff(found, axis=0) < 0).all()
    expected = [0.05 * (1 + math.cos(math.pi * step / 20)) for step in range(20)]
    assert found[:, 0] == pytest.approx(expected)


def test_one_cycle_rises_to_the_highest_rates_and_falls_below_where_it_began():
    found = rates("one-cycle")
    assert found.max(axis=0) == pytest.approx([0.1, 0.4], rel=0.02)
    top = found[:, 0].argmax()
    assert 0 < top < 10
    assert (np.diff(found[: top + 1], axis=0) > 0).all()
    assert (np.diff(found[top:], axis=0) < 0).all()
    assert (found[-1] < found[0]).all()


def test_body_and_head_share_no_parameter_and_leave_none_out():
    network = build(SMALL)
    body, head = training._optimiser(network, QUICK, 1)[0].param_groups
    assert {id(one) for one in body["params"]} == {id(one) for one in network.features.parameters()}
    assert len(body["params"]) + len(head["params"]) == len(list(network.parameters()))


class Fixed(nn.Module):
    """Gives out the logits it was told to, image after image."""

    def __init__(self, logits):
        super().__init__()
        self.logits = torch.tensor(logits)

    def forward(self, images):
        out, self.logits = self.logits[: len(images)], self.logits[len(images) :]
        return out


def measured(folder, logits, good, classes=CLASSES, labels=None):
    """Measure a network with these logits on `good` good images and defective ones after them."""
    table = images(folder, train=(0, 0), val=(0, 0), test=(good, len(logits) - good))
    if labels:
        table["label"] = labels
    return evaluate(Fixed(logits), SMALL, TrainingSet(table, classes, SIZE), "test", CPU)


def test_metrics_by_hand(tmp_path):
    # Scores (difference of logits) of good: -2, 0.5, -1; of defective: 3, -0.5.
    found = measured(tmp_path, [[2.0, 0.0], [0.0, 0.5], [1.0, 0.0], [0.0, 3.0], [0.5, 0.0]], good=3)
    assert found.accuracy == pytest.approx(3 / 5)
    assert found.confusion == [[2, 1], [1, 1]]
    # Ranked: defective, good, defective, ...: precision 1 at the first, 2/3 at the second.
    assert found.average_precision == pytest.approx((1 + 2 / 3) / 2)
    # Of the six pairs of defective and good, one is the wrong way round.
    assert found.auroc == pytest.approx(5 / 6)
    good = [math.log1p(math.exp(score)) for score in (-2, 0.5, -1)]
    defective = [math.log1p(math.exp(-score)) for score in (3, -0.5)]
    assert found.loss == pytest.approx((sum(good) / 3 + sum(defective) / 2) / 2, rel=1e-5)


def test_more_images_than_a_batch_holds_are_all_measured(tmp_path):
    found = measured(tmp_path, [[1.0, 0.0]] * 9 + [[0.0, 1.0]] * 2, good=9)
    assert found.confusion == [[9, 0], [0, 2]]
    assert (found.accuracy, found.average_precision, found.auroc) == (1, 1, 1)


def test_defective_is_whatever_is_not_good(tmp_path):
    # The dent is taken for a crack: wrong as a class, right as a defect.
    logits = [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 2.0, 1.0]]
    found = measured(tmp_path, logits, 1, ("good", "crack", "dent"), ["good", "crack", "dent"])
    assert found.accuracy == pytest.approx(2 / 3)
    assert (found.average_precision, found.auroc) == (1, 1)
    assert found.confusion == [[1, 0, 0], [0, 1, 0], [0, 1, 0]]


@pytest.mark.parametrize("good", [0, 2])
def test_precision_is_unknown_where_a_class_is_absent(tmp_path, good):
    found = measured(tmp_path, [[1.0, 0.0], [1.0, 0.0]], good)
    assert (found.average_precision, found.auroc) == (None, None)
    assert found.accuracy == good / 2
    assert math.isfinite(found.loss)


def test_training_that_was_cut_off_ends_as_if_it_had_not_been(squares, tmp_path):
    straight, metrics, epochs = train(SMALL, squares, QUICK.model_copy(update={"epochs": 3}), device=CPU)
    unfinished = tmp_path / "some.unfinished"

    def pull_the_plug(done, total, _shown):
        if done > 0.5 * total:
            raise KeyboardInterrupt

    recipe = QUICK.model_copy(update={"epochs": 3})
    with pytest.raises(KeyboardInterrupt):
        train(SMALL, squares, recipe, device=CPU, progress=pull_the_plug, unfinished=unfinished)
    assert unfinished.is_file()
    resumed, metrics_then, epochs_then = train(SMALL, squares, recipe, device=CPU, unfinished=unfinished)
    assert (metrics_then, epochs_then) == (metrics, epochs)
    assert torch.equal(tensors_of(straight), tensors_of(resumed))


def test_every_epoch_leaves_its_mark(squares):
    _, _, epochs = train(SMALL, squares, QUICK.model_copy(update={"epochs": 2, "patience": 2}), device=CPU)
    assert len(epochs) == 2
    assert all(epoch.loss > 0 and epoch.val_loss > 0 and 0 <= epoch.val_precision <= 1 for epoch in epochs)


class Own(nn.Module):
    """A user's network: pooled pixels, and layers of any kind behind them."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), *layers)

    def forward(self, x):
        return self.layers(x)


def own(monkeypatch, make):
    """Let the factory of a user's network be `make`."""
    monkeypatch.setattr("bench.classifiers.networks.own_network", lambda _name, _classes: make())
    return NetworkConfig(name="mine:make")


def test_a_network_with_one_logit_is_trained_as_one_of_two_classes(squares, monkeypatch):
    config = own(monkeypatch, lambda: Own(nn.Linear(12, 1)))
    _, metrics, epochs = train(config, squares, Recipe(epochs=6, batch=4, patience=6), device=CPU)
    assert metrics["test"].average_precision > 0.5
    assert epochs[-1].loss < epochs[0].loss
    assert sum(map(sum, metrics["test"].confusion)) == 8


def test_logits_among_other_outputs_are_trained(squares, monkeypatch):
    class Several(Own):
        def forward(self, x):
            return {"features": x, "logits": super().forward(x)}

    config = own(monkeypatch, lambda: Several(nn.Linear(12, 2)))
    assert train(config, squares, QUICK, device=CPU)[1]["test"].loss > 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Own(nn.Linear(12, 5)), "the network gives 5 logits, and there are 2 classes"),
        (lambda: nn.Conv2d(1, 2, 3), r"does not take images of \(3, \d+, \d+\)"),
        (lambda: nn.Conv2d(3, 2, 3), r"must give logits \(B, classes\), not"),
        (lambda: Own(nn.BatchNorm1d(12), nn.Linear(12, 2)), "a batch of one image cannot be used"),
    ],
)
def test_a_network_that_does_not_fit_is_told_in_one_line(tmp_path, monkeypatch, make, message):
    data = training_set(tmp_path, train=(9, 8), val=(2, 2), test=(2, 2))
    with pytest.raises(BenchError, match=message):
        train(own(monkeypatch, make), data, QUICK, device=CPU)


def test_training_that_diverges_says_what_to_do(squares, monkeypatch):
    recipe = Recipe(epochs=3, batch=4, body_rate=1e30, head_rate=1e30, clip=1e30)
    with pytest.raises(BenchError, match=r"training diverged: the loss is .* --recipe body_rate=1e"):
        train(own(monkeypatch, lambda: Own(nn.Linear(12, 2))), squares, recipe, device=CPU)
