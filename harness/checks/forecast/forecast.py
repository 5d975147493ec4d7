"""What a run is going to ask, to take and to cost, known before a model is loaded or paid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.adapters.base import Preview
from harness.checks.forecast import tokens
from harness.checks.forecast.cost import Cost, cost_of, unpriced_by
from harness.checks.forecast.disk import Disk, disk_of
from harness.checks.forecast.earlier import Earlier, OnDisk, on_disk
from harness.data.images.source import dataset_location
from harness.data.labels.of_task import Overrides
from harness.data.opened import open_task, require_images
from harness.data.sample import limit_of
from harness.errors import Problem, UserError
from harness.prompts.plan import Plan, PlannedRequest, make_plan
from harness.scores.statistics import detectable_difference
from harness.specs.catalogue import Catalogue
from harness.specs.model import ModelSpec
from harness.specs.task import TaskSpec
from harness.store.lock import Shard

DISCORDANT = (0.05, 0.1, 0.2)
"""Shares of images on which only one of two models is right, for what a task can show."""


@dataclass(frozen=True, slots=True)
class ForecastOptions:
    """What the command line says beside task and model."""

    output: Path
    overrides: Overrides
    shard: Shard
    images: int
    """How many images may be opened to see their sizes."""


@dataclass(frozen=True, slots=True)
class Images:
    """The images of a task."""

    asked: int
    """Of a whole run."""
    of: int
    """Of the data set."""
    skipped: int
    """Without a question, for multiple choice."""
    location: str
    opened: int
    unreadable: tuple[str, ...]
    smallest: tuple[int, int]
    """Width and height of the opened image with the fewest pixels, and the most; an assumption
    where none was opened."""
    largest: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Requests:
    """How many requests there are."""

    all: int
    """Of one run over all its images."""
    repeats: int
    slice: str | None
    """`I/N`, where only a slice is asked."""
    answered: int
    """Of slice and repeats, on disk already."""
    left: int
    """What the command asks: all figures are of these."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What can be shown where so many images are discordant; both are shares, 0 to 1."""

    discordant: float
    """Of images on which only one of two models is right."""
    difference: float | None
    """The smallest difference of their accuracies; None where not even the largest is."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a comparison of two models over the images can show; see `detectable_difference`."""

    label_set: str
    images: int
    """Images that the label set has a class for."""
    shown: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Everything that is known of a run before it begins. Without a prompt (`classify`) prompt,
    tokens and cost are None.
    """

    task: str
    model: str
    protocol: str
    output_type: str
    images: Images
    requests: Requests
    prompt: str | None = None
    """Of the first request, as the model gets it."""
    prompt_images: tuple[str, ...]
    """Ids of its images."""
    counting: str | None = None
    context: int | None = None
    prompt_tokens: tokens.PromptTokens | None = None
    answer_tokens: tokens.AnswerTokens | None = None
    cost: Cost | None = None
    unpriced: str | None = None
    """Why there is no cost."""
    earlier: Earlier | None
    seconds: float | None
    """Of model calls in one process, at the rate of `earlier`."""
    disk: Disk
    difference: Difference
    notes: tuple[str, ...] = ()
    settings: str = ""
    """Of a study's run: what is not as in the task."""


def forecast(
    catalogue: Catalogue,
    task: TaskSpec,
    model: ModelSpec,
    preview: Preview | None,
    options: ForecastOptions,
) -> Forecast:
    """Lay out what a run would ask, and count. `preview` is None for a model without prompts.

    Of a data set on the hub nothing is fetched where the original labels name its images. Raises
    UserError as `open_task`, `make_plan` and `on_disk`, and where no image has a question.
    """
    is_here = isinstance(dataset_location(task), Path)
    opened_task = open_task(catalogue, task, options.overrides, "pixels" if is_here else "ids")
    if is_here:
        require_images(opened_task)
    plan = make_plan(opened_task)
    if not plan.requests:
        fix = "harness check TASK says which images have no question, and why"
        raise UserError(Problem(f"task `{task.task}`", "no image has a question", fix=fix))
    requests = plan.requests[options.shard.index :: options.shard.count]
    disk = on_disk(options.output, model, plan, requests)
    opened = tokens.open_some(plan, preview, disk.asked or plan.requests, options.images)
    found = Forecast(
        task=task.task,
        model=model.model,
        protocol=task.protocol,
        output_type=task.output_type,
        images=_images_of(plan, opened),
        requests=_requests_of(plan, requests, disk, options.shard),
        prompt_images=opened.first_ids,
        earlier=disk.earlier,
        seconds=_seconds_of(disk),
        disk=disk_of(catalogue, plan, disk),
        difference=_difference_of(plan),
    )
    if preview is not None:
        found = _with_prompts(found, model, preview, plan, disk, opened)
    return replace(found, notes=(*disk.notes, *_notes(found, task)))


