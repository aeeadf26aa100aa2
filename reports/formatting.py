"""Numbers as all reports write them: in percent, in percentage points, with intervals; a dash where undefined."""

from __future__ import annotations

import math

UNDEFINED = "–"
"""Stands for a number that is undefined or unknown."""

Interval = tuple[float, float]
"""The lower and the upper end of an interval."""


def number(value: float | None, digits: int) -> str:
    """Return `value` with `digits` decimals.

    >>> number(3.14159, 2), number(None, 2)
    ('3.14', '–')
    """
    return UNDEFINED if value is None or math.isnan(value) else f"{value:.{digits}f}"


def percent(share: float, digits: int = 2, *, spread: float | None = None) -> str:
    """Return a share, 0 to 1, in percent, with the standard deviation over seeds if there is one.

    >>> percent(0.1234), percent(0.1234, spread=0.0056), percent(math.nan)
    ('12.34', '12.34 ±0.56', '–')
    """
    text = number(100 * share, digits)
    return text if spread is None or math.isnan(share) else f"{text} ±{100 * spread:.{digits}f}"


def points(difference: float, interval: Interval | None = None) -> str:
    """Return a difference of two shares in percentage points, with its sign and, if there is one, its interval.

    >>> points(0.0123), points(-0.00001), points(0.05, (-0.01, 0.11))
    ('+1.23', '+0.00', '+5.00 [-1.00, +11.00]')
    """
    # What rounds to zero has no minus sign.
    text = f"{round(100 * difference, 2) + 0.0:+.2f}"
    return text if interval is None else f"{text} [{points(interval[0])}, {points(interval[1])}]"


def bracketed(interval: Interval | None, digits: int = 2) -> str:
    """Return an interval of shares in percent; nothing where there is none.

    >>> bracketed((0.1, 0.25), digits=1), bracketed((math.nan, math.nan))
    ('[10.0, 25.0]', '')
    """
    if interval is None or math.isnan(interval[0]):
        return ""
    low, high = interval
    return f"[{percent(low, digits)}, {percent(high, digits)}]"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, whose plural is regular.

    >>> counted(1, "image"), counted(3, "seed")
    ('1 image', '3 seeds')
    """
    return f"{count} {noun}{'s' * (count != 1)}"


def masks_read(supervision: str) -> str:
    """Return, for the column "Masks", the split whose masks were used to choose something; ``none`` where none were.

    >>> masks_read("masks of validation"), masks_read("none")
    ('validation', 'none')
    """
    return supervision.removeprefix("masks of ")
