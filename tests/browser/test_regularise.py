"""The Regularise page in a real browser, on real runs over a small file: read, struck out, run again, switched off, on a phone."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Rest
from tests.conftest import wait_for
from tests.toys.features import NOVEL, SMALL, write_features

OpenPage = Callable[..., Page]
METHOD = "fewshot.regularise"
LONG = 120_000  # milliseconds: runs on a busy machine
STYLES = ("tokens", "widgets", "studio", "edits", "afr")
ARMS = ("base", "mixup", "afr", "afr_random", "afr_uniform")


@pytest.fixture(scope="module")
def regularised(rest: Rest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A finished regularisation with a gate; nothing that it knows is near the cup."""
    file = write_features(tmp_path_factory.mktemp("features") / "classes.npz")
    body = {"method": METHOD, "config": {**SMALL, "features": str(file)}, "title": "Few classes"}
    ended = rest.ended(rest.post("runs", body))
    assert ended["status"] == "succeeded", ended["error"]
    return ended


@pytest.fixture
def desk(place: OpenPage) -> OpenPage:
    """The heart of the page, alone, at this address."""
    return partial(place, "<v-regularise></v-regularise>", STYLES, ("afr-page",))


def records(rest: Rest, run: str, kind: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = rest.get(f"runs/{run}/records/afr_{kind}", limit=1000)["rows"]
    return rows


def child_of(rest: Rest, run: str) -> dict[str, Any]:
    """The one run that was made from another, once it has ended well."""

    def look() -> dict[str, Any] | None:
        runs = rest.get("runs", method=METHOD, limit=50)["runs"]
        return next((each for each in runs if each["parent_id"] == run), None)

    made = wait_for(look, 30, every=0.2)
    assert made is not None
    ended = rest.ended(made)
    assert ended["status"] == "succeeded", ended["error"]
    return ended


def novel(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_a_run_tells_whether_it_helps_and_what_it_took(
    desk: OpenPage, rest: Rest, regularised: dict[str, Any]
) -> None:
    run = regularised["id"]
    page = desk(f"?run={run}")
    accuracy = page.get_by_role("region", name="Accuracy", exact=True)
    expect(accuracy).to_contain_text(records(rest, run, "verdict")[0]["text"])
    arms = {row["arm"]: row for row in records(rest, run, "arm")}
    assert tuple(arms) == ARMS
    rows = accuracy.get_by_role("region", name="Accuracy of each arm").locator("tbody tr")
    for row, arm in zip(rows.all(), arms.values(), strict=True):
        expect(row).to_contain_text(arm["title"])
        expect(row).to_contain_text(f"{100 * arm['accuracy']:.1f} %")
    for found in records(rest, run, "related"):
        used = [base["name"] for base in found["related"] if not base["vetoed"]]
        expect(novel(page, found["class"]).locator("li.used .basename")).to_have_text(used)

    attention = records(rest, run, "attention")[0]
    given = [weight for row in attention["weights"] for weight in row if weight is not None]
    cells = page.get_by_role("region", name="Attention of the shown episode").locator("td.num")
    shown = [float(text) for text in cells.all_inner_texts()]
    shares = [row["share"] for row in attention["rows"]]
    assert sorted(shown) == sorted(round(value, 2) for value in (*given, *shares))
    gate = records(rest, run, "gate")[0]
    expect(page.locator(".gateplot rect")).to_have_count(len(gate["counts"]))
    projection = records(rest, run, "projection")[0]
    expect(page.locator(".projection .mark")).to_have_count(len(projection["points"]))
    expect(page.locator(".projection .arrow")).to_have_count(len(projection["arrows"]))
    expect(page.locator(".afrsetting")).to_have_count(5)  # beside every figure
    for text in page.locator(".afrsetting").all_inner_texts():
        assert text.startswith("3-way 1-shot · 5 queries a class · 30 episodes")


def test_points_are_read_by_keyboard_and_have_a_table(
    desk: OpenPage, rest: Rest, regularised: dict[str, Any]
) -> None:
    page = desk(f"?run={regularised['id']}")
    card = page.get_by_role("region", name="Projection", exact=True)
    card.locator('.mark[tabindex="0"]').focus()
    told = card.locator(".readout")
    first = told.inner_text()
    back = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert first == back
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(told).to_have_text(first)
    points = records(rest, regularised["id"], "projection")[0]["points"]
    chosen = points[0]["class"]
    card.get_by_role("button", name=chosen, exact=True).click()
    clear = [point for point in points if point["class"] == chosen or point["kind"] == "base"]
    expect(card.locator(".mark:not(.faint)")).to_have_count(len(clear))
    card.get_by_text("As a table").click()
    expect(card.locator("tbody tr")).to_have_count(len(points))


def test_who_strikes_a_class_out_runs_again_on_the_same_episodes(
    desk: OpenPage, rest: Rest, regularised: dict[str, Any]
) -> None:
    run = regularised["id"]
    page = desk(f"?run={run}")
    row = next(each for each in records(rest, run, "related") if each["class"] == "dog")
    struck, kept = (base["name"] for base in row["related"])
    stepping = row["candidates"][0]["name"]
    dog = novel(page, "dog")
    dog.get_by_label(f"{struck} for dog").uncheck()
    expect(dog.locator("li.used .basename")).to_have_text([kept, stepping])
    expect(dog.locator("li.used", has_text=stepping)).to_contain_text("steps in")
    page.get_by_role("button", name="Undo").click()
    expect(dog.locator("li.used .basename")).to_have_text([struck, kept])
    dog.get_by_label(f"{struck} for dog").uncheck()
    expect(page.locator(".vetobar")).to_contain_text(f"{struck} out of dog")
    page.get_by_role("button", name="Run again with these").click()
    made = child_of(rest, run)
    assert made["config"] == {**regularised["config"], "vetoes": f"dog: {struck}"}
    assert made["seed"] == regularised["seed"]
    expect(page).to_have_url(re.compile(f"run={made['id']}"))
    beside = page.locator("v-afr-beside")
    expect(beside.get_by_role("region", name="Where they took others").locator("strong")).to_have_text([stepping], timeout=LONG)  # fmt: skip
    accuracy = {each: column(rest, each) for each in (run, made["id"])}
    mean = sum(accuracy[made["id"]]) / 30 - sum(accuracy[run]) / 30
    sign = "±" if round(abs(100 * mean), 1) == 0 else "+" if mean > 0 else "−"
    expect(beside.locator("tbody tr").nth(1)).to_contain_text(f"{sign}{abs(100 * mean):.1f}")
    expect(novel(page, "dog").locator("li.struck .basename")).to_have_text([struck])


def column(rest: Rest, run: str) -> list[float]:
    """AFR's accuracy on each episode, from the run's file."""
    files = rest.get(f"runs/{run}/artefacts")["items"]
    file = next(each for each in files if each["name"] == "episodes.csv")
    text = httpx.get(str(rest.http.base_url.join(file["url"]))).text
    return [float(row["afr"]) for row in csv.DictReader(text.splitlines())]


def test_where_nothing_is_near_one_click_switches_mixing_off(
    desk: OpenPage, rest: Rest, regularised: dict[str, Any]
) -> None:
    run = {**regularised["config"], "episodes": 20}
    body = {"method": METHOD, "config": run, "title": "Nothing near a cup"}
    ended = rest.ended(rest.post("runs", body))
    page = desk(f"?run={ended['id']}")
    related = page.get_by_role("region", name="Related classes", exact=True)
    warned = [row["class"] for row in records(rest, ended["id"], "related") if row["warned"]]
    assert "cup" in warned
    assert len(warned) < len(NOVEL)
    expect(related.locator(".afrwarning")).to_contain_text("no near base class")
    expect(related.locator(".novel:has(.tag.low) h3")).to_have_count(len(warned))
    related.get_by_role("button", name="Run again with mixing off").click()
    made = child_of(rest, ended["id"])
    assert made["config"]["kappa"] == 0
    expect(page.locator(".afrwarning")).to_contain_text("Mixing was off in this run", timeout=LONG)


def test_the_sliders_change_the_next_run(desk: OpenPage, regularised: dict[str, Any]) -> None:
    page = desk(f"?run={regularised['id']}")
    page.get_by_role("slider", name="Related classes, k").focus()
    page.keyboard.press("ArrowRight")
    expect(novel(page, "dog").locator("li.used")).to_have_count(3)
    page.get_by_role("slider", name="Temperature of the attention").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".vetobar")).to_contain_text("k 2 → 3; temperature 0.1 → 0.2")


