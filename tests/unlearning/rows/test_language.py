"""The text of a row by each template, where its answer begins, its tokens, and the loss on it."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch

from methods.unlearning.rows.language import (
    IGNORED,
    Encoder,
    Sample,
    collate,
    per_sample_loss,
    token_losses,
)
from methods.unlearning.rows.reading import read_rows, table_of
from methods.unlearning.rows.templates import alpaca_text, plain_text
from tests.unlearning.rows.test_reading import TALLREC
from tests.unlearning.tiny import CHAT, words_tokenizer

ROW = table_of([{"prompt": "when opens the shop ?", "answer": "at seven"}])[0]


@pytest.fixture(scope="module")
def tokenizer():
    return words_tokenizer()


@pytest.fixture(scope="module")
def chatting():
    return words_tokenizer(CHAT)


def test_alpacas_template_is_that_of_stanford():
    [row] = table_of([{"instruction": "Say it.", "input": "", "output": "Yes."}])
    assert alpaca_text(row) == (
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
        "### Instruction:\nSay it.\n\n### Response:\n",
        "Yes.",
    )
    [row] = table_of([{"instruction": "Say\nit.", "input": "a\nb", "output": "Yes."}])
    with_input = (
        "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that "
        "appropriately completes the request.\n\n### Instruction:\n{}\n\n### Input:\n{}\n\n### Response:\n"
    )
    assert alpaca_text(row)[0] == with_input.format("Say\nit.", "a\nb")
    assert alpaca_text(row.edited(prompt="Say\nit.\nc"))[0] == with_input.format("Say\nit.", "c")
    assert alpaca_text(row.edited(prompt="Do it.\na\nb"))[0] == with_input.format("Do it.", "a\nb")
    assert "### Input" not in alpaca_text(row.edited(prompt="Something else."))[0]


def test_earlier_turns_stand_before_the_answer():
    [row] = table_of(
        [{"instruction": "c", "output": "d", "system": "Be brief.", "history": [["a", "b"]]}]
    )
    assert alpaca_text(row)[0] == (
        "Be brief.\n\n### Instruction:\na\n\n### Response:\nb\n\n### Instruction:\nc\n\n### Response:\n"
    )
    assert plain_text(row) == ("Be brief.\na\nb\nc\n", "d")


def words(tokenizer, ids):
    return " ".join(tokenizer.convert_ids_to_tokens(ids.tolist()))


def test_the_answer_and_its_end_are_all_that_is_said(tokenizer, chatting):
    sample = Encoder(tokenizer, "plain").encode(ROW)
    assert words(tokenizer, sample.input_ids) == "when opens the shop ? at seven </s>"
    assert sample.labels[:5].tolist() == [IGNORED] * 5
    assert sample.labels[5:].equal(sample.input_ids[5:])
    assert (sample.answer_tokens, sample.row_id) == (3, ROW.id)
    encoder = Encoder(chatting)
    assert encoder.template == "chat"
    sample = encoder.encode(ROW)
    assert words(chatting, sample.input_ids) == (
        "<user> when opens the shop ? <assistant> at seven </s>"  # its own end, and no second one
    )
    assert words(chatting, sample.input_ids[sample.labels != IGNORED]) == "at seven </s>"
    assert words(chatting, encoder.prompt_ids(ROW)).endswith("? <assistant>")


def test_a_chat_template_without_an_end_gets_one():
    bare = words_tokenizer(CHAT.replace("</s> ", ""))
    assert words(bare, Encoder(bare).encode(ROW).input_ids).endswith("at seven </s>")
    ended = words_tokenizer(CHAT.replace("</s>", "."))
    stop = ended.convert_tokens_to_ids(".")
    sample = Encoder(ended, end_ids=(stop,)).encode(ROW)
    assert words(ended, sample.input_ids).endswith("at seven .")


def test_nothing_is_ever_cut_and_templates_that_are_not_there_are_refused(tokenizer):
    assert Encoder(tokenizer).template == "alpaca"
    with pytest.raises(ValueError, match=rf"row 0 \(id {ROW.id}\): 8 tokens; the model reads 7"):
        Encoder(tokenizer, "plain", window=7).encode(ROW)
    assert len(Encoder(tokenizer, "plain", window=8).encode(ROW)) == 8
    with pytest.raises(ValueError, match="no chat template"):
        Encoder(tokenizer, "chat")
    endless = words_tokenizer()
    endless.eos_token = None
    with pytest.raises(ValueError, match="no end token"):
        Encoder(endless)
    forgetful = words_tokenizer(
        "{% for m in messages %}{{ messages|length }}{{ m.content }}{% endfor %}"
    )
    with pytest.raises(ValueError, match="changes what stands before the answer"):
        Encoder(forgetful).encode(ROW)


def test_a_token_across_the_boundary_belongs_to_the_answer():
    class Pairs:
        """Two letters a token, so that an odd prompt shares its last token with the answer."""

        eos_token_id, chat_template = 0, None

        def __call__(self, text, **_):
            return {"input_ids": [hash(text[at : at + 2]) for at in range(0, len(text), 2)]}

    row = table_of([{"prompt": "abcd", "answer": "xyz"}])[0]  # "ab" "cd" "\nx" "yz"
    sample = Encoder(Pairs(), "plain").encode(row)
    assert sample.labels.tolist()[:2] == [IGNORED, IGNORED]
    assert sample.labels.tolist()[2:] == [hash("\nx"), hash("yz"), 0]


def test_a_batch_is_padded_on_the_right_and_masked():
    one = Sample(torch.tensor([5, 6, 2]), torch.tensor([IGNORED, 6, 2]), "a")
    two = Sample(torch.tensor([7, 2]), torch.tensor([IGNORED, 2]), "b")
    batch = collate([one, two])
    assert batch["input_ids"].tolist() == [[5, 6, 2], [7, 2, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert batch["labels"].tolist() == [[IGNORED, 6, 2], [IGNORED, 2, IGNORED]]


def test_the_loss_is_the_mean_over_the_answer_by_hand():
    """Logits 0 and ln 3 over two words: probabilities 1/4 and 3/4."""
    logits = torch.tensor([0.0, math.log(3)]).expand(1, 4, 2)
    labels = torch.tensor([[IGNORED, IGNORED, 0, 1]])

    def model(input_ids, attention_mask, use_cache):
        return SimpleNamespace(logits=logits)

    batch = {"input_ids": labels, "attention_mask": labels, "labels": labels}
    expected = (math.log(4) + math.log(4 / 3)) / 2
    assert per_sample_loss(model, batch).tolist() == pytest.approx([expected])
    assert token_losses(logits, labels)[0].tolist() == pytest.approx(
        [0.0, math.log(4), math.log(4 / 3)]
    )


def test_it_equals_what_transformers_computes_row_by_row(tokenizer):
    from tests.unlearning.tiny import llama

    torch.manual_seed(0)
    model = llama(len(tokenizer)).eval()
    rows = table_of(
        [
            {"prompt": "who ?", "answer": "no"},
            {"prompt": "when opens the shop ?", "answer": "the shop opens at nine ."},
        ]
    )
    samples = [Encoder(tokenizer, "plain").encode(row) for row in rows]
    together = per_sample_loss(model, collate(samples))
    for sample, loss in zip(samples, together, strict=True):
        alone = model(input_ids=sample.input_ids[None], labels=sample.labels[None]).loss
        assert float(loss) == pytest.approx(float(alone), abs=2e-6)


@pytest.mark.skipif(not TALLREC.is_dir(), reason="the rows of TALLRec are not here")
def test_tallrecs_rows_stand_in_alpacas_template_and_edits_stay_in_their_place(tokenizer):
    rows = read_rows(TALLREC / "valid.json")[:40]
    encoder = Encoder(tokenizer)
    for row in rows:
        prompt, answer = encoder.text(row)
        given = row.meta["input"]
        assert prompt.endswith(f"\n\n### Input:\n{given}\n\n### Response:\n")
        assert (answer, encoder.encode(row).answer_tokens) == (row.answer, 2)  # a word and the end
        shorter = row.prompt.replace(" written by ", " by ")  # what somebody corrects in a prompt
        edited = encoder.text(row.edited(prompt=shorter))[0]
        assert edited == prompt.replace(" written by ", " by ")
