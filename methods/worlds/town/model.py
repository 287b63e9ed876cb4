"""The town's base model and tokeniser in transformers' own layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from tokenizers.decoders import WordPiece
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from methods.worlds.town.data import texts

PAD, UNKNOWN, START, END = "<pad>", "<unk>", "<s>", "</s>"
ROLES = ("<system>", "<user>", "<assistant>")
WIDTH, LAYERS, HEADS, INNER = 48, 2, 4, 96
CONTEXT = 64
CHAT_TEMPLATE = (
    "{{ '<s>' }}{% for message in messages %}"
    "{{ '<' + message.role + '>' }}"
    "{% if message.role == 'assistant' %}"
    "{% generation %}{{ message.content }}{{ '</s>' }}{% endgeneration %}"
    "{% else %}{{ message.content }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
)


def vocabulary() -> list[str]:
    """Return the words in the order of their ids."""
    words = BertPreTokenizer()
    seen = {word for text in texts() for word, _ in words.pre_tokenize_str(text)}
    return [PAD, UNKNOWN, START, END, *ROLES, *sorted(seen)]


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokeniser: whole words, digits and punctuation, and a chat template."""
    ids = {word: index for index, word in enumerate(vocabulary())}
    tokenizer = Tokenizer(WordLevel(ids, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.decoder = WordPiece(cleanup=True)  # "open ?" is written "open?"
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=CONTEXT,
        pad_token=PAD,
        unk_token=UNKNOWN,
        bos_token=START,
        eos_token=END,
        extra_special_tokens=list(ROLES),
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def build_model() -> LlamaForCausalLM:
    """Return an untrained model."""
    words = vocabulary()
    tokens: dict[str, Any] = {
        "pad_token_id": words.index(PAD),
        "bos_token_id": words.index(START),
        "eos_token_id": words.index(END),
    }
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=INNER,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=CONTEXT,
        **tokens,
    )
    model = LlamaForCausalLM(config)
    model.generation_config.update(max_new_tokens=8, do_sample=False, **tokens)
    return model


def store_base(model: LlamaForCausalLM, folder: Path) -> None:
    """Write model (float32) and tokeniser as `from_pretrained` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    build_tokenizer().save_pretrained(folder)
