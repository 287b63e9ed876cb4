"""Disks that are full or cannot be written, as small file systems in memory. Mounting needs root."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of that size at `folder`; skips the test, saying so, where nothing can be mounted."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("a full disk is tried on a mounted one, and mounting needs root")
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def read_only(disk: Path) -> Iterator[None]:
    """Writing to the mounted `disk` fails; root is refused too, which permissions would not do."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


def files(folder: Path) -> list[Path]:
    """Every file below a folder, hidden ones among them."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
