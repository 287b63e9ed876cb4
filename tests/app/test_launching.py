"""What a launch panel asks of the services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any, Literal
from urllib.parse import urlencode

import gradio as gr
import pytest
from pydantic import Field
from starlette.requests import Request

from app.launching import CUSTOM, Panel, described, finished_before, need, offers, start
from app.pages.launch import LaunchPanel
from backend.services import MAX_SEED
from methods.base import Config, Context, Estimate, Method, MethodError, Open, Preset, Result


class CacheConfig(Config):
    steps: int = Field(20, ge=2, description="Steps.", json_schema_extra={"group": "main"})
    policy: Literal["none", "reuse", "corrected"] = Field(
        "none", description="Policy.", json_schema_extra={"group": "policy"}
    )
    prior: str | None = Field(
        None,
        description="Prior.",
        json_schema_extra={"group": "policy", "widget": "artefact", "suffix": ".txt"},
    )
    reference_steps: int | None = Field(None, description="Steps of the reference.")


def check(config: CacheConfig, _open: Open) -> None:
    if config.policy == "corrected" and config.prior is None:
        raise MethodError("prior: the corrected policy needs one")
    if config.policy != "corrected" and config.prior is not None:
        raise MethodError("prior: nothing is corrected")
    if config.prior == "other.txt":
        raise MethodError("prior: it was made with another sampler")


def run(config: CacheConfig, context: Context) -> Result:
    context.save_file("prior.txt", b"prior")
    return Result({"steps": float(config.steps)}, "done")


METHOD = Method(
    "toy.cache", "Toy cache", "toy", CacheConfig, run, lambda c: Estimate(float(c.steps), 10.0 + c.steps), "cpu",
    presets={
        "control": Preset("Control", {"steps": 20}),
        "reuse": Preset("Reuse", {"steps": 20, "policy": "reuse"}),
        "corrected": Preset("Corrected", {"policy": "corrected"}),
        "fewer": Preset("10 steps: the cost of half", {"steps": 10, "reference_steps": 20}),
    },
    check=check,
)  # fmt: skip


@pytest.fixture
def panel(studio: ModuleType, woken: list[str], monkeypatch: pytest.MonkeyPatch) -> Panel:
    from methods import METHODS

    monkeypatch.setitem(METHODS, METHOD.name, METHOD)
    return Panel(METHOD)


def raw(panel: Panel, **held: Any) -> list[Any]:
    """What the widgets hold, by name; the rest is empty."""
    values = {"steps": 20, "policy": "none", **held}
    return [values.get(field.name, "") for field in panel.order]


def launched(panel: Panel, presets: list[str], custom: bool = False, **held: Any) -> list[Any]:
    return panel.launches(panel.plan(7, presets, custom, "", raw(panel, **held)))


def test_policies_run_in_the_order_of_the_presets_with_one_seed(panel: Panel) -> None:
    found = launched(panel, ["reuse", "control"])
    assert [launch.title for launch in found] == ["Control", "Reuse"]
    assert {launch.seed for launch in found} == {7}


def test_the_persons_steps_hold_where_a_preset_has_only_the_default(panel: Panel) -> None:
    assert launched(panel, ["reuse"], steps=50)[0].values["steps"] == 50


def test_fewer_steps_keep_their_ratio_to_the_persons_steps(panel: Panel) -> None:
    [launch] = launched(panel, ["fewer"], steps=50)
    assert (launch.values["steps"], launch.values["reference_steps"]) == (25, 50)
    assert launch.title == "25 steps: the cost of half"


def test_each_policy_gets_the_files_it_needs_and_no_other(panel: Panel) -> None:
    found = launched(panel, ["control", "corrected"], prior="a/prior.txt")
    assert [launch.values.get("prior") for launch in found] == [None, "a/prior.txt"]


def test_what_is_wrong_names_the_policy(panel: Panel) -> None:
    with pytest.raises(MethodError, match=r"^Corrected: prior: the corrected policy needs one"):
        launched(panel, ["control", "corrected"])
    with pytest.raises(MethodError, match="policies: choose at least one"):
        launched(panel, [])
    for seed in (-1, MAX_SEED + 1, 0.5, None):
        with pytest.raises(MethodError, match=rf"seed: .* to {MAX_SEED} .* got {seed}"):
            panel.plan(seed, ["control"], False, "", raw(panel))
    assert panel.plan(MAX_SEED, ["control"], False, "", raw(panel)).seed == MAX_SEED


def test_a_file_that_does_not_fit_is_said_to_be_what_is_wrong(panel: Panel) -> None:
    with pytest.raises(MethodError, match=r"^Corrected: prior: it was made with another sampler"):
        launched(panel, ["control", "corrected"], prior="other.txt")


def test_what_is_launched_from_a_run_is_known_to_come_from_it(
    panel: Panel, studio: ModuleType
) -> None:
    [origin] = studio.submit_many(launched(panel, ["control"]))[1]
    with gr.Blocks():
        page = LaunchPanel(METHOD, gr.HTML(), ["control"])
    built = [0, ["control"], False, "", *raw(panel)]

    def opened(**query: str) -> list[Any]:
        scope = {"type": "http", "query_string": urlencode(query).encode(), "headers": []}
        return page.arrive(gr.Request(Request(scope)), *built)[: 1 + len(page.inputs)]

    def raw_of(held: list[Any]) -> list[Any]:
        return [item["value"] if isinstance(item, dict) else item for item in held]

    page.launch_anew(*raw_of(opened(**{"from": origin.id})))
    assert opened() == [gr.skip()] * (1 + len(built))  # what was typed meanwhile stays
    page.launch_anew(None, *built)
    first, cloned, plain = sorted(studio.list_runs().runs, key=lambda run: run.created_at)
    assert first.id == origin.id
    assert (cloned.parent_id, cloned.config) == (origin.id, origin.config)
    assert plain.parent_id is None


def test_a_policy_of_ones_own_runs_beside_the_presets(panel: Panel) -> None:
    found = launched(panel, ["control"], custom=True, policy="reuse")
    assert [(launch.title, launch.values["policy"]) for launch in found[1:]] == [(CUSTOM, "reuse")]


def test_the_estimate_adds_times_and_takes_the_largest_memory(panel: Panel) -> None:
    total = need(launched(panel, ["control", "fewer"]))
    assert (total.seconds, total.memory_mb) == (30.0, 30.0)
    assert [(title, each.seconds) for title, each in total.each] == [
        ("Control", 20.0),
        ("10 steps: the cost of half", 10.0),
    ]


def test_what_was_run_before_is_found_and_reused(
    panel: Panel, studio: ModuleType, works: Callable[[], None]
) -> None:
    first = studio.get_comparison(start(launched(panel, ["control"]), "t", {}))
    works()
    launches = launched(panel, ["control", "reuse"])
    same = finished_before(launches)
    assert {place: run.id for place, run in same.items()} == {0: first.run_ids[0]}
    second = studio.get_comparison(start(launches, "t", same))
    assert second.run_ids[0] == first.run_ids[0]
    assert len(second.run_ids) == 2
    assert studio.list_runs().total == 2


def test_a_run_is_recognised_as_the_policy_it_came_from(
    panel: Panel, studio: ModuleType, works: Callable[[], None]
) -> None:
    launches = launched(panel, ["control", "reuse", "fewer"], custom=True, steps=40, policy="reuse")
    runs = studio.submit_many(launches)[1]
    found = [panel.origin(run) for run in runs]
    # The last has the settings of a preset by another road.
    assert [key for key, _ in found] == ["control", "reuse", "fewer", "reuse"]
    assert {shared["steps"] for _, shared in found} == {40}
    assert {shared["reference_steps"] for _, shared in found} == {None}


def test_files_of_finished_runs_are_offered(
    panel: Panel, studio: ModuleType, works: Callable[[], None]
) -> None:
    [prior] = panel.group("files")
    assert offers(prior, "toy") == []
    [made] = studio.submit_many(launched(panel, ["control"]))[1]
    works()
    assert [value for _, value in offers(prior, "toy")] == [f"{made.id}/prior.txt"]


def test_a_comparison_without_a_title_is_called_by_its_policies(panel: Panel) -> None:
    assert described(launched(panel, ["control", "reuse"])) == "Control, Reuse · seed 7"
    five = launched(panel, ["control", "reuse", "fewer"]) + launched(panel, ["control", "reuse"])
    assert described(five[:4]) == "Control, Reuse, 10 steps: the cost of half, Control · seed 7"
    assert described(five) == "Control, Reuse, 10 steps: the cost of half and 2 more · seed 7"


def test_a_preset_that_fills_the_form_is_no_policy_and_leaves_what_none_names(panel: Panel) -> None:
    fillers = {
        "small": Preset("Small", {"steps": 4}, fills=True),
        "large": Preset(
            "Large", {"steps": 40, "reference_steps": 80}, "For a long run.", fills=True
        ),
    }
    method = replace(METHOD, presets={**METHOD.presets, **fillers})
    with gr.Blocks():
        launch = LaunchPanel(method, gr.HTML(), ["control", "large"])
    assert list(launch.panel.policies) == ["control", "reuse", "corrected", "fewer"]
    assert launch.default_policies == ["control"]
    assert list(launch.fill_buttons) == ["small", "large"]
    *values, note = launch._fill("large")
    filled = dict(zip([field.name for field in launch.panel.order], values, strict=True))
    assert (filled["steps"], filled["reference_steps"]) == (40, "80")
    assert filled["policy"] == gr.skip()
    assert "For a long run." in note
    back = dict(zip(filled, launch._fill("small"), strict=False))
    assert (back["steps"], back["reference_steps"]) == (4, "")


def test_where_every_preset_fills_the_form_one_run_has_all_that_it_holds() -> None:
    fillers = {key: replace(each, fills=True) for key, each in METHOD.presets.items()}
    panel = Panel(replace(METHOD, presets=fillers))
    assert not panel.has_policies
    values = {"policy": "reuse", "steps": 8}
    raw = [values.get(field.name, field.default) for field in panel.order]
    plan = panel.plan(3, [], False, "", raw)
    assert {key: plan.shared[key] for key in values} == values
    assert plan.custom is None


def test_trained_adapters_and_uploaded_pairs_are_offered_among_the_main_settings() -> None:
    from methods.alignment import EVALUATE, PAIRS, TRAIN

    named = {
        field.name + field.suffix
        for method in (EVALUATE, TRAIN)
        for field in Panel(method).fields
        if field.widget == "artefact"
    }
    assert named == {"adapter.zip", "hardness.parquet"}  # what their runs save
    with gr.Blocks() as page:
        LaunchPanel(PAIRS, gr.HTML())
    labels = {getattr(block, "label", None) for block in page.blocks.values()}
    assert "Upload: Pairs" in labels
