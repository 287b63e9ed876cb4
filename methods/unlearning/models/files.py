"""Finding an adapter and its base, and looking through them without torch: what can be refused before a model is loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from methods import model_sources
from methods.base import MethodError, Open
from methods.model_sources import Source, check_folder, kind_of
from methods.peft_files import CONFIG, WEIGHTS, open_adapter
from methods.unlearning.models.lineage import Lineage, read_lineage
from methods.unlearning.rows.config import TOWN, TOWN_ADAPTERS


@dataclass(frozen=True)
class AdapterFiles:
    """An adapter in its PEFT folder.

    Attributes:
        name: as it was chosen.
        folder: holds `adapter_config.json` and `adapter_model.safetensors`; it is there as long as this object is.
        config: PEFT's, as read.
        lineage: None for an adapter that was made elsewhere.
        sha256: of the weights file: what a lineage calls its parent by.
    """

    name: str
    folder: Path
    config: dict[str, Any]
    lineage: Lineage | None
    sha256: str
    _scratch: TemporaryDirectory[str] | None = None


def locate(model: str) -> Source:
    """Tell the small world's base, a folder and a hub id apart.

    Raises:
        MethodError: it is none of them.
    """
    return model_sources.locate(model, {TOWN: _town_base})


def _town_base() -> Path:
    from methods.worlds import town  # noqa: PLC0415  its package is light, but not needed by every model

    return town.base_folder()


def check_base(folder: Path) -> dict[str, Any]:
    """The configuration of a base that can be edited.

    Raises:
        MethodError: it is no causal language model in safetensors, or it is quantised.
    """
    config = check_folder(folder)
    if kind_of(config) != "text":
        raise MethodError(f"{folder.name} reads images; adapters of text models are edited here")
    quantised = config.get("quantization_config")
    if quantised:
        method = quantised.get("quant_method", "?") if isinstance(quantised, dict) else "?"
        raise MethodError(
            f"{folder.name} is quantised ({method}): products with its curvature cannot be computed. Choose the same model in "
            "bfloat16 or float32; an adapter that was trained on the quantised one fits it, with a small difference"
        )
    return config


def open_adapter_files(adapter: str, open_file: Open = Path) -> AdapterFiles:
    """An adapter's files, by the small world's names, a reference, a folder or a zip.

    Raises:
        MethodError: it is no LoRA adapter in safetensors, it was merged into its base, or its lineage is broken.
    """
    path = _path(adapter, open_file)
    scratch = None if path.is_dir() else TemporaryDirectory(prefix="vitrine-adapter-")
    if path.is_dir() and (path / "config.json").is_file() and not (path / CONFIG).is_file():
        raise MethodError(
            f"{path.name} is a whole model, maybe with an adapter merged into it: a merged adapter cannot be edited. Bring the "
            "PEFT folder that it was merged from"
        )
    folder = open_adapter(path, path if scratch is None else Path(scratch.name))
    config = json.loads((folder / CONFIG).read_text())
    weights = sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    return AdapterFiles(adapter, folder, config, read_lineage(folder), weights, scratch)


def check_template(template: str, files: AdapterFiles) -> None:
    """Raise `MethodError` where a template is not that of the adapter's training, or nothing says which one that was."""
    if files.lineage is None and template == "auto":
        raise MethodError(
            f"template: the adapter {files.name} was made elsewhere and does not say by which template its rows became text; an edit "
            "needs the very text of the training: choose alpaca, chat or plain"
        )
    if files.lineage is not None and template not in ("auto", files.lineage.template):
        raise MethodError(
            f"template {template}: the adapter {files.name} was trained with {files.lineage.template}, and an edit needs the very text "
            "of the training; leave it at auto"
        )


def _path(adapter: str, open_file: Open) -> Path:
    if adapter in TOWN_ADAPTERS:
        from methods.worlds import town  # noqa: PLC0415

        return town.ADAPTERS[adapter]
    return open_file(adapter)
