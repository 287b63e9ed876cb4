"""All detectors: what each is called, what it reads of the settings, and what it needs; no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.util import find_spec

from methods.anomaly.settings import AutoencoderSettings, DiffGADSettings

INSTALL = "pip install 'vitrine[pygod]'"
TRAINING = (
    "scaling",
    "clip",
    "hidden",
    "epochs",
    "dropout",
    "learning_rate",
    "weight_decay",
)
"""What every trained detector reads."""
FLOAT = 4
"""Bytes."""


@dataclass(frozen=True)
class Detector:
    """One way to score nodes.

    Attributes:
        title: what pages call it.
        reads: settings it depends on, beside those of the graph.
        dense: n x n float32 matrices that it holds at once, measured; 0 for none.
        pygod: its name in `methods.anomaly.detectors.pygod`; "" where it is our own.
    """

    title: str
    reads: tuple[str, ...] = ()
    dense: int = 0
    pygod: str = ""

    @property
    def learns(self) -> bool:
        return "epochs" in self.reads

    @property
    def trivial(self) -> bool:
        """Whether it stands beside every other one."""
        return not self.reads

    def dense_bytes(self, nodes: int) -> int:
        """What its n x n matrices take."""
        return FLOAT * self.dense * nodes * nodes


def _names(kind: type[AutoencoderSettings]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


DETECTORS: Mapping[str, Detector] = {
    "diffgad": Detector("DiffGAD", _names(DiffGADSettings)),
    "autoencoder": Detector("Plain autoencoder", _names(AutoencoderSettings)),
    "evidence": Detector("Untrained evidence", ("alpha",)),
    "degree": Detector("Out-degree"),
    "feature_norm": Detector("Feature norm"),
    "forest": Detector("Isolation Forest"),
    "pygod_dominant": Detector("PyGOD DOMINANT", (*TRAINING, "alpha"), 7, "dominant"),
    "pygod_gae": Detector("PyGOD GAE", TRAINING, 0, "gae"),
    "pygod_cola": Detector("PyGOD CoLA", TRAINING, 0, "cola"),
    "pygod_conad": Detector("PyGOD CONAD", (*TRAINING, "alpha"), 8, "conad"),
    "pygod_anomalydae": Detector("PyGOD AnomalyDAE", (*TRAINING, "alpha"), 8, "anomalydae"),
}
SETTINGS = frozenset(name for each in DETECTORS.values() for name in each.reads)
"""Settings that some detector reads and another does not."""


def is_installed() -> bool:
    """Whether PyGOD is."""
    return find_spec("pygod") is not None
