"""`harness check --invariance TASK MODEL`: answers must not depend on how they are asked for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import Problem, UserError
from harness.report.terminal import say
from harness.specs.catalogue import Catalogue

if TYPE_CHECKING:
    from harness.checks.invariance import Flip

_SHOWN = 20


def check_invariance(
    catalogue: Catalogue, names: Sequence[str], settings: Sequence[str], limit: int, batch_size: int
) -> int:
    """Compare batches, orders and processes; print every answer that flips; give their number."""
    from harness.adapters.registry import check_fits, checked_class, load_adapter
    from harness.checks.invariance import compare_processes, compare_ways
    from harness.data.opened import open_task, require_images
    from harness.prompts.plan import make_plan
    from harness.runner.processes import current_rank
    from harness.specs.load import load_model, load_task

    if len(names) != 2:
        expected = "harness check --invariance TASK MODEL"
        raise UserError(Problem("check --invariance", "needs a task and a model", None, expected))
    task = load_task(catalogue, names[0], [*settings, f"limit={limit}"])
    model = load_model(catalogue, names[1])
    check_fits(model, checked_class(model), [task])
    plan = make_plan(open_task(catalogue, task))
    require_images(plan.opened)
    adapter = load_adapter(model, current_rank().setting)
    ways = compare_ways(plan, adapter, limit, batch_size)
    include = [word for path in catalogue.include_paths for word in ("--include_path", str(path))]
    told = [word for setting in settings for word in ("--set", setting)]
    words = ["--tasks", names[0], "--model", names[1], "--limit", str(limit), *told, *include]
    processes = compare_processes([*words, "--batch_size", str(batch_size)], (1, 2))
    flips = [*ways.flips, *processes.flips]
    dtype = adapter.facts.dtype or "unknown dtype"
    say(f"{names[1]} ({dtype}) on {names[0]}, {ways.prompts} prompts, against asking alone:")
    for way in (*ways.settings, *processes.settings):
        count = sum(flip.setting == way for flip in flips)
        say(f"  {way}: {count} answers flip")
    _show(flips, dtype)
    return len(flips)


def _show(flips: "Sequence[Flip]", dtype: str) -> None:
    for flip in flips[:_SHOWN]:
        ids = ", ".join(flip.image_ids)
        say(f"    {ids} ({flip.setting}): {flip.alone!r} -> {flip.other!r}")
    if len(flips) > _SHOWN:
        say(f"    and {len(flips) - _SHOWN} more")
    if flips and dtype in ("bfloat16", "float16"):
        say(
            f"In {dtype} sums are rounded differently in batches of different shape, which flips "
            "near ties. Report these flips, or run with `dtype: float32`."
        )
