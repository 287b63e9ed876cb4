"""Looking closer, on a real look at generated scenes: what is drawn is what was recorded; a second look keeps everything."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Rest, until
from tests.conftest import wait_for

OpenPage = Callable[..., Page]
STYLES = ("tokens", "widgets", "studio", "look")
SCRIPTS = ("look", "looks-beside")
CLASSES = ("red circle", "blue star", "green ring", "purple heart")
CONFIG = {
    "pictures": "scenes",
    "classes": "\n".join(CLASSES),
    "scene_number": 3,
    "scales": [0.1, 0.5],
    "views": 6,
    "classifiers": ["zero_shot", "tip"],
}


@pytest.fixture(scope="module")
def look(rest: Rest) -> dict[str, Any]:
    """A finished look, with the rows that it recorded as `pictures`."""
    run = rest.ended(
        rest.post("runs", {"method": "fewshot.look", "config": CONFIG, "title": "Three scenes"})
    )
    assert run["status"] == "succeeded", run["error"]
    rows = rest.get(f"runs/{run['id']}/records/look")["rows"]
    return {**run, "pictures": rows}


@pytest.fixture
def open_look(place: OpenPage, look: dict[str, Any]) -> OpenPage:
    return partial(place, f'<v-look run="{look["id"]}"></v-look>', STYLES, SCRIPTS)


def strip(page: Page, share: str) -> Any:
    return page.get_by_role("region", name=f"{share} of the area", exact=True)


def test_a_picture_its_boxes_its_answers_and_its_views(
    open_look: OpenPage, look: dict[str, Any]
) -> None:
    page = open_look()
    first = look["pictures"][0]
    frames = page.locator(".chosenboxes .frame")
    expect(frames).to_have_count(2)
    drawn = [
        [float(frame.get_attribute(side)) for side in ("x", "y", "width", "height")]
        for frame in frames.all()
    ]
    assert drawn == [scale["views"][0]["box"] for scale in first["scales"] if scale["scale"] < 1]

    for name, title in (("zero_shot", "Zero-shot"), ("tip", "Tip-Adapter")):
        card = page.get_by_role("article", name=title)
        after = first["answers"][name]["vcr"]
        expect(card.locator(".lookanswer")).to_contain_text(after[0][0])
        expect(card.locator("li .name").first).to_have_text(after[0][0])
    for scale, share in zip(first["scales"], ("10 %", "50 %"), strict=False):
        views = strip(page, share).locator("button.view")
        expect(views).to_have_count(len(scale["views"]))
        expect(views.locator(".viewlabel")).to_have_text([view["top"] for view in scale["views"]])
        expect(strip(page, share).locator("button.view.chosen")).to_have_count(1)
        x, _, width, height = scale["views"][0]["box"]
        place = views.first.locator(".crop").evaluate(
            "(crop) => getComputedStyle(crop).backgroundPositionX"
        )
        assert float(place.removesuffix("px")) == pytest.approx(
            -x * 76 / max(width, height), abs=0.1
        )
    shares = page.locator(".mergepart")
    expect(shares).to_have_count(3)
    names = [part.get_attribute("aria-label") for part in shares.all()]
    assert [
        f"{100 * part['share']:.1f} % of the merge, says {part['top']}" in name
        for part, name in zip(first["shares"], names, strict=True)
    ] == [True] * 3

    strip(page, "10 %").locator("button.view").nth(1).hover()
    expect(page.locator(".readout").first).to_contain_text("10 % of the area, 2 of ")
    page.get_by_text("Views as a table").click()
    expect(
        page.get_by_role("region", name="Views by scale and margin").locator("tbody tr")
    ).to_have_count(sum(len(scale["views"]) for scale in first["scales"] if scale["scale"] < 1))


def test_pictures_scales_and_controls_by_the_keyboard(
    open_look: OpenPage, look: dict[str, Any]
) -> None:
    page = open_look()
    names = [picture["name"] for picture in look["pictures"]]
    film = page.get_by_role("navigation", name="Pictures", exact=True).get_by_role("button")
    expect(film).to_have_count(3)
    page.keyboard.press("ArrowRight")
    expect(film.nth(1)).to_have_attribute("aria-current", "true")
    expect(page.locator(".readout").first).to_contain_text(names[1])
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="10 %", exact=True).first).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator(".viewbox.off")).to_have_count(1)
    page.keyboard.press("c")
    expect(page.locator(".afterwhat")).to_contain_text("Random views")
    random = look["pictures"][1]["answers"]["zero_shot"]["random"][0][0]
    expect(page.get_by_role("article", name="Zero-shot").locator(".lookanswer")).to_contain_text(
        random
    )
    page.reload()
    expect(film.nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("next picture")


def test_a_second_look_encodes_no_picture_and_keeps_where_one_was(
    place: OpenPage, rest: Rest, look: dict[str, Any]
) -> None:
    page = place("<v-fewshot-try></v-fewshot-try>", STYLES, ("fewshot-try",), f"?run={look['id']}")
    page.get_by_role("navigation", name="Pictures", exact=True).get_by_role("button").nth(2).click()
    form = page.get_by_role("form", name="Look again")
    form.get_by_label("Class names").fill("red circle\nblue star\nyellow cross")
    form.get_by_label("Margin of").select_option("prob")
    form.get_by_role("button", name="Look again").click()

    def second() -> dict[str, Any] | None:
        runs = rest.get("runs", method="fewshot.look")["runs"]
        return next((run for run in runs if run["parent_id"] == look["id"]), None)

    run = rest.ended(wait_for(second, 60))
    assert run["status"] == "succeeded", run["error"]
    assert run["title"] == "Three scenes · look 2"
    assert run["config"] == {
        **look["config"],
        "classes": "red circle\nblue star\nyellow cross",
        "margin": "prob",
    }
    views = sum(scale["distinct"] for picture in look["pictures"] for scale in picture["scales"])
    expect(page.get_by_text(f"all {views} views from the cache")).to_be_visible()
    expect(page).to_have_url(re.compile(f"run={run['id']}"))
    trail = page.get_by_role("navigation", name="Looks at these pictures")
    expect(trail.get_by_role("button", name=re.compile("^2 "))).to_contain_text(
        "+yellow cross −green ring −purple heart, margin of probabilities"
    )
    shown = page.get_by_role("navigation", name="Pictures", exact=True).get_by_role("button").nth(2)
    expect(shown).to_have_attribute("aria-current", "true")
    trail.get_by_role("button", name=re.compile("^1 ")).click()
    expect(page).to_have_url(re.compile(f"run={look['id']}"))

    page = place(
        f'<v-looks-beside runs="{look["id"]},{run["id"]}"></v-looks-beside>', STYLES, SCRIPTS
    )
    table = page.get_by_role("region", name="Looks side by side")
    expect(table.locator("tbody tr")).to_have_count(3)
    expect(table.get_by_role("columnheader").nth(2)).to_contain_text("margin of probabilities")


def test_what_follows_from_the_records(open_look: OpenPage) -> None:
    """Joining two top fives, summing shares by class and counting, on a picture made up by hand."""
    page = open_look()
    found = page.evaluate(
        """async () => {
          const data = await import("/static/look-data.js");
          const picture = {
            label: "b", top: "b",
            answers: { tip: { global: [["a", 0.5], ["b", 0.3]], vcr: [["b", 0.8], ["c", 0.1]] } },
            shares: [{ scale: 0.1, share: 0.2, top: "a" }, { scale: 0.5, share: 0.3, top: "b" }, { scale: "global", share: 0.5, top: "a" }],
          };
          return {
            beside: data.beside(picture, "tip", "vcr"),
            shares: data.sharesByClass(picture),
            dissenting: data.dissenting(picture).map((part) => part.scale),
            tally: data.tally([picture, { ...picture, label: null }], "tip", "vcr"),
            words: [1, 0.9994, 0.0004, 0].map(data.percent),
            colours: [0.04, 0.1, 0.55, 0.9, 1, "global"].map(data.scaleClass),
          };
        }"""
    )
    assert found == {
        "beside": {
            "rows": [
                {"name": "b", "before": 0.3, "after": 0.8},
                {"name": "c", "before": None, "after": 0.1},
                {"name": "a", "before": 0.5, "after": None},
            ],
            "beforeLeast": 0.3,
            "afterLeast": 0.1,
        },
        "shares": [["a", 0.7], ["b", 0.3]],
        "dissenting": [0.1],
        "tally": {"pictures": 2, "changed": 2, "known": 1, "right": 1},
        "words": ["> 99.9", "99.9", "< 0.1", "< 0.1"],
        "colours": ["s1", "s1", "s6", "s9", "whole", "whole"],
    }


def test_the_page_fits_a_phone(open_page: OpenPage, look: dict[str, Any]) -> None:
    page = open_page(
        f"/fewshot?run={look['id']}", viewport={"width": 390, "height": 844}, color_scheme="dark"
    )
    expect(page.locator("button.view").first).to_be_visible()
    until(page, "() => document.documentElement.scrollWidth <= 390")
    expect(page.get_by_role("button", name="New look")).to_be_visible()
    expect(page.get_by_role("button", name="All settings")).to_be_visible()
