"""`update.safetensors`: the direction of an edit, and of which adapter and request it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from methods.base import MethodError

if TYPE_CHECKING:
    from torch import Tensor

    from methods.unlearning.editing.subject import Subject

NAME = "update.safetensors"
MAX_HEADER = 100_000_000


def read_header(path: Path) -> dict[str, str]:
    """What the header says of a direction: `adapter` and `request` (SHA-256), `step_length`, `damping`. Without torch.

    Raises:
        MethodError: it is no such file.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(length) if length <= MAX_HEADER else b""
    try:
        header = json.loads(text).get("__metadata__", {})
    except (ValueError, AttributeError) as error:
        raise MethodError(f"direction: {path.name} is no safetensors file: {error}") from error
    missing = [
        name for name in ("adapter", "request", "step_length", "damping") if name not in header
    ]
    if missing:
        raise MethodError(
            f"direction: {path.name} does not say its {', '.join(missing)}: take the {NAME} of an earlier edit"
        )
    return dict(header)


def check_direction(path: Path, adapter: str, request: str) -> None:
    """Refuse the direction of another adapter (SHA-256 of its weights) or another request (SHA-256 of its file).

    Raises:
        MethodError: it is of another, or no direction at all.
    """
    header = read_header(path)
    for name, expected in (("adapter", adapter), ("request", request)):
        if header[name] != expected:
            raise MethodError(
                f"direction: {path.name} is of another {name}: it was found for {header[name][:12]}, here is {expected[:12]}"
            )


def read_direction(path: Path, subject: Subject) -> Mapping[str, Tensor]:
    """The direction by name of parameter, on the CPU.

    Raises:
        MethodError: it is of another adapter or request, or its tensors are not those of the adapter.
    """
    from safetensors.torch import load_file  # noqa: PLC0415  importing this module must cost no torch

    check_direction(path, subject.adapted.files.sha256, subject.asked.sha256)
    found: dict[str, Tensor] = load_file(path)
    own = subject.adapted.parameters
    odd = sorted(found.keys() ^ own.keys()) or sorted(
        name for name in own if own[name].shape != found[name].shape
    )
    if odd:
        raise MethodError(f"direction: {path.name} does not fit the adapter in {odd[0]}")
    return found
