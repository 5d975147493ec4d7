"""What a model is shown of every kind of samples: scaled by their type or tags, or refused."""

import io
import struct

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from harness.data.images.pixels import ImageError, decode_image
from support.raw_images import Tag, png, tiff

SIXTEEN = np.array([[0, 255, 256, 257, 32768, 65535]], "<u2")
IN_EIGHT = [0, 0, 0, 1, 127, 255]
"""The same over 257, cut to whole numbers."""


def grey(data: bytes) -> list[int]:
    """Give the grey values of the first line, after a check that the three colours are equal."""
    pixels = np.asarray(decode_image(data, "x"))
    assert (pixels == pixels[..., :1]).all()
    found: list[int] = pixels[0, :, 0].tolist()
    return found


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def pgm(values: list[int], highest: int) -> bytes:
    depth = ">u2" if highest > 255 else "u1"
    return b"P5 %d 1 %d\n" % (len(values), highest) + np.array(values, depth).tobytes()


def fits(bits: int) -> bytes:
    cards = {"SIMPLE": "T", "BITPIX": bits, "NAXIS": 2, "NAXIS1": 2, "NAXIS2": 1}
    lines = [f"{key:8}= {value:>20}".ljust(80) for key, value in cards.items()]
    return "".join([*lines, "END".ljust(80)]).ljust(2880).encode() + bytes(2880)


@pytest.mark.parametrize(
    "data",
    [
        tiff(SIXTEEN),
        tiff(SIXTEEN.astype(">u2")),
        saved(Image.fromarray(SIXTEEN), "PNG"),
        png((6, 1), 16, 0, SIXTEEN.astype(">u2").tobytes()),
        pgm(SIXTEEN[0].tolist(), 65535),
    ],
    ids=["tiff", "tiff big-endian", "png", "png by hand", "pgm"],
)
def test_sixteen_bits_are_scaled_by_their_type(data: bytes) -> None:
    assert grey(data) == IN_EIGHT


@pytest.mark.parametrize("highest", [1, 200, 255, 256, 300, 65535])
def test_no_image_is_scaled_by_its_own_brightest_pixel(highest: int) -> None:
    level = highest * 255 // 65535
    image = np.full((4, 4), highest, "u2")
    assert set(grey(tiff(image))) == {level}
    assert set(grey(saved(Image.fromarray(image), "PNG"))) == {level}
    assert set(grey(saved(Image.fromarray(image), "JPEG2000"))) == {level}


def test_a_pgm_is_scaled_by_the_highest_value_of_its_header() -> None:
    assert grey(pgm([0, 512, 1023], 1023)) == [0, 127, 255]
    assert grey(pgm([0, 3, 15], 15)) == [0, 51, 255]


def test_white_is_zero_is_not_shown_as_a_negative() -> None:
    negative: dict[int, Tag] = {262: (3, [0])}
    assert grey(tiff(SIXTEEN, negative)) == [255, 254, 254, 254, 127, 0]
    assert grey(tiff(np.array([[0, 55, 255]], "u1"), negative)) == [255, 200, 0]


def test_twelve_bits_have_their_own_range() -> None:
    packed = np.frombuffer(bytes([0xFF, 0xF0, 0x01, 0x80, 0x0F, 0xFF]), "u1")[None]
    twelve: dict[int, Tag] = {256: (4, [4]), 258: (3, [12])}
    assert grey(tiff(packed, twelve)) == [255, 0, 127, 255]


def test_thirty_two_unsigned_bits_are_scaled_by_their_type() -> None:
    assert grey(tiff(np.array([[0, 2**24, 2**31, 2**32 - 1]], "<u4"))) == [0, 0, 127, 255]


RANGE: dict[int, Tag] = {340: (11, [0.0]), 341: (11, [1.0])}


