"""Can it be told from the adapter that it was trained on a row? Three attacks, and whether the rows compared are alike.

An attack gives each row a score that is higher where the row looks trained on; its figure is the area under the ROC curve of
the rows in question against rows that were never trained on. What an unlearned adapter should come to is not 1/2 but the
area of an adapter retrained without the rows: a row that resembles what was kept is likely whether or not it was seen. An
area well below the retrain's gives the row away as surely as one above it (over-forgetting).
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from methods.roc import Auc, auc
from methods.unlearning.rows.row import Row
from methods.unlearning.verification.answers import Floats, Scored

FEW = 20
"""Rows on either side below which an area is little more than a guess."""
AREAS = ("mia_loss", "mia_loss_low", "mia_loss_high", "mia_min_k", "mia_zlib")
"""Names of the areas in a record."""
MIN_K = 0.2
"""Share of an answer's least likely tokens that min-k % looks at, as Shi et al. take."""


@dataclass(frozen=True)
class Membership:
    """Areas of the three attacks: rows in question against rows never trained on.

    Attributes:
        loss: the lower a row's loss, the likelier trained on (Yeom et al. 2018).
        min_k: mean log-probability of the 20 % least likely tokens of the answer (Shi et al., ICLR 2024, arXiv:2310.16789).
        zlib: loss over the answer's length in bytes once compressed, which tells surprising from long and random
            (Carlini et al. 2021, arXiv:2012.07805).
        members, others: how many rows of each.
    """

    loss: Auc
    min_k: Auc
    zlib: Auc
    members: int
    others: int

    def record(self) -> dict[str, float | None]:
        """The three areas flat, by the names in `AREAS`, and the interval of the first."""
        loss = self.loss
        values = (loss.value, loss.low, loss.high, self.min_k.value, self.zlib.value)
        return dict(zip(AREAS, values, strict=True))


def membership(
    members: Sequence[Scored],
    others: Sequence[Scored],
    member_texts: Sequence[str],
    other_texts: Sequence[str],
    k: float = MIN_K,
) -> Membership:
    """The three areas.

    Args:
        members: answers of the rows in question, under the adapter that is examined.
        others: answers of rows that were never trained on, of the same law as the members; see `unlike`.
        member_texts, other_texts: the answers as text, for zlib.
        k: share of the least likely tokens, 0 < k <= 1; at least one token is taken.

    Raises:
        ValueError: no rows on one side, as many texts as rows on neither, k out of range.
    """
    if not members or not others:
        raise ValueError(f"needs rows on both sides, got {len(members)} and {len(others)}")
    if not 0 < k <= 1:
        raise ValueError(f"k must lie above 0 and at most at 1, got {k}")
    rows, texts = [*members, *others], [*member_texts, *other_texts]
    if len(member_texts) != len(members) or len(other_texts) != len(others):
        raise ValueError(f"{len(rows)} rows need as many texts, got {len(texts)}")
    truth = np.arange(len(rows)) < len(members)

    def area(scores: Sequence[float]) -> Auc:
        found = auc(scores, truth)
        assert found is not None  # both sides have rows
        return found

    return Membership(
        area([-row.loss for row in rows]),
        area([min_k_score(row.log_probs, k) for row in rows]),
        area([-row.loss / compressed(text) for row, text in zip(rows, texts, strict=True)]),
        len(members),
        len(others),
    )


def min_k_score(log_probs: Floats, k: float = MIN_K) -> float:
    """Mean of the lowest share k of an answer's log-probabilities (T,), of one token at least."""
    count = max(1, int(k * len(log_probs)))
    return float(np.sort(log_probs)[:count].mean())


def compressed(text: str) -> int:
    """Bytes of a text after zlib."""
    return len(zlib.compress(text.encode()))


def privleak(edited: float, retrained: float) -> float | None:
    """(AUC - AUC of the retrain) / AUC of the retrain (Shi et al., MUSE, arXiv:2407.06460): 0 is the aim, below is over-forgotten."""
    return (edited - retrained) / retrained if retrained else None


@dataclass(frozen=True)
class Side:
    """What is known of one side's rows without the adapter.

    Attributes:
        kinds: of each row, "" where it has none.
        lengths: tokens of each answer.
        base: each answer's loss under the base model without any adapter, which has seen neither side; empty if not measured.
    """

    kinds: Sequence[str]
    lengths: Sequence[int]
    base: Sequence[float] = ()


def unlike(members: Side, others: Side) -> list[str]:
    """Why the areas say little, in words; empty where nothing speaks against them.

    The two sides must be of one law: what tells them apart without the adapter looks like membership and is none (Das et al.,
    "Blind Baselines Beat Membership Inference Attacks", arXiv:2406.16201). Said where the kinds differ, and where lengths or
    the base model's loss alone tell the sides apart beyond their 95 % intervals.
    """
    found = []
    count, against = len(members.kinds), len(others.kinds)
    if min(count, against) < FEW:
        found.append(
            f"{count} {'row' if count == 1 else 'rows'} against {against} never trained on are few for membership "
            f"inference: its intervals are wide below {FEW} on either side"
        )
    lacking = sorted(kind for kind in set(members.kinds) - set(others.kinds) if kind)
    if lacking:
        found.append(f"no row never trained on is of kind {', '.join(map(repr, lacking))}")
    for name, ours, theirs in (
        ("the lengths of their answers", members.lengths, others.lengths),
        ("the loss of the base model, which has seen neither,", members.base, others.base),
    ):
        area = auc([*ours, *theirs], np.arange(len(ours) + len(theirs)) < len(ours))
        if area is not None and not area.low <= 0.5 <= area.high:
            found.append(
                f"{name} alone tell the asked rows from those never trained on (AUC {max(area.value, 1 - area.value):.2f}), "
                "so the areas mix what the adapter knows with how the rows differ"
            )
    return found


def kind_of(row: Row) -> str:
    """What a row says of its kind; "" where it says nothing."""
    return str(row.meta.get("kind") or "")


def matching(wanted: Sequence[str], kinds: Sequence[str]) -> list[int]:
    """Which rows never trained on stand against the rows in question: of the same kinds in the same shares, as many as there are.

    Args:
        wanted: kind of each row in question.
        kinds: kind of each row never trained on.

    Returns:
        positions in `kinds`, in order; all of them where no kind is shared. Those of a kind in excess are the last ones.
    """
    asked, there = Counter(wanted), Counter(kinds)
    shared = {kind: there[kind] / count for kind, count in asked.items() if there[kind]}
    if not shared:
        return list(range(len(kinds)))
    share = min(shared.values())
    left = {kind: max(1, int(share * asked[kind] + 1e-9)) for kind in shared}
    chosen = []
    for position, kind in enumerate(kinds):
        if left.get(kind, 0):
            left[kind] -= 1
            chosen.append(position)
    return chosen
