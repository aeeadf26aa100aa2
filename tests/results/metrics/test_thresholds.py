"""Threshold policies, against OpenCV and against loops over thresholds in exact arithmetic."""

from fractions import Fraction
from itertools import product

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from results.errors import ResultError
from results.metrics.thresholds import (
    ThresholdPolicy,
    best_common,
    fixed,
    otsu,
    parse_policy,
    percentile,
    thresholds,
)

POLICIES = ["otsu", "fixed:0.5", "percentile:95", "oracle", "tuned"]


def histogram_of(pairs):
    histogram = np.zeros(256, dtype=np.int64)
    for level, pixels in pairs:
        histogram[level] += pixels
    return histogram


few_levels = st.lists(
    st.tuples(st.integers(0, 255), st.integers(1, 50)), min_size=1, max_size=6, unique_by=lambda pair: pair[0]
).map(histogram_of)
many_levels = st.lists(st.tuples(st.integers(0, 255), st.integers(1, 9)), min_size=1, max_size=120).map(histogram_of)
histograms = few_levels | many_levels


def opencv_threshold(histogram):
    pixels = np.repeat(np.arange(256, dtype=np.uint8), histogram)
    return int(cv2.threshold(pixels[None], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0])


def decisions(histogram, threshold):
    """The decision on every level that occurs."""
    return [level > threshold for level in np.flatnonzero(histogram)]


def between_class_variance(histogram, threshold):
    """Otsu's criterion from its definition, exactly."""
    levels = [Fraction(int(level)) for level in np.repeat(np.arange(256), histogram)]
    lower, upper = [v for v in levels if v <= threshold], [v for v in levels if v > threshold]
    if not lower or not upper:
        return Fraction(0)
    gap = sum(lower) / len(lower) - sum(upper) / len(upper)
    return Fraction(len(lower) * len(upper), len(levels) ** 2) * gap**2


def assert_as_opencv(batch):
    for histogram, threshold in zip(batch, otsu(np.array(batch)), strict=True):
        reference = opencv_threshold(histogram)
        if decisions(histogram, threshold) != decisions(histogram, reference):
            # Only between equally good splits, where OpenCV goes by its rounding and we take the lower.
            assert between_class_variance(histogram, threshold) == between_class_variance(histogram, reference)
            assert threshold < reference


def test_otsu_decides_as_opencv_on_random_histograms():
    random = np.random.default_rng(0)
    assert_as_opencv([random.integers(0, high, 256) for high in (2, 5, 50, 500) for _ in range(25)])


def test_otsu_decides_as_opencv_on_two_humps():
    random = np.random.default_rng(1)
    batch = []
    for _ in range(60):
        centres, widths = random.uniform(0, 255, 2), random.uniform(1, 40, 2)
        sizes = random.integers(10, 20_000, 2)
        pixels = np.concatenate([random.normal(*hump) for hump in zip(centres, widths, sizes, strict=True)])
        batch.append(np.bincount(pixels.clip(0, 255).astype(int), minlength=256))
    assert_as_opencv(batch)


def test_otsu_decides_as_opencv_on_few_levels_and_ties():
    batch = [
        [(0, 1), (255, 1)],
        [(0, 5), (1, 5), (2, 5)],
        [(0, 3), (100, 3), (200, 3)],
        [(10, 7), (20, 7), (30, 7), (40, 7)],
        [(0, 1000), (254, 1), (255, 1)],
        [(0, 1), (1, 100_000)],
        [(3, 1), (77, 4), (151, 4), (225, 1)],
    ]
    assert_as_opencv([histogram_of(pairs) for pairs in batch])


@pytest.mark.parametrize("levels", [(0, 1, 2), (0, 100, 200), (5, 60, 115)])
def test_otsu_takes_the_lowest_of_equally_good_thresholds(levels):
    for side, middle in product(range(1, 9), repeat=2):
        histogram = histogram_of(zip(levels, (side, middle, side), strict=True))
        assert otsu(histogram[None]).tolist() == [levels[0]]


@pytest.mark.parametrize("level", [0, 1, 100, 255])
def test_otsu_decides_as_opencv_on_one_level(level):
    assert_as_opencv([histogram_of([(level, 40)])])


