"""A node's explanation in two plain sentences: what its numbers say, and no cause that they do not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

SHARE = 0.08
"""A reason is told from this share of the error on."""
MOST = 2
"""Of features, of links and of missing links, so many are named."""
USUAL = (0.2, 0.8)
"""Between these quantiles a value by itself is called usual."""
HALF = 0.5
"""From this share of the error on a single reason is called the main one."""
STEADY, SHAKY = 0.02, 0.1
"""Standard deviation of a percentile over the scorings, below and above which a place is called steady or shaky."""

Facts = Mapping[str, Any]


def sentence(facts: Facts) -> str:
    """Two sentences on what `why` found: the reasons, largest first; then how peers fare and how steady the place is."""
    return f"{_reasons(facts)} {_standing(facts)}"


def _reasons(facts: Facts) -> str:
    node = facts["node"]
    flagged = "flagged" if node["flagged"] else "not flagged"
    who = f"{node['name']} ranks {node['rank']:,} of {facts['nodes']:,} ({flagged})"
    if facts["absent"]["part"] is None:
        return f"{who}; the detector gives no reasons, {_unusual(facts)}."
    reasons = (_features, _surprising, _unlike, _missing)
    told = sorted((each for reason in reasons for each in reason(facts)), key=lambda it: -it[0])
    if not told:
        return f"{who}: many small parts share its {facts['measure']}."
    mostly = "mostly " if told[0][0] >= HALF else ""
    return f"{who}: its {facts['measure']} comes {mostly}from {listed([text for _, text in told], '; ')}."


def _unusual(facts: Facts) -> str:
    """Where the detector gives no parts: the values that are farthest from the middle."""
    far = [each for each in facts["features"][:MOST] if not _usual(each["quantile"])]
    if not far:
        return "and none of its features is unusual by itself"
    texts = [
        f"{each['name']} ({amount(each['observed'], each['unit'])}, {_higher(each['quantile'])})"
        for each in far
    ]
    return f"but {'this is' if len(far) == 1 else 'these are'} unusual by {'itself' if len(far) == 1 else 'themselves'}: {listed(texts)}"


def _features(facts: Facts) -> list[tuple[float, str]]:
    found = []
    for each in facts["features"][:MOST]:
        share = _share(facts, each["part"])
        if share >= SHARE:
            values = [amount(each[name], each["unit"]) for name in ("observed", "expected")]
            against = (
                f"{values[0]} against {_expected(facts, values[1])}, {_where(each['quantile'])}"
            )
            text = f"{each['name']} ({against}; {percent(share)} of the {facts['measure']})"
            found.append((share, text))
    return found


def _expected(facts: Facts, value: str) -> str:
    return f"{value} expected" if facts["modelled"] else f"a mean of {value}"


def _surprising(facts: Facts) -> list[tuple[float, str]]:
    """Links that are there more often than was expected: one or two that matter, or all together."""
    known = [each for each in facts["links"] if each["count"] > each["expected"]]
    chosen = [each for each in known if _share(facts, _surprise(each)) >= SHARE / 2][:MOST]
    share = _share(facts, sum(_surprise(each) for each in chosen))
    parts = sum(each["part"] for each in facts["links"]) + facts["links_rest"]
    whole = _share(facts, parts - (facts["unlike"] or 0.0))
    number_of_links = facts["node"]["degree"]
    if len(chosen) == 1 and whole < 2 * share:
        text = f"a link to {chosen[0]['name']} ({_against(chosen[0])}; {percent(share)} of the {facts['measure']})"
        return [(share, text)]
    if chosen and whole < 2 * share:
        names = listed([f"{each['name']} ({_against(each)})" for each in chosen])
        return [(share, f"links to {names}, together {percent(share)} of the {facts['measure']}")]
    if known and whole >= SHARE:
        names = listed([each["name"] for each in known[:MOST]])
        text = f"its {number_of_links:,} links, most of all to {names} ({percent(whole)} of the {facts['measure']})"
        return [(whole, text)]
    return []


def _surprise(link: Facts) -> float:
    """What a link adds by being there; what it adds by its end being unlike is told apart."""
    return float(link["part"] - (link["unlike"] or 0.0))


def _unlike(facts: Facts) -> list[tuple[float, str]]:
    """Neighbours whose features differ from the node's."""
    share = _share(facts, facts["unlike"] or 0.0)
    if share < SHARE:
        return []
    most = sorted(facts["links"], key=lambda each: -each["unlike"])
    named = [each["name"] for each in most if _share(facts, each["unlike"]) >= SHARE / 4][:MOST]
    where = f", most of all {listed(named)}" if named and len(facts["links"]) > len(named) else ""
    return [
        (share, f"links to nodes unlike it{where} ({percent(share)} of the {facts['measure']})")
    ]


