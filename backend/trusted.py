"""Which models and paths people may name who reach the studio from elsewhere: what was allowed, and what they brought themselves."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from backend.settings import Settings, settings
from methods.base import Config, MethodError

SOURCES = ("model", "upload", "artefact")
"""Widgets of settings that name a model or a file."""
ALSO = ("pretrained",)
"""Settings of another widget that may name a file too."""
SCHEMES = ("hf-hub:", "local-dir:")
"""What open_clip lets a name begin with."""


def check_sources(config: Config) -> None:
    """Refuse settings that name a hub's model or a path of this machine, unless it was allowed; nothing is fetched or opened.

    Raises:
        MethodError: naming the setting.
    """
    for name, field in type(config).model_fields.items():
        extra = field.json_schema_extra
        widget = extra.get("widget") if isinstance(extra, dict) else None
        value = getattr(config, name)
        if isinstance(value, str) and (widget in SOURCES or name in ALSO):
            try:
                check_source(value)
            except MethodError as error:
                raise MethodError(f"{name}: {error}") from None


def check_source(value: str) -> None:
    """Refuse a hub id or a path that was not allowed, where others than this machine's people reach the studio.

    Words such as a small world's or an architecture's name are on a list already; uploads and files of runs are found
    before anybody looks for a path.

    Raises:
        MethodError: with what is allowed.
    """
    from backend.references import is_kept  # noqa: PLC0415  it asks us in turn

    config = settings()
    name = value
    for scheme in SCHEMES:
        name = name.removeprefix(scheme)
    if not config.reachable or not name or not _leads_somewhere(name) or is_kept(value):
        return
    if not _allowed(name, config):
        raise MethodError(
            f"{value!r:.120} may not be named where others reach this studio: small worlds, uploads and files of runs may, and "
            f"what VITRINE_MODELS_ALLOWED lists (owner/name, owner/*, /folder), now {config.models_allowed or 'nothing'}"
        )


def _leads_somewhere(name: str) -> bool:
    return any(mark in name for mark in "/\\:~") or name.startswith(".") or _exists(Path(name))


def _allowed(name: str, config: Settings) -> bool:
    patterns = [each.strip() for each in config.models_allowed.split(",") if each.strip()]
    if "*" in patterns:
        return True
    path = Path(name).expanduser()
    if path.is_absolute() or _exists(path):
        folders = [Path(each).expanduser() for each in patterns if each.startswith(("/", "~"))]
        folders += [config.models_dir] if config.models_dir else []
        return any(path.resolve().is_relative_to(folder.resolve()) for folder in folders)
    bare = name.partition("@")[0]
    return any(fnmatchcase(name, each) or fnmatchcase(bare, each) for each in patterns)


def _exists(path: Path) -> bool:
    try:
        return path.expanduser().exists()
    except (OSError, RuntimeError, ValueError):  # a name that no file system takes
        return False
