"""Load a processor and a model of transformers as a YAML says; report failures plainly."""

import importlib.util
import inspect
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor, GenerationConfig
from transformers.quantizers.auto import AutoQuantizationConfig

from harness.errors import MissingPackageError, Problem, SpecError, first_line
from harness.requests import ModelFacts
from harness.specs.model import Kind, ModelSpec
from harness.weights import Weights
from harness.words import listed

LOADING = frozenset({
    "pretrained", "revision", "dtype", "attn_implementation", "device_map", "trust_remote_code",
    "processor_kwargs", "model_kwargs",
})  # fmt: skip
"""Keys of a model's YAML that loading its weights and its processor uses."""
_OF_LOADING = {"backend", "use_fast", "chat_template"}
"""Processor arguments of `from_pretrained` itself."""
_PIXELS = {"min_pixels": "shortest_edge", "max_pixels": "longest_edge"}
"""Limits of resolution, to what Qwen's image processors call them in their `size`."""
_EXTRAS = {"torchvision": "vision", "num2words": "vision", "bitsandbytes": "quantization"}
_INSTALL = "pip install 'mllm-classification-harness[{}]'"


def load_processor(spec: ModelSpec, weights: Weights) -> Any:
    """Load the processor: tokenizer, image processor, chat template.

    Raises MissingPackageError when it needs a package that is not installed, SpecError when it is
    none for images and text, or has no use for one of `processor_kwargs`.
    """
    limits = {key: spec.processor_kwargs[key] for key in _PIXELS if key in spec.processor_kwargs}
    others = {key: value for key, value in spec.processor_kwargs.items() if key not in _PIXELS}
    try:
        processor = AutoProcessor.from_pretrained(weights.source, **pinned(spec, weights), **others)
    except (ImportError, OSError, ValueError, TypeError) as error:
        raise _processor_error(spec, weights, error) from error
    lacking = [part for part in ("tokenizer", "image_processor") if not hasattr(processor, part)]
    if lacking:
        got = f"{type(processor).__name__} has no {' and no '.join(lacking)}"
        what, fix = "is no model for images and text", "name a vision-language checkpoint"
        raise SpecError(spec.problem("pretrained", what, got=got, fix=fix))
    if limits:
        _limit_pixels(spec, processor.image_processor, limits)
    _check_processor_kwargs(spec, processor)
    processor.tokenizer.padding_side = "left"
    if processor.tokenizer.pad_token_id is None:
        processor.tokenizer.pad_token = processor.tokenizer.eos_token
    return processor


def load_config(spec: ModelSpec, weights: Weights) -> Any:
    """Load the config of a model, without its weights. Raises SpecError where it cannot be."""
    try:
        return AutoConfig.from_pretrained(weights.source, **pinned(spec, weights))
    except (ImportError, OSError, ValueError, TypeError) as error:
        raise _model_error(spec, weights, error) from error


def load_generation(weights: Weights, config: Any) -> GenerationConfig:
    """Load a model's settings of generation: of a file of their own, else those of its config."""
    try:
        return GenerationConfig.from_pretrained(weights.source, revision=weights.commit)
    except OSError:  # there is no such file
        return GenerationConfig.from_model_config(config)


def load_model(
    spec: ModelSpec, weights: Weights, device: torch.device, auto: Any = AutoModelForImageTextToText
) -> Any:
    """Load the model by its Auto class onto its device, or as `device_map` says.

    Raises SpecError when a key cannot be used, or the checkpoint lacks weights: a model that is
    random in part would answer like any other.
    """
    kwargs: dict[str, Any] = dict(spec.model_kwargs)
    if "quantization_config" in kwargs:
        kwargs["quantization_config"] = quantization_config(spec)
    if spec.attn_implementation is not None:
        kwargs["attn_implementation"] = spec.attn_implementation
    try:
        model, report = auto.from_pretrained(
            weights.source,
            dtype=dtype_of(spec, device),
            device_map=spec.device_map if spec.device_map is not None else {"": str(device)},
            output_loading_info=True,
            **pinned(spec, weights),
            **kwargs,
        )
    except (ImportError, OSError, ValueError, TypeError) as error:
        raise _model_error(spec, weights, error) from error
    missing = sorted(report["missing_keys"])
    if missing:
        got = f"{len(missing)} missing: {listed(missing, 3)}"
        what, fix = "the checkpoint lacks weights", "get the checkpoint again, or name a whole one"
        raise SpecError(spec.problem("pretrained", what, got=got, fix=fix))
    return model.eval()


