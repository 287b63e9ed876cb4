"""What people decided about the nodes of a run, by their positions in its graph."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import Session, col

from storage.kept import Review
from storage.nodes import KIND
from storage.typed import NodeRow


def verdicts_of(session: Session, run_id: str) -> dict[int, str]:
    """The verdict of each reviewed node of a run. Reviews are few: from each the index of ids leads to its node."""
    query = (
        select(col(NodeRow.position), col(Review.verdict))
        .join(Review, col(Review.subject) == col(NodeRow.node_id))
        .where(
            col(Review.kind) == KIND,
            col(Review.verdict).is_not(None),
            col(NodeRow.run_id) == run_id,
        )
    )
    return {position: str(verdict) for position, verdict in session.execute(query)}
