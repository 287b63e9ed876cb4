"""Loading transformers models with what reads their input, from folders and from the hub; safetensors only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from methods.base import MethodError
from methods.model_sources import Kind, Source

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
HUB_FILES = ["*.json", "*.safetensors", "*.jinja", "*.txt", "tokenizer.model", "*.tiktoken"]


def folder_of(source: Source) -> Path:
    """The folder of a model; one of the hub is fetched.

    Raises:
        MethodError: it could not be fetched.
    """
    return fetched(source.name) if source.folder is None else source.folder


def fetched(hub_id: str) -> Path:
    """The folder of a model of the hub, downloaded where it is not here yet.

    Raises:
        MethodError: it could not be.
    """
    from huggingface_hub import snapshot_download  # noqa: PLC0415  slow, and only for hub ids
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError  # noqa: PLC0415

    repository, _, revision = hub_id.partition("@")
    try:
        return Path(
            snapshot_download(repository, revision=revision or None, allow_patterns=HUB_FILES)
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise MethodError(f"{hub_id} could not be fetched from the hub: {error}") from error


def from_folder(
    folder: Path, kind: Kind, precision: str, attention: str | None = None
) -> tuple[Any, Any]:
    """A model, and its processor (image-text) or tokeniser (text).

    Args:
        precision: number format of the weights, of DTYPES.
        attention: transformers' `attn_implementation`; None is the model's own.

    Raises:
        MethodError: an architecture that transformers does not know; files that do not fit together.
    """
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
            folder,
            dtype=DTYPES[precision],
            use_safetensors=True,
            attn_implementation=attention,
            **settings,
        )
        processor = processor_class.from_pretrained(folder, **settings)
    except (ValueError, OSError, KeyError, ImportError) as error:
        raise MethodError(f"{folder} could not be loaded as a {kind} model: {error}") from error
    if kind == "image-text" and not hasattr(processor, "image_processor"):
        raise MethodError(
            f"{folder} has a tokenizer but no image processor: save the model's whole processor beside its weights"
        )
    return model, processor
