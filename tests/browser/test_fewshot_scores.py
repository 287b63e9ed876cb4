"""Few-shot accuracy in a real browser: figures, classes, confusions and pictures of a real run, side by side, and shared."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from methods.worlds.captions import OBJECTS
from methods.worlds.clip.data import task_images
from tests.browser.conftest import LOADED, Rest, until

OpenPage = Callable[..., Page]
LONG = 240_000  # milliseconds: runs on a busy machine
STYLES = ("tokens", "widgets", "studio", "alignment", "edits", "fewshot-scores")
SCRIPTS = ("fewshot-scores", "scores-beside")
COLOUR, EACH = "blue", 8
"""Which of the generated shapes are the classes, and how many pictures each has."""
SMALL = {
    "shots": 2,
    "draws": 2,
    "test_pictures": 40,
    "augmentations": 1,
    "scales": [0.1, 0.5],
    "views": 3,
    "classifiers": ["zero_shot", "tip"],
}


def rows(rest: Rest, run: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rest.get(f"runs/{run['id']}/records/{kind}", limit=1000)["rows"]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a class: shapes of one colour, too small for the small world's CLIP as they are."""
    folder = tmp_path_factory.mktemp("shapes")
    for place, (image, label) in enumerate(
        zip(*task_images("tiny", EACH * len(OBJECTS)), strict=True)
    ):
        if OBJECTS[label].startswith(COLOUR):
            (folder / OBJECTS[label]).mkdir(exist_ok=True)
            image.save(folder / OBJECTS[label] / f"{place}.png")
    return folder


@pytest.fixture(scope="module")
def start(rest: Rest, folder: Path) -> Callable[..., dict[str, Any]]:
    """Queue an evaluation of the folder."""

    def start(title: str, **config: Any) -> dict[str, Any]:
        settings = {"pictures": str(folder), **SMALL, **config}
        body = {"method": "fewshot.evaluate", "config": settings, "title": title}
        made: dict[str, Any] = rest.post("runs", body)
        return made

    return start


