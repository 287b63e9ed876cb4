"""A `Context` for notebooks and tests, and what every context shares: how things become files and states become bytes.

`Savers` turns images, figures, tables and tensors into bytes on top of one `save_file`; `encode_state` and `decode_state`
do the same for checkpoints. Importing this module costs no torch.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from methods.base import ArtefactRef, Level, MethodError

if TYPE_CHECKING:
    import torch

PNG_CHUNK = "vitrine"
"""Name of the PNG text chunk, and of the safetensors header entry, that says where a file comes from."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What begins a formula for spreadsheets."""


def check_name(name: str, suffix: str = "") -> str:
    """Return `name` if it may name an artefact, and ends as it must.

    Raises:
        ValueError: it is empty, hidden, longer than 200 characters, holds a path separator or an unprintable
            character, or does not end in `suffix`.
    """
    plain = name.isprintable() and not any(mark in name for mark in "/\\:")
    if not plain or not 0 < len(name) <= 200 or name.startswith("."):
        raise ValueError(
            f"{name!r} cannot name an artefact: 1 to 200 printable characters, no / \\ : and no dot in front"
        )
    if not name.endswith(suffix):
        raise ValueError(f"{name!r} must end in {suffix!r}")
    return name


def table_cell(value: Any) -> Any:
    """A value as a CSV file has it: a text that a spreadsheet would compute has an apostrophe in front."""
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def as_image(value: Any) -> Image.Image:
    """A PIL image from a PIL image or an (H, W, 3) or (H, W) uint8 array."""
    if isinstance(value, Image.Image):
        return value
    array = np.asarray(value)
    if array.dtype != np.uint8 or array.ndim not in (2, 3):
        raise TypeError(
            f"an image is a PIL image or a uint8 array (H, W, 3); got {array.dtype} {array.shape}"
        )
    return Image.fromarray(array)


class Savers(ABC):
    """The save_* half of a `Context`, on top of `save_file`."""

    @property
    @abstractmethod
    def provenance(self) -> dict[str, Any]:
        """JSON values that say where a file comes from: run, method, config, seed, versions."""

    @abstractmethod
    def save_file(self, name: str, value: bytes | Path, **meta: Any) -> ArtefactRef:
        """Save bytes, or a file, as they are; a name that is saved again replaces what it named."""

    def save_image(self, name: str, value: Any, **meta: Any) -> ArtefactRef:
        """Save a PIL image or (H, W, 3) uint8 array as PNG; provenance and meta go into its text chunk."""
        check_name(name, ".png")
        image = as_image(value)
        chunk = PngInfo()
        chunk.add_text(PNG_CHUNK, self._origin(name, meta))
        buffer = io.BytesIO()
        image.save(buffer, format="PNG", pnginfo=chunk)
        return self.save_file(
            name, buffer.getvalue(), **{"width": image.width, "height": image.height, **meta}
        )

    def save_figure(self, name: str, value: Any, **meta: Any) -> ArtefactRef:
        """Save a plotly figure, or its dict, as JSON; numbers that JSON lacks (NaN, infinity) become null."""
        check_name(name, ".json")
        from plotly.utils import PlotlyJSONEncoder  # noqa: PLC0415  only figures need it

        return self.save_file(name, json.dumps(value, cls=PlotlyJSONEncoder).encode(), **meta)

    def save_table(self, name: str, value: Iterable[Mapping[str, Any]], **meta: Any) -> ArtefactRef:
        """Save rows as CSV; the first row names the columns.

        Raises:
            ValueError: a later row has a column that the first has not.
        """
        check_name(name, ".csv")
        rows = list(value)
        buffer = io.StringIO(newline="")
        writer = csv.DictWriter(buffer, fieldnames=list(rows[0]) if rows else [])
        if rows:
            writer.writeheader()
        writer.writerows({key: table_cell(each) for key, each in row.items()} for row in rows)
        return self.save_file(name, buffer.getvalue().encode(), **meta)

    def save_tensors(
        self, name: str, value: Mapping[str, torch.Tensor], **meta: Any
    ) -> ArtefactRef:
        """Save tensors as safetensors; each meta value stands in the header as text (JSON where it is no string)."""
        check_name(name, ".safetensors")
        header = {
            key: item if isinstance(item, str) else json.dumps(item) for key, item in meta.items()
        }
        header[PNG_CHUNK] = self._origin(name, meta)
        return self.save_file(name, _tensor_bytes(value, header), **meta)

    def _origin(self, name: str, meta: Mapping[str, Any]) -> str:
        return json.dumps({**self.provenance, "artefact": {"name": name, **meta}})


def encode_state(state: Mapping[str, Any]) -> bytes:
    """One flat mapping of tensors and JSON values as safetensors bytes; tensors may be anywhere and may share memory.

    JSON has no tuples and no integer keys: they come back as lists and strings.
    """
    import torch  # noqa: PLC0415  importing this module must cost no torch

    tensors = {key: item for key, item in state.items() if isinstance(item, torch.Tensor)}
    values = {key: item for key, item in state.items() if key not in tensors}
    return _tensor_bytes(tensors, {"values": json.dumps(values)})


