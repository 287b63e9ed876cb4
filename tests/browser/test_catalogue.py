"""The catalogue in a real browser: found by search and filters, kept in the address, leading to the pages it names."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
LONG = 120_000  # milliseconds: the first look on a busy machine


def test_entries_are_searched_filtered_and_found_again(open_page: OpenPage) -> None:
    page = open_page("/catalogue")
    entries = page.locator("v-catalogue .entry")
    expect(entries).to_have_count(102, timeout=LONG)
    page.get_by_role("searchbox").fill("dama")
    expect(entries).to_have_count(2)  # DAMA, and DA-DPO, which says that it is close to it
    page.get_by_label("Checked facts only").check()
    expect(entries).to_have_count(1)  # that was not found in a source
    expect(entries.locator(".unverified")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"q=dama.*checked=1"))
    page.reload()
    expect(entries).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_value("dama")
    page.get_by_role("button", name="Clear filters").click()
    expect(entries).to_have_count(102)
    expect(entries.filter(has_text="no source")).to_have_count(0)

    page.get_by_label("Scenario").select_option("Video")
    expect(entries).to_have_count(9)
    page.get_by_label("Kind of optimisation").select_option("GRPO")
    expect(entries).to_have_count(1)
    expect(entries).to_contain_text("GRPO, unverified")


def test_the_timeline_filters_by_month_with_the_keyboard_too(open_page: OpenPage) -> None:
    page = open_page("/catalogue?tab=benchmarks")
    entries = page.locator("v-catalogue .entry")
    expect(entries).to_have_count(150, timeout=LONG)
    month = page.get_by_role("button", name=re.compile("^Sept 2023: "))
    count = int(re.findall(r": (\d+) ", month.get_attribute("aria-label") or "")[0])
    month.focus()
    page.keyboard.press("Enter")
    expect(entries).to_have_count(count)
    expect(page).to_have_url(re.compile("month=2023-09"))
    expect(page.locator("button.month[aria-pressed=true]")).to_be_focused()


def test_what_the_studio_implements_opens_its_page(open_page: OpenPage) -> None:
    page = open_page("/catalogue?here=1")
    expect(page.locator(".entry")).to_have_count(2, timeout=LONG)
    page.locator(".entry", has_text="DAMA").get_by_role("link", name="Open here").first.click()
    expect(page).to_have_url(re.compile(r"/alignment\?preset=damo"))
    page.go_back()
    expect(page.locator(".entry")).to_have_count(2, timeout=LONG)
    page.get_by_role("tab", name=re.compile("Benchmarks")).click()  # which keeps what is common
    expect(page.locator(".entry")).to_have_count(5)
    page.get_by_role("tab", name=re.compile("Taxonomy")).click()
    page.get_by_role("button", name=re.compile("^Safety 4")).click()
    expect(page.locator(".entry")).to_have_count(4)
    expect(page).to_have_url(re.compile("group=Safety"))


def test_unverified_directions_and_corrections_are_shown(open_page: OpenPage) -> None:
    page = open_page("/catalogue?tab=taxonomy")
    directions = page.locator(".directions li")
    expect(directions).to_have_count(6, timeout=LONG)
    expect(directions.locator(".unverified")).to_have_count(3)
    expect(page.get_by_text("MMMU is dated 2024-11 there")).to_be_visible()
