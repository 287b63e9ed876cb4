"""How much of the possible speed-up a cache reaches, and what a correction costs on top.

    python -m benchmarks.bench_caching_speed [--rounds 7]
    python -m benchmarks.bench_caching_speed --device cuda --dtype bfloat16 --models xl --steps 20 --batches 1 8 32

The bound is what the saved multiply-adds allow: uncached multiply-adds over executed ones, gates, embedders and the final
layer included, which no cache saves. Models: the small worlds, and DiT-XL/2's shape with random weights (speed does not
depend on them), of which a CPU gets two blocks at full width and a GPU all 28. All policies take turns within each round,
so that what else the machine does meets them alike; the clock runs while sampling, not while a cache is put on. Figures are
medians over rounds of ratios within a round. On a CPU one thread's processor time is measured, on a GPU the time until it has
finished. Writes results/caching_speed_<device>.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import torch
from diffusers import DiTTransformer2DModel
from torch import Tensor

from methods.caching.ddim import ddim_sample
from methods.caching.facts import WORLDS, ModelFacts
from methods.caching.fora import interval_mask, odd_first_half_mask
from methods.caching.models import DTYPES, load_model
from methods.caching.step_cache import StepCacheConfig, apply_step_cache

RESULTS = Path(__file__).parent / "results"
STEPS = 8
"""Few, and a multiple of four, so that the shares are exactly 25, 50 and 75 % as at 20 steps."""
ROUTED = 248 / 1120
"""Share of the cells that Learning-to-Cache's published router of DiT-XL/2 reuses, at 20 steps and threshold .1."""
GUIDANCE = 1.5
XL_BLOCKS = {"cpu": 2, "cuda": 28}


@dataclass(frozen=True)
class Subject:
    """A model that is timed."""

    name: str
    transformer: Any
    facts: ModelFacts


@dataclass(frozen=True)
class Policy:
    """A way to sample; `gate_only` is the fast path of blocks that are reused as a whole."""

    name: str
    cache: StepCacheConfig | None
    gate_only: bool = True


@dataclass(frozen=True)
class Sampled:
    """Executed forwards by kind, seconds, and on a GPU the most memory held, in MiB."""

    forwards: dict[str, int]
    seconds: float
    peak_mb: float | None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="float32")
    parser.add_argument(
        "--batches", type=int, nargs="+", default=None, help="images; rows are twice"
    )
    parser.add_argument("--steps", type=int, default=STEPS, help="a multiple of four")
    parser.add_argument("--models", nargs="+", choices=(*WORLDS, "xl"), default=[*WORLDS, "xl"])
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device(options.device)
    rows: list[dict[str, Any]] = []
    file = options.out or RESULTS / f"caching_speed_{options.device}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    for subject in subjects(options.models, device, DTYPES[options.dtype]):
        world = subject.name in WORLDS
        for batch in options.batches or ([1, 32] if world else [1]):
            new = measure(subject, batch, options.steps, options.rounds)
            rows += new
            sys.stdout.write(table(new))
            sys.stdout.flush()
            report = {"setting": setting(options, device), "rows": rows}
            file.write_text(json.dumps(report, indent=1) + "\n")
    sys.stdout.write(table(rows))


def subjects(models: list[str], device: torch.device, dtype: torch.dtype) -> Iterator[Subject]:
    precision = next(name for name, known in DTYPES.items() if known is dtype)
    for world in (name for name in models if name in WORLDS):
        model = load_model(world, device, precision)
        yield Subject(world, model.transformer, model.facts)
    if "xl" not in models:
        return
    blocks = XL_BLOCKS[device.type]
    yield Subject(f"DiT-XL/2 shape, {blocks} of 28 blocks", *xl(blocks, device, dtype))


def xl(blocks: int, device: torch.device, dtype: torch.dtype) -> tuple[Any, ModelFacts]:
    """A model of DiT-XL/2's width, heads and tokens with random weights."""
    torch.manual_seed(0)
    transformer: Any = DiTTransformer2DModel(num_layers=blocks, sample_size=32, norm_eps=1e-6)
    facts = ModelFacts(blocks, 1152, 256, 2, 32, 4, 8, 1000, {}, pixels=False)
    return transformer.to(device, dtype).eval(), facts


def policies(subject: Subject, steps: int) -> list[Policy]:
    """Uncached first; then each share as FORA reuses it, a router's, and at half of the cells what else there is to compare."""
    layers = subject.facts.layers
    shares = {
        "25 %": odd_first_half_mask(steps, layers),
        "50 %": interval_mask(steps, layers, 2),
        "75 %": interval_mask(steps, layers, 4),
        "22 % by modules, as a router of L2C": routed_mask(steps, layers),
    }
    plain = [Policy(name, StepCacheConfig(mask)) for name, mask in shares.items()]
    half = shares["50 %"]
    return [
        Policy("uncached", None),
        *plain,
        Policy("50 %, every module hooked", StepCacheConfig(half), gate_only=False),
        Policy("50 %, GOC", StepCacheConfig(half, correction="goc")),
        Policy(
            "50 %, EOC",
            StepCacheConfig(half, correction="eoc", prior=some_prior(subject.facts, steps)),
        ),
    ]


