"""The Anomaly page, on a graph that a toy scores: ranked, cut, weighed, reviewed from the keyboard, judged on demand, on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Rest
from tests.conftest import wait_for

OpenPage = Callable[..., Page]
STYLES = ("tokens", "widgets", "studio", "pairs", "nodes", "ego")
SCRIPTS = ("nodes", "ego", "why")
NODES = 240
TOP = 10
RING = 8


@pytest.fixture(scope="module")
def scored(rest: Rest) -> str:
    """A run that recorded nodes: its id."""
    body = {"method": "toy.nodes", "config": {"nodes": NODES}, "title": "Toy accounts"}
    run = rest.ended(rest.post("runs", body))
    assert run["status"] == "succeeded", run["error"]
    found: str = run["id"]
    return found


@pytest.fixture(scope="module")
def ranked(rest: Rest, scored: str) -> list[dict[str, Any]]:
    """The first nodes as the run ranks them."""
    rows: list[dict[str, Any]] = rest.get(f"runs/{scored}/nodes", limit=60)["rows"]
    return rows


@pytest.fixture
def desk(place: OpenPage) -> OpenPage:
    """The heart of the Anomaly page, alone, at this address."""
    return partial(place, "<v-nodes></v-nodes>", STYLES, SCRIPTS)


def listed(page: Page) -> Any:
    return page.get_by_role("region", name="Nodes").locator("tr[data-node]")


def panel(page: Page) -> Any:
    return page.get_by_role("complementary", name="The node")


def names(page: Page) -> list[str]:
    found: list[str] = listed(page).locator(".nodename").all_inner_texts()
    return found


def verdicts(rest: Rest, run: str) -> dict[str, str]:
    """What was decided so far, {name: verdict}."""
    rows = rest.get(f"runs/{run}/nodes", review="any", limit=1000)["rows"]
    return {row["name"]: row["review"]["verdict"] for row in rows}


def test_nodes_are_ranked_looked_at_and_walked_between(
    desk: OpenPage, scored: str, ranked: list[dict[str, Any]]
) -> None:
    page = desk(f"?run={scored}")
    expect(listed(page)).to_have_count(25)
    assert names(page) == [row["name"] for row in ranked[:25]]
    expect(listed(page).locator(".flag", has_text="flagged")).to_have_count(TOP)
    expect(page.get_by_text(f"{TOP} of {NODES} (4.2 %) nodes flagged")).to_be_visible()
    expect(panel(page).get_by_role("heading", name=ranked[0]["name"], level=2)).to_be_visible()
    expect(panel(page).locator("v-ego svg").first).to_be_visible()
    listed(page).nth(3).get_by_role("button").click()
    expect(page).to_have_url(re.compile(f"node={ranked[3]['position']}"))
    expect(panel(page).locator("v-why")).to_contain_text(ranked[3]["name"])
    page.reload()
    expect(panel(page).get_by_role("heading", name=ranked[3]["name"], level=2)).to_be_visible()
    panel(page).locator("v-ego").evaluate(
        "(ego) => ego.dispatchEvent(new CustomEvent('node', { bubbles: true, detail: 7 }))"
    )
    expect(page).to_have_url(re.compile("node=7(&|$)"))
    expect(listed(page).locator("[aria-current]")).to_have_count(names(page).count("7") or 0)


def test_the_budget_and_the_weight_rank_anew(
    desk: OpenPage, rest: Rest, scored: str, ranked: list[dict[str, Any]]
) -> None:
    page = desk(f"?run={scored}")
    expect(listed(page)).to_have_count(25)
    budget = page.get_by_role("slider", name="Budget")
    budget.focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("top=11"))
    expect(listed(page).locator(".flag", has_text="flagged")).to_have_count(TOP + 1)
    page.get_by_label("Budget, number of nodes").fill("30")
    page.get_by_label("Budget, number of nodes").press("Tab")
    expect(page.get_by_text(f"30 of {NODES} (13 %) nodes flagged")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Error of 240 nodes"))).to_have_attribute(
        "aria-label", re.compile("leaves 30 above it")
    )

    weight = page.get_by_role("slider", name=re.compile("^Structure"))
    weight.focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile("weight=1"))
    by_attributes = rest.get(f"runs/{scored}/nodes", weight=1, limit=25)["rows"]
    wait_for(lambda: names(page) == [row["name"] for row in by_attributes], 20)
    moved = by_attributes[0]["rank"] - 1
    if moved:
        expect(listed(page).first).to_contain_text(f"up {moved} from rank")
    page.get_by_role("button", name="The run's own order").click()
    wait_for(lambda: names(page) == [row["name"] for row in ranked[:25]], 20)
    page.get_by_role("button", name=f"Back to {TOP}").click()
    expect(page).not_to_have_url(re.compile("top="))


def test_nodes_are_narrowed_ordered_and_taken_away_as_files(
    desk: OpenPage, rest: Rest, scored: str, ranked: list[dict[str, Any]]
) -> None:
    page = desk(f"?run={scored}")
    expect(listed(page)).to_have_count(25)
    page.get_by_role("combobox", name="Show").select_option("flagged")
    expect(listed(page)).to_have_count(TOP)
    page.get_by_text("Export").click()
    links = page.get_by_role("menuitem")
    expect(links).to_have_count(5)
    found = [link.get_attribute("href") or "" for link in links.all()]
    assert [page.request.get(each).status for each in found[:3]] == [200] * 3
    assert "filter=flagged%3Aeq%3Atrue" in found[2]
    assert len(page.request.get(found[2]).text().splitlines()) == 1 + TOP
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Second opinions").select_option("only")
    alone = [row["name"] for row in ranked[:TOP] if row["apart"] >= 0.1]
    wait_for(lambda: names(page) == alone or (not alone and not names(page)), 20)
    page.get_by_role("button", name="Clear filters").first.click()
    page.get_by_role("combobox", name="Sort by").select_option("degree")
    most = rest.get(f"runs/{scored}/nodes", sort="degree", descending=True, limit=25)["rows"]
    wait_for(lambda: names(page) == [row["name"] for row in most], 20)
    page.get_by_role("searchbox", name="Search nodes").fill(ranked[5]["name"])
    expect(listed(page)).to_have_count(1)
    page.get_by_role("button", name="Clear filters").click()
    cluster = page.get_by_role("button", name=re.compile("^List the cluster of")).first
    size = int(cluster.locator("xpath=..").locator("b").inner_text())
    cluster.click()
    expect(listed(page)).to_have_count(min(size, 25))
    page.get_by_role("button", name=re.compile("^One cluster")).click()
    expect(listed(page)).to_have_count(25)


def test_nodes_are_reviewed_from_the_keyboard_and_undone(
    desk: OpenPage, rest: Rest, scored: str, ranked: list[dict[str, Any]]
) -> None:
    decided = [row["node_id"] for row in rest.get(f"runs/{scored}/nodes", review="any")["rows"]]
    if decided:  # by another test, of the same graph
        rest.put("reviews/node", {"subjects": decided, "verdict": None, "note": ""})
    page = desk(f"?run={scored}")
    expect(panel(page).get_by_role("heading", name=ranked[0]["name"], level=2)).to_be_visible()
    page.keyboard.press("c")
    expect(listed(page).first).to_contain_text("Confirmed")
    page.keyboard.press("n")
    expect(panel(page).get_by_role("heading", name=ranked[1]["name"], level=2)).to_be_visible()
    page.keyboard.press("d")
    page.keyboard.press("e")
    page.keyboard.type("c, d and u are only letters here")
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("u")
    expect(page.get_by_text(f"{TOP - 3} not looked at")).to_be_visible()
    kept = {ranked[0]["name"]: "confirm", ranked[1]["name"]: "dismiss"}
    doubted = {**kept, ranked[2]["name"]: "unsure"}
    wait_for(lambda: verdicts(rest, scored) == doubted, 20)  # else `kept` holds before the undo
    page.keyboard.press("z")
    expect(page.get_by_text(f"{TOP - 2} not looked at")).to_be_visible()
    wait_for(lambda: verdicts(rest, scored) == kept, 20)
    page.reload()
    expect(panel(page).get_by_role("heading", name=ranked[2]["name"], level=2)).to_be_visible()
    page.keyboard.press("k")
    expect(panel(page).get_by_label("Note")).to_have_value("c, d and u are only letters here")

    page.get_by_role("combobox", name="Show").select_option("flagged")
    expect(listed(page)).to_have_count(TOP)
    page.get_by_label("Decide for all listed").select_option("unsure")
    expect(page.get_by_role("dialog")).to_contain_text(f"{TOP - 2} nodes without a verdict")
    page.get_by_role("dialog").get_by_role("button", name=f"Unsure {TOP - 2}").click()
    expect(page.get_by_text("0 not looked at")).to_be_visible()
    wait_for(lambda: len(verdicts(rest, scored)) == TOP, 20)
    page.get_by_role("button", name=re.compile("Next unreviewed")).click()
    expect(page.get_by_text("Every flagged node has a verdict")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_labels_stay_hidden_until_asked_for(desk: OpenPage, rest: Rest, scored: str) -> None:
    page = desk(f"?run={scored}")
    expect(listed(page)).to_have_count(25)
    assert page.locator("v-nodes").inner_text().count("AUC") == 0
    page.get_by_role("button", name="By its labels").click()
    told = page.get_by_role("region", name="How it did")
    found = rest.get(f"runs/{scored}/nodes/judgement", against="labels")
    expect(told).to_contain_text(f"{round(100 * found['precision']['value'])} %")
    rows = told.get_by_role("region", name="Beside the plain scores").locator("tbody tr")
    expect(rows).to_have_count(1 + len(found["controls"]))
    expect(page.get_by_role("columnheader", name="Label")).to_have_count(0)
    page.get_by_label("Show the labels in the table").check()
    expect(page.get_by_role("columnheader", name="Label")).to_be_visible()


def test_the_anomaly_page_fits_a_phone(
    open_page: OpenPage, scored: str, ranked: list[dict[str, Any]]
) -> None:
    page = open_page(
        f"/anomaly?run={scored}", viewport={"width": 390, "height": 844}, color_scheme="dark"
    )
    expect(listed(page)).to_have_count(25)
    expect(panel(page).locator("v-ego svg").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    listed(page).nth(2).get_by_role("button").click()
    page.get_by_role("button", name="See it").click()
    expect(panel(page).get_by_role("heading", name=ranked[2]["name"], level=2)).to_be_in_viewport()


def test_no_run_a_run_without_nodes_and_one_that_is_not_there(
    desk: OpenPage, rest: Rest, scored: str
) -> None:
    page = desk("?run=nothing")
    expect(page.get_by_role("alert")).to_contain_text("there is no run 'nothing'")
    steps = {"steps": 3, "seconds_per_step": 0.0, "fail_at": 1}
    failed = rest.ended(rest.post("runs", {"method": "toy.steps", "config": steps}))
    page.goto(f"/placed?run={failed['id']}")
    expect(page.locator("v-nodes")).to_contain_text("the toy was told to fail")

    def none(route: Route) -> None:
        route.fulfill(json={"items": [], "cursor": None})

    page.route("**/api/v1/anomaly/runs", none)
    page.goto("/placed")
    expect(page.get_by_role("button", name="Score the payments world")).to_be_visible()
