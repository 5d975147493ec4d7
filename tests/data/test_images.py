"""Odd images are decoded as a person sees them, or refused by name; never silently black."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.data.images.pixels import ImageError, decode_image, pixels_sha256

RED = (200, 30, 30)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_rgb_comes_back_as_it_was() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
    image = decode_image(encoded(Image.fromarray(pixels)), "a")
    assert image.mode == "RGB"
    assert (np.asarray(image) == pixels).all()


def test_exif_orientation_is_applied() -> None:
    image = Image.new("RGB", (4, 2), RED)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    assert decode_image(encoded(image, "JPEG", exif=exif), "a").size == (2, 4)


def test_cmyk_keeps_its_colour() -> None:
    image = Image.new("RGB", (8, 8), RED).convert("CMYK")
    found = decode_image(encoded(image, "JPEG", quality=95), "a")
    assert np.abs(np.asarray(found).astype(int) - RED).max() < 12


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    assert decode_image(encoded(clear), "a").getpixel((0, 0)) == (255, 255, 255)
    palette = Image.new("P", (2, 2), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    assert decode_image(encoded(palette, transparency=0), "a").getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    ramp = np.array([[0, 32768, 65535]], dtype=np.uint16)
    found = np.asarray(decode_image(encoded(Image.fromarray(ramp)), "a"))[0, :, 0]
    assert found.tolist() == [0, 127, 255]


def test_of_an_animation_the_first_frame_is_shown() -> None:
    frames = [Image.new("RGB", (3, 3), colour) for colour in (RED, (0, 0, 255))]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    found = decode_image(data, "a").getpixel((1, 1))
    assert isinstance(found, tuple) and found[0] > 150 and found[2] < 100


def test_one_pixel_is_an_image() -> None:
    assert decode_image(encoded(Image.new("L", (1, 1), 9)), "a").getpixel((0, 0)) == (9, 9, 9)


@pytest.mark.parametrize("size", [0, 5, 60])
def test_broken_files_are_named(size: int) -> None:
    whole = encoded(
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), "uint8"))
    )
    with pytest.raises(ImageError, match=r"^cat 7: "):
        decode_image(whole[:size], "cat 7")


def test_truncated_jpeg_is_an_error_and_not_half_grey() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), "uint8")
    data = encoded(Image.fromarray(noise), "JPEG")
    with pytest.raises(ImageError, match="truncated"):
        decode_image(data[: len(data) // 2], "a")


def test_a_folder_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is a folder"):
        decode_image(tmp_path, "a")
    with pytest.raises(ImageError, match="no such file"):
        decode_image(tmp_path / "gone.png", "a")


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    bomb = encoded(Image.new("1", (20_000, 20_000)))
    with pytest.raises(ImageError, match=r"^cat: .*400000000 pixels.* bomb"):
        decode_image(bomb, "cat")


def test_the_hash_is_of_the_pixels_and_the_shape() -> None:
    tall, wide = Image.new("RGB", (1, 4), RED), Image.new("RGB", (4, 1), RED)
    assert pixels_sha256(tall) != pixels_sha256(wide)
    assert pixels_sha256(tall) == pixels_sha256(Image.new("RGB", (1, 4), RED))
