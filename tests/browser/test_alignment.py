"""Training on preferences in a real browser: arms launched, followed, read; on toys where only the drawing matters."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Rest, until

OpenPage = Callable[..., Page]
LONG = 240_000  # milliseconds: runs on a busy machine


@pytest.fixture(scope="module")
def trained(rest: Rest) -> list[dict[str, Any]]:
    """Two toy trainings on toy pairs that were recorded before."""
    pairs = rest.ended(rest.post("runs", {"method": "toy.pairs", "config": {"pairs": 60}}))
    config = {"pairs": 60, "steps": 30, "hardness": f"{pairs['id']}/hardness.parquet"}
    bodies = [
        {"method": "toy.training", "config": config, "seed": seed, "title": f"Arm {seed}"}
        for seed in (1, 2)
    ]
    runs = [rest.ended(rest.post("runs", body)) for body in bodies]
    assert [run["status"] for run in runs] == ["succeeded", "succeeded"]
    return runs


def test_trainings_are_overlaid_and_their_heaviest_pairs_lead_to_the_pairs_page(
    open_page: OpenPage, trained: list[dict[str, Any]]
) -> None:
    page = open_page("/system")  # any page: the element stands on several
    expect(page.locator("h1")).to_be_visible(timeout=LONG)
    page.evaluate(
        """(runs) => {
          const training = document.createElement("v-training");
          training.setAttribute("runs", runs);
          document.querySelector("main").prepend(training);
        }""",
        ",".join([*(run["id"] for run in trained), "gone"]),
    )
    curves = page.get_by_role("region", name="Training curves")
    margins = curves.locator("figure", has_text="Reward margin").first
    expect(margins).to_be_visible(timeout=LONG)
    margins.scroll_into_view_if_needed()
    until(page, "() => document.querySelectorAll('v-training .js-plotly-plot').length > 0")
    expect(page.locator(".arms li")).to_have_count(2)
    margins.get_by_text("As a table").click()
    expect(margins.locator("tbody tr")).to_have_count(30)
    last = float(margins.locator("tbody tr").last.locator("td").first.inner_text())
    series = page.request.get(f"/api/v1/runs/{trained[0]['id']}/series").json()["rewards/margins"]
    assert last == pytest.approx(series[-1][1], rel=1e-3)

    # The mean of five steps is what the table says then.
    curves.get_by_label("Shown").select_option("5")
    margins.get_by_text("As a table").click()  # closed, so that it may be made anew
    curves.get_by_label("Shown").select_option("5")
    heavy = page.get_by_role("region", name="Heaviest pairs")
    expect(heavy.locator("li")).to_have_count(6)
    shares = [float(text.split()[0]) for text in heavy.locator(".share b").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    expect(heavy.locator("img").first).to_be_visible()
    heavy.get_by_role("link", name="Look at the pair").first.click()
    expect(page).to_have_url(re.compile(r"/pairs\?run=\w+&training=\w+&pair=\w{16}"))


def test_an_address_fills_the_panel(open_page: OpenPage) -> None:
    page = open_page("/alignment?preset=damo&max_pairs=77")
    arms = page.locator("#alignment-train-policies")
    expect(page.locator("#alignment-train-max_pairs input").first).to_have_value("77", timeout=LONG)
    expect(arms.get_by_label("DPO", exact=True)).to_be_checked()  # the control stays
    expect(arms.get_by_label("DAMO", exact=True)).to_be_checked()
    expect(arms.get_by_label("Data-aware only")).not_to_be_checked()
    page.get_by_role(
        "button", name="LLaVA-1.5-7B with LoRA"
    ).click()  # fills the form; it is no arm
    batch = page.locator("#alignment-train-batch_size input").first
    expect(batch).to_have_value("8")
    expect(page.locator("#alignment-train-max_pairs input").first).to_have_value("77")
    page.get_by_role("button", name="Small world").click()
    expect(batch).to_have_value("16")
    page.get_by_text("Several seeds: every arm, paired by seed").click()
    form = page.locator("v-sweep-launch")
    expect(form.locator(".plan")).to_contain_text("5 seeds", timeout=LONG)
    expect(form.get_by_role("button", name="DAMO", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_the_pages_of_the_family_lead_to_each_other(open_page: OpenPage) -> None:
    page = open_page("/evaluate")
    parts = page.get_by_role("navigation", name="Pages of alignment")
    expect(parts.get_by_role("link", name="Evaluate")).to_have_attribute(
        "aria-current", "page", timeout=LONG
    )
    expect(page.get_by_text("No answers yet")).to_be_visible(timeout=LONG)
    parts.get_by_role("link", name="Train").click()
    expect(page).to_have_url(re.compile("/alignment$"))
    expect(page.locator("#alignment-train-launch")).to_be_visible(timeout=LONG)


def test_a_real_training_is_followed_and_its_answers_stand_on_its_page(
    open_page: OpenPage, rest: Rest
) -> None:
    small = {
        "max_pairs": 14,
        "eval_pairs": 2,
        "max_steps": 3,
        "batch_size": 6,
        "evaluate_scenes": 3,
    }
    arms = [
        {"method": "alignment.train", "config": {**small, "objective": arm}, "title": arm}
        for arm in ("dpo", "damo")
    ]
    made = rest.post("batches", {"runs": arms, "title": "Two arms"})
    page = open_page(f"/alignment?c={made['comparison']['id']}")
    expect(page.locator("v-live")).to_have_count(2, timeout=LONG)
    for run in made["runs"]:
        ended = rest.ended(run)
        assert ended["status"] == "succeeded", ended["error"]
    curves = page.get_by_role("region", name="Training curves")
    expect(curves.locator("figure", has_text="Loss").first).to_be_visible(timeout=LONG)
    expect(page.get_by_role("region", name="Metrics").locator("tbody tr")).to_have_count(2)
    figures = page.get_by_role("region", name="Figures side by side").locator("tbody tr")
    expect(figures).to_have_count(5, timeout=LONG)
    expect(figures.first.locator("td").last).to_contain_text("may be chance")  # three steps
    beside = page.get_by_role("region", name="Answers side by side")
    page.locator("v-answers-beside").get_by_role("button", name="All 3").click()
    expect(beside.locator(".answered")).to_have_count(3)
    expect(beside.locator("h3").first).to_have_text("dpo")
    page.goto(f"/run?id={made['runs'][1]['id']}")
    expect(page.locator("v-training .arms li")).to_have_count(1, timeout=LONG)
    expect(page.locator("v-evaluations v-answers")).to_have_count(1, timeout=LONG)
