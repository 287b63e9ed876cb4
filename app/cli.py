"""The command line. Each command imports only what it needs: `vitrine up` must answer within seconds."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from app.crew import add_workers
from app.exporting import add_export
from app.noding import add_nodes
from app.pairing import add_pairs
from app.requesting import add_requests

if TYPE_CHECKING:
    from backend.settings import Settings


def main(arguments: list[str] | None = None) -> None:
    """Run a command; problems that the person can mend end with one line and code 2."""
    parser = _parser()
    options = parser.parse_args(arguments)
    settings = _settings()
    if settings.offline:  # read by the hub's library when it is imported
        os.environ["HF_HUB_OFFLINE"] = "1"
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(message)s", datefmt="%H:%M:%S"
    )
    # Libraries that narrate every start; what goes wrong there still shows.
    for noisy in ("alembic", "celery", "httpx", "uvicorn", "kombu"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    from backend.settings import CannotStart

    try:
        options.command(options)
    except CannotStart as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)


def _settings() -> Settings:
    from backend.settings import settings

    try:
        return settings()
    except ValidationError as error:
        for one in error.errors():
            name = f"VITRINE_{str(one['loc'][0]).upper()}: " if one["loc"] else ""
            print(f"vitrine: {name}{one['msg'].removeprefix('Value error, ')}", file=sys.stderr)
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vitrine", description="A visual studio for generative, multimodal and graph models."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    commands.add_parser(
        "up", help="start the studio: web, workers and their supervisor"
    ).set_defaults(command=up)
    commands.add_parser("web", help="only the web server").set_defaults(command=web)
    worker_parser = commands.add_parser("worker", help="only one worker")
    worker_parser.add_argument("--device", default="cpu", help="cpu, or gpu0, gpu1, ...")
    worker_parser.add_argument("--number", type=int, default=0, help="which of several CPU workers")
    worker_parser.add_argument(
        "--also-gpu-queue", action="store_true", help="take runs meant for a GPU as well"
    )
    worker_parser.set_defaults(command=worker)
    _add_sweep(commands)
    add_pairs(commands)
    add_requests(commands)
    add_nodes(commands)
    add_export(commands)
    add_workers(commands)
    commands.add_parser("doctor", help="look at everything the studio needs").set_defaults(
        command=doctor
    )
    commands.add_parser("gc", help="delete files that no run refers to").set_defaults(command=gc)
    return parser


def _add_sweep(commands: Any) -> None:
    parser = commands.add_parser(
        "sweep",
        help="queue every combination of some settings, over several seeds",
        epilog="vitrine sweep caching.sample --set correction=goc --axis interval=2,4 --axis weight=.3,.6 --seeds 0,1,2,3",
    )
    parser.add_argument("method", help="such as caching.sample")
    repeated: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument("--set", **repeated, metavar="NAME=VALUE", help="a setting of all runs")
    parser.add_argument("--axis", **repeated, metavar="NAME=A,B", help="values to combine")
    parser.add_argument("--seeds", default="0", metavar="A,B", help="seeds of each combination")
    parser.add_argument("--title", default="")
    parser.add_argument(
        "--no-controls", action="store_true", help="without plain reuse, fewer steps and the like"
    )
    parser.add_argument("--plan", action="store_true", help="say what would run, queue nothing")
    parser.set_defaults(command=sweep)


def up(_options: argparse.Namespace) -> None:
    """Web, workers, and a supervisor that keeps them running, until Ctrl-C."""
    from backend.supervisor import Supervisor

    settings = _settings()
    with _sole_owner(settings):
        _listen(settings).close()  # say now that the port is taken, not from a child that dies
        _say(f"Vitrine keeps its data in {settings.root}")
        supervisor = Supervisor(_say)
        _say(f"starting {supervisor.names()}")
        _say(f"the studio opens at {settings.address} (Ctrl-C stops it)")
        supervisor.run()


def web(_options: argparse.Namespace) -> None:
    """The web server: a starting page at once, the studio when it is loaded."""
    from app.starting import answering
    from backend.supervisor import end_with_parent

    end_with_parent()
    settings = _settings()
    listening = _listen(settings)
    with answering(listening):
        import uvicorn

        from app.server import create_app
        from backend import services

        server = uvicorn.Server(
            uvicorn.Config(
                create_app(),
                log_level="warning",
                root_path=settings.root_path,
                timeout_graceful_shutdown=3,
                server_header=False,
            )
        )
    with services.open_studio():
        _say(f"Vitrine is ready at {settings.address}")
        server.run(sockets=[listening])


def worker(options: argparse.Namespace) -> None:
    """One worker on one device."""
    from backend.supervisor import end_with_parent
    from backend.worker import serve

    end_with_parent()
    serve(options.device, options.number, also_gpu_queue=options.also_gpu_queue)


def doctor(_options: argparse.Namespace) -> None:
    """Print every check; code 1 if one is not well."""
    from backend.services import doctor as look

    checks = look()
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = "ok " if check.ok else "NOT"
        print(f"{mark} {check.name:<{width}}  {check.found}")
        if not check.ok:
            print(f"    {'':<{width}}  -> {check.advice}")
    if not all(check.ok for check in checks):
        sys.exit(1)


def sweep(options: argparse.Namespace) -> None:
    """Print the plan and, unless only that was asked for, queue it; workers of a running studio take it up."""
    from app.sweeping import lines_of, request_of
    from backend import services

    try:
        request = request_of(options)
        services.open_database()  # a prior may be another run's, so the plan needs it too
        print(*lines_of(services.plan_sweep(request), len(request.seeds)), sep="\n")
        if not options.plan:
            made = services.launch_sweep(request)
            print(f"queued: {_settings().address}/sweep?id={made.id}")
    except (services.MethodError, services.ServiceError, ValueError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)


def gc(_options: argparse.Namespace) -> None:
    """Delete files without a row that refers to them."""
    from backend.services import clean

    count, size = clean()
    print(f"deleted {count} files, {size / 1e6:.1f} MB")


def _say(text: str) -> None:
    logging.getLogger("vitrine").info(text)


def _listen(settings: Settings) -> socket.socket:
    """A socket that listens where the settings say.

    Raises:
        CannotStart: the address cannot be bound.
    """
    from backend.settings import CannotStart

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise CannotStart(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); "
            "stop what is there, or choose another with VITRINE_PORT"
        ) from None
    return listening


@contextmanager
def _sole_owner(settings: Settings) -> Iterator[None]:
    """Hold the data folder for this supervisor alone.

    Raises:
        CannotStart: another one has it, or it cannot be written.
    """
    from backend.settings import CannotStart

    try:
        settings.root.mkdir(parents=True, exist_ok=True)
        file = (settings.root / "supervisor.lock").open("w")
    except OSError as error:
        raise CannotStart(
            f"the data folder {settings.root} cannot be written ({error.strerror}); "
            "make it writable, or set VITRINE_DATA_DIR to a folder that is"
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"another studio already runs on {settings.root}; stop it, or set VITRINE_DATA_DIR"
            ) from None
        yield
