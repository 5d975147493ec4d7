"""A run whose requests are sent off together and answered hours later."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.adapters.base import Adapter, Deferred, Deferring, Sealed, Unanswered
from harness.errors import Problem, UserError
from harness.prompts.ahead import load, work_ahead
from harness.prompts.plan import Plan, PlannedRequest
from harness.requests import Ask
from harness.runner.loop import Loaded, Watch, ready, rows_of
from harness.runs.rows import failed_rows
from harness.store.lines import Appender
from harness.store.prediction import Prediction
from harness.words import counted

_MOST_IDLE = 3
"""Rounds in a row that bring no answer, after which what is left is an error."""


@dataclass(frozen=True, slots=True)
class Owed:
    """The requests that this process owes."""

    requests: Sequence[PlannedRequest]
    mark: str | None
    """What the rows of the run bear."""

    def by_key(self) -> dict[str, PlannedRequest]:
        """Give the requests by what they are known by in any launch of the run."""
        prompts: dict[str, str] = {}
        found = {}
        for each in self.requests:
            if each.text not in prompts:
                prompts[each.text] = each.prompt_sha256
            told = json.dumps([self.mark, prompts[each.text], list(each.image_ids)])
            found[hashlib.sha256(told.encode()).hexdigest()[:32]] = each
        return found


def deferred_of(
    adapter: Adapter, ask: Ask, folder: Path, owed: Owed, *, alone: bool
) -> Deferred | None:
    """Give what sends all requests of a run off at once; None where they are asked batch by batch.

    `alone` says whether this is the one process of the run, with no limit for a call. Raises
    UserError where it is not, and where requests that were sent off would be asked besides.
    """
    deferred = adapter.deferred(ask, folder) if isinstance(adapter, Deferring) else None
    if deferred is None:
        return None
    if not deferred.sends:
        waiting = deferred.sent.keys() & owed.by_key().keys()
        if not waiting:
            return None
        what = f"{counted(len(waiting), 'request')} sent off would be asked and paid twice"
        fix = "go on with --set_model options.batch=true, or remove the run's folder `batches`"
        raise UserError(Problem(str(folder), what, fix=fix))
    if not alone:
        what = "requests that are sent off all at once need one process, and no limit for a call"
        fix = "leave out the launcher, --shard and --call_timeout, or options.batch"
        raise UserError(Problem(str(folder), what, fix=fix))
    return deferred


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of getting a request ready to be sent off."""

    planned: PlannedRequest
    sealed: Sealed | None
    failed: tuple[Prediction, ...] = ()


class _DeferredRun:
    """The rounds of one run. Each takes away from `owed` what needs no further one."""

    def __init__(self, plan: Plan, deferred: Deferred, appender: Appender, watch: Watch) -> None:
        self._plan, self._deferred = plan, deferred
        self._appender, self._watch = appender, watch
        self._asked: dict[str, PlannedRequest] = {}
        """Requests as they were sent off: without images that cannot be read."""
        self._why: dict[str, str] = {}

    def send(
        self, owed: dict[str, PlannedRequest], fresh: Mapping[str, PlannedRequest], most: int
    ) -> None:
        """Send off the first of the fresh requests."""
        keys = {id(each): key for key, each in fresh.items()}

        def work(planned: PlannedRequest) -> _Outcome:
            return self._sealed(keys[id(planned)], planned)

        def sealed() -> Iterator[Sealed]:
            for each in work_ahead(work, list(fresh.values())[:most], 1):
                self._watch.flag.check()
                self._write(each.failed)
                if each.sealed is None:
                    del owed[keys[id(each.planned)]]
                    continue
                yield each.sealed

        self._deferred.send(sealed())

    def collect(self, owed: dict[str, PlannedRequest]) -> None:
        """Write the answers as they come."""
        for answers in self._deferred.collect(owed.keys()):
            rows: list[Prediction] = []
            hashes = self._deferred.sent if answers else {}
            for key, answer in answers:
                if key not in owed:
                    continue
                if isinstance(answer, Unanswered):
                    self._why[key] = answer.reason
                    continue
                asked = self._as_sent(key, owed[key], hashes[key])
                if asked is None:  # with images that could not be read then, and can be now
                    self._deferred.forget([key])
                    continue
                del owed[key]
                rows += rows_of(self._plan, asked, hashes[key], answer)
            if answers:
                self._write(rows)
            self._watch.flag.check()

    def give_up(self, owed: dict[str, PlannedRequest]) -> None:
        """Make errors of what has no answer."""
        for key, planned in owed.items():
            self._write(failed_rows(planned, self._why.get(key, "no answer")))
        owed.clear()

    def _sealed(self, key: str, planned: PlannedRequest) -> _Outcome:
        loaded: Loaded = ready(self._plan, None, load(self._plan.opened.source, planned))
        if loaded.ready is None:
            return _Outcome(planned, None, loaded.failed)
        self._asked[key] = loaded.ready.planned
        try:
            sealed = self._deferred.seal(key, loaded.ready.hashes, loaded.ready.request)
        except UserError:
            raise
        except ValueError as error:
            failed = failed_rows(loaded.ready.planned, str(error))
            return _Outcome(planned, None, (*loaded.failed, *failed))
        return _Outcome(planned, sealed, loaded.failed)

    def _as_sent(
        self, key: str, planned: PlannedRequest, hashes: Sequence[str]
    ) -> PlannedRequest | None:
        """Give a request with the images of which it was sent off, which another launch may have
        done; None where these are not those that can be read.
        """
        asked = self._asked.get(key, planned)
        if len(hashes) == len(asked.image_ids):
            return asked
        loaded = ready(self._plan, None, load(self._plan.opened.source, planned))
        same = loaded.ready is not None and loaded.ready.hashes == tuple(hashes)
        return loaded.ready.planned if loaded.ready and same else None

    def _write(self, rows: Sequence[Prediction]) -> None:
        if rows:
            self._watch.note(rows, self._appender)


def answer_deferred(
    plan: Plan, deferred: Deferred, requests: Owed, appender: Appender, watch: Watch
) -> None:
    """Send requests off, wait for their answers and append these as they come.

    What an earlier launch sent off is waited for and not sent again. Requests that their batch did
    not come to are sent again, until three rounds in a row have brought no answer. With a limit of
    the cost, no more are sent off in a round than can be paid for. Raises as `answer_requests`.
    """
    run = _DeferredRun(plan, deferred, appender, watch)
    owed = requests.by_key()
    idle = 0
    while owed:
        watch.flag.check()
        known = deferred.sent
        if watch.spending is None or owed.keys().isdisjoint(known):
            fresh = {key: each for key, each in owed.items() if key not in known}
            run.send(owed, fresh, watch.most(len(fresh)) if fresh else 0)
        before = len(owed)
        run.collect(owed)
        idle = idle + 1 if len(owed) == before else 0
        if idle == _MOST_IDLE:
            run.give_up(owed)
