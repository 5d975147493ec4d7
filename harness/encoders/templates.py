"""The sentences that a class's name, or an answer, is put into before an encoder reads it."""

from harness.errors import SpecError, unknown_name

_CLIP_SEVEN = (
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
)

TEMPLATES = {
    "raw": ("{}",),
    "photo": ("a photo of a {}.",),
    "avg": _CLIP_SEVEN,
    "avg_raw": (*_CLIP_SEVEN, "{}"),
}
"""Name of a template to its sentences. `avg` is the seven that OpenAI's CLIP notebook
`Prompt_Engineering_for_ImageNet` chose for ImageNet by forward selection."""


def sentences(template: str) -> tuple[str, ...]:
    """Give the sentences of a template by its name; a text with `{}` in it is its own template.

    Raises SpecError for a name that is not known.
    """
    if template in TEMPLATES:
        return TEMPLATES[template]
    if "{}" in template:
        return (template,)
    raise SpecError(unknown_name("names", "template", template, tuple(TEMPLATES)))
