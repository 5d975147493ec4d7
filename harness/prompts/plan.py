"""Lay out the requests of a run, before any image is read and any model loaded."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.data.class_names import Outputs
from harness.data.classes import ClassList
from harness.data.images.source import Source
from harness.data.opened import OpenTask
from harness.errors import Problem, SpecError
from harness.prompts.options import options_of
from harness.requests import Ask
from harness.specs.task import TaskSpec, digest_of
from harness.specs.template import LETTERS, TemplateValues, render

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
        """Render the prompt for n images; empty without one. Raises SpecError where it fails."""
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
        """SHA-256 of the prompt for the first images and, as options, classes; None without one."""
        sample = self._sample()
        return hashlib.sha256(sample.encode()).hexdigest() if sample else None

    def refuse_unsteady(self) -> None:
        """Raise SpecError for a prompt that changes when rendered again, or holds an address."""
        texts = {self._sample() for _ in range(_RENDERED)}
        address = _ADDRESS.search(next(iter(texts)))
        if len(texts) == 1 and address is None:
            return
        if address is not None:
            what, fix = "the prompt holds an object in place of its text", "`| list` or `| join`"
            raise SpecError(Problem(self._where, what, got=address[0], fix=f"add {fix}"))
        what, got = "the prompt is another one each time that it is rendered", f"{len(texts)} texts"
        fix = "take what is drawn by chance out of `doc_to_text`"
        raise SpecError(Problem(self._where, what, got=got, fix=fix))

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
            fix = "mend `doc_to_text`: docs/prompts.md says what may stand in it"
            raise SpecError(Problem(self._where, what, str(error), fix=fix)) from error

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


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked about an opened task."""

    opened: OpenTask
    planner: Planner
    requests: tuple[PlannedRequest, ...]
    skipped: Mapping[str, int]
    """Images left out on purpose, by reason."""
    outputs: Outputs | None = None
    """What the classifier that answers puts out, for protocol `classify`."""

    @property
    def image_ids(self) -> tuple[str, ...]:
        """The images of the run, in the order in which they are asked for."""
        return tuple(each for request in self.requests for each in request.image_ids)

    @property
    def ask(self) -> Ask:
        """What all requests have in common.

        What may be answered are letters where there are options, of which all images have as many,
        else names; nothing where the answer is free text, unless it may be no longer than a name.
        """
        task, choices = self.opened.task, self.opened.classes.names
        if task.distractors is not None:
            choices = tuple(LETTERS[: task.distractors.n_options])
        free = task.protocol != "classify" and task.output_type == "generate_until"
        if free and task.generation_kwargs.max_new_tokens != "longest_name":
            choices = ()
        return Ask(task.generation_kwargs, task.output_type, choices)

    @property
    def options_digest(self) -> str | None:
        """SHA-256 of all options, for multiple choice."""
        return digest_of(sorted(self.planner.options.items())) if self.planner.options else None


def make_plan(opened: OpenTask) -> Plan:
    """Lay out what is asked about an opened task. Raises as `options_of` and `refuse_unsteady`."""
    task, source, rows = opened.task, opened.source, opened.rows
    options: Mapping[str, tuple[int, ...]] = {}
    skipped: dict[str, int] = {}
    if task.protocol == "mc":
        chosen = options_of(opened, opened.image_ids)
        options = chosen.by_image
        rows = tuple(row for row in rows if source.ids[row] in options)
        skipped = {"no valid label": len(chosen.without_label)} if chosen.without_label else {}
    planner = Planner(task, opened.classes, options)
    planner.refuse_unsteady()
    return Plan(opened, planner, tuple(planner.plan(source, rows)), skipped)
