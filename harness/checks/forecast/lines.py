"""A forecast in words, a line for each thing that is known."""

from collections.abc import Iterator

from harness.checks.forecast.forecast import Forecast

_HOW = {
    "exact": "exact",
    "extrapolated": "text exact, images taken to be as those that were opened",
    "assumed": "text exact, images taken to be of that size",
    "estimated": "estimated",
    "measured": "the prompts as in the earlier run",
}


def lines_of(found: Forecast) -> Iterator[tuple[str, str]]:
    """Give lines for people: what a line is about, and what is known."""
    yield "images", _images(found)
    yield "requests", _requests(found)
    if found.prompt is not None:
        yield "prompts", _prompts(found)
        yield "answers", _answers(found)
        yield "counted", _counted(found)
        yield "cost", _cost(found)
    yield "time", _time(found)
    yield "disk", _disk(found)
    yield "can show", _difference(found)
    for note in found.notes:
        yield "note", note


def dollars(value: float) -> str:
    """Give an amount of money with two decimals, or two digits where it is less than ten cents."""
    return f"US$ {value:,.2f}" if value >= 0.1 else f"US$ {value:.2g}"


def _images(found: Forecast) -> str:
    images = found.images
    text = f"{images.asked:,}" + (f" of {images.of:,}" if images.asked < images.of else "")
    text += f" ({images.skipped:,} without a question left out)" if images.skipped else ""
    (width, height), (most_wide, most_high) = images.smallest, images.largest
    size = f"{width} x {height}"
    if not images.opened:
        return f"{text}; none was opened: {size} pixels assumed"
    if images.smallest != images.largest:
        size += f" to {most_wide} x {most_high}"
    return f"{text}; {images.opened:,} opened: {size} pixels"


def _requests(found: Forecast) -> str:
    requests = found.requests
    text = f"{requests.left:,} to ask"
    text += f", {requests.answered:,} answered already" if requests.answered else ""
    text += f"; slice {requests.slice} of {requests.all:,}" if requests.slice else ""
    return text + (f"; {requests.repeats} repeats" if requests.repeats > 1 else "")


def _prompts(found: Forecast) -> str:
    prompts = found.prompt_tokens
    assert prompts is not None
    of_text = f"{prompts.of_text:,} of text"
    if prompts.how == "measured":
        return f"{prompts.total:,} tokens"
    if prompts.total is None or prompts.of_images is None:
        return f"{of_text}; of images not known"
    text = f"{prompts.total:,} tokens: {of_text} and {prompts.of_images:,} of images"
    if prompts.an_image:
        low, high = prompts.an_image
        text += f", {low:,}" + (f" to {high:,}" if high > low else "") + " an image"
    if prompts.low is not None and prompts.high is not None:
        text += f"; 95 %: {prompts.low:,} to {prompts.high:,}"
    return text


def _answers(found: Forecast) -> str:
    answers = found.answer_tokens
    assert answers is not None
    if answers.how == "ranked":
        return f"{answers.at_most:,} tokens: what may be answered is ranked, and not written"
    by = "as long as in the earlier run"
    if answers.how == "names":
        names = "letters of options" if found.protocol == "mc" else "names of the list"
        by = f"if they are {names}"
        by += ", without any reasoning" if answers.without_reasoning else ""
    return f"{answers.expected:,} tokens {by}; at most {answers.at_most:,}"


def _counted(found: Forecast) -> str:
    assert found.prompt_tokens is not None
    how = _HOW[found.prompt_tokens.how]
    return how if found.prompt_tokens.how == "measured" else f"{how}: {found.counting}"


def _cost(found: Forecast) -> str:
    if found.cost is None:
        return f"not known: {found.unpriced}"
    reasoning = found.answer_tokens is not None and found.answer_tokens.without_reasoning
    cost = found.cost
    text = dollars(cost.expected) + (", without any reasoning" if reasoning else "")
    longest = "every answer is as long as it may be"
    if cost.cached is not None:
        text += f"; {dollars(cost.cached)} if the server always has in its cache what stands "
        text += "before the image"
        longest = "nothing is, and every answer as long as it may be"
    text += f"; {dollars(cost.at_most)} if {longest}"
    if cost.as_before is not None:
        text += f"; {dollars(cost.as_before)} at what a request of the earlier run cost"
    return f"{text}. `harness run --max_cost` sets a limit"


def _time(found: Forecast) -> str:
    earlier = found.earlier
    if earlier is None or found.seconds is None:
        return "not known: no earlier run of this model says how long an answer takes"
    text = f"{_duration(found.seconds)} of model calls in one process, if as fast as in the "
    text += f"earlier run: {earlier.path}, {earlier.requests:,.0f} requests"
    text += f" in {earlier.processes} processes" if earlier.processes > 1 else ""
    return text + ("" if earlier.same_task else f", of another task ({earlier.task})")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60:,} h {minutes % 60} min"


def _disk(found: Forecast) -> str:
    disk = found.disk
    how = "as long as those of the earlier run" if disk.measured else "as long as a made-up one"
    text = f"{_bytes(disk.run)} of rows, {how}"
    if disk.embeddings is None:
        return f"{text}; embeddings not known"
    return text + (f"; at most {_bytes(disk.embeddings)} of embeddings" if disk.embeddings else "")


def _bytes(number: int) -> str:
    unit, size = next(
        (pair for pair in (("GB", 1e9), ("MB", 1e6)) if number >= pair[1]), ("kB", 1e3)
    )
    return f"{number / size:,.1f} {unit}"


def _difference(found: Forecast) -> str:
    shown = found.difference
    on = f"two models on the {shown.images:,} images that `{shown.label_set}` labels"
    how = "(exact McNemar, power 0.8)"
    if all(each.difference is None for each in shown.shown):
        shares = ", ".join(f"{100 * each.discordant:g}" for each in shown.shown)
        return f"no difference of {on}, where {shares} % are discordant {how}"
    parts = [
        ("none" if each.difference is None else f"{100 * each.difference:.2f} points")
        + f" where {100 * each.discordant:g} % are discordant"
        for each in shown.shown
    ]
    return f"as the smallest difference of {on}: {', '.join(parts)} {how}"
