"""Drawing with integers only, so that every machine draws the same pixels.

Sines, exponentials and sums of floats differ in their last bits between processors and library versions; int64 sums,
products and floor divisions do not. Fractions are therefore fixed-point numbers:

* `ONE` stands for 1 in coverages, sines and brightness;
* positions and radii count steps, `PIXEL` of which are one pixel;
* angles count steps, `TURN` of which are a full turn.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.random import RandomState

Field = NDArray[np.int64]
Shape = tuple[int, int]

ONE = 256
PIXEL = 16
TURN = 1024


def pick(random: RandomState, low: int, high: int) -> int:
    """Draw an integer from `low` to `high`, both included."""
    return int(random.randint(low, high + 1, dtype=np.int64))


def steps(shape: Shape, tenths: int) -> int:
    """Return a length that grows with the image, in `PIXEL` steps, at least 1.

    Args:
        shape: (height, width) in pixels.
        tenths: the length in tenths of a pixel on an image of 128 x 128.
    """
    # With the root of the area, defects keep their share of the image; the limit lets a narrow strip hold them.
    side = min(math.isqrt(shape[0] * shape[1]), 2 * min(shape))
    return max(1, side * PIXEL * tenths // 1280)


def pixels(shape: Shape, tenths: int) -> int:
    """Return the length of `steps` rounded down to pixels, at least 1."""
    return max(1, steps(shape, tenths) // PIXEL)


def grid(shape: Shape) -> tuple[Field, Field]:
    """Return the rows (H, 1) and columns (1, W) of all pixel centres, in `PIXEL` steps."""
    rows, columns = (np.arange(length, dtype=np.int64) * PIXEL + PIXEL // 2 for length in shape)
    return rows[:, None], columns[None, :]


def sine(angle: Field) -> Field:
    """Return the sine of angles in `TURN` steps, made of parabolas, from -`ONE` to `ONE`."""
    half = TURN // 2
    part = angle % half
    arch = part * (half - part) * ONE // (half * half // 4)
    return np.where(angle % TURN < half, arch, -arch)


def direction(angle: int) -> tuple[int, int]:
    """Return the (down, right) components of a heading in `TURN` steps, each from -`ONE` to `ONE`."""
    down, right = sine(np.array([angle, angle + TURN // 4], dtype=np.int64)).tolist()
    return int(down), int(right)


def blur(field: Field, down: int, right: int) -> Field:
    """Return `field` averaged three times over boxes that reach `down` rows and `right` columns to each side."""
    for axis, radius in ((0, down), (1, right)):
        width = 2 * radius + 1
        margin = [(0, 0), (0, 0)]
        margin[axis] = (radius + 1, radius)
        for _ in range(3 if radius else 0):
            total = np.cumsum(np.pad(field, margin, mode="symmetric"), axis=axis)
            length = total.shape[axis]
            ends = np.take(total, np.arange(width, length), axis=axis)
            field = (ends - np.take(total, np.arange(length - width), axis=axis)) // width
    return field


def deviation(field: Field) -> int:
    """Return the standard deviation of `field`, rounded down."""
    centred = field - int(field.sum()) // field.size
    return math.isqrt(int((centred * centred).sum()) // field.size)


def standard(field: Field) -> Field:
    """Return `field` with mean 0 and standard deviation `ONE`, up to rounding."""
    return (field - int(field.sum()) // field.size) * ONE // max(1, deviation(field))


def noise(random: RandomState, shape: Shape, down: int = 0, right: int = 0) -> Field:
    """Draw nearly normal noise, blurred by `down` and `right` pixels, of mean 0 and standard deviation `ONE`."""
    draws = random.randint(0, 1 << 32, size=shape, dtype=np.int64)
    total = sum((draws >> shift & 255 for shift in (0, 8, 16, 24)), start=np.zeros(shape, np.int64))
    return standard(blur(total * 1024, down, right))


def bump(shape: Shape, row: int, column: int, down: int, right: int) -> Field:
    """Return a soft ellipse, `ONE` at its centre and 0 from its radii on; place and radii are in `PIXEL` steps."""
    rows, columns = grid(shape)
    away = (rows - row) ** 2 * ONE // down**2 + (columns - column) ** 2 * ONE // right**2
    near: Field = np.maximum(ONE - away, 0)
    return near * near // ONE


def stroke(shape: Shape, rows: Field, columns: Field, radii: Field) -> Field:
    """Return the coverage of a chain of disks, 0 to `ONE`, with edges one pixel soft.

    Args:
        shape: (height, width) in pixels.
        rows: rows of the disks' centres, (N,), in `PIXEL` steps; what lies outside the image is not drawn.
        columns: their columns, (N,), in `PIXEL` steps.
        radii: their radii, (N,), in `PIXEL` steps.
    """
    reach = int(radii.max()) // PIXEL + 2
    window = np.arange(-reach, reach + 1, dtype=np.int64)
    centre_row, centre_column, radius = (values[:, None, None] for values in (rows, columns, radii))
    row, column = np.broadcast_arrays(centre_row // PIXEL + window[:, None], centre_column // PIXEL + window[None, :])
    away = (row * PIXEL + PIXEL // 2 - centre_row) ** 2 + (column * PIXEL + PIXEL // 2 - centre_column) ** 2
    outer, inner = (radius + PIXEL // 2) ** 2, np.maximum(radius - PIXEL // 2, 0) ** 2
    cover = np.clip((outer - away) * ONE // (outer - inner), 0, ONE)
    inside = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
    field = np.zeros(shape, np.int64)
    np.maximum.at(field, (row[inside], column[inside]), cover[inside])
    return field


def walk(row: int, column: int, headings: Field, step: int) -> tuple[Field, Field]:
    """Return the rows and columns, (N,), of a walk that takes one `step` along each of N headings."""
    down, right = sine(headings), sine(headings + TURN // 4)
    return row + np.cumsum(down * step) // ONE, column + np.cumsum(right * step) // ONE


def segment(shape: Shape, row: int, column: int, heading: int, length: int, radius: int) -> Field:
    """Return the coverage of a straight line that starts at (row, column), 0 to `ONE`."""
    headings = np.full(max(1, length // PIXEL), heading, np.int64)
    rows, columns = walk(row, column, headings, PIXEL)
    return stroke(shape, rows, columns, np.full_like(rows, radius))
