"""The family's public names: each is there, and listing them costs no torch."""

from __future__ import annotations

import inspect

import pytest

from methods import fewshot
from tests.test_architecture import loaded_by


@pytest.mark.parametrize("name", fewshot.__all__)
def test_a_public_name_is_there_and_explained(name):
    assert inspect.getdoc(getattr(fewshot, name))


def test_importing_the_family_loads_nothing_heavy():
    assert (
        loaded_by(
            "import methods.fewshot, methods.fewshot.clip.names, methods.fewshot.clip.images, methods.clip_sources"
        )
        == set()
    )
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = fewshot.nothing
