"""Whether an adapter was trained on a base, told from their files alone: before anything is queued, and without torch."""

from __future__ import annotations

import re
from pathlib import Path

from methods.base import MethodError
from methods.peft_files import WEIGHTS
from methods.unlearning.models.files import AdapterFiles
from methods.unlearning.models.fingerprint import fingerprint_of, header_of
from methods.unlearning.models.lineage import Base

MOST_HASHED = 2**30
"""Bytes of a base up to which it is hashed here; a larger one is once the run loads it."""
MATRIX = re.compile(r"base_model\.model\.(?P<layer>.+)\.lora_(?P<side>[AB])\.weight")


def check_fits(files: AdapterFiles, folder: Path) -> None:
    """Raise `MethodError` where the adapter's layers are not in the base or of other shapes, or its lineage names another base.

    Single layers whose names the base's files spell differently are left to the loading.
    """
    weights = sorted(folder.glob("*.safetensors"))
    shapes = {name: entry["shape"] for file in weights for name, entry in header_of(file).items()}
    matrices = [
        (found, entry["shape"])
        for name, entry in header_of(files.folder / WEIGHTS).items()
        if (found := MATRIX.fullmatch(name))
    ]
    _check_kinds(files.name, folder.name, {found["layer"] for found, _ in matrices}, set(shapes))
    for found, shape in matrices:
        layer = _layer(found["layer"], shapes)
        if layer and len(layer) == 2:
            _check_width(files.name, folder.name, found, shape, layer)
    if files.lineage is not None and sum(file.stat().st_size for file in weights) <= MOST_HASHED:
        check_same_base(files, Base(name=folder.name, fingerprint=fingerprint_of(folder)))


def check_same_base(files: AdapterFiles, base: Base) -> None:
    """Raise `MethodError` where the adapter's lineage names a base with another fingerprint."""
    if files.lineage is not None and files.lineage.base.fingerprint != base.fingerprint:
        raise MethodError(
            f"the adapter {files.name} was trained on {files.lineage.base.name} with the fingerprint "
            f"{files.lineage.base.fingerprint[:12]}; {base.name} has {base.fingerprint[:12]}: it is an adapter of another base"
        )


def _check_kinds(adapter: str, base: str, layers: set[str], tensors: set[str]) -> None:
    """Whether any layer of the base is called as any of the adapter's, such as q_proj."""
    wanted = {layer.rpartition(".")[2] for layer in layers}
    there = {name.removesuffix(".weight").rpartition(".")[2] for name in tensors}
    if wanted and not wanted & there:
        raise MethodError(
            f"the adapter {adapter} does not fit {base}, so it is of another base: it changes {', '.join(sorted(wanted))}, and no "
            "layer there is called so"
        )


def _layer(name: str, shapes: dict[str, list[int]]) -> list[int] | None:
    """Shape of a layer's weight; files of a model without its head leave the first part of the name out."""
    return shapes.get(f"{name}.weight") or shapes.get(f"{name.partition('.')[2]}.weight")


def _check_width(
    adapter: str, base: str, found: re.Match[str], matrix: list[int], layer: list[int]
) -> None:
    """A is (r, inputs) and B (outputs, r); a linear layer is (outputs, inputs), GPT-2's the other way round."""
    width = matrix[1] if found["side"] == "A" else matrix[0]
    if width not in layer:
        raise MethodError(
            f"the adapter {adapter} does not fit {base}, so it is of another base: its matrix {found['side']} of "
            f"{found['layer']} is {tuple(matrix)}, and that layer {tuple(layer)}"
        )
