"""The readings of the papers' open questions: one name for each question, and what its answers do.

A reading stands among the options of a spec, ``ra-cam@50[percentile=layer]``; without one the first answer holds.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """A question that the papers leave open.

    Attributes:
        question: what is asked.
        answers: what can be answered; the first is the default.
        rules: the gradient rules that it is about, one of which a spec must have; empty: any spec has it.
        fuses: the ways of fusing that the other answers go with; empty: any.
    """

    question: str
    answers: tuple[str, ...]
    rules: tuple[str, ...] = ()
    fuses: tuple[str, ...] = ()

    @property
    def default(self) -> str:
        """Return the answer of a spec that names none."""
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
"""``prepared`` matters where maps are divided by their range, ``relu`` where they are added."""
