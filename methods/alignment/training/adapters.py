"""LoRA adapters as PEFT stores them: which layers they change, and how a file of one is opened and written."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import torch

from methods.base import MethodError

CONFIG, WEIGHTS, STATE = "adapter_config.json", "adapter_model.safetensors", "dama_state.json"
FILES = (CONFIG, WEIGHTS, STATE)
MAX_ADAPTER_BYTES = 8_000_000_000


def language_linears(model: torch.nn.Module, names: tuple[str, ...] = ()) -> str:
    """A regular expression over module names: the linear layers of the language model, as PEFT's `target_modules`.

    The vision tower, the projector and the output layer stay as they are.

    Args:
        model: a transformers model.
        names: last parts of the layers' names, such as q_proj; none is all.

    Raises:
        MethodError: there is no such layer.
    """
    decoder = model.get_decoder()  # type: ignore[operator]
    prefix = next(name for name, module in model.named_modules() if module is decoder)
    found = sorted(
        {
            name.rpartition(".")[2]
            for name, module in decoder.named_modules()
            if isinstance(module, torch.nn.Linear)
        }
    )
    unknown = [name for name in names if name not in found]
    if unknown or not found:
        raise MethodError(
            f"the language model has no linear layer {', '.join(unknown) or 'at all'}; it has {', '.join(found) or 'none'}"
        )
    leaves = "|".join(re.escape(name) for name in names or found)
    return rf"{re.escape(prefix)}\..*\b({leaves})" if prefix else rf"(.*\.)?({leaves})"


def open_adapter(path: Path, scratch: Path) -> Path:
    """A PEFT folder from a folder or a zip of one.

    Args:
        path: what the user gave.
        scratch: an existing folder to unpack into.

    Raises:
        MethodError: it is no LoRA adapter in safetensors.
    """
    folder = path if path.is_dir() else _unpacked(path, scratch)
    if not (folder / CONFIG).is_file() or not (folder / WEIGHTS).is_file():
        there = ", ".join(sorted(item.name for item in folder.iterdir())[:8]) or "nothing"
        raise MethodError(
            f"{path.name} is no PEFT adapter: it needs {CONFIG} and {WEIGHTS}; there is {there}"
        )
    try:
        kind = json.loads((folder / CONFIG).read_text()).get("peft_type")
    except (UnicodeDecodeError, json.JSONDecodeError, AttributeError) as error:
        raise MethodError(f"{path.name}: {CONFIG} cannot be read: {error}") from error
    if kind != "LORA":
        raise MethodError(f"{path.name} is a {kind} adapter; only LORA is supported")
    return folder


def _unpacked(path: Path, scratch: Path) -> Path:
    """Only the files that we know, by their plain names: no path inside an archive is followed."""
    if not zipfile.is_zipfile(path):
        raise MethodError(f"{path.name} is neither a folder nor a zip of a PEFT adapter")
    folder = scratch / "adapter"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: info for info in archive.infolist()}
        for name in FILES:
            info = members.get(name)
            if info is None:
                continue
            if info.file_size > MAX_ADAPTER_BYTES:
                raise MethodError(f"{path.name}: {name} has {info.file_size} bytes")
            with archive.open(info) as source, (folder / name).open("wb") as target:
                while block := source.read(1 << 20):
                    target.write(block)
    return folder


def pack_adapter(model: Any, target: Path, state: dict[str, Any] | None = None) -> Path:
    """Write a PEFT model's adapter as a zip that PEFT loads elsewhere once unpacked.

    Args:
        target: the zip to write.
        state: DAMO's running statistics, stored as dama_state.json.
    """
    folder = target.with_suffix("")
    model.save_pretrained(folder, selected_adapters=["default"], safe_serialization=True)
    if state is not None:
        (folder / STATE).write_text(json.dumps(state))
    return zip_adapter(folder, target)


def zip_adapter(folder: Path, target: Path) -> Path:
    """Put the adapter's files in a folder, a checkpoint say, into a zip."""
    with zipfile.ZipFile(target, "w") as archive:
        for name in FILES:
            if (folder / name).is_file():
                # A fixed date, so that the same training writes the same bytes.
                archive.writestr(zipfile.ZipInfo(name), (folder / name).read_bytes())
    return target
