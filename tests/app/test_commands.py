"""Commands about runs: `vitrine run`, `watch`, `list`, `show`, `compare`, `share` and so on, as a person types them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from app import watching
from app.cli import main
from app.comparing import lines_of
from backend.settings import settings
from methods import METHODS
from methods.base import Preset
from storage import db
from storage.models import Run
from tests.toys import TOYS

QUICK = ["--set", "steps=3", "--set", "seconds_per_step=0"]


@pytest.fixture(autouse=True)
def place(studio: ModuleType, woken: list[str]) -> ModuleType:
    return studio


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[str, str, int]]:
    """What a command prints, what it complains of, and its exit code."""

    def typed(*words: str) -> tuple[str, str, int]:
        code = 0
        try:
            main(list(words))
        except SystemExit as ended:
            code = int(ended.code or 0)
        printed = capsys.readouterr()
        return printed.out, printed.err, code

    return typed


@pytest.fixture
def working(works: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker takes up what waits as soon as a command waits for it."""
    monkeypatch.setattr(watching.time, "sleep", lambda _seconds: works())


def add(place: ModuleType, **values: Any) -> Any:
    config = {"steps": 3, "seconds_per_step": 0.0, **values.pop("config", {})}
    return place.submit("toy.steps", config, **values)


def test_alone_it_prints_the_short_list(typed: Callable[..., Any]) -> None:
    out, _, code = typed()
    assert code == 0
    for name in ("up", "run", "list", "compare", "share", "sweep", "export", "doctor"):
        assert f"\n  {name} " in out


def test_a_run_is_watched_to_its_end(typed: Callable[..., Any], working: None) -> None:
    out, err, code = typed("run", "toy.steps", *QUICK, "--seed", "7", "--title", "mine", "--watch")
    assert (code, "no worker serves queue cpu" in out, err) == (0, True, "")
    assert "mine: about 1.0 s, up to 10 MB" in out
    assert "● succeeded after " in out
    assert "the sum is 3\n  sum  3\n" in out
    assert out.rstrip().splitlines()[-1].startswith("  http://localhost:7860/r/")
    shown, _, _ = typed("show", "last", "--json")
    run = json.loads(shown)
    assert (run["title"], run["seed"], run["config"]["steps"]) == ("mine", 7, 3)
    assert [item["name"] for item in run["artefacts"]] == ["sum.txt"]
    assert "sum.txt" in typed("show")[0]


def test_the_exit_code_tells_how_it_ended(typed: Callable[..., Any], working: None) -> None:
    words = ("run", "toy.steps", *QUICK, "--set", "fail_at=1")
    out, _, code = typed(*words, "--wait")
    assert code == 1
    assert "ZeroDivisionError: the toy was told to fail" in out
    out, _, code = typed(*words, "--wait", "--json")
    assert (code, json.loads(out)["status"]) == (1, "failed")
    assert typed(*words)[2] == 0, "nobody waited"


