"""Who may know whom, read from the syntax tree."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
OURS = ("app", "backend", "methods", "storage", "tests")


def modules(package: str) -> list[Path]:
    return sorted((HOUSE / package).rglob("*.py"))


def dotted(path: Path) -> str:
    parts = path.relative_to(HOUSE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file may import, wherever the statement stands; `from a import b` gives both a and a.b."""
    name, package = dotted(path), path.name == "__init__.py"
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = name.split(".")[: len(name.split(".")) - node.level + package]
            base = ".".join([*above, node.module] if node.module else above) if node.level else ""
            base = base or node.module or ""
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            if node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


def within(name: str, *allowed: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in allowed)


def strangers(path: Path, *forbidden: str) -> list[str]:
    return sorted({name for name in imports(path) if within(name, *forbidden)})


def test_the_house_has_the_rooms_that_are_checked_here() -> None:
    assert all(modules(package) for package in OURS)
    assert "backend.services" in set(imports(HOUSE / "app" / "cli.py"))  # inside a function
    assert "methods.base.Method" in set(imports(HOUSE / "methods" / "__init__.py"))


@pytest.mark.parametrize("path", modules("methods"), ids=dotted)
def test_methods_know_nobody_above_them(path: Path) -> None:
    assert strangers(path, "app", "backend", "storage", "tests") == []
    assert strangers(path, "celery", "kombu", "sqlmodel", "sqlalchemy", "gradio", "fastapi") == []


def families() -> list[str]:
    folders = [path.parent.name for path in (HOUSE / "methods").glob("*/__init__.py")]
    return sorted(set(folders) - {"worlds"})


@pytest.mark.parametrize("family", families())
def test_families_never_import_each_other(family: str) -> None:
    others = [f"methods.{other}" for other in families() if other != family]
    for path in modules(f"methods/{family}"):
        assert strangers(path, *others) == [], dotted(path)


def test_the_worlds_know_no_family() -> None:
    for path in modules("methods/worlds"):
        assert strangers(path, *(f"methods.{family}" for family in families())) == [], dotted(path)


@pytest.mark.parametrize("path", modules("storage"), ids=dotted)
def test_storage_knows_neither_methods_nor_celery_nor_anyone_above(path: Path) -> None:
    assert strangers(path, "app", "backend", "methods", "tests", "celery", "kombu", "torch") == []


@pytest.mark.parametrize("path", modules("backend"), ids=dotted)
def test_the_backend_knows_no_page(path: Path) -> None:
    assert strangers(path, "app", "tests", "gradio", "fastapi", "uvicorn") == []


APP_MAY = ("backend.services", "backend.settings", "backend.supervisor", "app")


@pytest.mark.parametrize("path", modules("app"), ids=dotted)
def test_the_app_asks_the_services_and_nothing_deeper(path: Path) -> None:
    allowed = (*APP_MAY, "backend.worker") if dotted(path) == "app.cli" else APP_MAY
    ours = {name for name in imports(path) if within(name, *OURS)}
    assert sorted(name for name in ours - {"backend"} if not within(name, *allowed)) == []
    assert strangers(path, "torch", "sqlmodel", "sqlalchemy", "celery", "kombu") == []


def status_changes(path: Path) -> list[str]:
    """Places that look as if they changed a status: `x.status = ...`, `setattr(x, "status", ...)`, `values(status=...)`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        elif isinstance(node, ast.Call):
            named = {word.arg for word in node.keywords}
            called = ast.unparse(node.func)
            literal = [each.value for each in node.args if isinstance(each, ast.Constant)]
            update = called.endswith((".values", ".update")) and "status" in named
            if update or (called == "setattr" and "status" in literal):
                found.append(f"line {node.lineno}: {called}")
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr == "status":
                found.append(f"line {node.lineno}: {ast.unparse(target)} =")
    return found


def test_only_the_life_cycle_changes_a_status() -> None:
    assert status_changes(HOUSE / "backend" / "lifecycle.py") != []
    changed = {
        dotted(path): status_changes(path)
        for package in ("backend", "storage", "app")
        for path in modules(package)
        if dotted(path) != "backend.lifecycle"
    }
    assert {name: found for name, found in changed.items() if found} == {}


HEAVY = ("torch", "torchvision", "diffusers", "transformers", "gradio", "torch_geometric")


def loaded_by(statement: str) -> set[str]:
    """Which of the heavy libraries a fresh process has loaded after a statement."""
    script = f"{statement}\nimport sys\nprint(*(set({HEAVY!r}) & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, cwd=HOUSE
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import methods",
        "import app.cli, app.starting, backend.supervisor, backend.worker\n"
        "from backend import services\n"
        "services.methods()",
    ],
)
def test_listing_methods_and_asking_the_services_loads_nothing_heavy(statement: str) -> None:
    assert loaded_by(statement) == set()


def test_that_heavy_libraries_would_be_noticed() -> None:
    assert loaded_by("import sys; sys.modules['torch'] = sys") == {"torch"}