def routed_mask(steps: int, layers: int) -> Tensor:
    """Single modules of every second step, as many as a published router reuses; which ones is drawn."""
    mask = torch.zeros(steps, layers, 2, dtype=torch.bool)
    cells = mask[1::2].reshape(-1)
    count = round(ROUTED * mask.numel())
    cells[torch.randperm(len(cells), generator=torch.Generator().manual_seed(0))[:count]] = True
    mask[1::2] = cells.view(-1, layers, 2)
    return mask


def some_prior(facts: ModelFacts, steps: int) -> dict[str, Tensor]:
    shape = (facts.layers, steps, facts.tokens, facts.width)
    return {kind: torch.randn(shape) for kind in ("attn", "ff")}


def measure(subject: Subject, batch: int, steps: int, rounds: int) -> list[dict[str, Any]]:
    facts, device = subject.facts, subject.transformer.device
    labels = torch.arange(batch, device=device) % facts.null_class
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(batch, facts.channels, facts.size, facts.size, generator=generator).to(
        device
    )
    chosen = policies(subject, steps)
    firsts = [run(subject, policy, labels, noise, steps) for policy in chosen]  # warms up as well
    seconds: list[list[float]] = [[] for _ in chosen]
    for _ in range(rounds):
        for policy, taken in zip(chosen, seconds, strict=True):
            taken.append(run(subject, policy, labels, noise, steps).seconds)
    plain_half = next(place for place, policy in enumerate(chosen) if policy.name == "50 %")
    return [
        row(subject, batch, steps, policy, first, taken, seconds[0], seconds[plain_half])
        for policy, first, taken in zip(chosen, firsts, seconds, strict=True)
    ]


def run(subject: Subject, policy: Policy, labels: Tensor, noise: Tensor, steps: int) -> Sampled:
    """Sample once; the clock runs while sampling, not while a cache is put on."""
    cache, gpu = policy.cache, noise.device.type == "cuda"
    applied = (
        nullcontext()
        if cache is None
        else apply_step_cache(subject.transformer, cache, gate_only=policy.gate_only)
    )
    with applied as handle:
        if gpu:
            torch.cuda.reset_peak_memory_stats()
        seconds = clocked(
            lambda: ddim_sample(
                subject.transformer,
                labels,
                noise,
                num_inference_steps=steps,
                guidance_scale=GUIDANCE,
                prediction_type=subject.facts.prediction,
            ),
            noise.device,
        )
        peak = torch.cuda.max_memory_allocated() / 2**20 if gpu else None
        cells = steps * subject.facts.layers
        forwards = {"attn": cells, "ff": cells} if handle is None else handle.counts
        return Sampled(forwards, seconds, peak)


def clocked(work: Callable[[], Any], device: torch.device) -> float:
    if device.type == "cpu":
        started = time.process_time()
        work()
        return time.process_time() - started
    torch.cuda.synchronize(device)
    started = time.perf_counter()
    work()
    torch.cuda.synchronize(device)
    return time.perf_counter() - started


def row(
    subject: Subject,
    batch: int,
    steps: int,
    policy: Policy,
    first: Sampled,
    seconds: list[float],
    uncached: list[float],
    plain_half: list[float],
) -> dict[str, Any]:
    facts = subject.facts
    cells, forwards = steps * facts.layers, first.forwards
    bound = facts.sampling_macs(cells, cells, steps) / facts.sampling_macs(
        forwards["attn"], forwards["ff"], steps
    )
    speedup = statistics.median(full / part for full, part in zip(uncached, seconds, strict=True))
    against_plain = statistics.median(
        part / plain for part, plain in zip(seconds, plain_half, strict=True)
    )
    half = policy.name.startswith("50 %,")
    return {
        "model": subject.name,
        "images": batch,
        "policy": policy.name,
        "forwards": sum(forwards.values()),
        "seconds_median": statistics.median(seconds),
        "images_per_s": batch / statistics.median(seconds),
        "peak_memory_mb": first.peak_mb,
        "speedup_median": speedup,
        "bound": bound,
        "share_of_bound": speedup / bound,
        "seconds_against_plain_50": against_plain if half else None,
    }


def setting(options: argparse.Namespace, device: torch.device) -> dict[str, Any]:
    gpu = device.type == "cuda"
    return {
        "steps": options.steps,
        "guidance_scale": GUIDANCE,
        "rounds": options.rounds,
        "dtype": options.dtype,
        "device": torch.cuda.get_device_name(device)
        if gpu
        else f"cpu, 1 thread, {platform.machine()}",
        "clock": "wall time until the device has finished" if gpu else "processor time",
        "load_average": os.getloadavg()[0],
        "versions": {name: version(name) for name in ("torch", "diffusers")},
        "python": platform.python_version(),
    }


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| model | images | policy | images/s | speed-up | bound | share of the bound | time against plain 50 % | peak MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        against, peak = row["seconds_against_plain_50"], row["peak_memory_mb"]
        lines.append(
            f"| {row['model']} | {row['images']} | {row['policy']} | {row['images_per_s']:.3g} | {row['speedup_median']:.2f}x "
            f"| {row['bound']:.2f}x | {row['share_of_bound']:.2f} | {'' if against is None else f'{against - 1:+.1%}'} "
            f"| {'' if peak is None else f'{peak:,.0f}'} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
