"""View refinement against one crop at a time: pictures a second, exactness of the crops, and a second look after a class edit.

    python -m benchmarks.bench_vcr [--model scenes ViT-B-16-quickgelu] [--presets fast normal] [--pictures 4] [--rounds 3]
    python -m benchmarks.bench_vcr --device cuda --precisions bfloat16 float16 float32 --presets fast normal official --batch 256

From files (JPEG, 640 x 480) to refined features, all in one process, in turn. Two controls, both on the same device with the model's weights held in
the precision (no autocast): "decoded each time" opens the file for every view and draws its crop with torchvision's RandomResizedCrop,
as the published code does, one view in a forward; "decoded once" opens it once, cuts with torchvision's resized_crop on the device and
leaves every feature there, which is the stronger one, and the one that ratios are against. Weights are random but the small world's:
speed does not depend on them. On a CPU it is one thread's processor time, on a GPU the time until it has finished.

Exactness: the crops of the device against torchvision's antialiased bicubic on the CPU in float32; the views chosen against those that the
CPU chooses in float32. Second look: all views in the cache, other class names. Writes results/vcr_speed_<device>.json.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

import numpy as np
import open_clip
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import normalize
from torchvision.transforms import InterpolationMode, RandomResizedCrop
from torchvision.transforms.functional import to_tensor

from methods.clip_encoder import DTYPES, ClipEncoder
from methods.clip_models import load_clip
from methods.feature_cache import FeatureCache
from methods.fewshot.clip.features import picture_features
from methods.fewshot.clip.images import Picture, picture_file
from methods.fewshot.clip.text import text_classifier
from methods.fewshot.vcr.boxes import RATIOS, view_boxes
from methods.fewshot.vcr.crops import crops, resized_crop, ten_crops
from methods.fewshot.vcr.encoding import tower_of
from methods.fewshot.vcr.features import view_features
from methods.fewshot.vcr.presets import PRESETS, ViewSettings
from methods.fewshot.vcr.refine import Refined, refine_views
from methods.worlds.scenes import COLOURS, SHAPES, random_scene, render

RESULTS = Path(__file__).parent / "results"
WIDTH, HEIGHT = 640, 480
NAMES = [f"{colour} {shape}" for colour in COLOURS for shape in SHAPES]
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Subject:
    """A CLIP twice: as the library has it, and bare, in the precision, for the controls."""

    name: str
    encoder: ClipEncoder
    bare: Any
    dtype: torch.dtype

    @property
    def device(self) -> torch.device:
        return self.encoder.device


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--models", nargs="+", default=["scenes", "ViT-B-16-quickgelu"])
    parser.add_argument("--precisions", nargs="+", choices=tuple(DTYPES), default=["float32"])
    parser.add_argument("--presets", nargs="+", choices=tuple(PRESETS), default=["fast", "normal"])
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--naive", type=int, default=1, help="pictures that the controls see")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cpu":
        torch.set_num_threads(1)
    report: dict[str, Any] = {"setting": setting(options, device), "speed": []}
    file = options.out or RESULTS / f"vcr_speed_{device.type}.json"
    file.parent.mkdir(parents=True, exist_ok=True)

    def keep() -> None:
        file.write_text(json.dumps(report, indent=1) + "\n")

    pictures = [photo(number) for number in range(options.pictures)]
    report["crops"] = exactness(pictures[:2], device)
    say(f"crops: {report['crops']}")
    say(
        "| model | precision | preset | way | pictures/s | ms a picture | ratio |\n|---|---|---|---|---|---|---|"
    )
    for name in options.models:
        for precision in options.precisions:
            subject = opened(name, precision, device, options.batch)
            for preset in options.presets:
                report["speed"] += speed(subject, precision, preset, pictures, options)
                keep()
            report.setdefault("chosen", []).append(chosen_alike(subject, precision, pictures[:2]))
            say(f"chosen: {report['chosen'][-1]}")
        report.setdefault("second_look", []).append(second_look(subject, pictures))
        say(f"second look: {report['second_look'][-1]}")
        keep()


def opened(name: str, precision: Any, device: torch.device, batch: int) -> Subject:
    """A CLIP by name; an architecture of open_clip gets random weights."""
    if name == "scenes":
        encoder = load_clip(name, device=device, precision=precision, batch_size=batch)
        bare = open_clip.create_model(f"local-dir:{scenes_folder()}", device=device)
    else:
        torch.manual_seed(0)
        bare, _, preprocess = open_clip.create_model_and_transforms(name, device=device)
        tokenizer = open_clip.get_tokenizer(name)
        encoder = ClipEncoder(
            name,
            copy.deepcopy(bare),
            preprocess,
            tokenizer,
            precision=precision,
            batch_size=batch,
        )
    return Subject(name, encoder, bare.eval().to(DTYPES[precision]), DTYPES[precision])


def scenes_folder() -> Path:
    from methods.worlds import clip  # noqa: PLC0415

    return clip.folder()


def photo(number: int) -> Picture:
    """A JPEG of 640 x 480 pixels: a cluttered scene with the grain of a photograph, so that it decodes like one."""
    generator = np.random.default_rng([7, number])
    scene = render(random_scene(generator, sizes=(0.2, 0.5), num_clutter=25), WIDTH // 2)
    drawn = np.asarray(Image.fromarray(scene).resize((WIDTH, WIDTH), Image.Resampling.BICUBIC))
    grain = generator.normal(0, 8, (HEIGHT, WIDTH, 3))
    pixels = (drawn[:HEIGHT] + grain).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return picture_file(f"photo {number}", file.getvalue)


# -- ways ------------------------------------------------------------------------------------------


@torch.inference_mode()
def one_by_one(
    subject: Subject, pictures: Sequence[Picture], settings: ViewSettings, text: Tensor, once: bool
) -> list[Refined]:
    """The controls: one view in a forward."""
    mean, std = (
        torch.tensor(values, device=subject.device)[:, None, None]
        for values in (subject.encoder.mean, subject.encoder.std)
    )

    def encoded(pixels: Tensor) -> Tensor:
        batch = ((pixels.to(subject.device) - mean) / std)[None].to(subject.dtype)
        feature: Tensor = subject.bare.encode_image(batch)[0].float()
        return feature

    def of_one(picture: Picture) -> Refined:
        cut = views_once if once else views_each
        drawn = {
            scale: torch.stack([encoded(crop) for crop in some])
            for scale, some in cut(picture, settings, subject)
        }
        if settings.whole == "ten_crop":
            pixels = pixels_of(picture).to(subject.device)
            tens = torch.stack([encoded(crop) for crop in ten_crops(pixels, subject.encoder.side)])
            whole = normalize(tens, dim=1).mean(dim=0)
        else:
            prepared = subject.encoder.prepared(picture.open())[None]
            whole = subject.bare.encode_image(prepared.to(subject.device, subject.dtype))[0]
        views = {scale: features.cpu() for scale, features in drawn.items()}
        return refine_views(views, whole.float().cpu(), text)

    return [of_one(picture) for picture in pictures]


Views = Iterator[tuple[float, Iterator[Tensor]]]


def views_each(picture: Picture, settings: ViewSettings, subject: Subject) -> Views:
    """As published: the file is opened for every view, and torchvision draws and cuts it on the CPU."""
    side = subject.encoder.side
    for scale in settings.scales:
        cut = RandomResizedCrop(side, (scale, scale), RATIOS, InterpolationMode.BICUBIC)
        yield scale, (to_tensor(cut(picture.open())) for _ in range(settings.views))


def views_once(picture: Picture, settings: ViewSettings, subject: Subject) -> Views:
    pixels = pixels_of(picture).to(subject.device)
    side, seed = subject.encoder.side, settings.seed
    boxes = view_boxes(
        WIDTH, HEIGHT, settings.scales, settings.views, sha256=picture.sha256, seed=seed
    )
    for scale, some in boxes.items():
        yield scale, (resized_crop(pixels, box, side).float() / 255 for box in some)


def ours(
    subject: Subject,
    pictures: Sequence[Picture],
    settings: ViewSettings,
    text: Tensor,
    cache: FeatureCache | None = None,
) -> list[Refined]:
    wholes: Sequence[Tensor | None] = [None] * len(pictures)
    if settings.whole == "centre":
        wholes = list(picture_features(subject.encoder, pictures, cache))
    seen = view_features(pictures, settings, tower_of(subject.encoder), cache)
    return [
        refine_views(each.features, each.whole(text[:, 0] if plain is None else plain), text)
        for each, plain in zip(seen, wholes, strict=True)
    ]


def pixels_of(picture: Picture) -> Tensor:
    return torch.from_numpy(np.array(picture.open())).permute(2, 0, 1)


# -- measuring -------------------------------------------------------------------------------------


def speed(
    subject: Subject,
    precision: str,
    preset: str,
    pictures: Sequence[Picture],
    options: argparse.Namespace,
) -> list[dict[str, Any]]:
    """Seconds a picture of each way, medians over rounds of ratios within a round."""
    settings, some = PRESETS[preset], pictures[: options.naive]
    text = text_classifier(subject.encoder, NAMES)
    ways: dict[str, tuple[Callable[[], Any], int]] = {
        "one at a time, decoded each time": (
            lambda: one_by_one(subject, some, settings, text, once=False),
            len(some),
        ),
        "one at a time, decoded once": (
            lambda: one_by_one(subject, some, settings, text, once=True),
            len(some),
        ),
        "ours": (lambda: ours(subject, pictures, settings, text), len(pictures)),
    }
    warm_up(subject, pictures, text)
    peak = 0
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.rounds):
        for name, (work, count) in ways.items():
            if subject.device.type == "cuda":
                torch.cuda.reset_peak_memory_stats()
            taken[name].append(clocked(work, subject.device) / count)
            if subject.device.type == "cuda" and name == "ours":
                peak = max(peak, torch.cuda.max_memory_allocated())
    rows = []
    for name, seconds in taken.items():
        ratios = {
            control: statistics.median(a / b for a, b in zip(taken[control], seconds, strict=True))
            for control in ways
            if control != "ours"
        }
        against = ratios["one at a time, decoded once"]
        middle = statistics.median(seconds)
        rows.append(
            {
                "model": subject.name,
                "precision": precision,
                "preset": preset,
                "views": settings.encoded,
                "way": name,
                "seconds": middle,
                "rounds": seconds,
                "pictures_per_s": 1 / middle,
                "faster_than_decoded_once": against,
                "faster_than_decoded_each_time": ratios["one at a time, decoded each time"],
                "peak_memory_mb": peak / 2**20 if name == "ours" and peak else None,
            }
        )
        say(
            f"| {subject.name} | {precision} | {preset} | {name} | {1 / middle:.3g} | {1000 * middle:.1f} | {against:.2f} |"
        )
    return rows


def warm_up(subject: Subject, pictures: Sequence[Picture], text: Tensor) -> None:
    """Kernels are chosen and loaded for the sizes that come."""
    little = ViewSettings(scales=(0.5,), views=2)
    for once in (False, True):
        one_by_one(subject, pictures[:1], little, text, once)
    ours(subject, pictures, PRESETS["fast"] if subject.device.type == "cuda" else little, text)


def exactness(pictures: Sequence[Picture], device: torch.device) -> dict[str, Any]:
    """Largest distance of the device's crops from torchvision's in float32, on 0..1; the loop of a CPU rounds to whole numbers."""
    worst, count = 0.0, 0
    for picture in pictures:
        pixels = pixels_of(picture)
        drawn = view_boxes(WIDTH, HEIGHT, PRESETS["normal"].scales, 16, sha256=picture.sha256)
        boxes = [box for some in drawn.values() for box in some]
        found = crops(pixels.to(device), boxes, 224).cpu()
        for box, crop in zip(boxes, found, strict=True):
            theirs = resized_crop(pixels.float() / 255, box, 224).clamp(0, 1)
            worst = max(worst, float((crop - theirs).abs().max()))
        count += len(boxes)
    return {"crops": count, "max_abs": worst, "side": 224, "device": device.type}


def chosen_alike(subject: Subject, precision: str, pictures: Sequence[Picture]) -> dict[str, Any]:
    """How many views are those that the CPU chooses in float32, and how much less sure it is of the others."""
    settings = PRESETS["fast"]
    text = text_classifier(subject.encoder, NAMES)
    reference = subject
    if subject.device.type == "cuda" or precision != "float32":
        reference = opened(subject.name, "float32", CPU, 16)
    theirs = ours(reference, pictures, settings, text)
    mine = ours(subject, pictures, settings, text)
    gaps = [
        float(right.margins[scale][right.chosen[scale]] - right.margins[scale][left.chosen[scale]])
        for left, right in zip(mine, theirs, strict=True)
        for scale in right.chosen
    ]
    cosines = [
        float(left.feature @ right.feature) for left, right in zip(mine, theirs, strict=True)
    ]
    return {
        "model": subject.name,
        "precision": precision,
        "scales": len(gaps),
        "same": sum(gap == 0 for gap in gaps),
        "largest_margin_lost": max(gaps),
        "smallest_cosine_of_refined": min(cosines),
    }


def second_look(subject: Subject, pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """Wall time a picture after other class names, everything in the cache: what a person waits for."""
    settings = PRESETS["normal"]
    with TemporaryDirectory() as folder, closing(FeatureCache(Path(folder), "bench")) as cache:
        ours(subject, pictures, settings, text_classifier(subject.encoder, NAMES), cache)
        rows = []
        for classes in (8, 48):
            begun = time.perf_counter()
            text = text_classifier(subject.encoder, NAMES[-classes:])
            named = time.perf_counter()
            ours(subject, pictures, settings, text, cache)
            ended = time.perf_counter()
            rows.append(
                {
                    "model": subject.name,
                    "preset": "normal",
                    "classes": classes,
                    "pictures": len(pictures),
                    "texts_ms": 1000 * (named - begun),
                    "ms_a_picture": 1000 * (ended - named) / len(pictures),
                }
            )
    return rows


def clocked(work: Callable[[], Any], device: torch.device) -> float:
    if device.type == "cpu":
        started = time.process_time()
        work()
        return time.process_time() - started
    torch.cuda.synchronize()
    started = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - started


def setting(options: argparse.Namespace, device: torch.device) -> dict[str, Any]:
    gpu = device.type == "cuda"
    return {
        "picture": f"JPEG, {WIDTH} x {HEIGHT}",
        "pictures": options.pictures,
        "pictures_of_controls": options.naive,
        "rounds": options.rounds,
        "batch": options.batch,
        "device": torch.cuda.get_device_name() if gpu else f"cpu, 1 thread, {platform.machine()}",
        "clock": "wall time until the device has finished" if gpu else "processor time",
        "load_average": os.getloadavg()[0],
        "versions": {name: version(name) for name in ("torch", "torchvision", "open_clip_torch")},
        "python": platform.python_version(),
    }


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
