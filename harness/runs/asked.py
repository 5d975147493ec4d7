"""What of a planned request can be asked, once its images are read."""

from dataclasses import replace

from harness.prompts.ahead import LoadedRequest
from harness.prompts.plan import PlannedRequest
from harness.requests import Request, noise_seed
from harness.runs.bench import Bench


def readable(
    bench: Bench, loaded: LoadedRequest
) -> tuple[PlannedRequest, list[str], Request] | None:
    """Give what can be asked: where an image of several is broken, a prompt for the others."""
    kept = [place for place, item in enumerate(loaded.images) if item.image is not None]
    if not kept:
        return None
    planned = loaded.planned
    if len(kept) < len(loaded.images):
        planned = bench.planner.request(
            [planned.rows[place] for place in kept], [planned.image_ids[place] for place in kept]
        )
        planned = replace(planned, attempt=loaded.planned.attempt)
    items = [loaded.images[place] for place in kept]
    images = tuple(item.image for item in items if item.image is not None)
    request = Request(
        images,
        planned.text,
        bench.task.generation_kwargs,
        bench.task.output_type,
        bench.choices(planned),
        seed=noise_seed(bench.task.generation_kwargs.seed, planned.image_ids),
    )
    return planned, [item.sha256 for item in items], request
