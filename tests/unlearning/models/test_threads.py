"""The small world takes one thread, and gives the others back."""

from __future__ import annotations

import pytest
import torch

from methods.unlearning.models.threads import threads_for


@pytest.mark.parametrize(("model", "inside"), [("town", 1), ("somebody/model", 2)])
def test_threads_come_back_whatever_happens(model, inside):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with pytest.raises(KeyError):
            _fail_within(model, inside)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def _fail_within(model, inside):
    with threads_for(model):
        assert torch.get_num_threads() == inside
        raise KeyError
