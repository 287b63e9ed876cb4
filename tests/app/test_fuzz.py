"""The whole REST API, asked what its own description allows and what it does not: no crash, nothing undescribed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
SLOW = ("/api/v1/doctor",)
"""It looks at the whole machine, and has tests of its own."""
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.fixture
def known(client: TestClient, finished: Callable[..., dict[str, Any]]) -> dict[str, str]:
    """A studio with one of everything that an address can name, by the name of the parameter."""
    run = finished()["id"]
    compared = client.post("/api/v1/comparisons", json={"run_ids": [run]}).json()["id"]
    axes = {"method": "toy.steps", "config": {"seconds_per_step": 0.0}, "axes": {"steps": [2, 3]}}
    link = client.post("/api/v1/shares", json={"kind": "run", "target_id": run, "days": 1}).json()
    return {
        "run_id": run,
        "run": run,
        "comparison_id": compared,
        "sweep_id": client.post("/api/v1/sweeps", json=axes).json()["id"],
        "share_id": link["id"],
        "name": "toy.steps",
        "kind": "node",
        "method": "toy.steps",
        "target_id": run,
        "days": "1",
    }


def meeting(case: Any, known: dict[str, str]) -> None:
    """Let a case name things that there are."""
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            for name in part.keys() & known.keys():
                part[name] = int(known[name]) if known[name].isdigit() else known[name]


def sendable(part: Any) -> Any:
    """A part of a form as the test client takes it: numbers as text."""
    if isinstance(part, tuple):
        return tuple(map(sendable, part))
    return str(part) if isinstance(part, int | float) else part


def wrong(client: TestClient, schema: Any, known: dict[str, str], examples: int) -> Iterator[str]:
    """What does not hold, one line an operation."""
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path in SLOW:
            continue
        try:
            ask(client, operation, known, examples)
        except FailureGroup as group:
            yield f"{operation.label}: {'; '.join(str(each) for each in group.exceptions)}"
        except Exception as error:  # a crash of the application comes through the test client
            yield f"{operation.label}: {type(error).__name__}: {error!s:.2000}"


def ask(client: TestClient, operation: Any, known: dict[str, str], examples: int) -> None:
    """Some requests for an operation, half of them about things that there are."""

    @seed(8)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def asked(data: Any) -> None:
        mode = data.draw(st.sampled_from(MODES))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if data.draw(st.booleans()):
            meeting(case, known)
        sent = case.as_transport_kwargs(base_url=str(client.base_url))
        if sent.get("files"):
            sent["files"] = [(name, sendable(part)) for name, part in sent["files"]]
        answer = client.request(**sent)
        answer.request.read()  # a multipart body is looked at again
        case.validate_response(answer, checks=CHECKS)

    asked()


@pytest.fixture(scope="module")
def schema(web: FastAPI) -> Any:
    return schemathesis.openapi.from_dict(web.openapi())


def test_a_few_of_everything(client: TestClient, schema: Any, known: dict[str, str]) -> None:
    found = list(wrong(client, schema, known, 3))
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_many_of_everything(client: TestClient, schema: Any, known: dict[str, str]) -> None:
    found = list(wrong(client, schema, known, 100))
    assert not found, "\n".join(found)
