"""How many threads a model is computed with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from methods.unlearning.rows.config import TOWN


@contextmanager
def threads_for(model: str) -> Iterator[None]:
    """One thread for the small world, and as many as before afterwards; other models keep what they have.

    Its matrices are so small that a second thread saves nothing, and each of its thousands of operations would end by waiting
    for that thread: on a machine whose cores are taken, most of an edit's time (measured: about ten times the processor time).
    """
    import torch  # noqa: PLC0415  importing the family must not cost it

    before = torch.get_num_threads()
    if model == TOWN:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
