"""From pairs to what the trainer reads: chats by the model's own template, an end to every answer, and how long they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from methods.alignment.pairs.pair import Pair, messages
from methods.alignment.training.models import Loaded
from methods.base import MethodError
from methods.model_sources import Kind

TAIL = 3
"""Tokens at the end of an answer among which its end token has to be: templates put a line break after it."""


@dataclass(frozen=True)
class Chats:
    """Makes rows for TRL.

    Attributes:
        templated: the processor has a chat template; else rows are plain strings, to which TRL adds the end token.
        end: what is added to each answer because the template does not end it; "" where it does.
        image_tokens: tokens of the first picture beyond its placeholder; pictures of one size have all as many.
        window: tokens that the model can read; None where its configuration does not say.
    """

    processor: Any
    kind: Kind
    templated: bool
    end: str = ""
    image_tokens: int = 0
    window: int | None = None

    @property
    def tokenizer(self) -> Any:
        return getattr(self.processor, "tokenizer", self.processor)

    def row(self, pair: Pair) -> dict[str, Any]:
        """`prompt`, `chosen`, `rejected`, `position`, and for image-text models `images`."""
        if self.kind == "image-text":
            answers = {name: [_said(text + self.end)] for name, text in _answers(pair)}
            images = [image.open() for image in pair.images]
            return {"prompt": messages(pair), **answers, "images": images} | _place(pair)
        if not self.templated:
            return {"prompt": _joined(pair), **dict(_answers(pair))} | _place(pair)
        prompt = [{"role": turn.role, "content": turn.text} for turn in pair.turns]
        plain = {
            name: [{"role": "assistant", "content": text + self.end}]
            for name, text in _answers(pair)
        }
        return {"prompt": prompt, **plain} | _place(pair)

    def rendered(self, pair: Pair, answer: str) -> tuple[str, str]:
        """Prompt and answer as the model is given them, end included."""
        if not self.templated:
            return _joined(pair), answer + (self.tokenizer.eos_token or "")
        chat = messages(pair, answer + self.end)
        if self.kind == "text":
            chat = [
                {"role": turn["role"], "content": "".join(part["text"] for part in turn["content"])}
                for turn in chat
            ]
        render = self.processor.apply_chat_template
        whole: str = render(chat, tokenize=False)
        prompt: str = render(chat[:-1], tokenize=False, add_generation_prompt=True)
        same = next(
            (at for at, (a, b) in enumerate(zip(prompt, whole, strict=False)) if a != b),
            min(len(prompt), len(whole)),
        )
        return whole[:same], whole[same:]

    def lengths(self, pair: Pair) -> tuple[int, int]:
        """Tokens of the prompt, pictures included, and of the longer answer."""
        pieces = [self.rendered(pair, answer) for _, answer in _answers(pair)]
        prompt = max(self._count(piece[0]) for piece in pieces)
        return prompt + self.image_tokens * len(pair.images), max(
            self._count(piece[1]) for piece in pieces
        )

    def ends(self, pair: Pair, end_ids: set[int]) -> bool:
        """The chosen answer of a pair ends with an end token."""
        _, answer = self.rendered(pair, pair.chosen)
        ids = self.tokenizer(answer, add_special_tokens=False)["input_ids"]
        return bool(end_ids & set(ids[-TAIL:]))

    def _count(self, text: str) -> int:
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def prepare_chats(loaded: Loaded, first: Pair) -> Chats:
    """Find out how a model's template ends answers and how long its pictures are.

    Raises:
        MethodError: an image-text processor without a chat template; nothing that ends an answer.
    """
    processor, kind = loaded.processor, loaded.kind
    templated = bool(getattr(processor, "chat_template", None))
    if kind == "image-text" and not templated:
        raise MethodError(
            f"the processor of {loaded.name} has no chat template, so nothing says where its pictures and answers stand: "
            "set processor.chat_template and save it beside the model"
        )
    chats = Chats(processor, kind, templated, window=_window(loaded.model))
    if not chats.ends(first, end_ids(loaded)):
        end = chats.tokenizer.eos_token
        chats = replace(chats, end=end or "")
        if not end or not chats.ends(first, end_ids(loaded)):
            raise MethodError(
                f"nothing ends an answer of {loaded.name}: its tokeniser has {'an' if end else 'no'} end token"
                f"{f' ({end}) that its template swallows' if end else ''}; the model would never learn to stop. Set "
                "tokenizer.eos_token, or end the assistant's turn in the chat template"
            )
    if first.images:
        chats = replace(chats, image_tokens=_image_tokens(chats, first))
    return chats


def end_ids(loaded: Loaded) -> set[int]:
    """Ids of all tokens at which the model stops to write."""
    given = getattr(loaded.model.generation_config, "eos_token_id", None)
    ids = given if isinstance(given, list) else [given]
    return {each for each in (*ids, loaded.tokenizer.eos_token_id) if each is not None}


def _image_tokens(chats: Chats, pair: Pair) -> int:
    text, _ = chats.rendered(pair, pair.chosen)
    images = [image.open() for image in pair.images]
    with_images = chats.processor(images=images, text=text, add_special_tokens=False)["input_ids"]
    ids = with_images[0] if isinstance(with_images[0], list) else with_images
    plain = chats.tokenizer(text, add_special_tokens=False)["input_ids"]
    return -(-(len(ids) - len(plain)) // len(images))


def _window(model: Any) -> int | None:
    window = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return window if isinstance(window, int) and window > 0 else None


def _answers(pair: Pair) -> tuple[tuple[str, str], ...]:
    return ("chosen", pair.chosen), ("rejected", pair.rejected)


def _said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def _joined(pair: Pair) -> str:
    return "\n".join(turn.text for turn in pair.turns) + "\n"


def _place(pair: Pair) -> dict[str, Any]:
    return {"position": pair.position}
