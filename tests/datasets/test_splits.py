"""Split rules, on tables of any make."""

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets import DatasetError, assign, split_fingerprint
from datasets.table import COLUMNS

quick = settings(deadline=None, max_examples=15)


def table_of(items):
    """Return the table of {group: labels of its images}."""
    rows = [
        (f"{group}/{number}", group, "", label, f"{group}{number}.png", "")
        for group, labels in items.items()
        for number, label in enumerate(labels)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


labels = st.lists(st.sampled_from(["good", "good", "dent", "crack"]), min_size=1, max_size=5)
names = st.text("abcxyz0189-_", min_size=1, max_size=6)
# Of ten items, half leave the five that training and validation need.
tables = st.dictionaries(names, labels, min_size=10, max_size=20).map(table_of)


def kind(rows):
    """Return what items are alike in: labels, number of defects, number of images."""
    return tuple(sorted(set(rows["label"]))), int((rows["label"] != "good").sum()), len(rows)


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


@quick
@given(tables)
def test_items_of_a_kind_are_spread_evenly_over_the_folds(table):
    kinds = {group: kind(rows) for group, rows in table.groupby("group")}
    parts = [Counter(kinds[group] for group in groups) for groups in groups_tested(table, 5)]
    for one in set(kinds.values()):
        numbers = [part[one] for part in parts]
        assert max(numbers) - min(numbers) <= 1, one
    sizes = [sum(part.values()) for part in parts]
    assert max(sizes) - min(sizes) <= 1


@quick
@given(tables)
def test_validation_is_a_fifth_of_what_is_not_tested(table):
    split = assign(table)
    items = split.groupby("group")["split"].first().value_counts()
    assert items["val"] == -(-(items["val"] + items["train"]) // 5)


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
