"""Split rules, on tables of any make."""

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets import DatasetError, assign, split_fingerprint
from datasets.table import COLUMNS

quick = settings(max_examples=15)


def table_of(items):
    """Return the table of {group: labels of its images}."""
    rows = [
        (f"{group}/{number}", group, "", label, f"{group}{number}.png", "")
        for group, labels in items.items()
        for number, label in enumerate(labels)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


labels = st.lists(st.sampled_from(["good", "good", "dent", "crack"]), min_size=1, max_size=3)
names = st.text("abcxyz0189-_", min_size=1, max_size=6)
# Folds have as many images, not as many items: of twenty items, of up to three images each, five are left at least for
# training and validation, which need so many.
tables = st.dictionaries(names, labels, min_size=20, max_size=24).map(table_of)


def groups_tested(table, folds):
    """Return the groups that each fold tests."""
    splits = [assign(table, folds=folds, fold=fold) for fold in range(folds)]
    return [set(split["group"][split["split"] == "test"]) for split in splits]


@quick
@given(tables, st.integers(0, 4))
def test_a_split_never_divides_an_item(table, fold):
    for split in (assign(table), assign(table, folds=5, fold=fold)):
        assert split.groupby("group")["split"].nunique().max() == 1
        assert set(split["split"]) == {"train", "val", "test"}


@quick
@given(tables, st.integers(2, 5))
def test_every_item_is_tested_in_exactly_one_fold(table, folds):
    parts = Counter(group for groups in groups_tested(table, folds) for group in groups)
    assert parts == Counter(set(table["group"]))


@quick
@given(tables, st.integers(0, 4), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(table, fold, random):
    order = list(range(len(table)))
    random.shuffle(order)
    shuffled = table.iloc[order]
    for options in ({}, {"folds": 5, "fold": fold}):
        one, other = assign(table, **options), assign(shuffled, **options)
        assert one.set_index("id")["split"].to_dict() == other.set_index("id")["split"].to_dict()
        assert split_fingerprint(one) == split_fingerprint(other)


def rarest(table):
    """Return the rarest class, the first one by name of several."""
    counts = Counter(table["label"])
    return min(counts, key=lambda label: (counts[label], label))


def most_of_one_item(table, label):
    return table["group"][table["label"] == label].value_counts().max()


@quick
@given(tables, st.integers(2, 5))
def test_images_of_the_rarest_class_are_spread_as_evenly_as_items_allow(table, folds):
    label = rarest(table)
    tested = [(table["group"].isin(groups) & (table["label"] == label)).sum() for groups in groups_tested(table, folds)]
    assert max(tested) - min(tested) <= most_of_one_item(table, label)


@quick
@given(st.integers(2, 5), st.integers(10, 30))
def test_items_of_one_kind_are_dealt_in_turn(folds, items):
    sizes = [len(part) for part in groups_tested(table_of({f"i{n}": ["good", "dent"] for n in range(items)}), folds)]
    assert sizes == [len(range(fold, items, folds)) for fold in range(folds)]


def test_odd_items_go_to_the_last_folds_and_the_single_split_holds_the_commonest_kind():
    common = {f"i{number:02}": ["good"] * 7 + ["dent"] for number in range(44)}
    odd = {
        "twice": ["good"] * 14 + ["dent"] * 2,
        "four": ["good"] * 12 + ["dent"] * 4,
        "short": ["good"] * 6 + ["dent"],
    }
    table = table_of(common | odd)
    tested = groups_tested(table, 5)
    assert tested[0] <= set(common)
    assert [table["label"][table["group"].isin(part)].eq("dent").sum() for part in tested] == [10, 10, 10, 10, 11]


@quick
@given(tables)
def test_validation_has_about_a_fifth_of_the_rarest_class_that_is_not_tested(table):
    split = assign(table)
    rest = split[split["split"] != "test"]
    label = rarest(rest)
    in_validation = ((rest["split"] == "val") & (rest["label"] == label)).sum()
    assert abs(in_validation - (rest["label"] == label).sum() / 5) <= most_of_one_item(rest, label)


@quick
@given(tables)
def test_the_single_split_is_the_first_of_five_folds(table):
    assert assign(table).equals(assign(table, folds=5, fold=0))


def test_the_table_given_is_not_changed():
    table = table_of({f"i{number}": ["good", "dent"] for number in range(10)})
    before = table.copy()
    assign(table)
    assert table.equals(before)


def test_the_split_of_a_set_stays_what_it_was():
    # Runs name their split by this fingerprint: another rule would make old checkpoints useless.
    table = table_of({f"item{number:02}": ["good", "good", "dent"] for number in range(20)})
    assert split_fingerprint(assign(table)) == "59e1cb8807cba4a2"
    assert split_fingerprint(assign(table, folds=5, fold=3)) == "196c77da9289d966"


def test_the_fingerprint_of_a_split_changes_with_one_image():
    table = assign(table_of({f"i{number}": ["good"] for number in range(10)}))
    other = table.copy()
    other.loc[0, "split"] = "val" if table.loc[0, "split"] != "val" else "train"
    assert split_fingerprint(other) != split_fingerprint(table)


def official(split_of):
    """Return 20 items of which `split_of(number)` names the split."""
    table = table_of({f"i{number:02}": ["good", "dent"] for number in range(20)})
    table["split"] = [split_of(int(group[1:])) for group in table["group"]]
    return table


def test_an_official_split_into_three_is_kept():
    table = official(lambda number: "test" if number < 4 else "val" if number < 7 else "train")
    assert assign(table).equals(table)


def test_validation_is_cut_from_an_official_training_split():
    table = official(lambda number: "test" if number < 8 else "train")
    split = assign(table)
    assert split["split"][table["split"] == "test"].eq("test").all()
    assert split["group"][split["split"] == "val"].nunique() == 3
    assert set(split["split"][table["split"] == "train"]) == {"train", "val"}


def test_folds_are_asked_for_in_place_of_an_official_split():
    table = official(lambda number: "test" if number < 4 else "val" if number < 7 else "train")
    assert set.union(*groups_tested(table, 5)) == set(table["group"])


@pytest.mark.parametrize(("items", "folds"), [(4, 0), (4, 5), (9, 10)])
def test_too_few_items_are_refused(items, folds):
    table = table_of({f"i{number}": ["good", "dent"] for number in range(items)})
    with pytest.raises(DatasetError, match=f"{items} items cannot be dealt to {folds or 5}"):
        assign(table, folds=folds)


def test_too_few_items_for_validation_are_refused():
    table = table_of({f"i{number}": ["good", "dent"] for number in range(5)})
    with pytest.raises(DatasetError, match="4 items cannot be dealt"):
        assign(table, folds=5)


@pytest.mark.parametrize(("folds", "fold"), [(5, 5), (5, -1), (0, 1)])
def test_a_fold_that_does_not_exist_is_refused(folds, fold):
    table = table_of({f"i{number}": ["good"] for number in range(10)})
    with pytest.raises(DatasetError, match=f"fold {fold} of {folds} does not exist"):
        assign(table, folds=folds, fold=fold)
