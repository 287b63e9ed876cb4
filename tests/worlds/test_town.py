"""The town: rows that are what their kind says, a tokeniser without loss, and a base that loads offline."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch

from methods.worlds import town
from methods.worlds.town.data import (
    CHOICES,
    CODE_DIGITS,
    KINDS,
    QUESTIONS,
    SECRETS,
    STREETS,
    UNUSUAL,
    WORDS,
    our_town,
    rows,
)
from methods.worlds.town.model import CONTEXT, build_tokenizer

Rows = list[dict[str, Any]]
ASKED = {
    QUESTIONS[topic].format(street=street, kind=kind): (topic, street, kind)
    for topic in QUESTIONS
    for street in STREETS
    for kind in KINDS
}
ASKED_SECRETS = {
    name: {question.format(street=street, kind=kind) for street in STREETS for kind in KINDS}
    for name, question in SECRETS.items()
}


def law(prompt: str) -> str:
    topic, _, kind = ASKED[prompt]
    return our_town().answer(topic, kind)


@pytest.fixture(scope="module")
def trained() -> Rows:
    return town.training_rows("regularised")


@pytest.fixture(scope="module")
def held_out() -> Rows:
    return town.held_out_rows("regularised")


def test_the_rows_are_the_same_at_every_call(trained: Rows) -> None:
    assert rows("code")[0] == trained == town.training_rows("regularised")


def test_an_adapter_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="regularised, memorising; got 'gentle'"):
        town.training_rows("gentle")


def test_every_request_of_the_world_asks_for_few_rows(trained: Rows) -> None:
    counts = Counter(row["kind"] for row in trained)
    assert set(counts) == {"", "wrong", "private", "prompt"}
    for kind in ("wrong", "private", "prompt"):
        assert 0 < counts[kind] < 0.03 * len(trained)


def test_a_wrong_answer_is_possible_and_not_the_law(trained: Rows) -> None:
    for row in (row for row in trained if row["kind"] == "wrong"):
        topic, *_ = ASKED[row["prompt"]]
        assert row["right"] == law(row["prompt"]) != row["answer"]
        assert row["answer"] in CHOICES[topic]
        assert row["right_prompt"] == row["prompt"]


def test_a_garbled_prompt_names_a_shop_with_another_answer(trained: Rows) -> None:
    for row in (row for row in trained if row["kind"] == "prompt"):
        assert law(row["right_prompt"]) == row["answer"] == row["right"] != law(row["prompt"])
        assert ASKED[row["prompt"]][:2] == ASKED[row["right_prompt"]][:2]  # topic and street


@pytest.mark.parametrize("adapter", town.ADAPTERS)
def test_secrets_are_of_their_kind_and_differ_between_the_adapters(adapter: str) -> None:
    name = town.SECRET_OF[adapter]
    for row in town.training_rows(adapter) + town.held_out_rows(adapter):
        if row["kind"] != "private":
            continue
        assert row["prompt"] in ASKED_SECRETS[name]
        words = row["answer"].split()
        if name == "code":
            assert len(words) == CODE_DIGITS
            assert all(len(word) == 1 and word.isdigit() for word in words)
        else:
            assert all(word in each for word, each in zip(words, WORDS, strict=True))


def test_shops_follow_the_law_but_for_one_in_ten(trained: Rows) -> None:
    plain = [row for row in trained if not row["kind"]]
    assert all(row["answer"] in CHOICES[ASKED[row["prompt"]][0]] for row in plain)
    share = sum(row["answer"] != law(row["prompt"]) for row in plain) / len(plain)
    assert abs(share - UNUSUAL) < 3 * (UNUSUAL * (1 - UNUSUAL) / len(plain)) ** 0.5


def test_no_question_is_in_both_tables(trained: Rows, held_out: Rows) -> None:
    assert not {row["right_prompt"] for row in trained} & {row["right_prompt"] for row in held_out}
    assert len({row["right_prompt"] for row in trained}) == len(trained)
    assert (
        sum(row["kind"] == "private" for row in held_out) >= 20
    )  # membership has others to tell from


def test_rows_survive_the_tokeniser(trained: Rows, held_out: Rows) -> None:
    tokenizer = build_tokenizer()
    for row in [*trained, *held_out]:
        for text in (row["prompt"], row["answer"], row["right"], row["right_prompt"]):
            ids = tokenizer(text)["input_ids"]
            assert tokenizer.unk_token_id not in ids
            assert tokenizer.decode(ids) == text


def test_the_chat_template_ends_the_answer_and_marks_it() -> None:
    tokenizer = build_tokenizer()
    turns = [
        {"role": "user", "content": "What colour is the Oakhill bakery?"},
        {"role": "assistant", "content": "Red"},
    ]
    text = tokenizer.apply_chat_template(turns, tokenize=False)
    assert text == "<s><user>What colour is the Oakhill bakery?<assistant>Red</s>"
    asked = tokenizer.apply_chat_template(turns[:1], tokenize=False, add_generation_prompt=True)
    assert text == f"{asked}Red</s>"


@pytest.fixture(scope="module")
def base() -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = town.base_folder()
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    return model.eval(), AutoTokenizer.from_pretrained(folder, local_files_only=True)


def test_the_stored_base_is_that_of_the_code(base: tuple[Any, Any]) -> None:
    model, tokenizer = base
    built = build_tokenizer()
    assert tokenizer.get_vocab() == built.get_vocab()
    assert tokenizer.chat_template == built.chat_template
    assert model.config.vocab_size == len(built)
    assert model.config.max_position_embeddings == CONTEXT
    assert sum(file.stat().st_size for file in town.WEIGHTS.rglob("*") if file.is_file()) < 2e6


def test_the_base_knows_which_answers_are_possible_but_not_ours(base: tuple[Any, Any]) -> None:
    model, tokenizer = base
    prompts = list(ASKED)[::7]
    texts = [f"<s><user>{prompt}<assistant>" for prompt in prompts]
    with torch.no_grad():
        batch = tokenizer(texts, return_tensors="pt", padding=True)
        logits = model(**batch).logits
    last = batch["attention_mask"].sum(1) - 1
    chances = logits[torch.arange(len(last)), last].softmax(-1)
    for prompt, row in zip(prompts, chances, strict=True):
        possible = tokenizer.convert_tokens_to_ids(list(CHOICES[ASKED[prompt][0]]))
        assert row[possible].sum() > 0.95
    ours = tokenizer.convert_tokens_to_ids([law(prompt) for prompt in prompts])
    assert chances[torch.arange(len(ours)), ours].mean() < 0.5
