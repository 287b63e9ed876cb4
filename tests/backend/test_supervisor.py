"""What the supervisor makes of a child's end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from backend import supervisor
from backend.supervisor import STAY_DOWN, Child, Supervisor


@pytest.mark.parametrize(("code", "starts"), [(STAY_DOWN, 1), (75, 2)])
def test_a_child_that_was_asked_to_stop_stays_down_and_any_other_is_started_again(
    monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., Any], code: int, starts: int
) -> None:
    monkeypatch.setattr(supervisor, "PROGRAM", [sys.executable, "-S", "-c"])
    said: list[str] = []
    child = Child("worker", [f"raise SystemExit({code})"])
    monkeypatch.setattr(supervisor, "children", lambda _web: [child])
    one, count = Supervisor(said.append), 0
    start = child.start

    def counted() -> None:
        nonlocal count
        count += 1
        start()

    monkeypatch.setattr(child, "start", counted)
    child.start()

    def settled() -> bool:
        one._look_after(child)
        return child.retired or count > 1

    eventually(settled, timeout=60)
    assert count == starts
    child.kill_group()
    assert said[0].startswith(
        "worker was asked to stop and stays down" if starts == 1 else "worker ended with code 75"
    )
