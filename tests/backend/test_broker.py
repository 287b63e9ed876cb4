"""The embedded broker: a message is whole or not there, and none is lost."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from kombu import Connection
from kombu.transport.virtual import BrokerState

from backend import broker
from tests.disks import files, small_disk

QUEUE = "cpu"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    broker.register()
    # kombu remembers for the whole process what it has bound, whichever folder that was in.
    monkeypatch.setattr(broker.Transport, "global_state", BrokerState())
    return tmp_path / "broker"


def connect(folder: Path) -> Connection:
    options = broker.options(folder, 0.002)
    return Connection(f"{broker.SCHEME}://localhost", transport_options=options)


def produce(folder: Path, first: int, count: int) -> None:
    with connect(folder) as connection, connection.SimpleQueue(QUEUE) as queue:
        for number in range(first, first + count):
            queue.put({"number": number, "padding": "x" * 2000})


def consume(folder: Path, until: Any, got: Any) -> None:
    numbers: list[int] = []
    with connect(folder) as connection, connection.SimpleQueue(QUEUE) as queue:
        while not (until.is_set() and queue.qsize() == 0):
            try:
                message = queue.get(timeout=0.05)
            except queue.Empty:
                continue
            numbers.append(message.payload["number"])
            message.ack()
    got.put(numbers)


def test_two_producers_of_1500_messages_and_two_consumers_lose_none(folder: Path) -> None:
    forking = multiprocessing.get_context("fork")
    until, got = forking.Event(), forking.Queue()
    consumers = [forking.Process(target=consume, args=(folder, until, got)) for _ in range(2)]
    producers = [forking.Process(target=produce, args=(folder, first, 1500)) for first in (0, 1500)]
    for process in consumers + producers:
        process.start()
    for producer in producers:
        producer.join(120)
    until.set()
    received = [got.get(timeout=120) for _ in consumers]
    for consumer in consumers:
        consumer.join(60)
    assert [process.exitcode for process in consumers + producers] == [0, 0, 0, 0]
    assert all(received), "both consumers had their share"
    assert sorted(received[0] + received[1]) == list(range(3000))
    assert files(folder / "queues") == []


def test_messages_come_in_the_order_they_were_sent(folder: Path) -> None:
    produce(folder, 0, 20)
    with connect(folder) as connection, connection.SimpleQueue(QUEUE) as queue:
        numbers = []
        for _ in range(20):
            message = queue.get(timeout=5)
            numbers.append(message.payload["number"])
            message.ack()
    assert numbers == list(range(20))


def test_a_message_that_is_not_acknowledged_is_given_again(folder: Path) -> None:
    produce(folder, 7, 1)
    with connect(folder) as connection, connection.SimpleQueue(QUEUE) as queue:
        assert queue.get(timeout=5).payload["number"] == 7
    with connect(folder) as connection, connection.SimpleQueue(QUEUE) as queue:
        assert queue.get(timeout=5).payload["number"] == 7


def test_queues_whose_names_begin_alike_keep_their_messages_apart(folder: Path) -> None:
    with connect(folder) as connection:
        with connection.SimpleQueue("gpu") as queue:
            queue.put({"number": 1})
        with connection.SimpleQueue("gpu0") as other:
            assert other.qsize() == 0
            with pytest.raises(other.Empty):
                other.get(block=False)
        with connection.SimpleQueue("gpu") as queue:
            assert queue.get(timeout=5).payload["number"] == 1


def test_processes_that_bind_queues_at_once_all_stay_bound(folder: Path) -> None:
    # kombu's own transport loses bindings here, and readers find its table empty.
    def bind(name: str) -> None:
        with connect(folder) as connection:
            channel = connection.channel()
            for number in range(20):
                channel._queue_bind("vitrine", f"{name}{number}", "", f"{name}{number}")
                channel.get_table("vitrine")

    forking = multiprocessing.get_context("fork")
    binders = [forking.Process(target=bind, args=(name,)) for name in "abc"]
    for binder in binders:
        binder.start()
    for binder in binders:
        binder.join(60)
    assert [binder.exitcode for binder in binders] == [0, 0, 0]
    with connect(folder) as connection:
        bound = {entry.queue for entry in connection.channel().get_table("vitrine")}
    assert bound == {f"{name}{number}" for name in "abc" for number in range(20)}


def test_a_message_for_which_there_is_no_room_leaves_no_half_file(folder: Path) -> None:
    with (
        small_disk(folder, megabytes=1),
        connect(folder) as connection,
        connection.SimpleQueue(QUEUE) as queue,
    ):
        queue.put({"number": 1})
        before = files(folder)
        with pytest.raises(OSError, match="No space left"):
            queue.put({"padding": "x" * 3_000_000})
        assert files(folder) == before
        assert queue.get(timeout=5).payload == {"number": 1}


def test_a_run_is_queued_although_the_broker_cannot_be_written(
    studio: ModuleType, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (data_dir / "broker").write_text("a file where the folder should be")
    run = studio.submit("toy.steps", {})
    assert studio.get_run(run.id).status == "queued"
    assert "the reaper will try again" in caplog.text


def test_waking_costs_a_message_of_the_right_queue(studio: ModuleType, data_dir: Path) -> None:
    started = time.time_ns()
    studio.submit("toy.steps", {})
    studio.submit("toy.steps", {}, queue="gpu0")
    names = [path.name for path in files(data_dir / "broker" / "queues")]
    assert [name.partition(".")[2] for name in names] == ["cpu.msg", "gpu0.msg"]
    assert int(names[0].partition("_")[0]) >= started
