"""The bell: who turned it on is told once when a run ends, in whatever tab, and clicks to see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Rest, until
from tests.conftest import wait_for

# A browser without a desktop shows none: what would have been shown is kept, in all tabs together.
STAND_IN = """
  window.Notification = class {
    static permission = "granted";
    static requestPermission() { return Promise.resolve("granted"); }
    constructor(title, options) {
      const shown = JSON.parse(localStorage.getItem("shown") ?? "[]");
      localStorage.setItem("shown", JSON.stringify([...shown, `${title}: ${options.body}`]));
      window.note = this;
    }
    close() {}
  };
"""


def toy(rest: Rest, title: str, **config: Any) -> dict[str, Any]:
    body = {"method": "toy.steps", "config": config, "title": title, "priority": 50}
    made: dict[str, Any] = rest.post("runs", body)
    return made


def test_an_end_is_told_once_in_all_tabs_and_marked_until_it_is_seen(
    open_page: Callable[..., Page], rest: Rest
) -> None:
    page = open_page("/healthz")
    page.context.add_init_script(STAND_IN)
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto("/runs")
    bell = page.get_by_role("button", name="Tell me when my runs end")
    expect(bell).to_have_attribute("aria-pressed", "false")
    bell.click()
    expect(bell).to_have_attribute("aria-pressed", "true")

    run = toy(rest, "Long", steps=2000, seconds_per_step=0.05)
    other = page.context.new_page()
    other.goto(f"/run?id={run['id']}")
    until(page, "() => document.title.startsWith('(1) ')")
    until(page, "() => document.querySelector('link[rel~=icon]').href.startsWith('data:image/svg')")
    assert page.evaluate("() => localStorage.getItem('shown')") is None

    page.evaluate("() => (document.hasFocus = () => false)")
    other.goto("/system")  # the run goes on being followed where it is not shown
    rest.post(f"runs/{run['id']}/cancel", {})
    rest.ended(run)
    until(page, "() => localStorage.getItem('shown') !== null")
    until(page, "() => document.title.startsWith('✓ ')")
    page.evaluate("() => (delete document.hasFocus, window.dispatchEvent(new Event('focus')))")
    until(page, "() => document.title === 'Vitrine'")
    until(other, "() => !document.title.startsWith('(')")
    before = len([url for url in asked if "states" in url])
    assert before > 0
    shown = page.evaluate("() => JSON.parse(localStorage.getItem('shown'))")
    assert shown == ["Long: Cancelled"], "by one tab"
    other.wait_for_timeout(4000)
    assert len([url for url in asked if "states" in url]) == before, "nothing is waited for"

    teller = next(each for each in (page, other) if each.evaluate("() => Boolean(window.note)"))
    with page.context.expect_page() as opened:
        teller.evaluate("() => window.note.onclick()")
    expect(opened.value).to_have_url(f"{rest.http.base_url.copy_with(path='/run')}?id={run['id']}")


def test_off_it_asks_nothing(open_page: Callable[..., Page], rest: Rest) -> None:
    run = toy(rest, "Unasked", steps=40, seconds_per_step=0.02)
    asked: list[str] = []
    page = open_page("/healthz")
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/run?id={run['id']}")
    wait_for(lambda: rest.get(f"runs/{run['id']}")["finished"], 60)
    expect(page.get_by_text("the sum is 780").first).to_be_visible()
    assert not [url for url in asked if "states" in url]
    assert "(1)" not in page.title()