@pytest.fixture(scope="module")
def measured(rest: Rest, start: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    ended = rest.ended(start("Tiny shapes"))
    assert ended["status"] == "succeeded", ended["error"]
    return ended


@pytest.fixture
def shown(place: OpenPage) -> OpenPage:
    return partial(place, styles=STYLES, scripts=SCRIPTS)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def test_figures_stand_with_intervals_and_the_prompt(
    shown: OpenPage, rest: Rest, measured: dict[str, Any]
) -> None:
    page = shown(f'<v-fewshot-scores run="{measured["id"]}"></v-fewshot-scores>')
    verdicts = page.get_by_role("region", name="Verdict").locator(".verdicts li p")
    expect(verdicts).to_have_text([each["text"] for each in rows(rest, measured, "verdict")])

    table = page.get_by_role("region", name="Accuracy of each classifier")
    scores = rows(rest, measured, "fewshot_score")
    lines = table.locator("tbody tr:not(.group)")
    expect(lines).to_have_count(len(scores))
    for line, row in zip(lines.all(), scores, strict=True):
        expect(line.locator("td").first).to_contain_text(percent(row["accuracy"]))
        low, high = f"{100 * row['low']:.1f}", f"{100 * row['high']:.1f}"
        expect(line.locator("td").first).to_contain_text(f"{low} to {high}")
    closer = next(row for row in scores if row["refinement"] == "vcr")
    cells = lines.nth(1).locator("td")
    sure = closer["difference_low"] > 0
    expect(cells.nth(1)).to_contain_text(
        f"+{100 * closer['difference']:.1f} {'better' if sure else 'may be chance'}"
    )
    expect(cells.nth(3)).to_have_text(str(closer["fixed"]))
    expect(cells.nth(4)).to_have_text(str(closer["broken"]))

    [setup] = rows(rest, measured, "fewshot_setup")
    cards = page.locator("section.card")
    expect(cards).to_have_count(5)
    for card in cards.all():
        expect(card.locator(".stamp")).to_contain_text(setup["template"][0])
    address = page.get_by_role("link", name="Export CSV").get_attribute("href")
    written = list(csv.DictReader(page.request.get(str(address)).text().splitlines()))
    assert len(written) == 6 + 6 * len(setup["seeds"])  # zero-shot is the same in every draw


def test_classes_and_the_map_follow_the_classifier(
    shown: OpenPage, rest: Rest, measured: dict[str, Any]
) -> None:
    page = shown(f'<v-fewshot-scores run="{measured["id"]}"></v-fewshot-scores>')
    alpha = page.get_by_role("region", name="Alpha and beta")
    expect(page.get_by_role("region", name="Accuracy by class")).to_be_visible()
    expect(alpha).to_have_count(0)
    which = page.get_by_role("group", name="Classifier")
    which.get_by_role("button", name="Tip-Adapter", exact=True).click()
    tried = rows(rest, measured, "fewshot_map")[0]
    expect(alpha).to_contain_text(f"Tuned on {tried['tuned_on']}")
    row, column = tried["chosen"]
    best = tried["accuracy"][row][column]
    expect(alpha.locator(".readout")).to_contain_text(
        re.compile(rf"alpha \S+, beta \S+: {re.escape(percent(best))}; the chosen one")
    )
    expect(alpha.locator("svg rect.chosen")).to_have_count(1)
    alpha.get_by_role("group", name="Accuracy by alpha and beta").press("ArrowUp")
    other = tried["accuracy"][row + 1][column]
    expect(alpha.locator(".readout")).to_have_text(
        re.compile(rf"^alpha \S+, beta \S+: {re.escape(percent(other))}\.$")
    )

    classes = page.get_by_role("region", name="Accuracy by class").first
    known = [each for each in rows(rest, measured, "fewshot_class") if each["classifier"] == "tip"]
    lost = min(each["after"] - each["before"] for each in known)
    classes.get_by_label("Order by").select_option("lost")
    first = classes.locator("g.dumbbell").first.locator("text.change")
    expect(first).to_have_text(f"{100 * lost:+.1f}".replace("-", "−").replace("+0.0", "±0.0"))
    classes.get_by_text("As a table").click()
    expect(classes.locator("tbody tr")).to_have_count(len(known))
    page.reload()
    expect(which.get_by_role("button", name="Tip-Adapter", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_a_cell_shows_its_pictures(shown: OpenPage, rest: Rest, measured: dict[str, Any]) -> None:
    pictures = rows(rest, measured, "fewshot_picture")
    plain = [each for each in pictures if each["classifier"] == "zero_shot"]
    fixed = [each for each in plain if each["outcome"] == "fixed"]
    label, answer = fixed[0]["label"], fixed[0]["before"][0][0]
    matrix = next(
        each
        for each in rows(rest, measured, "fewshot_confusion")
        if (each["classifier"], each["refinement"]) == ("zero_shot", "global")
    )
    places = [matrix["classes"].index(each) for each in (label, answer)]
    page = shown(f'<v-fewshot-scores run="{measured["id"]}"></v-fewshot-scores>')
    card = page.get_by_role("region", name="Confusion", exact=True)
    card.get_by_role("button", name="Before").click()
    plot = card.get_by_role("group", name="Confusion of")
    plot.press("ArrowRight")  # comes in at the first class
    for key, steps in zip(("ArrowDown", "ArrowRight"), places, strict=True):
        for _ in range(steps):
            plot.press(key)
    n = matrix["counts"][places[0]][places[1]]
    expect(card.locator(".readout")).to_have_text(
        re.compile(f"^{label} taken for {answer}: {n} before, \\d+ after")
    )
    plot.press("Enter")
    panel = card.locator(".cellpictures")
    expect(panel.get_by_role("article")).not_to_have_count(0)
    one = panel.get_by_role("article").first
    expect(one).to_contain_text(label)
    expect(one.locator(".shotanswers").first.locator("li").first).to_contain_text(answer)
    expect(one.locator(".shotanswers").last.locator("li.right")).to_have_count(1)
    until(page, LOADED, ".cellpictures img")

    mended = page.get_by_role("region", name="Fixed", exact=True)
    expect(mended.get_by_role("heading").first).to_contain_text(f"Fixed {len(fixed)}")
    expect(mended.get_by_role("article")).to_have_count(min(6, len(fixed)))


def test_it_fits_a_phone_and_says_what_to_do_first(
    shown: OpenPage, measured: dict[str, Any]
) -> None:
    phone = {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"}
    page = shown(f'<v-fewshot-scores run="{measured["id"]}"></v-fewshot-scores>', **phone)
    expect(page.get_by_role("region", name="Fixed and broken")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.route(
        "**/api/v1/runs?method=*", lambda route: route.fulfill(json={"runs": [], "total": 0})
    )
    page.goto("/placed")
    page.evaluate("document.querySelector('v-fewshot-scores').removeAttribute('run')")
    expect(page.locator("v-fewshot-scores")).to_contain_text("No accuracy measured yet")


def test_a_run_is_shown_when_it_ends_beside_others_and_to_strangers(
    open_page: OpenPage,
    rest: Rest,
    measured: dict[str, Any],
    start: Callable[..., dict[str, Any]],
) -> None:
    other = start("By probability", margin="prob")  # encodes nothing anew
    page = open_page(f"/fewshot-evaluate?run={other['id']}")
    expect(page.get_by_role("region", name="Verdict")).to_be_visible(timeout=LONG)
    choice = page.get_by_role("combobox", name=re.compile("^Accuracy of"))
    expect(choice).to_have_value(other["id"])
    [setup] = rows(rest, other, "fewshot_setup")
    assert setup["encoded"] == 0

    made = rest.post("comparisons", {"run_ids": [measured["id"], other["id"]], "title": "Margins"})
    page.goto(f"/compare?c={made['id']}")
    beside = page.get_by_role("region", name="Accuracy side by side").last
    expect(beside.get_by_role("columnheader")).to_have_text(
        ["Features", "Tiny shapes", "By probability"]
    )
    closer = beside.get_by_role("row", name=re.compile("^Looking closer")).first
    for place, run in enumerate((measured, other)):
        [row] = [
            each
            for each in rows(rest, run, "fewshot_score")
            if (each["classifier"], each["refinement"]) == ("zero_shot", "vcr")
        ]
        expect(closer.get_by_role("cell").nth(place)).to_contain_text(percent(row["accuracy"]))
    expect(page.locator("v-fewshot-scores-beside .notice")).to_have_count(0)  # the same pictures

    share = rest.post("shares", {"kind": "run", "target_id": measured["id"], "days": 3})
    page.goto(share["url"])
    table = page.get_by_role("region", name="Accuracy of each classifier")
    scores = rows(rest, measured, "fewshot_score")
    lines = table.locator("tbody tr:not(.group)")
    expect(lines).to_have_count(len(scores))
    for line, row in zip(lines.all(), scores, strict=True):
        expect(line).to_contain_text(percent(row["accuracy"]))
    expect(page.locator(".stamp").first).to_contain_text(setup["template"][0])
    page.get_by_text("Zero-shot: classes, fixed and broken pictures").click()
    until(page, LOADED, "details[open] .shot img")
    assert "style=" not in page.request.get(share["url"]).text()  # which its rules would drop
