"""A sweep from its panel to its advice, and what its page shows on the way, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Rest
from tests.conftest import wait_for

OpenPage = Callable[..., Page]
LONG = 240_000  # milliseconds: runs on a busy machine


def panel(page: Page) -> Any:
    page.get_by_role("button", name="Sweep: many policies").click()
    found = page.locator("v-sweep-launch")
    expect(found.locator(".plan")).to_contain_text("runs", timeout=LONG)
    return found


def test_a_sweep_is_planned_as_one_types_launched_and_concluded(
    open_page: OpenPage, rest: Rest
) -> None:
    page = open_page("/caching")
    form = panel(page)
    form.get_by_label("Classes", exact=True).fill("0, 1")
    form.get_by_label("Images per class", exact=True).fill("1")
    form.get_by_label("Steps", exact=True).fill("8")
    form.get_by_label("Interval", exact=True).fill("2, 4, 8")
    form.get_by_label("Correction weight", exact=True).fill(".3, .6")
    form.get_by_label("Seeds", exact=True).fill("2")
    # Two intervals hold: four corrected cells, two plain ones, and 4 and 2 steps; all of them twice.
    expect(form.locator(".plan")).to_contain_text("8 cells × 2 seeds = 16 runs")
    expect(form.locator(".leftout")).to_contain_text("2 of 6 combinations do not hold")
    expect(form.get_by_text("interval 8 leaves only the first")).to_be_visible()
    form.get_by_label("Interval", exact=True).fill("nine")
    expect(form.locator(".plan")).to_contain_text("no combination holds: interval")
    expect(form.get_by_role("button", name="Launch the sweep")).to_be_disabled()
    form.get_by_label("Interval", exact=True).fill("2, 4")
    expect(form.locator(".plan")).to_contain_text("16 runs")
    form.get_by_role("button", name="Launch the sweep").click()

    page.wait_for_url(re.compile(r"/sweep\?id=\w+"))
    rows = page.get_by_role("region", name="Cells of the sweep").locator("tbody tr")
    expect(rows).to_have_count(8, timeout=LONG)
    expect(page.get_by_role("progressbar", name="Progress of the sweep")).to_be_visible()
    page.reload()
    expect(page).to_have_title(re.compile("^✓"), timeout=LONG)
    expect(page.locator(".facts")).to_contain_text("16 of 16 runs ended")
    expect(page.get_by_text("2 seeds of 2 images")).to_be_visible()
    expect(page.get_by_text("For the same module forwards, 4 uncached steps")).to_be_visible()
    expect(rows.first).to_contain_text("2 of 2")
    expect(rows.first).to_contain_text("±")

    # Sorted by distance, the nearest comes first or last, and it is the one that is marked.
    head = page.get_by_role("button", name="Relative L2")
    head.click()
    head.click()
    expect(rows.first.locator("td").first).to_contain_text("★")
    expect(page.locator("v-sweep .js-plotly-plot .errorbars").first).to_be_attached(timeout=30_000)
    expect(page.locator("v-sweep .js-plotly-plot")).to_have_count(2)
    # A point leads to the row of its runs, also when the page has asked again and found nothing new.
    with page.expect_response(re.compile(r"/sweeps/\w+$")):
        pass
    page.locator("v-sweep .js-plotly-plot").first.evaluate(
        "plot => plot.emit('plotly_click', {points: [{customdata: 0}]})"
    )
    expect(page.locator("tr.chosen")).to_have_count(1)

    # Its runs are ordinary ones, which do not drown the others.
    sweep = page.url.split("id=")[1]
    page.goto("/runs")
    expect(page.locator("v-runs .toolbar .muted")).to_contain_text("run", timeout=LONG)
    expect(page.locator(f"a[href$='sweep?id={sweep}']")).to_have_count(0)
    page.goto(f"/runs?sweep={sweep}")
    expect(page.get_by_text("16 runs")).to_be_visible(timeout=LONG)
    run = rest.get("runs", sweep=sweep, limit=1)["runs"][0]
    page.goto(f"/run?id={run['id']}")
    page.get_by_role("link", name="a sweep").click()
    expect(page).to_have_url(re.compile(sweep))


def test_a_sweep_is_cancelled_and_deleted(open_page: OpenPage, rest: Rest) -> None:
    small = {"classes": ["0"], "images_per_class": 1, "steps": 900}
    made = rest.post(
        "sweeps", {"method": "caching.sample", "config": small, "axes": {"interval": [2, 3]}}
    )
    page = open_page(f"/sweep?id={made['id']}")
    page.get_by_role("button", name="Cancel all").click(timeout=LONG)
    expect(page.get_by_role("button", name="Delete")).to_be_visible(timeout=LONG)
    wait_for(lambda: rest.get(f"sweeps/{made['id']}")["counts"].get("cancelled") == 4, 60)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Sweeps")).to_be_visible(timeout=LONG)
    expect(page.locator(f"a[href$='{made['id']}']")).to_have_count(0)


def test_a_sweep_fits_a_phone(open_page: OpenPage, rest: Rest) -> None:
    small = {"classes": ["0"], "images_per_class": 1, "steps": 4}
    made = rest.post(
        "sweeps", {"method": "caching.sample", "config": small, "axes": {"interval": [2]}}
    )
    page = open_page(
        f"/sweep?id={made['id']}", viewport={"width": 390, "height": 800}, color_scheme="dark"
    )
    expect(page).to_have_title(re.compile("^✓"), timeout=LONG)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    page.goto("/sweep?id=nothing")
    expect(page.get_by_text("there is no sweep 'nothing'")).to_be_visible(timeout=LONG)
