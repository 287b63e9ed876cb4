"""Where a transformers model comes from, told without torch: a small world, a folder, a hub id."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from methods.base import MethodError

HUB_ID = re.compile(r"[\w-][\w.-]{0,95}/[\w-][\w.-]{0,95}(@[\w-][\w./-]{0,127})?")
MAX_CONFIG_BYTES = 1_000_000
Kind = Literal["image-text", "text"]


@dataclass(frozen=True)
class Source:
    """Where a model comes from; `folder` is None for a hub id, which is fetched when the run starts."""

    origin: Literal["world", "folder", "hub"]
    name: str
    folder: Path | None


def is_hub_id(name: str) -> bool:
    """Whether a name is owner/name[@revision], as a hub has it: no address, and nothing that leads out of a folder."""
    return HUB_ID.fullmatch(name) is not None and ".." not in name


def locate(model: str, worlds: Mapping[str, Callable[[], Path]]) -> Source:
    """Tell a small world, a folder and a hub id apart.

    Args:
        model: what the user gave.
        worlds: the folder of each small world that may be chosen here, by its name.

    Raises:
        MethodError: it is none of them.
    """
    if model in worlds:
        return Source("world", model, worlds[model]())
    with suppress(OSError, RuntimeError, ValueError):  # a name that no file system takes
        folder = Path(model).expanduser()
        if folder.is_dir():
            return Source("folder", model, folder)
    if is_hub_id(model):
        return Source("hub", model, None)
    names = ", ".join(f"“{name}”" for name in worlds)
    raise MethodError(
        f"there is no model {model!r}: expected {names} (the small world), an existing folder of a transformers model, "
        "or a hub id owner/name[@revision]"
    )


def check_folder(folder: Path) -> dict[str, Any]:
    """The configuration of a transformers model in a folder.

    Raises:
        MethodError: the folder has no config.json of a model, or its weights are not safetensors.
    """
    file = folder / "config.json"
    if not file.is_file():
        raise MethodError(
            f"{folder} is no transformers model: there is no config.json "
            "(save it with model.save_pretrained and processor.save_pretrained)"
        )
    if file.stat().st_size > MAX_CONFIG_BYTES:
        raise MethodError(f"{file} has {file.stat().st_size} bytes; a model's has some thousands")
    try:
        config = json.loads(file.read_text())
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise MethodError(f"{file} is not JSON: {error}") from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise MethodError(f"{file} names no model_type, so it is no transformers model")
    if not any(folder.glob("*.safetensors")):
        others = sorted(path.name for path in folder.glob("*.bin"))
        found = f" ({others[0]} is a pickle, which is never opened)" if others else ""
        raise MethodError(f"{folder} has no weights in safetensors{found}")
    return config


def kind_of(config: dict[str, Any]) -> Kind:
    """Whether a model reads images, from its configuration: one with a vision part does."""
    return "image-text" if "vision_config" in config else "text"
