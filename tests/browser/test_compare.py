"""Side by side, and the page that is shared."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Rest
from tests.conftest import wait_for

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


def test_the_viewer_stands_beside_a_narrow_grid(
    open_page: OpenPage, compared: dict[str, Any]
) -> None:
    page = open_page(compared["comparison"]["url"])
    grid, stage = page.locator("table.grid"), page.locator(".viewer .stage")
    expect(stage).to_be_visible()
    left, right = grid.bounding_box(), stage.bounding_box()
    assert left is not None
    assert right is not None
    assert 0 < right["x"] - left["x"] - left["width"] < 60
    assert right["width"] >= 400


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


def test_settings_that_differ_come_first_and_metrics_stand_against_the_control(
    open_page: OpenPage, compared: dict[str, Any]
) -> None:
    page = open_page(compared["comparison"]["url"])
    settings = page.get_by_role("region", name="Settings").locator("tbody tr")
    expect(settings.first).to_contain_text("Steps")
    expect(settings.first.locator("td.chosen")).to_have_text("10")
    few = settings.count()
    page.get_by_label(re.compile("Only differences")).uncheck()
    assert settings.count() > few
    expect(page.get_by_role("region", name="Settings").last).to_contain_text("not used")
    table = page.get_by_role("region", name="Metrics", exact=True).last
    expect(table.locator("tbody tr")).to_have_count(3)
    expect(table.get_by_text(re.compile("· better")).first).to_be_visible()  # a count of work
    column = table.get_by_role("columnheader", name=re.compile("^Seconds"))
    column.first.get_by_role("button").click()
    expect(column.first).to_have_attribute("aria-sort", "descending")
    row = table.get_by_role("row", name=re.compile("Fewer steps"))
    row.get_by_role("button", name="set as control").click()
    expect(table.locator("tr.control")).to_contain_text("Fewer steps")
    expect(page).to_have_url(re.compile(f"baseline={compared['runs'][2]['id']}"))
    page.reload()
    expect(table.locator("tr.control")).to_contain_text("Fewer steps")
    expect(page.get_by_text("Changes are not saved")).to_be_visible()


def test_settings_are_copied_as_text_that_begins_no_formula(open_page: OpenPage) -> None:
    view = {"runs": [{"id": "a", "title": "=cmd|x", "method": "m"}]}
    rows = [
        {"name": "s", "title": "S|t", "values": [-0.5], "states": ["default"]},
        {"name": "u", "title": "U", "values": [None], "states": ["absent"]},
        {"name": "v", "title": "V", "values": ['=1+"1"'], "states": ["chosen"]},
    ]
    script = """([view, rows]) => import("/static/compare-copy.js")
      .then((m) => [m.asMarkdown(view, rows), m.asCsv(view, rows), JSON.parse(m.asJson(view, rows)).settings.s.values])"""
    markdown, csv, values = open_page("/healthz").evaluate(script, [view, rows])
    assert markdown.splitlines() == [
        "| Setting | =cmd\\|x |",
        "| --- | --- |",
        "| S\\|t | -0.5 (default) |",
        "| U | no such setting |",
        '| V | =1+"1" |',
    ]
    assert csv.split("\r\n")[:4] == [
        '"setting","\'=cmd|x (a)"',
        '"s","-0.5"',
        '"u","no such setting"',
        '"v","\'=1+""1"""',
    ]
    assert values == [-0.5]


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
    table = page.get_by_role("region", name="Metrics", exact=True).last
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


