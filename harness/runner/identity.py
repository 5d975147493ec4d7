"""What answers depend on as task, model and files are now, and what an older run has otherwise."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.adapters.contents import COMMIT, Content, contents_of
from harness.adapters.registry import VERSIONS, abilities_of, adapter_class
from harness.data.classes import ClassList
from harness.data.sample import ORDERS
from harness.encoders.cache import sha256_of
from harness.encoders.registry import open_encoder
from harness.errors import Problem, UserError
from harness.prompts.image_ranking import read_image_ranking
from harness.prompts.options import options_path, source_path
from harness.prompts.plan import Plan
from harness.requests import ModelFacts
from harness.specs.base import completed
from harness.specs.catalogue import Catalogue
from harness.specs.load import load_encoder_spec
from harness.specs.model import ModelSpec
from harness.specs.task import TaskSpec
from harness.store.identity import Identity
from harness.store.manifest import Manifest
from harness.store.prediction import Prediction
from harness.words import listed

_SHOWN = 5
_COMMIT = re.compile("[0-9a-f]{40}")


def identity_of(catalogue: Catalogue, plan: Plan, model: ModelSpec) -> Identity:
    """Give what answers of a model to an opened task depend on, as all is now.

    Raises UserError for files of the model, or an encoder of the task, that cannot be read.
    """
    task = plan.opened.task
    return Identity(
        task=task.identity(),
        model=_with_option_defaults(model.identity(), model),
        class_list=plan.opened.classes.digest,
        data=plan.opened.source.fingerprint,
        options=plan.options_digest,
        adapter=VERSIONS.get(model.adapter, 1),
        order=ORDERS.get(task.image_order, 1),
        prompt=plan.planner.sample_sha256,
        contents={**contents_of(model), **_contents_of_task(catalogue, task, plan.opened.classes)},
    )


def known_identity(was: Identity, plan: Plan, model: ModelSpec) -> Identity:
    """Give what answers depend on as all is now, as far as it can be said without the files of the
    model, which are taken to be those of an older run.
    """
    now = {
        "task": plan.opened.task.identity(),
        "model": _with_option_defaults(model.identity(), model),
        "class_list": plan.opened.classes.digest,
        "adapter": VERSIONS.get(model.adapter, 1),
        "order": ORDERS.get(plan.opened.task.image_order, 1),
        "prompt": plan.planner.sample_sha256,
    }
    return was.model_copy(update=now)


def differences(was: Identity, now: Identity, model: ModelSpec) -> list[str]:
    """Name what answers depend on and is not as it was, each as `key: was -> is`.

    What the file system says of the images, and the options of all, are left out: pixels and
    options of the answered images are compared with the rows.
    """
    own = _with_option_defaults(was.model, model)
    filled = {"model": own, "data": now.data, "options": now.options}
    return was.model_copy(update=filled).differences(now)


def refuse_other_model(old: Manifest, now: ModelFacts) -> None:
    """Raise UserError where a loaded model, or what a server says that it answers with, is not what
    a run's manifest has noted. What either does not know is passed over.
    """
    found = [
        f"{key}: {old.model_facts[key]!r} -> {getattr(now, key)!r}"
        for key in ("dtype", "architecture", "parameters")
        if None not in (old.model_facts.get(key), getattr(now, key))
        and old.model_facts[key] != getattr(now, key)
    ]
    before = revisions(old.model_facts.get("revision"))
    commit = (old.identity.contents or {}).get("pretrained")
    if not before and isinstance(commit, str) and _COMMIT.fullmatch(now.revision or ""):
        before = {commit.removeprefix(COMMIT)}
    others = revisions(now.revision) - before
    if before and others:
        found.append(f"revision: {', '.join(sorted(before))} -> {', '.join(sorted(others))}")
    if found:
        fix = "say in the model's YAML which is meant (`dtype`, `revision`, or on a server a dated "
        fix += "name in `pretrained`); choose another --output, or move the old run aside by "
        fix += "--fresh"
        what = "is not the model that the run began with"
        raise UserError(Problem(f"model `{old.model}`", what, got="; ".join(found), fix=fix))


def revisions(names: object) -> set[str]:
    """Give the names in what is known of a model's revision: servers may have several."""
    return set(names.split(", ")) if isinstance(names, str) and names else set()


def refuse_other_questions(where: str, plan: Plan, rows: Mapping[str, Prediction]) -> None:
    """Raise UserError where answered images were asked with another prompt or other options than
    the task has for them now.
    """
    others = list(_asked_otherwise(plan, rows))
    if others:
        what = "images were asked otherwise than the task asks about them now"
        got = f"{len(others)} with another prompt or other options: {listed(others, _SHOWN)}"
        expected = "the prompts and options of the answers in the output directory"
        fix = "put templates and label files back, choose another --output, or move the old run "
        fix += "aside with --fresh"
        raise UserError(Problem(where, what, got, expected, fix))


def _asked_otherwise(plan: Plan, rows: Mapping[str, Prediction]) -> Iterator[str]:
    digests: dict[str, str] = {}
    for request in plan.requests:
        for image_id in request.image_ids:
            row = rows.get(image_id)
            if row is None or (row.images_in_prompt or 1) != len(request.image_ids):
                continue
            if request.text not in digests:
                digests[request.text] = request.prompt_sha256
            if row.options != request.options or (
                row.prompt_sha256 not in (None, digests[request.text])
            ):
                yield image_id


def _with_option_defaults(values: Mapping[str, object], model: ModelSpec) -> dict[str, object]:
    """Give values of a model with the defaults of its adapter's own options."""
    try:
        options = abilities_of(adapter_class(model)).options
    except UserError:  # an adapter that cannot be imported here answers nothing here
        return dict(values)
    given = values.get("options")
    filled = completed(options, given if isinstance(given, Mapping) else {})
    return ModelSpec.identity_of({**values, "options": filled})


def _contents_of_task(
    catalogue: Catalogue, task: TaskSpec, classes: ClassList
) -> dict[str, Content]:
    """Give what holds that by which images are chosen, and the options of a question drawn."""
    found: dict[str, Content] = {}
    if task.ids is not None:
        found["ids"] = _digest(task.resolve(task.ids, "ids"))
    how = task.distractors
    if how is not None and how.strategy == "embedding":
        encoder = open_encoder(load_encoder_spec(catalogue, how.encoder))
        found["distractors.encoder"] = encoder.digest
    elif how is not None and how.strategy == "confusion":
        found["distractors.source"] = _digest(source_path(task, how))
    elif how is not None and how.strategy == "image_embedding":
        ranking = read_image_ranking(source_path(task, how), classes)
        found["distractors.source"] = ranking.digest
    elif how is not None and how.strategy == "given":
        found["distractors.path"] = _digest(options_path(task, how))
    return found


def _digest(path: Path) -> str:
    return sha256_of({path.name: path})[path.name]
