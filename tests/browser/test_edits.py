"""What an edit of an adapter did, in a real browser: verdict, step length, rows, controls; several side by side."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Rest
from tests.toys.erasing import row, row_id

OpenPage = Callable[..., Page]
OVERSHOT = {"weight_decay": 0.001, "overshoot": 6.0}
"""An update so long that the guard allows a quarter of it."""


def edit(rest: Rest, title: str, **config: Any) -> dict[str, Any]:
    run = rest.post("runs", {"method": "toy.edit", "config": config, "title": title, "seed": 1})
    ended = rest.ended(run)
    assert ended["status"] == "succeeded", ended["error"]
    return ended


@pytest.fixture(scope="module")
def edited(rest: Rest) -> list[dict[str, Any]]:
    """An edit with a retrain, and one without."""
    return [edit(rest, "Overshot", **OVERSHOT), edit(rest, "Without a retrain", retrain=0)]


@pytest.fixture
def open_edit(open_page: OpenPage) -> OpenPage:
    """Opens a page on which the toy's runs are taken for those of the method that it stands for."""

    def rename(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer, body=answer.text().replace('"toy.edit"', '"unlearning.erase"')
        )

    def open_edit(path: str, **options: Any) -> Page:
        page = open_page("/healthz", **options)
        page.route(re.compile(r"/api/v1/(runs/\w+|compare\?.*|methods)$"), rename)
        page.goto(path)
        return page

    return open_edit


