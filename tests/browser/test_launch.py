"""Launch, watch, reload, cancel, compare: the way through the studio, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import LOADED, Rest, until

OpenPage = Callable[..., Page]
LONG = 240_000  # milliseconds: runs on a busy machine


def field(page: Page, name: str) -> Any:
    return page.locator(f"#caching-sample-{name}").locator("input, textarea").first


def small(page: Page, seed: int, steps: int = 20, images: int = 1) -> None:
    """Fill the panel with something that takes seconds."""
    expect(page.locator("#caching-sample-launch")).to_be_visible()
    expect(page.locator(".estimate b").first).to_be_visible()
    field(page, "classes").fill("0, 1, 2")
    field(page, "images_per_class").fill(str(images))
    field(page, "steps").fill(str(steps))
    field(page, "seed").fill(str(seed))


def policies(page: Page, *titles: str) -> None:
    """Choose exactly these."""
    group = page.locator("#caching-sample-policies")
    for label in group.locator("label").all():
        label.locator("input").set_checked(label.inner_text().strip() in titles)


def test_several_policies_are_launched_watched_reloaded_and_compared(open_page: OpenPage) -> None:
    page = open_page("/caching")
    small(page, seed=11)
    policies(page, "Uncached", "FORA 50 %", "10 steps: the cost of 50 %")
    expect(page.locator(".estimate").first).to_contain_text("3 runs")
    needs = page.get_by_role("region", name="What each policy needs")
    expect(needs.locator("tbody tr")).to_have_count(3)
    expect(needs.locator("thead th")).to_contain_text(
        ["Policy", "Time", "Memory", "Cache memory", "FLOP"]
    )
    page.click("#caching-sample-launch")
    panels = page.locator("v-live")
    expect(panels).to_have_count(3)
    expect(page).to_have_url(re.compile(r"/caching\?c=\w+"))
    expect(page).to_have_title(re.compile(r"\d+ %"))
    address = page.url

    page.reload()  # while it runs
    expect(panels).to_have_count(3)
    assert page.url == address
    expect(field(page, "seed")).to_have_value("11")

    expect(page).to_have_title(re.compile("✓"), timeout=LONG)
    expect(page.locator("table.grid tbody tr")).to_have_count(3)
    expect(page.locator("table.grid thead th")).to_have_text(["Run", "0", "1", "2"])
    rows = page.get_by_role("region", name="Metrics", exact=True).last.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("control")
    expect(rows.nth(2)).to_contain_text("10 steps: the cost of 50 %")
    until(page, LOADED, "table.grid img")


def test_what_was_run_before_is_offered_instead(open_page: OpenPage, rest: Rest) -> None:
    page = open_page("/caching")
    small(page, seed=21)
    policies(page, "Uncached")
    page.click("#caching-sample-launch")
    expect(page).to_have_title(re.compile("✓"), timeout=LONG)
    before = rest.get("runs")["total"]
    page.click("#caching-sample-launch")
    expect(page.get_by_text("Run before: all of them")).to_be_visible()
    page.click("#caching-sample-reuse")
    expect(page.locator("table.grid tbody tr")).to_have_count(1)
    assert rest.get("runs")["total"] == before


def test_a_running_run_shows_progress_and_is_cancelled(open_page: OpenPage, rest: Rest) -> None:
    run = rest.run("long", seed=31, steps=900, images_per_class=40)
    page = open_page(f"/run?id={run['id']}")
    live = page.locator("v-live")
    expect(live.locator(".badge.running")).to_be_visible(timeout=LONG)
    expect(live.locator(".facts")).to_contain_text("steps/s", timeout=LONG)
    expect(live.locator(".facts")).to_contain_text("left")
    expect(live.locator("img")).to_be_visible(timeout=LONG)
    before = int(live.get_by_role("progressbar").get_attribute("aria-valuenow") or 0)
    until(
        page,
        "(before) => Number(document.querySelector('v-live [role=progressbar]').ariaValueNow) > before",
        before,
        LONG / 1000,
    )
    live.get_by_role("button", name="Cancel").click()
    expect(page.locator("header.pagehead .badge.cancelled")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("It stopped where it was")).to_be_visible()
    assert rest.ended(run)["status"] == "cancelled"


def test_a_lost_connection_is_told_and_found_again(open_page: OpenPage, rest: Rest) -> None:
    run = rest.run("watched", seed=35, steps=900, images_per_class=40)
    page = open_page(f"/run?id={run['id']}")
    lost = page.locator("v-live").get_by_text("Reconnecting")
    expect(page.locator("v-live .facts")).not_to_be_empty(timeout=LONG)
    expect(lost).to_be_hidden()
    page.context.set_offline(True)
    expect(lost).to_be_visible(timeout=LONG)
    page.context.set_offline(False)
    expect(lost).to_be_hidden(timeout=LONG)
    rest.post(f"runs/{run['id']}/cancel", {})
    expect(page.locator("header.pagehead .badge.cancelled")).to_be_visible(timeout=LONG)


def test_wrong_settings_are_named_beside_the_panel(open_page: OpenPage, rest: Rest) -> None:
    page = open_page("/caching")
    small(page, seed=41)
    field(page, "classes").fill("zebra")
    before = rest.get("runs")["total"]
    page.click("#caching-sample-launch")
    expect(page.get_by_role("alert")).to_contain_text("zebra")
    assert rest.get("runs")["total"] == before


def test_a_run_is_cloned_with_changes(
    open_page: OpenPage, rest: Rest, compared: dict[str, Any]
) -> None:
    run = compared["runs"][1]
    page = open_page(f"/run?id={run['id']}")
    page.get_by_role("link", name="Clone with changes").click()
    expect(page).to_have_url(re.compile(rf"/caching\?from={run['id']}"))
    expect(field(page, "classes")).to_have_value("0, 1, 2")
    expect(field(page, "seed")).to_have_value("3")
    chosen = page.locator("#caching-sample-policies label:has(input:checked)")
    expect(chosen).to_have_text(["FORA 50 %"])
    expect(page.locator(".estimate b").first).to_be_visible()
    field(page, "seed").fill("41")
    page.click("#caching-sample-launch")
    expect(page).to_have_url(re.compile(r"/caching\?c=\w+"))
    clone = rest.get("runs", limit=1)["runs"][0]
    assert (clone["seed"], clone["parent_id"]) == (41, run["id"])


def test_a_failed_run_says_why_and_what_to_do(open_page: OpenPage, rest: Rest) -> None:
    run = rest.run("no such model", model="nobody/nothing")
    assert rest.ended(run)["status"] == "failed"
    page = open_page(f"/r/{run['id']}")
    expect(page.get_by_role("alert")).to_contain_text("nobody/nothing")
    expect(page.get_by_role("alert")).to_contain_text("Clone it with changes")


def test_a_link_to_nothing_is_told_in_words(open_page: OpenPage) -> None:
    page = open_page("/r/nothing")
    expect(page.get_by_role("alert")).to_contain_text("there is no run 'nothing'")
    expect(page.get_by_role("link", name="See all runs")).to_be_visible()


def test_a_file_that_is_no_router_is_refused_in_words(open_page: OpenPage, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.safetensors"
    wrong.write_bytes(b"\x80\x04 not what its name says")
    page = open_page("/caching")
    page.get_by_role("button", name=re.compile("^Files that some policies need")).click()
    page.locator("input[type=file]").first.set_input_files(wrong)
    expect(page.get_by_text("Not uploaded")).to_be_visible()
    expect(page.get_by_text("pickles are never read")).to_be_visible()


def test_a_number_out_of_range_is_explained(open_page: OpenPage) -> None:
    page = open_page("/caching")
    page.get_by_label("Steps", exact=True).first.fill("1")
    page.get_by_label("Steps", exact=True).first.press("Tab")
    expect(page.get_by_role("alert").first).to_contain_text("steps: input should be greater")
