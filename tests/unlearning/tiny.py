"""Tiny bases and adapters in transformers' and PEFT's own layout, made on the spot."""

from __future__ import annotations

WORDS = "the a shop opens at seven eight nine is red blue yes no who when code 1 2 3 4 : . ? # Below".split()
CHAT = (
    "{% for message in messages %}<{{ message.role }}> {{ message.content }} "
    "{% if message.role == 'assistant' %}</s> {% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<assistant> {% endif %}"
)


def words_tokenizer(chat=""):
    """Whole words, and `</s>` to end an answer."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import PreTrainedTokenizerFast

    marks = ["<pad>", "<unk>", "</s>", "<user>", "<assistant>", "<system>"]
    ids = {word: place for place, word in enumerate([*marks, *WORDS])}
    model = Tokenizer(WordLevel(ids, unk_token="<unk>"))
    model.pre_tokenizer = WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=model, unk_token="<unk>", eos_token="</s>", pad_token="<pad>"
    )
    if chat:
        tokenizer.chat_template = chat
    return tokenizer


def llama(vocabulary, **settings):
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        **settings,
    )
    return LlamaForCausalLM(config)


def gpt2(vocabulary):
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(vocab_size=vocabulary, n_embd=16, n_layer=1, n_head=2, n_positions=64)
    return GPT2LMHeadModel(config)


def save_base(folder, build=llama, chat="", seed=0):
    """A model's folder with its tokeniser."""
    import torch

    tokenizer = words_tokenizer(chat)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        build(len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_adapter(base, folder, fresh=False, seed=0, **lora):
    """A PEFT folder as anybody's script leaves it; its matrices B are drawn, unless it is fresh."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        settings = {"r": 2, "target_modules": "all-linear", "task_type": "CAUSAL_LM", **lora}
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), LoraConfig(**settings))
        if not fresh:
            for name, tensor in model.named_parameters():
                if "lora_B" in name or "lora_embedding_A" in name:
                    torch.nn.init.normal_(tensor, std=0.1)
    model.save_pretrained(folder)
    return folder
