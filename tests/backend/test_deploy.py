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


# -- the compose file by the rules of its format ---------------------------------------------------

SERVICE = {
    "build": dict,
    "image": str,
    "restart": str,
    "environment": dict,
    "depends_on": dict,
    "command": str,
    "entrypoint": str,
    "ports": list,
    "volumes": list,
    "stop_grace_period": str,
    "deploy": dict,
    "healthcheck": dict,
}
"""Keys of a service that the format knows and we use, and what each holds."""
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
RESTARTS = {"no", "always", "on-failure", "unless-stopped"}
DURATION = re.compile(r"(\d+(us|ms|s|m|h))+\Z")
VARIABLE = re.compile(r"\$(\$|\{[A-Z_]+(:?[?-][^}]*)?\})")


class StrictLoader(yaml.SafeLoader):
    """YAML in which a key stands once: the plain loader takes the last one without a word."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"{node.start_mark}: {twice} stands twice"
        return super().construct_mapping(node, deep)


def test_the_compose_file_has_what_its_format_allows() -> None:
    whole = yaml.load((FOLDER / "compose.yaml").read_text(), StrictLoader)
    assert {key for key in whole if not key.startswith("x-")} == {"services", "volumes"}
    for name, service in whole["services"].items():
        wrong = {key for key, value in service.items() if not isinstance(value, SERVICE[key])}
        assert not wrong, f"{name}: {wrong}"
        assert ("image" in service) != ("build" in service), name
        assert service.get("restart", "no") in RESTARTS
        assert DURATION.match(service.get("stop_grace_period", "1s"))
        assert all(isinstance(value, str) for value in service.get("environment", {}).values())
        for mount in service.get("volumes", []):
            volume, folder = mount.split(":")
            assert volume in whole["volumes"], f"{name}: {volume}"
            assert folder.startswith("/")
        for port in service.get("ports", []):
            assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), f"{name}: {port}"
    for value in _texts(whole["services"]):
        rest = VARIABLE.sub("", value)
        assert "$" not in rest, f"{value!r} is filled in by nothing"


def test_every_service_waits_for_one_that_can_be_as_it_must() -> None:
    for name, service in SERVICES.items():
        for other, wanted in service.get("depends_on", {}).items():
            assert other in SERVICES, f"{name} waits for {other}"
            assert wanted["condition"] in CONDITIONS
            if wanted["condition"] == "service_healthy":
                check = SERVICES[other]["healthcheck"]
                assert check["test"], other
                assert DURATION.match(check["interval"])
            if wanted["condition"] == "service_completed_successfully":
                assert "restart" not in SERVICES[other], f"{other} would never be over"


def test_what_is_built_is_built_from_files_that_are_there() -> None:
    for service in OURS:
        build = SERVICES[service]["build"]
        context = (FOLDER / build["context"]).resolve()
        assert context == FOLDER.parents[1]
        assert (context / build["dockerfile"]).is_file()


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []
