"""The Gradio part: pages, each at an address of its own. Forms are Gradio's; what changes by itself is in static/."""

from __future__ import annotations

import gradio as gr

from app.pages import (
    alignment,
    anomaly,
    caching,
    catalogue,
    compare,
    evaluate,
    fewshot,
    fewshot_evaluate,
    fewshot_regularise,
    home,
    pairs,
    run,
    runs,
    sweep,
    system,
    unlearning,
)

PAGES = (
    ("Caching", "caching", caching.build),
    ("Alignment", "alignment", alignment.build),
    ("Pairs", "pairs", pairs.build),
    ("Evaluate", "evaluate", evaluate.build),
    ("Catalogue", "catalogue", catalogue.build),
    ("Unlearning", "unlearning", unlearning.build),
    ("Anomaly", "anomaly", anomaly.build),
    ("Few shots", "fewshot", fewshot.build),
    ("Few-shot accuracy", "fewshot-evaluate", fewshot_evaluate.build),
    ("Regularise", "fewshot-regularise", fewshot_regularise.build),
    ("Runs", "runs", runs.build),
    ("Run", "run", run.build),
    ("Compare", "compare", compare.build),
    ("Sweeps", "sweep", sweep.build),
    ("System", "system", system.build),
)


def build_studio() -> gr.Blocks:
    """All pages as one `Blocks`; their own navigation stands in for Gradio's."""
    with gr.Blocks(title="Vitrine", analytics_enabled=False, fill_width=True) as studio:
        home.build(studio)
    for name, path, build in PAGES:
        with studio.route(name, path, show_in_navbar=False):
            build(studio)
    return studio
