"""What can be said of a model from its configuration files, without torch: its shape, its classes, its cost."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from methods.base import MethodError
from methods.model_sources import is_hub_id
from methods.worlds import Prediction, digits, shapes

WORLDS = {"digits": digits, "shapes": shapes}
"""Small worlds with a DiT, by the name that chooses them."""
TRANSFORMER_CLASSES = (
    "DiTTransformer2DModel",
    "Transformer2DModel",
)  # the older name is still on the hub
MAX_CONFIG_BYTES = 1_000_000


@dataclass(frozen=True)
class ModelFacts:
    """Shape and classes of a DiT.

    Attributes:
        tokens: T, patches of one image.
        size: height and width of what the transformer sees: pixels, or latents.
        null_class: number of classes, and the id of the null class.
        labels: names of each class id; the first is shown.
        pixels: the transformer draws pixels; else a decoder turns latents into pixels.
        prediction: what the transformer predicts.
    """

    layers: int
    width: int
    tokens: int
    patch: int
    size: int
    channels: int
    out_channels: int
    null_class: int
    labels: Mapping[int, tuple[str, ...]]
    pixels: bool
    prediction: Prediction = "epsilon"

    def class_name(self, class_id: int) -> str:
        return self.labels.get(class_id, (str(class_id),))[0]

    def class_ids(self, classes: tuple[str, ...]) -> tuple[int, ...]:
        """Ids of names or ids, in the given order; of none, every class.

        Raises:
            MethodError: a class is unknown, or named twice.
        """
        if not classes:
            return tuple(range(self.null_class))
        ids = {name: number for number, names in self.labels.items() for name in names}
        found = []
        for item in classes:
            number = ids.get(item, int(item) if re.fullmatch(r"\d{1,6}", item) else -1)
            if not 0 <= number < self.null_class:
                raise MethodError(f"unknown class {item!r}: {self._known()}")
            if number in found:
                raise MethodError(f"class {item!r} is named twice")
            found.append(number)
        return tuple(found)

    def _known(self) -> str:
        some = [names[0] for _, names in sorted(self.labels.items())[:12]]
        listed = f", or a name such as {', '.join(some)}" if some else ""
        return f"allowed are ids from 0 to {self.null_class - 1}{listed}"

    def module_macs(self) -> tuple[int, int]:
        """Multiply-adds of one attention and one feed-forward, for one row of a batch."""
        attention = 4 * self.tokens * self.width**2 + 2 * self.tokens**2 * self.width
        return attention, 8 * self.tokens * self.width**2

    def other_macs(self) -> int:
        """Multiply-adds of one row that no cache saves: embedders and adaLN of each block, patches, final layer."""
        adaln = 6 * self.width**2 + self.width**2 + 256 * self.width
        patches = self.tokens * self.patch**2 * self.width * (self.channels + self.out_channels)
        return self.layers * adaln + 2 * self.width**2 + patches

    def sampling_macs(self, attn_forwards: float, ff_forwards: float, steps: int) -> float:
        """Multiply-adds of one row over a sampling that executes so many module forwards."""
        attention, feed_forward = self.module_macs()
        modules = attn_forwards * attention + ff_forwards * feed_forward
        return modules + steps * self.other_macs()


@dataclass(frozen=True)
class Source:
    """Where a model comes from; `folder` is None for a hub id, which is fetched when the run starts."""

    kind: Literal["world", "folder", "hub"]
    name: str
    folder: Path | None


def locate(model: str) -> Source:
    """Tell a small world, a folder and a hub id apart.

    Raises:
        MethodError: it is none of them.
    """
    if model in WORLDS:
        return Source("world", model, WORLDS[model].WEIGHTS / "dit")
    with suppress(
        OSError, RuntimeError, ValueError
    ):  # a name that no file system takes is no folder
        folder = Path(model).expanduser()
        if folder.is_dir():
            return Source("folder", model, folder)
    if is_hub_id(model):
        return Source("hub", model, None)
    worlds = ", ".join(f"“{world}”" for world in WORLDS)
    raise MethodError(
        f"there is no model {model!r}: expected {worlds}, an existing folder of a DiTPipeline, or a hub id owner/name[@revision]"
    )


def read_facts(source: Source, folder: Path) -> ModelFacts:
    """Facts of the model in a folder.

    Raises:
        MethodError: the folder is no DiTPipeline, or its weights are not safetensors.
    """
    if source.kind == "world":
        world = WORLDS[source.name]
        names: tuple[str, ...] = world.CLASS_NAMES
        labels: dict[int, tuple[str, ...]] = {i: (name,) for i, name in enumerate(names)}
        return _facts(_read_json(folder / "config.json"), labels, world.PREDICTION, pixels=True)
    index_file = folder / "model_index.json"
    if not index_file.is_file():
        raise MethodError(f"{source.name} is no pipeline: it has no model_index.json")
    index = _read_json(index_file)
    if index.get("_class_name") != "DiTPipeline":
        raise MethodError(f"{source.name} is a {index.get('_class_name')}; a DiTPipeline is needed")
    config = _read_json(folder / "transformer" / "config.json")
    if config.get("_class_name") not in TRANSFORMER_CLASSES:
        raise MethodError(
            f"{source.name}: its transformer is a {config.get('_class_name')}; a DiTTransformer2DModel is needed"
        )
    _read_json(folder / "vae" / "config.json")
    for part in ("transformer", "vae"):
        weight_files(folder / part)
    labels = _labels(index.get("id2label"), source.name)
    return _facts(config, labels, _prediction(folder, source.name), pixels=False)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model's folder.

    Raises:
        MethodError: there are none.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        pickled = sorted(folder.glob("*.bin"))
        why = (
            f"only {pickled[0].name}, a pickle, which is refused: save it as safetensors"
            if pickled
            else "none"
        )
        raise MethodError(f"{folder} must hold safetensors weights; found {why}")
    return files


def weights_folder(source: Source, folder: Path) -> Path:
    """Where the transformer's weights are in the folder of a model."""
    return folder if source.kind == "world" else folder / "transformer"


