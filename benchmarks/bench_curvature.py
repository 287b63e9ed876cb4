"""What a product with the curvature costs: against one row at a time, and against a training step.

    python -m benchmarks.bench_curvature        # about two minutes on one core

**Speed**: Gauss-Newton products a second over the same rows, in one process and thread, in turn: batched as `erase` does it, with its
graphs kept and without, and the naive loop that takes a forward and a backward derivative for each row by itself. Medians.
**Memory**: the most that a process of its own holds during one product, or one training step (forward and backward over the
same batch), beyond what it held before, by the kernel's high-water mark. Linux only.

The rows are the small world's under its adapter "regularised"; and, so that memory is more than rounding, made-up tokens under a
Llama of 13 M parameters with random weights and LoRA on every linear layer. Writes results/curvature.json.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp, vjp

from methods.unlearning.influence.curvature.ggn import GaussNewton
from methods.unlearning.influence.losses import Losses, second_order
from methods.unlearning.models.loading import load_adapter, trainable
from methods.unlearning.rows.language import IGNORED, Sample, collate, per_sample_loss
from methods.unlearning.rows.opening import town_rows
from methods.unlearning.training.fresh import add_adapter
from methods.unlearning.training.recipe import Lora

RESULTS = Path(__file__).parent / "results"
REPEATS = 5
PRODUCTS = {"batched": False, "batched, graphs kept": True}
"""Whether the graphs are kept."""
BATCH = 16
MEMORY_ROWS, MEMORY_TOKENS, ANSWER_TOKENS, WORDS = 16, 128, 32, 4096


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    ).parse_args()
    torch.set_num_threads(1)
    results = {"speed": speed(), "memory": memory(), "setting": setting()}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "curvature.json").write_text(json.dumps(results, indent=1) + "\n")


def speed() -> dict[str, Any]:
    """Products a second over all of the town's rows, and how far apart the results are."""
    model, samples = town()
    generator = torch.Generator().manual_seed(0)
    with second_order(model):
        losses = Losses(model, per_sample_loss, collate, BATCH)
        theta = losses.flat.values()
        vector = torch.randn(theta.shape, generator=generator)
        ways: dict[str, Callable[[], Tensor]] = {
            "one row at a time": lambda: naive(model, samples, vector)
        }
        for name, keep in PRODUCTS.items():
            product = GaussNewton(losses, theta, samples, 1 / len(samples), keep)
            ways[name] = lambda product=product: product(vector)  # type: ignore[misc]
        products = {
            name: way() for name, way in ways.items()
        }  # warms up; the kept graphs are built here
        took: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(REPEATS):
            for name, way in ways.items():
                start = time.process_time()
                way()
                took[name].append(time.process_time() - start)
    medians = {name: statistics.median(each) for name, each in took.items()}
    slow = products["one row at a time"]
    found = {
        name: {
            "products_per_cpu_second": 1 / seconds,
            "times_faster": medians["one row at a time"] / seconds,
            "relative_difference": float((products[name] - slow).norm() / slow.norm()),
        }
        for name, seconds in medians.items()
    }
    for name, figures in found.items():
        say(
            f"{name}: {figures['products_per_cpu_second']:.2f} products/s, {figures['times_faster']:.2f} times as fast, "
            f"relative difference {figures['relative_difference']:.1e}"
        )
    return {"rows": len(samples), "parameters": len(vector), "batch": BATCH, "ways": found}


