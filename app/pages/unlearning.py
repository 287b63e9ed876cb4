"""Unlearning: mark rows of an adapter's training table, see what an edit would take, run it, judge it, keep it or not."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.pages.family import introduce
from app.pages.launch import QUIET, LaunchPanel, Words
from app.widgets import element, html, markup, page_header
from backend import services

FAMILY = "unlearning"
ERASE = "unlearning.erase"
ORDER = ("unlearning.train", "unlearning.rank", ERASE)
"""The panels in the order in which one needs them."""
POLICIES = ("one_step",)
"""The edit that is chosen at first."""
MEANT_OTHERWISE = ("request",)
"""Names in this page's address that are no settings: the request that is shown, by its id."""
MEASURED = (
    "On the small world's regularised adapter, one step with the exact Hessian is 6.5 times as fast as training again and its change has a "
    "median cosine of .98 with the retrain's; with the default Gauss-Newton matrix it is 10.9 times as fast and has .91 (15 requests of two "
    "or three rows, in 4 of which two retrains themselves end apart). Relinearised four times the Hessian reaches the retrain, at nearly its "
    "price. A fine-tune of 30 steps is twice as fast again and has .63. What an adapter learnt by heart stays there after one step, after "
    "a fine-tune too: train again, if it has to go. The figures are in <code>benchmarks/README.md</code>, “Erasing rows, against training "
    "again”."
)
"""What `benchmarks/bench_erase` found."""
WORDS = {
    ERASE: Words(
        one="edit",
        many="edits",
        info="One run each, of the same request on the same adapter; the first is what the others are compared with.",
        seed="Which rows are drawn where not all are used, and the order of the controls' batches.",
        about="What each edit is",
    ),
    "unlearning.train": Words(
        seed="Which rows are held out, the first values of the adapter, the order of the batches."
    ),
    "unlearning.rank": Words(seed="Nothing is drawn: the seed changes nothing."),
}


def build(studio: gr.Blocks) -> None:
    page_header(FAMILY)
    methods = {method.name: method for method in introduce(FAMILY)}
    element("v-unlearning")
    board = html(markup("v-board"), render=False)
    panels = {}
    for method in (methods[name] for name in ORDER if name in methods):
        place = f"panel-{method.name.replace('.', '-')}"
        with gr.Accordion(method.title, open=False, elem_classes="card", elem_id=place) as panel:
            words = WORDS.get(method.name, Words())
            LaunchPanel(method, board, POLICIES, words, MEANT_OTHERWISE).wire(studio)
        panels[method.name] = panel

    def unfold(request: gr.Request) -> dict[Any, Any]:
        filled = _filled(request)
        return {
            panel: gr.update(open=True) if name == filled else gr.skip()
            for name, panel in panels.items()
        }

    studio.load(unfold, None, list(panels.values()), **QUIET)
    board.render()
    html(f"<p class='about'><strong>What was measured here.</strong> {MEASURED}</p>")
    element("v-reported", method=ERASE)
    html("<h2>Latest runs of this family</h2>")
    element("v-runs", family=FAMILY, latest="6")


def _filled(request: gr.Request) -> str:
    """The method whose panel the address fills with the settings of a run; "" for none."""
    address = dict(request.query_params)
    try:
        return services.get_run(address["from"]).method if "from" in address else ""
    except services.NotFound:
        return ERASE  # the panel says that there is no such run
