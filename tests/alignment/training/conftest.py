"""A folder of a tiny text model, as transformers lays it out."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def text_folder(tmp_path_factory, build_llama, tokenizer):
    folder = tmp_path_factory.mktemp("llama")
    build_llama().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
