"""By how much runs differ: intervals worked by hand, who may be compared, which is best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import pytest

from backend.services.directions import better
from backend.settings import settings
from methods.caching import SampleConfig
from storage import db
from storage.models import Record, Run
from storage.typed import InstructionRow

Add = Callable[..., str]


@pytest.fixture
def add(studio: ModuleType) -> Add:
    """Put a run among the runs, with what it recorded of its images; returns its id."""
    made = 0

    def add(
        metrics: Mapping[str, float],
        images: Sequence[float | None] = (),
        *,
        seed: int = 0,
        status: str = "succeeded",
        method: str = "caching.sample",
        config: Mapping[str, Any] | None = None,
        **settings_: Any,
    ) -> str:
        nonlocal made
        made += 1
        sampled = SampleConfig(**settings_).model_dump(mode="json")
        run = Run(
            method=method,
            family=method.split(".")[0],
            title=f"run {made}",
            config=dict(sampled if config is None else config),
            params_hash="",
            seed=seed,
            code_version="1",
            status=status,
            queue="cpu",
            created_at=float(made),
            metrics=dict(metrics),
        )
        rows = [
            {"class_id": 0, "index": place, "relative_l2": value}
            for place, value in enumerate(images)
        ]
        with db.writing(settings().database_url) as session:
            session.add(run)
            session.flush()
            session.add_all(
                Record(run_id=run.id, attempt=1, kind="images", data=row) for row in rows
            )
        return run.id

    return add


def test_images_of_the_same_noise_pair(studio: ModuleType, add: Add) -> None:
    """Differences 0.01, 0.02, 0.03, 0.04: mean 0.025, s 0.012910, t(3) 3.182446, half 0.020543."""
    control = add({"relative_l2": 0.1}, [0.1, 0.1, 0.1, 0.1])
    other = add({"relative_l2": 0.125}, [0.11, 0.12, 0.13, 0.14, None], interval=3)
    found = studio.compare_differences([control, other])
    assert found.baseline == control
    assert found.runs[0].differences == {}
    difference = found.runs[1].differences["relative_l2"]
    assert (difference.n, difference.over, difference.verdict) == (4, "images", "worse")
    assert difference.mean == pytest.approx(0.025)
    assert difference.low == pytest.approx(0.0044574, abs=1e-6)
    assert difference.high == pytest.approx(0.0455426, abs=1e-6)
    assert found.runs[0].best == ["relative_l2"]
    turned = studio.compare_differences([control, other], other)
    assert turned.runs[0].differences["relative_l2"].verdict == "better"
    assert turned.runs[0].differences["relative_l2"].mean == pytest.approx(-0.025)


@pytest.mark.parametrize(("pairs", "verdict"), [(2, "unclear"), (5, "unclear"), (6, "worse")])
def test_few_pairs_that_all_differ_by_the_same_are_not_sure(
    studio: ModuleType, add: Add, pairs: int, verdict: str
) -> None:
    """Student's interval has no width there. By the sign test 5 of 5 have the chance 1/16, 6 of 6 have 1/32."""
    control = add({"relative_l2": 0.1}, [0.1 + place / 7 for place in range(pairs)])
    other = add({"relative_l2": 0.2}, [0.2 + place / 7 for place in range(pairs)], interval=3)
    found = studio.compare_differences([control, other])
    difference = found.runs[1].differences["relative_l2"]
    assert (difference.n, difference.verdict) == (pairs, verdict)
    assert difference.mean == pytest.approx(0.1)
    assert (difference.low is None) == (verdict == "unclear")
    assert found.runs[0].best == (["relative_l2"] if verdict == "worse" else [])


