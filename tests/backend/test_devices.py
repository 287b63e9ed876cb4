"""The GPUs that get a worker."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from backend import devices

LISTED = """0, GPU-aa11, Large card, 81559
1, GPU-bb22, Large card, 81559
2, GPU-cc33, Shared card, [N/A]
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for the driver's tool, first on the PATH."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{LISTED}END\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tool


def test_every_gpu_is_listed_with_its_memory(driver: Path) -> None:
    assert [(gpu.index, gpu.memory_mb) for gpu in devices.gpus()] == [
        (0, 81559.0),
        (1, 81559.0),
        (2, 0.0),
    ]


@pytest.mark.parametrize(
    ("mask", "allowed"), [("1", [1]), ("2,0", [0, 2]), ("GPU-bb", [1]), ("", []), ("-1", [])]
)
def test_a_mask_of_the_cluster_is_respected(
    driver: Path, monkeypatch: pytest.MonkeyPatch, mask: str, allowed: list[int]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", mask)
    assert [gpu.index for gpu in devices.gpus()] == allowed


def test_a_containers_limit_is_the_memory_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "LIMIT_FILE", tmp_path / "memory.max")
    whole, _ = devices.memory_mb("cpu")  # no control group
    (tmp_path / "memory.max").write_text("max\n")
    assert devices.memory_mb("cpu")[0] == whole
    (tmp_path / "memory.max").write_text("64000000\n")
    assert devices.memory_mb("cpu") == (64.0, 64.0)


def test_a_driver_that_fails_means_no_gpu(driver: Path) -> None:
    driver.write_text("#!/bin/sh\nexit 9\n")
    assert devices.gpus() == []
