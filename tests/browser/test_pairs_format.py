"""The answer to “what format?”: examples to copy, and what a file of one's own holds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import LOADED, Rest, until

OpenPage = Callable[..., Page]
GOOD = {
    "prompt": "What colour?",
    "chosen": "It is red.",
    "rejected": "It is blue.",
    "image": "a.png",
}


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Two good rows about a picture, one whose answers are equal, one whose picture is missing."""
    Image.new("RGB", (8, 6), "red").save(tmp_path / "a.png")
    broken = [GOOD | {"rejected": GOOD["chosen"]}, GOOD | {"image": "none.png"}]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, [GOOD, GOOD | {"prompt": "Which?"}, *broken])))
    return path


@pytest.fixture
def opened(open_page: OpenPage) -> tuple[Page, Locator]:
    page = open_page("/pairs")
    page.get_by_text("What format do my pairs need?").click()
    return page, page.locator("v-pairs-format")


def test_the_four_formats_stand_side_by_side_and_their_rows_are_valid(
    opened: tuple[Page, Locator], rest: Rest, tmp_path: Path
) -> None:
    _, element = opened
    cards = element.locator(".formats > section")
    expect(cards).to_have_count(4)
    for name in ("TRL", "LLaMA-Factory", "ms-swift", "RLAIF-V"):
        card = element.get_by_role("region", name=name, exact=True)
        row = json.loads(card.locator("pre").last.inner_text())
        row.pop("image_path", None)
        path = tmp_path / "row.jsonl"
        path.write_text(json.dumps(row))
        assert rest.post("pairs/preview", {"pairs": str(path)})["title"] == name
        expect(card.get_by_role("button", name=re.compile("Copy the row"))).to_have_count(2)


def test_a_path_is_looked_at_and_every_broken_row_is_named(
    opened: tuple[Page, Locator], rows: Path
) -> None:
    page, element = opened
    element.get_by_label("Pairs", exact=True).fill(str(rows))
    element.get_by_role("button", name="Look at it").click()
    expect(element.get_by_text("TRL, 4 rows")).to_be_visible()
    table = element.get_by_role("region", name="Problems by row")
    expect(table.locator("tbody tr")).to_have_count(2)
    expect(table).to_contain_text("same_answer")
    expect(table).to_contain_text("there is no 'none.png'")
    first = element.get_by_role("article", name="Row 0")
    expect(first).to_contain_text("It is red.")
    expect(first).to_contain_text("It is blue.")
    until(page, LOADED, "v-pairs-format .firstpairs img")
    element.get_by_label("Pairs", exact=True).fill(str(rows.with_name("nowhere")))
    element.get_by_role("button", name="Look at it").click()
    expect(element.get_by_role("alert")).to_contain_text("there is no")


def test_a_file_is_brought_looked_at_and_converted(
    opened: tuple[Page, Locator], rest: Rest, rows: Path
) -> None:
    _, element = opened
    element.get_by_label("Images", exact=True).fill(str(rows.parent))
    element.get_by_label("Choose a file").set_input_files(rows)
    expect(element.get_by_text("TRL, 4 rows")).to_be_visible()
    element.get_by_label("Write as").select_option("ms_swift")
    expect(element.get_by_label("Leave broken rows out")).to_be_checked()
    element.get_by_role("button", name="Convert", exact=True).click()
    link = element.get_by_role("link", name="rows.jsonl as ms-swift")
    expect(link).to_be_visible()
    run = rest.ended({"id": (link.get_attribute("href") or "").partition("id=")[2]})
    assert run["status"] == "succeeded", run["error"]
    assert (run["metrics"]["pairs"], run["metrics"]["broken"]) == (2, 2)


def test_it_fits_a_narrow_screen(open_page: OpenPage, rows: Path) -> None:
    page = open_page("/pairs", viewport={"width": 390, "height": 800}, color_scheme="dark")
    page.get_by_text("What format do my pairs need?").click()
    element = page.locator("v-pairs-format")
    element.get_by_label("Pairs", exact=True).fill(str(rows))
    element.get_by_role("button", name="Look at it").click()
    expect(element.get_by_text("TRL, 4 rows")).to_be_visible()
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0
