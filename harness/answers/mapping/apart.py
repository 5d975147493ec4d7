"""Whether the text encoder of a task can tell its class names apart, and the error when it cannot.

Answers that name one of two such classes would be mapped to the lower id, and a score printed.
"""

from collections.abc import Sequence

from harness.answers.mapping.vectors import embed_classes, same_rows, shared_vectors
from harness.data.classes import ClassList
from harness.encoders.base import TextEncoder
from harness.errors import Problem, SpecError, unknown_name

_NAMED = 5  # groups that a message names, and names of each


def refuse_shared(
    encoder: TextEncoder, class_list: ClassList, template: str, allowed: Sequence[str] = ()
) -> None:
    """Raise SpecError for names that are one to the encoder, unless all of them are `allowed`.

    No weights are read where the encoder has a tokenizer: see `shared_vectors`.
    """
    _refuse(encoder.name, class_list, shared_vectors(encoder, class_list, template), allowed)


def refuse_same_rows(
    encoder: TextEncoder, class_list: ClassList, template: str, allowed: Sequence[str] = ()
) -> None:
    """Do as `refuse_shared`, and look at the embeddings themselves too."""
    refuse_shared(encoder, class_list, template, allowed)
    rows = same_rows(embed_classes(encoder, class_list, template))
    _refuse(encoder.name, class_list, rows, allowed)


def _refuse(
    encoder: str,
    class_list: ClassList,
    groups: Sequence[tuple[int, ...]],
    allowed: Sequence[str],
) -> None:
    key = "mapping.allow_shared_vectors"
    known: set[int] = set()
    for name in allowed:
        ids = class_list.lookup(name)
        if not ids:
            raise SpecError(unknown_name(key, "class name", name, class_list.names))
        known.update(ids)
    shared = [ids for ids in groups if not known.issuperset(ids)]
    if not shared:
        return
    names = [[class_list.by_id[each].name for each in ids] for ids in shared]
    listed = _listed([_listed([f"`{name}`" for name in group], ", ") for group in names], "; ")
    raise SpecError(
        Problem(
            f"class list `{class_list.name}` under the encoder `{encoder}`",
            "several names have one vector: to the encoder they are one",
            got=listed,
            expected="an encoder that reads the names (`lexical` reads the letters of any script)",
            fix=f"name another encoder, or list these names under `{key}`: an answer is then such "
            "a class by its exact name, and one that is mapped counts for the lowest id of them",
        )
    )


def _listed(items: Sequence[str], between: str) -> str:
    rest = f"{between}and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return between.join(items[:_NAMED]) + rest
