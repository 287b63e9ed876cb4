"""The files for several machines say what the studio understands. (No container is built here.)"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.cli import _parser
from backend.settings import Settings
from tests.conftest import configure

FOLDER = Path(__file__).parents[2] / "backend" / "deploy"
SERVICES: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
OURS = ("web", "worker")


def variables(service: str) -> dict[str, str]:
    """The environment of a service, with passwords that somebody has set."""
    given = SERVICES[service]["environment"]
    return {name: re.sub(r"\$\{(\w+):\?[^}]*\}", "hidden", value) for name, value in given.items()}


@pytest.mark.parametrize("service", OURS)
def test_each_process_starts_with_the_variables_that_it_is_given(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = variables(service)
    ours = {name.removeprefix("VITRINE_"): v for name, v in given.items() if "VITRINE_" in name}
    assert {name.lower() for name in ours} <= set(Settings.model_fields)
    configure(monkeypatch, tmp_path, **{k: v for k, v in ours.items() if k != "DATA_DIR"})
    settings = Settings()
    assert settings.bucket_url == "s3://vitrine/artefacts"
    assert not settings.embedded_broker
    assert "hidden" not in settings.shown("db_url")


@pytest.mark.parametrize("service", OURS)
def test_each_process_is_started_by_a_command_that_there_is(service: str) -> None:
    program, *arguments = shlex.split(SERVICES[service]["command"])
    assert program == "vitrine"
    assert _parser().parse_args(arguments).command.__name__ == service


def test_no_password_is_written_down() -> None:
    text = (FOLDER / "compose.yaml").read_text()
    for line in text.splitlines():
        if re.search(r"PASSWORD|SECRET", line) and ":" in line and not line.strip().startswith("#"):
            assert "${" in line or "$$" in line, line
    assert SERVICES["web"]["ports"] == ["127.0.0.1:7860:7860"]


def test_what_the_image_copies_is_there() -> None:
    root = FOLDER.parents[1]
    for line in (FOLDER / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY"):
            *sources, _ = line.split()[1:]
            assert [name for name in sources if not (root / name).exists()] == []
