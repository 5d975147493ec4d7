"""From a file to the RGB that models, pages and exports are given, or why it cannot be decoded.

Samples of more than 8 bits are scaled by what their type or their tags say is black and white,
never by the values of the image itself: two images of a data set must not be scaled differently.
"""

import hashlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from harness.limits import is_file, is_folder

_NO_IMAGES = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "PDF", "WMF"})
"""Formats of Pillow that hold no picture, or need a program (EPS would run Ghostscript)."""


@cache
def image_formats() -> tuple[str, ...]:
    """List the formats that are decoded, by Pillow's names, in the order in which it tries them."""
    Image.init()
    return tuple(name for name in Image.ID if name in Image.OPEN and name not in _NO_IMAGES)


@cache
def image_suffixes() -> frozenset[str]:
    """Give the file name endings of these formats, in lower case and with their dot."""
    formats = set(image_formats())
    known = Image.registered_extensions().items()
    return frozenset(suffix for suffix, name in known if name in formats)


_BITS, _PHOTOMETRIC, _PLANES, _SAMPLE_FORMAT, _LOWEST, _HIGHEST = 258, 262, 284, 339, 340, 341
"""Tags of TIFF 6.0."""
_UNSIGNED, _SIGNED = 1, 2
_WHITE_IS_ZERO = 0
_PLANES_APART = 2
_KINDS = {_UNSIGNED: "unsigned integer", _SIGNED: "signed integer", 3: "float"}
_SIXTEEN = 65535
_SCALED_TO_SIXTEEN = ("PNG", "PPM")
"""Formats whose samples Pillow gives in mode `I`, of 16 bits whatever the file's own range is."""
_CONVERT = "say it in the TIFF tags SMinSampleValue and SMaxSampleValue, or convert to 8 bits"


class PixelError(ValueError):
    """What the samples of an image stand for is not known, or Pillow would read them wrong."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The sample values that are black and white; black is the greater where white is zero."""

    black: float
    white: float


def to_rgb(image: Image.Image) -> Image.Image:
    """Give an image (its first frame, loaded) as RGB: upright by EXIF, transparency on white.

    Samples of more than 8 bits become floor(255 * (value - black) / (white - black)), clipped.
    Raises PixelError where black and white are not known.
    """
    scale = _scale(image)
    upright = ImageOps.exif_transpose(image)
    if scale is not None:
        upright = _to_eight_bits(upright, scale)
    if upright.mode in ("RGBa", "La"):
        upright = upright.convert(upright.mode.upper())
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layer).convert("RGB")
    return upright.convert("RGB")


def mend_transparency(image: Image.Image) -> None:
    """Bring the transparent colour of an opened PNG to the 8 bits that its samples will have.

    Pillow scales the samples of 2, 4 and, in colour, 16 bits when it loads them, but leaves the
    colour that a `tRNS` chunk names as it stands.
    """
    colour = image.info.get("transparency")
    if not isinstance(image, PngImageFile) or not image.tile or isinstance(colour, bytes | None):
        return
    depth = image.tile[0][3]
    if depth == "RGB;16B":
        image.info["transparency"] = tuple(value >> 8 for value in colour)
    elif depth in ("L;2", "L;4"):
        image.info["transparency"] = colour * (85 if depth == "L;2" else 17)


def _scale(image: Image.Image) -> Scale | None:
    """Give what is black and white; None where Pillow has brought the samples to 8 bits itself."""
    deep = image.mode.startswith(("I", "F"))
    if isinstance(image, TiffImageFile):
        return _tiff_scale(image, deep)
    if not deep:
        return None
    if image.mode.startswith("I;16") and image.format != "FITS":
        return Scale(0, _SIXTEEN)
    if image.mode == "I" and image.format in _SCALED_TO_SIXTEEN:
        return Scale(0, _SIXTEEN)
    kind = {"F": "float", "I": "32-bit integer"}.get(image.mode, "16-bit")
    raise PixelError(f"{kind} samples in {image.format} have no known range; {_CONVERT}")


