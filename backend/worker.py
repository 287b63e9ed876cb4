"""This process as a worker: its name, its device, and the pulse that says it lives and keeps its run."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import platform
import re
import signal
import socket
import sys
import threading
import warnings
from dataclasses import dataclass, field
from functools import cache

from celery.signals import worker_ready, worker_shutting_down
from sqlalchemy.exc import SQLAlchemyError

from backend import cleaning, database, devices, lifecycle, stored
from backend.celery_app import app
from backend.context import DatabaseAway, LostRun, RunContext
from backend.settings import settings
from backend.supervisor import STAY_DOWN, SUPERVISED
from storage import db, workers
from storage.artefacts import StorageError
from storage.models import Worker, now

log = logging.getLogger(__name__)
RESTART = 75
"""Exit code that asks the supervisor for a fresh worker."""


@dataclass
class ThisWorker:
    """The worker that this process is."""

    id: str
    device: str
    device_name: str
    queues: list[str]
    context: RunContext | None = None
    ready: bool = False
    stopping: bool = False
    asked: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Register, and start the pulse."""
        self._beat()
        threading.Thread(target=self._pulse, name="pulse", daemon=True).start()

    def stop(self) -> None:
        """Stop the pulse and sign off."""
        self._stop.set()
        with db.writing(settings().database_url) as session:
            row = session.get(Worker, self.id)
            if row is not None:
                session.delete(row)

    def interrupt(self) -> None:
        """Take no more runs; the one in progress stops at its next report and goes back into the queue."""
        self.stopping = True
        if self.context is not None:
            self.context.interrupted = True

    def be_ready(self) -> None:
        """Celery listens, to signals too: from now on this worker can leave in good order."""
        self.ready = True

    def environment(self) -> dict[str, str]:
        """What a figure from this worker depends on besides its settings."""
        return {"device": self.device, "device_name": self.device_name, **_versions()}

    def room_mb(self) -> float:
        """What a run may need of this worker's device, in MB."""
        return workers.room_mb(self.device, *devices.memory_mb(self.device))

    def _pulse(self) -> None:
        beat_at = now()
        while not self._stop.wait(settings().report_s):
            try:
                self._look_after_run()
                if now() - beat_at >= settings().heartbeat_s:
                    beat_at = now()
                    if self._beat() and self.ready and not self.stopping:
                        os.kill(os.getpid(), signal.SIGTERM)  # Celery stops as if somebody had
            except SQLAlchemyError as error:  # it is away; the lease decides how long that may last
                log.warning("the database does not answer: %s", error)
            except Exception:  # without this thread the worker counts as lost, and its run with it
                log.exception("the pulse met what nobody expected, and goes on")

    def _look_after_run(self) -> None:
        context = self.context
        if context is None:
            return
        try:
            context.tick()
        except LostRun:
            return  # the method learns it at its next call
        except StorageError as error:
            log.warning("run %s: %s", context.run.id, error)
            # A database that is away for a moment costs nothing: the reports wait, and the lease says for how long.
            if context.out_of_patience or not isinstance(error, DatabaseAway):
                context.fail(error)
        if 0 < context.cancel_deadline < now() and self.context is context:
            self._abandon(context)

    def _abandon(self, context: RunContext) -> None:
        """End a run whose method does not stop, and this process with it: nothing else stops a busy method."""
        reason = "the method did not stop in the time it was given, so its worker was ended"
        with db.writing(settings().database_url) as session:
            abandoned = lifecycle.abandon(session, context.held, reason)
        if abandoned:
            log.warning("run %s: %s", context.run.id, reason)
            _start_afresh()

    def _beat(self) -> bool:
        """Say that this worker lives; whether it was asked to leave and has nothing to do any more."""
        total, free = devices.memory_mb(self.device)
        facts = {
            "memory_total_mb": total,
            "memory_free_mb": free,
            "heartbeat_at": now(),
            "current_run": self.context.run.id if self.context else None,
        }
        with db.writing(settings().database_url) as session:
            # Locked, so that no claim comes between the look whether it is free to leave and its end.
            row = session.get(Worker, self.id, with_for_update=True)
            if row is None:
                row = Worker(
                    id=self.id,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    device=self.device,
                    device_name=self.device_name,
                    queues=self.queues,
                    artefacts=settings().artefacts_place,
                    version=_versions()["vitrine"],
                )
            self.asked = row.asked
            free = row.current_run is None and self.context is None
            for name, value in facts.items():
                setattr(row, name, value)
            session.add(row)
        return bool(self.asked) and free