def test_the_cache_map_names_each_cell_for_pointer_and_keyboard(
    open_page: OpenPage, compared: dict[str, Any]
) -> None:
    page = open_page(compared["comparison"]["url"])
    section = page.locator("section.card[aria-label='Cache map']")
    figures = section.locator("figure")
    expect(figures).to_have_count(3)
    reuse = figures.nth(1)
    expect(reuse).to_contain_text("computed 160 (50 %) · reused 160 (50 %)")
    expect(figures.nth(2)).to_contain_text("computed 160 (100 %)")  # half as many steps
    drawing, said = reuse.locator("svg.cachemap"), reuse.locator(".readout")
    drawing.focus()
    expect(said).to_have_text(re.compile("^step 0, block 0, attention: computed"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(said).to_have_text(re.compile("^step 1, block 0, feed-forward: reused"))
    box = drawing.bounding_box()
    assert box is not None
    at = "(node) => [Number(node.getAttribute('x')), Number(node.getAttribute('y'))]"
    cursor = reuse.locator(".cursor")
    x, y = cursor.evaluate(at)
    width, _ = (float(part) for part in drawing.get_attribute("viewBox").split()[2:])  # type: ignore[union-attr]
    page.mouse.move(
        box["x"] + (x + 4) / width * box["width"], box["y"] + (y + 36) / width * box["width"]
    )
    expect(said).to_have_text(re.compile("^step 1, block 2, attention: reused"))
    reuse.get_by_text("As a table").click()
    row = reuse.locator("table tbody tr").nth(1)
    expect(row.locator("td").last).to_have_text("R R")


def test_a_map_of_a_large_model_is_three_shapes(
    open_page: OpenPage, compared: dict[str, Any]
) -> None:
    page = open_page(compared["comparison"]["url"])
    large = {
        "cells": [[[(step + layer) % 3, 0] for layer in range(28)] for step in range(50)],
        "timesteps": list(range(999, 0, -20)),
        "trend": [None] + [0.1] * 49,
        "direction": [None, None] + [-0.5] + [0.5] * 47,
    }
    expect(page.locator("v-compare section").first).to_be_visible()
    page.route("**/a/*cells", lambda route: route.fulfill(json=large))
    said = page.evaluate(
        """async () => {
          const { cacheMaps } = await import(new URL("static/cache-map.js", document.baseURI));
          const one = { role: "cells", mime: "application/json", name: "cells.json", url: "/a/0cells" };
          const parts = Array.from({ length: 8 }, (_, id) => ({ run: { id, title: `run ${id}` }, artefacts: [one] }));
          const section = cacheMaps(parts);
          document.querySelector("v-compare").append(section);
          while (!section.querySelector("svg")) await new Promise((done) => setTimeout(done, 20));
          const first = section.querySelector("svg.cachemap");
          return [
            section.querySelectorAll("svg.cachemap").length,
            first.querySelectorAll("path.cells").length,
            first.querySelectorAll(".turn").length,
            first.querySelectorAll("*").length,
          ];
        }"""
    )
    assert said[:3] == [8, 3, 1]
    assert said[3] < 60


def test_a_point_of_the_chart_opens_its_run(open_page: OpenPage, compared: dict[str, Any]) -> None:
    page = open_page(compared["comparison"]["url"])
    chart = page.locator("section.card[aria-label='Speed against error']")
    chosen = chart.locator("a.point.chosen")
    expect(chosen).to_have_count(3)
    said = chart.locator("p.readout")
    first = chart.locator("a.point[tabindex='0']")
    label = first.get_attribute("aria-label")
    assert label is not None
    first.focus()
    expect(said).to_have_text(label)
    page.keyboard.press("ArrowRight")
    expect(said).not_to_have_text(label)
    uncached = chart.locator(f"a.point[href$='{compared['runs'][0]['id']}']")
    expect(uncached).to_have_attribute("aria-label", re.compile("of this page, beaten by no other"))
    chart.get_by_role("combobox", name="Across").select_option(label="FLOP share")
    chart.get_by_role("combobox", name="Up").select_option(label="PSNR")
    expect(chart.locator("p.muted").first).to_contain_text("left and up")
    expect(chosen).to_have_count(2)  # the uncached run has no finite ratio
    chart.get_by_text("As a table").click()
    expect(chart.locator("table")).to_contain_text("Fewer steps")
    reuse = compared["runs"][1]["id"]
    point = chart.locator(f"a.point[href$='{reuse}'] .shape")
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)  # brings it on top of what lies near it
    page.mouse.click(*middle)
    page.wait_for_url(f"**/run?id={reuse}")
    page.go_back()
    link = chart.locator(f"a.point[href$='{reuse}']")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/run?id={reuse}")


def test_points_of_the_page_are_named_in_the_chart(
    open_page: OpenPage, compared: dict[str, Any]
) -> None:
    page = open_page(compared["comparison"]["url"])
    chart = page.locator("section.card[aria-label='Speed against error']")
    chart.get_by_role("combobox", name="Across").select_option(label="FLOP share")
    names = chart.locator("svg.frontier text.name")
    expect(names).to_have_text(["Uncached", "Reuse", "Fewer steps"])
    places = page.evaluate(
        """async () => {
          const { labels } = await import(new URL("static/frontier-labels.js", document.baseURI));
          const frame = { left: 0, right: 200, top: 0, bottom: 100 };
          const point = (x, name) => ({ x, y: 50, name, wanted: true });
          return labels([point(20, "one"), point(45, "two"), point(190, "three"), point(191, "x".repeat(60))], frame)
            .map((node) => [node.textContent, Number(node.getAttribute("x"))]);
        }"""
    )
    assert [name for name, _ in places] == ["one", "two", "three"]  # the last has room nowhere
    assert places[0][1] < 20  # above or below, as its neighbour is to its right
    assert places[1][1] > 45
    assert places[2][1] < 190


def test_a_time_that_the_saved_work_cannot_explain_is_doubted(
    open_page: OpenPage, compared: dict[str, Any]
) -> None:
    def distort(route: Route) -> None:
        answer = route.fetch()
        view = answer.json()
        values = {item["name"]: item["values"] for item in view["metrics"]}
        due = [1 / share for share in values["flop_share"]]
        values["speedup"][:] = [due[0], 1.5 * due[1], due[2]]
        route.fulfill(response=answer, json=view)

    page = open_page("/compare")
    page.route("**/api/v1/compare?*", distort)
    page.goto(compared["comparison"]["url"])
    doubt = page.locator("p.doubt")
    expect(doubt).to_contain_text(re.compile(r"multiply-adds saved account for: Reuse \(\d"))
    expect(doubt).not_to_contain_text("Fewer steps")


def test_images_that_suffered_most_come_first(
    open_page: OpenPage, compared: dict[str, Any], rest: Rest
) -> None:
    reuse = compared["runs"][1]["id"]
    rows = rest.get(f"runs/{reuse}/records/images", sort="relative_l2", descending=True)["rows"]
    page = open_page(compared["comparison"]["url"])
    images = page.locator("section.card[aria-label='Images']")
    images.get_by_label("Order").select_option(label="worst first in Reuse")
    line = images.locator("tbody tr").nth(1).locator("button.cell")
    expect(line).to_have_count(6)
    titles = [cell.get_attribute("title") or "" for cell in line.all()]
    found = [float(re.findall(r"relative L2 ([\d.]+)", text)[0]) for text in titles]
    assert found == sorted(found, reverse=True)
    assert found == [float(f"{row['relative_l2']:.4g}") for row in rows]
    assert f"Reuse, {rows[0]['class_name']}, image" in titles[0]
    assert "PSNR" in titles[0]
    expect(images.locator(".viewer .names")).to_contain_text(f"relative L2 {found[0]:g}")


def test_the_difference_can_be_amplified(open_page: OpenPage, compared: dict[str, Any]) -> None:
    page = open_page(compared["comparison"]["url"])
    page.get_by_role("button", name="Difference").click()
    light = """(map) => Math.max(...map.getContext("2d").getImageData(0, 0, map.width, map.height).data
      .filter((_, place) => place % 4 === 0))"""
    stage = page.locator(".viewer .stage canvas")
    expect(page.get_by_text(re.compile("the brightest point is the largest"))).to_be_visible()
    assert stage.evaluate(light) == 255
    page.get_by_label("Brightened").select_option(label="not at all")
    expect(page.get_by_text(re.compile(r"largest \d+\.\d of 255\.$"))).to_be_visible()
    plain = stage.evaluate(light)
    page.get_by_label("Brightened").select_option(label="2 times")
    wait_for(lambda: abs(stage.evaluate(light) - min(255, 2 * plain)) <= 2, 10)


def test_what_papers_report_stands_in_a_box_of_its_own(
    open_page: OpenPage, compared: dict[str, Any]
) -> None:
    page = open_page(compared["comparison"]["url"])
    box = page.locator("details.reported")
    expect(box.locator("summary")).to_contain_text("not measured here")
    box.locator("summary").click()
    expect(box.get_by_role("heading").first).to_contain_text("DiT-XL/2")
    marked = box.locator("tr.control")
    expect(marked).to_have_count(2)  # uncached, and plain reuse at half of the steps
    expect(marked.nth(1)).to_contain_text("6.857")
    measured = page.get_by_role("region", name="Metrics", exact=True).last
    expect(measured).not_to_contain_text("6.857")
    caching = open_page("/caching").locator("v-reported details.reported")
    expect(caching).to_have_count(1)
    expect(caching.locator("tr.control")).to_have_count(0)


def test_a_comparison_is_told_in_a_sentence(open_page: OpenPage, compared: dict[str, Any]) -> None:
    page = open_page(compared["comparison"]["url"])
    expect(page.locator("p.remark")).to_contain_text(
        re.compile(r"At about the same multiply-adds \(50% against \d\d%\), 10 uncached steps did")
    )


def test_a_table_says_that_it_scrolls(open_page: OpenPage, compared: dict[str, Any]) -> None:
    page = open_page(compared["comparison"]["url"], viewport={"width": 390, "height": 800})
    table = page.get_by_role("region", name="Metrics", exact=True).last
    expect(table.get_by_text("· better").first).to_be_visible()  # now it has all its columns
    more = page.locator("section[aria-label='Metrics']").get_by_text("More columns to the right")
    expect(more).to_be_visible()
    head = table.locator("thead th").first
    left = head.bounding_box()
    table.evaluate("(node) => node.scrollTo(node.scrollWidth, 0)")
    expect(more).to_be_hidden()
    moved = head.bounding_box()
    assert left is not None
    assert moved is not None
    assert abs(moved["x"] - left["x"]) < 1


def test_the_toolbar_of_a_curve_covers_none_of_its_names(
    open_page: OpenPage, compared: dict[str, Any]
) -> None:
    page = open_page(compared["comparison"]["url"], viewport={"width": 390, "height": 800})
    page.get_by_text("More curves").click()
    figure = page.locator("figure.curves").nth(1)  # the first has one curve, and so no names
    figure.scroll_into_view_if_needed()
    legend = figure.locator("g.legend[pointer-events]")  # what hovering shows is another
    expect(legend).to_be_visible(timeout=30_000)  # plotly is large
    figure.locator(".plot").hover()
    bar, names = figure.locator(".modebar-container").bounding_box(), legend.bounding_box()
    assert bar is not None
    assert names is not None
    assert bar["y"] + bar["height"] <= names["y"]


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


def test_runs_are_compared_noted_and_kept(
    open_page: OpenPage, compared: dict[str, Any], rest: Rest
) -> None:
    _, second, third = (run["id"] for run in compared["runs"])
    page = open_page(f"/compare?run={second}&run={third}")
    expect(page.get_by_text("Not saved.")).to_be_visible()
    page.get_by_role("button", name="Add notes").click()
    page.get_by_role("textbox", name="Notes").fill("Why: speed\n<b>plain</b>")
    page.get_by_role("button", name="Done").click()
    expect(page).to_have_url(re.compile("notes=Why"))
    page.locator("details.compared summary").click()
    page.get_by_role("button", name="Add runs").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("li", has_text="Uncached").get_by_role("checkbox").first.check()
    dialog.get_by_role("button", name="Compare with 1").click()
    expect(page).to_have_url(re.compile(f"run={second}&run={third}&run="))
    page.reload()
    expect(page.locator("section.notes p")).to_have_text("Why: speed\n<b>plain</b>")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?c=\w+$"))
    made = page.url.split("c=")[1]
    kept = rest.get(f"comparisons/{made}")
    assert kept["run_ids"][:2] == [second, third]
    assert kept["notes"] == "Why: speed\n<b>plain</b>"
    page.goto("/compare?q=speed")
    expect(page.locator("li.card", has_text="Why: speed")).to_have_count(1)


def test_a_comparison_follows_its_runs_and_says_which_were_deleted(
    open_page: OpenPage, rest: Rest
) -> None:
    rest.post("queue/cpu/pause")
    config = {"steps": 3, "seconds_per_step": 0.0}
    runs = [
        rest.post("runs", {"method": "toy.steps", "config": config, "seed": seed, "queue": "cpu"})
        for seed in (1, 2)
    ]
    made = rest.post("comparisons", {"run_ids": [run["id"] for run in runs], "title": "Going"})
    page = open_page(f"/compare?c={made['id']}")
    expect(page.get_by_text("0 of 2 runs have ended")).to_be_visible()
    rest.post("queue/cpu/resume")
    expect(page.get_by_text("The same for all: Sum 3")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("runs have ended")).to_be_hidden()
    assert rest.http.delete(f"/runs/{runs[0]['id']}").is_success
    page.reload()
    expect(page.get_by_text("A run of this comparison was deleted")).to_be_visible()