def naive(model: nn.Module, samples: Sequence[Sample], vector: Tensor) -> Tensor:
    """G v, one row at a time: J v by a forward derivative, (diag p - p p') on it, J' of that by a backward one."""
    parameters = {
        name: each.detach() for name, each in model.named_parameters() if each.requires_grad
    }
    tangents, start = {}, 0
    for name, each in parameters.items():
        tangents[name] = vector[start : start + each.numel()].view_as(each)
        start += each.numel()
    total = torch.zeros_like(vector)
    for sample in samples:
        batch = collate([sample])
        learned = batch["labels"][0, 1:] != IGNORED

        def logits(
            values: dict[str, Tensor],
            ids: Tensor = batch["input_ids"],
            mask: Tensor = batch["attention_mask"],
            learned: Tensor = learned,
        ) -> Tensor:
            output = functional_call(
                model, values, (), {"input_ids": ids, "attention_mask": mask, "use_cache": False}
            )
            return output.logits[0, :-1][learned]

        _, change = jvp(logits, (parameters,), (tangents,))
        said, pull_back = vjp(logits, parameters)
        p = said.softmax(-1)
        bent = p * (change - (p * change).sum(-1, keepdim=True)) / len(said) / len(samples)
        (slopes,) = pull_back(bent)
        total += torch.cat([slopes[name].reshape(-1) for name in parameters])
    return total


def memory() -> dict[str, Any]:
    """Bytes that each way holds at most, in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    found = {}
    for name in ("training step", *PRODUCTS):
        with spawn.Pool(1) as pool:
            found[name] = pool.apply(held_by, (name,))
    for name, each in found.items():
        say(
            f"{name}: {each / 1e6:.0f} MB, {each / found['training step']:.2f} times a training step"
        )
    return {
        "rows": MEMORY_ROWS,
        "tokens": MEMORY_TOKENS,
        "bytes": found,
        "of_a_training_step": {name: each / found["training step"] for name, each in found.items()},
    }


def held_by(name: str) -> int:
    """The most bytes that one way holds beyond what the process held before it."""
    torch.set_num_threads(1)
    model, samples = made_up()
    batch = collate(samples)
    theta_names = trainable(model)
    if name == "training step":
        work: Callable[[], Any] = lambda: torch.autograd.grad(  # noqa: E731
            per_sample_loss(model, batch).mean(), list(theta_names.values())
        )
    else:
        losses = Losses(model, per_sample_loss, collate, MEMORY_ROWS)
        theta = losses.flat.values()
        vector = torch.randn(theta.shape, generator=torch.Generator().manual_seed(0))
        product = GaussNewton(losses, theta, samples, 1 / len(samples), PRODUCTS[name])
        work = lambda: product(vector)  # noqa: E731
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the mark starts anew from what is held now
    before = high_water()
    with second_order(model):
        work()
    return high_water() - before


def high_water() -> int:
    """The most bytes of memory that this process has held since the mark was set."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return 1024 * int(kilobytes)


def town() -> tuple[nn.Module, list[Sample]]:
    """The small world's adapter and its rows."""
    adapted = load_adapter("town", "regularised")
    encoder = adapted.encoder()
    return adapted.model, [encoder.encode(row) for row in town_rows("regularised")]


def made_up() -> tuple[nn.Module, list[Sample]]:
    """A larger model with random weights, and rows of random tokens."""
    from transformers import LlamaConfig, LlamaForCausalLM  # noqa: PLC0415

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=WORDS,
        hidden_size=320,
        intermediate_size=864,
        num_hidden_layers=8,
        num_attention_heads=8,
        num_key_value_heads=4,
        attn_implementation="eager",
        use_cache=False,
    )
    model = add_adapter(LlamaForCausalLM(config).requires_grad_(False), Lora(r=8), 0).eval()
    ids = torch.randint(WORDS, (MEMORY_ROWS, MEMORY_TOKENS))
    labels = ids.clone()
    labels[:, :-ANSWER_TOKENS] = IGNORED
    return model, [Sample(ids[row], labels[row], str(row)) for row in range(MEMORY_ROWS)]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def setting() -> dict[str, Any]:
    names = ("torch", "transformers", "peft")
    return {
        "repeats": REPEATS,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in names},
        "device": f"cpu, one thread, {platform.machine()}",
    }


if __name__ == "__main__":
    main()
