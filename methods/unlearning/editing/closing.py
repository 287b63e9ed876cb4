"""What a run leaves behind: the new version of the adapter, the direction, the request, the rows, the certificate."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from torch import Tensor

from methods.base import Context
from methods.unlearning.editing.certificate import certificate_bytes, certificate_html, parsed
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.direction_file import NAME as DIRECTION
from methods.unlearning.editing.records import Record
from methods.unlearning.editing.solving import Edit
from methods.unlearning.editing.subject import Subject
from methods.unlearning.models.versions import write_version
from methods.unlearning.rows.row import table_sha
from methods.unlearning.rows.writing import write_rows

MADE_BY = "unlearning.erase"
LIBRARIES = ("torch", "transformers", "peft", "vitrine")
CURRENT = "adapter.zip"


def save_inputs(subject: Subject, edit: Edit, length: float, context: Context) -> None:
    """The request, the edited rows, and the direction with the step length that was taken."""
    context.save_file("request.json", subject.asked.content, role="request")
    rows = write_rows(subject.edited_rows, context.workdir / "rows.jsonl")
    context.save_file("rows.jsonl", rows, role="rows", count=len(subject.edited_rows))
    context.save_tensors(
        DIRECTION,
        edit.direction,
        role="update",
        step_length=length,
        damping=edit.facts["curve_damping"],
        adapter=subject.adapted.files.sha256,
        request=subject.asked.sha256,
    )


def save_version(
    subject: Subject,
    update: Mapping[str, Tensor],
    config: EraseConfig,
    context: Context,
    name: str = CURRENT,
) -> dict[str, str]:
    """Write an adapter as a new version; SHA-256 of its weights and of its file."""
    target = context.workdir / name
    target.unlink(missing_ok=True)  # of an attempt that was lost here
    weights = write_version(
        subject.adapted,
        update,
        target,
        subject.asked.sha256,
        MADE_BY,
        config.model_dump(mode="json"),
        rows=subject.edited_rows,
        template=subject.encoder.template,
    )
    parent = subject.adapted.files.sha256
    saved = context.save_file(name, target, role="adapter", weights=weights, parent=parent)
    return {"weights": weights, "file": saved.sha256}


def save_certificate(
    subject: Subject,
    config: EraseConfig,
    context: Context,
    edit: Mapping[str, Any],
    written: Mapping[str, str],
    variants: Sequence[Record],
    verdict: Sequence[Mapping[str, str]],
) -> None:
    """The certificate as JSON and as a page to print."""
    asked, adapted = subject.asked, subject.adapted
    content = certificate_bytes(
        request={
            "id": asked.id,
            "title": asked.title,
            "note": asked.note,
            "sha256": asked.sha256,
            "counts": {
                "remove": len(asked.remove),
                "prompts": len(asked.prompts),
                "answers": len(asked.answers),
            },
            "items": [{"row_id": row, "task": task} for row, task in asked.tasks.items()],
        },
        adapter={
            "name": adapted.files.name,
            "base": adapted.base.name,
            "base_fingerprint": adapted.base.fingerprint,
            "before": adapted.files.sha256,
            "after": written["weights"],
            "file": written["file"],
        },
        data={
            "before": table_sha(subject.rows),
            "after": table_sha(subject.edited_rows),
            "rows_before": len(subject.rows),
            "rows_after": len(subject.edited_rows),
        },
        settings=config.model_dump(mode="json"),
        edit=edit,
        place={
            "made_at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
            "device": str(context.device),
            "seed": context.seed,
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
        variants=variants,
        verdict=verdict,
    )
    context.save_file("certificate.json", content, role="certificate")
    page = certificate_html(parsed(content))
    context.save_file("certificate.html", page.encode(), role="certificate")
