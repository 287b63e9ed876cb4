"""Loading image-text and text models with their processors, with or without an adapter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from methods.alignment.training.sources import locate
from methods.base import MethodError, Open
from methods.model_sources import Kind, check_folder, kind_of
from methods.peft_files import open_adapter
from methods.transformers_models import folder_of, from_folder


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
    folder = folder_of(source)
    kind = kind_of(check_folder(folder))
    model, processor = from_folder(folder, kind, precision)
    model = model.to(device).eval()
    if adapter:
        model = _with_adapter(model, open(str(adapter)), trainable)
    return Loaded(name, model, processor, kind, source.origin == "world", bool(adapter))


def _with_adapter(model: Any, path: Path, trainable: bool) -> Any:
    from peft import PeftModel  # noqa: PLC0415

    with TemporaryDirectory() as scratch:
        folder = open_adapter(path, Path(scratch))
        try:
            return PeftModel.from_pretrained(model, folder, is_trainable=trainable)
        except (ValueError, RuntimeError, KeyError) as error:
            raise MethodError(f"the adapter {path.name} does not fit the model: {error}") from error
