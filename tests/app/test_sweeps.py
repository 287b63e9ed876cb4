"""Sweeps over REST and on the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.cli import main
from app.values import axis_of, setting_of, value_of, values_of
from backend.services import welcome
from methods import METHODS
from methods.base import Demo, Preset
from methods.caching import SampleConfig
from tests.toys import TOYS

BODY: dict[str, Any] = {
    "method": "toy.steps",
    "config": {"seconds_per_step": 0.0},
    "axes": {"steps": [2, 3, 13]},
    "seeds": [0, 1],
}


def test_a_sweep_is_planned_launched_followed_renamed_and_deleted(
    client: TestClient, works: Callable[[], None]
) -> None:
    plan = client.post("/api/v1/sweeps/plan", json=BODY).json()
    assert (plan["runs"], plan["combinations"]) == (4, 3)
    assert plan["left_out"] == [
        {"reason": "steps: 13 brings bad luck; any other number is allowed", "count": 1}
    ]
    assert client.get("/api/v1/runs").json()["total"] == 0
    launched = client.post("/api/v1/sweeps", json={**BODY, "title": "mine"})
    assert launched.status_code == 201
    sweep = launched.json()
    assert sweep["url"] == f"/sweep?id={sweep['id']}"
    assert client.get("/api/v1/queue/counts").json() == {"running": 0, "waiting": 4, "paused": []}
    works()
    path = f"/api/v1/sweeps/{sweep['id']}"
    seen = client.get(path).json()
    assert (seen["title"], seen["finished"], seen["fraction"]) == ("mine", True, 1.0)
    assert seen["cells"][1]["metrics"]["sum"] == {"mean": 3.0, "low": 3.0, "high": 3.0, "n": 2}
    run = client.get(f"/api/v1/runs/{seen['cells'][0]['runs'][0]['id']}").json()
    assert (run["sweep_id"], run["sweep_cell"]) == (sweep["id"], {"steps": 2})
    assert client.get("/api/v1/runs", params={"sweep": "none"}).json()["total"] == 0
    assert client.get("/api/v1/runs", params={"sweep": sweep["id"]}).json()["total"] == 4
    assert client.patch(path, json={"title": "ours"}).json()["title"] == "ours"
    assert [item["title"] for item in client.get("/api/v1/sweeps").json()["items"]] == ["ours"]
    assert client.post(f"{path}/cancel").status_code == 409
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get("/api/v1/runs").json()["total"] == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"axes": {}}, "axes: name at least one"),
        ({"axes": {"steps": [13]}}, "no combination holds: steps: 13 brings bad luck"),
        ({"seeds": []}, "seeds"),
        ({"wrong": 1}, "wrong"),
        ({"config": {"fail_at": "x"}}, "fail_at: input should be a valid integer"),
        ({"axes": {f"no_{n}": [1] for n in range(2000)}}, "and 1,992 more"),
    ],
)
def test_what_cannot_be_swept_is_refused_in_words(
    client: TestClient, change: dict[str, Any], words: str
) -> None:
    for path in ("sweeps/plan", "sweeps"):
        answer = client.post(f"/api/v1/{path}", json={**BODY, **change})
        assert answer.status_code == 422
        assert words in answer.json()["error"]["message"]


def test_no_number_that_json_does_not_know_is_kept(client: TestClient) -> None:
    for body in (
        '"config": {"seconds_per_step": NaN}, "axes": {"steps": [2]}',
        '"axes": {"steps": [2, Infinity]}',
    ):
        answer = client.post(
            "/api/v1/sweeps",
            content=f'{{"method": "toy.steps", {body}}}',
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 422
        assert "finite numbers are allowed" in answer.json()["error"]["message"]


def test_text_with_a_nul_character_is_refused(client: TestClient) -> None:
    # PostgreSQL would fail in the midst of the request.
    for change in ({"title": "a\0b"}, {"axes": {"steps": [2, ["\0"]]}}, {"config": {"\0": 1}}):
        answer = client.post("/api/v1/sweeps", json={**BODY, **change})
        assert answer.status_code == 422
        assert "no text may have a NUL character" in answer.json()["error"]["message"]
    for path in ("runs?q=%00", "runs?sweep=a%00", "sweeps/%00", "landscape?run=%00"):
        answer = client.get(f"/api/v1/{path}")
        assert answer.status_code == 400
        assert "no NUL character" in answer.json()["error"]["message"]


def test_the_page_of_sweeps_is_there(client: TestClient) -> None:
    assert client.get("/sweep").status_code == 200


def test_values_as_they_are_typed() -> None:
    assert values_of("0, .3,none,null,1e-2") == [0, 0.3, "none", None, 0.01]
    assert values_of('["a,b", 2]') == ["a,b", 2]
    assert value_of('["0", "1"]') == ["0", "1"]
    assert value_of("true") is True
    assert value_of("goc") == "goc"


def test_values_become_what_their_setting_wants() -> None:
    fields = SampleConfig.model_json_schema()["properties"]
    assert setting_of(fields["classes"], "0, 1") == ["0", "1"]
    assert setting_of(fields["classes"], "[0, 1]") == ["0", "1"]
    assert setting_of(fields["positions"], "3") == "3"
    assert setting_of(fields["weight"], ".3") == 0.3
    assert setting_of(fields["prior"], "null") is None
    assert axis_of(fields["positions"], "all,3") == ["all", "3"]
    assert axis_of(fields["positions"], '["3,5", "all"]') == ["3,5", "all"]
    assert axis_of(fields["weight"], "null,.3") == [None, 0.3]
    assert axis_of(fields["classes"], "0,1+2") == [["0"], ["1", "2"]]
    assert axis_of(fields["classes"], "[[0], [1, 2]]") == [[0], [1, 2]]
    assert setting_of({}, "2") == 2


def test_a_plan_queues_nothing_not_even_the_tour_of_a_new_studio(
    studio: ModuleType, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = Demo("Toys", "They count.", (Preset("one", {"steps": 2, "seconds_per_step": 0.0}),))
    for name, method in METHODS.items():
        monkeypatch.setitem(METHODS, name, replace(method, demo=None))
    monkeypatch.setitem(METHODS, "toy.steps", replace(TOYS["toy.steps"], demo=demo))
    main(["sweep", "toy.steps", "--axis", "steps=2", "--plan"])
    assert studio.list_runs().total == 0
    welcome.start_tour()  # the tour is still to come
    assert studio.list_runs().total == 1


def test_the_command_says_the_plan_and_queues_it(
    studio: ModuleType, woken: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "sweep",
        "toy.steps",
        "--set",
        "seconds_per_step=0",
        "--axis",
        "steps=2,3,13",
        "--seeds",
        "0,1",
    ]
    main([*words, "--plan"])
    said = capsys.readouterr().out
    assert "2 cells x 2 seeds = 4 runs" in said
    assert "left out, 1 of 3: steps: 13 brings bad luck" in said
    assert studio.list_sweeps() == []
    assert studio.list_runs().total == 0  # nor the welcome tour: this is a look at a plan
    main([*words, "--title", "typed"])
    [sweep] = studio.list_sweeps()
    assert (sweep.title, sweep.runs) == ("typed", 4)
    assert f"/sweep?id={sweep.id}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["toy.none", "--axis", "steps=2"], "there is no method 'toy.none'"),
        (["toy.steps", "--axis", "steps"], "NAME=VALUE is allowed, got 'steps'"),
        (
            ["toy.steps", "--axis", "steps=2", "--seeds", "x"],
            "seeds: whole numbers are allowed, got 'x'",
        ),
        (
            ["toy.steps", "--axis", "steps=2", "--axis", "steps=3"],
            "--axis steps: give it once",
        ),
        (["toy.steps"], "axes: name at least one"),
    ],
)
def test_the_command_refuses_in_one_line(
    studio: ModuleType, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sweep", *words])
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert len(shown.strip().splitlines()) == 1
