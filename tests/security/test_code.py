"""What the code never does, read from its syntax tree, and what its patterns never meet."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

import tests.security
from backend.celery_app import make_app
from backend.settings import settings
from methods.base import MethodError
from methods.patterns import check_pattern
from methods.peft_files import CONFIG, WEIGHTS, open_adapter

HOUSE = Path(__file__).parents[2]
FORBIDDEN = {
    "eval",
    "exec",
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "marshal.load",
    "marshal.loads",
    "joblib.load",
    "shelve.open",
    "dill.load",
    "yaml.load",
    "yaml.unsafe_load",
    "os.system",
    "os.popen",
    "pandas.read_pickle",
    "pd.read_pickle",
    "torch.jit.load",
    "tarfile.open",
    "shutil.unpack_archive",
    "urllib.request.urlopen",
    "tempfile.mktemp",
}
SEPARATED = {
    r"[^\W\d_]+(?:-[^\W\d_]+)*|\d+|[^\w\s]",
    r"[^\W_]+(?:'[^\W_]+)*",
    r"([\w.-]+/[\w.-]+)@([\w.-]+):(.+)",
    "[.!?…]+[\"'”’)\\]]*(?=\\s|$)|[。！？]+[\"'”’」』）]*|\\n",
}
"""Patterns of ours with many repeats, between which a character stands that none of them takes."""


@cache
def calls() -> list[tuple[str, ast.Call]]:
    """Every call of the code, with its place."""
    found = []
    for package in ("app", "backend", "methods", "storage", "benchmarks"):
        for path in sorted((HOUSE / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    found.append((f"{path.relative_to(HOUSE)}:{node.lineno}", node))
    return found


def literal(call: ast.Call, argument: str) -> object:
    """The value of a named argument that is a literal; None where it is not given."""
    for keyword in call.keywords:
        if keyword.arg == argument:
            return getattr(keyword.value, "value", "computed")
    return None


def test_nothing_reads_a_pickle_runs_a_shell_or_trusts_code() -> None:
    wrong = []
    for place, call in calls():
        name = ast.unparse(call.func)
        safe = {
            "torch.load": literal(call, "weights_only") is True,
            "np.load": literal(call, "allow_pickle") is False,
            "numpy.load": literal(call, "allow_pickle") is False,
        }
        trusts = literal(call, "trust_remote_code") not in (None, False)
        in_shell = literal(call, "shell") not in (None, False)
        if name in FORBIDDEN or not safe.get(name, True) or trusts or in_shell:
            wrong.append(f"{place} {name}")
        if name.endswith(".extractall") and not place.startswith("methods/packing.py"):
            wrong.append(f"{place} {name}")  # packing reads back what a checkpoint of ours holds
    assert wrong == []


def test_that_it_would_be_noticed() -> None:
    [call] = [node for node in ast.walk(ast.parse("f(a, shell=x)")) if isinstance(node, ast.Call)]
    assert literal(call, "shell") == "computed"
    assert len(calls()) > 5000


def test_nothing_is_put_together_into_sql() -> None:
    wrong = []
    for place, call in calls():
        name = ast.unparse(call.func).rpartition(".")[2]
        if name in ("text", "execute", "exec_driver_sql") and call.args:
            said = ast.unparse(call.args[0])
            ours = said.startswith(("f'PRAGMA ", "f'pragma "))  # of names in the code
            if isinstance(call.args[0], ast.JoinedStr) and not ours:
                wrong.append(f"{place} {said:.60}")
    apart = ("storage/migrations", "benchmarks")
    assert [each for each in wrong if not each.startswith(apart)] == []


def test_the_broker_speaks_json_alone() -> None:
    conf = make_app(settings()).conf
    assert list(conf.accept_content) == ["json"]
    assert conf.task_serializer == conf.result_serializer == "json"


def test_no_pattern_of_ours_is_kept_busy_by_a_short_text() -> None:
    found = 0
    for place, call in calls():
        first = call.args[0] if call.args else None
        if ast.unparse(call.func).startswith("re.") and isinstance(first, ast.Constant):
            pattern = str(first.value)
            found += 1
            if pattern not in SEPARATED:
                try:
                    check_pattern(pattern)
                except ValueError as error:
                    pytest.fail(f"{place}: {error}")
    assert found > 30


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a+)+$", "inside another"),
        ("(a|ab)*c", "alternatives"),
        ("(.*a){20}", "20 times without an end"),
        (".*.*.*.*x", "4 times without an end"),
        ("(", "no regular expression"),
        ("a" * 1001, "1000 are allowed"),
        ("(" * 500 + ")" * 500, "no regular expression"),
    ],
)
def test_a_pattern_of_an_adapter_that_would_never_end_is_refused(
    tmp_path: Path, pattern: str, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        check_pattern(pattern)
    (tmp_path / WEIGHTS).write_bytes(b"")
    for place in ("target_modules", "exclude_modules"):
        config = {"peft_type": "LORA", place: pattern}
        (tmp_path / CONFIG).write_text(json.dumps(config))
        with pytest.raises(MethodError, match=why):
            open_adapter(tmp_path, tmp_path)


def test_an_adapter_names_no_module_to_import(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"")
    config = {"peft_type": "LORA", "megatron_config": {"a": 1}, "megatron_core": "antigravity"}
    (tmp_path / CONFIG).write_text(json.dumps(config))
    with pytest.raises(MethodError, match="megatron_config names a module to import"):
        open_adapter(tmp_path, tmp_path)
    (tmp_path / CONFIG).write_text("[" * 100_000)
    with pytest.raises(MethodError, match="cannot be read"):
        open_adapter(tmp_path, tmp_path)


def test_the_table_of_promises_names_tests_that_exist() -> None:
    table = tests.security.__doc__ or ""
    named = re.findall(r"`((?:\w+/)*test_\w+)`", table)
    assert len(named) > 30
    for name in named:
        places = (HOUSE / "tests" / f"{name}.py", Path(__file__).parent / f"{name}.py")
        assert any(place.is_file() for place in places), name
    functions = re.findall(r"(?<!`)\b(test_\w+)\b(?!`)", table)
    known = "".join(path.read_text() for path in (HOUSE / "tests").rglob("test_*.py"))
    assert [
        each for each in functions if f"def {each}(" not in known and f"`{each}" not in table
    ] == []
