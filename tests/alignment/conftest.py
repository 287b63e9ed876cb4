"""Tiny models of the real classes and rows of the small world; imports of transformers wait until a test asks for one."""

from __future__ import annotations

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def processor():
    """The small world's processor: words, 48 x 48 pictures, a template that ends the answer."""
    from methods.worlds.llava.model import build_processor

    return build_processor()


@pytest.fixture(scope="session")
def tokenizer(processor):
    """The same words for a text model, with the chat template."""
    from methods.worlds.llava.model import build_processor

    found = build_processor().tokenizer
    found.chat_template = processor.chat_template
    return found


@pytest.fixture(scope="session")
def build_llava():
    """Makes an untrained LLaVA of some 60,000 parameters; the same at every call."""
    from transformers import LlavaConfig, LlavaForConditionalGeneration

    from methods.worlds import llava

    def build():
        config = LlavaConfig.from_pretrained(llava.folder())
        for part in (config.text_config, config.vision_config):
            part.hidden_size, part.intermediate_size = 32, 48
            part.num_hidden_layers, part.num_attention_heads = 1, 2
        config.text_config.num_key_value_heads = 2
        config.text_config.head_dim = 16
        torch.manual_seed(0)
        return LlavaForConditionalGeneration(config).eval()

    return build


@pytest.fixture(scope="session")
def build_llama(tokenizer):
    """Makes an untrained text model of some 20,000 parameters; the same at every call."""
    from transformers import LlamaConfig, LlamaForCausalLM

    def build():
        tokens = {
            name: getattr(tokenizer, name)
            for name in ("pad_token_id", "bos_token_id", "eos_token_id")
        }
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=1,
            num_attention_heads=2,
            **tokens,
        )
        return LlamaForCausalLM(config).eval()

    return build


@pytest.fixture(scope="session")
def rows():
    """Sixteen preference rows of the small world with a hardness and a position each."""
    from methods.worlds.llava.data import preference_rows

    made = preference_rows(16, seed=3)
    return [
        {key: row[key] for key in ("images", "prompt", "chosen", "rejected")}
        | {"hardness": (index % 5 - 2) / 4, "position": index}
        for index, row in enumerate(made)
    ]


@pytest.fixture(scope="session")
def text_rows(rows):
    """The same without pictures, as plain chats."""

    def plain(messages):
        return [
            {"role": m["role"], "content": "".join(p.get("text", "") for p in m["content"])}
            for m in messages
        ]

    return [
        {name: plain(row[name]) for name in ("prompt", "chosen", "rejected")}
        | {name: row[name] for name in ("hardness", "position")}
        for row in rows
    ]
