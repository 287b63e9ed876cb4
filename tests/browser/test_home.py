"""The first page: what a new studio shows by itself, and how it is put away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from methods import METHODS
from tests.browser.conftest import LOADED, Rest, studio, until

OpenPage = Callable[..., Page]
LONG = 240_000  # milliseconds: runs on a busy machine
TOUR = 600_000  # the whole tour takes two or three minutes on a quiet one


@pytest.fixture
def new_studio(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a studio on its first start, as a newcomer has it."""
    with studio(tmp_path_factory.mktemp("new")) as address:
        yield address


@pytest.mark.timeout(900)
def test_a_new_studio_fills_itself_and_is_emptied_again(new_studio: str, browser: Browser) -> None:
    rest = Rest(new_studio)
    page = browser.new_page(base_url=new_studio)
    page.goto("/")
    card = page.get_by_role("region", name="Welcome tour")
    expect(card).to_be_visible(timeout=LONG)
    expect(card.get_by_role("status")).to_have_text("ready", timeout=TOUR)
    strip = card.get_by_role("region", name="Runs at a glance").first  # of the samplings
    stops = {stop["method"]: stop["runs"] for stop in rest.get("tour")["stops"]}
    assert set(stops) == {name for name, method in METHODS.items() if method.demo}
    compared = stops["caching.sample"]
    expect(strip.locator("tbody tr")).to_have_count(len(compared))
    assert strip.locator("img").count() == 10 * len(compared)
    until(page, LOADED, "table.strip img")
    assert {run["status"] for runs in stops.values() for run in runs} == {"succeeded"}
    # What the tour says of its runs is left to the figures; the control is the control in each of them.
    errors = {run["title"]: run["metrics"]["relative_l2"] for run in compared}
    assert errors.pop("Uncached") == 0
    assert all(error > 0 for error in errors.values())

    own = rest.ended(rest.run("my own", seed=5))
    card.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(card).to_have_count(0)
    assert [run["id"] for run in rest.get("runs")["runs"]] == [own["id"]]
    page.reload()
    expect(page.locator("v-runs tbody tr")).to_have_count(1)
    expect(card).to_have_count(0)
    rest.http.close()
    page.close()


def test_the_newest_comparison_is_shown_as_pictures(
    open_page: OpenPage, rest: Rest, compared: dict[str, Any]
) -> None:
    rest.post("comparisons", {"title": "Again", "run_ids": [run["id"] for run in compared["runs"]]})
    page = open_page("/")
    card = page.get_by_role("region", name="Newest comparison")
    expect(card.locator("tbody tr")).not_to_have_count(0)
    expect(card.locator("img").first).to_be_visible()
    card.get_by_role("link", name="Open", exact=True).click()
    expect(page).to_have_url(re.compile(r"/compare\?c=\w+"))


def test_a_studio_that_wants_no_tour_has_none(open_page: OpenPage, rest: Rest) -> None:
    page = open_page("/")
    expect(page.locator("v-runs")).to_be_visible()
    expect(page.get_by_role("region", name="Welcome tour")).to_have_count(0)
    assert rest.get("tour") is None
