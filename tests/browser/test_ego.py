"""A node's neighbourhood and its reasons, and detectors side by side, in a real browser, on a page that holds nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Rest, until

OpenPage = Callable[..., Page]
STYLES = ("tokens", "widgets", "studio", "pairs", "ego")
SCRIPTS = ("ego", "why", "nodes-beside")
COLLISIONS = """() => {
  const boxes = [...document.querySelectorAll(".egoplot .name")].map((name) => name.getBoundingClientRect());
  const dots = [...document.querySelectorAll(".egoplot .egodot")].map((dot) => dot.getBoundingClientRect());
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
  const among = boxes.flatMap((a, place) => boxes.slice(place + 1).filter((b) => meet(a, b)));
  return [boxes.length, among.length, boxes.flatMap((a) => dots.filter((b) => meet(a, b))).length];
}"""
"""How many names are drawn, how many pairs of them cover each other, and how many cover a node."""


@pytest.fixture(scope="module")
def runs(rest: Rest) -> list[str]:
    """A detection with reasons, one of the same graph that gives scores only, and one whose parts are evidence."""
    bodies = [
        {"method": "toy.nodes", "title": "With reasons", "config": {}},
        {"method": "toy.nodes", "title": "Score only", "config": {"parts": False}},
        {"method": "toy.nodes", "title": "Evidence", "config": {"evidence": True}},
    ]
    made = [rest.ended(run) for run in [rest.post("runs", body) for body in bodies]]
    assert [run["status"] for run in made] == ["succeeded"] * 3
    return [run["id"] for run in made]


@pytest.fixture
def shown(place: OpenPage) -> OpenPage:
    return partial(place, styles=STYLES, scripts=SCRIPTS)


def test_one_walks_through_the_neighbourhood(shown: OpenPage, rest: Rest, runs: list[str]) -> None:
    first = rest.get(f"runs/{runs[0]}/nodes", limit=1)["rows"][0]
    ego = rest.get(f"runs/{runs[0]}/nodes/{first['position']}/around")
    page = shown(f'<v-ego run="{runs[0]}" node="{first["position"]}"></v-ego>')
    nodes = page.locator("g.node")
    expect(nodes).to_have_count(len(ego["nodes"]))
    expect(page.locator("path.absent")).to_have_count(len(ego["absent"]) + 1)  # and in the legend
    page.get_by_label("expected, but absent").uncheck()
    expect(page.locator(".egoplot path.absent")).to_have_count(0)
    named, covered, hidden = page.evaluate(COLLISIONS)
    assert (named > len(ego["nodes"]) / 2, covered, hidden) == (True, 0, 0)

    plot = page.locator("svg.egoplot")
    plot.focus()
    plot.press("ArrowDown")
    card = page.locator(".egocard")
    expect(card).to_contain_text("percentile")
    to = card.locator("strong").inner_text()
    plot.press("Enter")
    way = page.get_by_role("navigation", name="Walked over")
    expect(way.locator("strong")).to_have_text(to)
    expect(page.locator("v-ego")).to_have_attribute("node", re.compile(r"^\d+$"))
    plot.press("Backspace")
    expect(way.locator("strong")).to_have_text(first["name"])
    expect(page.locator("v-ego")).to_have_attribute("node", str(first["position"]))
    expect(nodes).to_have_count(len(ego["nodes"]))

    page.get_by_text("As tables").click()
    rows = page.get_by_role("region", name="Nodes of the neighbourhood").locator("tbody tr")
    expect(rows).to_have_count(len(ego["nodes"]))
    links = page.get_by_role("region", name="Links of the neighbourhood")
    links.get_by_role("button", name=to).first.click()
    expect(way.locator("strong")).to_have_text(to)


def test_hidden_neighbours_open_with_all_their_links(
    shown: OpenPage, rest: Rest, runs: list[str]
) -> None:
    first = rest.get(f"runs/{runs[0]}/nodes", limit=1)["rows"][0]["position"]
    ego = rest.get(f"runs/{runs[0]}/nodes/{first}/around")
    opened, hidden = max(ego["more"].items(), key=lambda item: item[1])
    page = shown(f'<v-ego run="{runs[0]}" node="{first}"></v-ego>')
    page.locator(f'[data-stub="{opened}"]').click()
    expect(page.locator("g.node")).to_have_count(len(ego["nodes"]) + hidden)
    expect(page.locator(f'[data-stub="{opened}"]')).to_have_count(0)
    drawn = page.evaluate(
        "[...document.querySelectorAll('g.node')].map((node) => Number(node.dataset.position))"
    )
    whole = rest.get(f"runs/{runs[0]}/nodes/{first}/around", also=drawn)
    page.get_by_text("As tables").click()
    links = page.get_by_role("region", name="Links of the neighbourhood").locator("tbody tr")
    expect(links).to_have_count(len(whole["edges"]) + len(whole["absent"]))


def test_the_parts_of_an_error_add_up_to_it(shown: OpenPage, rest: Rest, runs: list[str]) -> None:
    first = rest.get(f"runs/{runs[0]}/nodes", limit=1)["rows"][0]["position"]
    why = rest.get(f"runs/{runs[0]}/nodes/{first}", weight=0.25)
    page = shown(f'<v-why run="{runs[0]}" node="{first}" weight="0.25"></v-why>')
    made = page.get_by_role("region", name="What its error is made of")
    expect(made).to_contain_text("The parts add up to the error")
    expect(made).to_contain_text("Features weigh 0.25, links 0.75")
    bar = made.locator(".whybar").first
    expect(bar.locator("b")).to_have_text(f"{why['error']:.4g}")
    expect(page.get_by_text(why["sentence"])).to_be_visible()
    features = page.get_by_role("region", name="Features").last.locator("tbody tr")
    expect(features).to_have_count(len(why["features"]))

    page.evaluate("run => document.querySelector('v-why').setAttribute('run', run)", runs[2])
    evident = page.get_by_role("region", name="What its evidence is made of")
    expect(evident).to_contain_text("The parts add up to the evidence")
    expect(evident).to_contain_text("neighbours unlike it")
    expect(page.get_by_role("columnheader", name="By being unlike")).to_be_visible()
    assert "error" not in page.locator("v-why").inner_text()

    page.evaluate("run => document.querySelector('v-why').setAttribute('run', run)", runs[1])
    page.evaluate("document.querySelector('v-why').removeAttribute('weight')")
    expect(page.get_by_text("gives a score only")).to_be_visible()
    expect(made).to_have_count(0)
    second = page.get_by_role("region", name="Second opinions")
    expect(second).to_contain_text("Feature norm")
    expect(second).not_to_contain_text("Isolation Forest")  # that is the toy itself


def test_detectors_stand_side_by_side_on_a_phone_too(
    shown: OpenPage, rest: Rest, runs: list[str]
) -> None:
    runs = runs[:2]
    said = rest.get("anomaly/beside", runs=",".join(runs), top=20)
    page = shown(
        f'<v-nodes-beside runs="{",".join(runs)}"></v-nodes-beside>',
        viewport={"width": 390, "height": 800},
        color_scheme="dark",
    )
    lists = page.get_by_role("region", name="First nodes of each detector").last
    expect(lists.locator("tbody tr")).to_have_count(20)
    agree = page.get_by_role("region", name="How far they agree").last.locator("tbody td")
    expect(agree.nth(1)).to_have_text(f"{said['spearman'][0][1]:.2f}{said['overlap'][0][1]} of 20")
    against = page.get_by_role("region", name="Two detectors against each other")
    expect(against).to_contain_text("All 240 nodes")
    plot = against.locator("svg.frontier")
    plot.focus()
    plot.press("ArrowRight")
    expect(against.locator(".readout")).to_contain_text(re.compile("% by With reasons"))
    page.get_by_label("Of each the first").select_option("10")
    expect(lists.locator("tbody tr")).to_have_count(10)
    until(page, "document.documentElement.scrollWidth <= 390")
