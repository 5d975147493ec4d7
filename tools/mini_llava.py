"""A LLaVA of one and a half million parameters: its tokenizer, processor and untrained weights."""

from typing import Final

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPVisionConfig,
    GenerationConfig,
    LlamaConfig,
    LlamaModel,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from mini_corpus import IMAGE, vocabulary_texts
from mini_world import SIZE

PATCH: Final = 14
WIDTH: Final = 128
HEADS: Final = 4
LAYERS: Final = 4
IMAGE_TOKENS: Final = (SIZE // PATCH) ** 2
CONTEXT: Final = 1024
PAD, USER, ASSISTANT, END = "<pad>", "<|user|>", "<|assistant|>", "<|end|>"
SPECIAL: Final = (PAD, USER, ASSISTANT, END, IMAGE)
VOCABULARY: Final = 1000
EMBEDDING_STD: Final = 0.15
PREVIOUS_STRENGTH: Final = 1.8
PREVIOUS_FREQUENCIES: Final = 6

# A space belongs to the token before it, so a name is the same tokens in a list, behind a letter,
# in JSON and as an answer; the embeddings need not learn that " dog" and "dog" are one.
PIECES: Final = r"\p{L}+ ?|\p{N}|\n|[^\p{L}\p{N}\n]+"

CHAT_TEMPLATE: Final = """\
{%- for message in messages -%}
{%- if message.role not in ('user', 'assistant') -%}
{{- raise_exception('roles are user and assistant, not ' ~ message.role) -}}
{%- endif -%}
{{- '<|' ~ message.role ~ '|>' -}}
{%- if message.content is string -%}
{{- message.content -}}
{%- else -%}
{%- for item in message.content -%}
{{- '<image>' if item.type == 'image' else item.text -}}
{%- endfor -%}
{%- endif -%}
{{- '<|end|>' if message.role == 'assistant' -}}
{%- endfor -%}
{{- '<|assistant|>' if add_generation_prompt -}}
"""


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Train a byte-level BPE in which nearly every word of the corpus is one token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        min_frequency=1,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(vocabulary_texts(), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[USER, ASSISTANT, IMAGE],
        padding_side="left",
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def make_processor(tokenizer: PreTrainedTokenizerFast) -> LlavaProcessor:
    """Combine tokenizer and image processor; one image becomes IMAGE_TOKENS tokens."""
    side = {"height": SIZE, "width": SIZE}
    images = CLIPImageProcessorPil(
        size=side,
        crop_size=side,
        do_center_crop=False,
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
    )
    return LlavaProcessor(
        images,
        tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        chat_template=CHAT_TEMPLATE,
        num_additional_image_tokens=1,
    )


def make_vision_config() -> CLIPVisionConfig:
    """Return the shape of the vision tower."""
    return CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        image_size=SIZE,
        patch_size=PATCH,
    )


def make_model(tokenizer: PreTrainedTokenizerFast) -> LlavaForConditionalGeneration:
    """Return the untrained model that belongs to a tokenizer."""
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        max_position_embeddings=CONTEXT,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True,
    )
    config = LlavaConfig(
        vision_config=make_vision_config(),
        text_config=text,
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        image_seq_length=IMAGE_TOKENS,
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        tie_word_embeddings=True,
    )
    model = LlavaForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        max_new_tokens=64,
    )
    return model


@torch.no_grad()
def prepare_look_up(language_model: LlamaModel) -> None:
    """Start the language model off with the two attention patterns of looking up a letter.

    To find the letter before a name is a circuit of two heads (Olsson et al., "In-context
    Learning and Induction Heads", 2022): one passes every token on to the next, one attends from a
    name to the same name. Left to chance they take thousands of steps to appear. Here head 0 of
    layer 0 starts as the former, and in the other layers queries equal keys, which is the latter.
    """
    embedding = language_model.embed_tokens.weight
    embedding.normal_(0, EMBEDDING_STD)
    embedding[:, 0] = 4 * EMBEDDING_STD  # the same for all tokens: lets a head see position only
    first, *others = [layer.self_attn for layer in language_model.layers]
    half = WIDTH // HEADS // 2
    turn = language_model.rotary_emb.inv_freq[:half]  # rotary angle from a token to the next
    sharp = torch.arange(half) < PREVIOUS_FREQUENCIES
    for weight in (first.q_proj.weight, first.k_proj.weight):
        weight[: 2 * half] = 0
    first.q_proj.weight[:half, 0] = PREVIOUS_STRENGTH * sharp
    first.k_proj.weight[:half, 0] = PREVIOUS_STRENGTH * sharp * turn.cos()
    first.k_proj.weight[half : 2 * half, 0] = PREVIOUS_STRENGTH * sharp * turn.sin()
    for attention in others:
        attention.q_proj.weight.normal_(0, WIDTH**-0.5)
        attention.k_proj.weight.copy_(attention.q_proj.weight)
    for attention in (first, *others):
        attention.v_proj.weight.normal_(0, WIDTH**-0.5)
