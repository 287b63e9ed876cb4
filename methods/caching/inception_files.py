"""The files that FID and Inception score need, looked at before a run is queued and without torch."""

from __future__ import annotations

from pathlib import Path

from methods.base import MethodError, Open
from methods.caching.config import INCEPTION_SUFFIXES, STATISTICS_SUFFIXES, SampleConfig
from methods.caching.headers import array_shapes, format_of, read_header

FEATURES = 2048
"""Width of the last pooling layer, in which FID is measured."""
STATISTICS = {"mu": (FEATURES,), "sigma": (FEATURES, FEATURES)}
WEIGHTS = {
    "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
    "Mixed_7c.branch_pool.conv.weight": (192, FEATURES, 1, 1),
    "fc.weight": (1008, FEATURES),
    "fc.bias": (1008,),
}
"""Some of the tensors of the network, enough to tell it from torchvision's, which has 1000 classes."""
FEWEST_IMAGES = 2


def check_inception(config: SampleConfig, images: int | None, open_file: Open) -> None:
    """Refuse files that are no Inception network or no reference statistics.

    Args:
        images: of the run; None where it is not known yet.

    Raises:
        MethodError: with what is wrong and what is allowed.
    """
    if config.inception_weights is None:
        if config.reference_stats is not None:
            raise MethodError(
                "reference statistics are given but no Inception weights: FID needs both"
            )
        return
    if images is not None:
        check_number(images)
    _check_suffix(config.inception_weights, "Inception weights", INCEPTION_SUFFIXES)
    files = [(config.inception_weights, check_weights)]
    if config.reference_stats is not None:
        _check_suffix(config.reference_stats, "reference statistics", STATISTICS_SUFFIXES)
        files.append((config.reference_stats, check_statistics))
    for reference, check in files:
        try:
            check(open_file(reference), Path(reference).name)
        except ValueError as error:
            raise MethodError(str(error)) from error
        except OSError as error:  # a name that no file system takes
            raise MethodError(f"there is no {reference!r}: {error.strerror}") from error


def check_number(images: int) -> None:
    """Refuse a single image: it has no covariance."""
    if images < FEWEST_IMAGES:
        raise MethodError(
            f"FID and Inception score need at least {FEWEST_IMAGES} images; this run has {images}"
        )


def _check_suffix(reference: str, what: str, allowed: tuple[str, ...]) -> None:
    name = Path(reference)
    if name.suffix and name.suffix.lower() not in allowed:
        raise MethodError(
            f"{name.name} is refused as {what}: allowed are {', '.join(allowed)}; a pickle of objects never is"
        )


def check_weights(path: Path, name: str) -> None:
    """Refuse what is no Inception network; a torch archive is looked into when the run starts.

    Raises:
        ValueError: the file is of another kind, or holds other tensors.
    """
    kind = format_of(path)
    if kind == "torch archive":
        return
    if kind != "safetensors file":
        raise ValueError(
            f"{name} is refused as Inception weights: a {kind}, not a torch archive or safetensors"
        )
    shapes = read_header(path).shapes
    for tensor, wanted in WEIGHTS.items():
        if shapes.get(tensor) != wanted:
            got = shapes.get(tensor, "no such tensor")
            raise ValueError(
                f"{name} is not the Inception-v3 of torch-fidelity: {tensor} must be {wanted}; got {got}"
            )


def check_statistics(path: Path, name: str) -> None:
    """Refuse what holds no mu and sigma of 2048 features; other entries are not looked at.

    Raises:
        ValueError: the file is of another kind, or mu or sigma is missing or of another shape.
    """
    kind = format_of(path)
    if kind == "numpy archive":
        shapes = array_shapes(path, STATISTICS)
    elif kind == "safetensors file":
        shapes = read_header(path).shapes
    else:
        raise ValueError(
            f"{name} is refused as reference statistics: a {kind}, not a numpy archive (.npz) or safetensors"
        )
    for entry, wanted in STATISTICS.items():
        if shapes.get(entry) != wanted:
            got = shapes.get(entry, "no such entry")
            raise ValueError(
                f"{name}: {entry} must be {wanted}, of Inception-v3's last pooling; got {got}"
            )
