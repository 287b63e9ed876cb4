"""Side by side, and the page that is shared."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import Rest

OpenPage = Callable[..., Page]


def test_any_two_images_go_under_the_slider(open_page: OpenPage, compared: dict[str, Any]) -> None:
    page = open_page(compared["comparison"]["url"])
    expect(page).to_have_title(re.compile("Three ways"))
    cells = page.locator("button.cell")
    expect(cells).to_have_count(9)
    names = page.locator(".viewer .names")
    expect(names).to_contain_text("Uncached, 0")
    expect(names).to_contain_text("Reuse, 0")
    cells.nth(4).click()
    cells.nth(7).click()
    expect(names).to_contain_text("Reuse, 1")
    expect(names).to_contain_text("Fewer steps, 1")
    slider = page.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    expect(slider).to_have_value("51")
    assert "49%" in page.locator(".viewer .stage img").nth(1).evaluate("(i) => i.style.clipPath")
    stage = page.locator(".viewer .stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 20)
    page.mouse.up()
    assert 23 <= float(slider.input_value()) <= 27


def test_two_images_are_flipped_and_subtracted(
    open_page: OpenPage, compared: dict[str, Any]
) -> None:
    page = open_page(compared["comparison"]["url"])
    above = page.locator(".viewer .stage img").nth(1)
    page.get_by_role("button", name="Flip", exact=True).click()
    flip = page.get_by_role("button", name="Flip (space)")
    flip.click()
    expect(above).to_have_css("visibility", "hidden")
    flip.press("Space")
    expect(above).to_have_css("visibility", "visible")
    page.get_by_role("button", name="Difference").click()
    expect(
        page.get_by_text(re.compile(r"Mean difference \d+\.\d\d, largest \d+\.\d of 255"))
    ).to_be_visible()


def test_the_grid_is_walked_with_arrows(open_page: OpenPage, compared: dict[str, Any]) -> None:
    page = open_page(compared["comparison"]["url"])
    cells = page.locator("button.cell")
    cells.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(cells.nth(4)).to_be_focused()
    page.keyboard.press("Enter")
    expect(cells.nth(4)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Next: image").click()
    expect(page.get_by_text("Image 2 of 2")).to_be_visible()
    expect(page.locator("button.cell").first).to_have_attribute("title", re.compile("image 2"))


def test_metrics_stand_against_the_control_in_words(
    open_page: OpenPage, compared: dict[str, Any]
) -> None:
    page = open_page(compared["comparison"]["url"])
    table = page.get_by_role("region", name="Settings that differ, and metrics")
    expect(table.locator("tbody tr")).to_have_count(3)
    heads = [text.strip(" ↕↑↓\n") for text in table.locator("thead th").all_inner_texts()]
    assert heads[:3] == ["Run", "Steps", "Schedule"]  # what differs comes first
    assert table.get_by_text(re.compile("· (better|worse)")).count() > 0
    column = table.get_by_role("columnheader", name=re.compile("^Seconds"))
    column.first.get_by_role("button").click()
    expect(column.first).to_have_attribute("aria-sort", "descending")
    page.get_by_label("Compare against").select_option(label="Fewer steps")
    expect(table.locator("tr.control")).to_contain_text("Fewer steps")


def test_the_first_metrics_are_seen_without_scrolling(open_page: OpenPage, rest: Rest) -> None:
    [method] = [item for item in rest.get("methods") if item["name"] == "caching.sample"]
    chosen = [item for item in method["presets"].values() if not item["values"].get("router")]
    small = {"classes": ["0", "1", "2"], "images_per_class": 2}
    runs = [
        {
            "method": "caching.sample",
            "config": {**item["values"], **small},
            "title": item["title"],
            "seed": 5,
        }
        for item in chosen
    ]
    runs = [run for run in runs if rest.holds(run)][:6]
    made = rest.post("batches", {"runs": runs, "title": "Every way"})
    for run in made["runs"]:
        assert rest.ended(run)["status"] == "succeeded"
    page = open_page(made["comparison"]["url"], viewport={"width": 1440, "height": 900})
    table = page.get_by_role("region", name="Settings that differ, and metrics")
    expect(table.locator("tbody tr")).to_have_count(len(runs))
    right = table.bounding_box()
    assert right is not None
    for title in ("Speedup", "FLOP share", "Relative L2"):
        head = table.get_by_role("columnheader", name=re.compile(f"^{title}")).first.bounding_box()
        assert head is not None, title
        assert head["x"] + head["width"] <= right["x"] + right["width"] + 1, title


def test_curves_are_drawn_and_have_a_table(open_page: OpenPage, compared: dict[str, Any]) -> None:
    page = open_page(compared["comparison"]["url"])
    figure = page.locator("figure.curves").first
    figure.scroll_into_view_if_needed()
    expect(figure.locator("svg.main-svg").first).to_be_visible()
    figure.get_by_text("As a table").click()
    expect(figure.locator("table tbody tr").first).to_be_visible()


def test_a_comparison_is_shared_opened_in_a_private_window_and_revoked(
    open_page: OpenPage, compared: dict[str, Any], url: str
) -> None:
    page = open_page(compared["comparison"]["url"])
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label(re.compile("^Days")).fill("2")
    dialog.get_by_role("button", name="Create link").click()
    link = dialog.get_by_label("Link").input_value()
    assert link.startswith(f"{url}/s/")

    stranger = open_page(link)
    expect(stranger.get_by_role("heading", name="Three ways")).to_be_visible()
    expect(stranger.locator("table.grid tbody tr")).to_have_count(3)
    for image in stranger.locator("table.grid img").all():
        # Not `wait_for_function`: it evaluates a string in the page, which the page's own rules forbid.
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("complete", True)
        expect(image).not_to_have_js_property("naturalWidth", 0)
    expect(stranger.locator(".viewer")).to_be_visible()
    expect(stranger.locator("a[href^='/run'], a[href^='/compare']")).to_have_count(0)

    without_script = open_page(link, java_script_enabled=False)
    expect(without_script.locator("table.grid img")).to_have_count(9)

    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_text("revoked")).to_be_visible()
    assert httpx.get(link).status_code == 410
    stranger.reload()
    expect(stranger.get_by_text("has been revoked")).to_be_visible()


def test_less_fid_and_more_score_are_better(open_page: OpenPage) -> None:
    """The word “inception” in a metric's name says nothing of which way is better."""
    names = ["inception_fid", "inception_is", "judge_inception_score", "judge_frechet_distance"]
    verdicts = open_page("/healthz").evaluate(
        "names => import('/static/metrics.js').then(m => names.map(m.better))", names
    )
    assert verdicts == [-1, 1, 1, -1]
