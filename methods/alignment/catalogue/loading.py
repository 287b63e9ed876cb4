"""catalogue.json becomes a `Catalogue`; what is not as it should be is named."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from methods.alignment.catalogue.entries import Catalogue, Direction, Entry, Fact, Here, Meta

FILE = Path(__file__).parent / "catalogue.json"
SECTIONS = ("algorithms", "datasets", "benchmarks")
LINKS = ("paper", "article", "code", "data", "page")
PROPERTIES = (
    "kind",
    "optimisation",
    "base_model",
    "data_source",
    "annotation",
    "construction",
    "size",
    "prompt_source",
    "model_responses",
    "evaluates",
    "arxiv",
    "venue",
    "note",
)
"""What may be said of an entry; `arxiv` and `venue` stand here only where they are unverified."""
KINDS = (
    "preference optimisation",
    "reinforcement learning",
    "PPO",
    "GRPO",
    "supervised fine-tuning",
    "contrastive",
    "rejection sampling, best of n",
    "reward model",
)
"""Kinds of optimisation; an entry may be of several."""
_FIELDS = {
    *("id", "name", "title", "date", "venue", "arxiv", "links", "groups"),
    *("facts", "unverified", "sources", "here"),
}
_DATE = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")
_ARXIV = re.compile(r"\d{4}\.\d{4,5}")
_FILE = re.compile(r"([\w.-]+/[\w.-]+)@([\w.-]+):(.+)")
_THREAD = re.compile(r"([\w.-]+/[\w.-]+)#(\d+)")


@cache
def load_catalogue() -> Catalogue:
    """The catalogue that comes with Vitrine."""
    return read_catalogue(json.loads(FILE.read_text(encoding="utf-8")))


def read_catalogue(data: Mapping[str, Any]) -> Catalogue:
    """A catalogue from the plain data of its file.

    Raises:
        ValueError: an entry has an unknown field or property, a malformed date, arXiv number or link, an id that another
            has, a property that is both checked and unverified with the same value, or a checked property but no source;
            the message names section, entry and field.
    """
    meta, taxonomy = data["meta"], data["taxonomy"]
    sections = {section: _entries(section, data[section]) for section in SECTIONS}
    return Catalogue(
        meta=Meta(**{**meta, "corrections": tuple(meta["corrections"])}),
        scenarios=_lists(taxonomy["scenarios"]),
        data_axes=_lists(taxonomy["data_axes"]),
        benchmark_categories=tuple(taxonomy["benchmarks"]),
        stages=tuple(taxonomy["stages"]),
        directions=tuple(
            Direction(each["topic"], tuple(each["sources"]), each["note"])
            for each in taxonomy["directions"]
        ),
        sources=tuple(taxonomy["sources"]),
        addresses=_addresses([entry for entries in sections.values() for entry in entries]),
        **sections,
    )


def _addresses(entries: list[Entry]) -> dict[str, str]:
    """Where each source and each arXiv number that is a fact can be read."""
    numbers = {fact.value for entry in entries for fact in entry.facts.get("arxiv", ())}
    found = {number: f"https://arxiv.org/abs/{number}" for number in numbers}
    for source in {source for entry in entries for source in entry.sources}:
        if file := _FILE.fullmatch(source):
            found[source] = f"https://github.com/{file[1]}/blob/{file[2]}/{file[3]}"
        elif thread := _THREAD.fullmatch(source):
            found[source] = f"https://github.com/{thread[1]}/issues/{thread[2]}"
    return dict(sorted(found.items()))


def _lists(named: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in named.items()}


def _entries(section: str, rows: list[dict[str, Any]]) -> tuple[Entry, ...]:
    seen: set[str] = set()
    found = []
    for row in rows:
        entry = _entry(section, row)
        if entry.id in seen:
            raise ValueError(f"{section}: two entries have the id {entry.id!r}")
        seen.add(entry.id)
        found.append(entry)
    return tuple(found)


def _entry(section: str, row: Mapping[str, Any]) -> Entry:
    place = f"{section}, {row.get('name', row.get('id', '?'))!r}"
    for field in row:
        _known(place, "field", field, _FIELDS)
    date, arxiv, links = row.get("date", ""), row.get("arxiv", ""), row.get("links", {})
    _matching(place, "date", date, _DATE, "YYYY-MM")
    _matching(place, "arxiv", arxiv, _ARXIV, "a number such as 2502.01943")
    for kind, address in links.items():
        _known(place, "link", kind, LINKS)
        if not address.startswith("https://"):
            raise ValueError(f"{place}: link {kind}: https://… is allowed, got {address!r}")
    facts = _facts(place, row)
    sources = tuple(row["sources"])
    if not sources and any(fact.checked for values in facts.values() for fact in values):
        raise ValueError(f"{place}: without a source everything is unverified")
    here = row.get("here")
    return Entry(
        id=row["id"],
        name=row["name"],
        title=row.get("title", ""),
        date=date or (f"20{arxiv[:2]}-{arxiv[2:4]}" if arxiv else ""),
        venue=row.get("venue", ""),
        arxiv=arxiv,
        links=links,
        groups=tuple(row.get("groups", ())),
        facts=facts,
        sources=sources,
        here=Here(**here) if here else None,
    )


def _facts(place: str, row: Mapping[str, Any]) -> dict[str, tuple[Fact, ...]]:
    found: dict[str, list[Fact]] = {}
    for checked, given in ((True, row.get("facts", {})), (False, row.get("unverified", {}))):
        for name, value in given.items():
            _known(place, "property", name, PROPERTIES)
            values = [value] if isinstance(value, str) else value
            for each in values:
                if name == "kind":
                    _known(place, "kind", each, KINDS)
                if any(fact.value == each for fact in found.get(name, ())):
                    raise ValueError(f"{place}: {name}: {each!r} stands there twice")
                found.setdefault(name, []).append(Fact(each, checked))
    return {name: tuple(found[name]) for name in PROPERTIES if name in found}


def _known(place: str, what: str, name: str, allowed: Any) -> None:
    if name not in allowed:
        raise ValueError(f"{place}: {what}: {', '.join(sorted(allowed))} are allowed, got {name!r}")


def _matching(place: str, field: str, text: str, pattern: re.Pattern[str], allowed: str) -> None:
    if text and not pattern.fullmatch(text):
        raise ValueError(f"{place}: {field}: {allowed} is allowed, got {text!r}")
