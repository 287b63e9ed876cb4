"""LoRA adapters as PEFT stores them: which layers they change, and how a file of one is opened and written."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from methods.archives import Archive
from methods.base import MethodError
from methods.patterns import check_pattern

if TYPE_CHECKING:
    import torch

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
STATE, LINEAGE = "dama_state.json", "lineage.json"
"""What we put beside it: the running statistics of DAMO; where an adapter comes from."""
FILES = (CONFIG, WEIGHTS, STATE, LINEAGE)
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
    import torch  # noqa: PLC0415  opening and writing files must cost no torch
    from transformers.pytorch_utils import Conv1D  # noqa: PLC0415  GPT-2's linear layer

    decoder = model.get_decoder()  # type: ignore[operator]
    prefix = next(name for name, module in model.named_modules() if module is decoder)
    found = sorted(
        {
            name.rpartition(".")[2]
            for name, module in decoder.named_modules()
            if isinstance(module, (torch.nn.Linear, Conv1D))
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
        config = json.loads((folder / CONFIG).read_text())
        if not isinstance(config, dict):
            raise TypeError("it holds no JSON object")
    except (ValueError, TypeError, RecursionError) as error:
        raise MethodError(f"{path.name}: {CONFIG} cannot be read: {error}") from error
    if config.get("peft_type") != "LORA":
        raise MethodError(
            f"{path.name} is a {config.get('peft_type')} adapter; only LORA is supported"
        )
    try:
        _check_patterns(config)
    except ValueError as error:
        raise MethodError(f"{path.name}: {CONFIG}: {error}") from error
    return folder


def _check_patterns(config: Mapping[str, Any]) -> None:
    """What PEFT matches against the name of every layer, or imports by name."""
    for name in ("target_modules", "exclude_modules"):
        if isinstance(config.get(name), str):
            check_pattern(config[name])
    for name in ("rank_pattern", "alpha_pattern"):
        for pattern in config.get(name) or ():
            check_pattern(str(pattern))
    if config.get("megatron_config"):
        raise ValueError(
            "megatron_config names a module to import; adapters of Megatron are not read"
        )


def _unpacked(path: Path, scratch: Path) -> Path:
    """Only the files that we know, from the folder of the archive that has the configuration."""
    if not zipfile.is_zipfile(path):
        raise MethodError(f"{path.name} is neither a folder nor a zip of a PEFT adapter")
    folder = scratch / "adapter"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        archive = Archive(path)
        place = _place(archive)
        for name in FILES:
            info = archive.members.get(place + name)
            if info is None:
                continue
            if info.file_size > MAX_ADAPTER_BYTES:
                raise MethodError(f"{path.name}: {name} has {info.file_size} bytes")
            archive.copy(info.filename, folder / name)
    except ValueError as error:
        raise MethodError(str(error)) from error
    return folder


def _place(archive: Archive) -> str:
    """The folder inside an archive that holds the adapter, with its slash: often the one that was zipped, else "".

    Raises:
        ValueError: there is no adapter, or there are several.
    """
    found = [name.removesuffix(CONFIG) for name in archive.by_last_name.get(CONFIG, [])]
    if "" in found or len(found) == 1:
        return min(found)
    if found:
        raise ValueError(f"{archive.name} holds several adapters: {', '.join(sorted(found)[:8])}")
    there = ", ".join(sorted(archive.members)[:8]) or "nothing"
    raise ValueError(
        f"{archive.name} is no PEFT adapter: it needs {CONFIG} and {WEIGHTS}; there is {there}"
    )


def pack_adapter(
    model: Any, target: Path, beside: Mapping[str, Mapping[str, Any]] | None = None
) -> Path:
    """Write a PEFT model's adapter as a zip that PEFT loads elsewhere once unpacked.

    Args:
        target: the zip to write.
        beside: what else goes into it as JSON, by file name: STATE, LINEAGE.
    """
    folder = target.with_suffix("")
    model.save_pretrained(folder, selected_adapters=["default"], safe_serialization=True)
    for name, value in (beside or {}).items():
        (folder / name).write_text(json.dumps(value, indent=1, ensure_ascii=False))
    return zip_adapter(folder, target)


def zip_adapter(folder: Path, target: Path) -> Path:
    """Put the adapter's files in a folder, a checkpoint say, into a zip."""
    with zipfile.ZipFile(target, "w") as archive:
        for name in FILES:
            if (folder / name).is_file():
                # A fixed date, so that the same training writes the same bytes.
                archive.writestr(zipfile.ZipInfo(name), (folder / name).read_bytes())
    return target
