"""A base with an adapter on it, ready for second-order products."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from methods.base import MethodError, Open
from methods.peft_files import WEIGHTS
from methods.transformers_models import folder_of, from_folder
from methods.unlearning.models.files import (
    AdapterFiles,
    check_base,
    check_template,
    locate,
    open_adapter_files,
)
from methods.unlearning.models.fingerprint import fingerprint_of
from methods.unlearning.models.fitting import check_same_base
from methods.unlearning.models.lineage import Base, Lineage
from methods.unlearning.models.probe import probe
from methods.unlearning.rows.language import Encoder
from methods.unlearning.rows.templates import TemplateName

ATTENTION = "eager"
"""The implementation of attention that can be differentiated twice and forward, on the CPU and on CUDA."""


@dataclass(frozen=True)
class Loaded:
    """A base without an adapter.

    Attributes:
        base: its name and fingerprint, as a lineage has them.
        model: of transformers, in eval mode, no gradients, eager attention.
    """

    base: Base
    model: Any
    tokenizer: Any

    @property
    def window(self) -> int | None:
        """Tokens that the model reads; None where its configuration does not say."""
        return window_of(self.model)


@dataclass(frozen=True)
class Adapted:
    """A base with the adapter that may be edited.

    Attributes:
        model: a `PeftModel` in eval mode, so that dropout is off.
        parameters: what may change: every tensor with requires_grad, by its name in the model, float32.
        files: of the adapter, as they were opened.
    """

    base: Base
    model: Any
    tokenizer: Any
    parameters: dict[str, Tensor]
    files: AdapterFiles

    @property
    def lineage(self) -> Lineage | None:
        return self.files.lineage

    @property
    def window(self) -> int | None:
        """Tokens that the model reads; None where its configuration does not say."""
        return window_of(self.model)

    @property
    def device(self) -> torch.device:
        device: torch.device = self.model.device
        return device

    def encoder(self, template: TemplateName = "auto") -> Encoder:
        """Turns rows into this model's tokens; "auto" is the template that the adapter's lineage names.

        Raises:
            MethodError: the tokeniser has no such template or no end token; the adapter was trained with another; "auto" for an
                adapter that says nothing of its template.
        """
        check_template(template, self.files)
        if self.lineage is None:
            return encoder_of(self.model, self.tokenizer, template)
        return encoder_of(self.model, self.tokenizer, self.lineage.template)


def encoder_of(model: Any, tokenizer: Any, template: TemplateName = "auto") -> Encoder:
    """Turns rows into a model's tokens.

    Raises:
        MethodError: the tokeniser has no such template or no end token.
    """
    try:
        return Encoder(tokenizer, template, window_of(model), end_ids(model))
    except ValueError as error:
        raise MethodError(str(error)) from error


def load_base(name: str, device: torch.device, precision: str = "float32") -> Loaded:
    """Load a model that adapters are trained or edited on.

    Args:
        name: the small world's "town", a folder in transformers' layout, or a hub id owner/name[@revision].
        precision: of the weights, "float32" or "bfloat16".

    Raises:
        MethodError: there is no such model; it is quantised or reads images.
    """
    folder = folder_of(locate(name))
    check_base(folder)
    model, tokenizer = from_folder(folder, "text", precision, ATTENTION)
    model.requires_grad_(False)
    model.config.use_cache = False
    return Loaded(
        Base(name=name, fingerprint=fingerprint_of(folder)), model.to(device).eval(), tokenizer
    )


def load_adapter(
    model: str,
    adapter: str,
    device: torch.device | str = "cpu",
    precision: str = "float32",
    open: Open = Path,
) -> Adapted:
    """Load an adapter on its base, after making sure that it can be edited.

    Args:
        model: the base; see `load_base`.
        adapter: "regularised" or "memorising" (the small world's), a folder or zip of a PEFT LoRA adapter, or a reference.
        precision: of the base; the adapter is float32 always.
        open: turns a reference into a path.

    Raises:
        MethodError: no such model or adapter; a quantised base; a merged adapter, one of another base, one that was never
            trained; a model that cannot be differentiated twice. With the reason.
    """
    files = open_adapter_files(adapter, open)
    loaded = load_base(model, torch.device(device), precision)
    check_same_base(files, loaded.base)
    adapted = put_on(loaded, files)
    probe(adapted.model, adapted.parameters)
    return adapted


def put_on(loaded: Loaded, files: AdapterFiles) -> Adapted:
    """Put an adapter on a base.

    Raises:
        MethodError: it does not fit, or was never trained.
    """
    from peft import PeftModel  # noqa: PLC0415  takes seconds to import
    from safetensors import safe_open  # noqa: PLC0415

    try:
        model = PeftModel.from_pretrained(loaded.model, files.folder, is_trainable=True)
    except (ValueError, RuntimeError, KeyError) as error:
        raise MethodError(
            f"the adapter {files.name} does not fit {loaded.base.name}, so it is of another base: {_briefly(error)}"
        ) from error
    with safe_open(files.folder / WEIGHTS, "pt") as saved:
        _check_names(files.name, set(saved.keys()), set(adapter_state(model)), loaded.base.name)
    parameters = trainable(model)
    if not any("lora_" in name for name in parameters):
        raise MethodError(f"the adapter {files.name} has no LoRA matrices to edit")
    second = [tensor for name, tensor in parameters.items() if ".lora_B." in name]
    if second and not any(tensor.any() for tensor in second):
        raise MethodError(
            f"the adapter {files.name} was never trained: every matrix B is 0, so that nothing of its rows is in it"
        )
    model.eval()
    return Adapted(loaded.base, model, loaded.tokenizer, parameters, files)


def trainable(model: Any) -> dict[str, Tensor]:
    """Every tensor of a model that may change, by name; made float32 where it is less."""
    found = {}
    for name, tensor in model.named_parameters():
        if tensor.requires_grad:
            tensor.data = tensor.data.to(torch.promote_types(tensor.dtype, torch.float32))
            found[name] = tensor
    return found


def adapter_state(model: Any) -> dict[str, Tensor]:
    """What PEFT writes of a model's adapter, by PEFT's names."""
    from peft import get_peft_model_state_dict  # noqa: PLC0415

    state: dict[str, Tensor] = get_peft_model_state_dict(model, save_embedding_layers=False)
    return state


def window_of(model: Any) -> int | None:
    """Tokens that a model reads; None where its configuration does not say."""
    window = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return window if isinstance(window, int) and window > 0 else None


def end_ids(model: Any) -> tuple[int, ...]:
    """Tokens at which a model stops to write, beside its tokeniser's end token."""
    given = getattr(model.generation_config, "eos_token_id", None)
    ids = given if isinstance(given, list) else [given]
    return tuple(each for each in ids if isinstance(each, int))


def _briefly(error: Exception) -> str:
    """The first thing that an error complains of; PyTorch lists every tensor."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if not line.endswith(":")), str(error))[:300]


def _check_names(adapter: str, saved: set[str], expected: set[str], base: str) -> None:
    """PEFT only warns where layers of the file are not in the model, or the other way round."""
    missing = sorted(expected - saved)
    strange = sorted(name for name in saved - expected if "lora_" in name)
    if missing or strange:
        what = f"has no {missing[0]}" if missing else f"has {strange[0]}"
        raise MethodError(
            f"the adapter {adapter} does not fit {base}, so it is of another base: the file {what}, which the model "
            f"{'needs' if missing else 'has not'} ({len(missing)} tensors missing, {len(strange)} too many)"
        )
