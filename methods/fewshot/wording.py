"""Shares in words; no torch."""

from __future__ import annotations

MINUS = "\N{MINUS SIGN}"


def percent(share: float) -> str:
    """64.0 %."""
    return f"{100 * share:.1f} %"


def signed(share: float) -> str:
    """A difference in points: "+6.6", "-3.0" with a true minus, "±0.0" where nothing is left of it."""
    text = f"{abs(100 * share):.1f}"
    sign = "±" if float(text) == 0 else "+" if share > 0 else MINUS
    return sign + text
