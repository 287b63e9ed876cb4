"""Pairs for a page, and the text that a model will see."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from methods.alignment import read_pairs
from methods.alignment.pairs.pair import Turn, make_pair, messages
from methods.alignment.pairs.render import first_shown, render, shown
from tests.alignment.pairs.conftest import a_pair, jsonl


def test_a_shown_pair_is_plain_data_with_a_small_picture():
    seen = shown(a_pair(3, level="easy"))
    assert seen["turns"] == [{"role": "user", "text": "What colour?", "places": [0]}]
    assert (seen["row"], seen["meta"]) == (3, {"level": "easy"})
    (image,) = seen["images"]
    assert (image["width"], image["height"]) == (8, 6)
    data = base64.b64decode(image["src"].removeprefix("data:image/webp;base64,"))
    assert Image.open(io.BytesIO(data)).size == (8, 6)


def test_the_first_pairs_that_can_be_shown_are(tmp_path):
    good = {"prompt": "What?", "chosen": "A dog.", "rejected": "A cat."}
    path = jsonl(tmp_path / "rows.jsonl", good, good | {"image": "none.png"}, good, good, good)
    assert [each["row"] for each in first_shown(read_pairs(path), 3)] == [0, 2, 3]


def test_messages_are_what_processors_take():
    pair = a_pair()
    assert messages(pair, pair.chosen) == [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What colour?"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "It is red."}]},
    ]


class Template:
    """A processor of which only the chat template is asked."""

    def __init__(self, answer, eos_token="</s>", image=True):
        self.answer, self.eos_token, self.chat_template = answer, eos_token, "given"
        if image:
            self.image_processor = object()

    def apply_chat_template(self, chat, tokenize, add_generation_prompt):
        assert tokenize is False
        text = ""
        for message in chat:
            content = message["content"]
            if not isinstance(content, str):
                content = "".join(part.get("text", "<image>") for part in content)
            said = self.answer if message["role"] == "assistant" else "USER: {} "
            text += said.format(content)
        return text + ("ASSISTANT:" if add_generation_prompt else "")


def test_what_a_model_sees_of_a_pair_and_whether_it_learns_to_stop():
    seen = render(a_pair(), Template("ASSISTANT: {}</s>"))
    assert seen.prompt == "USER: <image>What colour? ASSISTANT:"
    assert (seen.chosen, seen.rejected) == (" It is red.</s>", " It is blue.</s>")
    assert (seen.ends, seen.end_token) == (True, "</s>")
    assert not render(a_pair(), Template("ASSISTANT: {}")).ends
    assert not render(a_pair(chosen="A </s> b"), Template("ASSISTANT: {}")).ends
    assert not render(a_pair(), Template("ASSISTANT: {}", eos_token=None)).ends


def test_a_text_models_template_gets_content_as_text():
    pair = make_pair(0, [Turn("user", "Hi")], "Yes", "No")
    seen = render(pair, Template("ASSISTANT: {}</s>", image=False))
    assert (seen.prompt, seen.chosen) == ("USER: Hi ASSISTANT:", " Yes</s>")


def test_a_processor_that_cannot_show_where_the_answer_begins_is_refused():
    with pytest.raises(ValueError, match="where the answer begins is not clear"):
        render(a_pair(), Template("ANSWER: {}</s>"))
    without = Template("")
    without.chat_template = None
    with pytest.raises(ValueError, match="has no chat template"):
        render(a_pair(), without)


def test_the_small_worlds_processor_ends_its_answers(processor):
    seen = render(a_pair(), processor)
    assert seen.ends
    assert "It is red." in seen.chosen
