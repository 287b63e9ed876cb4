"""Runs, system, and what holds on every page: narrow screens, dark and light, the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Rest

OpenPage = Callable[..., Page]
PAGES = (
    *("/", "/caching", "/alignment", "/pairs", "/evaluate", "/catalogue", "/unlearning"),
    *("/anomaly", "/fewshot", "/fewshot-evaluate", "/fewshot-regularise"),
    *("/runs", "/compare", "/sweep", "/system", "/links"),
)


def row(page: Page, title: str) -> Any:
    link = page.get_by_role("link", name=title, exact=True)
    return page.locator("v-runs tbody tr").filter(has=link)


def test_runs_are_searched_filtered_sorted_and_compared(
    open_page: OpenPage, rest: Rest, compared: dict[str, Any]
) -> None:
    page = open_page("/runs")
    search = page.get_by_role("searchbox")
    expect(search).to_be_visible()
    page.keyboard.press("/")
    expect(search).to_be_focused()
    search.fill("Fewer steps")
    expect(page.locator("v-runs tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=Fewer\+steps"))
    page.reload()
    expect(search).to_have_value("Fewer steps")
    expect(page.locator("v-runs tbody tr")).to_have_count(1)
    search.fill("")
    page.get_by_role("button", name="Succeeded").click()
    expect(row(page, "Reuse")).to_have_count(1)
    page.get_by_role("columnheader", name=re.compile("^Run")).get_by_role("button").click()
    head = page.get_by_role("columnheader", name=re.compile("^Run"))
    expect(head).to_have_attribute("aria-sort", "ascending")
    row(page, "Reuse").get_by_role("checkbox").check()
    row(page, "Fewer steps").get_by_role("checkbox").check()
    page.get_by_role("button", name="Compare 2").click()
    expect(page).to_have_url(re.compile(r"/compare\?run=\w+&run=\w+"))
    expect(page.locator("table.grid tbody tr")).to_have_count(2)


def test_a_run_is_renamed_archived_and_deleted(open_page: OpenPage, rest: Rest) -> None:
    run = rest.ended(rest.run("to be deleted", seed=51))
    page = open_page("/runs?q=deleted")

    def choose(title: str, item: str) -> None:
        row(page, title).get_by_label(re.compile("^Actions")).click()
        row(page, title).get_by_role("menuitem", name=item, exact=True).click()

    choose("to be deleted", "Rename")
    page.get_by_label("Title").fill("soon deleted")
    page.get_by_role("button", name="Save").click()
    expect(row(page, "soon deleted")).to_have_count(1)
    choose("soon deleted", "Archive")
    expect(page.get_by_text("No run matches")).to_be_visible()
    page.get_by_label("Archived").check()
    choose("soon deleted", "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No run matches")).to_be_visible()
    assert rest.http.get(f"runs/{run['id']}").status_code == 404


def test_the_queue_is_paused_reordered_and_cancelled(open_page: OpenPage, rest: Rest) -> None:
    page = open_page("/system")
    queue = page.locator("v-system section").filter(has=page.get_by_role("heading", name="Queue"))
    pause = queue.locator(".switch").filter(has_text="gpu").get_by_role("button")
    pause.click()
    expect(pause).to_have_text("Resume")
    try:
        first, second = rest.run("first", seed=61), rest.run("second", seed=62)
        waiting = page.get_by_role("region", name=re.compile("^Waiting")).locator("tbody tr")
        expect(waiting).to_have_count(2)
        page.get_by_label("Move second first").click()
        expect(waiting.nth(0)).to_contain_text("second")
        other = open_page(f"/run?id={first['id']}")
        expect(other.locator("v-live")).to_contain_text("2nd in the queue")
        expect(other.locator("v-live")).to_contain_text("paused")
        waiting.nth(1).get_by_role("button", name="Cancel").click()
        expect(waiting).to_have_count(1)
        assert rest.get(f"runs/{first['id']}")["status"] == "cancelled"
    finally:
        rest.post("queue/gpu/resume")
    assert rest.ended(second)["status"] == "succeeded"


def test_the_system_page_shows_workers_disk_and_health(open_page: OpenPage) -> None:
    page = open_page("/system")
    crew = page.get_by_role("region", name="Workers").locator("tbody tr")
    expect(crew).not_to_have_count(0)
    expect(crew.first.get_by_role("button", name="Restart after its run")).to_be_visible()
    expect(page.get_by_role("meter", name="Disk used")).to_be_visible()
    page.get_by_role("button", name="Check now").click()
    expect(page.locator(".checks li").first).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_shows_every_page_without_scrolling_sideways(
    open_page: OpenPage, compared: dict[str, Any], path: str
) -> None:
    page = open_page(path, viewport={"width": 390, "height": 844})
    expect(page.locator("h1")).to_be_visible()
    expect(page.get_by_text("Loading …")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_comparison_and_a_run_fit_a_phone(open_page: OpenPage, compared: dict[str, Any]) -> None:
    for path in (compared["comparison"]["url"], compared["runs"][0]["url"]):
        page = open_page(path, viewport={"width": 390, "height": 844})
        expect(page.locator("table.grid img").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_theme_follows_the_system_and_is_remembered(open_page: OpenPage) -> None:
    page = open_page("/runs", color_scheme="dark")
    body = page.locator("body")
    expect(body).to_have_class(re.compile("dark"))
    theme = page.get_by_role("button", name=re.compile("^Theme"))
    theme.click()
    expect(theme).to_have_attribute("title", "Theme: light")
    expect(body).not_to_have_class(re.compile("dark"))
    page.reload()
    expect(theme).to_have_attribute("title", "Theme: light")
    expect(body).not_to_have_class(re.compile("dark"))


def test_the_keyboard_finds_its_way(open_page: OpenPage) -> None:
    page = open_page("/runs")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    skip = page.get_by_role("link", name="Skip to the content")
    for _ in range(5):
        page.keyboard.press("Tab")
        if skip.evaluate("(link) => link === document.activeElement"):
            break
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile("/system$"))


@pytest.mark.parametrize("path", PAGES)
def test_everything_that_can_be_used_has_a_name(open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("h1")).to_have_count(1)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("main :is(button, a, input, select, textarea)")]
          .filter((item) => item.checkVisibility() && item.type !== "file")
          .filter((item) => !(item.textContent.trim() || item.ariaLabel || item.title || item.labels?.length))
          .map((item) => item.outerHTML.slice(0, 200))"""
    )
    assert nameless == []
