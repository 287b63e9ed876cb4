"""What the name of a CLIP means, and what is wrong with it, without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from methods.base import MethodError
from methods.model_sources import is_hub_id
from methods.worlds import clip as world

SCENES = "scenes"
CONFIG = "open_clip_config.json"
CHECKPOINTS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")


@dataclass(frozen=True)
class Source:
    """Where a CLIP is: exactly one of `folder`, `hub` and `architecture` says it; the others are None or "".

    An architecture's weights are published ones, or those of `checkpoint`, a safetensors file.
    """

    name: str
    folder: Path | None = None
    hub: str = ""
    architecture: str = ""
    checkpoint: Path | None = None


def locate(clip: str, pretrained: str = "") -> Source:
    """What a name means.

    Args:
        clip: "scenes", a folder (with or without "local-dir:"), a hub id (with or without "hf-hub:"), or an architecture
            of open_clip.
        pretrained: the tag of an architecture's weights, or a safetensors file that holds them.

    Raises:
        MethodError: it is none of these, an architecture without weights, weights for what has its own already, or a
            checkpoint that is missing or in another format.
    """
    if clip in architectures():
        if not pretrained:
            raise MethodError(
                f"{clip} is an architecture: name its weights by open_clip's tag, such as 'openai'"
            )
        checkpoint = _checkpoint(pretrained)
        name = checkpoint.name if checkpoint else pretrained
        return Source(f"{clip}/{name}", architecture=clip, checkpoint=checkpoint)
    if pretrained:
        raise MethodError(
            f"{clip!r} is no architecture of open_clip, so that there is nothing to load {pretrained!r} into: clear the "
            "weights, or name one such as 'ViT-L-14-336-quickgelu'"
        )
    if clip == SCENES:
        return Source(SCENES, folder=world.folder())
    path = Path(clip.removeprefix("local-dir:")).expanduser()
    if path.is_dir():
        check_folder(path)
        return Source(path.name, folder=path)
    hub = clip.removeprefix("hf-hub:")
    if is_hub_id(hub):
        return Source(hub, hub=hub)
    raise MethodError(
        f"there is no CLIP {clip!r}: give 'scenes', a folder in open_clip's layout, a hub id owner/name, or an "
        "architecture of open_clip with its weights"
    )


def _checkpoint(pretrained: str) -> Path | None:
    """The file that is meant, or None where it is a tag."""
    path = Path(pretrained).expanduser()
    if path.suffix not in CHECKPOINTS:
        return None
    if path.suffix != ".safetensors":
        raise MethodError(
            f"{path} is a pickle, which can run code when it is opened: save its weights as safetensors"
        )
    if not path.is_file():
        raise MethodError(f"there is no checkpoint {path}")
    return path


def check_folder(folder: Path) -> None:
    """Refuse a folder that is no open_clip model with safetensors weights, or that asks to run code of its own.

    Raises:
        MethodError: with what is missing.
    """
    try:
        text = json.loads((folder / CONFIG).read_text(encoding="utf-8"))["model_cfg"]["text_cfg"]
        options = dict(text.get("tokenizer_kwargs", {}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MethodError(
            f"{folder} is no open_clip model: its {CONFIG} is missing or broken"
        ) from error
    if not list(folder.glob("*.safetensors")):
        raise MethodError(
            f"{folder} has no safetensors weights: save the model as open_clip_model.safetensors; other formats are not read"
        )
    if options.get("trust_remote_code"):
        raise MethodError(f"{folder} asks for trust_remote_code, which is never given")


def architectures() -> frozenset[str]:
    """Names of open_clip's architectures, read beside the package without importing it."""
    spec = find_spec("open_clip")
    if spec is None or not spec.submodule_search_locations:
        raise MethodError("open_clip is not installed: pip install open_clip_torch")
    [folder] = spec.submodule_search_locations
    return frozenset(path.stem for path in Path(folder, "model_configs").glob("*.json"))