def _tiff_scale(image: TiffImageFile, deep: bool) -> Scale | None:
    tags: Mapping[int, Any] = image.tag_v2
    bits, kind = _one(tags.get(_BITS), 1), _one(tags.get(_SAMPLE_FORMAT), _UNSIGNED)
    lowest, highest = _one(tags.get(_LOWEST), None), _one(tags.get(_HIGHEST), None)
    if not deep:
        _refuse_misread(bits, kind, tags.get(_PLANES, 1), (lowest, highest))
        return None
    if lowest is None or highest is None:
        if kind != _UNSIGNED:
            text = f"{bits}-bit {_KINDS.get(kind, 'unknown')} samples have no known range"
            raise PixelError(f"{text}; {_CONVERT}")
        lowest, highest = 0, 2**bits - 1
    if not (np.isfinite(float(lowest)) and np.isfinite(float(highest)) and lowest < highest):
        raise PixelError(f"its TIFF tags give a range that is none: {lowest} to {highest}")
    inverted = tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    return Scale(highest, lowest) if inverted else Scale(lowest, highest)


def _refuse_misread(bits: int, kind: int, planes: int, tagged: tuple[Any, Any]) -> None:
    """Raise PixelError for a TIFF that Pillow opens in a mode of 8 bits and gives wrong values."""
    if kind == _SIGNED:
        raise PixelError(f"{bits}-bit signed integer samples are not read right; convert to 8 bits")
    if bits <= 8:
        return
    if planes == _PLANES_APART:
        raise PixelError(f"{bits}-bit samples in planes of their own are not read right")
    if tagged not in ((None, None), (0, 2**bits - 1)):
        text = f"{bits}-bit colours of the range {tagged[0]} to {tagged[1]} are not read right"
        raise PixelError(f"{text}; convert to 8 bits")


def _one(value: Any, default: Any) -> Any:
    """Give the first of a tag's values, of which there is one for each band."""
    if isinstance(value, tuple):
        return value[0] if value else default
    return default if value is None else value


def _to_eight_bits(image: Image.Image, scale: Scale) -> Image.Image:
    """Scale samples [h, w] of 16 or 32 bits to grey, with alpha where one value is transparent."""
    samples: NDArray[Any] = np.asarray(image)
    if image.mode == "I" and max(scale.black, scale.white) > 2**31 - 1:
        samples = samples.view(np.uint32)  # Pillow has no unsigned mode of 32 bits
    if samples.dtype.kind == "f" and not np.isfinite(samples).all():
        raise PixelError("it has samples that are no finite numbers")
    if samples.dtype.itemsize == 2:
        grey = _scaled(np.arange(_SIXTEEN + 1), scale)[samples]
    else:
        grey = _scaled(samples, scale)
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return Image.fromarray(grey)
    alpha = np.where(samples == clear, 0, 255).astype(np.uint8)
    return Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha)))


def _scaled(samples: NDArray[Any], scale: Scale) -> NDArray[np.uint8]:
    black, white = scale.black, scale.white
    if samples.dtype.kind != "f" and black == int(black) and white == int(white):
        wide = samples.astype(np.int64)
        scaled = (wide - int(black)) * 255 // (int(white) - int(black))
    else:
        wide = samples.astype(np.float64)
        scaled = np.floor((wide - float(black)) * 255 / (float(white) - float(black)))
    return np.clip(scaled, 0, 255).astype(np.uint8)


class ImageError(Exception):
    """One image cannot be decoded. This is an `error` row of the run, not the end of it."""


def decode_image(source: bytes | Path, name: str) -> Image.Image:
    """Decode to RGB: first frame, EXIF orientation applied, transparency laid on white, more than
    8 bits scaled by the range of their type or tags. Raises ImageError, which names the image;
    Pillow's own limit (179 million pixels) guards against decompression bombs, before anything is
    decoded.
    """
    if isinstance(source, Path) and not is_file(source):
        raise ImageError(f"{name}: {'is a folder' if is_folder(source) else 'no such file'}")
    try:
        opened = io.BytesIO(source) if isinstance(source, bytes) else source
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd EXIF and of large images; too large ones raise
            with Image.open(opened, formats=image_formats()) as image:
                mend_transparency(image)
                image.load()
                return to_rgb(image)
    except UnidentifiedImageError as error:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        raise ImageError(f"{name}: not an image that Pillow can read ({size} bytes)") from error
    except (Image.DecompressionBombError, PixelError) as error:
        raise ImageError(f"{name}: {error}") from error
    except Exception as error:  # decoders of hostile bytes raise what they like
        message = str(error) or type(error).__name__
        raise ImageError(f"{name}: broken image: {message}") from error


def pixels_sha256(image: Image.Image) -> str:
    """Give the SHA-256 of width, height and RGB bytes: the image as the model is given it."""
    head = f"{image.width}x{image.height}:".encode()
    return hashlib.sha256(head + image.tobytes()).hexdigest()
