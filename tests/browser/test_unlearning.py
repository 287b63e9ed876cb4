"""The Unlearning page, on rows and edits of toys: mark, approve, run, keep, undo; from the keyboard, on a phone, without rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Rest
from tests.conftest import wait_for
from tests.toys.erasing import row, row_id

OpenPage = Callable[..., Page]
ROWS = 60
PAGE = 25


@pytest.fixture(scope="module")
def table(rest: Rest) -> str:
    """A run that recorded rows: its id."""
    body = {"method": "toy.instructions", "config": {"rows": ROWS}, "title": "Toy adapter"}
    run = rest.ended(rest.post("runs", body))
    assert run["status"] == "succeeded", run["error"]
    found: str = run["id"]
    return found


def listed(page: Page) -> Any:
    return page.get_by_role("region", name="Training rows").locator("tr[data-row]")


def panel(page: Page) -> Any:
    return page.get_by_role("complementary", name="The request")


def opened(page: Page, number: int) -> Any:
    return page.get_by_role("region", name=f"Row {number}", exact=True)


def items(page: Page, rest: Rest) -> Any:
    """What the request in the page's address asks by now."""
    found = re.search(r"request=(\w+)", page.url)
    return rest.get(f"requests/{found[1]}")["items"] if found else []


def asked(page: Page, rest: Rest) -> dict[str, str]:
    """The same as {row id: task}."""
    return {item["row_id"]: item["task"] for item in items(page, rest)}


def test_a_request_goes_from_marks_to_a_kept_version_and_back(
    open_page: OpenPage, rest: Rest, table: str
) -> None:
    page = open_page(f"/unlearning?table={table}")
    expect(listed(page)).to_have_count(PAGE)
    private = [number for number in range(ROWS) if row(number)["kind"] == "private"]
    page.get_by_role("button", name=f"Private {len(private)}").click()
    expect(listed(page)).to_have_count(len(private))
    page.get_by_role("button", name=f"Remove these {len(private)}").click()
    expect(panel(page).get_by_text(f"{len(private)} to remove")).to_be_visible()
    assert asked(page, rest) == {row_id(number): "remove" for number in private}
    page.get_by_label("Title").fill("Lockers")
    page.get_by_label("Title").press("Tab")
    expect(panel(page).locator(".plantold")).to_contain_text("about")
    panel(page).get_by_label("Why it is approved").fill("their owners ask")
    panel(page).get_by_role("button", name="Approve").click()
    expect(panel(page).locator(".badge")).to_have_text(re.compile("Approved"))
    expect(page.get_by_role("heading", name="Lockers")).to_be_visible()

    panel(page).get_by_role("button", name="Run", exact=True).click()
    keep = panel(page).get_by_role("button", name="Keep", exact=True)
    keep.click(timeout=60_000)
    expect(panel(page).locator("header .badge")).to_have_text(re.compile("Kept"))
    page.reload()
    panel(page).get_by_role("button", name="Undo").click()
    expect(panel(page).locator("header .badge")).to_have_text(re.compile("Verified"))
    done = page.locator(".trail > li > b").all_inner_texts()
    assert done[0] == "requested"
    assert done[-5:] == ["approved", "started", "ended", "kept", "undone"]
    expect(page.get_by_text("their owners ask")).to_be_visible()
    page.get_by_text("Training table").click()
    expect(opened(page, private[0]).get_by_text("reopen it to change its marks")).to_be_visible()
    lists = page.get_by_role("region", name="Requests").locator("tbody tr")
    expect(lists.filter(has_text="Lockers")).to_contain_text("Verified")


