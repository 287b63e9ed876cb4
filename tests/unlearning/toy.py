"""A causal language model of some hundred parameters with a LoRA adapter and a tokenizer of letters: no library, no seconds."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace

import torch
from torch import nn

from methods.unlearning.rows.language import Encoder
from methods.unlearning.rows.row import Row, RowIds, Turn, content_of

LETTERS = "\0\n abcdefghijklmnopqrstuvwxyz"


class Letters:
    """One token a letter; the first ends an answer."""

    eos_token_id, chat_template = 0, None

    def __call__(self, text, **_):
        return {"input_ids": [LETTERS.index(letter) for letter in text]}

    def decode(self, ids, **_):
        return "".join(LETTERS[each] for each in ids if each)


class LoraLayer(nn.Module):
    """W x + 2 B A x, with the names that PEFT gives."""

    def __init__(self, width, rank):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width, width) / width**0.5, requires_grad=False)
        self.lora_A = nn.ModuleDict({"default": nn.Linear(width, rank, bias=False)})
        self.lora_B = nn.ModuleDict({"default": nn.Linear(rank, width, bias=False)})
        self.scaling, self.on = {"default": 2.0}, True

    def forward(self, x):
        y = x @ self.weight.T
        change = self.lora_B["default"](self.lora_A["default"](x)) * self.scaling["default"]
        return y + change if self.on else y


class Toy(nn.Module):
    """Each place sees the mean of what came before it: causal, so that right padding changes nothing."""

    def __init__(self, width=16, rank=2, seed=0):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.words = nn.Parameter(torch.randn(len(LETTERS), width), requires_grad=False)
            self.places = nn.Parameter(torch.randn(64, width), requires_grad=False)
            self.first, self.second = LoraLayer(width, rank), LoraLayer(width, rank)
        self.generation_config = SimpleNamespace(eos_token_id=None)
        self.calls = 0
        self.eval()

    def forward(self, input_ids, **_):
        self.calls += 1
        x = self.words[input_ids] + self.places[: input_ids.shape[1]]
        counts = torch.arange(1, x.shape[1] + 1)[:, None]
        x = x + torch.tanh(self.first(x.cumsum(1) / counts))
        return SimpleNamespace(logits=torch.tanh(self.second(x)) @ self.words.T)

    @contextmanager
    def disable_adapter(self):
        self.first.on = self.second.on = False
        try:
            yield
        finally:
            self.first.on = self.second.on = True


def adapted(seed=0):
    """As `load_adapter` gives one: the model and the tensors of its adapter."""
    model = Toy(seed=seed)
    parameters = {name: each for name, each in model.named_parameters() if each.requires_grad}
    return SimpleNamespace(
        model=model, parameters=parameters, encoder=lambda: Encoder(Letters(), "plain")
    )


def rows_of(*texts, kind=""):
    """Rows from (prompt, answer) pairs."""
    ids = RowIds()
    return [
        Row(
            ids.of(content_of((Turn("user", prompt),), answer)),
            place,
            (Turn("user", prompt),),
            answer,
            {"kind": kind},
        )
        for place, (prompt, answer) in enumerate(texts)
    ]


def moved(parameters, seed, by=0.3):
    """Another adapter near this one."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: each.detach() + by * torch.randn(each.shape, generator=generator)
        for name, each in parameters.items()
    }


def bits(parameters):
    """Every byte of the tensors, in order."""
    return b"".join(each.detach().numpy().tobytes() for _, each in sorted(parameters.items()))
