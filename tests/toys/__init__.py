"""Small methods with known behaviour, and a studio that has them: `python -m tests.toys up`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from pydantic import Field

from methods.base import Config, Context, Estimate, Method, MethodError, Open, Result
from tests.toys.edits import EditConfig, edit
from tests.toys.erasing import (
    EraseConfig,
    InstructionsConfig,
    check_request,
    erase,
    record_instructions,
)
from tests.toys.nodes import NodesConfig, record_nodes
from tests.toys.pairs import PairsConfig, TrainingConfig, record_pairs, train


class StepsConfig(Config):
    steps: int = Field(10, ge=1, le=100_000, description="Steps to take.")
    seconds_per_step: float = Field(0.05, ge=0, le=60, description="Seconds a step takes.")
    checkpoint_every: int = Field(0, ge=0, description="Steps between checkpoints; 0 keeps none.")
    fail_at: int = Field(-1, ge=-1, description="Step at which to raise; -1 never does.")
    log_file: str = Field("", description="File that gets a line for each execution.")


def take_steps(config: StepsConfig, context: Context) -> Result:
    """Takes steps, with a point and an image each; goes on from its checkpoint."""
    if config.log_file:
        with Path(config.log_file).open("a") as file:
            file.write(f"{context.seed}\n")
    state = context.resume() or {"step": 0, "sum": 0.0}
    step, total = int(state["step"]), float(state["sum"])
    while step < config.steps:
        context.progress(step, config.steps, f"step {step}")
        if step == config.fail_at:
            raise ZeroDivisionError("the toy was told to fail")
        time.sleep(config.seconds_per_step)
        total += step
        context.log(step, value=float(step))
        context.record("steps", [{"step": step, "square": step * step}])
        step += 1
        if config.checkpoint_every and step % config.checkpoint_every == 0:
            context.checkpoint({"step": step, "sum": total})
    context.save_file("sum.txt", str(total).encode())
    context.progress(config.steps, config.steps, "done")
    return Result({"sum": total}, f"the sum is {total:g}")


class DeafConfig(Config):
    seconds: float = Field(60.0, ge=0, description="Seconds to sleep without a report.")


def sleep_deaf(config: DeafConfig, _context: Context) -> Result:
    """Never reports, so that a cooperative cancel cannot reach it."""
    time.sleep(config.seconds)
    return Result({"slept": config.seconds}, "slept")


class FillConfig(Config):
    megabytes: int = Field(8, ge=1, le=10_000, description="Size of the file to save, in MB.")


def fill(config: FillConfig, context: Context) -> Result:
    """Saves one file of a given size."""
    context.event("info", "about to save")
    context.save_file("large.bin", bytes(config.megabytes * 1_000_000))
    return Result({"megabytes": float(config.megabytes)}, "saved")


class DieConfig(Config):
    log_file: str = Field("", description="File that gets a line for each execution.")


def die(config: DieConfig, _context: Context) -> Result:
    """Takes its worker with it, as running out of memory does."""
    if config.log_file:
        with Path(config.log_file).open("a") as file:
            file.write(f"{os.getpid()}\n")
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


class SpawnConfig(Config):
    pid_file: str = Field("", description="File that gets the process id of what was started.")


def spawn(config: SpawnConfig, context: Context) -> Result:
    """Starts a process of its own, as data loaders do, and works until it is cancelled."""
    with subprocess.Popen(["sleep", "600"]) as child:
        Path(config.pid_file).write_text(str(child.pid))
        while True:
            context.progress(0, 1, "working")
            time.sleep(0.05)


class OddConfig(Config):
    unwritable: bool = Field(False, description="Report something that no file can hold.")


def report_oddly(config: OddConfig, context: Context) -> Result:
    """Reports what a diverged computation on arrays reports."""
    context.log(np.int64(3), loss=np.float32(0.5), gone=float("nan"))
    context.record(
        "rows", [{"score": np.float32(0.25), "margin": float("nan"), "at": np.arange(2)}]
    )
    context.event("info", "odd", value=np.float64(1.5))
    if config.unwritable:
        context.record("rows", [{"value": object()}])
    return Result({"fine": np.float32(2.0), "loss": float("inf")}, "odd, but reported")


def refuse_thirteen(config: StepsConfig, _open: Open) -> None:
    if config.steps == 13:
        raise MethodError("steps: 13 brings bad luck; any other number is allowed")


sys.modules["methods.toy"] = sys.modules[__name__]  # its docstring introduces the family


def _quick(_config: Config) -> Estimate:
    return Estimate(seconds=1.0, memory_mb=10.0)


TOYS = {
    method.name: method
    for method in (
        Method(
            "toy.steps",
            "Toy steps",
            "toy",
            StepsConfig,
            take_steps,
            _quick,
            "cpu",
            check=refuse_thirteen,
        ),
        Method("toy.deaf", "Toy deaf", "toy", DeafConfig, sleep_deaf, _quick, "cpu"),
        Method("toy.fill", "Toy fill", "toy", FillConfig, fill, _quick, "cpu"),
        Method("toy.die", "Toy die", "toy", DieConfig, die, _quick, "cpu"),
        Method("toy.spawn", "Toy spawn", "toy", SpawnConfig, spawn, _quick, "cpu"),
        Method("toy.odd", "Toy odd", "toy", OddConfig, report_oddly, _quick, "cpu"),
        Method("toy.pairs", "Toy pairs", "toy", PairsConfig, record_pairs, _quick, "cpu"),
        Method("toy.nodes", "Toy nodes", "toy", NodesConfig, record_nodes, _quick, "cpu"),
        Method("toy.edit", "Toy edit", "toy", EditConfig, edit, _quick, "cpu"),
        Method("toy.training", "Toy training", "toy", TrainingConfig, train, _quick, "cpu"),
        Method(
            "toy.instructions",
            "Toy instructions",
            "toy",
            InstructionsConfig,
            record_instructions,
            _quick,
            "cpu",
        ),
        Method(
            "toy.erase",
            "Toy erase",
            "toy",
            EraseConfig,
            erase,
            _quick,
            "cpu",
            check=check_request,
        ),
    )
}
