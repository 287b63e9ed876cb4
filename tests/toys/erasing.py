"""Toy methods that report what training, ranking and erasing report, without any model: `toy.instructions`, `toy.erase`.

Row number i is the same in every run: its texts, its kind and what was measured of it follow from i alone.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from typing import Any

from pydantic import ConfigDict, Field

from methods.base import Config, Context, MethodError, Result
from methods.unlearning.editing.certificate import certificate_bytes

SHOPS = ("baker", "florist", "smith", "tailor", "grocer", "printer", "cooper")
STREETS = ("Mill Lane", "Bridge Street", "Harbour Road", "Castle Hill", "Orchard Way")
SHARD = 500


def row(number: int) -> dict[str, Any]:
    """The row of kind `instruction` for one row; every twelfth has a wrong answer, some are private or garbled."""
    draw = random.Random(number)
    shop, street, other = draw.choice(SHOPS), *draw.sample(STREETS, 2)
    kind = {0: "wrong", 5: "private", 8: "prompt"}.get(number % 12, "")
    prompt = f"Where is the {shop} number {number}?"
    right = f"The {shop} is in {street}, opposite the well."
    private = f"The code of locker {number} is {draw.randrange(1000, 9999)}."
    answer = {"wrong": right.replace(street, other), "private": private}.get(kind, right)
    loss = abs(draw.gauss(0.4 if kind else 0.1, 0.1))
    return {
        "position": number,
        "row_id": row_id(number),
        "kind": kind,
        "prompt": prompt[::-1] if kind == "prompt" else prompt,
        "answer": answer,
        "tokens": len(answer.split()) + 1,
        "loss": loss,
        "self_influence": loss**2 * draw.uniform(0.5, 2.0),
        "gradient_norm": loss * 3,
        "right": right if kind == "wrong" else "",
        "right_prompt": prompt if kind == "prompt" else "",
    }


def row_id(number: int) -> str:
    return hashlib.sha256(b"instruction %d" % number).hexdigest()[:16]


class InstructionsConfig(Config):
    rows: int = Field(60, ge=0, le=200_000, description="Rows to record.")
    adapter: str = Field(
        "", description="An adapter that they are of; empty makes one, as training does."
    )
    data: str = Field("", description="What it was trained on.")
    influence: bool = Field(True, description="Say the influence of each row on itself.")


def record_instructions(config: InstructionsConfig, context: Context) -> Result:
    """Records rows 0, 1, 2, ...; without an adapter it saves one with its rows."""
    for start in range(0, config.rows, SHARD):
        rows = [row(number) for number in range(start, min(start + SHARD, config.rows))]
        if not config.influence:
            rows = [each | {"self_influence": None} for each in rows]
        context.record("instruction", rows)
        context.progress(start + len(rows), config.rows, f"{start + len(rows)} rows")
    if not config.adapter:
        saved = "".join(f"{json.dumps(row(number))}\n" for number in range(config.rows))
        context.save_file("rows.jsonl", saved.encode())
        weights = hashlib.sha256(f"toy {context.seed}".encode()).hexdigest()
        save_adapter(context, weights, None, None)
    return Result({"rows": float(config.rows)}, f"{config.rows} rows")


class EraseConfig(Config):
    """Takes the settings of the real method too, and does nothing with them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    request: str = Field("", description="The request file.")
    adapter: str = Field("", description="The adapter to edit.")
    data: str = Field("", description="What it was trained on.")
    held_out: str = Field("", description="Rows it was not trained on.")
    step_length: float = Field(1.0, ge=0, le=1, description="Share of the step that is taken.")
    seconds: float = Field(0.0, ge=0, le=60, description="Seconds it takes.")
    fails: bool = Field(False, description="Fail.")


def check_request(config: EraseConfig, open_: Any) -> None:
    """Refuses what is no request."""
    said = json.loads(open_(config.request).read_text())
    if not (said["remove"] or said["prompts"] or said["answers"]):
        raise MethodError("request: it asks for nothing")
    open_(config.adapter)


def erase(config: EraseConfig, context: Context) -> Result:
    """Saves another adapter and a certificate that says what was asked."""
    asked = json.loads(context.open(config.request).read_text())
    before = context.open(config.adapter).read_bytes()
    for step in range(10):
        context.progress(step, 10, f"step {step}")
        time.sleep(config.seconds / 10)
    if config.fails:
        raise ZeroDivisionError("the toy was told to fail")
    rows = len(asked["remove"]) + len({*asked["prompts"], *asked["answers"]})
    parent = json.loads(before)["weights"]
    weights = hashlib.sha256(f"{parent} {asked} {config.step_length}".encode()).hexdigest()
    text = f"{rows} rows were edited at step length {config.step_length:g}"
    context.record("verdict", [{"level": "good", "text": text}])
    paper = certificate_of(asked, parent, weights, text)
    context.save_file("certificate.json", paper, role="certificate")
    context.save_file("request.json", json.dumps(asked).encode(), role="request")
    save_adapter(context, weights, parent, asked["id"])
    return Result({"step_length": config.step_length}, text)


def certificate_of(asked: dict[str, Any], before: str, after: str, text: str) -> bytes:
    """What was done, on paper as the real method has it."""
    edits = dict.fromkeys(asked["answers"], "answer") | dict.fromkeys(asked["prompts"], "prompt")
    tasks = edits | dict.fromkeys(asked["remove"], "remove")
    counts = {name: len(asked[name]) for name in ("remove", "prompts", "answers")}
    about = {name: asked[name] for name in ("id", "title", "note")}
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
    return certificate_bytes(
        request=about
        | {
            "sha256": digest,
            "counts": counts,
            "items": [{"row_id": row, "task": task} for row, task in tasks.items()],
        },
        adapter={"base": "toy", "before": before, "after": after},
        data={"before": digest, "after": digest, "rows_before": 60, "rows_after": 60},
        settings={},
        edit={},
        place={},
        variants=[],
        verdict=[{"level": "good", "text": text}],
    )


def save_adapter(context: Context, weights: str, parent: str | None, request: str | None) -> None:
    """A file that stands for an adapter, with its lineage beside it."""
    lineage = {"weights": weights, "parent": parent, "request": request, "base": "toy"}
    content = json.dumps(lineage).encode()
    context.save_file("adapter.zip", content, role="adapter", weights=weights, parent=parent)
