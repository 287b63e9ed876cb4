from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.fewshot.afr.world import World, make_world


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="package")
def world() -> World:
    return make_world()
