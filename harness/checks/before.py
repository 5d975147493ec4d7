"""What can be known of a task or a model before it runs: one function a check."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.adapters.named import find_model
from harness.adapters.registry import abilities_of, check_fits, checked_class
from harness.answers.outcome import Status
from harness.data.class_lists import load_class_list, name_sets
from harness.data.images.pixels import ImageError
from harness.data.images.source import dataset_location
from harness.data.labels.label_set import Labels, LabelSet
from harness.data.labels.of_task import NO_OVERRIDES, Overrides, share_overrides
from harness.data.opened import open_task, task_classes
from harness.errors import DataError, MissingPackageError, UserError
from harness.prompts.plan import Plan, PlannedRequest, make_plan
from harness.runs.preflight import Finding, check_classes, check_data, check_names, shown
from harness.runs.rows import read_answer
from harness.scores.scoring import ScoreRequest, score
from harness.specs.catalogue import Catalogue, own_root
from harness.specs.load import load_class_list_spec, load_model, load_prompt, load_task
from harness.specs.task import Protocol, TaskSpec
from harness.specs.template import LETTERS
from harness.store.prediction import Prediction
from harness.studies.opening import open_study
from harness.weights import locate
from harness.words import counted

_DECODED = 3  # images that a check decodes
_PROMPT_END = 300  # characters of a long prompt that are shown, at its beginning and at its end


def share_among_tasks(
    catalogue: Catalogue, names: Sequence[str], settings: Sequence[str], overrides: Overrides
) -> Overrides:
    """Give overrides of which each task takes the label sets that apply to it; a task that cannot
    be read is reported by its own check. Raises SpecError as `share_overrides`.
    """
    tasks: list[TaskSpec] = []
    for name in names if overrides.label_sets or overrides.equivalences else ():
        with contextlib.suppress(UserError):
            tasks.append(load_task(catalogue, name, settings))
    return share_overrides(catalogue, tasks, overrides)


def check_task(
    catalogue: Catalogue,
    name: str,
    settings: Sequence[str] = (),
    overrides: Overrides = NO_OVERRIDES,
    *,
    needs_data: bool = True,
) -> list[Finding]:
    """Check a task by name: its file, classes, labels, images, prompt and gold answers.

    Without `needs_data`, a data set on the hub is not fetched, and a note says so.
    """
    try:
        task = load_task(catalogue, name, settings)
        classes = task_classes(catalogue, task)
    except UserError as error:
        return [Finding("error", "loads", str(error))]
    found = [Finding("ok", "loads", f"protocol {task.protocol}")]
    named = check_classes(catalogue, task, classes)
    try:
        elsewhere = None if needs_data else _elsewhere(task)
        if elsewhere is not None:
            return [*found, Finding("note", "opens", elsewhere), *named]
        plan = make_plan(open_task(catalogue, task, overrides))
    except UserError as error:
        return [*found, Finding("error", "opens", str(error)), *named]
    found += [*check_data(plan.opened, plan.image_ids), *named]
    return [*found, *check_images(plan), *check_prompt(plan), *check_gold(plan)]


def _elsewhere(task: TaskSpec) -> str | None:
    """Say where the data of a task are that are not looked at unless it is named: on the hub or,
    for a task of the project's own, with whoever has fetched them.
    """
    try:
        if isinstance(dataset_location(task), str):
            return f"`{task.dataset_path}` is on the hub; name the task to fetch and check it"
    except DataError:
        if not task.directory.is_relative_to(own_root()):
            raise
        return f"point to the images: --set dataset_path=DIR, in place of `{task.dataset_path}`"
    return None


def check_model(catalogue: Catalogue, name: str, settings: Sequence[str] = ()) -> list[Finding]:
    """Check a model as `find_model` finds it: its file, its adapter, where its weights are."""
    try:
        named = find_model(catalogue, name, settings)
        spec = named.spec
        keys = abilities_of(checked_class(spec)).keys
    except MissingPackageError as error:
        own = ":" in spec.adapter  # an adapter of one's own; else an extra, which is a choice
        return [Finding("error" if own else "note", "loads", str(error))]
    except UserError as error:
        return [Finding("error", "loads", str(error))]
    found = [Finding("ok", "loads", named.note or f"adapter {spec.adapter}")]
    if spec.pretrained is None or "revision" not in keys:
        return found  # without a revision it names no weights but a model on a server
    try:
        weights = locate(spec)
    except UserError as error:
        return [*found, Finding("error", "weights", str(error))]
    here = weights.is_local or weights.commit is not None
    return [*found, Finding("ok" if here else "note", "weights", str(weights))]


def check_class_list(catalogue: Catalogue, name: str) -> list[Finding]:
    """Check a class list by name, under every one of its name sets."""
    try:
        spec = load_class_list_spec(catalogue, name)
        lists = [load_class_list(spec, name_set) for name_set in name_sets(spec)]
    except UserError as error:
        return [Finding("error", "loads", str(error))]
    found = [Finding("ok", "loads", counted(len(lists[0]), "class", "classes"))]
    for classes in lists:
        named = f"{classes.name_set}: "
        found += [replace(each, text=named + each.text) for each in check_names(classes)]
    return found


def check_named_prompt(catalogue: Catalogue, name: str) -> list[Finding]:
    """Check a prompt by name."""
    try:
        templates = load_prompt(catalogue, name).templates
    except UserError as error:
        return [Finding("error", "loads", str(error))]
    if not templates:
        return [Finding("error", "loads", "has no template for any protocol")]
    return [Finding("ok", "loads", f"templates for {', '.join(templates)}")]


def check_study(catalogue: Catalogue, name: str) -> list[Finding]:
    """Check a study by name: its file, every level of every factor, and that models fit tasks."""
    notes: dict[str, None] = {}
    try:
        study = open_study(catalogue, name)
        names = dict.fromkeys(model for model, _ in study.runs)
        for model in names:
            spec = load_model(catalogue, model)
            tasks = [study.tasks[variant] for each, variant in study.runs if each == model]
            try:
                check_fits(spec, checked_class(spec), tasks)
            except MissingPackageError as error:
                notes[str(error)] = None
    except UserError as error:
        return [Finding("error", "loads", str(error))]
    factors = ", ".join(f"{each.name} ({len(each.points)})" for each in study.factors)
    runs = f"{counted(len(study.runs), 'run')} of {counted(len(names), 'model')}"
    found = Finding("ok", "loads", f"{runs}; factors: {factors}")
    return [found, *(Finding("note", "loads", each) for each in (*study.notes, *notes))]


def check_images(plan: Plan) -> Iterator[Finding]:
    """The first images decode."""
    source, column = plan.opened.source, plan.opened.task.doc_to_visual
    if source.read is None:
        text = f"no column `{column}` of images: only `import` works with it"
        yield Finding("note", "images", text)
        return
    for row in range(min(_DECODED, len(source))):
        try:
            image = source.read(row)
        except ImageError as error:
            yield Finding("error", "images", str(error))
        else:
            size = f"{image.width}x{image.height}"
            yield Finding("ok", "images", f"{shown(source.ids[row])}: {size}")


def check_prompt(plan: Plan) -> Iterator[Finding]:
    """The prompt of the first request, in full or, where it is long, its beginning and end."""
    if not plan.requests:
        yield Finding("error", "prompt", "no image has a question")
        return
    text = plan.requests[0].text
    if text:
        images = ", ".join(f"`{shown(each)}`" for each in plan.requests[0].image_ids)
        lead = f"the first, {len(text):,} characters, of {images}; `|` begins its lines"
        yield Finding("ok", "prompt", "\n".join((lead, *_prompt_lines(text))))


def _prompt_lines(text: str) -> list[str]:
    if len(text) > 3 * _PROMPT_END:
        left_out = f" … {len(text) - 2 * _PROMPT_END:,} characters more … "
        text = text[:_PROMPT_END] + left_out + text[-_PROMPT_END:]
    return [f"| {line}".rstrip() for line in text.rstrip("\n").split("\n")]


def check_gold(plan: Plan) -> Iterator[Finding]:
    """The right answers, written as a model would write them, score 100 on every label set."""
    protocol = plan.opened.task.protocol
    if protocol not in ("cw", "cw_plus", "mc"):
        return
    for labels in plan.opened.labels.sets:
        rows = [row for request in plan.requests for row in _gold(plan, labels, request)]
        wrong = _not_right(plan, labels, rows, protocol)
        answers = f"{len(rows)} gold answers on `{labels.name}`"
        if wrong is None:
            yield Finding("note", "gold", f"{answers}: nothing to score")
        elif wrong:
            yield Finding("error", "gold", f"{answers} score {wrong:.2f} below 100")
        else:
            yield Finding("ok", "gold", f"{answers} score 100")


def _gold(plan: Plan, labels: LabelSet, request: PlannedRequest) -> Iterator[Prediction]:
    for image_id in request.image_ids:
        valid = sorted(labels.labels.get(image_id, ()))
        if request.options:
            valid = [each for each in valid if each in request.options]
        if not valid:
            continue
        answer = plan.opened.classes.by_id[valid[0]].name
        if request.options:
            answer = LETTERS[request.options.index(valid[0])]
        outcome = read_answer(
            plan.opened.task.protocol, answer, request.options, plan.opened.classes
        )
        yield Prediction(
            image_id=image_id,
            status=outcome.status,
            answer=answer,
            class_id=outcome.class_id,
            also=outcome.also,
            rule=outcome.rule,
            options=request.options,
        )


def _not_right(
    plan: Plan, labels: LabelSet, rows: Sequence[Prediction], protocol: Protocol
) -> float | None:
    """Give by how many points the rows miss 100; None when there are none to score."""
    if not any(row.status is not Status.ERROR for row in rows):
        return None
    request = ScoreRequest(
        task=plan.opened.task.task,
        model="gold",
        protocol=protocol,
        class_list=plan.opened.classes,
        labels=Labels((labels,), plan.opened.labels.equivalences),
        draws=1,
    )
    accuracy = score(rows, request).scores[protocol][labels.name].accuracy
    return None if accuracy is None else 100 - accuracy
