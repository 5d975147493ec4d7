"""Decode an image to RGB as a person would see it, or say why it cannot be."""

import hashlib
import io
import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError


class ImageError(Exception):
    """One image cannot be decoded. This is an `error` row of the run, not the end of it."""


def decode_image(source: bytes | Path, name: str) -> Image.Image:
    """Decode to RGB: first frame, EXIF orientation applied, transparency laid on white, 16-bit
    scaled to 8. Raises ImageError, which names the image; Pillow's own limit (179 million pixels)
    guards against decompression bombs, before anything is decoded.
    """
    try:
        if isinstance(source, Path) and not source.is_file():
            raise ImageError(f"{name}: {'is a folder' if source.is_dir() else 'no such file'}")
        opened = io.BytesIO(source) if isinstance(source, bytes) else source
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd EXIF and of large images; too large ones raise
            with Image.open(opened) as image:
                image.seek(0)
                image.load()
                return _to_rgb(image)
    except UnidentifiedImageError as error:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        raise ImageError(f"{name}: not an image that Pillow can read ({size} bytes)") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name}: {error}") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise ImageError(f"{name}: broken image: {error}") from error


def pixels_sha256(image: Image.Image) -> str:
    """Give the SHA-256 of width, height and RGB bytes: the image as the model is given it."""
    head = f"{image.width}x{image.height}:".encode()
    return hashlib.sha256(head + image.tobytes()).hexdigest()


def _to_rgb(image: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith(("I", "F")):
        upright = _to_eight_bits(upright)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        layer = upright.convert("RGBA")
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layer).convert("RGB")
    return upright.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit grey to 8 bits; Pillow's own conversion clips at 255 and gives a white image."""
    highest = image.getextrema()[1]
    assert isinstance(highest, (int, float))
    scale = 255 / 65535 if highest > 255 else 1.0
    return image.convert("F").point(lambda value: value * scale + 0).convert("L")
