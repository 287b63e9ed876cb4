"""Toy methods that report what hardness and preference training report, without any model: `toy.pairs`, `toy.training`.

Pair number i is the same in every run: its picture, its texts and how hard it is follow from i alone.
"""

from __future__ import annotations

import hashlib
import io
import math
import random
import time
import zipfile
from collections.abc import Iterator
from functools import cache
from typing import Any

from PIL import Image, ImageDraw
from pydantic import Field

from methods.base import Config, Context, Result

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")
SHAPES = ("ball", "cube", "star", "ring")
PLACES = ("on the left", "on the right", "in the middle", "at the top")
LEVELS = ("easy", "middle", "hard")
EPOCH = (1980, 1, 1, 0, 0, 0)
SHARD = 500


def pair(number: int) -> dict[str, Any]:
    """The row of kind `pair` for one pair; every seventh is contested, of these every second by form only."""
    draw = random.Random(number)
    colour, wrong = draw.sample(COLOURS, 2)
    shape, place = draw.choice(SHAPES), draw.choice(PLACES)
    level = LEVELS[number % 3]
    more = " ".join(f"Behind it there is a {draw.choice(COLOURS)} wall." for _ in range(number % 4))
    chosen = f"A {colour} {shape} lies {place}, and nothing else is near. {more}".strip()
    rejected = f"A {wrong} {shape} lies {place}, and a small dog looks at it."
    delta = draw.gauss(0.8 - 0.3 * (number % 3), 0.25)
    delta = -abs(delta) if number % 7 == 0 else abs(delta)
    words = len(chosen.split()), len(rejected.split())
    pieces = [_pieces(text, draw) for text in (chosen, rejected)]
    return {
        "position": number,
        "pair_id": pair_id(number),
        "delta": delta,
        "data_factor": 1 / (1 + math.exp(-delta)),
        "contested": delta < 0,
        "by_form": delta < 0 and number % 14 == 0,
        "chosen_words": words[0],
        "rejected_words": words[1],
        "length_gap": words[0] - words[1],
        "pieces": sum(map(len, pieces)),
        "level": level,
        "origin": "toy",
        "image": f"pictures-00000.zip/{colour}-{shape}.webp",
        "prompt": f"What is in picture {number}?",
        "chosen": chosen,
        "rejected": rejected,
        "chosen_pieces": pieces[0],
        "rejected_pieces": pieces[1],
        "warnings": ["the chosen answer is much longer"] if words[0] - words[1] > 15 else [],
    }


def pair_id(number: int) -> str:
    return hashlib.sha256(b"toy %d" % number).hexdigest()[:16]


def _pieces(text: str, draw: random.Random) -> list[dict[str, Any]]:
    found, start = [], 0
    parts = text.replace(". ", ".|").replace(", ", ",|").split("|")
    shares = [draw.random() for _ in parts]
    for part, share in zip(parts, shares, strict=True):
        start = text.index(part, start)
        end = start + len(part)
        cosine = draw.uniform(0.1, 0.35)
        found.append(
            {"text": part, "start": start, "end": end, "cos": cosine, "share": share / sum(shares)}
        )
    return found


