"""The questions that the papers leave open, and how they can be answered.

An answer stands among the options of a spec, as in ``ra-cam@50[percentile=layer]``; by default it is the first one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """A question that the papers leave open.

    Attributes:
        question: in words.
        answers: all possible answers; the first is the default.
        rules: gradient rules, of which a spec must have at least one for the question to arise; empty: no matter which.
        fuses: ways of fusing to which the other answers apply; empty: all.
    """

    question: str
    answers: tuple[str, ...]
    rules: tuple[str, ...] = ()
    fuses: tuple[str, ...] = ()

    @property
    def default(self) -> str:
        """The answer of a spec that names none."""
        return self.answers[0]


READINGS: dict[str, Reading] = {
    "percentile": Reading("over what is the percentile δ taken", ("map", "layer"), rules=("fgbp", "lt")),
    # LTGrad-CAM paper, eq. 11 as printed: the spatial mean of the whole gradient, at the positions that are kept.
    "kept": Reading("what does a kept position carry", ("value", "mean"), rules=("lt",)),
    # RA-CAM paper, eq. 5, is stated for ReLU: (A > 0).
    "slope": Reading("what takes the place of (A > 0) behind a leaky ReLU", ("own", "hard"), rules=("fgbp",)),
    # RA-CAM paper, eq. 5, prints R > δ, its eq. 6 and eq. 9 of the LTGrad-CAM paper >= δ.
    "equal": Reading(
        "what becomes of a gradient that equals the threshold of fgbp", ("kept", "dropped"), rules=("fgbp",)
    ),
    "corners": Reading("are the corners of a map those of the image", ("apart", "aligned")),
    "prepared": Reading("at what size is a layer's map normalised", ("input", "layer"), fuses=("minmax", "tanh")),
    "relu": Reading("where are negative values cut", ("layer", "sum", "none"), fuses=("sum", "minmax")),
}
"""By the name of the option; ``prepared`` matters only where maps are scaled, ``relu`` only where they are added."""
