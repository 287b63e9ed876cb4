"""One small edit of the small world, and a way to make others."""

from __future__ import annotations

import json
import shutil

import pytest

from methods.local import LocalContext
from methods.unlearning.editing.config import EraseConfig
from methods.worlds import town

SMALL = {
    "max_iterations": 3,
    "controls": ("finetune", "ascent"),
    "control_steps": 2,
    "retained_rows": 20,
    "neighbours": 2,
}


@pytest.fixture(scope="session")
def edit(tmp_path_factory):
    """Runs an edit of the small world with small settings; values change them."""
    from methods.unlearning.editing.run_erase import run

    def edit(on_progress=None, resume_state=None, folder=None, **values):
        folder = folder or tmp_path_factory.mktemp("edit")
        context = LocalContext(folder, seed=5, on_progress=on_progress, resume_state=resume_state)
        return run(EraseConfig(**{**SMALL, **values}), context), context

    return edit


@pytest.fixture(scope="session")
def made(edit):
    """A finished edit: correct the wrong answers."""
    return edit()


@pytest.fixture(scope="session")
def hasty(tmp_path_factory):
    """The regularised adapter with a recipe of two steps, so that a retrain costs nothing."""
    folder = tmp_path_factory.mktemp("hasty")
    shutil.copytree(town.ADAPTERS["regularised"], folder, dirs_exist_ok=True)
    lineage = json.loads((folder / "lineage.json").read_text())
    lineage["training"]["max_steps"] = 2
    (folder / "lineage.json").write_text(json.dumps(lineage))
    return str(folder)
