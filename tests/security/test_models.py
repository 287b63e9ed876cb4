"""What a setting may name: no address of any kind, and where others reach the studio only what was allowed."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.services import files
from backend.settings import settings
from methods import METHODS
from methods.base import MethodError
from methods.model_sources import is_hub_id

ADDRESSES = (
    "http://127.0.0.1/x",
    "https://huggingface.co/a/b",
    "file:///etc/passwd",
    "s3://bucket/key",
    "ftp://h/a",
    "//h/a",
    "data:text/plain,x",
    "hf://a/b",
    "git+ssh://h/a",
    "../../etc/passwd",
    "a/../b",
    "a/b@../../c",
    "a/b/c",
    "a/b@",
    "a/b\n",
    "a b/c",
    "hf-hub:http://h/a",
    "local-dir:../..",
    "-a/b c",
    "a" * 97 + "/b",
)


@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_is_no_hub_id(name: str) -> None:
    assert not is_hub_id(name)


@pytest.mark.parametrize(
    "name", ["facebook/DiT-XL-2-256", "a/b@main", "a/b@refs/pr/1", "o_w.n-er/n.am_e-1"]
)
def test_a_hub_id_is_one(name: str) -> None:
    assert is_hub_id(name)


def sources() -> list[tuple[str, str]]:
    """Every method, and each of its settings that name a model or a file."""
    found = []
    for method in METHODS.values():
        for name, field in method.config.model_fields.items():
            extra = field.json_schema_extra
            if isinstance(extra, dict) and extra.get("widget") in ("model", "upload", "artefact"):
                found.append((method.name, name))
    return found


@pytest.mark.slow
def test_no_setting_makes_the_studio_ask_an_address(
    client: TestClient, internal: tuple[str, list[str]]
) -> None:
    address, asked = internal
    assert len(sources()) > 40
    for method, name in sources():
        body = {"method": method, "config": {name: f"{address}/a.json"}}
        assert client.post("/api/v1/runs", json=body).status_code < 500
    client.post("/api/v1/pairs/preview", json={"pairs": f"{address}/a.json", "images": address})
    assert asked == []


@pytest.fixture
def reachable(studio: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A studio that others reach, and a folder that may be named there."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("VITRINE_ALLOWED_HOSTS", "studio.example")
    monkeypatch.setenv("VITRINE_MODELS_ALLOWED", f"facebook/*, laion/one@v1, {folder}")
    settings.cache_clear()
    return folder


NAMED = (
    "evil/model",
    "laion/one",
    "laion/one@v2",
    "/etc/passwd",
    "~/x",
    "..",
    ".",
    "/",
    "hf-hub:evil/x",
    "local-dir:/etc",
)


@pytest.mark.parametrize("value", NAMED)
def test_where_others_reach_us_only_what_was_allowed_may_be_named(
    reachable: Path, studio: ModuleType, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    fetched: list[Any] = []
    monkeypatch.setattr(
        "huggingface_hub.snapshot_download", lambda *more, **_: fetched.append(more)
    )
    for method, name in sources():
        with pytest.raises(
            MethodError, match="may not be named where others reach this studio"
        ) as caught:
            studio.submit(method, {name: value})
        assert str(caught.value).startswith(f"{name}: ")
    with pytest.raises(MethodError, match="may not be named"):
        studio.preview_pairs(value)
    assert fetched == []
    assert studio.list_runs().total == 0


def test_what_was_allowed_uploads_and_small_worlds_may_be_named(
    reachable: Path, studio: ModuleType, tmp_path: Path
) -> None:
    from backend.trusted import check_source

    upload = files.keep("a.json", b"[]", "pairs")
    for value in (
        "facebook/dit",
        "facebook/dit@v3",
        "laion/one@v1",
        "scenes",
        "ViT-B-32",
        f"{reachable}/x",
        upload.id,
        upload.sha256,
    ):
        check_source(value)
    beside = tmp_path / "models-of-others"
    beside.mkdir()
    for value in (str(beside), f"{reachable}/../models-of-others"):
        with pytest.raises(MethodError):
            check_source(value)
    (reachable / "link").symlink_to(beside)
    with pytest.raises(MethodError):
        check_source(f"{reachable}/link")


def test_the_people_of_a_machine_name_what_they_like(studio: ModuleType, tmp_path: Path) -> None:
    from backend.trusted import check_source

    for value in ("evil/model", str(tmp_path), "/etc/passwd"):
        check_source(value)
