"""What is wrong with the settings of a detection, said before it is queued and without torch."""

from __future__ import annotations

import psutil

from methods.anomaly.detection.config import DetectConfig, settings_of
from methods.anomaly.detection.estimate import MB, Size, estimate_graph, size_of
from methods.anomaly.detectors.table import DETECTORS, INSTALL, is_installed
from methods.anomaly.graphs.opening import check_graph
from methods.anomaly.settings import AutoencoderSettings, DiffGADSettings
from methods.base import MethodError, Open

USABLE = 0.8
"""Share of the machine's memory that one run may be expected to take."""


def check_detect(config: DetectConfig, open_file: Open) -> None:
    """Raise `MethodError` for settings that are wrong together, a missing package, or a graph that can't be read or does not fit."""
    check_settings(config)
    read = check_graph(config, open_file)
    if read is not None:
        check_size(config, size_of(read.graph))


def check_settings(config: DetectConfig) -> None:
    """Raise `MethodError` for settings that are wrong whatever the graph."""
    detector = DETECTORS[config.detector]
    if detector.pygod and not is_installed():
        raise MethodError(f"detector: {detector.title} needs the package pygod: {INSTALL}")
    kinds = {"diffgad": DiffGADSettings, "autoencoder": AutoencoderSettings}
    kind = kinds.get(config.detector)
    if kind is not None:
        try:
            kind(**settings_of(config))
        except ValueError as error:
            raise MethodError(str(error)) from error


def check_size(config: DetectConfig, size: Size) -> None:
    """Raise `MethodError` where more nodes would be flagged than there are, or this machine's memory does not hold the run."""
    if config.top > size.nodes:
        raise MethodError(
            f"top: 0 to {size.nodes:,} nodes can be flagged, as many as the graph has; got {config.top:,}"
        )
    needed, usable = estimate_graph(config, size).memory_mb * MB, USABLE * machine_memory()
    if needed <= usable:
        return
    fits = largest(config, size, usable)
    dense = DETECTORS[config.detector].dense
    why = f" It holds {dense} matrices of {size.nodes:,} x {size.nodes:,}." if dense else ""
    fit = f"about {fits:,} nodes like these would fit" if fits >= 2 else "no graph would fit"
    other = "; the plain autoencoder needs no such matrix" if dense else ""
    raise MethodError(
        f"graph: {size.nodes:,} nodes, {size.links:,} links and {size.features} features need about {_gb(needed)} with "
        f"{DETECTORS[config.detector].title}, and {_gb(usable)} of this machine may be used.{why} {fit.capitalize()}{other}."
    )


def machine_memory() -> float:
    """Bytes of the whole machine."""
    return float(psutil.virtual_memory().total)


def largest(config: DetectConfig, size: Size, usable: float) -> int:
    """The most nodes, with as many links a node and features as there are, that need no more than `usable` bytes."""
    low, high = 0, size.nodes
    while high - low > 1:
        middle = (low + high) // 2
        links = round(size.links * middle / size.nodes)
        part = Size(middle, links, size.features)
        fits = estimate_graph(config, part).memory_mb * MB <= usable
        low, high = (middle, high) if fits else (low, middle)
    return low


def _gb(value: float) -> str:
    return f"{value / 1024**3:,.1f} GB"
