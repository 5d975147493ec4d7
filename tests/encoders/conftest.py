"""Small real encoders: random dual encoders with tokenizers trained here."""

import string
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipModel,
)

_TOWER = {
    "hidden_size": 32,
    "intermediate_size": 37,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
_VISION = {**_TOWER, "image_size": 8, "patch_size": 4}


@pytest.fixture(scope="session")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-clip")
    letters = string.ascii_lowercase + string.digits + string.punctuation
    tokens = [*letters, *(f"{letter}</w>" for letter in letters)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=[]).save_pretrained(
        folder
    )
    ends = {"bos_token_id": len(tokens) - 2, "eos_token_id": len(tokens) - 1}
    text = {**_TOWER, "vocab_size": len(tokens), "max_position_embeddings": 20, **ends}
    torch.manual_seed(0)
    config = CLIPConfig(text_config=text, vision_config=_VISION, projection_dim=24)
    CLIPModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_siglip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny-siglip")
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=80, special_tokens=["<unk>", "</s>"], initial_alphabet=list(string.ascii_letters)
    )
    tokenizer.train_from_iterator(["a photo of a tench", "the great white shark"], trainer)
    tokenizer.post_processor = processors.TemplateProcessing("$A </s>", None, [("</s>", 1)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", eos_token="</s>", pad_token="</s>"
    )
    fast.padding_side = "left"  # as some checkpoints say by mistake; the encoder must not heed it
    fast.save_pretrained(folder)
    text = {**_TOWER, "vocab_size": len(fast), "max_position_embeddings": 16}
    torch.manual_seed(0)
    config = SiglipConfig(text_config=text, vision_config=_VISION)
    SiglipModel(config).save_pretrained(folder)
    return folder