@settings(deadline=None, max_examples=150)
@given(st.lists(histograms, min_size=1, max_size=4))
def test_otsu_decides_as_opencv(batch):
    assert_as_opencv(batch)


@settings(deadline=None, max_examples=25)
@given(few_levels)
def test_otsu_maximises_the_variance_between_classes(histogram):
    best = max(between_class_variance(histogram, t) for t in np.flatnonzero(histogram))
    chosen = between_class_variance(histogram, otsu(histogram[None])[0])
    assert float(chosen) == pytest.approx(float(best), rel=1e-9)


@settings(deadline=None, max_examples=50)
@given(histograms, st.integers(2, 1000))
def test_otsu_does_not_see_the_size_of_the_image(histogram, times):
    first, second = otsu(np.stack([histogram, histogram * times]))
    criteria = [between_class_variance(histogram, t) for t in (first, second)]
    assert float(criteria[0]) == pytest.approx(float(criteria[1]), rel=1e-9)


@settings(deadline=None, max_examples=50)
@given(few_levels, st.integers(1, 100))
def test_otsu_decides_alike_when_all_levels_move(histogram, shift):
    top = np.flatnonzero(histogram).max()
    assume(top + shift <= 255 and np.count_nonzero(histogram) > 1)
    moved = np.roll(histogram, shift)
    first, second = otsu(np.stack([histogram, moved]))
    # Criteria and not thresholds are compared: exact ties may fall either way once rounding differs.
    criteria = between_class_variance(histogram, first), between_class_variance(histogram, second - shift)
    assert float(criteria[0]) == pytest.approx(float(criteria[1]), rel=1e-9)


@settings(deadline=None)
@given(st.integers(1, 10_000))
def test_fixed_marks_levels_from_255_times_the_value(ten_thousandths):
    value = ten_thousandths / 10_000
    edge = 255 * Fraction(ten_thousandths, 10_000)
    marked = [level > fixed(value) for level in range(256)]
    assert marked == [level >= edge for level in range(256)]


@pytest.mark.parametrize(("value", "threshold"), [(0.5, 127), (0.2, 50), (1, 254), (1e-9, 0), (0.6, 152)])
def test_fixed_thresholds_by_hand(value, threshold):
    assert fixed(value) == threshold


@settings(deadline=None, max_examples=80)
@given(histograms, st.integers(1, 999))
def test_percentile_is_the_smallest_threshold_that_leaves_enough_pixels(histogram, tenths):
    pixels = sorted(np.repeat(np.arange(256), histogram))
    needed = Fraction(tenths, 1000) * len(pixels)
    expected = next(t for t in range(256) if sum(level <= t for level in pixels) >= needed)
    assert percentile(histogram[None], tenths / 10).tolist() == [expected]


def test_percentile_counts_exactly_where_floats_do_not():
    histogram = histogram_of([(10, 161), (20, 839)])
    assert 16.1 * 1000 / 100 > 161  # the float product asks for one pixel too many
    assert percentile(histogram[None], 16.1).tolist() == [10]


def pooled_iou(defect, other, threshold):
    levels = np.arange(256) > threshold
    hits, false = int(defect[:, levels].sum()), int(other[:, levels].sum())
    return Fraction(hits, int(defect.sum()) + false)


batches = (
    st.integers(1, 4)
    .flatmap(
        lambda n: st.tuples(st.lists(histograms, min_size=n, max_size=n), st.lists(histograms, min_size=n, max_size=n))
    )
    .map(lambda pair: (np.array(pair[0]), np.array(pair[1])))
)


@settings(deadline=None, max_examples=60)
@given(batches)
def test_best_common_is_the_first_best_of_all_thresholds(batch):
    values = [pooled_iou(*batch, t) for t in range(256)]
    assert best_common(*batch) == values.index(max(values))


def test_best_common_marks_nothing_where_nothing_is_defective():
    other = histogram_of([(0, 5), (255, 5)])[None]
    assert best_common(np.zeros_like(other), other) == 255