@pytest.mark.parametrize(
    ("samples", "tags", "expected"),
    [
        (np.array([[0, 0.25, 0.5, 1, 2, -1]], "<f4"), RANGE, [0, 63, 127, 255, 255, 0]),
        (np.array([[0, 0.25, 0.5, 1, 2, -1]], ">f4"), RANGE, [0, 63, 127, 255, 255, 0]),
        (np.array([[0, 0.5, 1]], "<f4"), RANGE | {262: (3, [0])}, [255, 127, 0]),
        (np.array([[0, 1]], "<f4"), {340: (11, [0]), 341: (11, [255])}, [0, 1]),
        (np.array([[0, 2048, 4095, 9999]], "<u2"), {340: (3, [0]), 341: (3, [4095])},
         [0, 127, 255, 255]),
        (np.array([[-1024, 0, 3071]], "<i2"), {340: (8, [-1024]), 341: (8, [3071])}, [0, 63, 255]),
        (np.array([[0, 100, 200]], "<i4"), {340: (4, [0]), 341: (4, [200])}, [0, 127, 255]),
        (np.array([[0, 100, 200]], "<u4"), {340: (4, [0]), 341: (4, [200])}, [0, 127, 255]),
    ],
)  # fmt: skip
def test_the_tags_say_what_is_black_and_white(
    samples: NDArray[np.generic], tags: dict[int, Tag], expected: list[int]
) -> None:
    assert grey(tiff(samples, tags)) == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tiff(np.array([[0, 0.5, 1]], "<f4")), "32-bit float samples have no known range"),
        (tiff(np.array([[0, 5]], "<i4")), "32-bit signed integer samples have no known range"),
        (tiff(np.array([[0, 5]], "<i2")), "16-bit signed integer samples have no known range"),
        (tiff(np.array([[0, -5]], "i1")), "8-bit signed"),
        (tiff(np.array([[0, np.nan]], "<f4"), RANGE), "no finite numbers"),
        (tiff(np.array([[0, 1]], "<f4"), {340: (11, [1]), 341: (11, [1])}), "a range that is none"),
        (tiff(np.zeros((1, 2, 3), "<u2"), {341: (3, [4095] * 3), 340: (3, [0] * 3)}), "0 to 4095"),
        (tiff(np.zeros((1, 2, 3), "<u2"), {284: (3, [2]), 273: (4, [0] * 3)}), "planes of their"),
        (fits(32), "32-bit integer samples in FITS"),
        (fits(16), "16-bit samples in FITS"),
        (saved(Image.new("F", (64, 64), 0.5), "SPIDER"), "float samples in SPIDER"),
        (b"Pf\n2 1\n-1.0\n" + np.array([0, 1], "<f4").tobytes(), "float samples in PPM"),
    ],
)
def test_samples_without_a_known_range_are_an_error_that_says_so(data: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=f"^cat 3: .*{message}"):
        decode_image(data, "cat 3")


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_sixteen_bits_a_colour(order: str) -> None:
    pixels = np.array([[[0, 32768, 65535], [257, 514, 771]]], order)
    expected = [[[0, 128, 255], [1, 2, 3]]]
    assert np.asarray(decode_image(tiff(pixels), "x")).tolist() == expected
    line = pixels.astype(">u2").tobytes()
    assert np.asarray(decode_image(png((2, 1), 16, 2, line), "x")).tolist() == expected


def test_the_transparent_colour_of_a_png_is_read_in_the_depth_of_its_samples() -> None:
    sixteen = np.array([[0, 65535, 300]], ">u2").tobytes()
    assert grey(png((3, 1), 16, 0, sixteen, struct.pack(">H", 300))) == [0, 255, 255]
    assert grey(png((4, 1), 2, 0, bytes([0b00011011]), struct.pack(">H", 1))) == [0, 255, 170, 255]
    assert grey(png((2, 1), 4, 0, bytes([0x3F]), struct.pack(">H", 3))) == [255, 255]
    assert grey(png((8, 1), 1, 0, bytes([0b10101010]), struct.pack(">H", 0))) == [255] * 8
    colours = np.array([[[256, 512, 768], [2560, 0, 0]]], ">u2").tobytes()
    found = decode_image(png((2, 1), 16, 2, colours, struct.pack(">HHH", 256, 512, 768)), "x")
    assert np.asarray(found).tolist() == [[[255, 255, 255], [10, 0, 0]]]


def test_a_deep_image_is_turned_upright_too() -> None:
    wide = tiff(np.zeros((2, 5), "<u2"), {274: (3, [6])})
    assert decode_image(wide, "x").size == (2, 5)


@pytest.mark.parametrize(
    ("mode", "colour", "shown"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 77, (77, 77, 77)),
        ("LA", (0, 0), (255, 255, 255)),
        ("LA", (10, 255), (10, 10, 10)),
        ("RGBA", (255, 0, 0, 128), (255, 127, 127)),
        ("YCbCr", (255, 128, 128), (255, 255, 255)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("LAB", (255, 128, 128), (254, 255, 254)),
    ],
)
def test_other_modes(mode: str, colour: int | tuple[int, ...], shown: tuple[int, int, int]) -> None:
    image = Image.new(mode, (8, 8), colour)
    assert decode_image(saved(image, "TIFF"), "x").getpixel((3, 3)) == shown


def test_grey_that_is_multiplied_with_its_alpha() -> None:
    samples = np.array([[[0, 0], [64, 128], [7, 255]]], "u1")
    tags: dict[int, Tag] = {262: (3, [1]), 338: (3, [1])}
    assert grey(tiff(samples, tags)) == [255, 191, 7]


def test_a_palette_with_its_own_alpha_is_laid_on_white() -> None:
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 255, 200, 0, 0, 0], "RGBA")
    assert decode_image(saved(image, "PNG"), "x").getpixel((0, 0)) == (255, 255, 255)


def test_a_picture_in_layers_is_shown_whole() -> None:
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, 1, 2, 8, 3)  # Photoshop, 1 x 2 RGB
    psd = head + bytes(12) + bytes(2) + bytes([10, 40, 20, 50, 30, 60])
    assert np.asarray(decode_image(psd, "x")).tolist() == [[[10, 20, 30], [40, 50, 60]]]


def test_documents_are_no_images_and_no_program_is_run_on_them() -> None:
    page = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n"
    with pytest.raises(ImageError, match="not an image that Pillow can read"):
        decode_image(page, "x")
