"""What Gradio's own client finds: the few named endpoints by which a notebook launches runs and waits for them.

Everything else of the pages is private; REST has the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import gradio as gr

from backend import services

Given = ParamSpec("Given")
Found = TypeVar("Found")


def list_methods() -> list[dict[str, Any]]:
    """Every method: its name, title and family, its presets by key, and the JSON schema of its settings."""
    return [
        {
            "name": method.name,
            "title": method.title,
            "family": method.family,
            "presets": {key: preset.title for key, preset in method.presets.items()},
            "schema": method.config.model_json_schema(),
        }
        for method in services.methods().values()
    ]


def launch_run(
    method: str,
    settings: dict[str, Any] | None = None,
    preset: str = "",
    seed: int = 0,
    title: str = "",
) -> dict[str, Any]:
    """Queue a run and answer at once with it, its id above all.

    `settings` are those that differ from the method's defaults, or from those of a `preset`.
    """
    services.need("editor")
    values = {**_preset(method, preset), **(settings or {})}
    return asdict(services.submit(method, values, seed=int(seed), title=title))


def read_run(run_id: str) -> dict[str, Any]:
    """A run as it stands now: `finished`, `fraction`, `status`, and once it has succeeded `metrics` and `summary`."""
    return asdict(services.get_run(run_id))


def cancel_run(run_id: str) -> dict[str, Any]:
    """Cancel a waiting run at once; ask a running one to stop."""
    services.need("editor")
    return asdict(services.cancel(run_id))


def _preset(method: str, key: str) -> dict[str, Any]:
    if not key:
        return {}
    known = services.methods()
    presets = known[method].presets if method in known else {}
    if key not in presets:
        raise services.MethodError(f"preset: {', '.join(presets)} are allowed, got {key!r:.80}")
    return dict(presets[key].values)


ENDPOINTS: dict[str, Callable[..., Any]] = {
    "methods": list_methods,
    "launch": launch_run,
    "run": read_run,
    "cancel": cancel_run,
}


def told(endpoint: Callable[Given, Found]) -> Callable[Given, Found]:
    """The endpoint, with what it refuses told to the client word for word."""

    @wraps(endpoint)
    def asked(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        try:
            return endpoint(*args, **kwargs)
        except (services.MethodError, services.ServiceError) as error:
            raise gr.Error(str(error), print_exception=False) from None

    return asked


def build() -> None:
    """Name the endpoints, inside a `Blocks`."""
    for name, endpoint in ENDPOINTS.items():
        # Not in Gradio's queue, where one call would wait for another's end.
        gr.api(told(endpoint), api_name=name, queue=False)
