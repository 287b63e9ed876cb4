"""Pairs as plain data for a page, and as the text that a model will see."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from methods.alignment.pairs.pair import Pair, Picture, messages
from methods.alignment.pairs.problems import PairError
from methods.alignment.pairs.source import PairSource

THUMBNAIL = 320
"""Longest side in pixels."""


def shown(pair: Pair) -> dict[str, Any]:
    """A pair as JSON has it, its images as small WebP pictures in data: addresses.

    Raises:
        ValueError: an image does not decode.
    """
    return {
        "id": pair.id,
        "row": pair.position,
        "turns": [
            {"role": turn.role, "text": turn.text, "places": list(turn.places)}
            for turn in pair.turns
        ],
        "chosen": pair.chosen,
        "rejected": pair.rejected,
        "images": [_thumbnail(image) for image in pair.images],
        "meta": dict(pair.meta),
    }


def first_shown(source: PairSource, count: int, within: int = 20) -> list[dict[str, Any]]:
    """The first pairs that can be shown, of so many rows."""
    found: list[dict[str, Any]] = []
    for row in source.positions[:within]:
        if len(found) == count:
            break
        try:
            found.append(shown(source.at(row)))
        except (PairError, ValueError):
            continue  # the row's problems are listed beside
    return found


def _thumbnail(picture: Picture) -> dict[str, Any]:
    image = picture.open()
    size = image.size
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=80)
    data = base64.b64encode(buffer.getvalue()).decode()
    return {
        "name": picture.name,
        "width": size[0],
        "height": size[1],
        "src": f"data:image/webp;base64,{data}",
    }


@dataclass(frozen=True)
class Rendered:
    """A pair as a processor's chat template writes it.

    Attributes:
        prompt: all that stands before the answer, with the template's own beginning of one.
        chosen, rejected: what follows it: the answer and what the template adds.
        end_token: the token that ends an answer; "" where the tokeniser has none.
        ends: both answers are followed by it. Where they are not, training never teaches the model to stop.
    """

    prompt: str
    chosen: str
    rejected: str
    end_token: str
    ends: bool


def render(pair: Pair, processor: Any) -> Rendered:
    """The text that a model will see for a pair.

    Args:
        processor: a transformers processor, or a tokeniser for pairs without images, with a chat template.

    Raises:
        ValueError: it has no chat template; the template does not write the prompt alike with and without an answer.
    """
    tokenizer = getattr(processor, "tokenizer", processor)
    if not (getattr(processor, "chat_template", None) or tokenizer.chat_template):
        raise ValueError(
            "the processor has no chat template: give one that ends the answer with the end token"
        )
    asked = _written(processor, pair, None)
    texts = []
    for name, answer in (("chosen", pair.chosen), ("rejected", pair.rejected)):
        whole = _written(processor, pair, answer)
        if not whole.startswith(asked):
            raise ValueError(
                f"the chat template writes the prompt differently before the {name} answer: where the answer begins is not clear"
            )
        texts.append(whole[len(asked) :])
    end = tokenizer.eos_token or ""
    answers = (pair.chosen, pair.rejected)
    ends = bool(end) and all(
        end in text[text.rfind(answer.strip()) + len(answer.strip()) :]
        for text, answer in zip(texts, answers, strict=True)
    )
    return Rendered(asked, texts[0], texts[1], end, ends)


def _written(processor: Any, pair: Pair, answer: str | None) -> str:
    chat: Sequence[dict[str, Any]] = messages(pair, answer)
    if not hasattr(processor, "image_processor"):  # templates of text models take content as text
        chat = [
            {"role": each["role"], "content": "".join(p.get("text", "") for p in each["content"])}
            for each in chat
        ]
    text: str = processor.apply_chat_template(
        list(chat), tokenize=False, add_generation_prompt=answer is None
    )
    return text
