"""The passes of a verification: answers scored, prompts answered, and what the base alone makes of rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from methods.unlearning.rows.language import IGNORED, Sample, collate
from methods.unlearning.verification.answers import AnswerLogits, Scored, answer_logits
from methods.unlearning.verification.decoding import greedy
from methods.unlearning.verification.measured import BEFORE, RETRAIN
from methods.unlearning.verification.probes import Key
from methods.unlearning.verification.texts import matched

Use = Callable[[str], None]
"""Puts a variant into the model."""
Samples = Mapping[Key, Sample]


@dataclass
class Reading:
    """What one variant makes of the rows.

    Attributes:
        scored: each answer.
        kl, kl_from_retrain: KL(before || variant) and KL(retrain || variant) of each answer, summed over its tokens, in nats;
            the second is empty without a retrain.
        answers: tokens of the greedy answer to a prompt.
    """

    scored: dict[Key, Scored] = field(default_factory=dict)
    kl: dict[Key, float] = field(default_factory=dict)
    kl_from_retrain: dict[Key, float] = field(default_factory=dict)
    answers: dict[Key, list[int]] = field(default_factory=dict)


def score(
    model: Any,
    samples: Samples,
    names: Sequence[str],
    use: Use,
    batch_size: int,
    tell: Callable[[int], None],
) -> dict[str, Reading]:
    """Score every answer under every variant: batch by batch, so that two variants' distributions meet in memory.

    Args:
        names: of the variants, `BEFORE` among them.
        tell: called with the number of rows after each batch of each variant.
    """
    found = {name: Reading() for name in names}
    for keys in batches(samples, batch_size):
        batch = on_device(model, [samples[key] for key in keys])

        def under(name: str, batch: Mapping[str, Tensor] = batch) -> AnswerLogits:
            use(name)
            return answer_logits(model, batch)

        known = {name: under(name) for name in (BEFORE, RETRAIN) if name in names}
        for name, reading in found.items():
            logits = known.get(name) or under(name)
            reading.scored.update(zip(keys, logits.scored(), strict=True))
            reading.kl.update(zip(keys, known[BEFORE].divergence(logits), strict=True))
            if RETRAIN in known:
                divergence = known[RETRAIN].divergence(logits)
                reading.kl_from_retrain.update(zip(keys, divergence, strict=True))
            tell(len(keys))
    return found


def answer(
    model: Any,
    samples: Samples,
    limits: Mapping[Key, int],
    reading: Reading,
    ends: Collection[int],
    batch_size: int,
) -> None:
    """Answer prompts greedily under the variant that is in the model, into `reading.answers`.

    How far the greedy answer follows the known one, and the token by which it leaves it, was seen when the known one was
    scored: only what comes after is decoded.

    Args:
        limits: the most new tokens for each prompt that is asked.
        ends: token ids that end an answer.
    """
    begun = {key: _begun(reading.scored[key], ends)[: limits[key]] for key in limits}
    going = [key for key, start in begun.items() if not start or start[-1] not in ends]
    prompts = [prompt_of(samples[key], begun[key]) for key in going]
    left = [limits[key] - len(begun[key]) for key in going]
    rest = dict(zip(going, greedy(model, prompts, left, ends, batch_size), strict=True))
    reading.answers.update({key: [*start, *rest.get(key, [])] for key, start in begun.items()})


def base_losses(model: Any, samples: Samples, batch_size: int) -> dict[Key, float]:
    """Each answer's loss under the base alone; empty for a model whose adapter cannot be switched off."""
    if not hasattr(model, "disable_adapter"):
        return {}
    found: dict[Key, float] = {}
    with model.disable_adapter():
        for keys in batches(samples, batch_size):
            batch = on_device(model, [samples[key] for key in keys])
            losses = [each.loss for each in answer_logits(model, batch).scored()]
            found.update(zip(keys, losses, strict=True))
    return found


def batches(samples: Samples, size: int) -> Iterator[list[Key]]:
    """Rows of like length together, so that little is padded."""
    order = sorted(samples, key=lambda key: len(samples[key].input_ids))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def on_device(model: Any, samples: Sequence[Sample]) -> dict[str, Tensor]:
    device = next(model.parameters()).device
    return {name: tensor.to(device) for name, tensor in collate(samples).items()}


def prompt_of(sample: Sample, begun: Sequence[int] = ()) -> Tensor:
    """(P,): the tokens before a row's answer, then those of an answer that has begun."""
    prompt = sample.input_ids[sample.labels == IGNORED]
    return torch.cat([prompt, prompt.new_tensor(list(begun))])


def _begun(scored: Scored, ends: Collection[int]) -> list[int]:
    """What the greedy answer is known to begin with; ends with an end token where it is known whole."""
    same = matched(scored.predicted, scored.answer)
    start = list(scored.predicted[: same + 1])
    end = next((place for place, token in enumerate(start) if token in ends), None)
    return start if end is None else start[: end + 1]