@cache
def _versions() -> dict[str, str]:
    names = ("vitrine", "torch", "diffusers", "transformers", "torch-fidelity")
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in names
    }


def _start_afresh() -> None:
    """End this process at once; the supervisor, or the process itself where there is none, starts another."""
    if os.environ.get(SUPERVISED) == "1":
        os._exit(RESTART)
    os.execv(sys.executable, sys.orig_argv)


_this: ThisWorker | None = None


def become(device: str, queues: list[str], number: int = 0) -> ThisWorker:
    """Make this process a worker."""
    global _this
    name = device if device == "cpu" else "cuda"
    shown = devices.cpu_name() if name == "cpu" else _gpu_name()
    label = device if not number else f"{device}-{number}"
    _this = ThisWorker(f"{label}@{socket.gethostname()}:{os.getpid()}", name, shown, queues)
    return _this


def _gpu_name() -> str:
    import torch  # noqa: PLC0415  only a GPU worker comes here

    return torch.cuda.get_device_name(0)


def this_worker() -> ThisWorker:
    """The worker this process is.

    Raises:
        RuntimeError: it is none.
    """
    if _this is None:
        raise RuntimeError("this process is no worker: start one with `vitrine worker`")
    return _this


def serve(device: str, number: int, *, also_gpu_queue: bool) -> None:
    """Be a worker until told to stop.

    Args:
        device: "cpu", or "gpu0", "gpu1", ... as `nvidia-smi` counts; this process sees that GPU alone.
        number: which of several CPU workers this is.
        also_gpu_queue: take runs meant for a GPU as well, where there is none.
    """
    database.prepare()
    stored.check()
    cleaning.clean_machine()
    _prepare_libraries(device)
    me = become(device, queues_of(device, also_gpu_queue=also_gpu_queue), number)
    me.start()
    worker_ready.connect(lambda **_: me.be_ready(), weak=False)
    worker_shutting_down.connect(lambda **_: me.interrupt(), weak=False)
    log.info("worker %s is ready: %s, queues %s", me.id, me.device_name, ", ".join(me.queues))
    # As root, Celery warns of pickles; it accepts JSON alone here.
    warnings.filterwarnings("ignore", module="celery.platforms")
    options = ["--pool=solo", "--loglevel=WARNING", "--queues=" + ",".join(me.queues)]
    options += [
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        f"--hostname={me.id}",
    ]
    try:
        app.worker_main(["--quiet", "worker", *options])
    finally:
        me.stop()
        if me.asked:
            _leave(me.asked)


def queues_of(device: str, *, also_gpu_queue: bool = False) -> list[str]:
    """The queues that a worker on a device of this machine serves: those of its kind, of its own device, of the device
    on this machine alone ("gpu0-node7"), and those that the settings name."""
    host = re.sub("[^a-z0-9]+", "-", socket.gethostname().partition(".")[0].lower())
    named = [name for name in settings().queues.split(",") if name]
    kinds = ["cpu"] if device == "cpu" else ["gpu", device]
    kinds += ["gpu"] if also_gpu_queue else []
    return list(dict.fromkeys([*kinds, f"{device}-{host}"[:32], *named]))


def _leave(asked: str) -> None:
    """End this process as it was asked to; its supervisor learns by the code whether to start another."""
    if asked == "restart":
        _start_afresh()
    if os.environ.get(SUPERVISED) == "1":
        os._exit(STAY_DOWN)


def _prepare_libraries(device: str) -> None:
    """Choose the GPU and share the cores; CUDA and OpenMP read these when torch is loaded, so this must come first."""
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # count GPUs as `nvidia-smi` does
    os.environ["CUDA_VISIBLE_DEVICES"] = device.removeprefix("gpu") if device != "cpu" else ""
    # A thread that waits for the others must sleep: spinning, it keeps them from the core they need as soon as anything
    # else runs here (measured: sampling ten times slower on two busy cores).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    if device == "cpu":
        share = settings().threads or max(1, cores // settings().workers)
        os.environ.setdefault("OMP_NUM_THREADS", str(share))
