"""Trying few shots on pictures of one's own: dropped, refused by name, sent to classes, looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from methods.worlds.scenes import random_scene, render
from tests.browser.conftest import Rest
from tests.conftest import wait_for

OpenPage = Callable[..., Page]
STYLES = ("tokens", "widgets", "studio", "look")


@pytest.fixture
def trial(place: OpenPage) -> OpenPage:
    return partial(place, "<v-fewshot-try></v-fewshot-try>", STYLES, ("fewshot-try",))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures, one file that is none, and a folder with a folder of shots for each of two classes."""
    root = tmp_path_factory.mktemp("pictures")
    draw = np.random.default_rng(5)

    def drawn(shape: str, colour: str, size: float) -> Image.Image:
        scene = random_scene(draw, kinds=((shape, colour),), sizes=(size, size + 0.02))
        return Image.fromarray(render(scene, 96))

    drawn("ring", "blue", 0.2).save(root / "one.png")
    drawn("star", "red", 0.2).convert("CMYK").save(root / "two.tif")
    (root / "notes.png").write_bytes(b"no picture")
    for colour, shape in (("blue", "ring"), ("red", "star")):
        (root / "shots" / f"{colour} {shape}").mkdir(parents=True)
        drawn(shape, colour, 0.4).save(root / "shots" / f"{colour} {shape}" / "shot.png")
    return root


def choose(page: Page, zone: str, place: int, *paths: Path) -> None:
    field = page.get_by_role("region", name=zone, exact=True).locator("input[type=file]").nth(place)
    field.set_input_files(paths[0] if paths[0].is_dir() else list(paths))


def test_pictures_are_dropped_named_and_looked_at(
    trial: OpenPage, rest: Rest, folder: Path
) -> None:
    page = trial()
    go = page.get_by_role("button", name="Look closer")
    expect(go).to_be_disabled()
    expect(page.get_by_text("Drop a picture to look at.")).to_be_visible()
    choose(page, "Pictures", 0, folder / "one.png", folder / "two.tif", folder / "notes.png")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("notes.png: its 10 bytes are no picture in a known format")
    tiles = page.get_by_role("list", name="Pictures to look at").get_by_role("listitem")
    expect(tiles).to_have_count(3)
    expect(tiles.filter(has_text="two.tif").locator("img")).to_have_count(
        1
    )  # shown though no browser reads it
    alert.get_by_role("button", name="Leave it out").click()
    expect(tiles).to_have_count(2)
    expect(page.get_by_text("Name two classes or more.")).to_be_visible()
    choose(page, "Classes", 0, folder / "shots")
    names = page.get_by_label("What they may show")
    for name in ("blue ring", "red star"):
        expect(page.get_by_role("group", name=f"Shots of {name}")).to_contain_text("1 shot")
    lines = names.input_value().split("\n")
    names.fill("\n".join("azure ring" if line == "blue ring" else line for line in lines))
    expect(page.get_by_role("group", name="Shots of azure ring")).to_contain_text("1 shot")  # kept
    names.fill("\n".join([*lines, "green heart"]))
    expect(page.get_by_role("group", name="Shots of green heart")).to_contain_text("no shots")
    expect(page.get_by_role("group", name="Shots of azure ring")).to_contain_text("not learnt from")
    page.get_by_role("group", name="Shots of azure ring").get_by_role("combobox").select_option(
        "blue ring"
    )
    expect(page.get_by_role("group", name="Shots of azure ring")).to_have_count(0)
    go.click()

    def looked() -> dict[str, Any] | None:
        runs = rest.get("runs", method="fewshot.look", q="one.png")["runs"]
        return next(iter(runs), None)

    run = rest.ended(wait_for(looked, 60))
    assert run["status"] == "succeeded", run["error"]
    assert run["config"]["classes"].split("\n") == [*lines, "green heart"]
    [setup] = rest.get(f"runs/{run['id']}/records/look_setup")["rows"]
    assert setup["shots"] == {"blue ring": 1, "red star": 1, "green heart": 0}
    expect(page.locator("v-look .lookpicture img")).to_have_attribute("alt", "one.png")
    expect(page.get_by_text("it is", exact=False).filter(has_text="CMYK")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(page.locator("v-look")).to_contain_text("its colours are CMYK")
    page.get_by_role("button", name="New look").click()
    expect(tiles).to_have_count(2)  # what was brought is still there


def test_a_tile_is_dragged_into_a_class(trial: OpenPage, folder: Path) -> None:
    page = trial()
    choose(page, "Pictures", 0, folder / "one.png", folder / "two.tif")
    page.get_by_label("What they may show").fill("blue ring\nred star")
    tiles = page.get_by_role("list", name="Pictures to look at").get_by_role("listitem")
    expect(tiles.locator("img")).to_have_count(2)
    tiles.filter(has_text="two.tif").drag_to(page.get_by_role("group", name="Shots of red star"))
    expect(page.get_by_role("group", name="Shots of red star")).to_contain_text("1 shot")
    expect(tiles).to_have_count(1)
    page.get_by_role("group", name="Shots of red star").get_by_role(
        "button", name="Leave out"
    ).click()
    expect(page.get_by_role("group", name="Shots of red star")).to_contain_text("no shots")


def test_nothing_yet_and_what_the_studio_refuses(trial: OpenPage) -> None:
    def none(route: Route) -> None:
        route.fulfill(json={"runs": [], "cursor": None, "total": 0})

    page = trial()
    page.route("**/api/v1/runs?method=fewshot.look**", none)
    page.reload()
    expect(page.get_by_role("button", name="Look at six generated scenes")).to_be_visible()
    page.get_by_role("button", name="Generated scenes (small world)").click()
    page.get_by_label("Class names, one a line").fill("red circle\nRed  Circle")
    page.get_by_role("button", name="Look closer").click()
    expect(page.get_by_role("alert")).to_contain_text("is named already")
    page.goto("/placed?run=nothing")
    expect(page.get_by_role("alert")).to_contain_text("there is no run 'nothing'")
