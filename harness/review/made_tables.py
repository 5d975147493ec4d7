"""What `harness review make` says of a queue: images by rule, their candidates, who gets them."""

from collections import Counter, defaultdict

from harness.report.table import NONE, Cell, Column, Table, names, table_of
from harness.review.make import Made
from harness.review.queue import Queue, Rules, Why
from harness.review.rules import WHYS


def made_tables(made: Made) -> tuple[Table, ...]:
    """Give the tables of a queue that was made: why its images are in it, and who gets them."""
    return _by_rule(made), _by_annotator(made.queue)


def rule_text(why: Why, rules: Rules) -> str:
    """Say in words why an image is in a queue."""
    texts: dict[Why, str] = {
        "disagree": f"disagree: {rules.disagree} or more models outside of the labels",
        "groups": f"groups: {', '.join(rules.groups)}",
        "split": "split: no class is every model's",
        "low_margin": f"low_margin: {100 * (rules.low_margin or 0):g} % nearest of a model",
        "oop": "oop: an answer is out of prompt",
        "flagged": "flagged: ids of a file",
        "control": f"control: {100 * rules.control:g} %, drawn from all images",
        "honeypot": "honeypots: all label sets agree on one label",
    }
    return texts[why]


def _by_rule(made: Made) -> Table:
    queue = made.queue
    drawn = Counter(each for item in queue.items for each in item.why)
    rows: list[tuple[Cell, ...]] = [
        (rule_text(each, queue.rules), made.available.get(each, NONE), drawn[each])
        for each in WHYS
        if each in made.available or drawn[each]
    ]
    rows.append(("all", made.available["control"], len(queue.items)))
    sizes = Counter(len(item.candidates) for item in queue.items)
    counts = ", ".join(f"{size}: {sizes[size]}" for size in sorted(sizes))
    mean = sum(size * count for size, count in sizes.items()) / len(queue.items)
    return Table(
        "rules",
        f"{queue.n} images to correct {queue.base}: {queue.mode}, seed {queue.seed}",
        (
            *names("why"),
            Column("images", "images", stays=True),
            Column("drawn", "in queue", stays=True),
        ),
        rows,
        caption="An image may be there for several reasons. "
        f"Candidates an image: {mean:.1f}; images by their number: {counts}.",
    )


def _by_annotator(queue: Queue) -> Table:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for item in queue.items:
        for name in item.annotators:
            counts[name].update(("images", *item.why))
    each = "one annotator" if queue.overlap == 1 else f"{queue.overlap} annotators"
    return table_of(
        queue.annotators,
        (
            ("annotator", lambda name: name),
            (Column("images", "images", stays=True), lambda name: counts[name]["images"]),
            (Column("control", "control", stays=True), lambda name: counts[name]["control"]),
            (Column("honeypots", "honeypots", stays=True), lambda name: counts[name]["honeypot"]),
        ),
        "annotators",
        f"{each} an image",
    )