def quantization_config(spec: ModelSpec) -> Any:
    """Make the quantisation config of transformers that the mapping in the YAML stands for.

    The class is chosen by `quant_method`, or by `load_in_4bit` and `load_in_8bit` (bitsandbytes).
    Raises SpecError when there is no such class, or it does not know a key.
    """
    values = spec.model_kwargs["quantization_config"]
    key = "model_kwargs.quantization_config"
    if not isinstance(values, dict):
        fix = "write its keys below it, such as `load_in_4bit: true`"
        raise SpecError(spec.problem(key, f"`{key}` is no mapping", got=repr(values), fix=fix))
    try:
        config = AutoQuantizationConfig.from_dict(dict(values))
    except ImportError as error:
        raise _missing_package(spec, error) from error
    except (ValueError, TypeError) as error:
        what, fix = f"`{key}` cannot be this", "set `quant_method`, or `load_in_4bit: true`"
        raise SpecError(spec.problem(key, what, got=str(error), fix=fix)) from error
    known = [name for name in inspect.signature(type(config).__init__).parameters if name != "self"]
    for name in values.keys() - {*known, "quant_method"}:
        raise SpecError(_unknown(spec, key, name, known))
    return config


def dtype_of(spec: ModelSpec, device: torch.device) -> torch.dtype:
    """Give the dtype; `auto` is bfloat16 on a GPU that has it, else float32."""
    if spec.dtype != "auto":
        found: torch.dtype = getattr(torch, spec.dtype)
        return found
    on_gpu = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if on_gpu else torch.float32


def facts_of(
    model: Any, commit: str | None, *, kind: Kind = "mllm", notes: tuple[str, ...] = ()
) -> ModelFacts:
    """Give what is known of a loaded model of torch, for the manifest."""
    weight = next(model.parameters())
    count = getattr(model, "num_parameters", None)
    return ModelFacts(
        kind=kind,
        revision=commit,
        dtype=str(getattr(model, "dtype", weight.dtype)).removeprefix("torch."),
        device=str(getattr(model, "device", weight.device)),
        parameters=count() if count else sum(each.numel() for each in model.parameters()),
        architecture=type(model).__name__,
        notes=notes,
    )


def pinned(spec: ModelSpec, weights: Weights) -> dict[str, Any]:
    """Give the arguments of any `from_pretrained` that say which commit, and whose code may run."""
    revision = {"revision": weights.commit} if weights.commit else {}
    return {"trust_remote_code": spec.trust_remote_code, **revision}


def _limit_pixels(spec: ModelSpec, images: Any, limits: dict[str, int]) -> None:
    """Set the limits of an image's pixels; as arguments of the processor these are deprecated."""
    size = dict(images.size)
    if not hasattr(images, "merge_size") or not set(_PIXELS.values()) <= size.keys():
        known = sorted(images.valid_kwargs.__annotations__)
        raise SpecError([_unknown(spec, "processor_kwargs", name, known) for name in limits])
    wanted = {_PIXELS[key]: value for key, value in limits.items()}
    images.size = {key: wanted.get(key, size[key]) for key in _PIXELS.values()}


def _check_processor_kwargs(spec: ModelSpec, processor: Any) -> None:
    """Refuse a key that the processor would pass over in silence."""
    valid = getattr(processor.image_processor, "valid_kwargs", None)
    if valid is None or spec.trust_remote_code:
        return
    own = set(inspect.signature(type(processor).__init__).parameters) - {"self", "kwargs"}
    known = sorted({*valid.__annotations__, *own, *_OF_LOADING})
    problems = [
        _unknown(spec, "processor_kwargs", name, [*known, *_PIXELS])
        for name in spec.processor_kwargs
        if name not in known and name not in _PIXELS
    ]
    if problems:
        raise SpecError(problems)


def _unknown(spec: ModelSpec, key: str, name: str, known: list[str]) -> Problem:
    return spec.problem(f"{key}.{name}", f"unknown key `{key}.{name}`").among(name, known)


def _processor_error(spec: ModelSpec, weights: Weights, error: Exception) -> Exception:
    text = str(error).lower()
    no_torchvision = importlib.util.find_spec("torchvision") is None
    if no_torchvision and ("torchvision" in text or "video processor" in text):
        what = "the processor of this model handles video too, and needs torchvision for it"
        fix = _INSTALL.format("vision")
        return MissingPackageError(spec.problem("pretrained", what, fix=fix))
    what = f"the processor of `{weights.source}` cannot be loaded"
    fix = "get the files of the processor again, or name another checkpoint"
    return _load_error(spec, error, what, fix)


def _model_error(spec: ModelSpec, weights: Weights, error: Exception) -> Exception:
    what = f"the model `{weights.source}` cannot be loaded"
    fix = "get the checkpoint again, take out what `model_kwargs` sets, or update transformers"
    return _load_error(spec, error, what, fix)


def _load_error(spec: ModelSpec, error: Exception, what: str, fix: str) -> Exception:
    if isinstance(error, ImportError):
        return _missing_package(spec, error)
    return SpecError(spec.problem("pretrained", what, got=first_line(error), fix=fix))


def _missing_package(spec: ModelSpec, error: ImportError) -> MissingPackageError:
    extra = next((extra for name, extra in _EXTRAS.items() if name in str(error)), None)
    what = "loading this model needs a package that is not installed"
    unknown = "install the package that the line above names, with pip"
    fix = _INSTALL.format(extra) if extra else unknown
    return MissingPackageError(spec.problem("pretrained", what, got=first_line(error), fix=fix))