def weights_hash(folder: Path) -> str:
    """sha256 over the weight files of a model's folder: the same in every precision and on every device."""
    stats = tuple((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in weight_files(folder))
    return _hash_files(stats)


@lru_cache(maxsize=16)
def _hash_files(stats: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, _, _ in stats:
        with Path(name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise MethodError(f"{path} is missing")
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise MethodError(f"{path} is larger than a configuration can be")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise MethodError(f"{path} is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise MethodError(f"{path} must hold a JSON object")
    return content


def _labels(id2label: Any, name: str) -> dict[int, tuple[str, ...]]:
    if id2label is None:
        return {}
    try:
        return {
            int(key): tuple(part.strip() for part in value.split(","))
            for key, value in id2label.items()
        }
    except (AttributeError, ValueError) as error:
        raise MethodError(f"{name}: id2label of model_index.json must map ids to names") from error


def _prediction(folder: Path, name: str) -> Prediction:
    """What the transformer predicts, as its scheduler says; the noise where there is no scheduler."""
    file = folder / "scheduler" / "scheduler_config.json"
    found = _read_json(file).get("prediction_type", "epsilon") if file.is_file() else "epsilon"
    for known in get_args(Prediction):
        if found == known:
            return cast(Prediction, known)
    allowed = " and ".join(get_args(Prediction))
    raise MethodError(f"{name}: its scheduler says prediction_type {found!r}; {allowed} are known")


def _facts(
    config: dict[str, Any],
    labels: Mapping[int, tuple[str, ...]],
    prediction: Prediction,
    pixels: bool,
) -> ModelFacts:
    """Read a transformer's config.json; absent values are those of diffusers' class."""
    patch = int(config.get("patch_size", 2))
    size = int(config.get("sample_size", 32))
    channels = int(config.get("in_channels", 4))
    return ModelFacts(
        layers=int(config.get("num_layers", 28)),
        width=int(config.get("num_attention_heads", 16))
        * int(config.get("attention_head_dim", 72)),
        tokens=(size // patch) ** 2,
        patch=patch,
        size=size,
        channels=channels,
        out_channels=int(config.get("out_channels") or channels),
        null_class=int(config.get("num_embeds_ada_norm", 1000)),
        labels=labels,
        pixels=pixels,
        prediction=prediction,
    )
