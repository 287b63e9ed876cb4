"""A report, opened as a file where nothing can be reached."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import LOADED, until

OpenPage = Callable[..., Page]


def test_a_report_opens_without_the_studio(
    open_page: OpenPage, compared: dict[str, Any], tmp_path: Path
) -> None:
    page = open_page(compared["comparison"]["url"])
    with page.expect_download() as waited:
        page.get_by_role("link", name="Report").click()
    saved = tmp_path / "report.html"
    waited.value.save_as(saved)

    asked: list[str] = []
    said: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    file = page.context.new_page()  # the fixture's page asks the studio alone
    file.route("http*://**", refuse)
    file.on("console", lambda message: said.append(message.text))
    file.goto(saved.as_uri())
    expect(file.get_by_role("heading", name="Three ways", level=1)).to_be_visible()
    expect(file.locator("button.cell")).to_have_count(9)
    until(file, LOADED, "button.cell img")
    file.locator("button.cell").nth(4).click()
    expect(file.locator(".viewer .names")).to_contain_text("Reuse, 1")
    file.get_by_role("button", name="Difference").click()
    expect(file.get_by_text("Mean difference")).to_be_visible()
    assert asked == []
    assert said == []
