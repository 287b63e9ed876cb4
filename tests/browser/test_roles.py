"""What a viewer sees of the buttons that are not theirs, and what an admin sees of what was done."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
from playwright.sync_api import Page, Route, expect

from tests.conftest import wait_for

OpenPage = Callable[..., Page]


def as_viewer(page: Page) -> None:
    """From the next page on, be somebody else: this studio asks nobody for a login."""
    person = json.dumps({"name": "vera", "role": "viewer", "can_log_out": True})

    def answer(route: Route) -> None:
        route.fulfill(body=person, content_type="application/json")

    page.route("**/api/v1/me", answer)


def test_a_viewer_is_told_and_finds_the_buttons_off(open_page: OpenPage) -> None:
    page = open_page("/caching")
    launch = page.get_by_role("button", name="Launch", exact=True).first
    expect(launch).to_be_enabled()
    expect(page.locator(".whoami")).to_have_count(0)
    as_viewer(page)
    page.reload()
    expect(page.locator(".whoami")).to_have_text("veraviewer")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    expect(page.get_by_role("note")).to_contain_text("take the role editor")
    expect(launch).to_be_disabled()
    expect(launch).to_have_attribute("title", "This takes the role editor; you are a viewer.")
    page.goto("/system")
    expect(page.get_by_role("button", name="Pause").first).to_be_disabled()
    expect(page.get_by_role("heading", name="What was done")).to_have_count(0)


def test_an_admin_reads_on_the_system_page_what_was_done(open_page: OpenPage, url: str) -> None:
    def resumed() -> int:
        asked = {"action": "queue.resume"}
        return len(httpx.get(f"{url}/api/v1/audit", params=asked).json()["items"])

    before = resumed()
    page = open_page("/system")
    page.get_by_role("button", name="Pause").first.click()
    page.get_by_role("button", name="Resume").first.click()
    wait_for(lambda: resumed() > before, 30)
    page.get_by_label("What: run, run.delete").fill("queue.resume")
    page.get_by_role("button", name="Show").click()
    log = page.locator("v-people section").last
    expect(log.get_by_role("row").filter(has_text="queue.resume").first).to_contain_text("local")
    expect(log.get_by_role("row").filter(has_text="queue.pause")).to_have_count(0)
