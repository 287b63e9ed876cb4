"""Small methods with known behaviour, and a studio that has them: `python -m tests.toys up`."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import Field

from methods.base import Config, Context, Estimate, Method, MethodError, Result


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


def refuse_thirteen(config: StepsConfig) -> None:
    if config.steps == 13:
        raise MethodError("steps: 13 brings bad luck; any other number is allowed")


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
    )
}
