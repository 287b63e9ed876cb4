"""What a CLIP's image tower gains from half precision, channels that come last and full batches.

    python -m benchmarks.bench_clip_encoder [--device cuda] [--model ViT-B-16-quickgelu]

Crops a second through the bare tower of open_clip with random weights: float32, half precision by autocast, half precision of the
weights themselves, each with channels first and last, by batch size; and crops cut a second on the device, by the form it takes.
Medians. Writes results/clip_encoder_<device>.json.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import open_clip
import torch

from methods.fewshot.vcr.boxes import view_boxes
from methods.fewshot.vcr.crops import crops
from methods.fewshot.vcr.presets import PRESETS

RESULTS = Path(__file__).parent / "results"
BATCHES = {"cpu": (1, 4), "cuda": (1, 64, 256, 512)}
REPEATS = {"cpu": 2, "cuda": 10}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--model", default="ViT-B-16-quickgelu")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cpu":
        torch.set_num_threads(1)
    file = options.out or RESULTS / f"clip_encoder_{device.type}.json"
    report: dict[str, Any] = {"setting": setting(options, device), "crops": cut(device)}
    report["encoder"] = []
    torch.manual_seed(0)
    model = open_clip.create_model(options.model, device=device).eval().visual
    for row in encoder(model, device):
        report["encoder"].append(row)
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
        file.write_text(json.dumps(report, indent=1) + "\n")


def encoder(model: Any, device: torch.device) -> Any:
    """A row for each way and batch size."""
    side = model.image_size[0]
    ways = [("float32", torch.float32, False)]
    for name, dtype in (("bfloat16", torch.bfloat16), ("float16", torch.float16)):
        if device.type == "cuda" or dtype is torch.bfloat16:
            ways += [(f"{name}, autocast", dtype, True), (f"{name}, weights", dtype, False)]
    for name, dtype, auto in ways:
        held = model if auto else copy.deepcopy(model).to(dtype)
        for last in (False, True):
            order = torch.channels_last if last else torch.contiguous_format
            held = held.to(memory_format=order)
            for batch in BATCHES[device.type]:
                given = torch.randn(batch, 3, side, side, device=device)
                given = given.to(torch.float32 if auto else dtype, memory_format=order)
                casting = torch.autocast(device.type, dtype) if auto else nullcontext()
                with torch.inference_mode(), casting:
                    seconds = timed(lambda held=held, given=given: held(given), device)
                yield {
                    "way": name,
                    "channels_last": last,
                    "batch": batch,
                    "crops_per_s": batch / seconds,
                    "ms": 1000 * seconds,
                }


def cut(device: torch.device) -> dict[str, float]:
    """All crops of a picture of 640 x 480 pixels, at 224."""
    pixels = torch.randint(0, 256, (3, 480, 640), dtype=torch.uint8).to(device)
    drawn = view_boxes(640, 480, PRESETS["normal"].scales, 16, sha256="ab")
    boxes = [box for some in drawn.values() for box in some]
    seconds = timed(lambda: crops(pixels, boxes, 224), device)
    drawing = timed(lambda: view_boxes(640, 480, PRESETS["normal"].scales, 16, sha256="ab"), device)
    return {
        "crops": len(boxes),
        "crops_per_s": len(boxes) / seconds,
        "ms_a_picture": 1000 * seconds,
        "drawing_ms": 1000 * drawing,
    }


def timed(work: Callable[[], Any], device: torch.device) -> float:
    """Median seconds: processor time on a CPU, until it has finished on a GPU."""
    taken = []
    for _ in range(REPEATS[device.type] + 1):
        if device.type == "cuda":
            torch.cuda.synchronize()
        clock = time.perf_counter if device.type == "cuda" else time.process_time
        begun = clock()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        taken.append(clock() - begun)
    return statistics.median(taken[1:])


def setting(options: argparse.Namespace, device: torch.device) -> dict[str, Any]:
    gpu = device.type == "cuda"
    return {
        "model": options.model,
        "device": torch.cuda.get_device_name() if gpu else f"cpu, 1 thread, {platform.machine()}",
        "load_average": os.getloadavg()[0],
        "versions": {name: version(name) for name in ("torch", "open_clip_torch")},
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
