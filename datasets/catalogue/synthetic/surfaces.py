"""Surfaces without a defect: a texture, the light on it, and harmless marks.

A surface is a function of two random streams, the item's and the image's. What all images of an item share (its
grain, its weave) is drawn from the first, which starts afresh for each of them; what differs between them (the piece
that is seen, the light) is drawn from the second. To add a surface, write one function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState

from .integers import (
    ONE,
    PIXEL,
    TURN,
    Field,
    Shape,
    bump,
    direction,
    grid,
    noise,
    pick,
    pixels,
    segment,
    sine,
    standard,
    steps,
)

# Grey levels of a clean image. They leave room for a defect to change every pixel that it covers.
DARKEST, BRIGHTEST = 12, 243

Texture = Callable[[RandomState, RandomState, Shape], Field]
Mark = Callable[[RandomState, Shape], Field]


@dataclass(frozen=True)
class Surface:
    """A kind of surface.

    Attributes:
        texture: from (item's stream, image's stream, shape) to a field of mean 0 and standard deviation `ONE`.
        contrast: least and largest standard deviation of the texture in grey levels.
        mark: from (image's stream, shape) to the coverage of a harmless mark, from -`ONE` to `ONE`.
    """

    texture: Texture
    contrast: tuple[int, int]
    mark: Mark


SURFACES: dict[str, Surface] = {}


def surface(contrast: tuple[int, int], mark: Mark) -> Callable[[Texture], Texture]:
    """Register the decorated texture under the name of its function."""

    def register(texture: Texture) -> Texture:
        SURFACES[texture.__name__] = Surface(texture, contrast, mark)
        return texture

    return register


def render(kind: str, item: RandomState, image: RandomState, shape: Shape) -> Field:
    """Draw one clean image: (H, W) grey levels from `DARKEST` to `BRIGHTEST`."""
    chosen = SURFACES[kind]
    brightness, contrast = pick(item, 85, 165), pick(item, *chosen.contrast)
    values = contrast * chosen.texture(item, image, shape)
    for _ in range(pick(image, 0, 2)):
        values += pick(image, 10, 28) * (1 - 2 * pick(image, 0, 1)) * chosen.mark(image, shape)
    values += (brightness + pick(image, -12, 12)) * light(image, shape)
    values += (pick(image, 10, 30) * noise(image, shape)) // 10
    grey: Field = np.clip(values // ONE, DARKEST, BRIGHTEST)
    return grey


def light(image: RandomState, shape: Shape) -> Field:
    """Draw the light, a gain of about `ONE`: a gradient, darker corners and soft patches."""
    rows, columns = grid(shape)
    height, width = shape[0] * PIXEL, shape[1] * PIXEL
    row, column = (2 * rows - height) * ONE // height, (2 * columns - width) * ONE // width
    down, right = direction(pick(image, 0, TURN - 1))
    slope = (row * down + column * right) // ONE
    corner = (row * row + column * column) // ONE
    gain: Field = ONE + (slope * pick(image, 0, 22) - corner * pick(image, 0, 15)) // 100
    for _ in range(pick(image, 0, 3)):
        patch = bump(
            shape,
            pick(image, 0, height),
            pick(image, 0, width),
            steps(shape, pick(image, 250, 600)),
            steps(shape, pick(image, 250, 600)),
        )
        gain += patch * pick(image, -12, 12) // 100
    return gain


def machining_line(image: RandomState, shape: Shape) -> Field:
    """Draw a straight line along a row or a column, from border to border."""
    along = pick(image, 0, 1)
    height, width = shape[0] * PIXEL, shape[1] * PIXEL
    radius = steps(shape, pick(image, 4, 9))
    if along:
        return segment(shape, pick(image, 0, height), 0, 0, width, radius)
    return segment(shape, 0, pick(image, 0, width), TURN // 4, height, radius)


def printed_mark(image: RandomState, shape: Shape) -> Field:
    """Draw a small printed cross with arms along the rows and columns."""
    length, radius = steps(shape, pick(image, 100, 180)), steps(shape, pick(image, 6, 10))
    row, column = (pick(image, 0, side * PIXEL) for side in shape)
    across = segment(shape, row, column - length // 2, 0, length, radius)
    return np.maximum(across, segment(shape, row - length // 2, column, TURN // 4, length, radius))


def cast_ring(image: RandomState, shape: Shape) -> Field:
    """Draw the raised ring that an ejector pin leaves."""
    row, column = (pick(image, 0, side * PIXEL) for side in shape)
    radius, width = steps(shape, pick(image, 90, 150)), steps(shape, 16)
    rows, columns = grid(shape)
    away = (rows - row) ** 2 + (columns - column) ** 2
    inner, outer = (radius - width) ** 2, (radius + width) ** 2
    middle = (inner + outer) // 2
    ring: Field = np.maximum(0, ONE - abs(away - middle) * ONE // (outer - middle))
    return ring


def relief(image: RandomState, shape: Shape, grain: int, right: int) -> Field:
    """Draw bumps of `grain` pixels, lit from above, and from the side by `right` pixels."""
    height, width = shape
    bumps = noise(image, (height + grain, width + right), grain, grain)
    return standard(bumps[grain:, right:] - bumps[:height, :width])


@surface(contrast=(7, 15), mark=machining_line)
def brushed(item: RandomState, image: RandomState, shape: Shape) -> Field:
    """Metal brushed in one direction, slightly slanted."""
    length, slant, upright = pick(item, 120, 500), pick(item, -ONE // 6, ONE // 6), pick(item, 0, 1)
    height, width = shape[::-1] if upright else shape
    room = abs(slant) * width // ONE + 1
    tall = (height + room, width)
    fine = noise(image, tall, 0, pixels(shape, length // 3))
    coarse = noise(image, tall, pixels(shape, 8), pixels(shape, length))
    streaks = fine + coarse
    column = np.arange(width, dtype=np.int64)[None, :]
    row = np.arange(height, dtype=np.int64)[:, None] + (room if slant < 0 else 0) + column * slant // ONE
    field = streaks[np.clip(row, 0, tall[0] - 1), column]
    return standard(field.T if upright else field)


@surface(contrast=(6, 13), mark=cast_ring)
def cast(item: RandomState, image: RandomState, shape: Shape) -> Field:
    """Sand-cast metal: bumps of two sizes lit from one side."""
    grain, coarseness = pixels(shape, pick(item, 10, 22)), pick(item, 30, 80)
    return standard(relief(image, shape, grain, grain) + noise(image, shape, 3 * grain, 3 * grain) * coarseness // 100)


@surface(contrast=(9, 20), mark=machining_line)
def woven(item: RandomState, image: RandomState, shape: Shape) -> Field:
    """Cloth in plain weave: two sets of threads that pass over and under each other."""
    thread = max(3 * PIXEL, steps(shape, pick(item, 45, 90)))
    difference = pick(item, -60, 60)
    rows, columns = grid(shape)
    sway = steps(shape, 8)
    soft = pixels(shape, 120)
    down = rows + pick(image, 0, thread) + noise(image, shape, soft, soft) * sway // ONE
    right = columns + pick(image, 0, thread) + noise(image, shape, soft, soft) * sway // ONE
    half = TURN // 2
    weft, warp = abs(sine(down * half // thread)), abs(sine(right * half // thread))
    # A thread is brightest where it passes over the middle of another one.
    over = (down // thread + right // thread) % 2 == 0
    threads = np.where(over, weft + warp // 2 + difference, warp + weft // 2)
    return standard(standard(threads) + noise(image, shape) * 30 // 100)


@surface(contrast=(2, 6), mark=printed_mark)
def painted(item: RandomState, image: RandomState, shape: Shape) -> Field:
    """Paint with the fine dimples of orange peel."""
    grain = pixels(shape, pick(item, 12, 30))
    return relief(image, shape, grain, 0)


@surface(contrast=(6, 13), mark=machining_line)
def milled(item: RandomState, image: RandomState, shape: Shape) -> Field:
    """Metal milled in wide arcs."""
    height, width = shape[0] * PIXEL, shape[1] * PIXEL
    pitch, far = steps(shape, pick(item, 35, 70)), 2 * max(height, width)
    down, right = direction(pick(item, 0, TURN - 1))
    row = height // 2 + far * down // ONE + pick(image, -height, height) // 2
    column = width // 2 + far * right // ONE + pick(image, -width, width) // 2
    rows, columns = grid(shape)
    # Squared distance over twice the radius grows like the distance itself, far from the centre.
    away = ((rows - row) ** 2 + (columns - column) ** 2) // (2 * far)
    soft = pixels(shape, 60)
    groove = away + noise(image, shape, soft, soft) * pitch // (12 * ONE)
    depth = image.randint(ONE // 4, ONE, size=64, dtype=np.int64)
    grooves = sine(groove * TURN // pitch) * depth[groove // pitch % 64]
    return standard(standard(grooves) + noise(image, shape) * 50 // 100)
