"""Methods for `bench_load`, and a studio that has them beside the real ones: `python -m benchmarks.load_methods up`."""

from __future__ import annotations

import json
import sys
import time
from typing import cast

from pydantic import Field

from app.cli import main
from backend import supervisor
from backend.context import RunContext
from methods import METHODS
from methods.base import Config, Context, Estimate, Method, Result

LATENCIES = "latencies.json"


class WriteConfig(Config):
    seconds: float = Field(30.0, gt=0, le=3600, description="Seconds to write for.")
    rate: float = Field(20.0, gt=0, le=1000, description="Writes a second.")


def write(config: WriteConfig, context: Context) -> Result:
    """Reports at a rate, each report a transaction of its own; saves how many seconds each took."""
    here = cast(RunContext, context)  # `flush` is the worker's own: methods leave it to the pulse
    steps, took = max(1, round(config.seconds * config.rate)), []
    begin = time.monotonic()
    for step in range(steps):
        time.sleep(max(0.0, begin + step / config.rate - time.monotonic()))
        here.progress(step, steps, f"step {step}")
        here.log(step, value=float(step), error=1 / (step + 1))
        start = time.perf_counter()
        here.flush()
        took.append(time.perf_counter() - start)
    here.save_file(LATENCIES, json.dumps(took).encode())
    here.progress(steps, steps, "done")
    return Result({"writes": float(steps)}, f"wrote {steps} times")


class BriefConfig(Config):
    points: int = Field(20, ge=1, le=1000, description="Points to report.")


def be_brief(config: BriefConfig, context: Context) -> Result:
    """Reports some points and ends: what is left is what the studio itself spends on a run."""
    for step in range(config.points):
        context.progress(step, config.points, f"step {step}")
        context.log(step, value=float(step))
    context.progress(config.points, config.points, "done")
    return Result({"points": float(config.points)}, f"reported {config.points} points")


def _small(_config: Config) -> Estimate:
    return Estimate(seconds=1.0, memory_mb=10.0)


sys.modules["methods.load"] = sys.modules[__name__]  # its docstring introduces the family
LOADS = {
    method.name: method
    for method in (
        Method("load.write", "Write", "load", WriteConfig, write, _small, "cpu"),
        Method("load.brief", "Be brief", "load", BriefConfig, be_brief, _small, "cpu"),
    )
}

if __name__ == "__main__":
    METHODS.update(LOADS)
    supervisor.PROGRAM = [sys.executable, "-m", "benchmarks.load_methods"]
    main()
