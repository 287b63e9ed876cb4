"""Scores and greedy answers: against a loop over single tokens, whatever the batch and the padding."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from methods.unlearning.rows.language import collate
from methods.unlearning.verification.answers import answer_logits
from methods.unlearning.verification.decoding import greedy
from tests.unlearning.toy import Letters, adapted, rows_of

TEXTS = [("where is the bread", "at the mill"), ("a", "b"), ("when", "nine o clock"), ("who", "me")]


@pytest.fixture(scope="module")
def toy():
    return adapted()


@pytest.fixture(scope="module")
def samples(toy):
    return [toy.encoder().encode(row) for row in rows_of(*TEXTS)]


def probabilities(model, ids):
    """(V,) after a text, by one pass over it alone."""
    ids = torch.tensor([ids])
    with torch.no_grad():
        return model(ids).logits[0, -1].double().softmax(0)


def test_scores_against_a_loop_over_single_tokens(toy, samples):
    found = answer_logits(toy.model, collate(samples)).scored()
    for (prompt, answer), scored in zip(TEXTS, found, strict=True):
        before = Letters()(f"{prompt}\n")["input_ids"]
        tokens = [*Letters()(answer)["input_ids"], 0]
        assert scored.answer == tuple(tokens)
        for place, token in enumerate(tokens):
            chances = probabilities(toy.model, before + tokens[:place])
            assert scored.log_probs[place] == pytest.approx(math.log(chances[token]), abs=1e-5)
            assert scored.predicted[place] == int(chances.argmax())
        assert scored.loss == pytest.approx(-scored.log_probs.mean())


def test_padding_and_company_change_nothing(toy, samples):
    together = answer_logits(toy.model, collate(samples)).scored()
    for sample, scored in zip(samples, together, strict=True):
        [alone] = answer_logits(toy.model, collate([sample])).scored()
        assert alone.predicted == scored.predicted
        np.testing.assert_allclose(alone.log_probs, scored.log_probs, atol=1e-6)


def test_divergence_by_a_slow_sum_and_zero_from_itself(toy, samples):
    other = adapted(seed=1)
    ours, theirs = (answer_logits(each.model, collate(samples)) for each in (toy, other))
    assert (ours.divergence(ours) == 0).all()
    start = 0
    for length, found in zip(ours.lengths, ours.divergence(theirs), strict=True):
        slow = sum(
            math.exp(a) * (a - b)
            for place in range(start, start + length)
            for a, b in zip(
                ours.log_probs[place].tolist(), theirs.log_probs[place].tolist(), strict=True
            )
        )
        assert found == pytest.approx(slow, rel=1e-4)
        assert found > 0
        start += length


def test_a_word_that_cannot_come_adds_nothing_to_the_divergence(toy, samples):
    logits = answer_logits(toy.model, collate(samples[:1]))
    logits.log_probs[:, 5] = -math.inf
    assert np.isfinite(
        logits.divergence(answer_logits(adapted(1).model, collate(samples[:1])))
    ).all()


def slow_greedy(model, ids, limit, end):
    found = []
    while len(found) < limit and end not in found:
        found.append(int(probabilities(model, ids + found).argmax()))
    return found


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_greedy_answers_against_one_prompt_at_a_time(toy, batch_size):
    prompts = [Letters()(f"{text}\n")["input_ids"] for text, _ in TEXTS]
    limits = [3, 0, 12, 7]
    # The end token is one that these answers come to, so that some end before their limit.
    end = slow_greedy(toy.model, prompts[2], 5, -1)[4]
    found = greedy(toy.model, [torch.tensor(each) for each in prompts], limits, {end}, batch_size)
    slow = [slow_greedy(toy.model, *each, end) for each in zip(prompts, limits, strict=True)]
    assert found == slow
    assert found[2][-1] == end
    assert len(found[2]) < 12


def test_a_row_without_prompt_or_answer_is_refused(toy, samples):
    batch = collate(samples[:2])
    with pytest.raises(ValueError, match="row 1 of the batch has no answer"):
        answer_logits(
            toy.model,
            {
                **batch,
                "labels": torch.stack(
                    [batch["labels"][0], torch.full_like(batch["labels"][1], -100)]
                ),
            },
        )
    with pytest.raises(ValueError, match="no prompt"):
        answer_logits(toy.model, {**batch, "labels": batch["input_ids"]})
