"""Measure the scenes world's LLaVA: `python -m methods.worlds.llava.evaluate` logs the shipped figures."""

import json
import logging
import platform
from collections.abc import Sequence
from importlib.metadata import version
from itertools import compress
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import LlavaForConditionalGeneration, LlavaProcessor

from methods.intervals import wilson_interval
from methods.worlds.llava import load
from methods.worlds.llava.data import (
    PHANTOMS,
    QUESTION,
    CaptionedScene,
    existence_questions,
    mentions,
    message,
    scenes,
)

BATCH = 48
SCENES = 500
SEED = 3

log = logging.getLogger(__name__)


@torch.no_grad()
def answers(
    model: Any,
    processor: Any,
    images: Sequence[Image.Image],
    questions: Sequence[str],
    max_new_tokens: int = 64,
) -> list[str]:
    """Return the model's greedy answer to each question about its image."""
    texts = []
    for start in range(0, len(images), BATCH):
        part = slice(start, start + BATCH)
        prompts = [
            processor.apply_chat_template(
                [message("user", question, image=True)], add_generation_prompt=True
            )
            for question in questions[part]
        ]
        inputs = processor(
            images=list(images[part]), text=prompts, padding=True, return_tensors="pt"
        )
        inputs = inputs.to(model.device)
        made = model.generate(**inputs, max_new_tokens=max_new_tokens, do_sample=False)
        new = made[:, inputs["input_ids"].shape[1] :]
        texts += processor.batch_decode(new, skip_special_tokens=True)
    return texts


def describe(model: Any, processor: Any, captioned: Sequence[CaptionedScene]) -> list[str]:
    """Return the model's greedy caption of each scene."""
    images = [item.image for item in captioned]
    return answers(model, processor, images, [QUESTION] * len(images))


def caption_figures(texts: Sequence[str], captioned: Sequence[CaptionedScene]) -> dict[str, float]:
    """Return how captions err: shares of 0 to 1, except for `mentions`.

    `chair_i` wrong mentions / mentions, `chair_s` captions with a wrong mention / captions, `recall`
    objects named / objects, `mentions` a caption, `exact` captions that equal the truth.
    """
    named = [mentions(text) for text in texts]
    pairs = list(zip(named, captioned, strict=True))
    wrong = [sum(name not in item.objects for name in names) for names, item in pairs]
    found = sum(len(set(names) & set(item.objects)) for names, item in pairs)
    same = [text == item.caption for text, item in zip(texts, captioned, strict=True)]
    return {
        "chair_i": round(sum(wrong) / max(1, sum(map(len, named))), 4),
        "chair_s": round(sum(map(bool, wrong)) / len(pairs), 4),
        "recall": round(found / sum(len(item.objects) for item in captioned), 4),
        "mentions": round(sum(map(len, named)) / len(pairs), 4),
        "exact": round(sum(same) / len(pairs), 4),
    }


def phantoms(texts: Sequence[str], captioned: Sequence[CaptionedScene]) -> tuple[int, int]:
    """Return how many captions name the phantom, and on how many scenes one could be named.

    A phantom could be named where the background has one that isn't really there.
    """
    tempted = [
        PHANTOMS[item.scene.background] in mentions(text)
        for text, item in zip(texts, captioned, strict=True)
        if is_tempting(item)
    ]
    return sum(tempted), len(tempted)


def is_tempting(item: CaptionedScene) -> bool:
    """Return whether the background has a phantom that isn't really there."""
    phantom = PHANTOMS.get(item.scene.background)
    return phantom is not None and phantom not in item.objects


def question_figures(
    model: Any, processor: Any, captioned: Sequence[CaptionedScene], seed: int
) -> dict[str, dict[str, float]]:
    """Return accuracy and share of "yes" of `existence_questions`, by their split."""
    images = {item.id: item.image for item in captioned}
    rows = existence_questions(captioned, seed)
    asked = [row["text"] for row in rows]
    said = answers(model, processor, [images[row["image"]] for row in rows], asked, 4)
    figures = {}
    for split in ("random", "adversarial"):
        pairs = [
            (text.lower(), row["label"])
            for text, row in zip(said, rows, strict=True)
            if row["split"] == split
        ]
        figures[split] = {
            "questions": len(pairs),
            "accuracy": round(sum(text == label for text, label in pairs) / len(pairs), 4),
            "yes": round(sum(text == "yes" for text, _ in pairs) / len(pairs), 4),
        }
    return figures


def measure(model: Any, processor: Any) -> dict[str, Any]:
    """Return the figures of the card."""
    captioned = scenes("test", SCENES, SEED)
    texts = describe(model, processor, captioned)
    tempting = [is_tempting(item) for item in captioned]
    named, tempted = phantoms(texts, captioned)
    groups = {"all": [True] * SCENES, "unbiased": [not x for x in tempting], "biased": tempting}
    return {
        "setting": {
            "captions": f"greedy, {QUESTION!r}, {SCENES} scenes of split test, seed {SEED}",
            "groups": "biased: the background has a phantom, and it isn't there; unbiased: the others",
            "questions": f"greedy, existence_questions of the same scenes, seed {SEED}",
        },
        "captions": {
            group: {
                "scenes": sum(chosen),
                **caption_figures(list(compress(texts, chosen)), list(compress(captioned, chosen))),
            }
            for group, chosen in groups.items()
        },
        "phantoms": {
            "named": named,
            "scenes": tempted,
            "interval": [round(end, 4) for end in wilson_interval(named, tempted)],
        },
        "questions": question_figures(model, processor, captioned, SEED),
    }


def write_card(trained: Any, out: Path, training: dict[str, Any]) -> None:
    """Write `card.json` beside the stored model, with the captions' figures of both precisions.

    Args:
        trained: the model in float32, eval mode.
        out: folder that `store_llava` has written.
        training: what the card says of the training.
    """
    stored = LlavaForConditionalGeneration.from_pretrained(out, dtype=torch.float32).eval()
    processor = LlavaProcessor.from_pretrained(out)
    captioned = scenes("test", SCENES, SEED)
    full, half = (describe(model, processor, captioned) for model in (trained, stored))
    card = {
        "world": "scenes, LLaVA",
        **measure(stored, processor),
        "storage": {
            "float32": caption_figures(full, captioned),
            "float16": caption_figures(half, captioned),
            "captions_that_differ": sum(a != b for a, b in zip(full, half, strict=True)),
        },
        "training": training,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "transformers", "tokenizers")},
        },
        "device": "cpu, one thread",
    }
    (out / "card.json").write_text(json.dumps(card, indent=2) + "\n")


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    log.setLevel(logging.INFO)
    torch.set_num_threads(1)
    log.info(json.dumps(measure(*load()), indent=2))


if __name__ == "__main__":
    main()
