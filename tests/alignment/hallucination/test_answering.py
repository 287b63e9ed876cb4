"""Asking the small world's own model."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from methods.alignment.hallucination.answering import answer, end_tokens, prompt_of
from methods.base import MethodError
from methods.worlds import llava
from methods.worlds.llava.data import QUESTION, scenes


@pytest.fixture(scope="module")
def loaded():
    return llava.load()


def test_a_batch_answers_as_each_alone_and_the_questions_may_differ_in_length(loaded):
    model, processor = loaded
    some = scenes("test", 3)
    images = [scene.image for scene in some]
    questions = [
        QUESTION,
        "Is there a red circle in the image?",
        "How many objects are in the image?",
    ]
    together = answer(model, processor, images, questions, max_new_tokens=40, batch_size=3)
    alone = answer(model, processor, images, questions, max_new_tokens=40, batch_size=1)
    assert together == alone
    assert processor.tokenizer.padding_side == llava.load()[1].tokenizer.padding_side  # as it was


def test_the_end_token_ends_an_answer_and_the_limit_cuts_one(loaded):
    model, processor = loaded
    scene = scenes("test", 1)[0]
    (whole,) = answer(model, processor, [scene.image], [QUESTION], max_new_tokens=60)
    assert not whole.cut
    assert whole.text.endswith(".")
    assert "</s>" not in whole.text
    (cut,) = answer(model, processor, [scene.image], [QUESTION], max_new_tokens=3)
    assert cut.cut
    assert whole.text.startswith(cut.text)


def test_it_is_what_transformers_own_greedy_loop_writes(loaded):
    model, processor = loaded
    scene = scenes("test", 1)[0]
    inputs = processor(
        text=[prompt_of(processor, QUESTION)], images=[scene.image], return_tensors="pt"
    )
    ids = inputs["input_ids"]
    ends = end_tokens(model, processor.tokenizer)
    with torch.inference_mode():
        for _ in range(60):
            mask = torch.ones_like(ids)
            logits = model(
                input_ids=ids, attention_mask=mask, pixel_values=inputs["pixel_values"]
            ).logits
            chosen = int(logits[0, -1].argmax())
            if chosen in ends:
                break
            ids = torch.cat([ids, torch.tensor([[chosen]])], dim=1)
    slow = processor.decode(ids[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
    (found,) = answer(model, processor, [scene.image], [QUESTION], max_new_tokens=60)
    assert found.text == slow.strip()


def test_what_cannot_be_asked_is_refused(loaded):
    model, processor = loaded
    with pytest.raises(ValueError, match="1 questions about 0 images"):
        answer(model, processor, [], [QUESTION])
    with pytest.raises(MethodError, match="no chat template"):
        prompt_of(SimpleNamespace(chat_template=None), QUESTION)
