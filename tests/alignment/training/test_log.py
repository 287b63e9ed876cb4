"""The log of pairs: rows as the studio stores them, a tally, and both after a resume."""

from __future__ import annotations

import pytest

from methods.alignment.training import log as module
from methods.alignment.training.log import PairLog
from methods.alignment.training.pair_step import PairStep
from methods.base import MethodError
from methods.local import LocalContext, decode_state, encode_state


def step(number, rows, kept=None):
    size = len(rows)
    return PairStep(
        step=number,
        position=rows,
        hardness=[0.5] * size,
        factor=[1.1] * size,
        gap=[float(row) for row in rows],
        kept=kept or [True] * size,
        beta=[0.2] * size,
        loss=[0.3] * size,
        weight=[0.04] * size,
        chosen=[-1.0] * size,
    )


def test_rows_are_written_in_batches_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 5)
    context = LocalContext(tmp_path)
    log = PairLog(context, rows=[7, 9, 11], ids=["a", "b", "c"])
    assert log.kept_share == 1
    log.add(step(1, [9, 7], kept=[True, False]))
    log.add(step(2, [11, 9]))
    assert context.records == {}
    log.add(step(3, [9]))
    assert len(context.records["pair_step"]) == 5
    log.flush()
    log.flush()
    assert len(context.records["pair_step"]) == 5
    assert context.records["pair_step"][1] == {
        "step": 1,
        "position": 7,
        "pair_id": "a",
        "hardness": 0.5,
        "factor": 1.1,
        "gap": 7.0,
        "kept": False,
        "beta": 0.2,
        "loss": 0.3,
        "weight": 0.04,
    }
    assert log.seen.tolist() == [1, 3, 1]
    assert log.kept.tolist() == [0, 3, 1]
    assert log.kept_share == pytest.approx(4 / 5)
    assert log.beta_mean == pytest.approx(0.2)
    assert log.name_of(11) == "row 11 (pair c)"


def test_its_state_survives_a_checkpoint(tmp_path):
    log = PairLog(LocalContext(tmp_path), rows=[0, 1], ids=["a", "b"])
    log.add(step(1, [0, 1], kept=[True, False]))
    again = PairLog(LocalContext(tmp_path), rows=[0, 1], ids=["a", "b"])
    again.restore(decode_state(encode_state(log.state())))
    assert list(again.recent) == list(log.recent)
    assert again.seen.tolist() == [1, 1]
    assert again.kept_share == 0.5
    assert again.beta_mean == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("rows", "ids"), [([0, 2], ["a", "b"]), ([0, 1], ["a", "c"]), ([0], ["a"])]
)
def test_a_checkpoint_of_other_pairs_is_refused(tmp_path, rows, ids):
    log = PairLog(LocalContext(tmp_path), rows=[0, 1], ids=["a", "b"])
    log.add(step(1, [0, 1]))
    with pytest.raises(MethodError, match=f"2 training pairs then, {len(ids)} now"):
        PairLog(LocalContext(tmp_path), rows=rows, ids=ids).restore(log.state())
