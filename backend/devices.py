"""What there is to compute with, without loading torch: the web process and the supervisor ask too."""

from __future__ import annotations

import logging
import math
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from backend.settings import settings

log = logging.getLogger(__name__)
LIMIT_FILE = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Gpu:
    index: int
    name: str
    memory_mb: float


def gpus() -> list[Gpu]:
    """The NVIDIA GPUs that this process may use, as the driver's own tool lists them; empty where there is none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = ["--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader,nounits"]
    try:
        listed = subprocess.run(
            [tool, *query], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("nvidia-smi does not answer, so no GPU is used: %s", error)
        return []
    rows = [line.split(", ") for line in listed.stdout.splitlines() if line.strip()]
    return [
        Gpu(int(index), name, _number(memory))
        for index, uuid, name, memory in rows
        if _allowed(index, uuid)
    ]


def _allowed(index: str, uuid: str) -> bool:
    """Whether the mask that this process was started with (by a cluster, say) leaves it this GPU."""
    mask = os.environ.get("CUDA_VISIBLE_DEVICES")
    if mask is None:
        return True
    return any(item == index or (item and uuid.startswith(item)) for item in mask.split(","))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # "[N/A]": some integrated GPUs share the machine's memory
        return 0.0


def used_gpus() -> list[Gpu]:
    """The GPUs that get a worker, by the setting `devices`.

    Raises:
        ValueError: the setting names a GPU that is not there, or is no list of numbers.
    """
    wanted, found = settings().devices, gpus()
    if wanted == "auto":
        return found
    if wanted == "cpu":
        return []
    by_index = {gpu.index: gpu for gpu in found}
    try:
        return [by_index[int(index)] for index in wanted.split(",")]
    except (KeyError, ValueError):
        raise ValueError(
            f"VITRINE_DEVICES is {wanted!r}: allowed are auto, cpu, or some of the GPUs here: {sorted(by_index)}"
        ) from None


def memory_mb(device: str) -> tuple[float, float]:
    """Total and free memory of "cpu" or of the CUDA device this process computes on, in MB.

    Of a GPU, what this process keeps for its own next run counts as free; of a container, its limit is the total.
    """
    if device == "cpu":
        memory = psutil.virtual_memory()
        total = min(memory.total, _container_limit())
        return total / 1e6, min(memory.available, total) / 1e6
    import torch  # noqa: PLC0415  only a GPU worker comes here, and it has torch loaded

    free, total = torch.cuda.mem_get_info(device)
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return total / 1e6, (free + kept) / 1e6


def _container_limit() -> float:
    """Bytes of memory that this process's container may use; infinite where there is no such limit."""
    try:
        return float(LIMIT_FILE.read_text())
    except (OSError, ValueError):  # no control group of this kind, or "max"
        return math.inf


def cpu_name() -> str:
    """The processor's name and the number of cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{_cpu_model()}, {cores} cores"


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except FileNotFoundError:  # not Linux
        pass
    return platform.processor() or platform.machine()
