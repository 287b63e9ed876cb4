"""Rows of RLHF-V, RLAIF-V and DAMA: `question`, `chosen`, `rejected` and one image, as bytes or by its path."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from methods.alignment.pairs.formats.format import (
    SCORES,
    Draft,
    Format,
    images_of,
    meta_of,
    text_of,
)
from methods.alignment.pairs.pair import Pair
from methods.alignment.pairs.placeholders import turn_of
from methods.alignment.pairs.problems import PairError

TITLE = "RLAIF-V"
PARTS = ("question", "chosen", "rejected")
LOGPS = 6
"""Entries of the `logps` that RLAIF-V's script writes: sum, mean and per token, of the chosen and the rejected answer."""


def recognise(row: Mapping[str, Any]) -> str:
    if all(part in row for part in PARTS) and "prompt" not in row:
        return "columns question, chosen and rejected"
    text = row.get("text")
    if isinstance(text, str) and text.lstrip().startswith("{") and '"rejected"' in text:
        return "column text with question, chosen and rejected as JSON (RLHF-V)"
    return ""


def read(row: Mapping[str, Any]) -> Draft:
    """A row with its three texts as columns, or as JSON in `text`."""
    said = row if "question" in row else _inner(row)
    turns = [turn_of("user", text_of(said, "question"), "question")]
    image = row.get("image")
    if isinstance(image, Mapping) and not image.get("path") and row.get("image_path"):
        image = {**image, "path": row["image_path"]}
    images = images_of({"image": image}, "image") or images_of(row, "image_path")
    meta = meta_of(row)
    logps = meta.get("logps")
    if isinstance(logps, list) and len(logps) != LOGPS:
        raise PairError("logps", "scores", f"logps has {LOGPS} entries; got {len(logps)}")
    return Draft(turns, text_of(said, "chosen"), text_of(said, "rejected"), images, meta)


def _inner(row: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        said = json.loads(text_of(row, "text"))
    except ValueError as error:
        raise PairError("text", "json", f"text is JSON; {error}") from None
    if not isinstance(said, dict):
        raise PairError("text", "columns", "text holds an object of question, chosen and rejected")
    return said


def write(pair: Pair, images: Sequence[Any] | None) -> dict[str, Any]:
    """One question and at most one image in front of it; scores as JSON text, as in DAMA's file."""
    if len(pair.turns) > 1:
        raise ValueError(f"{TITLE} rows hold one question; this pair has {len(pair.turns)} turns")
    if len(pair.images) > 1 or any(pair.turns[0].places):
        raise ValueError(f"{TITLE} rows hold one image, in front of the question")
    row: dict[str, Any] = {
        "question": pair.prompt,
        "chosen": pair.chosen,
        "rejected": pair.rejected,
    }
    for image in images or ():
        row |= {"image_path": image} if isinstance(image, str) else {"image": image}
    return row | {name: json.dumps(pair.meta[name]) for name in SCORES if name in pair.meta}


FORMAT = Format(
    name="rlaif_v",
    title=TITLE,
    columns=("question", "chosen", "rejected", "text", "image", "image_path", "file_name"),
    needs="question, chosen and rejected (or text, JSON of the three)",
    text="One question about one image: image holds the bytes, or image_path names the file. RLHF-V has the three texts as "
    "JSON in a column text. DAMA's rows add chosen_logits and rejected_logits: two JSON lists, one number for each "
    "sub-sentence, from which hardness is taken without running CLIP.",
    examples={
        "an image by its path": {
            "question": "What colour is the circle?",
            "chosen": "It is red.",
            "rejected": "It is blue.",
            "image_path": "circle.png",
        },
        "with scores, as DAMA": {
            "question": "What colour is the circle?",
            "chosen": "It is red.",
            "rejected": "It is blue.",
            "image_path": "circle.png",
            "chosen_logits": "[0.91]",
            "rejected_logits": "[0.09]",
        },
    },
    recognise=recognise,
    read=read,
    write=write,
)
