"""The Gradio part: pages, each at an address of its own. Forms are Gradio's; what changes by itself is in static/."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app import endpoints
from app.auth import PERSON
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
    links,
    pairs,
    run,
    runs,
    sweep,
    system,
    unlearning,
)
from backend.services import Person, as_person

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
    ("Links", "links", links.build),
)


class Studio(gr.Blocks):
    """All pages; whatever an event of theirs does, it does on behalf of the person who sent it."""

    async def process_api(self, *given: Any, request: Any = None, **more: Any) -> dict[str, Any]:
        # Gradio's queue works outside of the request that an event came with, so it is asked for the person.
        asked = getattr(request, "request", None)
        person: Person | None = asked.scope.get(PERSON) if asked is not None else None
        with as_person(person):
            answer: dict[str, Any] = await super().process_api(*given, request=request, **more)
        return answer


def build_studio() -> gr.Blocks:
    """All pages as one `Blocks`; their own navigation stands in for Gradio's."""
    with Studio(
        title="Vitrine", analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)
    ) as studio:
        home.build(studio)
        endpoints.build()
    for name, path, build in PAGES:
        with studio.route(name, path, show_in_navbar=False):
            build(studio)
    return studio