def test_the_first_run_is_one_click(desk: OpenPage, rest: Rest) -> None:
    asked: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            asked.append(json.loads(route.request.post_data or ""))
            route.fulfill(status=409, json={"error": {"type": "Full", "message": "Not now."}})
        else:
            route.fulfill(json={"runs": [], "total": 0})

    page = desk("", viewport={"width": 390, "height": 800})
    page.route(re.compile(r"/api/v1/runs(\?|$)"), answer)
    page.reload()
    page.get_by_role("button", name="Try it on the small world").click()
    expect(page.get_by_text("Not now.")).to_be_visible()
    assert [body["method"] for body in asked] == [METHOD]
    assert rest.holds(asked[0])


def test_it_fits_a_phone_in_the_dark(open_page: OpenPage, regularised: dict[str, Any]) -> None:
    page = open_page(
        f"/fewshot-regularise?run={regularised['id']}",
        viewport={"width": 390, "height": 800},
        color_scheme="dark",
    )
    expect(page.locator("v-afr .armtable")).to_be_visible(timeout=LONG)
    expect(page.locator("v-afr .projection .mark").first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(f"/run?id={regularised['id']}")
    expect(page.locator("v-afr .armtable")).to_be_visible(timeout=LONG)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_run_that_failed_says_why(place: OpenPage, regularised: dict[str, Any]) -> None:
    page = place(f'<v-afr run="{regularised["id"]}"></v-afr>', STYLES, ())

    def fail(route: Route) -> None:
        found = route.fetch().json()
        route.fulfill(json={**found, "status": "failed", "error": "kite: no vector", "error_type": "MethodError"})  # fmt: skip

    page.route(re.compile(f"/api/v1/runs/{regularised['id']}$"), fail)
    page.add_script_tag(url="/static/afr.js", type="module")
    expect(page.get_by_role("alert")).to_contain_text("kite: no vector")
    expect(page.locator(".armtable")).to_have_count(0)
