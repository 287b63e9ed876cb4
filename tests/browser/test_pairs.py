"""The Pairs page, on pairs that a toy records: looked at, listed by brush and bars, reviewed from the keyboard."""

from __future__ import annotations

import difflib
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import LOADED, Rest, until
from tests.conftest import wait_for
from tests.toys.pairs import pair, pair_id

OpenPage = Callable[..., Page]
PAIRS = 60
SEEN = 50
"""Pairs that the training sees, of all."""


@pytest.fixture(scope="session")
def measured(rest: Rest) -> dict[str, str]:
    """A run that recorded pairs and a training run on most of them: {"pairs", "training"} are their ids."""
    pairs = rest.post("runs", {"method": "toy.pairs", "config": {"pairs": PAIRS}, "title": "Pairs"})
    config = {"pairs": SEEN, "steps": 12, "batch": 10}
    training = rest.post(
        "runs", {"method": "toy.training", "config": config, "title": "Toy training"}
    )
    for run in (pairs, training):
        assert rest.ended(run)["status"] == "succeeded"
    return {"pairs": pairs["id"], "training": training["id"]}


def address(measured: dict[str, str], **more: str) -> str:
    asked = {"run": measured["pairs"], **more}
    return "/pairs?" + "&".join(f"{name}={value}" for name, value in asked.items())


def review(rest: Rest, number: int) -> Any:
    found = rest.get(f"runs/{rest.get('pairs/sets')['items'][0]['id']}/pairs", q=pair_id(number))
    return found["rows"][0]["review"]


def listed(page: Page) -> Any:
    return page.get_by_role("region", name="Pairs").locator("tbody tr")


def card(page: Page, number: int) -> Any:
    return page.get_by_role("region", name=f"Pair {number}", exact=True)


def test_a_pair_is_shown_with_evidence_and_what_training_made_of_it(
    open_page: OpenPage, measured: dict[str, str]
) -> None:
    page = open_page(address(measured, training=measured["training"], pair=pair_id(8)))
    shown, row = card(page, 8), pair(8)
    expect(shown.locator(".prompt")).to_contain_text(row["prompt"])
    until(page, LOADED, ".paircard .picture img")
    for side, pieces in (("Chosen", row["chosen_pieces"]), ("Rejected", row["rejected_pieces"])):
        answer = shown.get_by_role("region", name=side)
        said = answer.locator(".share").all_inner_texts()
        assert said == [f"{100 * piece['share']:.{share_digits(piece)}f} %" for piece in pieces]
    marks = shown.get_by_role("region", name="Rejected").locator("mark").all_inner_texts()
    assert any("dog" in text for text in marks)
    expect(shown.get_by_text("In training: Toy training")).to_be_visible()
    strip = shown.get_by_role("img", name=re.compile("^Seen in 3 steps"))
    strip.focus()
    page.keyboard.press("Home")
    expect(shown.locator(".readout").last).to_contain_text("step 0: gap")
    shown.get_by_text("Steps as a table").click()
    expect(
        shown.get_by_role("region", name="The pair's training steps").locator("tbody tr")
    ).to_have_count(3)
    shown.get_by_role("button", name="Image of pair 8; enlarge").click()
    expect(page.get_by_role("dialog").locator("img")).to_be_visible()


def share_digits(piece: dict[str, Any]) -> int:
    return 0 if piece["share"] >= 0.0995 else 1


def test_pairs_are_listed_by_rectangle_bar_quarter_and_typed_range(
    open_page: OpenPage, rest: Rest, measured: dict[str, str]
) -> None:
    page = open_page(address(measured, training=measured["training"]))
    expect(listed(page)).to_have_count(25)
    disputed, form = (
        [
            number
            for number in range(PAIRS)
            if pair(number)["delta"] < 0 and pair(number)["by_form"] == by_form
        ]
        for by_form in (False, True)
    )
    page.get_by_role("button", name="By form only:").click()
    expect(listed(page)).to_have_count(len(form))
    expect(listed(page).first).to_contain_text("form")
    page.get_by_role("button", name="Contested queue").click()
    expect(listed(page)).to_have_count(len(disputed))
    hardest = min(disputed, key=lambda number: pair(number)["delta"])
    expect(card(page, hardest)).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()

    plot = page.locator("svg.pairscatter[tabindex]")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.9 * box["height"], steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"delta=[-.\d]+\.\.[-.\d]+&gap="))
    from_, to = (
        float(page.get_by_label(f"Hardness δ {end}", exact=True).input_value())
        for end in ("from", "to")
    )
    low, high = (
        float(page.get_by_label(f"Reward gap {end}", exact=True).input_value())
        for end in ("from", "to")
    )
    asked = [f"delta:ge:{from_}", f"delta:le:{to}", f"gap:ge:{low}", f"gap:le:{high}"]
    inside = rest.get(
        f"runs/{measured['pairs']}/pairs", filter=asked, training=measured["training"], limit=1
    )["total"]
    assert 0 < inside < SEEN
    expect(page.get_by_text(re.compile(f"of {inside}$")).first).to_be_visible()

    page.reload()
    expect(page.get_by_text(re.compile(f"of {inside}$")).first).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    quarter = page.get_by_role("button", name=re.compile("^hard and learnt"))
    quarter.click()
    count = int(re.search(r"\d+", quarter.inner_text()).group())  # type: ignore[union-attr]
    expect(listed(page)).to_have_count(count)
    quarter.click()
    page.get_by_label("Length gap, words from").fill("15")
    page.get_by_label("Length gap, words from").press("Tab")
    long = sum(pair(number)["length_gap"] >= 15 for number in range(PAIRS))
    expect(listed(page)).to_have_count(long)
    page.get_by_role("searchbox", name="Search pairs").fill("zebra")
    expect(page.get_by_text("No pair matches")).to_be_visible()


