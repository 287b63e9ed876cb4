"""Payments: who paid whom in one month among the made-up accounts of a small region, with anomalies that were planted.

**Data**: people, shops and firms with names, habits in plain units, and payments that follow from where they live and what they
do (`data.py`). Two kinds of anomaly were planted by the protocol of the BOND benchmark: rings, whose accounts all pay each other,
and accounts that behave like others, whose habits are those of somebody far away.

**For**: graph anomalies. `CARD.md` beside this file says what was planted and what simple scores find.
"""

from pathlib import Path

NAME = "payments"
FILES = Path(__file__).parent / "files"


def folder() -> Path:
    """Return the folder of `nodes.csv` (an account a row), `edges.csv` (source, target) and `labels.csv` (name, label, kind)."""
    return FILES
