"""Configurations of the families of image-text-to-text models, in their real classes, tiny."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from transformers import (
    Gemma3Config,
    Idefics3Config,
    InternVLConfig,
    LlavaConfig,
    LlavaOnevisionConfig,
    PaliGemmaConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen3VLConfig,
    Qwen3VLMoeConfig,
    SmolVLMConfig,
)

WIDTH, HEADS, LAYERS = 64, 4, 2
HEAD: Final = WIDTH // HEADS
PATCH, SIDE = 14, 56
PATCHES: Final = (SIDE // PATCH) ** 2
Values = dict[str, Any]


def _text(tokenizer: PreTrainedTokenizerFast, **more: Any) -> Values:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS // 2,
        "head_dim": HEAD,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": False,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        **more,
    }


def _vision(**more: Any) -> Values:
    return {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "image_size": SIDE,
        "patch_size": PATCH,
        **more,
    }


def llava(tokenizer: PreTrainedTokenizerFast) -> PreTrainedConfig:
    return LlavaConfig(
        vision_config=_vision(model_type="clip_vision_model"),
        text_config=_text(tokenizer, model_type="llama"),
        image_token_index=tokenizer.image_token_id,
        image_seq_length=PATCHES,
    )


def llava_onevision(tokenizer: PreTrainedTokenizerFast) -> PreTrainedConfig:
    return LlavaOnevisionConfig(
        vision_config=_vision(model_type="siglip_vision_model", vision_use_head=False),
        text_config=_text(tokenizer, model_type="qwen2"),
        image_token_index=tokenizer.image_token_id,
        video_token_index=tokenizer.video_token_id,
        image_grid_pinpoints=PINPOINTS,
    )


PINPOINTS: Final = [[SIDE * rows, SIDE * columns] for rows in (1, 2) for columns in (1, 2, 3)]


def qwen2_5_vl(tokenizer: PreTrainedTokenizerFast) -> PreTrainedConfig:
    vision = {
        "depth": LAYERS,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_heads": HEADS,
        "out_hidden_size": WIDTH,
        "window_size": 4 * PATCH,
        "fullatt_block_indexes": [1],
    }
    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 3, 3]}
    text = _text(tokenizer, rope_parameters=rope)
    return Qwen2_5_VLConfig(vision_config=vision, text_config=text, **_qwen_tokens(tokenizer))


def qwen3_vl(tokenizer: PreTrainedTokenizerFast) -> PreTrainedConfig:
    vision, text = _qwen3(tokenizer)
    return Qwen3VLConfig(vision_config=vision, text_config=text, **_qwen_tokens(tokenizer))


def qwen3_vl_moe(tokenizer: PreTrainedTokenizerFast) -> PreTrainedConfig:
    vision, text = _qwen3(tokenizer)
    experts = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": WIDTH}
    return Qwen3VLMoeConfig(
        vision_config=vision, text_config=text | experts, **_qwen_tokens(tokenizer)
    )


def _qwen3(tokenizer: PreTrainedTokenizerFast) -> tuple[Values, Values]:
    vision = {
        "depth": LAYERS,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_heads": HEADS,
        "out_hidden_size": WIDTH,
        "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0],
    }
    rope = {
        "rope_type": "default",
        "rope_theta": 1e6,
        "mrope_section": [2, 3, 3],
        "mrope_interleaved": True,
    }
    return vision, _text(tokenizer, rope_parameters=rope)


def _qwen_tokens(tokenizer: PreTrainedTokenizerFast) -> Values:
    return {
        "image_token_id": tokenizer.image_token_id,
        "video_token_id": tokenizer.video_token_id,
        "vision_start_token_id": tokenizer.vision_start_token_id,
        "vision_end_token_id": tokenizer.vision_end_token_id,
        "tie_word_embeddings": False,
    }


def internvl(tokenizer: PreTrainedTokenizerFast) -> PreTrainedConfig:
    """InternVL 3.5 has the text model of Qwen3; InternVL 3 has that of Qwen2."""
    return InternVLConfig(
        vision_config=_vision(image_size=[SIDE, SIDE], patch_size=[PATCH, PATCH]),
        text_config=_text(tokenizer, model_type="qwen3"),
        image_token_id=tokenizer.context_image_token_id,
        image_seq_length=PATCHES // 4,
        tie_word_embeddings=False,
    )


def paligemma2(tokenizer: PreTrainedTokenizerFast) -> PreTrainedConfig:
    """PaliGemma 2 has the text model of Gemma 2; PaliGemma 1 has that of Gemma 1."""
    return PaliGemmaConfig(
        vision_config=_vision(model_type="siglip_vision_model", vision_use_head=False),
        text_config=_text(tokenizer, model_type="gemma2", query_pre_attn_scalar=HEAD),
        image_token_index=tokenizer.image_token_id,
        projection_dim=WIDTH,
        hidden_size=WIDTH,
        tie_word_embeddings=False,
    )


def gemma3(tokenizer: PreTrainedTokenizerFast) -> PreTrainedConfig:
    text = _text(
        tokenizer,
        query_pre_attn_scalar=HEAD,
        sliding_window=32,
        layer_types=["sliding_attention", "full_attention"],
    )
    return Gemma3Config(
        vision_config=_vision(model_type="siglip_vision_model", vision_use_head=False),
        text_config=text,
        mm_tokens_per_image=PATCHES // 4,
        boi_token_index=tokenizer.boi_token_id,
        eoi_token_index=tokenizer.eoi_token_id,
        image_token_index=tokenizer.image_token_id,
        tie_word_embeddings=False,
    )


def idefics3(tokenizer: PreTrainedTokenizerFast) -> PreTrainedConfig:
    return Idefics3Config(**_idefics(tokenizer))


def smolvlm(tokenizer: PreTrainedTokenizerFast) -> PreTrainedConfig:
    return SmolVLMConfig(**_idefics(tokenizer))


def _idefics(tokenizer: PreTrainedTokenizerFast) -> Values:
    return {
        "vision_config": _vision(),
        "text_config": _text(tokenizer, model_type="llama"),
        "image_token_id": tokenizer.convert_tokens_to_ids("<image>"),
        "scale_factor": 2,
        "tie_word_embeddings": False,
        "pad_token_id": tokenizer.pad_token_id,
    }


CONFIGS: Final[Mapping[str, Callable[[PreTrainedTokenizerFast], PreTrainedConfig]]] = {
    "llava": llava,
    "llava_onevision": llava_onevision,
    "qwen2_5_vl": qwen2_5_vl,
    "qwen3_vl": qwen3_vl,
    "qwen3_vl_moe": qwen3_vl_moe,
    "internvl": internvl,
    "paligemma2": paligemma2,
    "gemma3": gemma3,
    "idefics3": idefics3,
    "smolvlm": smolvlm,
}
