"""How fast the hardness of preference pairs is measured, and how much memory many pairs take.

    python -m benchmarks.bench_hardness [--pairs 512] [--threads 2] [--rounds 5] [--memory 1000 100000]

Speed: the small world's CLIP on all cores, or on as many threads as asked for, pictures and sub-sentences one at a time (the
naive loop) against batches in which each picture and each sub-sentence is looked at once, and against a second run that finds all features in the cache
folder. Two data sets: the small world's pairs, whose sub-sentences often recur, and pairs in which no picture and no
sub-sentence comes twice, where only batching can help. Everything in one process, in turns, by the clock, so it wants a quiet
machine; medians over rounds.

Memory: the whole run, rows and pictures included, in a process of its own for each number of pairs; its peak resident
memory. Writes results/hardness_cpu.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image

from backend.devices import cpu_name
from methods.alignment.evidence.config import HardnessConfig
from methods.alignment.evidence.measuring import measure
from methods.alignment.evidence.run_hardness import run
from methods.alignment.evidence.scores import pair_delta
from methods.alignment.evidence.split import split_text
from methods.alignment.pairs.opening import scene_pairs
from methods.alignment.pairs.pair import Pair, Picture, Turn, make_pair
from methods.alignment.pairs.pictures import png
from methods.clip_encoder import ClipEncoder
from methods.clip_models import load_clip
from methods.feature_cache import FeatureCache
from methods.local import LocalContext

RESULTS = Path(__file__).parent / "results"
BATCH_SIZE = 64
GOAL = 5.0
WORDS = (
    "small",
    "large",
    "red",
    "blue",
    "green",
    "yellow",
    "circle",
    "star",
    "ring",
    "heart",
    "square",
)
"""Of the small world's vocabulary."""
PICTURES = 500
"""Different pictures of the memory run."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=512)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, nargs="*", default=[1000, 100_000])
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.peak:
        sys.stdout.write(json.dumps(peak(options.peak)))
        return
    rows = [
        measured(name, pairs, options.rounds)
        for name, pairs in {
            "small world": list(scene_pairs(options.pairs)),
            "no repeats": unrepeated(options.pairs),
        }.items()
    ]
    memory = [in_process_of_its_own(pairs) for pairs in options.memory]
    report = {"setting": setting(options), "goal": GOAL, "speed": rows, "memory": memory}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "hardness_cpu.json").write_text(json.dumps(report, indent=1) + "\n")
    sys.stdout.write(table(rows, memory))


# -- speed -------------------------------------------------------------------------------------------------


def measured(name: str, pairs: list[Pair], rounds: int) -> dict[str, Any]:
    """Pairs a second of each way, and that all of them find the same."""
    scorer = load_clip("scenes", batch_size=BATCH_SIZE, fixed_batches=True)
    with TemporaryDirectory() as warm:
        ways: dict[str, Callable[[], list[float]]] = {
            "naive loop": lambda: naive(pairs, scorer),
            "ours": lambda: ours(pairs, scorer, None),
            "ours, features cached": lambda: ours(pairs, scorer, Path(warm)),
        }
        found = {way: measuring() for way, measuring in ways.items()}  # also fills the cache
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, measuring in ways.items():
                begun = time.perf_counter()
                measuring()
                seconds[way].append(time.perf_counter() - begun)
    apart = max(
        float(np.abs(np.subtract(deltas, found["naive loop"])).max()) for deltas in found.values()
    )
    pieces = [
        piece.text
        for pair in pairs
        for text in (pair.chosen, pair.rejected)
        for piece in split_text(text)
    ]
    return {
        "data": name,
        "pairs": len(pairs),
        "sub_sentences": len(pieces),
        "different_sub_sentences": len(set(pieces)),
        "pairs_per_second": {
            way: len(pairs) / statistics.median(each) for way, each in seconds.items()
        },
        "speedup": {
            way: statistics.median(
                slow / fast for slow, fast in zip(seconds["naive loop"], each, strict=True)
            )
            for way, each in seconds.items()
        },
        "largest_difference_of_delta": apart,
    }


@torch.inference_mode()
def naive(pairs: Iterable[Pair], scorer: ClipEncoder) -> list[float]:
    """What a script does: one picture, one text at a time, nothing remembered."""
    model, preprocess, tokenizer = scorer._model, scorer._preprocess, scorer._tokenizer
    deltas = []
    for pair in pairs:
        picture = model.encode_image(preprocess(pair.images[0].open())[None], normalize=True)[0]
        chosen, rejected = split_text(pair.chosen), split_text(pair.rejected)
        cos = [
            float(model.encode_text(tokenizer([piece.text]), normalize=True)[0] @ picture)
            for piece in (*chosen, *rejected)
        ]
        deltas.append(pair_delta(cos, len(chosen), "joint_softmax", scorer.tau))
    return deltas


def ours(pairs: list[Pair], scorer: ClipEncoder, folder: Path | None) -> list[float]:
    """As the method does it, with an empty cache or with the one in a folder."""
    with (
        TemporaryDirectory() as empty,
        closing(FeatureCache(folder or Path(empty), scorer.id)) as cache,
    ):
        return list(measure(pairs, scorer, cache).delta)


def unrepeated(count: int) -> list[Pair]:
    """Pairs of three and two sub-sentences; no picture and no sub-sentence comes twice."""
    draw = np.random.default_rng(0)
    seen: set[str] = set()

    def sentence() -> str:
        while True:
            text = f"There is a {' '.join(draw.choice(WORDS, 6))}."
            if text not in seen:
                seen.add(text)
                return text

    pairs = []
    for place in range(count):
        chosen, rejected = (" ".join(sentence() for _ in range(n)) for n in (3, 2))
        picture = Picture("", noise(draw))
        pairs.append(
            make_pair(place, [Turn("user", "What is there?")], chosen, rejected, [picture])
        )
    return pairs


def noise(draw: np.random.Generator) -> Callable[[], bytes]:
    data = png(Image.fromarray(draw.integers(0, 256, (48, 48, 3), dtype=np.uint8)))
    return lambda: data


# -- memory ------------------------------------------------------------------------------------------------


def in_process_of_its_own(pairs: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.bench_hardness", "--peak", str(pairs)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


class Forgetting(LocalContext):
    """Writes files but keeps no row: the studio's context hands rows to the database."""

    def record(self, *_: Any) -> None:
        """Not even here."""

    def progress(self, *_: Any) -> None:
        """Not even here."""


