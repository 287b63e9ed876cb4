"""Webhooks against a real receiver on this machine: every end is told once, later if need be, and nothing is lost."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from app.cli import main
from backend import courier, lifecycle, posting, reaper
from backend.settings import settings
from storage import db, outbox
from storage.models import Run
from storage.outbox import Delivery

STEPS = {"steps": 2, "seconds_per_step": 0.0}


class Receiver(ThreadingHTTPServer):
    """Keeps what it is told, and answers as it was told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.told: list[tuple[str, Any, bytes]] = []
        self.answers: list[int] = []
        self.dawdles = False
        self.url = f"http://127.0.0.1:{self.server_port}/hook?key=s3cret"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.told.append((self.path, self.headers, body))
        while self.server.dawdles:  # a line that does not end
            self.wfile.write(b"H")
            time.sleep(0.02)
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("location", f"{self.server.url}&again=1")
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_words: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        threading.Thread(target=receiver.serve_forever, args=(0.01,)).start()
        yield receiver
        receiver.dawdles = False
        receiver.shutdown()


@pytest.fixture
def hooked(
    studio: ModuleType, receiver: Receiver, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """A studio that tells the receiver; nothing is sent until a test delivers."""
    monkeypatch.setenv("VITRINE_WEBHOOKS", receiver.url)
    monkeypatch.setenv("VITRINE_WEBHOOK_HOSTS", f"127.0.0.1:{receiver.server_port}")
    settings.cache_clear()
    with db.writing(settings().database_url) as session:
        outbox.register(session, settings().webhook_urls)
    return studio


def waiting() -> list[Delivery]:
    with db.reading(settings().database_url) as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))  # type: ignore[arg-type]


def make_due() -> None:
    with db.writing(settings().database_url) as session:
        for each in session.scalars(select(Delivery)):
            each.due_at = 0.0


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_an_end_is_told_once_signed_and_without_anything_private(
    hooked: ModuleType, receiver: Receiver, works: Callable[[], None]
) -> None:
    run = hooked.submit("toy.steps", {**STEPS, "log_file": ""}, seed=5, title="Mine")
    works()
    assert courier.deliver_next(receiver.url)
    assert not courier.deliver_next(receiver.url), "nothing is left"
    [(path, headers, body)] = receiver.told
    assert path == "/hook?key=s3cret"
    run = hooked.get_run(run.id)
    assert json.loads(body) == {
        "event": "run.ended",
        "id": run.id,
        "method": "toy.steps",
        "title": "Mine",
        "status": "succeeded",
        "seed": 5,
        "metrics": {"sum": 1.0},
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "link": f"http://localhost:7860/r/{run.id}",
    }
    signed = headers["x-vitrine-timestamp"].encode() + b"." + body
    key = hooked.webhook_secret().encode()
    expected = hmac.new(key, signed, hashlib.sha256).hexdigest()
    assert headers["x-vitrine-signature"] == f"sha256={expected}"
    assert abs(time.time() - float(headers["x-vitrine-timestamp"])) < 60
    assert settings().signing_secret() not in (hooked.webhook_secret(), body.decode())
    assert waiting() == []


