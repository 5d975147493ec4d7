"""How many labels people change: in images drawn at random, in those that a rule chose, in all."""

from collections.abc import Iterable

from harness.review.merging import Merged
from harness.review.queue import Item, Queue
from harness.review.verdicts import Shared, is_chosen, share_of
from harness.scores.results import Interval, Part, Percent
from harness.scores.strata import Stratum, of_strata


class BaseRate(Part):
    """How many labels people change in images that were drawn at random from all."""

    changed: Shared
    """Of the control images that were decided."""
    n_undecided: int
    n_images: int | None
    """All images from which they were drawn; null where the queue does not say it."""
    n_chosen: int | None
    """Of those the images that a rule chooses."""
    whole: Percent | None
    """Estimate of the share in all images from all that were reviewed: the shares in the images
    that a rule chooses and in the others, weighted by how many there are of each. Null where the
    queue does not say that, or a part has no decided image."""
    whole_ci95: Interval | None
    chosen: Shared
    """Of the decided images that a rule chose."""
    others: Shared
    """Of the decided images that no rule chose, all of them control images."""


def base_rate(queue: Queue, merged: Merged) -> BaseRate:
    """Compute the rates. Honeypots are left out."""
    way = {each.image_id: each.way for each in merged.images}

    def changed(items: Iterable[Item]) -> Shared:
        ways = [way[each.image_id] for each in items if way[each.image_id] is not None]
        return share_of(sum(each != "kept" for each in ways), len(ways))

    items = [item for item in queue.items if item.known is None]
    control = [each for each in items if "control" in each.why]
    of_control = changed(control)
    chosen = changed(each for each in items if is_chosen(each))
    others = changed(each for each in items if not is_chosen(each))
    whole, ci95 = None, None
    if queue.n_images is not None and queue.n_chosen is not None:
        n_others = queue.n_images - queue.n_chosen
        sizes = ((queue.n_chosen, chosen), (n_others, others))
        strata = [Stratum(size, each.n, each.of) for size, each in sizes if size]
        whole, ci95 = of_strata(strata) or (None, None)
    return BaseRate(
        changed=of_control,
        n_undecided=len(control) - of_control.of,
        n_images=queue.n_images,
        n_chosen=queue.n_chosen,
        whole=whole,
        whole_ci95=ci95,
        chosen=chosen,
        others=others,
    )