def decode_state(data: bytes) -> dict[str, Any]:
    """What `encode_state` was given; tensors are on the CPU.

    Raises:
        ValueError: the bytes are not such a state.
    """
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.torch import load  # noqa: PLC0415  importing this module must cost no torch

    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        values = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["values"])
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"not a state of a run: {error}") from error
    return {**values, **tensors}


def _tensor_bytes(tensors: Mapping[str, torch.Tensor], header: dict[str, str]) -> bytes:
    from safetensors.torch import save  # noqa: PLC0415  importing this module must cost no torch

    own = {key: item.detach().to("cpu", copy=True).contiguous() for key, item in tensors.items()}
    data: bytes = save(own, metadata=header)
    return data


class LocalContext(Savers):
    """Runs a method in a notebook or a test: files go into a folder, everything else stays in memory.

        context = LocalContext("out", seed=7)
        result = METHODS["caching.sample"].run(config, context)

    Attributes:
        curves: points (step, value) by name.
        events: (level, message, data) in order.
        records: rows by kind.
        artefacts: what was saved, by name.
        metadata: what was said of each artefact, by name.
        steps: (done, total, message) of each progress.
        preview: the last picture shown.
        state: bytes of the last checkpoint; give them to another context as `resume_state` to go on from there.
    """

    def __init__(
        self,
        folder: str | Path,
        seed: int = 0,
        device: str = "cpu",
        resume_state: bytes | None = None,
        on_progress: Callable[[float, float, str], None] | None = None,
        provenance: Mapping[str, Any] | None = None,
        shared: str | Path | None = None,
    ) -> None:
        """Begin an empty context.

        Args:
            shared: folder of what later runs may use again; None is one inside `folder`.
        """
        self.folder = Path(folder)
        self.workdir = self.folder / "work"
        self.shared = Path(shared) if shared else self.folder / "shared"
        for each in (self.workdir, self.shared):
            each.mkdir(parents=True, exist_ok=True)
        self.seed = seed
        self.state = resume_state
        self.curves: dict[str, list[tuple[int, float]]] = {}
        self.events: list[tuple[Level, str, dict[str, Any]]] = []
        self.records: dict[str, list[dict[str, Any]]] = {}
        self.artefacts: dict[str, ArtefactRef] = {}
        self.metadata: dict[str, dict[str, Any]] = {}
        self.steps: list[tuple[float, float, str]] = []
        self.preview: Any = None
        self._device = device
        self._on_progress = on_progress
        self._provenance = dict(provenance or {})

    @property
    def device(self) -> torch.device:
        import torch  # noqa: PLC0415  importing this module must cost no torch

        return torch.device(self._device)

    @property
    def provenance(self) -> dict[str, Any]:
        return {**self._provenance, "seed": self.seed, "device": self._device}

    def progress(
        self, done: float, total: float, message: str = "", preview: Any | None = None
    ) -> None:
        """Keep the step, then call `on_progress`, which may raise `Cancelled`."""
        if total <= 0 or done > total or (self.steps and done / total < self._fraction() - 1e-9):
            raise ValueError(f"progress must rise from 0 to its total: got {done} of {total}")
        self.steps.append((done, total, message))
        self.preview = preview if preview is not None else self.preview
        if self._on_progress:
            self._on_progress(done, total, message)

    def _fraction(self) -> float:
        done, total, _ = self.steps[-1]
        return done / total

    def log(self, step: int, **values: float) -> None:
        for name, value in values.items():
            self.curves.setdefault(name, []).append((step, float(value)))

    def event(self, level: Level, message: str, **data: Any) -> None:
        self.events.append((level, message, data))

    def save_file(self, name: str, value: bytes | Path, **meta: Any) -> ArtefactRef:
        content = value.read_bytes() if isinstance(value, Path) else value
        path = self.folder / check_name(name)
        partial = path.with_name(f".{name}.partial")
        partial.write_bytes(content)
        partial.replace(path)
        reference = ArtefactRef(hashlib.sha256(content).hexdigest(), name, len(content))
        self.artefacts[name] = reference
        self.metadata[name] = meta
        return reference

    def record(self, kind: str, rows: Iterable[Mapping[str, Any]]) -> None:
        self.records.setdefault(kind, []).extend(dict(row) for row in rows)

    def checkpoint(self, state: Mapping[str, Any]) -> None:
        self.state = encode_state(state)

    def resume(self) -> dict[str, Any] | None:
        return None if self.state is None else decode_state(self.state)

    def open(self, ref: str) -> Path:
        """A path on this machine, or the name or sha256 of something saved here."""
        saved = {item.sha256: item.name for item in self.artefacts.values()}
        for path in (Path(ref), self.folder / saved.get(ref, ref)):
            if path.is_file() or path.is_dir():
                return path
        raise MethodError(f"there is no {ref!r}: not a path here, not something this context saved")
