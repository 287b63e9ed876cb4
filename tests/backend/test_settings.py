"""Settings: what does not go together is refused in one line that says what is allowed."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.settings import Settings, settings
from tests.conftest import configure


def refusal(**values: object) -> str:
    """Why these settings are refused."""
    with pytest.raises(ValidationError) as caught:
        Settings(**values)  # type: ignore[arg-type]
    [one] = caught.value.errors()
    return str(one["msg"])


def test_one_machine_needs_no_variable(data_dir: Path) -> None:
    one = settings()
    assert one.database_url == f"sqlite:///{data_dir}/vitrine.db"
    assert one.embedded_broker
    assert one.address == "http://localhost:7860"


def test_a_variable_is_honoured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    configure(monkeypatch, tmp_path, PORT=8123, ROOT_PATH="/vitrine", MAX_ATTEMPTS=5)
    assert settings().address == "http://localhost:8123/vitrine"
    assert settings().max_attempts == 5
    settings.cache_clear()


def test_a_lease_shorter_than_three_heartbeats_is_refused(data_dir: Path) -> None:
    said = refusal(lease_s=5, heartbeat_s=2)
    assert "VITRINE_LEASE_S is 5 and VITRINE_HEARTBEAT_S 2" in said
    assert Settings(lease_s=6, heartbeat_s=2).lease_s == 6


@pytest.mark.parametrize("broker", ["redis://cache:6379/0", "amqp://queue//"])
def test_a_remote_broker_needs_a_database_that_others_reach(data_dir: Path, broker: str) -> None:
    assert "VITRINE_DB_URL=postgresql+psycopg://" in refusal(broker_url=broker)
    both = Settings(broker_url=broker, db_url="postgresql+psycopg://db/vitrine")
    assert not both.embedded_broker


def test_an_address_that_others_reach_must_be_meant(data_dir: Path) -> None:
    for host in ("0.0.0.0", "192.168.1.5", "::"):
        assert "VITRINE_ALLOW_OPEN=1" in refusal(host=host)
        assert Settings(host=host, allow_open=True).host == host
    for host in ("127.0.0.1", "localhost", "::1"):
        assert Settings(host=host).host == host


def test_a_broker_that_is_no_url_is_refused_like_any_other(data_dir: Path) -> None:
    assert "VITRINE_BROKER_URL is no URL" in refusal(broker_url="nonsense")


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", 0), ("port", 65536), ("max_attempts", 0), ("heartbeat_s", 0), ("log_level", "LOUD")],
)
def test_a_value_out_of_range_is_refused(data_dir: Path, name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Settings(**{name: value})  # type: ignore[arg-type]


def test_passwords_are_never_shown(data_dir: Path) -> None:
    one = Settings(
        db_url="postgresql+psycopg://me:hunter2@db/vitrine",
        broker_url="redis://:hunter2@cache/0",
        secret="hunter2",
    )
    shown = [one.shown(name) for name in Settings.model_fields]
    assert not [text for text in shown if "hunter2" in text]
    assert "me:***@db" in one.shown("db_url")
    assert "hunter2" not in refusal(broker_url="redis://:hunter2@cache/0")


def test_the_secret_is_made_once_and_for_its_owner_alone(data_dir: Path) -> None:
    first = settings().signing_secret()
    assert len(first) >= 32
    assert settings().signing_secret() == first
    assert [path.name for path in data_dir.iterdir()] == ["secret"]  # nothing temporary is left
    assert stat.S_IMODE((data_dir / "secret").stat().st_mode) == 0o600
    assert Settings(secret="given").signing_secret() == "given"


def test_processes_that_make_the_secret_at_once_agree(data_dir: Path) -> None:
    forking = multiprocessing.get_context("fork")
    made = forking.SimpleQueue()
    barrier = forking.Barrier(4)

    def make() -> None:
        barrier.wait(60)
        made.put(settings().signing_secret())

    makers = [forking.Process(target=make) for _ in range(4)]
    for maker in makers:
        maker.start()
    secrets = {made.get() for _ in makers}
    for maker in makers:
        maker.join(60)
    assert secrets == {settings().signing_secret()}


def test_importing_the_backend_writes_nothing(data_dir: Path) -> None:
    from backend.celery_app import make_app

    make_app(settings())
    assert not data_dir.exists()
