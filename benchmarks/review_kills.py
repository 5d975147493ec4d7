"""Kill `harness review serve` at random moments while four windows of two people send answers.

Run from the repository's root: `python benchmarks/review_kills.py --kills 20`. Each kill is
SIGKILL; windows send an answer again until it is acknowledged, as the page does. After every second
one a torn line is put at the end of a file, as a machine without power may leave it. Exit code 1
when an answer that was acknowledged is missing afterwards, or one stands there that nobody sent.
"""

import argparse
import http.client
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from harness.review.answers import AnswerRow, read_answers
from harness.review.queue import Queue
from support.annotators import BEGIN, answer
from support.review_folder import make_folder
from support.review_server import Served, served


@dataclass
class Window:
    """A window of one person, which sends answers until it is stopped."""

    queue: Queue
    name: str
    number: int
    sent: list[AnswerRow] = field(default_factory=list)
    acknowledged: list[AnswerRow] = field(default_factory=list)
    tries: int = 0
    is_broken: bool = True

    def send(self, server: "list[Served]", stop: threading.Event) -> None:
        """Send answers to the server that runs now."""
        chosen = random.Random(self.number)
        while not stop.is_set():
            at = BEGIN + timedelta(seconds=4 * len(self.sent) + self.number)
            item, label = chosen.choice(self.queue.items), chosen.randrange(6)
            row = answer(self.queue, item, self.name, [label], seconds=len(self.sent), at=at)
            self.sent.append(row)
            while not stop.is_set():
                self.tries += 1
                try:
                    status, said = server[0].ask(
                        "/api/answers", server[0].tokens[self.name], row.line().encode()
                    )
                except (OSError, ValueError, http.client.HTTPException):
                    time.sleep(0.02)  # it is not there, or was killed in the middle
                    continue
                if status != 200:
                    raise AssertionError(f"refused: {status} {said}")
                self.acknowledged.append(row)
                break
        self.is_broken = False


def main() -> int:
    """Kill, count, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chosen = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        queue = make_folder(folder, n=60)
        windows = [Window(queue, each, n) for n, each in enumerate(("ann", "bob") * 2)]
        stop, server, threads = threading.Event(), [], []
        port = 0
        for kill in range(given.kills + 1):
            with served(folder, port) as running:
                port = int(running.address.rpartition(":")[2])
                server[:] = [running]
                if not threads:
                    threads = [
                        threading.Thread(target=each.send, args=(server, stop)) for each in windows
                    ]
                    for each in threads:
                        each.start()
                time.sleep(chosen.uniform(0.2, 1.5))
                if kill == given.kills:
                    stop.set()
                    for each in threads:
                        each.join()
                running.kill()
            if kill % 2 and kill < given.kills:
                with (folder / "answers" / "bob.jsonl").open("a") as file:
                    file.write(windows[1].sent[0].line()[: chosen.randrange(1, 200)])
        return report(given.kills, read_answers(queue, folder).rows, windows)


def report(kills: int, found: tuple[AnswerRow, ...], windows: list[Window]) -> int:
    """Print what was acknowledged and what was found; 1 where they differ."""
    acknowledged = {row for each in windows for row in each.acknowledged}
    sent = {row for each in windows for row in each.sent}
    missing, foreign = acknowledged - set(found), set(found) - sent
    again = sum(count - 1 for count in Counter(found).values())
    tries = sum(each.tries for each in windows)
    print(f"{kills} kills, {tries} posts of {len(sent)} answers")
    print(
        f"acknowledged {len(acknowledged)}, of them in the files {len(acknowledged & set(found))}"
    )
    print(f"in the files, not acknowledged: {len(set(found) - acknowledged)}")
    print(
        f"in the files, sent by nobody: {len(foreign)}; written again to stay the latest: {again}"
    )
    return 1 if missing or foreign or any(each.is_broken for each in windows) else 0


if __name__ == "__main__":
    sys.exit(main())
