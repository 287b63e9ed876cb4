"""The command line. Each command imports only what it needs: `vitrine up` must answer within seconds."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from app.accounts import add_accounts
from app.asking import Refused
from app.changing import add_changing
from app.comparing import add_compare
from app.crew import add_workers
from app.exporting import add_export
from app.holding import listen, sole_owner
from app.hooking import add_webhooks
from app.housekeeping import add_housekeeping
from app.linking import add_share
from app.listing import add_listing
from app.noding import add_nodes
from app.pairing import add_pairs
from app.requesting import add_requests
from app.running import add_run
from app.shortlist import Commands, Group
from app.sweeping import add_sweep

if TYPE_CHECKING:
    from backend.settings import Settings


MOST_CONNECTIONS = 900
"""At once; above it uvicorn answers 503. A process may have 1024 files open, where nobody raised it."""


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
        if settings.studio and getattr(options, "here", False):
            raise Refused(
                f"this works on the data of this machine, and VITRINE_STUDIO is {settings.studio}: unset it"
            )
        options.command(options)
        sys.stdout.flush()  # here, where a reader that has gone is expected
    except (CannotStart, Refused) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # as `head` ends it
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


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
        prog="vitrine",
        usage="vitrine COMMAND ...",
        description="A visual studio for generative, multimodal and graph models.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = Commands(parser)
    for group in COMMANDS:
        commands.add(group)
    parser.epilog = f"{commands.short_list()}\n\nMore of each: vitrine COMMAND --help"
    parser.set_defaults(command=lambda _options: parser.print_help())
    return parser


def add_studio(commands: Any) -> None:
    """What starts the studio, or one part of it."""
    for name, command, about in (
        ("up", up, "start the studio: web, workers and their supervisor"),
        ("web", web, "only the web server"),
    ):
        parser = commands.add_parser(name, help=about)
        parser.add_argument(
            "--public",
            action="store_true",
            help="reachable from the internet for 72 hours, by Gradio's tunnel, for whoever can log in",
        )
        parser.set_defaults(command=command)
    parser = commands.add_parser("worker", help="only one worker")
    parser.add_argument("--device", default="cpu", help="cpu, or gpu0, gpu1, ...")
    parser.add_argument("--number", type=int, default=0, help="which of several CPU workers")
    parser.add_argument(
        "--also-gpu-queue", action="store_true", help="take runs meant for a GPU as well"
    )
    parser.set_defaults(command=worker)


def up(options: argparse.Namespace) -> None:
    """Web, workers, and a supervisor that keeps them running, until Ctrl-C."""
    from app.tunnel import check_public
    from backend.supervisor import Supervisor

    settings = _settings()
    if options.public:
        check_public(settings)
    with sole_owner(settings):
        listen(settings).close()  # say now that the port is taken, not from a child that dies
        _say(f"Vitrine keeps its data in {settings.root}")
        supervisor = Supervisor(_say, ["--public"] if options.public else [])
        _say(f"starting {supervisor.names()}")
        _say(f"the studio opens at {settings.address} (Ctrl-C stops it)")
        supervisor.run()


def web(options: argparse.Namespace) -> None:
    """The web server: a starting page at once, the studio when it is loaded."""
    from app.accounts import welcome_first_admin
    from app.starting import answering
    from app.tunnel import check_public, publish_aside
    from backend.supervisor import end_with_parent

    end_with_parent()
    settings = _settings()
    if options.public:
        check_public(settings)
    listening = listen(settings)
    with answering(listening):
        welcome_first_admin()
        import uvicorn

        from app.server import create_app
        from backend import services

        server = uvicorn.Server(
            uvicorn.Config(
                create_app(),
                log_level="warning",
                root_path=settings.root_path,
                timeout_graceful_shutdown=3,
                # Longer than any page waits between two questions: else a connection ends just as it is asked again.
                timeout_keep_alive=75,
                limit_concurrency=MOST_CONNECTIONS,
                server_header=False,
                proxy_headers=False,  # `app.proxies` reads them, and only from proxies that we know
            )
        )
    with services.open_studio():
        _say(f"Vitrine is ready at {settings.address}")
        if options.public:
            publish_aside(settings, _say)
        server.run(sockets=[listening])


def worker(options: argparse.Namespace) -> None:
    """One worker on one device."""
    from backend.supervisor import end_with_parent
    from backend.worker import serve

    end_with_parent()
    serve(options.device, options.number, also_gpu_queue=options.also_gpu_queue)


def _say(text: str) -> None:
    logging.getLogger("vitrine").info(text)


COMMANDS = (
    Group("The studio", (add_studio,)),
    Group(
        "Runs, also of another studio: VITRINE_STUDIO",
        (add_listing, add_run, add_changing, add_compare, add_share),
    ),
    Group("Many runs", (add_sweep, add_export), here=True),
    Group("Data", (add_pairs, add_requests, add_nodes), here=True),
    Group(
        "Looking after it", (add_workers, add_webhooks, add_accounts, add_housekeeping), here=True
    ),
)
"""Everything that `vitrine` understands, as its short list shows it."""