@cache
def pictures() -> bytes:
    """A zip with one WebP picture of each shape in each colour."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for colour in COLOURS:
            for shape in SHAPES:
                picture = Image.new("RGB", (160, 120), "white")
                _draw(ImageDraw.Draw(picture), shape, colour)
                content = io.BytesIO()
                picture.save(content, format="WEBP", quality=80)
                member = zipfile.ZipInfo(f"{colour}-{shape}.webp", EPOCH)
                archive.writestr(member, content.getvalue())
    return buffer.getvalue()


def _draw(pen: ImageDraw.ImageDraw, shape: str, colour: str) -> None:
    box = (50, 30, 110, 90)
    if shape == "ball":
        pen.ellipse(box, fill=colour)
    elif shape == "cube":
        pen.rectangle(box, fill=colour)
    elif shape == "ring":
        pen.ellipse(box, outline=colour, width=12)
    else:
        pen.regular_polygon((80, 60, 36), 5, fill=colour)


class PairsConfig(Config):
    pairs: int = Field(300, ge=0, le=200_000, description="Pairs to record.")
    pictures: bool = Field(True, description="Save their pictures.")


def record_pairs(config: PairsConfig, context: Context) -> Result:
    """Records pairs 0, 1, 2, ... with their pictures, as hardness does."""
    if config.pictures:
        context.save_file("pictures-00000.zip", pictures(), role="pictures")
    contested = 0
    for start in range(0, config.pairs, SHARD):
        rows = [pair(number) for number in range(start, min(start + SHARD, config.pairs))]
        contested += sum(row["contested"] for row in rows)
        context.record("pair", rows)
        context.progress(start + len(rows), config.pairs, f"{start + len(rows)} pairs")
    figures = {"pairs": float(config.pairs), "contested": float(contested)}
    return Result(figures, f"{contested} of {config.pairs} pairs are contested")


class TrainingConfig(Config):
    pairs: int = Field(300, ge=1, le=200_000, description="Pairs of the data set, from the first.")
    steps: int = Field(60, ge=1, le=100_000, description="Optimiser steps.")
    batch: int = Field(16, ge=1, le=1024, description="Pairs in a step.")
    seconds_per_step: float = Field(0.0, ge=0, le=60, description="Seconds a step takes.")
    checkpoint_every: int = Field(20, ge=1, description="Steps between checkpoints.")
    hardness: str = Field("", max_length=200, description="The run of the pairs, as run_id/file.")


def train(config: TrainingConfig, context: Context) -> Result:
    """Pretends to train: gaps grow with each time a pair is seen, faster for easy pairs."""
    first = int((context.resume() or {"step": 0})["step"])
    for step in range(first, config.steps):
        context.progress(step, config.steps, f"step {step} of {config.steps}")
        time.sleep(config.seconds_per_step)
        rows = list(pair_steps(config, step))
        context.record("pair_step", rows)
        gaps = [row["gap"] for row in rows]
        context.log(
            step,
            loss=sum(row["loss"] for row in rows) / len(rows),
            **{
                "rewards/margins": 0.1 * sum(gaps) / len(gaps),
                "rewards/accuracies": sum(gap > 0 for gap in gaps) / len(gaps),
            },
        )
        if (step + 1) % config.checkpoint_every == 0:
            context.checkpoint({"step": step + 1})
    context.progress(config.steps, config.steps, "done")
    return Result({"steps": float(config.steps)}, f"{config.steps} steps")


def pair_steps(config: TrainingConfig, step: int) -> Iterator[dict[str, Any]]:
    """The rows of kind `pair_step` of one step: the next pairs in turn, a fifth of them left out."""
    rows = []
    for place in range(config.batch):
        number = (step * config.batch + place) % config.pairs
        hardness = pair(number)["delta"]
        seen = step * config.batch // config.pairs
        gap = (1 + seen) * (0.8 + hardness) + random.Random(f"{step} {number}").gauss(0, 0.5)
        rows.append((number, hardness, gap))
    drop = sorted(abs(gap) for *_, gap in rows)[-max(1, config.batch // 5) :]
    kept = config.batch - len(drop)
    for number, hardness, gap in rows:
        factor = 2 / (1 + math.exp(-hardness))
        beta, keep = 0.1 * factor, abs(gap) not in drop
        push = beta / (1 + math.exp(beta * gap))
        yield {
            "step": step,
            "position": number,
            "pair_id": pair_id(number),
            "hardness": hardness,
            "factor": factor,
            "gap": gap,
            "kept": keep,
            "beta": beta,
            "loss": math.log1p(math.exp(-beta * gap)),
            "weight": push / max(kept, 1) if keep else 0.0,
        }
