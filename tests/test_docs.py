"""What the documents say is so: their code runs, their tables list what there is, their paths exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.settings import Settings
from methods import METHODS

HOUSE = Path(__file__).parents[1]
README = (HOUSE / "README.md").read_text()
LIBRARY = (HOUSE / "methods/README.md").read_text()
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "methods/README.md",
    "backend/README.md",
    "backend/deploy/README.md",
    "benchmarks/README.md",
)


def test_readme_lists_exactly_the_methods() -> None:
    assert re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", README, re.M) == list(METHODS)


def test_readme_links_every_paper_of_the_methods() -> None:
    for method in METHODS.values():
        for paper in method.papers:
            assert paper.url in README


def test_the_code_in_the_documents_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README + LIBRARY, re.S)
    # What asks a studio runs in `tests/app/test_gradio_client.py`, which has one.
    sampling, pairs, erasing, nodes, look = [each for each in blocks if "localhost" not in each]
    scope: dict[str, object] = {}
    exec(pairs, scope)
    assert scope["found"].delta > 0.5  # type: ignore[attr-defined]
    assert len(scope["context"].records["pair"]) == 50  # type: ignore[attr-defined]
    exec(sampling, scope)
    assert scope["cache"].counts == {"attn": 80, "ff": 80}  # type: ignore[attr-defined]
    assert scope["images"].shape == (10, 1, 8, 8)  # type: ignore[attr-defined]
    exec(erasing, scope)
    before, edit, finetune = scope["told"].variants.values()  # type: ignore[attr-defined]
    assert edit.forget_loss > before.forget_loss
    assert edit.corrected_loss < before.corrected_loss
    assert finetune.name == "finetune"
    assert (tmp_path / "edited.zip").is_file()
    exec(nodes, scope)
    known = scope["known"]
    assert known["plain"].auc.low > known["degree"].auc.value  # type: ignore[index]
    exec(look, scope)
    assert len(scope["context"].records["look"]) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_paths_and_settings_named_in_documents_exist(document: str) -> None:
    text = (HOUSE / document).read_text()
    targets = set(re.findall(r"^([a-z]+):", (HOUSE / "Makefile").read_text(), re.M))
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets
    for path in re.findall(
        r"[`(]((?:app|backend|methods|storage|tests|benchmarks)/[\w./-]*)[`)]", text
    ):
        assert (HOUSE / path).exists(), path
    for variable in re.findall(r"VITRINE_([A-Z_]+)", text):
        assert variable.lower() in Settings.model_fields


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())
