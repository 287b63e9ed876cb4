"""The web application as a whole, asked over HTTP without a network, on a studio of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.app.painting import PAINT


@cache
def built() -> FastAPI:
    """Built once for all folders of tests: what it serves, it asks the services for, each time."""
    from app.server import create_app
    from backend.settings import settings

    settings.cache_clear()  # what an import read, before a test had a data folder: uploads would lie there
    return create_app()


@pytest.fixture(scope="session")
def web() -> FastAPI:
    return built()


@pytest.fixture
def client(web: FastAPI, studio: ModuleType, woken: list[str]) -> Iterator[TestClient]:
    with TestClient(web, base_url="http://localhost") as client:
        yield client


@pytest.fixture
def submit(client: TestClient) -> Callable[..., dict[str, Any]]:
    """Queue a toy run."""

    def submit(steps: int = 3, **more: Any) -> dict[str, Any]:
        config = {"steps": steps, "seconds_per_step": 0.0, **more.pop("config", {})}
        answer = client.post("/api/v1/runs", json={"method": "toy.steps", "config": config, **more})
        assert answer.status_code == 201, answer.text
        run: dict[str, Any] = answer.json()
        return run

    return submit


@pytest.fixture
def finished(
    submit: Callable[..., dict[str, Any]], works: Callable[[], None]
) -> Callable[..., dict[str, Any]]:
    """A toy run that has been worked on."""

    def finished(**more: Any) -> dict[str, Any]:
        run = submit(**more)
        works()
        return run

    return finished


@pytest.fixture
def painted(
    client: TestClient, works: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """A comparison of two finished runs with hostile titles."""
    from methods import METHODS

    monkeypatch.setitem(METHODS, "toy.paint", PAINT)
    runs = [
        {
            "method": "toy.paint",
            "config": {"grey": grey},
            "title": f"<script>alert({grey})</script>",
        }
        for grey in (10, 200)
    ]
    made = client.post("/api/v1/batches", json={"runs": runs, "title": "<i>mine</i>"}).json()
    works()
    works()
    return made
