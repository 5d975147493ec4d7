"""Whether a run directory holds a run of the same, and its manifest when it goes on."""

from harness.errors import Problem, UserError
from harness.run.classified import Outputs
from harness.store.manifest import Manifest


def resumed(old: Manifest, new: Manifest, ordered: Outputs | None) -> Manifest:
    """Give the manifest of a run that goes on. Raises UserError when it is another run's.

    `ordered` are a classifier's outputs in the order of its class list, by which the answers of
    earlier versions were read; None where there are no answers.
    """
    same_data = old.identity.model_copy(update={"data": new.identity.data})
    differences = same_data.differences(new.identity)
    if differences:
        raise UserError(
            Problem(
                f"{new.model} on {new.task}",
                "the output directory holds a run of something else",
                got="; ".join(differences),
                expected="the same task, model, classes and data",
                fix="choose another --output, or move the old run aside with --fresh",
            )
        )
    longer = old if old.n > new.n else new  # a smaller --limit takes nothing away
    kept = {
        "started": old.started,
        "seconds": old.seconds,
        "model_facts": old.model_facts,
        "mapping": old.mapping,
        "batch_size": new.batch_size or old.batch_size,
        "outputs_sha256": old.outputs_sha256 or (ordered.digest if ordered else None),
        "n": longer.n,
        "limit": longer.limit,
    }
    return new.model_copy(update=kept)
