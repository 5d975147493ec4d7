"""The spec of a leaderboard's site (`site.yaml` beside its entries): whose board it is."""

from pydantic import Field

from harness.specs.base import FileSpec


class SiteSpec(FileSpec):
    """Whose board it is. Every key may be left out."""

    title: str = Field(default="Multimodal LLMs as image classifiers", min_length=1, max_length=120)
    """Name of the board: at the top of every page, in the browser's title, in the feed."""
    heading: str = Field(
        default="How well do multimodal LLMs classify images?", min_length=1, max_length=200
    )
    """Heading of the first page."""
    description: str = Field(default="", max_length=4000)
    """What stands below the heading, Markdown (CommonMark) without pictures and HTML, with links to
    https only; without it a text on how entries are scored."""
    logo: str | None = None
    """A picture for the top of every page, SVG or PNG, relative to this file; it is copied."""
    repository: str | None = Field(default=None, max_length=500, pattern=r"^https://\S+$")
    """Address at which entries are submitted and, as GitHub has them, wrong labels reported as
    issues."""