def test_bars_are_walked_with_arrows(open_page: OpenPage, measured: dict[str, str]) -> None:
    page = open_page(address(measured))
    bars = page.get_by_role("group", name=re.compile("^Length gap, words of all pairs"))
    bars.focus()
    page.keyboard.press("ArrowRight")
    for _ in range(20):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("length_gap="))
    high = float(page.get_by_label("Length gap, words to").input_value())
    short = sum(pair(number)["length_gap"] <= high for number in range(PAIRS))
    expect(page.get_by_text(re.compile(f"of {short}$")).first).to_be_visible()


def test_pairs_are_reviewed_from_the_keyboard_and_kept(
    open_page: OpenPage, rest: Rest, measured: dict[str, str]
) -> None:
    page = open_page(address(measured))
    expect(card(page, 0)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("f")
    expect(page.get_by_text(f"1 of {PAIRS} reviewed")).to_be_visible()
    expect(card(page, 1).get_by_text("becomes chosen")).to_be_visible()
    expect(listed(page).nth(1)).to_contain_text("Flipped")
    page.keyboard.press("t")
    page.keyboard.type("dog, colour, dog")  # its letters decide nothing
    page.keyboard.press("Enter")
    wait_for(lambda: (review(rest, 1) or {}).get("tags") == ["dog", "colour"], 20)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("d")
    wait_for(lambda: (review(rest, 2) or {}).get("verdict") == "drop", 20)
    page.keyboard.press("u")
    expect(page.get_by_text(f"1 of {PAIRS} reviewed")).to_be_visible()
    wait_for(lambda: review(rest, 2) is None, 20)
    page.reload()
    expect(card(page, 2)).to_be_visible()
    expect(listed(page).nth(1)).to_contain_text("Flipped")
    page.keyboard.press("k")
    expect(card(page, 1).get_by_label("Tags, separated by commas")).to_have_value("dog, colour")
    page.get_by_label(re.compile("^Review")).select_option("none")
    expect(page.get_by_text(re.compile(f"of {PAIRS - 1}$")).first).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_a_review_that_cannot_be_kept_is_taken_back(
    open_page: OpenPage, measured: dict[str, str]
) -> None:
    page = open_page(address(measured, pair=pair_id(30)))
    keep = card(page, 30).get_by_role("button", name=re.compile("Keep"))
    expect(keep).to_be_visible()

    def refuse(route: Route) -> None:
        route.fulfill(status=507, json={"error": {"type": "Full", "message": "the disk is full"}})

    page.route("**/api/v1/reviews/**", refuse)
    keep.click()
    expect(page.get_by_text("Not kept: the disk is full")).to_be_visible()
    expect(keep).to_have_attribute("aria-pressed", "false")


def test_an_address_with_pairs_opens_the_panel_that_measures_them(
    open_page: OpenPage, measured: dict[str, str]
) -> None:
    page = open_page(address(measured, pairs="scenes-noisy", max_pairs="7"))
    expect(page.locator("#alignment-hardness-max_pairs input")).to_have_value("7")
    expect(page.locator("#alignment-hardness-launch")).to_be_in_viewport(ratio=0.1)
    page.get_by_text("Check and convert a data set").click()
    expect(page.locator("#alignment-pairs-launch")).to_be_visible()


def test_the_pairs_page_fits_a_phone(open_page: OpenPage, measured: dict[str, str]) -> None:
    page = open_page(
        address(measured, training=measured["training"]),
        viewport={"width": 390, "height": 844},
        color_scheme="dark",
    )
    expect(listed(page)).to_have_count(25)
    expect(card(page, 0).locator("svg.pairstrip")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_link_to_a_pair_or_a_set_that_is_not_there_is_told(
    open_page: OpenPage, measured: dict[str, str]
) -> None:
    page = open_page(address(measured, pair="0123456789abcdef"))
    expect(page.get_by_text("This set has no pair 0123456789abcdef")).to_be_visible()
    page = open_page("/pairs?run=nothing")
    expect(page.get_by_role("alert")).to_contain_text("there is no run 'nothing'")


DIFF = """async (pairs) => {
  const { runs, wordDiff } = await import(new URL("static/word-diff.js", document.baseURI));
  return pairs.map(([a, b]) => ({ runs: runs(a.split(" "), b.split(" ")), marked: wordDiff(a, b) }));
}"""


def test_words_that_differ_are_those_that_difflib_finds(open_page: OpenPage) -> None:
    page = open_page("/runs")
    draw = random.Random(0)
    texts = [" ".join(draw.choices("abcde", k=draw.randrange(1, 40))) for _ in range(120)]
    pairs = [list(two) for two in zip(texts[::2], texts[1::2], strict=True)]
    for (a, b), found in zip(pairs, page.evaluate(DIFF, pairs), strict=True):
        matcher = difflib.SequenceMatcher(None, a.split(), b.split(), autojunk=False)
        blocks = [list(block) for block in matcher.get_matching_blocks() if block.size >= 3]
        assert found["runs"] == blocks, (a, b)


def test_case_and_punctuation_do_not_differ_and_short_runs_do(open_page: OpenPage) -> None:
    page = open_page("/runs")
    [found] = page.evaluate(
        DIFF, [["A red ball lies here. It is big", "a red ball lies here, it was big"]]
    )
    # "A red ball lies here. It" is common; "is" and "was" differ, and "big" is a run of one.
    assert found["marked"] == [[{"start": 25, "end": 31}], [{"start": 25, "end": 32}]]
