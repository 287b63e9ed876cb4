"""Services of ranked nodes that no address shows: what is remembered, and how very many rows are deleted."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from sqlalchemy import event

from backend.services import NodeCut, NodeQuery, history
from backend.services import nodes as services
from backend.settings import settings
from storage import db

Works = Callable[[], None]


@pytest.fixture
def run(studio: ModuleType, works: Works) -> str:
    made: str = studio.submit("toy.nodes", {"nodes": 100}).id
    works()
    return made


def test_where_the_flagged_nodes_end_is_looked_for_once(studio: ModuleType, run: str) -> None:
    services.ENDS.clear()
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    query = NodeQuery(NodeCut(run, 0.3, 7), filters=["degree:ge:0"])
    event.listen(db.engine(settings().database_url), "before_cursor_execute", note)
    first = studio.list_nodes(query)
    cold = len(asked)
    assert studio.list_nodes(query) == first
    assert len(asked) == 2 * cold - 1
    assert sum(row["flagged"] for row in studio.list_nodes(query, limit=100).rows) == 7
    [end] = services.ENDS.values()
    studio.list_nodes(NodeQuery(NodeCut(run, 0.3, 8)))
    assert next(iter(services.ENDS.values())) == end
    assert len(services.ENDS) == 2


def test_only_so_many_ends_are_remembered(
    studio: ModuleType, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_ENDS", 3)
    services.ENDS.clear()
    for top in range(1, 8):
        studio.list_nodes(NodeQuery(NodeCut(run, 0.3, top)))
    assert [key[-1] for key in services.ENDS] == [5, 6, 7]


def test_very_many_rows_are_deleted_in_portions(
    studio: ModuleType, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[object] = []
    other = studio.rerun(run).id
    monkeypatch.setattr(history, "PORTION", 30)
    event.listen(db.engine(settings().database_url), "commit", commits.append)
    studio.cancel(other)
    before = len(commits)
    studio.delete_run(run)
    assert len(commits) - before == 3 + 1 + 1  # 30, 30, 30, none, the run with the rest
    with pytest.raises(studio.NotFound):
        studio.get_run(run)
    assert studio.node_runs() == []


def test_a_run_that_may_not_go_loses_nothing(
    studio: ModuleType, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PORTION", 30)
    studio.update_run(run, pinned=True)
    with pytest.raises(studio.Conflict, match="is pinned"):
        studio.delete_run(run)
    assert studio.list_nodes(NodeQuery(NodeCut(run))).total == 100
