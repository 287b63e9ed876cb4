"""Pairs that a training refuses or remarks on before its first step: each with its row."""

from __future__ import annotations

import pytest

from methods.base import MethodError
from tests.alignment.training.runs import text_pairs, train, without_clock


def test_hardness_of_other_pairs_is_refused(text_folder, tmp_path):
    from methods.alignment.evidence.files import HardnessWriter

    file = tmp_path / "hardness.parquet"
    with HardnessWriter(file, {"mean_delta": 0.0}) as writer:
        writer.write([])
    with pytest.raises(MethodError, match=r"has no pair [0-9a-f]{16} \(row 0\)"):
        train(
            tmp_path / "out",
            model=text_folder,
            pairs=text_pairs(tmp_path),
            hardness=str(file),
        )


def test_an_answer_that_is_cut_is_said_and_a_prompt_that_fills_the_limit_refused(
    text_folder, tmp_path
):
    settings = {"model": text_folder, "pairs": text_pairs(tmp_path), "objective": "dpo"}
    _, context = train(tmp_path / "out", **settings, max_length=16)
    [cut] = [row for row in context.records["diagnosis"] if row["rule"] == "answer_cut"]
    assert cut["step"] == 0
    assert len(cut["pairs"]) == 6
    with pytest.raises(MethodError, match="row 0: the prompt has 8 tokens, and 8 are allowed"):
        train(tmp_path / "no", **settings, max_length=8)


def test_image_tokens_count_and_are_never_cut(tmp_path):
    with pytest.raises(
        MethodError,
        match=r"row \d+: the prompt with its pictures has \d+ tokens, and 30 are allowed",
    ):
        train(tmp_path, max_length=30, objective="dpo")


def test_a_template_that_does_not_end_answers_is_mended_and_said(
    text_folder, tmp_path, build_llama, tokenizer
):
    import copy

    open_ended = copy.deepcopy(tokenizer)
    open_ended.chat_template = tokenizer.chat_template.replace("{{ '</s>' }}", "")
    build_llama().save_pretrained(tmp_path / "model")
    open_ended.save_pretrained(tmp_path / "model")
    settings = {"pairs": text_pairs(tmp_path), "objective": "dpo", "max_steps": 2}
    ended, _ = train(tmp_path / "a", model=text_folder, **settings)
    mended, context = train(tmp_path / "b", model=str(tmp_path / "model"), **settings)
    [said] = [row for row in context.records["diagnosis"] if row["rule"] == "no_end_token"]
    assert "</s>" in said["text"]
    assert without_clock(mended.metrics) == without_clock(ended.metrics)
    open_ended.eos_token = None
    open_ended.save_pretrained(tmp_path / "model")
    with pytest.raises(MethodError, match="nothing ends an answer"):
        train(tmp_path / "c", model=str(tmp_path / "model"), **settings)


def test_another_number_of_scores_than_sub_sentences_is_said(text_folder, tmp_path):
    pairs = text_pairs(tmp_path, chosen_logits=[0.3, 0.2, 0.1])
    settings = {"model": text_folder, "pairs": pairs, "eval_pairs": 0, "max_steps": 1}
    _, context = train(tmp_path / "out", **settings)
    [said] = [row for row in context.records["diagnosis"] if row["rule"] == "scores_miscounted"]
    assert said["title"].startswith("1 of 10 pairs")


def test_a_pair_that_was_flipped_since_it_was_measured_has_the_opposite_hardness(tmp_path):
    from methods.alignment import read_pairs
    from methods.alignment.evidence.files import HardnessWriter
    from methods.alignment.pairs.pair import swapped
    from methods.alignment.training.config import TrainConfig
    from methods.alignment.training.data import hardness_of
    from methods.local import LocalContext

    path = text_pairs(tmp_path)
    pairs = read_pairs(path).select([0, 1, 2])  # later rows repeat these
    file = tmp_path / "hardness.parquet"
    measured = [swapped(pair) if pair.position == 1 else pair for pair in pairs]
    rows = [{"pair_id": pair.id, "delta": 0.5 + pair.position} for pair in measured]
    with HardnessWriter(file, {"mean_delta": 0.1}) as writer:
        writer.write(rows)
    config = TrainConfig(pairs=path, hardness=str(file))
    found, mean = hardness_of(pairs, config, LocalContext(tmp_path / "out"))
    assert mean == 0.1
    assert found == {row: -1.5 if row == 1 else 0.5 + row for row in pairs.positions}
