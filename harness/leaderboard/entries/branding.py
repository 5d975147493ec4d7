"""Read what a board says of itself: `site.yaml` beside the entries, and its logo."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from harness.errors import DataError, Problem, SpecError
from harness.limits import is_file, read_bounded_bytes
from harness.specs.base import validate
from harness.specs.site import SiteSpec
from harness.specs.yaml_file import read_yaml

SITE_FILE = "site.yaml"
_MOST_LOGO = 512 << 10
_SVG = "{http://www.w3.org/2000/svg}svg"


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture of the site's own."""

    file: str
    """Its name at the top of the site."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Branding:
    """What a board says of itself."""

    spec: SiteSpec = field(default_factory=SiteSpec)
    logo: Logo | None = None


def read_branding(entries: Path) -> Branding:
    """Read `site.yaml` of a folder of entries; without one the board is as this project's.

    Raises SpecError for a mistake in it and for a logo that is not there, DataError for a logo that
    is too large, or no SVG or PNG.
    """
    path = entries / SITE_FILE
    if not path.exists():
        return Branding()
    spec = validate(SiteSpec, read_yaml(path))
    return Branding(spec, None if spec.logo is None else _read_logo(spec, spec.logo))


def _read_logo(spec: SiteSpec, name: str) -> Logo:
    path = spec.resolve(name, "logo")
    where = spec.file.origin(("logo",)) if spec.file else name
    if not is_file(path):
        fix = "name a file that is there"
        raise SpecError(Problem(where, "there is no such file", got=str(path), fix=fix))
    data = read_bounded_bytes(path, _MOST_LOGO)
    for suffix, is_such in ((".svg", _is_svg), (".png", _is_png)):
        if path.suffix.lower() == suffix and is_such(data):
            return Logo(f"logo{suffix}", data)
    what = "is no picture for the top of a page"
    raise DataError(Problem(str(path), what, fix="give an SVG named *.svg, or a PNG named *.png"))


def _is_svg(data: bytes) -> bool:
    try:
        return ElementTree.fromstring(data).tag == _SVG
    except ElementTree.ParseError:
        return False


def _is_png(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            image.verify()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    return True