@settings(deadline=None, max_examples=40)
@given(batches, st.sampled_from(["otsu", "fixed:0.3", "percentile:90"]))
def test_the_oracle_is_at_least_as_good_as_every_common_threshold(batch, text):
    oracle = thresholds(parse_policy("oracle"), *batch)
    assert len(set(oracle.tolist())) == 1
    best = pooled_iou(*batch, oracle[0])
    for other in thresholds(parse_policy(text), *batch):
        assert best >= pooled_iou(*batch, other)


def test_the_oracle_is_chosen_on_defective_images_alone():
    defect = np.stack([histogram_of([(100, 10)]), histogram_of([])])
    other = np.stack([histogram_of([(50, 90)]), histogram_of([(200, 100)])])
    assert thresholds(parse_policy("oracle"), defect, other).tolist() == [50, 50]
    assert best_common(defect, other) == 50
    # With something to find above the defect-free image's pixels, these would move a pooled threshold.
    defect[0] = histogram_of([(100, 10), (250, 9)])
    assert best_common(defect, other) == 200
    assert thresholds(parse_policy("oracle"), defect, other).tolist() == [50, 50]


def test_the_tuned_threshold_is_the_validation_images_oracle():
    defect, other = histogram_of([(100, 10)])[None], histogram_of([(50, 90)])[None]
    validation = (histogram_of([(180, 4)])[None], histogram_of([(170, 30)])[None])
    tuned = thresholds(parse_policy("tuned"), np.repeat(defect, 3, 0), np.repeat(other, 3, 0), validation=validation)
    assert tuned.tolist() == [170, 170, 170]


def test_a_tuned_threshold_needs_validation_images():
    histogram = histogram_of([(1, 5)])[None]
    with pytest.raises(ResultError, match=r"needs validation images.*otsu"):
        thresholds(parse_policy("tuned"), histogram, histogram)


def test_a_tuned_threshold_needs_defect_pixels():
    histogram = histogram_of([(1, 5)])[None]
    with pytest.raises(ResultError, match=r"no validation image has defect pixels.*another split"):
        thresholds(parse_policy("tuned"), histogram, histogram, validation=(0 * histogram, histogram))


@pytest.mark.parametrize("text", POLICIES)
def test_every_policy_gives_one_threshold_an_image(text):
    random = np.random.default_rng(2)
    batch = random.integers(0, 20, (2, 7, 256))
    chosen = thresholds(parse_policy(text), *batch, validation=(batch[0], batch[1]))
    assert chosen.shape == (7,)
    assert chosen.dtype == np.int64
    assert ((chosen >= 0) & (chosen <= 255)).all()


@pytest.mark.parametrize("text", POLICIES)
def test_a_map_that_is_all_at_level_0_is_never_marked(text):
    nothing = histogram_of([(0, 30)])[None]
    chosen = thresholds(parse_policy(text), nothing, nothing, validation=(nothing, nothing))
    assert (chosen >= 0).all()


def test_thresholds_use_defect_and_other_pixels_together():
    defect, other = histogram_of([(200, 10)])[None], histogram_of([(20, 90)])[None]
    assert thresholds(parse_policy("otsu"), defect, other) == otsu(defect + other)
    assert thresholds(parse_policy("percentile:90"), defect, other).tolist() == [20]
    assert thresholds(parse_policy("percentile:91"), defect, other).tolist() == [200]
    assert thresholds(parse_policy("fixed:0.5"), defect, other).tolist() == [127]


GOOD = np.ones((2, 256), dtype=np.int64)


@pytest.mark.parametrize(
    ("defect", "other", "message"),
    [
        (GOOD[:, :255], GOOD[:, :255], r"\(N, 256\) integers"),
        (GOOD[0], GOOD[0], r"\(N, 256\) integers"),
        (GOOD / 2, GOOD, r"\(N, 256\) integers"),
        (GOOD, GOOD[:1], "do not belong together"),
        (GOOD, -GOOD, "negative"),
        (0 * GOOD, 0 * GOOD, "histograms of image 0 are empty.*level 0"),
    ],
)
def test_malformed_histograms_are_refused(defect, other, message):
    with pytest.raises(ResultError, match=message):
        thresholds(ThresholdPolicy("otsu"), defect, other)
