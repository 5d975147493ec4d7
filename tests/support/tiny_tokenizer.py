"""A tokenizer of a few hundred pieces, and chat templates in the forms that the families use."""

from collections.abc import Mapping, Sequence

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

PAD, BOS, EOS = "<pad>", "<s>", "</s>"
_TEXTS = (
    "What is the main object in this image? Reply with its name only.",
    "Which one of the classes is shown? Look at the picture with care, then answer.",
    "tench goldfish shark hammerhead stingray cock hen ostrich brambling house finch junco robin",
    "wolf fox lion tiger bear elephant hamster panda owl eagle duck penguin turtle snake lizard",
)
_PIECES = 300
_ASCII = [chr(code) for code in range(33, 127)] + ["\n", "▁"]


def make_tokenizer(
    special: Mapping[str, str], plain: Sequence[str] = (), *, begins: bool = False
) -> PreTrainedTokenizerFast:
    """Train a BPE over ASCII; every text it can generate decodes without loss.

    `special` gives attribute to token (`image_token: <image>`), as `tokenizer_config.json` does;
    `plain` are added tokens that decoding does not leave out, as `<think>` is in Qwen's. One that
    `begins` puts its first token before every text, as Llama's and Gemma's do.
    """
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="never")
    first = [PAD, BOS, EOS, "<unk>", *special.values()]
    trainer = trainers.BpeTrainer(
        vocab_size=_PIECES,
        min_frequency=1,
        special_tokens=first,
        initial_alphabet=_ASCII,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_TEXTS, trainer)
    if begins:
        first_token = (BOS, tokenizer.token_to_id(BOS))
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{BOS} $A", special_tokens=[first_token]
        )
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        extra_special_tokens=dict(special),
        padding_side="left",
        model_max_length=4096,
        clean_up_tokenization_spaces=False,
    )
    made.add_tokens(list(plain))
    return made


def qwen_template(image: str, *, thinking: bool = False) -> str:
    """`<|im_start|>role\\n…<|im_end|>`; images and texts stay in their order.

    With `thinking` the reply begins inside `<think>`, unless `enable_thinking` is false.
    """
    opened = (
        "{{ '<think>\\n' if enable_thinking is not defined or enable_thinking else "
        "'<think>\\n\\n</think>\\n\\n' }}"
    )
    return (
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
        "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
        "{% for item in message['content'] %}{% if item['type'] == 'image' %}"
        f"{{{{ '{image}' }}}}"
        "{% else %}{{ item['text'] }}{% endif %}{% endfor %}{% endif %}"
        "{{ '<|im_end|>\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
        f"{opened if thinking else ''}{{% endif %}}"
    )


def llava_template(image: str) -> str:
    """`USER: <image>\\ntext ASSISTANT:`, as LLaVA 1.5: images before texts."""
    return (
        "{% for message in messages %}"
        "{% if message['role'] != 'system' %}{{ message['role'] | upper + ': ' }}{% endif %}"
        + _images_then(f"{image}\\n", "{{ item['text'] + ' ' }}")
        + "{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"
    )


def onevision_template(image: str) -> str:
    """ChatML with images before texts, as LLaVA-OneVision."""
    return (
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + ' ' }}"
        + _images_then(image, "{{ '\\n' + item['text'] }}")
        + "{{ '<|im_end|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    )


def _images_then(image: str, text: str) -> str:
    """Loop over the images of a message, then over its texts, marked as transformers can."""
    pick = "{%% for item in message['content'] | selectattr('type', 'equalto', '%s') %%}"
    images = pick % "image" + f"{{{{ '{image}' }}}}" + "{% endfor %}"
    said = f"{{% generation %}}{text}{{% endgeneration %}}"
    each = f"{{% if message['role'] == 'assistant' %}}{said}{{% else %}}{text}{{% endif %}}"
    return images + pick % "text" + each + "{% endfor %}"


def gemma_template(image: str) -> str:
    """Gemma's turns: the template writes the first token itself, and puts the system message in
    front of the user's.
    """
    return (
        "{{ bos_token }}{% set ns = namespace(first='') %}"
        "{% if messages[0]['role'] == 'system' %}"
        "{% set ns.first = messages[0]['content'][0]['text'] + '\\n\\n' %}"
        "{% endif %}{% for message in messages if message['role'] != 'system' %}"
        "{{ '<start_of_turn>user\\n' + ns.first }}"
        "{% for item in message['content'] %}{% if item['type'] == 'image' %}"
        f"{{{{ '{image}' }}}}"
        "{% else %}{{ item['text'] | trim }}{% endif %}{% endfor %}{{ '<end_of_turn>\\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"
    )


def idefics_template(image: str) -> str:
    """`<|im_start|>User:<image>text<end_of_utterance>`, as Idefics 3 and SmolVLM."""
    return (
        "<|im_start|>{% for message in messages %}{{ message['role'] | capitalize }}:"
        "{% for item in message['content'] %}{% if item['type'] == 'image' %}"
        f"{{{{ '{image}' }}}}"
        "{% else %}{{ ' ' + item['text'] }}{% endif %}{% endfor %}{{ '<end_of_utterance>\\n' }}"
        "{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
    )
