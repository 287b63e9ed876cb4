"""A database with one run, "run": on both databases, where the SQL could differ."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import db
from tests.storage.test_db import a_run


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'vitrine.db'}"
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "vitrine.db")
    else:
        url = request.getfixturevalue("postgresql_url")
    with db.writing(url) as session:
        session.add(a_run())
    yield url
    db.engine(url).dispose()
