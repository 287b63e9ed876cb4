"""A file of features of 24 base and 8 novel classes whose likeness in features follows their likeness in meaning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from methods.fewshot.regularising.config import RegulariseConfig
from tests.fewshot.afr.world import BASE, NOVEL, make_world
from tests.fewshot.regularising.pictured import save_pictures

NAMES = [f"base {place}" for place in range(BASE)] + [f"novel {place}" for place in range(NOVEL)]


@pytest.fixture(scope="session")
def held() -> dict[str, Any]:
    """Arrays of such a file by their keys."""
    world = make_world()
    return {
        "features": world.features.float().numpy(),
        "labels": world.labels,
        "names": np.array(NAMES),
        "n_base": np.array(BASE),
        "semantics": world.semantics.numpy(),
    }


@pytest.fixture
def write(tmp_path: Path, held: dict[str, Any]) -> Callable[..., Path]:
    """Writes the file with some arrays changed, or left out where they are None."""

    def written(**changes: Any) -> Path:
        path = tmp_path / "features.npz"
        arrays = {name: value for name, value in (held | changes).items() if value is not None}
        np.savez(path, **arrays)
        return path

    return written


@pytest.fixture
def config(write: Callable[..., Path]) -> Callable[..., RegulariseConfig]:
    """Few small episodes of that file."""

    def made(**values: Any) -> RegulariseConfig:
        small = {"ways": 3, "shots": 1, "queries": 4, "episodes": 60, "semantics": "matrix"}
        values = {"features": str(write()), **small, **values}
        return RegulariseConfig(**values)

    return made


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return save_pictures(tmp_path / "set")
