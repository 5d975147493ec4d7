"""The command `harness`: one small module for each subcommand, heavy imports inside them.

What a command does is elsewhere; here it is only called, and how it ended is reported.
"""

import atexit
import gc
import logging
import os
import sys
from typing import NoReturn

import typer
from rich.logging import RichHandler

from harness import __version__
from harness.cli import (
    check,
    compare,
    export,
    import_answers,
    invariance,
    judge,
    leaderboard,
    listing,
    map_answers,
    new,
    new_model,
    plan,
    plot,
    review,
    rules,
    run,
    score,
    show,
    study,
    submit,
    view,
)
from harness.cli.streams import LostOutputError, drop, plain_streams
from harness.errors import HarnessError, Problem, RunError
from harness.report.terminal import Console, fitted, say

log = logging.getLogger("harness")
_GARBAGE = 50_000
"""New objects after which Python looks for cycles. Its own 700 cost short commands a tenth."""
app = typer.Typer(
    name="harness",
    help="Measure multimodal LLMs as image classifiers.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("new", short_help="Write the tasks of a data set of your own.")(new.new)
app.command("run")(run.run)
app.command("plan", short_help="Print what `harness run` would ask, take and cost.")(plan.plan)
app.command("score")(score.score)
app.command("merge", help="Another name of `score`.")(score.score)
app.command("show", short_help="Print the tables of runs as they were scored last.")(show.show)
app.command("view", short_help="Look at runs: build a site of them.")(view.view)
app.command("import")(import_answers.import_answers)
app.command("map", short_help="Map the answers of a run by several encoders and templates.")(
    map_answers.map_answers
)
app.command("rules", short_help="Score answers by the rules of other papers.")(rules.rules)
app.command("judge", short_help="Ask a language model whether answers name the labels.")(
    judge.judge
)
app.command("compare", short_help="Compare runs image by image.")(compare.compare)
app.command("plot", short_help="Draw runs in one picture, as for a paper.")(plot.plot)
app.command("check", short_help="Check tasks, models and other YAML before a run.")(check.check)
app.command("invariance", short_help="Do answers flip with batch, order or processes?")(
    invariance.invariance
)
app.command("new-model", short_help="Write a model's YAML.")(new_model.new_model)
app.command("list", short_help="List tasks, models, encoders and other names.")(listing.list_names)
app.add_typer(export.app, name="export")
app.add_typer(leaderboard.app, name="leaderboard")
app.add_typer(review.app, name="review", short_help="People correct labels.")
app.add_typer(study.app, name="study", short_help="How much each choice moves the score.")
app.add_typer(
    submit.app, name="submit", short_help="Make an entry of the leaderboard, and check it."
)


def _show_version(asked: bool) -> None:
    if asked:
        say(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Measure multimodal LLMs as image classifiers."""


def main() -> NoReturn:
    """Run the command. A mistake of the user's ends in one message, without a traceback."""
    gc.set_threshold(_GARBAGE)
    atexit.register(_fall_silent)  # the first to be registered is the last to be called
    with plain_streams():
        _log_to_stderr()
        try:
            code = _run_command()
            sys.stdout.flush()
        except LostOutputError as error:
            drop(sys.stdout)
            code = _report(error)
    sys.exit(code)


def _fall_silent() -> None:
    """Drop what libraries say while Python ends: triton's lists what it has not let go, over pages,
    below the result or the one error.
    """
    if sys.stderr is not None:
        drop(sys.stderr)


def _log_to_stderr() -> None:
    console = Console(stderr=True)
    handler = RichHandler(console=console, show_time=False, show_path=False, markup=False)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    logging.getLogger("harness").setLevel(logging.INFO)
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # each try again; the error comes from here
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")  # other libraries' bars, in a log file


def _run_command() -> int | str | None:
    try:
        app()
    except SystemExit as end:
        return end.code
    except LostOutputError:
        raise
    except HarnessError as error:
        return _report(error)
    except OSError as error:  # a disk that is full, gone or not ours, wherever it shows
        log.debug("the error as Python has it", exc_info=True)
        where = str(error.filename or "a file")
        fix = "see that the disk has room, and that the path is there and is yours"
        return _report(
            RunError(str(Problem(where, "cannot be read or written", got=str(error), fix=fix)))
        )
    return 0


def _report(error: HarnessError) -> int:
    if str(error):
        say(fitted(f"error: {error}", err=True), err=True)
    if error.exit_at_once:
        sys.stderr.flush()
        os._exit(error.exit_code)
    return error.exit_code
