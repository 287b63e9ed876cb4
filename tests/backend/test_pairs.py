"""Pairs and reviews through the services: after lost workers, deletions and clean-ups, and what is refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from pydantic import Field

from backend import cleaning, lifecycle
from backend.context import RunContext
from backend.references import open_reference
from backend.services import MethodError, NotFound, PairQuery, ServiceError, filtering, pairs
from backend.settings import settings
from methods import METHODS
from methods.base import Config, Context, Estimate, Method, Result
from storage import db
from storage.models import Run
from tests.toys.pairs import TrainingConfig, pair, pair_id, pair_steps, pictures

Works = Callable[[], None]


@pytest.fixture
def done(studio: ModuleType, woken: list[str], works: Works) -> Callable[..., str]:
    """Run a toy to its end; gives its id."""

    def done(method: str, **values: Any) -> str:
        run: str = studio.submit(method, values).id
        works()
        return run

    return done


def claim(run_id: str) -> RunContext:
    """Take the run as a worker does."""
    with db.writing(settings().database_url) as session:
        held = lifecycle.claim(session, f"worker of {run_id}", ["cpu"], 60.0, {})
        assert held is not None
        assert held.run_id == run_id
        return RunContext(held, session.get_one(Run, run_id), "cpu")


def lose(run_id: str) -> None:
    """End the lease of a run, as time does when its worker was killed."""
    with db.writing(settings().database_url) as session:
        session.get_one(Run, run_id).lease_until = 1.0
    with db.writing(settings().database_url) as session:
        assert lifecycle.recover_lost(session) == [run_id]


def test_a_training_whose_worker_was_lost_counts_every_step_once(
    studio: ModuleType, woken: list[str]
) -> None:
    config = TrainingConfig(pairs=20, batch=8)
    hard = studio.submit("toy.pairs", {"pairs": 0}).id
    claim(hard).record("pair", [pair(number) for number in range(20)])
    run = studio.submit("toy.training", {"pairs": 20}).id
    studio.cancel(hard)
    first = claim(run)
    for step in range(6):
        first.record("pair_step", pair_steps(config, step))
        if step == 3:
            first.checkpoint({"step": 4})
    first.flush()
    assert len(studio.pair_steps(run, pair_id(0))) == 3  # in steps 0, 2 and 5
    lose(run)
    second = claim(run)
    assert len(studio.pair_steps(run, pair_id(0))) == 2  # that of step 5 is forgotten
    for step in range(4, 10):
        second.record("pair_step", pair_steps(config, step))
    second.flush()
    wanted: dict[str, int] = {}
    for step in range(10):
        for row in pair_steps(config, step):
            wanted[row["pair_id"]] = wanted.get(row["pair_id"], 0) + 1
    page = studio.records(run, "pair_step", limit=1)
    assert page.total == 80 == sum(wanted.values())
    with db.reading(settings().database_url) as session:
        states = pairs.store.state_of(session, run, list(wanted))
    assert {key: state["seen"] for key, state in states.items()} == wanted


def test_a_row_that_does_not_fit_is_said_to_the_method_at_once(
    studio: ModuleType, woken: list[str]
) -> None:
    run = studio.submit("toy.steps", {}).id
    context = claim(run)
    with pytest.raises(TypeError, match="pair row: delta must be a number, got 'x'"):
        context.record("pair", [{"position": 0, "pair_id": "a", "delta": "x"}])
    context.record("pair", [{"position": 0, "pair_id": "a", "delta": float("nan")}])
    context.flush()
    assert studio.list_pairs(PairQuery(run)).rows[0]["delta"] is None


def test_reviews_are_there_again_when_the_pairs_are(
    studio: ModuleType, done: Callable[..., str]
) -> None:
    first = done("toy.pairs", pairs=5)
    studio.put_review("pair", pair_id(2), {"verdict": "flip", "tags": ["Blurry "]})
    studio.delete_run(first)
    again = done("toy.pairs", pairs=5)
    page = studio.list_pairs(PairQuery(again, review="any", tag="blurry"))
    assert [row["position"] for row in page.rows] == [2]
    assert page.reviews == {"flip": 1, "reviewed": 1, "pairs": 5}


def test_rows_and_pictures_stay_through_a_clean_up_and_go_with_their_run(
    studio: ModuleType, done: Callable[..., str]
) -> None:
    run = done("toy.pairs", pairs=5)
    archive, member = pair(0)["image"].split("/")
    cleaning.collect(older_than_s=-1)
    assert studio.picture(run, archive, member).content[8:12] == b"WEBP"
    assert studio.list_pairs(PairQuery(run)).total == 5
    studio.delete_run(run)
    cleaning.collect(older_than_s=-1)
    with pytest.raises(NotFound):
        studio.picture(run, archive, member)
    with pytest.raises(NotFound):
        studio.list_pairs(PairQuery(run))


def saved(studio: ModuleType, name: str, content: bytes) -> str:
    run: str = studio.submit("toy.steps", {}).id
    claim(run).save_file(name, content)
    return run


def packed(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("archive", "member"),
    [
        ("pictures-00001.zip", "red-ball.webp"),
        ("pictures-00000.zip", "../red-ball.webp"),
        ("pictures-00000.zip", "red-ball.webp\n"),
        ("pictures-00000.zip", "red-ball.png"),
        ("pictures-00000.zip", "no-such.webp"),
        ("pictures-00000.zip", ""),
        ("adapter.zip", "red-ball.webp"),
        ("../pictures-00000.zip", "red-ball.webp"),
    ],
)
def test_only_pictures_of_picture_archives_are_shown(
    studio: ModuleType, woken: list[str], archive: str, member: str
) -> None:
    run = saved(studio, "pictures-00000.zip", pictures())
    studio.picture(run, "pictures-00000.zip", "red-ball.webp")
    with pytest.raises(NotFound, match="has no picture"):
        studio.picture(run, archive, member)


@pytest.mark.parametrize(
    "content",
    [
        b"not a zip",
        packed(**{"a.webp": b"<script>alert(1)</script>"}),
        packed(**{"a.webp": b"RIFF....WEBP" + bytes(17 << 20)}),  # a few kB that become 17 MB
    ],
    ids=["no zip", "no picture", "bomb"],
)
def test_what_is_no_picture_is_not_shown(
    studio: ModuleType, woken: list[str], content: bytes
) -> None:
    run = saved(studio, "pictures-00000.zip", content)
    with pytest.raises(NotFound):
        studio.picture(run, "pictures-00000.zip", "a.webp")


def test_histograms_count_every_pair_once(studio: ModuleType, done: Callable[..., str]) -> None:
    run = done("toy.pairs", pairs=50)
    deltas = sorted(pair(number)["delta"] for number in range(50))
    found = studio.pair_histogram(PairQuery(run), "delta", 7)
    assert (found.edges[0], found.edges[-1], len(found.edges)) == (deltas[0], deltas[-1], 8)
    for count, low, high in zip(found.counts[:-1], found.edges, found.edges[1:], strict=False):
        assert count == sum(low <= delta < high for delta in deltas)
    assert sum(found.counts) == found.count == 50
    assert found.quantiles["0.5"] == pytest.approx((deltas[24] + deltas[25]) / 2)
    assert found.mean == pytest.approx(sum(deltas) / 50)
    one = studio.pair_histogram(PairQuery(run, filters=["position:eq:3"]), "delta", 4)
    assert (one.count, sum(one.counts)) == (1, 1)
    none = studio.pair_histogram(PairQuery(run, filters=["position:eq:99"]))
    assert (none.edges, none.counts, none.mean) == ([], [], None)


def test_a_histogram_of_the_training_says_how_many_it_has_not_seen(
    studio: ModuleType, done: Callable[..., str]
) -> None:
    run = done("toy.pairs", pairs=30)
    trained = done("toy.training", pairs=20, steps=5, batch=4)
    found = studio.pair_histogram(PairQuery(run, trained), "gap", 5)
    assert (found.count, found.missing, sum(found.counts)) == (20, 10, 20)


class ConvertConfig(Config):
    pairs: str = Field("scenes", description="Where pairs come from.")
    format: str = Field("auto", description="Format.")
    output_format: str = Field("trl", pattern="trl|ms_swift", description="Format to write.")
    which: str = Field("all_but_dropped", description="Which.")
    decisions: str = Field("", description="Reviews.")


class SourceConfig(Config):
    pairs: str = Field("scenes", description="Where pairs come from.")
    format: str = Field("auto", description="Format.")
    scorer: str = Field("clip", description="A setting that the export does not have.")


def convert(config: ConvertConfig, context: Context) -> Result:
    """Does what the export needs to be seen to have been given."""
    decided = json.loads(context.open(config.decisions).read_text())
    return Result({"decided": float(len(decided))}, "converted")


def record_one(_config: SourceConfig, context: Context) -> Result:
    context.record("pair", [pair(number) for number in range(4)])
    return Result({}, "recorded")


def quick(_config: Config) -> Estimate:
    return Estimate(1.0, 1.0)


@pytest.fixture
def hard(monkeypatch: pytest.MonkeyPatch, studio: ModuleType, done: Callable[..., str]) -> str:
    """A run that recorded four pairs of "noisy", and a method that converts."""
    for name, config, run in (
        ("alignment.pairs", ConvertConfig, convert),
        ("toy.hardness", SourceConfig, record_one),
    ):
        method = Method(name, name, name.split(".")[0], config, run, quick, "cpu")
        monkeypatch.setitem(METHODS, name, method)
    return done("toy.hardness", pairs="noisy", scorer="other")


def test_an_export_reads_the_same_pairs_with_the_reviews_of_its_moment(
    studio: ModuleType, hard: str, works: Works
) -> None:
    studio.put_review("pair", pair_id(1), {"verdict": "flip", "note": "no"})
    studio.put_review("pair", pair_id(3), {"verdict": "drop"})
    studio.put_review("pair", pair_id(9), {"verdict": "keep"})  # another set's
    run = studio.export_pairs(hard, "ms_swift", "reviewed")
    studio.put_review("pair", pair_id(0), {"verdict": "drop"})
    assert (run.method, run.parent_id, run.status) == ("alignment.pairs", hard, "queued")
    kept = run.config
    assert (kept["pairs"], kept["output_format"], kept["which"]) == (
        "noisy",
        "ms_swift",
        "reviewed",
    )
    cleaning.collect(older_than_s=-1)
    assert json.loads(open_reference(kept["decisions"]).read_text()) == {
        pair_id(1): {"verdict": "flip", "tags": [], "note": "no"},
        pair_id(3): {"verdict": "drop", "tags": [], "note": ""},
    }
    works()
    assert studio.get_run(run.id).metrics == {"decided": 2.0}


def test_what_cannot_be_exported_is_said(
    studio: ModuleType, hard: str, done: Callable[..., str]
) -> None:
    studio.put_review("pair", pair_id(0), {"verdict": "drop"})
    with pytest.raises(ServiceError, match="no pair of this run has been kept or flipped"):
        studio.export_pairs(hard, "trl", "reviewed")
    with pytest.raises(ServiceError, match="which: all_but_dropped, reviewed are allowed"):
        studio.export_pairs(hard, "trl", "some")
    with pytest.raises(MethodError, match="output_format"):
        studio.export_pairs(hard, "csv")
    assert studio.datasets("decisions") == []  # what is refused leaves nothing behind
    with pytest.raises(ServiceError, match="has recorded no pairs"):
        studio.export_pairs(done("toy.steps", steps=1, seconds_per_step=0), "trl")
    with pytest.raises(NotFound):
        studio.export_pairs("nothing", "trl")
    assert [run.method for run in studio.list_runs(method="alignment.pairs").runs] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"verdict": "maybe"}, "verdict: keep, flip, drop or null are allowed, got 'maybe'"),
        ({"tags": ["a,b"]}, "tags: 1 to 40 characters without quotes, commas"),
        ({"tags": ['"']}, "tags"),
        ({"tags": [" "]}, "tags"),
        ({"tags": ["x" * 41]}, "tags"),
        ({"tags": [str(number) for number in range(21)]}, "tags: up to 20 are allowed, got 21"),
        ({"note": "x" * 2001}, "note: up to 2000 characters are allowed, got 2001"),
    ],
)
def test_a_review_that_is_not_allowed_changes_nothing(
    studio: ModuleType, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ServiceError, match=words):
        studio.put_review("pair", pair_id(0), changes)
    assert studio.list_reviews("pair").total == 0


@pytest.mark.parametrize(
    "text", ["", "delta", "delta:lt", ":lt:1", "delta:like:1", 'a"b:eq:1', "lt:1"]
)
def test_a_filter_is_written_as_field_op_value(text: str) -> None:
    with pytest.raises(ServiceError, match="filter: field:op:value is allowed with op one of lt,"):
        filtering.parse([text])


def test_filters_are_bounded() -> None:
    [colons] = filtering.parse(["prompt:has:a:b"])
    assert colons.value == "a:b"
    with pytest.raises(ServiceError, match="up to 20"):
        filtering.parse(["delta:lt:1"] * 21)
    with pytest.raises(ServiceError, match="up to 500"):
        filtering.parse([f"prompt:has:{'x' * 501}"])
    with pytest.raises(ServiceError, match="up to 100"):
        filtering.parse([f"position:in:{'1,' * 100}1"])
