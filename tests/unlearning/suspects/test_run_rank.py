"""The ranking of the small world: figures of every row, an honest report, and the same after a break."""

from __future__ import annotations

import csv
import json

import pytest
import torch

from methods import METHODS
from methods.base import Cancelled, MethodError
from methods.local import LocalContext
from methods.unlearning import load_adapter
from methods.unlearning.rows.language import collate, per_sample_loss
from methods.unlearning.suspects import run_rank
from methods.unlearning.suspects.telling import areas, metrics_of, summary_of

RANK = METHODS["unlearning.rank"]
SETTINGS = {"fisher_rows": 40, "batch_size": 64}


@pytest.fixture(scope="module")
def ranked(tmp_path_factory):
    context = LocalContext(tmp_path_factory.mktemp("ranked"), seed=3)
    return RANK.run(RANK.config(**SETTINGS), context), context


def test_every_row_is_told_once_with_its_own_loss(ranked):
    _, context = ranked
    rows = context.records["instruction"]
    from methods.unlearning.rows.opening import town_rows

    table = town_rows("regularised")
    assert [row["position"] for row in rows] == list(range(len(table)))
    assert [row["row_id"] for row in rows] == [row.id for row in table]
    adapted = load_adapter("town", "regularised")
    sample = adapted.encoder().encode(table[5])
    with torch.no_grad():
        loss = float(per_sample_loss(adapted.model, collate([sample]))[0])
    assert rows[5]["loss"] == pytest.approx(loss, rel=1e-4)
    assert rows[5]["tokens"] == sample.answer_tokens
    assert rows[5]["answer"] == table[5].answer
    adapted.model.zero_grad()
    value = per_sample_loss(adapted.model, collate([sample])).sum()
    value.backward()
    norm = torch.stack([p.grad.norm() for p in adapted.parameters.values()]).norm()
    assert rows[5]["gradient_norm"] == pytest.approx(float(norm), rel=1e-3)
    assert all(row["self_influence"] > 0 for row in rows)


def test_the_table_is_in_the_order_of_self_influence(ranked):
    _, context = ranked
    with (context.folder / "suspects.csv").open() as file:
        table = list(csv.DictReader(file))
    scores = [float(row["self_influence"]) for row in table]
    assert scores == sorted(scores, reverse=True)
    assert [row["rank"] for row in table] == [str(k) for k in range(1, len(table) + 1)]


def test_the_report_says_what_the_ranking_finds_beside_the_loss(ranked):
    result, context = ranked
    rows = context.records["instruction"]
    for score in ("loss", "self_influence"):
        wrong = [row[score] for row in rows if row["kind"] == "wrong"]
        plain = [row[score] for row in rows if not row["kind"]]
        pairs = [(a > b) + 0.5 * (a == b) for a in wrong for b in plain]
        key = f"auc_wrong_{score}"
        assert result.metrics[key] == pytest.approx(sum(pairs) / len(pairs))
        assert result.metrics[f"{key}_low"] < result.metrics[key] < result.metrics[f"{key}_high"]
    assert "wrong answers are found by loss with AUC" in result.summary


def test_a_broken_ranking_goes_on_to_the_same_figures(ranked, tmp_path, monkeypatch):
    _, whole = ranked
    monkeypatch.setattr(run_rank, "BLOCK", 64)
    monkeypatch.setattr(run_rank, "CHECKPOINT_SECONDS", 0.0)
    config = RANK.config(**SETTINGS)

    def stop(done, total, message):
        if message.startswith("128"):
            raise Cancelled

    first = LocalContext(tmp_path / "first", seed=3, on_progress=stop)
    with pytest.raises(Cancelled):
        RANK.run(config, first)
    assert len(first.records["instruction"]) == 128
    second = LocalContext(tmp_path / "second", seed=3, resume_state=first.state)
    RANK.run(config, second)
    both = [*first.records["instruction"], *second.records["instruction"]]
    assert json.dumps(both) == json.dumps(whole.records["instruction"])
    assert (second.folder / "suspects.csv").read_bytes() == (
        whole.folder / "suspects.csv"
    ).read_bytes()


def test_the_loss_alone_needs_no_gradient(tmp_path, ranked):
    context = LocalContext(tmp_path, seed=3)
    result = RANK.run(RANK.config(influence="none", batch_size=64), context)
    rows, before = context.records["instruction"], ranked[1].records["instruction"]
    assert all(row["self_influence"] is row["gradient_norm"] is None for row in rows)
    assert [row["loss"] for row in rows] == pytest.approx([row["loss"] for row in before], rel=1e-4)
    assert "auc_wrong_self_influence" not in result.metrics


@pytest.mark.slow
def test_ekfac_ranks_the_small_world(tmp_path):
    pytest.importorskip("kronfluence")
    context = LocalContext(tmp_path, seed=3)
    result = RANK.run(RANK.config(influence="ekfac", batch_size=64), context)
    assert result.metrics["auc_wrong_self_influence"] > 0.6
    assert all(row["self_influence"] > 0 for row in context.records["instruction"])


def test_a_missing_package_or_adapter_is_said_before_it_is_queued(monkeypatch):
    from pathlib import Path

    from methods.unlearning.suspects import check

    with pytest.raises(MethodError, match="nowhere"):
        RANK.check(RANK.config(adapter="nowhere"), Path)
    monkeypatch.setattr(check, "find_spec", lambda _: None)
    with pytest.raises(MethodError, match="influence: EK-FAC needs the package kronfluence"):
        RANK.check(RANK.config(influence="ekfac"), Path)
    RANK.check(RANK.config(), Path)


def scored(wrong_loss, wrong_own, kinds=("wrong",) * 20 + ("",) * 80):
    import numpy as np

    plain = np.linspace(0, 1, 80)
    scores = {
        "loss": np.concatenate([np.linspace(*wrong_loss, 20), plain]),
        "self_influence": np.concatenate([np.linspace(*wrong_own, 20), plain]),
    }
    return scores, areas(scores, kinds)


@pytest.mark.parametrize(
    ("loss", "own", "words"),
    [
        ((0, 1), (2, 3), "self-influence finds what the loss does not"),
        ((2, 3), (0, 1), "the plain loss is the better guide here"),
        ((0, 1.1), (0, 1), "neither is shown to be better"),
    ],
)
def test_the_summary_is_honest_whichever_is_better(loss, own, words):
    scores, found = scored(loss, own)
    assert words in summary_of(scores["loss"], found)


def test_without_known_faults_nothing_is_claimed():
    scores, found = scored((0, 1), (0, 1), kinds=("",) * 100)
    assert found == {}
    assert metrics_of(found) == {}
    assert "cannot be said" in summary_of(scores["loss"], found)


def test_settings_of_the_gradient_form_make_no_other_run():
    values = {"influence": "none", "damping": 3.0, "fisher_rows": 7, "adapter": "memorising"}
    assert RANK.simplify(values) == {"influence": "none", "adapter": "memorising"}
    assert RANK.simplify(values | {"influence": "gradient"}) == values | {"influence": "gradient"}
