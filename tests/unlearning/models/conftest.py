"""A base of each of two architectures, and an adapter on it as anybody's script leaves one."""

from __future__ import annotations

import pytest

from tests.unlearning.tiny import gpt2, llama, save_adapter, save_base


@pytest.fixture(scope="session")
def bases(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bases")
    built = {"llama": llama, "gpt2": gpt2}
    return {name: save_base(folder / name, build) for name, build in built.items()}


@pytest.fixture(scope="session")
def adapters(tmp_path_factory, bases):
    folder = tmp_path_factory.mktemp("adapters")
    return {name: save_adapter(base, folder / name) for name, base in bases.items()}
