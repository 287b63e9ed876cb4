"""A link as people make it: chosen, looked at, copied, opened by a stranger, found in the list, revoked."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tests.conftest import wait_for


def test_a_link_shows_what_was_ticked_and_ends_when_it_is_revoked(
    open_page: Callable[..., Page], url: str
) -> None:
    body = {
        "method": "toy.steps",
        "config": {"steps": 3, "seconds_per_step": 0},
        "title": "Of Ada Lovelace",
    }
    run = httpx.post(f"{url}/api/v1/runs", json=body).json()["id"]
    asked = f"{url}/api/v1/runs/{run}"
    wait_for(lambda: httpx.get(asked).json()["status"] == "succeeded", 60)
    page = open_page(f"/run?id={run}")
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    preview = dialog.frame_locator("iframe")
    expect(preview.get_by_role("heading", name="Of Ada Lovelace")).to_be_visible()
    dialog.get_by_role("button", name="Results without data").click()
    expect(preview.get_by_role("heading", name="A run", exact=True)).to_be_visible()
    expect(dialog.get_by_role("checkbox", name="Titles and names")).not_to_be_checked()
    dialog.get_by_role("checkbox", name="Log").check()  # quotes names and texts, so takes them in
    expect(dialog.get_by_role("checkbox", name="Titles and names")).to_be_checked()
    dialog.get_by_role("button", name="Results without data").click()
    dialog.get_by_label("Title of the page").fill("Three steps")
    dialog.get_by_label("Note for your list").fill("for the talk")
    dialog.get_by_role("button", name="Create link").click()
    link = dialog.get_by_role("textbox", name="Link").input_value()
    assert link.startswith(f"{url}/s/")

    stranger = open_page(link.removeprefix(url), viewport={"width": 390, "height": 800})
    expect(stranger.get_by_role("heading", name="Three steps")).to_be_visible()
    assert "Ada" not in stranger.content()
    assert stranger.context.cookies() == []
    assert stranger.evaluate("document.documentElement.scrollWidth") <= 390

    page.goto(f"/links?target={run}")
    row = page.get_by_role("row", name="Of Ada Lovelace")
    expect(row).to_contain_text("Results without data")
    expect(row).to_contain_text("for the talk")
    expect(row.get_by_role("cell", name="1", exact=True)).to_be_visible()
    row.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Nothing is shared")).to_be_visible()
    stranger.reload()
    expect(stranger.get_by_text("revoked by whoever shared it")).to_be_visible()
