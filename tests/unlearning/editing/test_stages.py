"""Progress over stages never falls and ends at its total; what a stage has finished survives the run."""

from __future__ import annotations

import pytest
import torch

from methods.local import LocalContext
from methods.unlearning.editing.stages import Kept, Stages


def test_each_stage_gets_its_share(tmp_path):
    context = LocalContext(tmp_path)
    stages = Stages(context, {"solve": 3, "measure": 1})
    solve = stages.teller("solve", "solving")
    solve(1, 2, "iteration 1")
    stages.teller("measure", "measuring")(1, 2, "")
    stages.finish()
    assert context.steps == [
        (0, 1, "solving"),
        (0.375, 1, "solving: iteration 1"),
        (0.75, 1, "measuring"),
        (0.875, 1, "measuring"),
        (1, 1, "done"),
    ]


def test_progress_never_falls_even_where_a_stage_counts_back(tmp_path):
    context = LocalContext(tmp_path)
    tell = Stages(context, {"one": 1}).teller("one", "m")
    for done in (3, 1, 9):
        tell(done, 4, "")
    assert [done for done, _, _ in context.steps] == [0, 0.75, 0.75, 1]


def test_an_unknown_stage_is_an_error(tmp_path):
    with pytest.raises(KeyError):
        Stages(LocalContext(tmp_path), {"one": 1}).teller("two", "m")


def test_finished_stages_are_found_again(tmp_path):
    context = LocalContext(tmp_path / "first")
    kept = Kept(context)
    assert not kept.resumed
    kept.add("edit", {"a.b": torch.tensor([1.5])}, {"length": 0.5})
    kept.add("npo", {"a.b": torch.tensor([2.5])}, {"steps": 3})
    again = Kept(LocalContext(tmp_path / "second", resume_state=context.state))
    assert again.resumed
    assert "edit" in again
    assert "retrain" not in again
    assert again.tensors("edit")["a.b"].item() == 1.5
    assert list(again.tensors("npo")) == ["a.b"]
    assert again.facts("npo") == {"steps": 3}
