"""Asking an image-text model: greedy or beam search, in batches padded on the left, until it says it has finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from methods.base import MethodError


@dataclass(frozen=True)
class Reply:
    """What a model says; `cut` where it had not finished when the longest answer was reached."""

    text: str
    cut: bool


def answer(
    model: Any,
    processor: Any,
    images: Sequence[Image.Image],
    questions: Sequence[str],
    *,
    max_new_tokens: int = 256,
    batch_size: int = 16,
    beams: int = 1,
) -> list[Reply]:
    """Ask one question about each image.

    Args:
        model: a transformers image-text model, in eval mode; a `PeftModel` of one will do.
        processor: its processor, with a chat template.
        images: RGB.
        batch_size: questions asked together; does not change an answer but for rounding.
        beams: 1 is greedy.

    Raises:
        ValueError: not as many questions as images.
        MethodError: the processor has no chat template; out of memory.
    """
    if len(images) != len(questions):
        raise ValueError(
            f"{len(questions)} questions about {len(images)} images: one each is needed"
        )
    replies: list[Reply] = []
    for start in range(0, len(images), batch_size):
        stop = start + batch_size
        replies += _answer_batch(
            model, processor, images[start:stop], questions[start:stop], max_new_tokens, beams
        )
    return replies


@torch.inference_mode()
def _answer_batch(
    model: Any,
    processor: Any,
    images: Sequence[Image.Image],
    questions: Sequence[str],
    max_new_tokens: int,
    beams: int,
) -> list[Reply]:
    prompts = [prompt_of(processor, question) for question in questions]
    with _padding_left(processor.tokenizer):
        inputs = processor(
            text=prompts, images=[[image] for image in images], padding=True, return_tensors="pt"
        )
    inputs = inputs.to(model.device)
    inputs = {
        name: value.to(model.dtype) if value.is_floating_point() else value
        for name, value in inputs.items()
    }
    try:
        written = model.generate(
            **inputs,
            do_sample=False,
            num_beams=beams,
            max_new_tokens=max_new_tokens,
            pad_token_id=pad_token(processor.tokenizer),
        )
    except torch.cuda.OutOfMemoryError as error:
        raise MethodError(
            f"the GPU's memory does not hold {len(images)} questions at a time: choose a smaller batch size"
        ) from error
    new = written[:, inputs["input_ids"].shape[1] :]
    ends = end_tokens(model, processor.tokenizer)
    texts = processor.batch_decode(new, skip_special_tokens=True)
    finished = [bool(set(row.tolist()) & ends) for row in new]
    return [
        Reply(text.strip(), not done and row.shape[0] >= max_new_tokens)
        for text, done, row in zip(texts, finished, new, strict=True)
    ]


def prompt_of(processor: Any, question: str) -> str:
    """The conversation up to the answer, as the model's own template writes it.

    Raises:
        MethodError: the processor has no template.
    """
    if getattr(processor, "chat_template", None) is None:
        raise MethodError(
            "the model's processor has no chat template, so nobody knows how it is asked: add chat_template.jinja to its folder"
        )
    turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": question}]}
    prompt: str = processor.apply_chat_template([turn], add_generation_prompt=True)
    return prompt


def end_tokens(model: Any, tokenizer: Any) -> set[int]:
    """Ids after which the model has finished."""
    known = model.generation_config.eos_token_id
    found = known if isinstance(known, list) else [known]
    return {token for token in (*found, tokenizer.eos_token_id) if token is not None}


def pad_token(tokenizer: Any) -> int | None:
    """The id to pad with: the end's where a tokenizer has none of its own."""
    token: int | None = tokenizer.pad_token_id
    return tokenizer.eos_token_id if token is None else token


@contextmanager
def _padding_left(tokenizer: Any) -> Iterator[None]:
    """Prompts end together, so that what is written begins together; training pads on the other side."""
    side, token = tokenizer.padding_side, tokenizer.pad_token
    tokenizer.padding_side = "left"
    if token is None:
        tokenizer.pad_token = tokenizer.eos_token
    try:
        yield
    finally:
        tokenizer.padding_side, tokenizer.pad_token = side, token
