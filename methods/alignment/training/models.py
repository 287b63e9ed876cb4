"""Loading image-text and text models with their processors, with or without an adapter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from methods.alignment.training.adapters import open_adapter
from methods.alignment.training.sources import Kind, check_folder, kind_of, locate
from methods.base import MethodError, Open

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
HUB_FILES = ["*.json", "*.safetensors", "*.jinja", "*.txt", "tokenizer.model", "*.tiktoken"]


@dataclass
class Loaded:
    """A model ready to answer or to be trained.

    Attributes:
        model: in eval mode on its device; a `PeftModel` where an adapter was given.
        processor: a transformers `ProcessorMixin` for image-text models, a tokenizer for text models.
        small_world: it is the scenes world's model.
        adapted: an adapter is on.
    """

    name: str
    model: Any
    processor: Any
    kind: Kind
    small_world: bool
    adapted: bool = False

    @property
    def tokenizer(self) -> Any:
        return getattr(self.processor, "tokenizer", self.processor)

    @property
    def device(self) -> torch.device:
        device: torch.device = self.model.device
        return device

    @contextmanager
    def without_adapter(self) -> Iterator[Any]:
        """The model as it was before training: its adapter is off inside the block."""
        if not hasattr(self.model, "disable_adapter"):
            yield self.model
            return
        with self.model.disable_adapter():
            yield self.model


def load_model(
    name: str,
    device: torch.device,
    precision: str = "float32",
    adapter: str | Path | None = None,
    open: Open = Path,
    trainable: bool = False,
) -> Loaded:
    """Load a model and its processor.

    Args:
        name: "scenes", a folder in transformers' layout, or a hub id owner/name[@revision].
        precision: number format of the weights, of DTYPES.
        adapter: a PEFT LoRA folder, or a zip of one, by path or reference.
        open: turns a reference into a path.
        trainable: the adapter is to be trained further.

    Raises:
        MethodError: no such model, no safetensors, an architecture that transformers does not know, an adapter of
            another model.
    """
    source = locate(name)
    folder = _fetched(name) if source.folder is None else source.folder
    kind = kind_of(check_folder(folder))
    model, processor = _from_folder(folder, kind, precision)
    model = model.to(device).eval()
    if adapter:
        model = _with_adapter(model, open(str(adapter)), trainable)
    return Loaded(name, model, processor, kind, source.origin == "world", bool(adapter))


def _fetched(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415  slow, and only for hub ids
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError  # noqa: PLC0415

    repository, _, revision = hub_id.partition("@")
    try:
        return Path(
            snapshot_download(repository, revision=revision or None, allow_patterns=HUB_FILES)
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise MethodError(f"{hub_id} could not be fetched from the hub: {error}") from error


def _from_folder(folder: Path, kind: Kind, precision: str) -> tuple[Any, Any]:
    from transformers import (  # noqa: PLC0415  takes seconds to import
        AutoModelForCausalLM,
        AutoModelForImageTextToText,
        AutoProcessor,
        AutoTokenizer,
    )

    if precision not in DTYPES:
        raise MethodError(f"precision must be one of {', '.join(DTYPES)}, got {precision!r}")
    model_class = AutoModelForImageTextToText if kind == "image-text" else AutoModelForCausalLM
    processor_class = AutoProcessor if kind == "image-text" else AutoTokenizer
    settings = {"local_files_only": True, "trust_remote_code": False}
    try:
        model = model_class.from_pretrained(
            folder, dtype=DTYPES[precision], use_safetensors=True, **settings
        )
        processor = processor_class.from_pretrained(folder, **settings)
    except (ValueError, OSError, KeyError, ImportError) as error:
        raise MethodError(f"{folder} could not be loaded as a {kind} model: {error}") from error
    if kind == "image-text" and not hasattr(processor, "image_processor"):
        raise MethodError(
            f"{folder} has a tokenizer but no image processor: save the model's whole processor beside its weights"
        )
    return model, processor


def _with_adapter(model: Any, path: Path, trainable: bool) -> Any:
    from peft import PeftModel  # noqa: PLC0415

    with TemporaryDirectory() as scratch:
        folder = open_adapter(path, Path(scratch))
        try:
            return PeftModel.from_pretrained(model, folder, is_trainable=trainable)
        except (ValueError, RuntimeError, KeyError) as error:
            raise MethodError(f"the adapter {path.name} does not fit the model: {error}") from error