def peak(count: int) -> dict[str, float]:
    """The whole run on so many generated rows: peak resident memory of this process, and seconds."""
    draw = np.random.default_rng(0)
    with TemporaryDirectory() as folder:
        for number in range(PICTURES):
            Path(folder, f"{number}.png").write_bytes(noise(draw)())
        path = Path(folder, "rows.jsonl")
        with path.open("w") as file:
            for place in range(count):
                answers = [
                    " ".join(f"There is a {' '.join(draw.choice(WORDS, 6))}." for _ in range(3))
                    for _ in range(2)
                ]
                row = {"question": "What is there?", "chosen": answers[0], "rejected": answers[1]}
                file.write(json.dumps({**row, "image_path": f"{place % PICTURES}.png"}) + "\n")
        begun = time.perf_counter()
        result = run(HardnessConfig(pairs=str(path)), Forgetting(Path(folder, "out")))
        seconds = time.perf_counter() - begun
    return {
        "pairs": count,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "seconds": seconds,
        "pairs_per_second": result.metrics["pairs_per_second"],
    }


# -- telling -----------------------------------------------------------------------------------------------


def setting(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "clip": "scenes",
        "batch_size": BATCH_SIZE,
        "threads": options.threads,
        "rounds": options.rounds,
        "device": f"{cpu_name()}, {platform.machine()}",
        "load_average": os.getloadavg()[0],
        "versions": {name: version(name) for name in ("torch", "open_clip_torch", "numpy")},
        "python": platform.python_version(),
    }


def table(rows: list[dict[str, Any]], memory: list[dict[str, float]]) -> str:
    lines = ["| data | way | pairs a second | against the naive loop |", "|---|---|---|---|"]
    for row in rows:
        for way, speed in row["pairs_per_second"].items():
            lines.append(f"| {row['data']} | {way} | {speed:.0f} | {row['speedup'][way]:.1f}x |")
    lines += ["", "| pairs of a whole run | peak memory, MB | seconds |", "|---|---|---|"]
    lines += [
        f"| {row['pairs']:,} | {row['peak_mb']:.0f} | {row['seconds']:.0f} |" for row in memory
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
