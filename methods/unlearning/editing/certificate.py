"""The certificate of an edit: what was asked, done and measured, and what it does not promise. JSON for machines, HTML to print."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment

from methods.unlearning.controls.setting import reach

KIND = "vitrine.unlearning.certificate"
VERSION = 1
NOTICE = (
    "This is a record of an approximate edit. It gives no guarantee that the rows have left no trace in the adapter: an influence edit "
    "estimates to first order where training without them would have ended, and the measurements below are all that is known of how "
    "near it came. The frozen base model was not changed. Earlier versions of the adapter, the rows themselves and copies of them, as "
    "in this request, are not deleted by it."
)
REACH = "reach"
SHOWN = (
    ("forget_loss", "loss of the old answers", "{:.3f}"),
    ("corrected_loss", "loss of the corrected rows", "{:.3f}"),
    ("retain_loss", "loss of the other rows", "{:.4f}"),
    ("held_out_loss", "loss of held-out rows", "{:.4f}"),
    ("exact", "old answers still given", "{:.0%}"),
    ("extraction", "extraction strength", "{:.2f}"),
    ("kl", "KL from before, nats a token", "{:.4f}"),
    ("mia_loss", "membership AUC (loss)", "{:.2f}"),
    ("reached", "reached of the retrain's change", REACH),
    ("seconds", "seconds", "{:.1f}"),
)
"""Columns of the printed table: field of a variant, heading, form; of `REACH` see `setting.reach`."""


def certificate_bytes(
    *,
    request: Mapping[str, Any],
    adapter: Mapping[str, Any],
    data: Mapping[str, Any],
    settings: Mapping[str, Any],
    place: Mapping[str, Any],
    edit: Mapping[str, Any],
    variants: Sequence[Mapping[str, Any]],
    verdict: Sequence[Mapping[str, str]],
) -> bytes:
    """The certificate as JSON.

    Args:
        request: id, title, sha256, counts, items (row id and task; no text, so that it may be handed on).
        adapter: base, before, after, file (sha256), as the lineage has them.
        data: hashes and numbers of rows before and after.
        settings: of the run.
        place: device, seed and versions.
        edit: solver's figures and the step length.
        variants: as recorded under `edit_variant`.
        verdict: as recorded under `verdict`.
    """
    content = {
        "kind": KIND,
        "version": VERSION,
        "notice": NOTICE,
        "request": request,
        "adapter": adapter,
        "data": data,
        "settings": settings,
        "edit": edit,
        "place": place,
        "variants": list(variants),
        "verdict": list(verdict),
    }
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def parsed(content: bytes) -> dict[str, Any]:
    """A certificate from its bytes.

    Raises:
        ValueError: it is no certificate, or of a version that is not known here.
    """
    found = json.loads(content)
    if not isinstance(found, dict) or (found.get("kind"), found.get("version")) != (KIND, VERSION):
        kind, version = (
            (found.get(name) for name in ("kind", "version"))
            if isinstance(found, dict)
            else (None, None)
        )
        raise ValueError(
            f"not a certificate of an edit: kind {KIND!r} and version {VERSION} are expected, got {kind!r:.80} and {version!r:.20}"
        )
    return found


def certificate_html(
    certificate: Mapping[str, Any], trail: Sequence[Mapping[str, Any]] = ()
) -> str:
    """A certificate as one self-contained page to print.

    Args:
        certificate: what `certificate.json` holds.
        trail: what became of the request in the studio, oldest first: {at, action, text}; `at` in seconds since 1970, or text.
    """
    headings, table = variant_table(certificate)
    return _PAGE.render(
        found=certificate,
        headings=headings,
        table=table,
        tasks=TASKS,
        trail=[{**event, "at": _when(event["at"])} for event in trail],
    )


def variant_table(
    certificate: Mapping[str, Any],
) -> tuple[list[str], list[tuple[str, list[str], str]]]:
    """What stands beside what, as text: headings, and of each version its title, a cell for each heading, and a note or ""."""
    columns = [
        (heading, field, form)
        for field, heading, form in SHOWN
        if any(variant.get(field) is not None for variant in certificate["variants"])
    ]
    table = [
        (
            variant["title"],
            [_cell(variant.get(field), form) for _, field, form in columns],
            variant.get("note") or "",
        )
        for variant in certificate["variants"]
    ]
    return [heading for heading, _, _ in columns], table


TASKS = {
    "remove": "remove",
    "prompt": "mend the prompt",
    "answer": "correct the answer",
    "both": "mend the prompt and correct the answer",
}


def _cell(value: Any, form: str) -> str:
    if value is None:
        return "–"
    return reach(value) if form == REACH else form.format(value)


def _when(at: float | str) -> str:
    if isinstance(at, str):
        return at
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _said(value: Any) -> str:
    """A setting or a fact as people read it; the JSON has every digit."""
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_said, value))
    return str(value)


def _number(count: int, one: str) -> str:
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


_PAPER = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
_PAPER.filters |= {"said": _said, "of": _number}
_PAGE = _PAPER.from_string(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Certificate: {{ found.request.title or "an edit of an adapter" }}</title>
<style>
:root { color-scheme: light }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums } th, td { text-align: left; padding: .25rem .6rem .25rem 0;
  border-bottom: 1px solid #ddd; vertical-align: top } .number { text-align: right } .when { white-space: nowrap }
code { font: .85em/1.4 ui-monospace, monospace; overflow-wrap: anywhere } .notice { border-left: 4px solid #b45309; padding: .4rem .8rem; background: #fff7ed }
.wide { overflow-x: auto } .verdict { font-size: 1.05rem } small { color: #555 }
@media print { body { margin: 0 } h2 { break-after: avoid } tr { break-inside: avoid } }
</style>
</head>
<body>
<h1>Certificate of an edit</h1>
<p>{{ found.request.title or "Untitled request" }}{% if found.request.id %} <small>request {{ found.request.id }}</small>{% endif %}</p>
<p class="notice">{{ found.notice }}</p>

<h2>Verdict</h2>
{% for each in found.verdict %}
<p{% if loop.first %} class="verdict"{% endif %}>{{ each.text }}</p>
{% endfor %}

<h2>What was asked</h2>
<p>{{ found.request.counts.remove | of("row") }} to remove, {{ found.request.counts.prompts | of("prompt") }} to mend, {{ found.request.counts.answers | of("answer") }} to correct,
of {{ found.data.rows_before | of("row") }}; {{ found.data.rows_after }} remain.</p>
<details{% if found.request["items"] | length <= 40 %} open{% endif %}><summary>The rows, by id</summary>
<table><thead><tr><th>row</th><th>asked</th></tr></thead><tbody>
{% for item in found.request["items"] %}
<tr><td><code>{{ item.row_id }}</code></td><td>{{ tasks[item.task] }}</td></tr>
{% endfor %}
</tbody></table></details>

<h2>Before, after, and the controls</h2>
<div class="wide"><table><thead><tr><th>version</th>{% for heading in headings %}<th class="number">{{ heading }}</th>{% endfor %}</tr></thead><tbody>
{% for title, cells, note in table %}
<tr><td>{{ title }}{% if note %}<br><small>{{ note }}</small>{% endif %}</td>{% for cell in cells %}<td class="number">{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody></table></div>

<h2>Hashes (SHA-256)</h2>
<table><tbody>
{% for name, value in found.adapter.items() %}
<tr><th>adapter: {{ name | replace("_", " ") }}</th><td><code>{{ value if value is not none else "not known" }}</code></td></tr>
{% endfor %}
<tr><th>request</th><td><code>{{ found.request.sha256 }}</code></td></tr>
<tr><th>rows before</th><td><code>{{ found.data.before }}</code></td></tr>
<tr><th>rows after</th><td><code>{{ found.data.after }}</code></td></tr>
</tbody></table>

<h2>How it was done</h2>
<div class="wide"><table><tbody>
{% for part in (found.edit, found.place, found.settings) %}
{% for name, value in part.items() %}
<tr><th>{{ name | replace("_", " ") }}</th><td>{{ value | said }}</td></tr>
{% endfor %}
{% endfor %}
</tbody></table></div>

{% if trail %}
<h2>Audit trail</h2>
<table><thead><tr><th>when</th><th>what</th><th></th></tr></thead><tbody>
{% for event in trail %}
<tr><td class="when">{{ event.at }}</td><td>{{ event.action }}</td><td>{{ event.text }}</td></tr>
{% endfor %}
</tbody></table>
{% endif %}
</body>
</html>
"""
)
