"""Lay out the requests of a run, before any image is read and any model loaded."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.data.classes import ClassList
from harness.data.images.source import Source
from harness.errors import Problem, SpecError
from harness.specs.task import TaskSpec
from harness.specs.template import TemplateValues, render

_RENDERED = 3
"""How often a prompt is rendered to see that it stays the same."""
_ADDRESS = re.compile(r"<[^<>]* at 0x[0-9a-fA-F]+>")


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """One prompt and the images that go with it, not yet read."""

    rows: tuple[int, ...]
    """Rows of the source, in the order in which the images stand in the prompt."""
    image_ids: tuple[str, ...]
    text: str
    """The rendered prompt with an `<image>` mark for each image; empty for `classify`."""
    options: tuple[int, ...] = ()
    """Class ids of the lettered options, for multiple choice."""
    attempt: int | None = None
    """For several images that were asked before, which attempt it is: from 2."""

    @property
    def prompt_sha256(self) -> str:
        """SHA-256 of the rendered prompt."""
        return _sha256(self.text)


@dataclass(frozen=True, slots=True)
class Planner:
    """Renders the prompts of one task. `options` gives each image's option class ids, for MC."""

    task: TaskSpec
    classes: ClassList
    options: Mapping[str, tuple[int, ...]]

    def request(self, rows: Sequence[int], image_ids: Sequence[str]) -> PlannedRequest:
        """Lay out one request for these images, in this order."""
        options = self.options.get(image_ids[0], ())
        text = self.render(options, len(image_ids))
        return PlannedRequest(tuple(rows), tuple(image_ids), text, options)

    def render(self, options: Sequence[int], n_images: int) -> str:
        """Give the prompt for so many images, empty without a template. Raises SpecError where it
        cannot be rendered.
        """
        if not self.task.doc_to_text:
            return ""
        values = TemplateValues(
            classes=self.classes.names,
            options=[self.classes.by_id[class_id].name for class_id in options],
            images=range(1, n_images + 1),
        )
        return self._render(values)

    @property
    def sample_sha256(self) -> str | None:
        """SHA-256 of the prompt for the first images of a data set and, as options, the first
        classes; None without a prompt.
        """
        sample = self._sample()
        return hashlib.sha256(sample.encode()).hexdigest() if sample else None

    def refuse_unsteady(self) -> None:
        """Raise SpecError for a prompt that is another one each time that it is rendered, or holds
        the address of an object, which is another one in each process.
        """
        texts = {self._sample() for _ in range(_RENDERED)}
        address = _ADDRESS.search(next(iter(texts)))
        if len(texts) == 1 and address is None:
            return
        if address is not None:
            what, fix = "the prompt holds an object in place of its text", "`| list` or `| join`"
            raise SpecError(Problem(self._where, what, got=address[0], fix=f"add {fix}"))
        what, got = "the prompt is another one each time that it is rendered", f"{len(texts)} texts"
        raise SpecError(Problem(self._where, what, got=got, expected="one"))

    def _sample(self) -> str:
        if not self.task.doc_to_text:
            return ""
        n = self.task.distractors.n_options if self.task.distractors else 0
        images = range(1, self.task.images_per_prompt + 1)
        names = self.classes.names
        return self._render(TemplateValues(names, names[:n], images))

    def _render(self, values: TemplateValues) -> str:
        try:
            return render(self.task.doc_to_text or "", values)
        except ValueError as error:
            what = "the prompt cannot be rendered"
            raise SpecError(Problem(self._where, what, expected=str(error))) from error

    @property
    def _where(self) -> str:
        file = self.task.file
        return file.origin(("doc_to_text",)) if file else f"task `{self.task.task}`"

    def plan(self, source: Source, order: Sequence[int]) -> list[PlannedRequest]:
        """Lay out the requests for the rows in `order`, `images_per_prompt` at a time.

        Without options the prompt is the same for every group of a size, and is held once: with all
        classes of ImageNet it has a megabyte.
        """
        step = self.task.images_per_prompt
        groups = [tuple(order[start : start + step]) for start in range(0, len(order), step)]
        texts: dict[int, str] = {}
        planned = []
        for rows in groups:
            image_ids = tuple(source.ids[row] for row in rows)
            if self.task.protocol == "mc":
                planned.append(self.request(rows, image_ids))
                continue
            if len(rows) not in texts:
                texts[len(rows)] = self.render((), len(rows))
            planned.append(PlannedRequest(rows, image_ids, texts[len(rows)]))
        return planned


@lru_cache(maxsize=64)  # thousands of requests share a long text
def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


ORDERS: Mapping[str, int] = {"shuffled": 2, "class_sorted": 2}
"""Version of an order of images, which rises when it would be another; the others are at 1. 2: the
first n images do not depend on n."""


def row_order(task: TaskSpec, ids: Sequence[str], original: Mapping[str, int]) -> list[int]:
    """Give the rows in the order of the task's `image_order`, of which `limit` takes the first.

    So the first n rows, and the groups that they are asked in, are the same whatever the limit.
    `shuffled` sorts by a hash of `order_seed` and the image's id; `class_sorted` by the original
    label (images without one last), and keeps the data set's order inside a class.
    """
    rows = list(range(len(ids)))
    if task.image_order == "shuffled":
        rows.sort(key=lambda row: _shuffled_place(task.order_seed, ids[row]))
    elif task.image_order == "class_sorted":
        rows.sort(key=lambda row: (ids[row] not in original, original.get(ids[row], 0)))
    return rows[: task.limit]


def _shuffled_place(seed: int, image_id: str) -> bytes:
    return hashlib.sha256(json.dumps([seed, image_id]).encode()).digest()
