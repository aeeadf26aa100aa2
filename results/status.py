"""What can come of a method on an image."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """What came of one method on one image; the values are the texts that runs store.

    Attributes:
        OK: a heatmap with a range.
        EMPTY: a heatmap of zeros: the method sees no evidence of a defect, which on a good part is the right answer.
        CONSTANT: a heatmap with another value everywhere, which says nothing.
        NOT_FINITE: a heatmap with a pixel that is NaN or infinite, or with a range that float32 cannot hold.
        FAILED: no heatmap: the image could not be read, or the network or the method raised.
        NOT_APPLICABLE: no heatmap: the method is not defined for this network.
    """

    OK = "ok"
    EMPTY = "empty"
    CONSTANT = "constant"
    NOT_FINITE = "not finite"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"

    @property
    def has_map(self) -> bool:
        """Tell whether there is a heatmap, usable or not."""
        return self not in {Status.FAILED, Status.NOT_APPLICABLE}

    @property
    def usable(self) -> bool:
        """Tell whether there is a heatmap that answers where the defect is, be it nowhere."""
        return self in USABLE


USABLE = frozenset({Status.OK, Status.EMPTY})
