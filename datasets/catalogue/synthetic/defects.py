"""Defects: changes of grey levels whose extent is known to the pixel.

A defect is a function of a random stream, the clean image and a contrast in grey levels. It returns the change to
add, (H, W) grey levels. To add a defect, write one function.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import RandomState

from .integers import (
    ONE,
    PIXEL,
    TURN,
    Field,
    Shape,
    blur,
    bump,
    deviation,
    noise,
    pick,
    pixels,
    steps,
    stroke,
    walk,
)

# Smaller changes, in grey levels, are dropped from image and mask alike: soft edges end where nobody sees them.
LEAST_CHANGE = 2
# Percentage of defects that are nearly invisible.
FAINT = 15

Defect = Callable[[RandomState, Field, int], Field]
DEFECTS: dict[str, Defect] = {}


def defect(change: Defect) -> Defect:
    """Register the decorated function under its name, written with hyphens."""
    DEFECTS[change.__name__.replace("_", "-")] = change
    return change


def add_defect(kind: str, random: RandomState, clean: Field) -> tuple[Field, Field]:
    """Draw a defect on a clean image.

    Returns:
        The image, (H, W) grey levels from 0 to 255, and its mask, (H, W) of 0 and 255, which marks exactly the
        pixels whose grey level the defect changed.
    """
    change = DEFECTS[kind](random, clean, draw_contrast(random, clean))
    change = np.where(abs(change) < LEAST_CHANGE, 0, change)
    image = np.clip(clean + change, 0, 255)
    return image, np.where(image != clean, 255, 0)


def draw_contrast(random: RandomState, clean: Field) -> int:
    """Draw a contrast in grey levels: a multiple of the texture's own, so that no surface is easier than others."""
    rough = deviation((clean - blur(clean, 3, 3)) * ONE)
    percent = pick(random, 90, 160) if pick(random, 1, 100) <= FAINT else pick(random, 320, 850)
    return min(100, max(4 * LEAST_CHANGE, (rough + 4 * ONE) * percent // (100 * ONE)))


def sign(random: RandomState) -> int:
    """Draw 1 (brighter) or -1 (darker)."""
    return 1 - 2 * pick(random, 0, 1)


def place(random: RandomState, shape: Shape) -> tuple[int, int]:
    """Draw a row and a column in the middle two thirds of the image, in `PIXEL` steps."""
    row, column = (pick(random, side * PIXEL // 6, side * PIXEL * 5 // 6) for side in shape)
    return row, column


def at_least(change: Field, region: Field, side: int) -> Field:
    """Return `change` within `region`, and changes that are too small raised to the least one, with the sign `side`."""
    small = abs(change) < LEAST_CHANGE
    return np.where(region > 0, np.where(small, side * LEAST_CHANGE, change), 0)


@defect
def scratch(random: RandomState, clean: Field, contrast: int) -> Field:
    """A thin bent line, bright or dark, that thins out towards its ends."""
    shape = clean.shape
    row, column = place(random, shape)
    length = steps(shape, pick(random, 400, 900)) // PIXEL + 4
    bend = steps(shape, 10)
    turns = pick(random, -6, 6) * PIXEL + random.randint(-8, 9, size=length, dtype=np.int64) * 8
    headings = pick(random, 0, TURN - 1) + np.cumsum(turns) // bend
    forward, backward = headings[length // 2 :], headings[: length // 2][::-1] + TURN // 2
    ahead, behind = walk(row, column, forward, PIXEL), walk(row, column, backward, PIXEL)
    rows, columns = (np.concatenate(pair) for pair in zip(behind, ahead, strict=True))
    thick = max(PIXEL // 2, steps(shape, pick(random, 6, 12)))
    along = np.concatenate([np.arange(len(backward)), np.arange(len(forward))]).astype(np.int64)
    radii = thick * (ONE - along * 150 // length) // ONE
    return sign(random) * contrast * stroke(shape, rows, columns, radii) // ONE


@defect
def pit(random: RandomState, clean: Field, contrast: int) -> Field:
    """A few round holes, dark inside and brighter on the side that faces the light."""
    shape = clean.shape
    row, column = place(random, shape)
    apart = steps(shape, 160)
    change = np.zeros(shape, np.int64)
    for _ in range(pick(random, 1, 5)):
        radius = max(PIXEL, steps(shape, pick(random, 22, 52)))
        centre = np.array([[row], [column]], np.int64)
        size = np.array([radius], np.int64)
        hole = stroke(shape, centre[0], centre[1], size)
        unlit = centre - radius // 3
        shadow = stroke(shape, unlit[0], unlit[1], size * 7 // 8)
        rim = contrast * np.maximum(hole - shadow, 0) // (2 * ONE)
        shade = at_least(rim - contrast * np.minimum(hole, shadow) // ONE, hole, -1)
        change = np.where(hole > 0, shade, change)
        row, column = row + pick(random, -apart, apart), column + pick(random, -apart, apart)
    return change


@defect
def crack(random: RandomState, clean: Field, contrast: int) -> Field:
    """A dark jagged line with branches."""
    shape = clean.shape
    row, column = place(random, shape)
    heading, length = pick(random, 0, TURN - 1), steps(shape, pick(random, 300, 600)) // PIXEL + 4
    thick = max(PIXEL // 2, steps(shape, pick(random, 6, 12)))
    cover = np.zeros(shape, np.int64)
    for branch in range(pick(random, 3, 5)):
        rows, columns = jagged(random, (row, column), heading, length, pixels(shape, 40))
        radii = thick * (ONE - np.arange(length, dtype=np.int64) * 140 // length) // ONE
        cover = np.maximum(cover, stroke(shape, rows, columns, radii))
        if branch == 0:
            trunk = rows, columns
            length = max(2, length // 2)
        fork = pick(random, 0, len(trunk[0]) * 3 // 4)
        row, column = int(trunk[0][fork]), int(trunk[1][fork])
        heading += sign(random) * pick(random, TURN // 12, TURN // 5)
    return -contrast * cover // ONE


def jagged(
    random: RandomState, start: tuple[int, int], heading: int, length: int, straight: int
) -> tuple[Field, Field]:
    """Walk `length` pixels in pieces of `straight` pixels, each with its own heading near `heading`."""
    count = length // straight + 1
    bits = heading + random.randint(-TURN // 7, TURN // 7 + 1, size=count, dtype=np.int64)
    return walk(*start, np.repeat(bits, straight)[:length], PIXEL)


@defect
def stain(random: RandomState, clean: Field, contrast: int) -> Field:
    """A blot of changed brightness with an uneven, soft edge."""
    shape = clean.shape
    down, right = (steps(shape, pick(random, 110, 210)) for _ in range(2))
    soft = pixels(shape, 30)
    uneven = np.clip(noise(random, shape, soft, soft), -2 * ONE, 2 * ONE)
    blob = bump(shape, *place(random, shape), down, right) * (ONE + uneven // 4) // ONE
    cover: Field = np.clip(3 * blob - ONE // 2, 0, ONE)
    return sign(random) * contrast * cover * 5 // (6 * ONE)


@defect
def missing_edge(random: RandomState, clean: Field, contrast: int) -> Field:
    """A piece missing at one border: the texture ends there, and the background is darker or brighter."""
    turns = pick(random, 0, 3)
    change = np.rot90(bite(random, np.rot90(clean, turns), contrast), -turns)
    return np.ascontiguousarray(change)


def bite(random: RandomState, clean: Field, contrast: int) -> Field:
    """Take a piece out of the upper border of `clean`."""
    height, width = clean.shape
    wide, deep = steps(clean.shape, pick(random, 120, 260)), steps(clean.shape, pick(random, 70, 160))
    centre = pick(random, width * PIXEL // 5, width * PIXEL * 4 // 5)
    columns = np.arange(width, dtype=np.int64) * PIXEL + PIXEL // 2
    depth = deep * np.maximum(0, ONE - (columns - centre) ** 2 * ONE // wide**2) // ONE
    ragged = np.clip(noise(random, (1, width), 0, pixels(clean.shape, 10))[0], -2 * ONE, 2 * ONE)
    depth = np.where(depth > 0, depth + ragged * min(deep, 4 * PIXEL) // (3 * ONE), 0)
    rows = np.arange(height, dtype=np.int64)[:, None] * PIXEL
    region = (rows < depth).astype(np.int64)
    side = sign(random)
    level = int((clean * region).sum()) // max(1, int(region.sum())) + side * contrast
    behind = level + 2 * noise(random, clean.shape) // ONE
    return at_least(np.clip(behind, 0, 255) - clean, region, side)
