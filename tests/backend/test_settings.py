"""Settings: what does not go together is refused in one line that says what is allowed."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from backend.settings import Settings, settings
from tests.conftest import configure

ELSEWHERE = {"db_url": "postgresql+psycopg://db/vitrine", "artefacts_url": "s3://bucket"}


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
    all_three = Settings(broker_url=broker, **ELSEWHERE)
    assert not all_three.embedded_broker


@pytest.mark.parametrize(
    ("broker", "database"),
    [
        ("redis://cache:6379/0", "postgresql+psycopg://localhost/vitrine"),
        ("redis://127.0.0.1:6379/0", "postgresql+psycopg://db/vitrine"),
        ("amqp://me:hunter2@queue//", "postgresql+psycopg://me:hunter2@db/vitrine"),
    ],
)
def test_workers_elsewhere_need_artefacts_that_they_reach(
    data_dir: Path, broker: str, database: str
) -> None:
    said = refusal(broker_url=broker, db_url=database)
    assert "VITRINE_ARTEFACTS_URL=s3://bucket/prefix" in said
    assert "file:///folder" in said
    assert "hunter2" not in said
    for place in ("s3://bucket", "s3://bucket/some/prefix", "file:///mnt/shared%20disk"):
        assert Settings(broker_url=broker, db_url=database, artefacts_url=place).artefacts_url


@pytest.mark.parametrize(
    "database",
    [
        "postgresql+psycopg:///vitrine?host=/run/postgresql",
        "postgresql+psycopg://localhost/vitrine",
    ],
)
def test_servers_on_this_machine_leave_the_artefacts_in_its_folder(
    data_dir: Path, database: str
) -> None:
    one = Settings(broker_url="redis://localhost/0", db_url=database)
    assert one.artefacts_dir == data_dir / "artefacts"
    assert one.bucket_url == ""
    assert one.artefacts_place.endswith(f":{data_dir}/artefacts")


def test_a_shared_folder_and_a_bucket_are_the_same_place_for_everybody(data_dir: Path) -> None:
    folder = Settings(artefacts_url="file:///mnt/shared%20disk/")
    assert folder.artefacts_dir == Path("/mnt/shared disk")
    assert folder.artefacts_place == "file:///mnt/shared%20disk"
    bucket = Settings(artefacts_url="s3://bucket/prefix/")
    assert bucket.artefacts_dir == data_dir / "copies"
    assert bucket.artefacts_place == "s3://bucket/prefix"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("artefacts_url", "s3://", "s3://bucket/prefix"),
        ("artefacts_url", "s3://key:hunter2@bucket", "AWS_ACCESS_KEY_ID"),
        ("artefacts_url", "gs://bucket", "begins with 'gs'"),
        ("artefacts_url", "file://host/folder", "file:///folder"),
        ("artefacts_url", "/mnt/shared", "file:///folder"),
        ("db_url", "postgresql://db/vitrine", "postgresql+psycopg://"),
        ("db_url", "mysql://db/vitrine", "begins with 'mysql'"),
        ("broker_url", "sqs://queue", "allowed are filesystem://"),
        ("broker_url", "redis://:hunter2@cache:port/0", "VITRINE_BROKER_URL is no URL"),
    ],
)
def test_a_url_that_nothing_here_speaks_is_refused_with_those_that_are(
    data_dir: Path, name: str, value: str, said: str
) -> None:
    told = refusal(**{"db_url": ELSEWHERE["db_url"], name: value})
    assert said in told
    assert "hunter2" not in told


def test_an_address_that_others_reach_must_be_meant(data_dir: Path) -> None:
    for host in ("0.0.0.0", "192.168.1.5", "::"):
        said = refusal(host=host)
        for way in ("VITRINE_AUTH=token", "VITRINE_AUTH=proxy", "VITRINE_ALLOW_OPEN=1"):
            assert way in said
        assert Settings(host=host, allow_open=True).host == host
        assert Settings(host=host, auth="token").host == host
        assert Settings(host=host, auth="proxy").host == host
    for host in ("127.0.0.1", "localhost", "::1"):
        assert Settings(host=host).host == host


@pytest.mark.parametrize("places", ["10.0.0", "proxy.example", "10.0.0.1/8", "127.0.0.1;10.0.0.1"])
def test_a_proxy_is_an_address_or_a_network(data_dir: Path, places: str) -> None:
    assert "VITRINE_PROXY_FROM: addresses and networks" in refusal(proxy_from=places)
    assert "VITRINE_PROXY_FROM is empty" in refusal(auth="proxy", proxy_from=" , ")
    assert "VITRINE_PROXY_USER_HEADER" in refusal(proxy_user_header="X-User: admin")


def test_only_a_proxys_address_is_one(data_dir: Path) -> None:
    one = Settings(proxy_from="10.1.0.0/16, 192.0.2.7, fd00::/8")
    for address in ("10.1.255.255", "::ffff:10.1.0.1", "192.0.2.7", "fd12::1"):
        assert one.is_proxy(address), address
    for address in ("10.2.0.0", "127.0.0.1", "::1", "", "testclient", "10.1.0.1:80", "0x0a010001"):
        assert not one.is_proxy(address), address
    assert Settings().is_proxy("127.0.0.1")


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
        artefacts_url="s3://bucket",
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
