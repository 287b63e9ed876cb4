"""Writing an adapter: a zip of the PEFT folder with its lineage, the same bytes for the same weights, never over another."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from methods.base import MethodError
from methods.peft_files import CONFIG, LINEAGE, WEIGHTS
from methods.unlearning.models.lineage import Data, Lineage, lineage_bytes
from methods.unlearning.models.loading import Adapted, adapter_state
from methods.unlearning.models.values import restored
from methods.unlearning.rows.row import Row, table_sha


def write_version(
    adapted: Adapted,
    update: Mapping[str, Tensor],
    target: Path,
    request_sha: str | None = None,
    made_by: str = "",
    settings: Mapping[str, Any] | None = None,
    rows: Sequence[Row] | None = None,
    source: str = "rows.jsonl",
    template: str | None = None,
) -> str:
    """Write the adapter with an update added to it as a new version; the model is not changed.

    Args:
        update: what is added to each of `adapted.parameters`, by name; those that are not named stay. Nothing but zeros
            gives the bytes of the weights as they were.
        target: the zip to write; PEFT loads it once unpacked.
        request_sha: of the request file that it answers.
        made_by, settings: the method and its settings.
        rows: those that the new version stands for; None are those of the version before.
        source: what to call the rows.
        template: by which rows became text, where the version before does not say.

    Returns:
        SHA-256 of the weights file: the name of this version, and the parent of the next.

    Raises:
        MethodError: there is a file of that name; an update of a tensor that is not there or of another shape; a number that is
            none; a template that nothing says.
    """
    _check(adapted, update)
    before = adapted.lineage
    data = data_of(rows, source) if rows is not None else None if before is None else before.data
    lineage = Lineage(
        base=adapted.base,
        data=data or Data(sha256="", rows=0),
        template=before.template if before is not None else template or adapted.encoder().template,
        training=None if before is None else before.training,
        parent=adapted.files.sha256,
        request=request_sha,
        made_by=made_by,
        settings=dict(settings or {}),
    )
    weights = (
        version_bytes(adapted, update)
        if any(bool(each.any()) for each in update.values())
        else (adapted.files.folder / WEIGHTS).read_bytes()
    )
    config = (adapted.files.folder / CONFIG).read_bytes()
    write_adapter(target, config, weights, lineage)
    return sha256(weights).hexdigest()


def version_bytes(adapted: Adapted, update: Mapping[str, Tensor]) -> bytes:
    """The weights file of the adapter with an update added, float32."""
    from safetensors.torch import load_file  # noqa: PLC0415

    with moved(adapted.parameters, update):
        state = adapter_state(adapted.model)
        others = load_file(adapted.files.folder / WEIGHTS)  # embeddings that were saved along
        return weight_bytes(others | state)


def weight_bytes(state: Mapping[str, Tensor]) -> bytes:
    """Tensors as a safetensors file, the way PEFT writes it."""
    from safetensors.torch import save  # noqa: PLC0415

    own = {
        name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in state.items()
    }
    data: bytes = save(own, metadata={"format": "pt"})
    return data


def write_adapter(target: Path, config: bytes, weights: bytes, lineage: Lineage) -> Path:
    """Put an adapter's files into a zip that appears whole or not at all.

    Raises:
        MethodError: there is a file of that name: no version is ever written over another.
    """
    partial = target.with_name(f".{target.name}.partial")
    files = {CONFIG: config, WEIGHTS: weights, LINEAGE: lineage_bytes(lineage)}
    with zipfile.ZipFile(partial, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # a fixed date: the same bytes
    try:
        os.link(partial, target)  # fails where there is one, in one step
    except FileExistsError as error:
        raise MethodError(
            f"{target.name} is there already; a version is never written over another"
        ) from error
    finally:
        partial.unlink()
    return target


def data_of(rows: Sequence[Row], source: str) -> Data:
    """What a lineage says of rows."""
    return Data(sha256=table_sha(rows), rows=len(rows), source=source)


@contextmanager
def moved(parameters: Mapping[str, Tensor], update: Mapping[str, Tensor]) -> Iterator[None]:
    """The parameters with an update added inside the block; after it bit for bit as before."""
    with restored({name: parameters[name] for name in update}):
        with torch.no_grad():
            for name, change in update.items():
                parameters[name].add_(change.to(parameters[name]))
        yield


def _check(adapted: Adapted, update: Mapping[str, Tensor]) -> None:
    for name, change in update.items():
        own = adapted.parameters.get(name)
        if own is None or own.shape != change.shape:
            got = "no such tensor" if own is None else f"{tuple(own.shape)}"
            raise MethodError(f"update of {name}, {tuple(change.shape)}: the adapter has {got}")
        if not bool(change.isfinite().all()):
            raise MethodError(f"update of {name}: not every number is finite")
