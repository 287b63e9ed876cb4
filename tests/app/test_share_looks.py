"""What a shared page shows of closer looks: pictures with their chosen views, answers before and after, controls; nothing styled in a tag."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.share_looks import SharedPicture
from methods import METHODS
from methods.base import Config, Context, Estimate, Method, Result

BOX = [4, 2, 20, 15]


class ToyConfig(Config):
    answer: str = "cat"
    tone: int = 90
    kept: bool = True


def picture_row(top: str, tone: int) -> dict[str, Any]:
    """A row as `fewshot.look` records it."""
    view = {"box": BOX, "margin": 0.1234, "top": "cow & calf", "probability": 0.99991}
    return {
        "picture": "picture-001.png",
        "name": "queries/<b>one</b>.png",
        "sha256": f"{tone:064x}",
        "width": 40,
        "height": 30,
        "label": "cat",
        "notes": [],
        "answers": {
            "zero_shot": {
                "global": [["dog", 0.6], ["cat", 0.4], ["cow & calf", 0.0001]],
                "vcr": [[top, 0.7], ["dog", 0.2]],
                "random": [["dog", 0.5]],
            }
        },
        "scales": [{"scale": 0.3, "drawn": 8, "distinct": 8, "views": [view], "votes": {"cat": 8}}],
        "shares": [
            {"scale": 0.3, "share": 0.25, "top": "cow & calf"},
            {"scale": "global", "share": 0.75, "top": "dog"},
        ],
        "top": top,
        "disagreeing": 1,
        "encoded": 0,
    }


def look(config: ToyConfig, context: Context) -> Result:
    if config.kept:
        pixels = np.full((30, 40, 3), config.tone, np.uint8)
        context.save_image("picture-001.png", pixels, role="picture")
    context.record("look", [picture_row(config.answer, config.tone)])
    setup = {
        "classes": ["cat", "dog", "cow & calf"],
        "templates": ["a photo of a {}."],
        "notes": [],
    }
    context.record("look_setup", [setup])
    return Result({"pictures": 1.0}, "one picture was looked at")


@pytest.fixture
def looked(
    client: TestClient, works: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Run the toy; gives the id of its run."""
    toy = Method(
        "toy.look", "Toy look", "toys", ToyConfig, look, lambda _: Estimate(1, 1), queue="cpu"
    )
    monkeypatch.setitem(METHODS, toy.name, toy)

    def looked(title: str, **config: Any) -> str:
        body = {"method": toy.name, "config": config, "title": title}
        run: str = client.post("/api/v1/runs", json=body).json()["id"]
        works()
        return run

    return looked


def shared(client: TestClient, kind: str, target: str) -> tuple[str, str]:
    """Address and text of a shared page."""
    body = {"kind": kind, "target_id": target, "days": 3}
    url: str = client.post("/api/v1/shares", json=body).json()["url"]
    return url, client.get(url).text


def test_a_shared_look_shows_boxes_answers_and_controls(
    client: TestClient, looked: Callable[..., str]
) -> None:
    url, page = shared(client, "run", looked("A look"))
    assert 'class="frame" x="4" y="2" width="20" height="15"' in page
    assert 'class="viewbox s3"' in page  # the colour of 30 %
    assert 'viewBox="4 2 20 15"' in page  # the crop itself
    found = re.findall(r'<image [^>]*href="([^"]+)" width="40" height="30"', page)
    [drawn] = re.findall(r'<image id="([^"]+)"', page)
    assert f'<use href="#{drawn}"/>' in page  # which shows the picture once more, cut to the box
    picture = client.get(found[0])
    assert picture.headers["content-type"] == "image/png"
    assert found[0].startswith(f"{url}/a/")
    heads = re.findall(r'<th scope="col">([^<]*)</th>', page[page.index("Answers for ") :])
    assert heads[:4] == ["Classifier", "Whole picture", "Looking closer (VCR)", "Random views"]
    cells = re.findall(r"<td>(.*?)</td>", page[page.index("Answers for ") :])
    assert [re.sub("<[^>]*>", "", cell) for cell in cells[:3]] == [
        "dog ✗ 60.0 %",
        "cat ✓ 70.0 %",
        "dog ✗ 50.0 %",
    ]
    assert (
        "30 %: 25.0 % of the merge, says cow &amp; calf; whole picture: 75.0 % of the merge, says dog."
        in page
    )
    assert "&gt; 99.9 %, margin 0.123" in page
    assert "“a photo of a {}.”" in page
    assert "&lt;b&gt;one&lt;/b&gt;.png, shows: cat" in page
    assert " style=" not in page  # the page's own rules forbid it


def test_shared_looks_stand_side_by_side_where_the_pictures_are_the_same(
    client: TestClient, looked: Callable[..., str]
) -> None:
    runs = [looked("First"), looked("Second", answer="cow & calf")]
    made = client.post("/api/v1/comparisons", json={"run_ids": runs}).json()
    page = shared(client, "comparison", made["id"])[1]
    table = page[page.index('aria-label="Looks side by side"') :]
    assert re.findall(r'<th scope="col">([^<]*)</th>', table)[:3] == ["Picture", "First", "Second"]
    assert "<td>cat <small" in table
    assert "<td>cow &amp; calf <small" in table
    other = looked("Third", tone=200)  # another picture of the same name
    made = client.post("/api/v1/comparisons", json={"run_ids": [runs[0], other]}).json()
    assert "Looks side by side" not in shared(client, "comparison", made["id"])[1]


def test_a_run_that_looked_at_nothing_shows_nothing_of_it(
    client: TestClient, finished: Callable[..., dict[str, Any]]
) -> None:
    assert "looking closer" not in shared(client, "run", finished()["id"])[1].lower()


def test_top_fives_are_joined_and_a_class_outside_of_one_has_no_figure() -> None:
    answers = {"Tip-Adapter": {"global": [("a", 0.5), ("b", 0.3)], "vcr": [("c", 0.9), ("a", 0.1)]}}
    picture = SharedPicture("p", "", "", 1, 1, None, "c", answers, [], [])
    assert picture.top_five("Tip-Adapter") == [("c", None, 0.9), ("a", 0.5, 0.1), ("b", 0.3, None)]
    assert picture.first("Tip-Adapter", "mean") is None


def test_a_picture_that_is_gone_leaves_its_answers(
    client: TestClient, looked: Callable[..., str]
) -> None:
    run = looked("Gone", kept=False)
    _, page = shared(client, "run", run)
    report = client.get("/api/v1/report.html", params={"run": run})
    assert report.status_code == 200, report.text
    for text in (page, report.text):
        assert "<image" not in text
        assert "cow &amp; calf" in text
