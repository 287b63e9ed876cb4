"""What a panel says: how long, what is wrong, what was run before."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.share_view import name
from backend.services import Estimate, RunView

_NUMBER = ' class="num"'


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 1 else "under 1 s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def needs(each: Sequence[tuple[str, Estimate]], what: str = "policy") -> str:
    """A table of what runs are expected to need: (title, estimate) of each; `what` they are to the person."""
    details = list(dict.fromkeys(key for _, estimate in each for key in estimate.detail))
    heads = [what.capitalize(), "Time", "Memory, MB", *(name(key) for key in details)]
    head = "".join(
        f'<th scope="col"{_NUMBER if at else ""}>{text}</th>' for at, text in enumerate(heads)
    )
    rows = []
    for title, estimate in each:
        values = [duration(estimate.seconds), f"{estimate.memory_mb:,.0f}"]
        values += [_detail(key, estimate.detail.get(key)) for key in details]
        cells = "".join(f"<td{_NUMBER}>{value}</td>" for value in values)
        rows.append(f'<tr><th scope="row">{escape(title)}</th>{cells}</tr>')
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="What each {what} needs">'
        f'<table class="table needs"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _detail(key: str, value: float | None) -> str:
    if value is None:
        return "–"
    if key.endswith("_share"):
        return f"{100 * value:.0f} %"
    return f"{value:,.1f}" if value < 100 and value != int(value) else f"{value:,.0f}"


def notice(title: str, message: str) -> str:
    body = f"<strong>{escape(title)}</strong><p>{escape(message)}</p>"
    return f'<div class="notice bad" role="alert">{body}</div>'


def run_before(same: dict[int, RunView], runs: int) -> str:
    links = ", ".join(
        f'<a href="run?id={escape(run.id)}">{escape(run.title or run.method)}</a>'
        for run in same.values()
    )
    rest = "all of them" if len(same) == runs else f"{len(same)} of {runs}"
    return (
        f'<div class="notice" role="status"><strong>Run before: {rest}</strong>'
        f"<p>With the same settings, seed and code: {links}. The figures would be the same.</p></div>"
    )