def test_whatever_the_end_it_is_told_in_the_same_transaction(hooked: ModuleType) -> None:
    def submitted(**values: Any) -> str:
        run = hooked.submit("toy.steps", STEPS)
        with db.writing(settings().database_url) as session:
            assert lifecycle.claim(session, "w", ["cpu"], 30.0, {}) is not None
            for name, value in {"lease_until": 1.0, **values}.items():
                setattr(session.get_one(Run, run.id), name, value)
        return str(run.id)

    queued = hooked.submit("toy.steps", STEPS).id
    hooked.cancel(queued)
    failed = submitted(max_attempts=1)
    again = submitted()
    with db.writing(settings().database_url) as session:
        lifecycle.recover_lost(session)
    assert hooked.get_run(again).status == "queued", "it has not ended"
    stuck = submitted()
    hooked.cancel(stuck)
    with db.writing(settings().database_url) as session:
        session.get_one(Run, stuck).lease_until = 1.0
    with db.writing(settings().database_url) as session:
        lifecycle.recover_lost(session)
    told = {each.run_id: each.body["status"] for each in waiting()}
    assert told == {queued: "cancelled", failed: "failed", stuck: "cancelled"}
    run = hooked.submit("toy.steps", STEPS)

    def ends_and_fails() -> None:
        with db.writing(settings().database_url) as session:
            lifecycle.request_cancel(session, run.id, 0.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ends_and_fails()
    assert len(waiting()) == 3, "no end, no message"


def test_it_is_tried_again_until_it_is_taken_and_then_never_more(
    hooked: ModuleType, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "WAITS_S", (1000.0, 5000.0))  # longer than a machine can be busy
    receiver.answers = [500, 302, 200]
    run = hooked.submit("toy.steps", STEPS)
    hooked.cancel(run.id)
    hooked.delete_run(run.id)  # what is to be told outlives the run
    for wait in courier.WAITS_S:
        before = time.time()
        assert courier.deliver_next(receiver.url)
        [left] = waiting()
        assert before + wait <= left.due_at <= time.time() + wait
        assert not courier.deliver_next(receiver.url), "not before its time"
        make_due()
    assert courier.deliver_next(receiver.url)
    assert waiting() == []
    assert [path for path, _, _ in receiver.told] == ["/hook?key=s3cret"] * 3, (
        "no redirect followed"
    )
    assert len({headers["x-vitrine-delivery"] for _, headers, _ in receiver.told}) == 1
    assert len({body for _, _, body in receiver.told}) == 1


def test_it_is_given_up_with_a_word_on_the_run(hooked: ModuleType, receiver: Receiver) -> None:
    run = hooked.submit("toy.steps", STEPS)
    hooked.cancel(run.id)
    receiver.answers = [503] * 9
    for _ in range(len(courier.WAITS_S) + 1):
        make_due()
        assert courier.deliver_next(receiver.url)
    assert waiting() == []
    [event] = hooked.events(run.id)
    assert event.message == (
        f"the webhook of 127.0.0.1:{receiver.server_port} was told 7 times in vain that this run ended: it answered 503"
    )
    assert "s3cret" not in event.message


def test_a_sender_that_dies_loses_nothing_and_two_do_not_send_the_same(
    hooked: ModuleType, receiver: Receiver
) -> None:
    hooked.cancel(hooked.submit("toy.steps", STEPS).id)
    with db.reading(settings().database_url) as session:
        first = outbox.due(session, receiver.url)
    assert first is not None
    with db.writing(settings().database_url) as session:
        assert outbox.take(session, first, courier.LEASE_S)
    with db.writing(settings().database_url) as session:
        assert not outbox.take(session, first, courier.LEASE_S), "the other was faster"
    assert not courier.deliver_next(receiver.url), "one has it"
    make_due()  # and died with it
    assert courier.deliver_next(receiver.url)
    assert len(receiver.told) == 1
    assert waiting() == []


def test_a_receiver_that_dawdles_is_left_and_does_not_hold_up_the_reaper(
    hooked: ModuleType,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    eventually: Callable[..., Any],
) -> None:
    receiver.dawdles = True
    monkeypatch.setattr(courier, "LOOK_S", 0.01)
    monkeypatch.setattr(posting, "WHOLE_S", 1.0)
    monkeypatch.setenv("VITRINE_REAPER_S", "0.01")
    monkeypatch.setenv("VITRINE_DEMO", "0")
    settings.cache_clear()
    looks: list[float] = []
    monkeypatch.setattr(reaper, "look", lambda: looks.append(time.monotonic()))
    run = hooked.submit("toy.steps", STEPS)
    hooked.cancel(run.id)
    with hooked.open_studio():
        eventually(lambda: receiver.told, 30)
        seen = len(looks)
        eventually(lambda: len(looks) > seen + 10, 30)
        assert waiting()[0].tries == 1, "it is still being told"
        eventually(lambda: waiting()[0].due_at - time.time() < courier.WAITS_S[0], 30)
    assert len(receiver.told) == 1
    assert hooked.webhooks()[0].waiting == 1


def test_without_webhooks_nothing_is_written_and_what_waited_is_dropped(
    hooked: ModuleType, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked.cancel(hooked.submit("toy.steps", STEPS).id)
    assert len(waiting()) == 1
    monkeypatch.delenv("VITRINE_WEBHOOKS")
    settings.cache_clear()
    courier.Courier().start()
    hooked.cancel(hooked.submit("toy.steps", STEPS).id)
    assert waiting() == []


def test_the_command_tries_each_and_shows_no_path(
    hooked: ModuleType, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    host = f"127.0.0.1:{receiver.server_port}"
    main(["webhooks", "test"])
    assert capsys.readouterr().out == f"{host}: taken\n"
    assert json.loads(receiver.told[0][2])["event"] == "test"
    receiver.answers = [404]
    with pytest.raises(SystemExit) as ended:
        main(["webhooks", "test"])
    assert ended.value.code == 1
    assert capsys.readouterr().out == f"{host}: not taken: it answered 404\n"
    main(["webhooks"])
    assert capsys.readouterr().out == f"{host}  0 waiting\n"
    main(["webhooks", "secret"])
    assert capsys.readouterr().out.strip() == hooked.webhook_secret()
    assert settings().shown("webhooks") == host