def _against(link: Facts) -> str:
    return f"{number(link['count'])} against {number(max(0.0, link['expected']))} expected"


def _missing(facts: Facts) -> list[tuple[float, str]]:
    share = _share(facts, facts["absent"]["part"])
    if share < SHARE:
        return []
    named = [each for each in facts["absent"]["links"] if _share(facts, each["part"]) >= SHARE / 4][
        :MOST
    ]
    where = f", most of all to {listed([each['name'] for each in named])}" if named else ""
    return [
        (
            share,
            f"links that were expected but are missing{where} ({percent(share)} of the {facts['measure']})",
        )
    ]


def _share(facts: Facts, part: float) -> float:
    return part / facts["error"] if facts["error"] else 0.0


def _standing(facts: Facts) -> str:
    peers, near = facts["peers"], facts["node"]["flagged_neighbours"]
    group = _links(peers["low"], peers["high"], "outgoing link" if facts["directed"] else "link")
    clauses = [f"no other node has {group}"]
    if peers["number"] > 1:
        among = f"among the {peers['number']:,} nodes with {group}"
        clauses = [f"{among} it scores {_higher(peers['percentile'])}"]
    clauses += _steadiness(facts)
    if near:
        clauses.append(f"{near:,} of its neighbours {'is' if near == 1 else 'are'} flagged")
    text = listed(clauses)
    return f"{text[0].upper()}{text[1:]}."


def _links(low: int, high: int, link: str) -> str:
    if high <= 1:
        return f"{'1' if high else 'no'} {link}"
    return f"{low:,} to {high:,} {link}s"


def _steadiness(facts: Facts) -> list[str]:
    values = [view["percentile"] for view in facts["views"]]
    spread = facts["node"]["stability"]
    if spread is None:
        return []
    word = "steady" if spread <= STEADY else "shaky" if spread >= SHAKY else "fairly steady"
    ends = dict.fromkeys(f"{100 * value:.3g}" for value in (min(values), max(values)))
    return [f"its place is {word} over {len(values)} scorings (percentile {' to '.join(ends)})"]


def _usual(quantile: float) -> bool:
    return USUAL[0] < quantile < USUAL[1]


def _where(quantile: float) -> str:
    """Where a value stands among all nodes' values, 0..1."""
    return "by itself a usual value" if _usual(quantile) else f"{_higher(quantile)} of all"


def _higher(quantile: float) -> str:
    if quantile >= 0.5:
        return f"higher than {percent(quantile)}"
    return f"lower than {percent(1 - quantile)}"


def amount(value: float, unit: str) -> str:
    """A value with its unit: "1,240 EUR", "31 %"."""
    return f"{number(value)} {unit}".rstrip()


def number(value: float) -> str:
    """Three significant digits, whole from 100 on, thousands apart: 1,234; 12.2; 0.0312."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    if digits > 6:
        return f"{value:.2e}"
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """A share in percent, with a decimal where a whole number would read as all or nothing."""
    value = 100 * share
    if value > 99 or value < 1:
        # Cut, not rounded: nobody is above more nodes than there are.
        return f"{math.floor(value * 10) / 10:g} %" if value >= 0.1 else "under 0.1 %"
    return f"{value:.0f} %"


def listed(texts: Sequence[str], comma: str = ", ") -> str:
    """Words in a row: "a", "a and b", "a, b and c"."""
    if len(texts) <= 1:
        return "".join(texts)
    last = f"{comma}and " if comma != ", " else " and "
    return f"{comma.join(texts[:-1])}{last}{texts[-1]}"
