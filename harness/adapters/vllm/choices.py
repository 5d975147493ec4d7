"""Answers from a list, by next-token requests over prompts that the engine keeps in its cache.

vLLM can hold a text to a list by itself (structured outputs), but the log-probabilities that it
then gives are those of the list alone: how much the model wanted to write something else is lost.
So both are had from the log-probabilities of single tokens: the likelihood of every name, and the
name that greedy decoding within the list writes.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.adapters.hf.name_trie import ROOT, Trie, build_trie

MOST_TOKENS = 128
"""vLLM gives the log-probabilities of at most so many named tokens a request."""
_TOGETHER = 4096
"""Requests that are handed over at once."""

Prompt = Mapping[str, Any]
AskNext = Callable[[Sequence[Prompt], Sequence[Sequence[int]]], Sequence[Any]]
"""Asks for the next token after prompts, with the log-probabilities of the named tokens; gives
vLLM's outputs. The prompts hold `prompt_token_ids`."""


@dataclass(slots=True)
class Spelt:
    """A name that was written within a list."""

    tokens: list[int] = field(default_factory=list)
    """Its tokens, the one that ends the answer with them."""
    inside: float = 1.0
    """Product over the steps of the probability of the tokens that the list allowed."""
    begun: Any = None
    """vLLM's output of the prompt alone."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The likelihood of every name."""

    scores: tuple[float, ...]
    """The sums of the log-probabilities of the names' tokens, in the order of the names."""
    begun: Any
    """vLLM's output of the prompt alone."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What may come next."""

    known: dict[int, float]
    """The log-probability of each token that was asked for."""
    output: Any


def log_likelihoods(
    prompts: Sequence[Prompt], names: Sequence[Sequence[int]], ask: AskNext
) -> list[Ranked]:
    """Give for each prompt how likely each of the names is as its answer.

    Names that begin alike share requests: one for each place at which something follows.
    """
    trie = build_trie(names)
    places = [(parent, list(each)) for parent, each in _following(trie).items()]
    # The first tokens go ahead, so that the requests that follow find the prompt in the cache.
    found: list[Ranked] = []
    at_once = max(1, _TOGETHER // len(places))
    for start in range(0, len(prompts), at_once):
        part = prompts[start : start + at_once]
        first = _next(part, [list(places[0][1])] * len(part), ask)
        longer = [(each, parent, nexts) for each in part for parent, nexts in places[1:]]
        rest = iter(
            _next(
                [_with(each, _path(trie, parent)) for each, parent, _ in longer],
                [nexts for *_, nexts in longer],
                ask,
            )
        )
        for begun in first:
            known = {ROOT: begun.known} | {parent: next(rest).known for parent, _ in places[1:]}
            sums = (
                sum(known[trie.parents[node]][trie.tokens[node]] for node in path)
                for path in trie.paths
            )
            found.append(Ranked(tuple(sums), begun.output))
    return found


def spell(
    prompts: Sequence[Prompt], names: Sequence[Sequence[int]], ends: Sequence[int], ask: AskNext
) -> list[Spelt]:
    """Write for each prompt, token by token, the likeliest that goes on with a name of the list or
    ends one, as greedy decoding does.
    """
    trie = build_trie(names)
    following, last = _following(trie), {path[-1] for path in trie.paths}
    found = [Spelt() for _ in prompts]
    at = dict.fromkeys(range(len(prompts)), ROOT)
    while at:
        rows = list(at)
        allowed = [
            [*following.get(at[row], ()), *(ends if at[row] in last else ())] for row in rows
        ]
        asked = [_with(prompts[row], found[row].tokens) for row in rows]
        for row, step in zip(rows, _next(asked, allowed, ask), strict=True):
            token = max(sorted(step.known), key=step.known.__getitem__)  # of equal ones the first
            spelt = found[row]
            spelt.begun = spelt.begun or step.output
            spelt.tokens.append(token)
            spelt.inside *= min(1.0, math.fsum(map(math.exp, step.known.values())))
            node = following.get(at[row], {}).get(token)
            if node is None:
                del at[row]
            else:
                at[row] = node
    return found


def _next(prompts: Sequence[Prompt], tokens: Sequence[Sequence[int]], ask: AskNext) -> list[_Step]:
    """Ask for the log-probability of each of the tokens that may follow a prompt, a prompt."""
    pieces = [
        (place, each[start : start + MOST_TOKENS])
        for place, each in enumerate(tokens)
        for start in range(0, len(each), MOST_TOKENS)
    ]
    found: dict[int, _Step] = {}
    outputs = ask([prompts[place] for place, _ in pieces], [piece for _, piece in pieces])
    for (place, piece), output in zip(pieces, outputs, strict=True):
        logs = output.outputs[0].logprobs[0]
        step = found.setdefault(place, _Step({}, output))
        step.known.update((token, float(logs[token].logprob)) for token in piece)
    return [found[place] for place in range(len(prompts))]


def _following(trie: Trie) -> dict[int, dict[int, int]]:
    """Give for each node that something follows the tokens that do, with their nodes."""
    found: dict[int, dict[int, int]] = {}
    for node, (token, parent) in enumerate(zip(trie.tokens, trie.parents, strict=True)):
        found.setdefault(parent, {})[token] = node
    return found


def _path(trie: Trie, node: int) -> Iterator[int]:
    return (trie.tokens[each] for each in trie.ancestors(node))


def _with(prompt: Prompt, tokens: Iterator[int] | Sequence[int]) -> Prompt:
    return {**prompt, "prompt_token_ids": [*prompt["prompt_token_ids"], *tokens]}
