"""What DAMO, and the log of every pair, cost on top of a step of TRL's own `DPOTrainer`.

    python -m benchmarks.bench_dama_step [--rounds 7] [--device cuda]

The scenes world's LLaVA with a LoRA on its language model, batches of 16 pairs, the same pairs in the same order for every
trainer. The trainers take turns within each round, so that what else the machine does meets them alike; the first step of each
training is left out. Figures are medians over rounds of ratios of median steps. On a CPU one thread's processor time is measured,
on a GPU the time until it has finished. Goals: a step at most 1.03 times TRL's, the log at most 2 %. Writes
results/dama_step_<device>.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import PrinterCallback, TrainerCallback
from trl import DPOConfig, DPOTrainer

from methods.alignment.training.log import PairLog
from methods.alignment.training.logged import LoggedDPOTrainer
from methods.alignment.training.models import load_model
from methods.alignment.training.trainer import DamaConfig, DamaTrainer
from methods.local import LocalContext
from methods.peft_files import language_linears
from methods.worlds.llava.data import preference_rows

RESULTS = Path(__file__).parent / "results"
BATCH, STEPS = 16, 8
KINDS = ("TRL", "TRL with the log", "DAMO", "DAMO with the log")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    torch.set_num_threads(1)
    made = preference_rows(BATCH * STEPS)
    rows = [
        {name: row[name] for name in ("images", "prompt", "chosen", "rejected")}
        | {"position": index, "hardness": (index % 7 - 3) / 4}
        for index, row in enumerate(made)
    ]
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(options.rounds):
        for kind in KINDS:
            seconds[kind].append(statistics.median(train(kind, rows, options.device)[1:]))
    report = {"setting": setting(options), "rows": summarise(seconds)}
    RESULTS.mkdir(exist_ok=True)
    file = options.out or RESULTS / f"dama_step_{options.device}.json"
    file.write_text(json.dumps(report, indent=1) + "\n")
    for row in report["rows"]:
        sys.stdout.write(
            f"{row['trainer']:<20} {1000 * row['seconds']:8.1f} ms   {row['against']:<20} {row['ratio']:.4f}x\n"
        )


def train(kind: str, rows: list[dict[str, Any]], device: str) -> list[float]:
    """Seconds of each step of one training."""
    loaded = load_model("scenes", torch.device(device))
    clock = Clock(device)
    with tempfile.TemporaryDirectory() as folder:
        columns = {"DAMO": ["position"], "TRL": ["position", "hardness"]}.get(kind, [])
        data = Dataset.from_list(rows).remove_columns(columns)
        if kind == "TRL with the log":
            data = data.remove_columns(["hardness"])
        trainer_class = {"TRL": DPOTrainer, "TRL with the log": LoggedDPOTrainer}.get(
            kind, DamaTrainer
        )
        log = PairLog(
            LocalContext(folder), range(len(rows)), [f"{i:016x}" for i in range(len(rows))]
        )
        trainer = trainer_class(
            loaded.model,
            args=(DamaConfig if trainer_class is DamaTrainer else DPOConfig)(
                folder,
                per_device_train_batch_size=BATCH,
                max_steps=STEPS,
                learning_rate=5e-4,
                bf16=False,
                use_cpu=device == "cpu",
                gradient_checkpointing=False,
                max_length=None,
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                seed=1,
            ),
            train_dataset=data,
            processing_class=loaded.processor,
            peft_config=LoraConfig(
                r=16, target_modules=language_linears(loaded.model), task_type="CAUSAL_LM"
            ),
            callbacks=[clock],
            **({"on_pairs": log.add} if kind.endswith("log") else {}),
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        log.flush()
    return clock.seconds


class Clock(TrainerCallback):  # type: ignore[misc]
    """Times each step: forward, reference, backward, optimiser and the log."""

    def __init__(self, device: str) -> None:
        self.device, self.seconds, self._begun = device, [], 0.0

    def now(self) -> float:
        if self.device == "cuda":
            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time()

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self._begun = self.now()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.seconds.append(self.now() - self._begun)


def summarise(seconds: dict[str, list[float]]) -> list[dict[str, Any]]:
    compared = (
        ("TRL", "TRL"),
        ("TRL with the log", "TRL"),
        ("DAMO", "TRL"),
        ("DAMO with the log", "TRL"),
        ("DAMO with the log", "DAMO"),
    )
    return [
        {
            "trainer": kind,
            "against": other,
            "seconds": statistics.median(seconds[kind]),
            "ratio": statistics.median(
                mine / theirs for mine, theirs in zip(seconds[kind], seconds[other], strict=True)
            ),
        }
        for kind, other in compared
    ]


def setting(options: argparse.Namespace) -> dict[str, Any]:
    cpu = platform.processor() or platform.machine()
    return {
        "model": "scenes, LoRA r 16 on the language model",
        "batch": BATCH,
        "steps": STEPS - 1,
        "rounds": options.rounds,
        "device": torch.cuda.get_device_name()
        if options.device == "cuda"
        else f"{cpu}, one thread",
        "versions": {name: version(name) for name in ("torch", "transformers", "trl", "peft")},
    }


if __name__ == "__main__":
    main()
