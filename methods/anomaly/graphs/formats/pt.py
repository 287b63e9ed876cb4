"""PyG's `Data` from `torch.save`, read without running what a pickle could ask for.

`torch.load(weights_only=True)` builds nothing but what is named here. PyG's own classes are not needed either: a bare stand-in
takes what the file says of each, so that files of every PyG version open, and without the seconds that importing PyG takes.
"""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from methods.anomaly.graphs.fits import check_matrix
from methods.anomaly.graphs.graph import feature_of
from methods.anomaly.graphs.labelling import labels_of
from methods.anomaly.graphs.parts import Array, Parts, dense
from methods.archives import BROKEN


class Stored:
    """Stands in for PyG's containers: it has their attributes and none of their code."""


STAND_INS = (
    "torch_geometric.data.data.Data",
    "torch_geometric.data.data.DataTensorAttr",
    "torch_geometric.data.data.DataEdgeAttr",
    "torch_geometric.data.storage.GlobalStorage",
    "torch_geometric.data.storage.BaseStorage",
    "torch_geometric.data.storage.NodeStorage",
    "torch_geometric.data.storage.EdgeStorage",
)
"""The classes that a file may name beside torch's own tensors."""
TENSORS = ("torch.", "collections.OrderedDict")
"""What names of tensors begin with; `torch.load` then allows but a part of it."""
MOST_PICKLED = 200 * 10**6
"""Bytes of names and shapes; tensors lie outside."""


def read_pt(path: Path, told: str) -> Parts:
    """The parts of the one graph of a `.pt` file: `edge_index`, `x`, labels from `y`, maybe lists `names` and `feature_names`.

    Raises:
        ValueError: it is damaged, names anything but tensors and PyG's `Data`, or holds no single graph.
    """
    check_pt(path, told)
    import torch  # noqa: PLC0415  only these files need it
    from torch.serialization import safe_globals  # noqa: PLC0415

    try:
        with safe_globals([(Stored, each) for each in STAND_INS]):
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the bytes make it raise
        raise ValueError(
            f"{told} is no PyG Data that can be read safely: {str(error).splitlines()[0]:.300}"
        ) from error
    return from_fields(fields_of(loaded, told), told)


def fields_of(loaded: Any, told: str) -> dict[str, Any]:
    """Tensors and plain values by name: of PyG's `Data` (or its stand-in), of a dict, or of a data set's (data, slices)."""
    if isinstance(loaded, tuple | list) and loaded:
        loaded = loaded[0]
    if isinstance(loaded, Mapping):
        found = dict(loaded)
    else:
        held = getattr(loaded, "__dict__", {})
        store = held.get("_store")
        found = dict(held if store is None else vars(store).get("_mapping", {}))
    if found.get("edge_index") is None:
        keys = ", ".join(str(key) for key in list(found)[:8]) or type(loaded).__name__
        raise ValueError(f"{told} is no graph: it has no edge_index, but {keys}")
    return {str(key): value for key, value in found.items() if value is not None}


def from_fields(held: Mapping[str, Any], told: str) -> Parts:
    """The parts of a graph from tensors by PyG's names."""
    parts = Parts(_array(held["edge_index"], f"{told}: edge_index"))
    if "x" in held:
        parts.x = dense(_array(held["x"], f"{told}: x"), f"{told}: x")
    elif isinstance(held.get("num_nodes"), int):
        parts.nodes = held["num_nodes"]
    if "y" in held:
        parts.labels = labels_of(_array(held["y"], f"{told}: y"), "y", parts.notes)
    names, features = held.get("names"), held.get("feature_names")
    if isinstance(names, list | tuple):
        parts.names = [str(each) for each in names]
    if isinstance(features, list | tuple):
        parts.features = [feature_of(str(each)) for each in features]
    return parts


def _array(value: Any, what: str) -> Array:
    if not hasattr(value, "detach"):
        raise ValueError(f"{what} must be a tensor; got {type(value).__name__}")
    value = value.detach()
    if str(value.layout) != "torch.strided":
        if value.dim() == 2:
            check_matrix(value.shape[0], value.shape[1], what)
        value = value.to_dense()
    value = value.float() if str(value.dtype) in ("torch.bfloat16", "torch.float16") else value
    array: Array = value.cpu().numpy()
    return array


def check_pt(path: Path, told: str) -> None:
    """Raise ValueError where a `.pt` file names what may not be built, or is no zip; costs no torch and builds nothing."""
    try:
        with zipfile.ZipFile(path) as opened:
            (member,) = (
                each for each in opened.namelist() if PurePosixPath(each).name == "data.pkl"
            )
            if opened.getinfo(member).file_size > MOST_PICKLED:
                raise ValueError(f"{told} describes more than one graph of tensors needs")
            pickled = opened.read(member)
    except zipfile.BadZipFile:
        return  # torch.save's old format, which torch.load looks through itself
    except BROKEN as error:
        raise ValueError(f"{told} is no .pt file that can be read: {error}") from error
    strange, keys = _strangers(pickled, told)
    if strange:
        raise ValueError(
            f"{told} holds more than tensors: {', '.join(strange[:3])}. Save one Data, or a dict of its tensors, with torch.save"
        )
    if "edge_index" not in keys:
        raise ValueError(f"{told} is no graph: it has no edge_index")


def _strangers(pickled: bytes, told: str) -> tuple[list[str], set[str]]:
    """What a pickle names that is neither a tensor's nor PyG's `Data`, and those of its texts that may be keys."""
    named: dict[str, None] = {}
    keys: set[str] = set()
    try:
        for operation, value, _ in pickletools.genops(pickled):
            if operation.name == "GLOBAL":
                named[str(value).replace(" ", ".")] = None
            elif operation.name in ("STACK_GLOBAL", "INST", "OBJ"):
                named["a class whose name is computed"] = None
            elif value == "edge_index":
                keys.add(value)
    except ValueError as error:
        raise ValueError(f"{told} is damaged: {error}") from error
    allowed = [each for each in named if each.startswith(TENSORS) or each in STAND_INS]
    return [each for each in named if each not in allowed], keys
