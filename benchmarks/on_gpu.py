"""All that only a GPU can show, most important first: each step in a process of its own, with its own time, so that one that fails stops no other.

    python -m benchmarks.on_gpu --out DIR [--seconds 520] [--device cuda] [--only vcr tests]

Writes a JSON a step and `log.txt` with all that was printed into DIR, and `steps.json`, which says what succeeded and how long it took.
With `--device cpu` it runs the same steps, small, so that the script can be tried where no GPU is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"


@dataclass(frozen=True)
class Step:
    """A command after `python -m`, and the most seconds it may take."""

    name: str
    command: list[str]
    seconds: float


def steps(device: str, out: Path) -> list[Step]:
    """What is run, in order."""

    def written(name: str) -> list[str]:
        return ["--device", device, "--out", str(out / f"{name}.json")]

    vcr, clip = ["benchmarks.bench_vcr"], ["--models", "ViT-B-16-quickgelu"]
    caching = ["benchmarks.bench_caching_speed", *written("caching_speed"), "--models", "xl"]
    marked = [str(file) for file in TESTS.rglob("test_*.py") if "mark.gpu" in file.read_text()]
    tests = ["pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider", *sorted(marked)]
    if device == "cpu":
        small = ["--models", "scenes", "--presets", "fast", "--pictures", "2", "--rounds", "1"]
        return [
            Step("vcr", [*vcr, *written("vcr_speed"), *small, "--precisions", "bfloat16"], 120),
            Step("vcr_others", [*vcr, *written("vcr_others"), *small], 120),
            Step("caching", [*caching, "--steps", "4", "--rounds", "1"], 200),
            Step("encoder", ["benchmarks.bench_clip_encoder", *written("clip_encoder")], 120),
            Step("tests", [*tests, "--collect-only"], 200),
            Step(
                "dama", ["benchmarks.bench_dama_step", *written("dama_step"), "--rounds", "1"], 200
            ),
        ]
    shown = ["--pictures", "16", "--rounds", "3", "--batch", "256"]
    main = ["--precisions", "bfloat16", "--presets", "fast", "normal", "official"]
    others = ["--precisions", "float16", "float32", "--presets", "fast", "normal"]
    bf16 = ["--dtype", "bfloat16", "--steps", "20", "--rounds", "5", "--batches", "1", "8", "32"]
    return [
        Step("vcr", [*vcr, *written("vcr_speed"), *clip, *shown, *main], 170),
        Step("tests", tests, 150),
        Step("caching", [*caching, *bf16], 150),
        Step("encoder", ["benchmarks.bench_clip_encoder", *written("clip_encoder")], 60),
        Step("vcr_others", [*vcr, *written("vcr_others"), *clip, *shown, *others], 100),
        Step("dama", ["benchmarks.bench_dama_step", *written("dama_step"), "--rounds", "3"], 90),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--seconds", type=float, default=520, help="for all steps together")
    parser.add_argument("--only", nargs="+", default=None)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    end, told = time.monotonic() + options.seconds, []
    with (options.out / "log.txt").open("wb") as log:
        for step in steps(options.device, options.out.absolute()):
            if options.only is not None and step.name not in options.only:
                continue
            left = min(step.seconds, end - time.monotonic())
            told.append(
                ran(step, left, log.fileno())
                if left > 10
                else {"step": step.name, "end": "no time left"}
            )
            (options.out / "steps.json").write_text(json.dumps(told, indent=1) + "\n")
            sys.stdout.write(f"{told[-1]}\n")
            sys.stdout.flush()


def ran(step: Step, seconds: float, log: int) -> dict[str, str | float]:
    """Run a step; what it prints goes into the log."""
    os.write(log, f"\n\n===== {step.name}: {' '.join(step.command)}\n".encode())
    begun = time.monotonic()
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", *step.command],
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            env=environment,
            check=False,
        )
        end = "done" if done.returncode == 0 else f"failed, exit status {done.returncode}"
    except subprocess.TimeoutExpired:
        end = f"stopped after {seconds:.0f} s"
    return {"step": step.name, "end": end, "seconds": round(time.monotonic() - begun, 1)}


if __name__ == "__main__":
    main()