def records(rest: Rest, run: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = rest.get(f"runs/{run['id']}/records/{kind}", limit=1000)["rows"]
    return rows


def test_losses_and_rows_follow_the_step_length(
    open_edit: OpenPage, rest: Rest, edited: list[dict[str, Any]]
) -> None:
    curve = records(rest, edited[0], "edit_curve")
    marked = next(each for each in records(rest, edited[0], "edit_row") if each["task"] == "answer")
    chosen = next(place for place, point in enumerate(curve) if point["chosen"])
    assert [point["allowed"] for point in curve[chosen:]] == [True, False, False]
    page = open_edit(f"/run?id={edited[0]['id']}")
    verdict = page.get_by_role("region", name="Verdict").get_by_role("listitem").first
    expect(verdict).to_have_text(re.compile(r"The edit reached \d+% of the retrain's change"))
    slider = page.get_by_role("slider", name="Step length")
    expect(slider).to_have_value(str(chosen))
    expect(page.get_by_role("button", name="This is the version of this run")).to_be_disabled()

    slider.press("ArrowRight")
    part = page.get_by_role("region", name="Step length")
    expect(part).to_contain_text("Step length 1/2; the guard forbids it")
    now = curve[chosen + 1]
    expect(slider).to_have_attribute(
        "aria-valuetext", re.compile(f"old answers {now['forget']:.3f}")
    )
    line = page.get_by_role("article", name=f"Row {marked['position']}").locator(".meter").first
    expect(line).to_contain_text(f"→ {marked['curve'][chosen + 1]:.3f}")

    plot = part.locator("svg.stepplot")
    box = plot.bounding_box()
    assert box is not None
    plot.click(position={"x": box["width"] - 16, "y": 80})
    expect(slider).to_have_value(str(len(curve) - 1))
    expect(part).to_contain_text("texts and controls those of the run, 1/4")

    asked: list[Any] = []

    def caught(route: Route) -> None:
        asked.append(route.request.post_data_json)
        route.fulfill(json={**edited[0], "id": "another", "title": "Shorter"}, status=201)

    slider.press("Home")
    expect(page.get_by_role("button", name=re.compile("^Write this version"))).to_be_disabled()
    for _ in range(chosen - 1):
        slider.press("ArrowRight")
    page.route("**/api/v1/runs", caught)
    page.get_by_role("button", name="Write this version (step length 1/8)").click()
    expect(part.get_by_role("link", name="Shorter")).to_have_attribute(
        "href", re.compile("id=another")
    )
    assert asked[0]["config"] == {
        **edited[0]["config"],
        "direction": f"{edited[0]['id']}/update.safetensors",
        "step_length": 0.125,
    }


def test_the_controls_stand_beside_it_and_what_is_not_known_says_why(
    open_edit: OpenPage, rest: Rest, edited: list[dict[str, Any]]
) -> None:
    variants = {each["name"]: each for each in records(rest, edited[0], "edit_variant")}
    page = open_edit(f"/run?id={edited[0]['id']}")
    table = page.get_by_role("region", name="Figures of the edit and of its controls")
    expect(table.get_by_role("columnheader", name=re.compile("^Gradient ascent"))).to_contain_text(
        "harms the retained rows"
    )
    reached = table.get_by_role("row", name=re.compile("^Reached of its change"))
    expect(reached.get_by_role("cell").nth(1)).to_have_text(
        f"{100 * variants['edit']['reached']:.0f} %"
    )
    aim = table.get_by_role("row", name=re.compile("^By loss")).get_by_role("cell").nth(4)
    expect(aim).to_have_text(f"{variants['retrain']['mia_loss']:.3f}the aim")

    page.goto(f"/run?id={edited[1]['id']}")
    expect(table).to_be_visible()
    expect(table).not_to_contain_text("Reached of its change")
    expect(page.get_by_role("region", name="Beside the controls")).to_contain_text(
        "No retrain was paid for"
    )


def test_several_edits_are_set_side_by_side_on_a_phone_too(
    open_edit: OpenPage, rest: Rest, edited: list[dict[str, Any]]
) -> None:
    made = rest.post(
        "comparisons", {"run_ids": [run["id"] for run in edited], "title": "Two edits"}
    )
    page = open_edit(
        f"/compare?c={made['id']}", viewport={"width": 390, "height": 800}, color_scheme="dark"
    )
    beside = page.get_by_role("region", name="Edits side by side").last
    expect(beside.get_by_role("row")).to_have_count(3)
    expect(
        page.get_by_role("region", name="Along the update").locator("svg.stepplot")
    ).to_be_visible()
    apart = page.get_by_role("region", name="Rows on which the edits disagree").locator("tbody tr")
    expect(apart).to_have_count(5)
    gaps = [float(cell.inner_text()) for cell in apart.locator("td:last-child").all()]
    assert gaps == sorted(gaps, reverse=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_edit_of_a_request_is_kept_and_taken_back(open_page: OpenPage, rest: Rest) -> None:
    table = rest.ended(rest.post("runs", {"method": "toy.instructions", "config": {"rows": 12}}))
    asked = {
        "table": table["id"],
        "title": "A wrong street",
        "answers": {row_id(0): row(0)["right"]},
    }
    request = rest.post("requests", asked)
    rest.post(f"requests/{request['id']}/approve")
    (run,) = rest.post(f"requests/{request['id']}/run", {"launches": [{"title": "One step"}]})
    page = open_page(f"/run?id={run['id']}")
    page.locator("v-run").wait_for()
    page.evaluate(
        """(id) => {
          const node = document.createElement("v-edit");
          node.setAttribute("run", id);
          document.querySelector("main, v-run").before(node);
        }""",
        run["id"],
    )  # while it may still be running: the edit is shown as soon as it has ended
    head = page.get_by_role("region", name="Verdict")
    expect(head).to_contain_text("not kept")
    expect(head.get_by_role("link", name="A wrong street")).to_be_visible()
    head.get_by_role("button", name="Keep this version").click()
    expect(head).to_contain_text("● kept")
    assert rest.get(f"requests/{request['id']}")["kept_run"] == run["id"]
    href = head.get_by_role("link", name="as JSON").get_attribute("href")
    said = page.request.get(str(href)).json()
    assert [line["action"] for line in said["trail"]][-1] == "kept"
    head.get_by_role("button", name="Undo").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    expect(head).to_contain_text("not kept")
    assert rest.get(f"requests/{request['id']}")["kept_run"] is None