def test_seeds_pair_and_a_wide_interval_decides_nothing(studio: ModuleType, add: Add) -> None:
    """Differences 0.10, 0.05, 0.05: mean 0.066667, s 0.028868, t(2) 4.302653, half 0.071711."""
    plain = [
        add({"relative_l2": v, "psnr": 20.0}, seed=s) for s, v in [(1, 0.2), (2, 0.15), (3, 0.2)]
    ]
    tried = [
        add({"relative_l2": v, "psnr": 21.0 + s / 10}, seed=s, interval=4)
        for s, v in [(3, 0.25), (1, 0.3), (2, 0.2), (9, 7.0)]
    ]
    found = studio.compare_differences([*tried, *plain], plain[0])
    first, second = found.groups
    assert (first.seeds, second.seeds) == ([1, 2, 3], [3, 1, 2, 9])
    assert first.means["relative_l2"].mean == pytest.approx(0.55 / 3)
    difference = second.differences["relative_l2"]
    assert (difference.n, difference.over, difference.verdict) == (3, "seeds", "unclear")
    assert difference.mean == pytest.approx(0.2 / 3)
    assert difference.low == pytest.approx(-0.0050442, abs=1e-6)
    assert difference.high == pytest.approx(0.1383776, abs=1e-6)
    assert second.differences["psnr"].verdict == "better"
    assert second.best == ["psnr"]
    assert first.best == []


def test_runs_of_other_data_or_another_seed_are_not_compared(studio: ModuleType, add: Add) -> None:
    control = add({"relative_l2": 0.1, "flop_share": 0.5}, [0.1, 0.1])
    others = add({"relative_l2": 0.2, "flop_share": 0.4}, [0.2, 0.2], classes=("1",))
    seed = add({"relative_l2": 0.2, "flop_share": 0.4}, [0.2, 0.2], seed=1, interval=4)
    failed = add({}, status="failed")
    apart, reseeded, lost = studio.compare_differences([control, others, seed, failed]).runs[1:]
    assert (apart.apart, apart.differences) == (["Classes"], {})
    assert reseeded.other_seed
    assert set(reseeded.differences) == {"flop_share"}  # a count needs no pairs
    assert reseeded.differences["flop_share"].verdict == "better"
    assert (lost.apart, lost.differences) == ([], {})
    graph = add({"relative_l2": 0.3}, method="anomaly.detect", config={})
    assert studio.compare_differences([control, graph]).runs[1].apart == ["Method"]
    with pytest.raises(studio.ServiceError, match="baseline: one of the runs"):
        studio.compare_differences([control], others)


def test_losses_of_other_objectives_are_numbers_of_different_things(
    studio: ModuleType, add: Add
) -> None:
    made = [
        add(
            {"loss": 0.6 + seed / 100 + extra, "recall": 0.5},
            seed=seed,
            method="alignment.train",
            config=config,
        )
        for config, extra in (({"objective": "dpo"}, 0.0), ({"objective": "damo"}, 0.1))
        for seed in (0, 1)
    ]
    found = studio.compare_differences(made)
    assert found.groups[1].unlike == ["loss", "reward_margin"]
    assert set(found.groups[1].differences) == {"recall"}
    assert found.groups[1].differences["recall"].verdict == "unclear"


def test_rows_in_a_table_of_their_own_pair_too(studio: ModuleType, add: Add) -> None:
    ids = [add({"loss": 0.5 + step}, method="unlearning.train", config={}) for step in (0.0, 0.1)]
    with db.writing(settings().database_url) as session:
        for run_id, step in zip(ids, (0.0, 0.1), strict=True):
            session.add_all(
                InstructionRow(
                    run_id=run_id,
                    attempt=1,
                    position=at,
                    row_id=f"r{at}",
                    kind=None,
                    tokens=1,
                    loss=at + step * (at + 1),
                    self_influence=None,
                    gradient_norm=None,
                    prompt="p",
                    answer="a",
                    data={},
                )
                for at in range(2)
            )
    difference = studio.compare_differences(ids).runs[1].differences["loss"]
    assert (difference.n, difference.over) == (2, "rows")
    assert difference.mean == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("metric", "way"),
    [
        ("inception_fid", -1),
        ("inception_is", 1),
        ("judge_inception_score", 1),
        ("judge_frechet_distance", -1),
        ("chair_i", -1),
        ("forget_loss", 0),
        ("mia_loss", 0),
        ("token_accuracy", 0),
        ("nodes", 0),
    ],
)
def test_which_way_a_metric_is_better(metric: str, way: int) -> None:
    assert better(metric) == way
