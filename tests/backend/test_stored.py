"""Where files are kept: everybody must keep them in one place, and that place must be there."""

from __future__ import annotations

import socket
from types import ModuleType

import pytest

from backend import doctor, stored
from backend.settings import CannotStart, settings
from storage import buckets, db
from storage.models import Worker, now
from tests import servers


def add_worker(artefacts: str, silent_s: float = 0.0) -> None:
    with db.writing(settings().database_url) as session:
        facts = {"host": "h", "pid": 1, "device": "cpu", "queues": ["cpu"]}
        at = now() - silent_s
        session.add(Worker(id=f"w{at}", artefacts=artefacts, heartbeat_at=at, **facts))


def test_a_process_that_keeps_files_elsewhere_does_not_start(studio: ModuleType) -> None:
    here = f"{socket.gethostname()}:{settings().root}/artefacts"
    add_worker(here)
    add_worker("")  # of an earlier version
    add_worker("another:/data/artefacts", silent_s=1000)
    stored.check()
    assert doctor.artefacts().ok
    add_worker("another:/data/artefacts")
    with pytest.raises(CannotStart) as refused:
        stored.check()
    assert f"keeps files in another:/data/artefacts, this process in {here}" in str(refused.value)
    assert "VITRINE_ARTEFACTS_URL" in str(refused.value)
    assert not doctor.artefacts().ok
    with pytest.raises(CannotStart), studio.open_studio():
        pass


def test_a_bucket_that_cannot_be_reached_is_said_before_anything_starts(
    studio: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = servers.AWS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{servers.free_port()}"}
    for name, value in (variables | {"VITRINE_ARTEFACTS_URL": "s3://nowhere"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(buckets, "TRIES", 1)
    settings.cache_clear()
    buckets.bucket.cache_clear()
    try:
        with pytest.raises(CannotStart, match=r"s3://nowhere cannot be used: .*AWS_ENDPOINT_URL"):
            stored.check()
        assert not doctor.artefacts().ok
    finally:
        buckets.bucket.cache_clear()