def test_ctrl_c_leaves_the_run_alone(
    typed: Callable[..., Any], place: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(watching.time, "sleep", stopped)
    _, err, code = typed("run", "toy.steps", *QUICK, "--watch")
    run = place.find_run("last")
    assert (code, run.status) == (130, "queued")
    assert f"vitrine watch {run.id}" in err
    assert f"vitrine cancel {run.id}" in err


def test_nothing_is_queued_of_what_does_not_hold(
    typed: Callable[..., Any], place: ModuleType
) -> None:
    for words, complaint in (
        (["toy.stops"], "there is no method 'toy.stops'; there are caching.sample"),
        (["toy.steps", "--preset", "x"], "there is no 'x' of toy.steps; there are none"),
        (["toy.steps", "--set", "steps"], "NAME=VALUE is allowed, got 'steps'"),
        (["toy.steps", "--set", "steps=0"], "steps: "),
        (["toy.steps", "--set", "stps=1"], "there is no such setting; there are steps"),
        (["toy.steps", "--seed", "-1"], "seed"),
    ):
        _, err, code = typed("run", *words)
        assert (code, complaint in err) == (2, True), err
    assert typed("run", "toy.steps", *QUICK, "--plan")[2] == 0
    assert place.list_runs().total == 0


def test_several_presets_run_side_by_side(
    typed: Callable[..., Any], working: None, monkeypatch: pytest.MonkeyPatch, place: ModuleType
) -> None:
    from dataclasses import replace

    presets = {"two": Preset("Two", {"steps": 2}), "four": Preset("Four", {"steps": 4})}
    monkeypatch.setitem(METHODS, "toy.steps", replace(TOYS["toy.steps"], presets=presets))
    words = ("run", "toy.steps", "--preset", "two", "--preset", "four")
    out, _, code = typed(*words, "--set", "seconds_per_step=0", "--title", "Both", "--watch")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["Two", "Four"] in lines
    assert ["Steps", "2", "4"] in lines
    assert ["sum", "1", "6"] in lines
    [kept] = place.list_comparisons().items
    assert kept.title == "Both"
    assert [place.get_run(each).config["steps"] for each in kept.run_ids] == [2, 4]


def test_what_was_run_before_is_said_and_may_be_taken(
    typed: Callable[..., Any], working: None, place: ModuleType
) -> None:
    typed("run", "toy.steps", *QUICK, "--wait")
    before = place.find_run("last")
    out, _, _ = typed("run", "toy.steps", *QUICK, "--reuse", "--wait", "--json")
    assert json.loads(out)["id"] == before.id
    out, _, _ = typed("run", "toy.steps", *QUICK)
    assert (
        f"run before, with the same figures to expect: http://localhost:7860/r/{before.id}" in out
    )
    assert place.list_runs().total == 2


def test_a_run_is_named_by_any_beginning_that_is_its_own(
    typed: Callable[..., Any], place: ModuleType
) -> None:
    ids = ["abcd23456789", "abce23456789", "bbcd23456789"]
    with db.writing(settings().database_url) as session:
        for at, run_id in enumerate(ids):
            session.add(
                Run(
                    id=run_id,
                    method="toy.steps",
                    family="toy",
                    config={},
                    params_hash="0",
                    seed=0,
                    code_version="0",
                    queue="cpu",
                    created_at=float(at),
                    archived=at == 0,
                )
            )
    for name, meant in (("abcd", 0), ("abce23456789", 1), ("b", 2), ("last", 2)):
        assert place.find_run(name).id == ids[meant]
    _, err, code = typed("cancel", "abc")
    assert (code, err) == (
        2,
        "vitrine: 'abc' begins the ids of several runs: abce23456789, abcd23456789\n",
    )
    assert typed("cancel", "abcd")[0] == "abcd23456789: cancelled\n"
    for nobody in ("zz", "%", "_bcd", "", "a b"):
        _, err, code = typed("show", nobody)
        assert (code, err.startswith("vitrine: there is no")) == (2, True), err


def test_the_list_filters_as_the_page_does(typed: Callable[..., Any], place: ModuleType) -> None:
    first = add(place, title="Alpha \x1b[31mred")
    add(place, title="Beta")
    place.cancel(first.id)
    out, _, _ = typed("list")
    newer, older = out.splitlines()
    assert newer.endswith("  Beta")
    assert older.endswith("  Alpha  [31mred"), "nothing in a title steers the terminal"
    assert "Beta" not in typed("list", "--status", "cancelled")[0]
    assert "Alpha" not in typed("list", "beta")[0]
    assert typed("list", "--archived")[0] == "no run matches\n"
    out, _, _ = typed("list", "-n", "1", "--up", "--json")
    assert [run["id"] for run in json.loads(out)] == [first.id]
    assert "1 of 2; -n 0 shows all" in typed("list", "-n", "1")[0]


def test_runs_are_changed_moved_paused_and_deleted(
    typed: Callable[..., Any], place: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = add(place, title="First"), add(place, title="Second")
    typed("queue", "move", second.id, "first")
    assert [run.id for run in place.queue().waiting] == [second.id, first.id]
    assert "paused: cpu" in [typed("queue", "pause", "cpu"), typed("queue")][1][0]
    typed("queue", "resume", "cpu")
    assert place.queue().paused == []
    assert typed("set", first.id, "--title", "New", "--pinned")[0] == (
        f"{first.id}: title New, pinned true\n"
    )
    assert typed("set", first.id)[2] == 2
    assert typed("cancel", "--all", "--but", first.id)[0] == "cancelled: 1 runs\n"
    assert typed("cancel")[2] == 2
    _, err, code = typed("delete", second.id)
    assert (code, "say --yes" in err) == (2, True), "nobody can be asked"
    assert typed("delete", second.id, "--yes")[0] == f"deleted: {second.id}\n"
    _, err, code = typed("delete", first.id, "--yes")
    assert (code, "cancel it before deleting it" in err) == (2, True)
    assert place.list_runs().total == 1


def test_a_comparison_begins_with_what_differs(
    typed: Callable[..., Any], working: None, place: ModuleType
) -> None:
    for seed, title in ((1, "One"), (2, "=1+1")):
        typed("run", "toy.steps", *QUICK, "--seed", str(seed), "--title", title, "--wait")
    second, first = (run.id for run in place.list_runs().runs)
    out, _, _ = typed("compare", first[:8], "last", "--save", "Kept")
    lines = [line.split() for line in out.splitlines()]
    assert lines[:4] == [
        ["One", "=1+1"],
        ["id", first, second],
        ["status", "succeeded", "succeeded"],
        ["Seed", "1", "2"],
    ]
    assert ["sum", "3", "3"] in lines
    assert not any("Steps" in line for line in lines), "it is the same"
    [kept] = place.list_comparisons().items
    assert (kept.title, out.rstrip().endswith(f"/c/{kept.id}")) == ("Kept", True)
    assert json.loads(typed("compare", kept.id, "--json")[0])["metrics"][0]["values"] == [3.0, 3.0]
    rows = list(csv.reader(io.StringIO(typed("compare", kept.id, "--csv")[0])))
    assert rows[1] == ["run", "title", "One", "'=1+1"]
    assert ["metric", "sum", "3.0", "3.0"] in rows


def test_a_difference_stands_below_its_metric_with_its_interval() -> None:
    runs = [
        {"id": name, "title": name, "method": "m", "seed": seed, "status": "succeeded"}
        for seed, name in enumerate(("One", "Two", "Three"))
    ]
    ends = {"low": [0.1, None, None], "high": [0.3, None, None]}
    metrics = [
        {"name": "error", "values": [0.2, 0.5, 0.2], **ends},
        {"name": "error_low", "values": [0.1, None, None], "low": [None] * 3, "high": [None] * 3},
    ]
    worse = {"mean": 0.3, "low": 0.12, "high": 0.48, "n": 40, "over": "scenes", "verdict": "worse"}
    told = [
        {"run": name, "apart": [], "other_seed": name == "Three", "differences": found}
        for name, found in (("One", {}), ("Two", {"error": worse}), ("Three", {}))
    ]
    seeds = {"mean": 0.4, "low": 0.2, "high": 0.6, "n": 2}
    group = {"title": "Two", "seeds": [1, 2], "means": {"error": seeds}, "differences": {}}
    view = {"runs": runs, "differing": [], "common": [], "metrics": metrics, "remark": ""}
    said = {"baseline": "One", "runs": told, "groups": [group]}
    lines = [" ".join(line.split()) for line in lines_of(view, said)]
    assert lines[3:] == [
        "",
        "error 0.2 [0.1, 0.3] 0.5 0.2",
        "less the baseline +0.3 [0.12, 0.48] worse",
        "",
        "baseline: One; 95 % intervals of paired differences over 40 scenes",
        "of another seed, so that nothing pairs: Three (2)",
        "",
        "means over seeds, with 95 % intervals",
        "Two (2)",
        "error 0.4 [0.2, 0.6]",
    ]


def test_links_are_made_listed_and_revoked(typed: Callable[..., Any], place: ModuleType) -> None:
    run = add(place, title="Shown")
    kept = place.create_comparison([run.id], "Side by side")
    out, _, _ = typed("share", "last", kept.id, "--days", "3")
    assert out.count("http://localhost:7860/s/") == 2
    links = json.loads(typed("shares", "--json")[0])
    assert {link["kind"]: link["target_id"] for link in links} == {
        "run": run.id,
        "comparison": kept.id,
    }
    typed("share", "last", "--without", "texts", "--title", "For Ada")
    newest = json.loads(typed("shares", "--json")[0])[0]
    assert newest["title"] == "For Ada"
    assert "names" in newest["shows"]
    assert not {"texts", "log", "reviews"} & set(newest["shows"]), "of what is usually shown"
    typed("share", "last", "--shows", "figures")
    figures = json.loads(typed("shares", "--json")[0])[0]["shows"]
    assert figures == ["settings", "metrics", "curves", "pictures", "environment"]
    for option in (["--without", "nothing"], ["--shows", "export"], ["--kind", "worker"]):
        assert typed("share", run.id, *option)[2] == 2
    assert "revoked" not in typed("shares")[0]
    _, err, code = typed("share", "last", "--shows", "nonsense")
    assert (code, "a link has no part 'nonsense'; there are settings" in err) == (2, True)
    typed("share", "last", "--shows", "metrics,settings", "--title", "Plain")
    newest = json.loads(typed("shares", "--json")[0])[0]
    assert (newest["title"], sorted(newest["shows"])) == ("Plain", ["metrics", "settings"])
    assert typed("shares", "extend", newest["id"], "--days", "30")[0].startswith(newest["id"])
    assert typed("shares", "revoke", links[0]["id"])[0] == f"revoked: {links[0]['id']}\n"
    assert "revoked" in typed("shares")[0]
    _, err, code = typed("share", "nosuchrun")
    assert (code, "there is no run 'nosuchrun'" in err) == (2, True)


def test_a_method_says_what_its_settings_take(typed: Callable[..., Any]) -> None:
    out, _, _ = typed("methods", "caching.sample")
    assert "goc50" in out
    assert "steps = 20   a whole number ≥ 2, ≤ 1,000" in out
    assert "paper_exact = true   true | false" in out
    assert "anomaly.detect" in typed("methods")[0]
