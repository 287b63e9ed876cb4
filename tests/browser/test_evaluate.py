"""An evaluation's figures and answers in a real browser: marked, filtered, paged, on a phone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from methods.worlds.llava.data import scenes
from tests.browser.conftest import LOADED, Rest, until

OpenPage = Callable[..., Page]
LONG = 240_000  # milliseconds: runs on a busy machine


@pytest.fixture(scope="module")
def evaluated(rest: Rest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """CHAIR of given answers to eight pictures: before, each names a dragon; after, only the last does."""
    folder = tmp_path_factory.mktemp("chair")
    some = scenes("test", 8)
    names = sorted({name for scene in some for name in scene.objects})
    (folder / "synonyms.txt").write_text("\n".join([*names, "dragon"]))
    (folder / "truth.json").write_text(json.dumps({scene.id: scene.objects for scene in some}))
    for scene in some:
        scene.image.save(folder / f"{scene.id}.png")
    before = [f"{scene.caption} There is a dragon." for scene in some]
    after = [*(scene.caption for scene in some[:-1]), before[-1]]
    for variant, texts in (("before", before), ("after", after)):
        rows = [
            {"image_id": scene.id, "caption": text} for scene, text in zip(some, texts, strict=True)
        ]
        (folder / f"{variant}.json").write_text(json.dumps(rows))
    config = {
        "benchmark": "chair",
        "files": str(folder),
        "images": str(folder),
        "answers_before": str(Path(folder, "before.json")),
        "answers_after": str(Path(folder, "after.json")),
    }
    body = {"method": "alignment.evaluate", "config": config, "title": "Dragons"}
    ended = rest.ended(rest.post("runs", body))
    assert ended["status"] == "succeeded", ended["error"]
    return ended


def test_figures_stand_with_denominators_and_answers_with_marks(
    open_page: OpenPage, evaluated: dict[str, Any]
) -> None:
    page = open_page(f"/run?id={evaluated['id']}")
    row = page.get_by_role("region", name="Figures of CHAIR").locator("tbody tr").nth(1)
    expect(row).to_contain_text("CHAIR_s", timeout=LONG)
    expect(row).to_contain_text("8 / 8")
    expect(row).to_contain_text("1 / 8")
    expect(row).to_contain_text("−87.5 better")
    expect(page.locator("v-figures")).to_contain_text("Objects found by synonym list")

    answers = page.locator("v-answers")
    expect(answers.locator("article")).to_have_count(6, timeout=LONG)
    first = answers.locator("article").first
    expect(first).to_contain_text("fixed")
    expect(first.locator("section").nth(0).locator("mark.madeup")).to_have_text(
        re.compile("dragon")
    )
    expect(first.locator("section").nth(1).locator("mark.madeup")).to_have_count(0)
    until(page, LOADED, "v-answers img")

    answers.get_by_role("region", name="Answers").focus()
    page.keyboard.press("ArrowRight")
    expect(answers).to_contain_text("7–8 of 8")
    answers.get_by_role("button", name="Still hallucinating 1").click()
    expect(answers.locator("article")).to_have_count(1)
    expect(page).to_have_url(re.compile("answers=still"))
    page.reload()
    expect(answers.locator("article")).to_have_count(1, timeout=LONG)
    expect(answers.get_by_role("button", name="Still hallucinating 1")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_they_fit_a_phone(open_page: OpenPage, evaluated: dict[str, Any]) -> None:
    page = open_page(
        f"/run?id={evaluated['id']}", viewport={"width": 390, "height": 800}, color_scheme="dark"
    )
    expect(page.locator("v-answers article").first).to_be_visible(timeout=LONG)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_wrong_answer_to_a_question_is_called_wrong(
    open_page: OpenPage, rest: Rest, tmp_path: Path
) -> None:
    rows = [
        {"question_id": i, "image": "a.jpg", "text": f"Is there a thing {i}?", "label": label}
        for i, label in enumerate(("yes", "no"))
    ]
    (tmp_path / "pope.json").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "answers.jsonl").write_text('{"answer": "No"}\n{"answer": "No"}\n')
    config = {
        "benchmark": "pope",
        "files": str(tmp_path / "pope.json"),
        "answers_after": str(tmp_path / "answers.jsonl"),
    }
    ended = rest.ended(rest.post("runs", {"method": "alignment.evaluate", "config": config}))
    assert ended["status"] == "succeeded", ended["error"]
    page = open_page(f"/run?id={ended['id']}")
    answers = page.locator("v-answers")
    expect(answers.get_by_role("button", name="Wrong 1")).to_be_visible(timeout=LONG)
    expect(answers.locator("article").first).to_contain_text("wrong: the answer is yes")
    expect(answers.locator("article").first).to_contain_text("no picture was given")
    expect(page.get_by_role("region", name="Figures of Pope")).to_contain_text("not defined")