def _with_prompts(
    found: Forecast,
    model: ModelSpec,
    preview: Preview,
    plan: Plan,
    disk: OnDisk,
    opened: tokens.OpenedImages,
) -> Forecast:
    counting = preview.counting
    prompts = tokens.prompt_tokens(preview, disk.asked, opened, disk.earlier)
    answers = tokens.answer_tokens(preview, plan, len(disk.asked), disk.earlier)
    cost = cost_of(preview, disk, prompts, answers)
    return replace(
        found,
        prompt=preview.prompt(opened.first),
        counting=counting.how,
        context=counting.context,
        prompt_tokens=prompts,
        answer_tokens=answers,
        cost=cost,
        unpriced=unpriced_by(model) if cost is None else None,
    )


def _images_of(plan: Plan, opened: tokens.OpenedImages) -> Images:
    by_pixels = sorted(opened.sizes, key=lambda size: size[0] * size[1])
    return Images(
        asked=len(plan.image_ids),
        of=len(plan.opened.source),
        skipped=sum(plan.skipped.values()),
        location=plan.opened.source.location,
        opened=opened.n,
        unreadable=opened.unreadable,
        smallest=by_pixels[0],
        largest=by_pixels[-1],
    )


def _requests_of(
    plan: Plan, requests: Sequence[PlannedRequest], disk: OnDisk, shard: Shard
) -> Requests:
    repeats = plan.opened.task.repeats
    return Requests(
        all=len(plan.requests),
        repeats=repeats,
        slice=None if shard.is_whole else str(shard),
        answered=len(requests) * repeats - len(disk.asked),
        left=len(disk.asked),
    )


def _seconds_of(disk: OnDisk) -> float | None:
    rate = disk.earlier.seconds if disk.earlier else None
    return None if rate is None else rate * len(disk.asked)


def _difference_of(plan: Plan) -> Difference:
    labels = plan.opened.labels.headline or plan.opened.labels.trusted
    n = sum(bool(labels.labels.get(each)) for each in plan.image_ids)
    shown = tuple(Shown(share, detectable_difference(n, share)) for share in DISCORDANT)
    return Difference(labels.name, n, shown)


def _notes(found: Forecast, task: TaskSpec) -> Iterator[str]:
    images, limit = found.images, task.sample.n if task.sample else limit_of(task, found.images.of)
    if images.opened == 0 and not images.unreadable:
        yield (
            f"`{task.dataset_path}` is no folder or file here, so it is taken for a data set of "
            "the hub, of which nothing was fetched: the size of its images is assumed. "
            "`--set dataset_path=DIR` opens a copy"
        )
    if limit is not None and limit > images.of:
        yield f"{limit:,} images were asked for, and the data set has {images.of:,}: all of them"
    if images.unreadable:
        first, more = images.unreadable[0], len(images.unreadable) > 1
        lost = f"{len(images.unreadable)} images" if more else "an image"
        yield f"{lost} cannot be read{', such as' if more else ':'} {first}"
    prompts, answers = found.prompt_tokens, found.answer_tokens
    if prompts and answers and prompts.total and found.context and found.requests.left:
        each = (prompts.total + answers.at_most) / found.requests.left
        if each > found.context:
            yield (
                f"prompt and answer take up to {each:,.0f} tokens, more than the model's context "
                f"of {found.context:,} (`max_position_embeddings`)"
            )
