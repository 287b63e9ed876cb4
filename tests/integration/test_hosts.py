"""Several machines by environment variables alone: runs wander, files are found, nothing is lost when cables are cut."""

from __future__ import annotations

from pathlib import Path

from backend.settings import settings
from tests import servers
from tests.conftest import wait_for
from tests.faults.processes import (
    wait_for_points,
    wait_for_status,
    wait_for_workers,
)
from tests.integration.conftest import BUCKET, Cluster


def steps(hosts: Cluster, **values: object) -> dict[str, object]:
    return {"log_file": str(hosts.log), **values}


def assert_every_point_once(hosts: Cluster, run_id: str, count: int) -> None:
    assert hosts.services.series(run_id) == {"value": [(n, float(n)) for n in range(count)]}
    rows = hosts.services.records(run_id, "steps", limit=1000).rows
    assert [row["step"] for row in rows] == list(range(count))


def wait_until_both_work(hosts: Cluster) -> None:
    """Two runs at a time, until each worker takes one: a worker may hear late, but it hears."""
    values = {"steps": 15, "seconds_per_step": 0.1}

    def shared() -> bool:
        two = [hosts.services.submit("toy.steps", values, seed=seed) for seed in (7, 8)]
        ended = [wait_for_status(hosts.services, run.id, "succeeded") for run in two]
        return len({run.worker_id for run in ended}) == 2

    wait_for(shared, 60)


def outcomes(hosts: Cluster, run_id: str) -> list[str]:
    return [attempt.outcome for attempt in hosts.services.attempts(run_id)]


def keys(hosts: Cluster) -> set[str]:
    listed = servers.client(hosts.bucket).list_objects_v2(Bucket=BUCKET)
    return {item["Key"] for item in listed.get("Contents", [])}


def copies(folder: Path) -> set[str]:
    return {path.name for path in (folder / "copies").rglob("*") if path.is_file()}


def test_both_hosts_work_and_their_files_are_found_by_everybody(hosts: Cluster) -> None:
    values = steps(hosts, steps=10, seconds_per_step=0.05)
    wait_until_both_work(hosts)
    made = [hosts.services.submit("toy.steps", values, seed=seed) for seed in range(6)]
    ended = [wait_for_status(hosts.services, run.id, "succeeded") for run in made]
    assert sorted(hosts.executions()) == [str(seed) for seed in range(6)]
    assert {run.attempt for run in ended} == {1}
    [artefact] = hosts.services.artefacts(made[0].id)
    assert f"vitrine/{artefact.sha256[:2]}/{artefact.sha256}" in keys(hosts)
    assert artefact.sha256 not in copies(settings().root)
    blob = hosts.services.blob(artefact.sha256)
    assert blob.path.read_bytes() == b"45.0"
    assert blob.path.is_relative_to(settings().root)
    assert not (settings().root / "artefacts").exists()


def test_a_run_whose_cable_is_cut_goes_on_elsewhere_from_its_checkpoint(hosts: Cluster) -> None:
    values = steps(hosts, steps=60, seconds_per_step=0.1, checkpoint_every=10)
    run = hosts.services.submit("toy.steps", values, seed=1)
    wait_for_points(hosts.services, run.id, 15)
    first = hosts.host_of(run.id)
    first.cut()
    try:
        wait_for(lambda: hosts.services.get_run(run.id).attempt == 2, 60)
        assert hosts.host_of(run.id) is not first
        wait_for_points(hosts.services, run.id, 20)
    finally:
        first.mend()  # now both work on it; only one has it
    ended = wait_for_status(hosts.services, run.id, "succeeded", timeout=90)
    assert outcomes(hosts, run.id) == ["lost", "succeeded"]
    assert ended.metrics == {"sum": float(sum(range(60)))}
    assert_every_point_once(hosts, run.id, 60)
    workers = wait_for_workers(hosts.services, 2)
    assert first.pid in [worker.pid for worker in workers], "it discards the run and goes on"
    wait_until_both_work(hosts)  # it hears of runs again, although its broker was away


def test_a_cable_that_is_cut_for_less_than_a_lease_costs_nothing(hosts: Cluster) -> None:
    import time

    run = hosts.services.submit("toy.steps", steps(hosts, steps=40, seconds_per_step=0.1), seed=2)
    wait_for_points(hosts.services, run.id, 5)
    host = hosts.host_of(run.id)
    host.cut()
    time.sleep(settings().lease_s / 3)
    host.mend()
    wait_for_status(hosts.services, run.id, "succeeded")
    assert outcomes(hosts, run.id) == ["succeeded"]
    assert_every_point_once(hosts, run.id, 40)


def test_a_broker_that_forgets_everything_loses_no_run(hosts: Cluster) -> None:
    values = steps(hosts, steps=30, seconds_per_step=0.1)
    running = hosts.services.submit("toy.steps", values, seed=4)
    wait_for_points(hosts.services, running.id, 3)
    hosts.broker.stop()
    waiting = hosts.services.submit("toy.steps", steps(hosts, steps=5), seed=3)
    assert not hosts.services.get_run(waiting.id).finished
    hosts.broker.start()
    for run in (running, waiting):
        wait_for_status(hosts.services, run.id, "succeeded", timeout=90)
        assert outcomes(hosts, run.id) == ["succeeded"]
    assert_every_point_once(hosts, running.id, 30)
    assert sorted(hosts.executions()) == ["3", "4"]


def test_a_database_that_is_started_again_costs_a_run_nothing(hosts: Cluster) -> None:
    values = steps(hosts, steps=40, seconds_per_step=0.1)
    run = hosts.services.submit("toy.steps", values, seed=5)
    wait_for_points(hosts.services, run.id, 8)
    hosts.database.restart()
    wait_for_status(hosts.services, run.id, "succeeded", timeout=90)
    assert outcomes(hosts, run.id) == ["succeeded"]
    assert_every_point_once(hosts, run.id, 40)
    wait_until_both_work(hosts)  # the other one as well


def test_a_run_that_saves_while_the_bucket_is_away_waits_for_it(hosts: Cluster) -> None:
    values = steps(hosts, steps=12, seconds_per_step=0.1, checkpoint_every=6)
    run = hosts.services.submit("toy.steps", values, seed=6)
    wait_for_points(hosts.services, run.id, 1)
    hosts.store.stop()
    try:
        said = "waiting for the bucket: s3://artefacts/vitrine cannot be used"
        events = hosts.services.events
        wait_for(lambda: [e for e in events(run.id) if e.message.startswith(said)], 60)
    finally:
        hosts.store.start()
    ended = wait_for_status(hosts.services, run.id, "succeeded", timeout=90)
    assert outcomes(hosts, run.id) == ["succeeded"]
    assert_every_point_once(hosts, run.id, 12)
    [artefact] = hosts.services.artefacts(run.id)
    assert f"vitrine/{artefact.sha256[:2]}/{artefact.sha256}" in keys(hosts)
    assert ended.metrics == {"sum": 66.0}
