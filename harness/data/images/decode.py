"""Decode an image to RGB as a person would see it, or say why it cannot be."""

import hashlib
import io
import warnings
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from harness.data.images.formats import image_formats
from harness.data.images.pixels import PixelError, mend_transparency, to_rgb
from harness.limits import is_file, is_folder


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
