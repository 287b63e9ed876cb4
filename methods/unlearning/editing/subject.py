"""What one edit works on: the adapter on its base, the rows in tokens, the request, and the rows that are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from methods.base import Context
from methods.unlearning.editing.check import check_share, opened
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.probing import Probe, choose_probe
from methods.unlearning.editing.request_file import Asked, edited
from methods.unlearning.influence.stepping import drawn
from methods.unlearning.models.loading import Adapted, load_adapter
from methods.unlearning.request import Request
from methods.unlearning.rows.language import Encoder, Sample
from methods.unlearning.rows.row import Row
from methods.unlearning.training.again import encode_all
from methods.unlearning.training.recipe import Recipe


@dataclass(frozen=True)
class Subject:
    """All that an edit works on.

    Attributes:
        rows: that the adapter was trained on, as they were.
        held_out: rows of the same kind that it was not trained on; may be none.
        request: over `rows`; what takes a row's place is a `Row`.
        samples, samples_request, held_out_samples: the same in tokens.
        recipe: by which the adapter was trained; None where that is not known.
        weight_decay: of the objective, w/2 |th|^2.
        warning: what is to be said of the request's size; "" is nothing.
    """

    adapted: Adapted
    encoder: Encoder
    rows: Sequence[Row]
    held_out: Sequence[Row]
    asked: Asked
    request: Request
    samples: Sequence[Sample]
    samples_request: Request
    held_out_samples: Sequence[Sample]
    probe: Probe
    recipe: Recipe | None
    weight_decay: float
    seed: int
    warning: str

    @property
    def edited_rows(self) -> list[Row]:
        """The rows that the new version stands for."""
        return list(self.request.edited(self.rows))


def open_subject(config: EraseConfig, context: Context) -> Subject:
    """Open and load everything, and refuse what does not fit before any work is done.

    Raises:
        MethodError: the adapter, its base, the rows or the request are not there or do not fit together; a row that is too long.
    """
    found = opened(config, context.open)
    rows, held_out, asked = list(found.table.rows), found.table.held_out, found.asked
    adapted = load_adapter(
        config.model, config.adapter, context.device, config.precision, context.open
    )
    encoder = adapted.encoder(config.template)
    request = Request(
        remove=tuple(row.position for row in rows if row.id in asked.remove),
        replace={
            row.position: edited(asked, row)
            for row in rows
            if row.id in asked.prompts or row.id in asked.answers
        },
    )
    held_out = [
        held_out[place] for place in drawn(range(len(held_out)), config.retained_rows, context.seed)
    ]
    samples = encode_all(encoder, rows)
    replaced = dict(
        zip(request.replace, encode_all(encoder, list(request.replace.values())), strict=True)
    )
    return Subject(
        adapted=adapted,
        encoder=encoder,
        rows=rows,
        held_out=held_out,
        asked=asked,
        request=request,
        samples=samples,
        samples_request=Request(remove=request.remove, replace=replaced),
        held_out_samples=encode_all(encoder, held_out),
        probe=choose_probe(rows, request, config.retained_rows, config.neighbours, context.seed),
        recipe=found.recipe,
        weight_decay=_weight_decay(config, found.recipe),
        seed=context.seed,
        warning=check_share(len(asked.tasks), len(rows), config.allow_large),
    )


def _weight_decay(config: EraseConfig, recipe: Recipe | None) -> float:
    if config.weight_decay is not None:
        return config.weight_decay
    return 0.0 if recipe is None else recipe.coupled_weight_decay
