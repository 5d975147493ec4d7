"""Results of runs in a tracker of experiments, Trackio: one tracked run for each run."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from harness.errors import MissingPackageError, Problem
from harness.export.hf.runs import ExportRun, read_runs
from harness.scores.long_form import figures_of


def metrics_of(run: ExportRun) -> dict[str, float]:
    """Give every figure of a run, named `protocol/label set/metric`, in percent; what belongs to no
    label set is named `protocol/metric`.
    """
    return {
        "/".join(filter(None, (each.protocol, each.label_set, each.metric))): each.value
        for each in figures_of(run.results)
    }


def config_of(run: ExportRun) -> dict[str, Any]:
    """Give what a run is of: task and model as resolved, and what else its scores depend on."""
    manifest, results = run.manifest, run.results
    return {
        "task": manifest.task,
        "model": manifest.model,
        "protocol": results.protocol,
        "n": results.n,
        "identity": manifest.identity.model_dump(mode="json"),
        "label_sets": {name: each.digest for name, each in results.label_sets.items()},
        "class_list": results.class_list.digest,
        "images": manifest.data.images_sha256 or manifest.data.fingerprint,
        "harness": manifest.harness_version,
    }


def export_trackio(paths: Sequence[Path], project: str) -> Mapping[str, int]:
    """Log runs (or all runs in folders) into a project of the local database; give name to figures.

    Trackio decides by TRACKIO_DIR where that is. Nothing leaves the machine. Raises
    MissingPackageError without it, and as `read_runs`, before anything is logged.
    """
    try:
        import trackio
    except ImportError as error:
        fix = "pip install 'mllm-classification-harness[trackio]'"
        problem = Problem("export trackio", "needs the package trackio", fix=fix)
        raise MissingPackageError(problem) from error
    logged: dict[str, int] = {}
    with ExitStack() as held:
        for run in read_runs(paths, held):
            metrics, name = metrics_of(run), f"{run.manifest.model}--{run.manifest.task}"
            options = {"auto_log_gpu": False, "auto_log_cpu": False, "embed": False}
            trackio.init(project=project, name=name, config=config_of(run), **options)
            trackio.log(metrics, step=0)
            trackio.finish()
            logged[name] = len(metrics)
    return logged
