"""The miniature world: draws pictures of things and labels them as flawed as ImageNet is.

The evaluation set and all training pictures come from here, by the same process, flaws included.
A picture is a pure function of (seed, split, number): every picture has a generator of its own,
spawned from the seed by split and number, so the splits share no stream and any picture can be
redrawn alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mini_classes import CLASSES, OUTSIDE, THINGS, lookalikes, same_as

SIZE: Final = 56  # pixels a side
FONT_NAME: Final = "NotoColorEmoji.ttf"  # found by Pillow in the system's font folders
FONT_SIZE: Final = 109  # the only size of its bitmaps

P_WRONG: Final = 0.08  # the label names something that is not in the picture
P_WRONG_IS_LOOKALIKE: Final = 0.8  # ... and mostly the same mistake: a look-alike
P_NONE: Final = 0.04  # only something outside the class list is shown
P_SECOND: Final = 0.26  # of the others: two things, one as valid as the other

Pixels = NDArray[np.uint8]


class Split(IntEnum):
    """What a picture is for; a part of its generator's key, so that splits never overlap."""

    EVALUATION = 0
    TRAINING = 1
    VALIDATION = 2


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, the one label it was collected with, and what is really on it.

    `original` is a class id and may be wrong. `things` are indices into `THINGS`; of equivalent
    names it holds either. `pixels` has shape (SIZE, SIZE, 3).
    """

    pixels: Pixels
    original: int
    things: tuple[int, ...]

    @property
    def labels(self) -> tuple[int, ...]:
        """The ids of all valid classes, ascending; empty if nothing of the list is shown."""
        return tuple(sorted(k for k in self.things if k < len(CLASSES)))


def draw_scene(seed: int, split: Split, number: int, original: int | None = None) -> Scene:
    """Draw picture `number` of a split, collected under the label `original` (None: any class)."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(split, number)))
    label = int(rng.integers(len(CLASSES)))  # drawn always, so that `original` shifts no stream
    label = label if original is None else original
    things = _choose_things(rng, label)
    pixels = _draw(rng, things)
    return Scene(pixels, label, tuple(int(rng.choice(same_as(k))) for k in things))


def draw_scenes(seed: int, split: Split, count: int) -> Iterator[Scene]:
    """Draw the first `count` pictures of a split."""
    return (draw_scene(seed, split, number) for number in range(count))


def font_digest() -> str | None:
    """Return the sha256 of the emoji font in use, or None where it is not installed."""
    try:
        font = ImageFont.truetype(FONT_NAME, FONT_SIZE)
    except OSError:
        return None
    return sha256(Path(str(font.path)).read_bytes()).hexdigest()


def _choose_things(rng: Generator, label: int) -> tuple[int, ...]:
    """Choose what stands in front of the camera when the picture is filed under `label`."""
    kind = rng.random()
    if kind < P_NONE:
        return (len(CLASSES) + int(rng.integers(len(OUTSIDE))),)
    others = [k for k in range(len(CLASSES)) if k not in same_as(label)]
    main = label
    if kind < P_NONE + P_WRONG:
        alike = rng.random() < P_WRONG_IS_LOOKALIKE
        main = int(rng.choice(lookalikes(label) if alike else others))
    if rng.random() >= P_SECOND:
        return (main,)
    return (main, int(rng.choice([k for k in others if k not in same_as(main)])))


def _draw(rng: Generator, things: tuple[int, ...]) -> Pixels:
    """Draw background, clutter, the things, what hides them, and the camera's faults."""
    image = _background(rng)
    for _ in range(rng.integers(3)):
        _paste(rng, image, int(rng.integers(len(CLASSES), len(THINGS))), 10, (0.0, 1.0, 0.0, 1.0))
    first_is_low = bool(rng.integers(2))
    sideways = bool(rng.integers(2))
    for place, thing in enumerate(things):
        if len(things) == 1:
            _paste(rng, image, thing, int(rng.integers(26, 53)), (0.35, 0.65, 0.35, 0.65))
            continue
        low = (0.18, 0.32) if (place == 0) == first_is_low else (0.68, 0.82)
        across = (0.25, 0.75)
        area = (*low, *across) if sideways else (*across, *low)
        _paste(rng, image, thing, int(rng.integers(22, 35)), area)
    for fault in _FAULTS:
        image = fault(rng, image)
    return np.asarray(image, dtype=np.uint8)


def _background(rng: Generator) -> Image.Image:
    """Four by four random colours, blended: smooth, so that a PNG of it stays small."""
    colours = rng.integers(40, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(colours).resize((SIZE, SIZE), Image.Resampling.BICUBIC)


def _paste(
    rng: Generator,
    image: Image.Image,
    thing: int,
    side: int,
    area: tuple[float, float, float, float],
) -> None:
    """Paste a thing `side` pixels wide, its centre in `area` (x0, x1, y0, y1 as shares)."""
    glyphs = THINGS[thing].glyphs
    glyph = _glyph(glyphs[int(rng.integers(len(glyphs)))])
    glyph = glyph.resize((side, side), Image.Resampling.BOX)
    if rng.random() < 0.5:
        glyph = glyph.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    glyph = glyph.rotate(rng.uniform(-35, 35), Image.Resampling.BILINEAR, expand=True)
    x, y = SIZE * rng.uniform(area[::2], area[1::2])
    image.paste(glyph, (int(x - glyph.width / 2), int(y - glyph.height / 2)), glyph)


@cache
def _glyph(glyph: str) -> Image.Image:
    """Render one emoji at the font's own size."""
    image = Image.new("RGBA", (136, 128))
    font = ImageFont.truetype(FONT_NAME, FONT_SIZE)
    ImageDraw.Draw(image).text((0, 0), glyph, font=font, embedded_color=True)
    return image


def _hide(rng: Generator, image: Image.Image) -> Image.Image:
    """Put a bar of one colour before the picture, in four of ten."""
    if rng.random() < 0.4:
        left, top = rng.integers(SIZE, size=2)
        width, height = rng.permutation([rng.integers(6, 13), rng.integers(20, 50)])
        box = (int(left - width / 2), int(top - height / 2))
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        image.paste(Image.new("RGB", (int(width), int(height)), colour), box)
    return image


def _fade(rng: Generator, image: Image.Image) -> Image.Image:
    """Take the colour out, wholly in one of eight, and shift the exposure."""
    share = 1.0 if rng.random() < 0.125 else rng.uniform(0, 0.5)
    image = Image.blend(image, image.convert("L").convert("RGB"), share)
    gain, offset = rng.uniform(0.6, 1.2), rng.uniform(-25, 25)
    return image.point(lambda value: value * gain + offset)


def _blur(rng: Generator, image: Image.Image) -> Image.Image:
    """Lose detail in three of ten."""
    if rng.random() < 0.3:
        side = int(rng.integers(SIZE * 4 // 10, SIZE * 8 // 10))
        small = image.resize((side, side), Image.Resampling.BOX)
        image = small.resize((SIZE, SIZE), Image.Resampling.BILINEAR)
    return image


_FAULTS: Final[tuple[Callable[[Generator, Image.Image], Image.Image], ...]] = (_hide, _fade, _blur)
