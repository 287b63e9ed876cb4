"""Everything that is looked at before a training begins, and what it is made of then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from methods.alignment.pairs.source import PairSource
from methods.alignment.training.chats import Chats, prepare_chats
from methods.alignment.training.config import TrainConfig
from methods.alignment.training.data import Survey, cut_diagnosis, hardness_of, split, survey
from methods.alignment.training.doctor import Diagnosis, History
from methods.alignment.training.doctor.answers import no_end_token, scores_miscounted
from methods.alignment.training.log import PairLog
from methods.alignment.training.models import Loaded
from methods.base import Context

NEVER_KEPT = 4
"""Times a pair must have been seen to be called never kept."""


@dataclass
class Training:
    """What a training is made of, once everything has been looked at.

    Attributes:
        remarks: what has to be said of the pairs before it begins.
    """

    config: TrainConfig
    context: Context
    loaded: Loaded
    chats: Chats
    train: PairSource
    held_out: PairSource
    found: Survey
    hardness: dict[int, float]
    hardness_mean: float | None
    remarks: list[Diagnosis]
    log: PairLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = PairLog(self.context, self.found.rows, self.found.ids)

    def history(self, curves: Mapping[str, list[float]]) -> History:
        config, log = self.config, self.log
        never = (log.seen >= NEVER_KEPT) & (log.kept == 0)
        wide = config.filter_width != "unit" or config.objective == "beta_dpo"
        return History(
            curves=curves,
            recent=list(log.recent),
            ids=dict(zip(log.rows, log.ids, strict=True)),
            beta=config.beta,
            min_beta=0.0 if config.objective in ("dpo", "sft") else config.min_beta,
            filters=config.filters,
            width=None if wide else 1.0 if config.reading == "code" else 1 / config.beta,
            uses_hardness=config.needs_hardness,
            length_gaps=dict(zip(log.rows, self.found.length_gaps, strict=True)),
            never_kept=[log.rows[place] for place in never.nonzero().flatten().tolist()],
        )


def prepare(config: TrainConfig, context: Context, loaded: Loaded, pairs: PairSource) -> Training:
    """Look at every pair before any work starts."""
    chats = prepare_chats(loaded, pairs[0])
    train, held_out = split(pairs, config.eval_pairs)
    survey(held_out, chats, config.max_length)
    found = survey(train, chats, config.max_length)
    hardness, mean = hardness_of(pairs, config, context) if config.needs_hardness else ({}, None)
    if hardness and mean is None:
        mean = sum(hardness[row] for row in found.rows) / len(found.rows)
    remarks = [no_end_token(chats.end)] if chats.end else []
    cut = cut_diagnosis(found, config.max_length)
    remarks += [cut] if cut else []
    if found.miscounted and config.needs_hardness and not config.hardness:
        remarks.append(scores_miscounted(found.miscounted, len(found.ids)))
    return Training(config, context, loaded, chats, train, held_out, found, hardness, mean, remarks)