def test_rows_are_marked_from_the_keyboard_and_undone(
    open_page: OpenPage, rest: Rest, table: str
) -> None:
    page = open_page(f"/unlearning?table={table}")
    expect(opened(page, 0)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(panel(page).get_by_text("1 to remove")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("a")
    page.keyboard.type("Nobody knows; x, u and j are only letters here.")
    page.keyboard.press("Control+Enter")
    expect(panel(page).get_by_text("1 to remove · 1 new answer")).to_be_visible()
    becomes = opened(page, 2).locator(".becomes mark").all_inner_texts()
    assert " ".join(becomes).startswith("Nobody knows;")
    page.keyboard.press("e")
    page.keyboard.type("thrown away")
    page.keyboard.press("Escape")
    expect(opened(page, 2).get_by_label("Prompt should be")).to_have_value(row(2)["prompt"])
    assert asked(page, rest) == {row_id(1): "remove", row_id(2): "answer"}
    page.keyboard.press("k")
    page.keyboard.press("x")
    wait_for(lambda: asked(page, rest) == {row_id(2): "answer"}, 20)
    page.keyboard.press("u")
    wait_for(lambda: row_id(1) in asked(page, rest), 20)
    page.reload()
    expect(opened(page, 1).get_by_role("button", name="Remove")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_wrong_rows_are_found_and_mended_as_their_data_says(
    open_page: OpenPage, rest: Rest, table: str
) -> None:
    page = open_page(f"/unlearning?table={table}")
    page.get_by_role("button", name="Self-influence").click()
    first = max(range(ROWS), key=lambda number: row(number)["self_influence"])
    expect(listed(page).first).to_have_attribute("data-row", row_id(first))
    expect(page).to_have_url(re.compile("sort=self_influence&down=1"))
    wrong = [number for number in range(ROWS) if row(number)["kind"] == "wrong"]
    page.get_by_role("button", name=f"Wrong answer {len(wrong)}").click()
    page.get_by_role("button", name="Mend these").click()
    expect(panel(page).get_by_text(f"{len(wrong)} new answers")).to_be_visible()
    assert [item["new_answer"] for item in items(page, rest)] == [
        row(number)["right"] for number in wrong
    ]
    page.get_by_role("searchbox", name="Search rows").fill("zebra")
    expect(page.get_by_text("No row matches")).to_be_visible()


def test_a_mark_that_cannot_be_kept_is_taken_back(open_page: OpenPage, table: str) -> None:
    page = open_page(f"/unlearning?table={table}&row={row_id(30)}")
    expect(opened(page, 30)).to_contain_text("not in the list below")

    def refuse(route: Route) -> None:
        route.fulfill(status=507, json={"error": {"type": "Full", "message": "the disk is full"}})

    page.route("**/api/v1/requests/*/marks/**", refuse)
    remove = opened(page, 30).get_by_role("button", name="Remove")
    remove.click()
    expect(page.get_by_text("Not kept: the disk is full")).to_be_visible()
    expect(remove).to_have_attribute("aria-pressed", "false")
    answer = opened(page, 30).get_by_label("Answer should be")
    answer.fill("  ")
    expect(opened(page, 30).get_by_text("An empty answer cannot be learnt")).to_be_visible()


def test_a_draft_can_be_deleted_and_the_table_stays(
    open_page: OpenPage, rest: Rest, table: str
) -> None:
    page = open_page(f"/unlearning?table={table}")
    opened(page, 0).get_by_role("button", name="Remove").click()
    delete = panel(page).get_by_role("button", name="Delete draft")
    delete.click()
    page.get_by_role("button", name="Keep it").click()
    assert asked(page, rest) == {row_id(0): "remove"}
    delete.click()
    page.get_by_role("button", name="Delete it").click()
    expect(panel(page).get_by_text("The first mark opens a request")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"/unlearning\?table={table}"))
    expect(opened(page, 0).get_by_role("button", name="Remove")).to_have_attribute(
        "aria-pressed", "false"
    )


def test_a_table_that_is_gone_says_what_to_do_next(
    open_page: OpenPage, rest: Rest, table: str
) -> None:
    page = open_page("/unlearning?table=gone")
    expect(page.get_by_role("alert")).to_contain_text(
        "it may have been deleted. Choose another table"
    )
    page.get_by_role("button", name="Choose another table").click()
    expect(listed(page)).to_have_count(PAGE)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_label("Adapter and its rows").select_option(table)
    expect(listed(page)).to_have_count(PAGE)


def test_the_page_fits_a_phone(open_page: OpenPage, table: str) -> None:
    page = open_page(
        f"/unlearning?table={table}",
        viewport={"width": 390, "height": 844},
        color_scheme="dark",
    )
    expect(listed(page)).to_have_count(PAGE)
    expect(opened(page, 0)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = opened(page, 0).bounding_box()
    assert box is not None
    assert box["width"] <= 390


def test_a_new_studio_offers_the_small_adapters(open_page: OpenPage, table: str) -> None:
    page = open_page("/runs")
    page.route(
        "**/api/v1/unlearning/tables*",
        lambda route: route.fulfill(json={"items": [], "cursor": None}),
    )
    page.goto("/unlearning")
    expect(page.get_by_text("No training table yet")).to_be_visible()
    expect(page.get_by_role("button", name="Open the memorising adapter")).to_be_visible()
    page = open_page("/unlearning?request=nothing")
    expect(page.get_by_role("alert")).to_contain_text("there is no request 'nothing'")
