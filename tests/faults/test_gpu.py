"""Real workers on a real card: which one the supervisor starts, what it takes, and that a run outlives it there."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from sqlalchemy import update
from sqlmodel import col

from backend import devices
from backend.settings import settings
from backend.views import RunView
from storage import db
from storage.models import Run
from tests.conftest import wait_for
from tests.faults.conftest import House, standing
from tests.faults.processes import kill, pid_of, wait_for_status, wait_for_workers

pytestmark = pytest.mark.gpu
SAMPLING = {"images_per_class": 16, "batch_size": 8, "steps": 50, "control": False, "judge": False}
"""Twenty batches: time enough to end its worker in the midst of it."""

SAME = ("images", "attn_forwards", "ff_forwards", "relative_l2", "psnr", "ssim")
"""Figures that do not depend on the clock."""


@pytest.fixture(scope="module")
def gpu_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    if not devices.gpus():
        pytest.skip("there is no NVIDIA card here")
    # Loading a model and CUDA holds the interpreter for seconds: a worker that is merely slow must not be taken for lost.
    longer = {"DEVICES": "auto", "WORKERS": 1, "LEASE_S": 9, "HEARTBEAT_S": 1}
    with standing(tmp_path_factory.mktemp("cards"), "embedded", **longer) as house:
        wait_for_workers(house.services, 1 + len(devices.gpus()))
        yield house


def sample(house: House, **more: object) -> RunView:
    run: RunView = house.services.submit("caching.sample", SAMPLING, seed=3, **more)
    return run


def test_each_card_has_a_worker_that_knows_it(gpu_house: House) -> None:
    alive = [each for each in gpu_house.services.workers() if each.alive]
    for card in devices.gpus():
        [worker] = [each for each in alive if f"gpu{card.index}" in each.queues]
        assert (worker.device, worker.device_name) == ("cuda", card.name)
        assert worker.memory_total_mb > 1000
        assert "gpu" in worker.queues
    [processor] = [each for each in alive if each.device == "cpu"]
    assert "gpu" not in processor.queues, "it takes what is meant for cards only without any"


def test_a_sampling_runs_on_the_card_and_a_killed_one_ends_there_with_the_same_figures(
    gpu_house: House,
) -> None:
    whole = wait_for_status(gpu_house.services, sample(gpu_house).id, "succeeded", timeout=120)
    assert whole.env["device"] == "cuda"
    assert whole.env["device_name"] in [card.name for card in devices.gpus()]
    cut = sample(gpu_house)
    wait_for(lambda: gpu_house.services.get_run(cut.id).fraction > 0.2, 120)
    kill(pid_of(gpu_house.services, gpu_house.services.get_run(cut.id).worker_id), signal.SIGKILL)
    ended = wait_for_status(gpu_house.services, cut.id, "succeeded", timeout=120)
    assert [each.outcome for each in gpu_house.services.attempts(cut.id)] == ["lost", "succeeded"]
    assert [ended.metrics[name] for name in SAME] == pytest.approx(
        [whole.metrics[name] for name in SAME], rel=1e-3
    )


def test_a_run_that_no_card_can_hold_waits_and_lets_others_pass(gpu_house: House) -> None:
    services = gpu_house.services
    services.pause("gpu")
    large = sample(gpu_house, priority=100)
    with db.writing(settings().database_url) as session:
        session.execute(update(Run).where(col(Run.id) == large.id).values(memory_mb=1e9))
    small = sample(gpu_house)
    services.resume("gpu")
    wait_for_status(services, small.id, "succeeded", timeout=120)
    assert services.get_run(large.id).status == "queued"
    services.cancel(large.id)
