"""Results of schema version 1, which knew strict and lenient matching only, in today's form."""

from collections.abc import Mapping
from typing import Any

_UNKNOWN = {"n_right": None, "accuracy": None}


def to_version_2(data: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values of a `results.json` in the form of version 2; those of it stay as they are.

    What version 1 did not count is null. Values that are no results of version 1 stay too, for the
    reader to say what is wrong with them.
    """
    found = dict(data)
    scores, shares, counts = (found.get(key) for key in ("scores", "shares", "counts"))
    is_old = found.get("schema_version") == 1
    if not is_old or not all(isinstance(each, dict) for each in (scores, shares, counts)):
        return found
    found |= {"schema_version": 2, "reading": None, "out_of_prompt": _out_of_prompt(found)}
    found["scores"] = {
        protocol: {name: _score(protocol, score) for name, score in by_name.items()}
        for protocol, by_name in found["scores"].items()
    }
    return found


def _out_of_prompt(old: Mapping[str, Any]) -> dict[str, Any] | None:
    if old.get("oop_strict") is None:
        return None
    n = sum(old["counts"].values()) - old["counts"].get("error", 0)
    n_out, n_strict = old["counts"].get("oop", 0), round(n * old["oop_strict"] / 100)
    return {
        "strict": {"n": n_strict, "share": old["oop_strict"]},
        "read": {"n": n_out, "share": 100 * n_out / n if n else None},
    }


def _score(protocol: str, old: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(old)
    strict = found.pop("accuracy_strict", None)
    found["matching"] = None
    if protocol in ("cw", "cw_plus", "mc"):
        n_strict = None if strict is None else round(found["n"] * strict / 100)
        read = {"n_right": found["n_right"], "accuracy": found["accuracy"]}
        found["matching"] = {
            "strict": {"n_right": n_strict, "accuracy": strict},
            "normalized": _UNKNOWN,
            "stated": _UNKNOWN,
            "read": read,
        }
    return found
