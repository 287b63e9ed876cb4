"""What the catalogue is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One value of one property, such as a base model; `checked` is False where it was not found in a source."""

    value: str
    checked: bool


@dataclass(frozen=True)
class Here:
    """What this studio does of an entry: the method, the settings that choose it, and words for it."""

    method: str
    values: Mapping[str, str]
    note: str


@dataclass(frozen=True)
class Entry:
    """An algorithm, a data set or a benchmark.

    Attributes:
        id: unique within its section, made from the name; letters, digits and hyphens.
        title: of its publication, or empty.
        date: "YYYY-MM" as listed, else of the first arXiv version; empty where neither is known.
        arxiv: arXiv number such as "2502.01943", or empty.
        links: https addresses by kind: "paper", "article", "code", "data", "page".
        groups: scenarios of an algorithm, categories of a benchmark; of a data set none.
        facts: by property, such as "kind" (of optimisation), "annotation" or "size": its values.
        sources: where it was read: "owner/repository@branch:file", a thread "owner/repository#number", or a list's name.
            Empty: recalled as a whole.
    """

    id: str
    name: str
    title: str
    date: str
    venue: str
    arxiv: str
    links: Mapping[str, str]
    groups: tuple[str, ...]
    facts: Mapping[str, tuple[Fact, ...]]
    sources: tuple[str, ...]
    here: Here | None

    @property
    def year(self) -> int | None:
        return int(self.date[:4]) if self.date else None

    @property
    def checked(self) -> bool:
        """Whether it was found in a source, and everything said of it too."""
        return bool(self.sources) and all(
            fact.checked for values in self.facts.values() for fact in values
        )


@dataclass(frozen=True)
class Direction:
    """An open direction of the field; `note` says what of it was not checked, if anything."""

    topic: str
    sources: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Meta:
    """Where the catalogue comes from, how to read it, and where it departs from its sources."""

    survey: str
    arxiv: str
    date: str
    page: str
    reading: str
    corrections: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """The whole catalogue; sections in the order of the file.

    Attributes:
        scenarios: fields of application by area.
        data_axes: how preference data are told apart: the values of each axis.
        benchmark_categories: the survey's own; entries may stand in further lists.
        stages: stages of training.
        sources: of the taxonomy.
        addresses: where a source, or an arXiv number among the facts, can be read; those that name such a place only.
    """

    meta: Meta
    scenarios: Mapping[str, tuple[str, ...]]
    data_axes: Mapping[str, tuple[str, ...]]
    benchmark_categories: tuple[str, ...]
    stages: tuple[str, ...]
    directions: tuple[Direction, ...]
    sources: tuple[str, ...]
    algorithms: tuple[Entry, ...]
    datasets: tuple[Entry, ...]
    benchmarks: tuple[Entry, ...]
    addresses: Mapping[str, str]
