"""Scored readings, for the tests of their table and their figure."""

import math

from results.studies.reading_scores import Asked, Scored

DEFAULT = Asked("ra-cam@50", (), "ra-cam@50", "default")


def scored(answers=(), val=0.2, over="defective images", method="ra-cam@50", **changes):
    asked = Asked(method, answers, "spec", "default", over)
    known = {"train": 0.1, "val": val, "low": val - 0.05, "high": val + 0.05, "test": math.nan}
    return Scored(asked, **(known | {"chosen": False, "published": math.nan} | changes))


ROWS = [
    scored(test=0.15, published=0.252),
    scored((("fusing", "gmean"),), 0.3, test=0.25, chosen=True),
    scored((("fusing", "product"),), 0.05),
    scored((("layers", "last"),), 0.18),
    scored((("counted over", "all images"),), 0.02, "all images", train=math.nan, low=math.nan, high=math.nan),
    scored(method="lt-grad-cam@50", val=0.1, test=0.09, chosen=True),
]
