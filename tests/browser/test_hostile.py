"""Whatever REST says, nothing of it becomes part of a page but text: every text of every answer is hostile here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import Rest, until

TEXT = (
    '"\'><x-foreign></x-foreign><img src=x onerror="window.ran=1"><script>window.ran=1</script>'
    '<svg onload="window.ran=1"></svg><iframe srcdoc="<script>parent.ran=1</script>"></iframe>'
)
ADDRESS = "javascript:window.ran=1"
NAMED = frozenset(
    "title note message summary name prompt text chosen rejected reason host error error_type class_name label description "
    "instruction output answer input caption question category data_set dataset tag remark intro venue authors worker "
    "before after wanted file model adapter detector found advice sentence scale template about error_type device".split()
)
"""What REST calls the fields that hold a text of somebody."""
LISTS = frozenset({"names", "tags", "classes", "warnings", "notes", "values", "words", "texts"})
ADDRESSES = frozenset({"url", "href", "picture", "image", "link"})
FOREIGN = (
    "x-foreign, img[src='x'], iframe, object, embed, [onerror], [onload], [onclick], [onmouseover]"
)
ELEMENTS = (
    '<v-header page="runs"></v-header><v-runs></v-runs><v-run></v-run><v-compare></v-compare><v-system></v-system>'
    '<v-sweep></v-sweep><v-pairs></v-pairs><v-nodes run="{nodes}"></v-nodes><v-nodes-summary run="{nodes}"></v-nodes-summary>'
    '<v-why run="{nodes}" node="1"></v-why><v-ego run="{nodes}" node="1"></v-ego><v-edit run="{edit}"></v-edit>'
    '<v-edits-beside runs="{edit},{edit}"></v-edits-beside><v-training runs="{training}"></v-training>'
    '<v-board comparison="{comparison}"></v-board><v-evaluations runs="{steps}"></v-evaluations><v-unlearning></v-unlearning>'
    '<v-look run="{steps}"></v-look><v-fewshot-scores run="{steps}"></v-fewshot-scores><v-afr run="{steps}"></v-afr>'
    "<v-catalogue></v-catalogue><v-showcase></v-showcase>"
)
OTHERS = "<v-run></v-run><v-unlearning></v-unlearning>"
SEEN = "(parts) => document.body.innerText.split('<x-foreign>').length > parts"
TARGETS = "[...document.querySelectorAll('[href], [src], [action]')].map((each) => each.getAttribute('href') ?? each.src ?? '')"
TOYS = {
    "steps": {"steps": 2, "seconds_per_step": 0.0},
    "nodes": {"nodes": 80},
    "edit": {},
    "training": {"steps": 4},
    "pairs": {"pairs": 20},
    "instructions": {"rows": 12},
}


def hostile(value: Any, key: str = "") -> Any:
    """An answer of REST with its texts and addresses exchanged."""
    if isinstance(value, dict):
        return {name: hostile(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [hostile(part, key if key in LISTS else "") for part in value]
    if isinstance(value, str) and key in ADDRESSES:
        return ADDRESS
    named = key in NAMED or key in LISTS or " " in str(value)
    return f"{value}{TEXT}" if isinstance(value, str) and named else value


@pytest.fixture(scope="module")
def seeded(rest: Rest) -> Iterator[dict[str, str]]:
    """A run of each kind of toy, with a review, in a comparison."""
    runs = {
        name: rest.ended(rest.post("runs", {"method": f"toy.{name}", "config": config}))["id"]
        for name, config in TOYS.items()
    }
    made = rest.post("comparisons", {"run_ids": [runs["steps"], runs["edit"]], "title": "x"})
    yield {**runs, "comparison": made["id"]}
    for run in runs.values():
        rest.http.delete(f"runs/{run}")


def answer(route: Route) -> None:
    found = route.fetch()
    if "application/json" not in found.headers.get("content-type", ""):
        route.fulfill(response=found)
        return
    route.fulfill(response=found, body=json.dumps(hostile(found.json())))


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A window whose REST answers are hostile; what scripts complain of is not minded here."""
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.route("**/api/v1/**", answer)
    yield page
    context.close()


def drawn(page: Page, markup: str, query: str = "") -> None:
    """Draw these elements on a page of their own."""
    script = '<script type="module" src="/static/vitrine.js"></script>'
    body = f'<!doctype html><meta charset="utf-8">{script}<body>{markup}'
    page.unroute("**/placed*")
    page.route("**/placed*", lambda route: route.fulfill(body=body, content_type="text/html"))
    page.goto(f"/placed{query}")


def test_no_text_of_any_answer_becomes_part_of_a_page(page: Page, seeded: dict[str, str]) -> None:
    for shown, query, parts in (
        (ELEMENTS, "?id={steps}&c={comparison}&run={pairs}", 100),
        (OTHERS, "?id={nodes}&table={instructions}", 3),
    ):
        drawn(page, shown.format(**seeded), query.format(**seeded))
        until(page, SEEN, parts)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.ran") is None
        assert page.locator(FOREIGN).count() == 0
        assert [each for each in page.evaluate(TARGETS) if each.startswith("javascript:")] == []


def test_that_it_would_be_noticed(page: Page) -> None:
    drawn(page, TEXT)
    until(page, "() => window.ran === 1")
    assert page.locator(FOREIGN).count() >= 4
