"""Runs as one file: all of them come back as they were, and nothing that is wrong with a bundle gets in."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from backend.settings import settings

Works = Callable[[], None]
Change = Callable[[dict[str, bytes]], None]


@pytest.fixture
def finished(studio: ModuleType, works: Works) -> list[str]:
    """A run with curves and events, and one with rows in a table of their own and a file."""
    steps = studio.submit("toy.steps", {"steps": 3, "seconds_per_step": 0.0}, title="Steps")
    nodes = studio.submit("toy.nodes", {"nodes": 80}, title="Nodes")
    works()
    works()
    return [steps.id, nodes.id]


def everything(studio: ModuleType, run_id: str) -> dict[str, Any]:
    """All that can be asked about a run, without the keys that a database gives."""
    run = replace(studio.get_run(run_id), env={}, worker_id=None)
    events = [(each.level, each.message, each.data) for each in studio.events(run_id)]
    files = [(each.name, each.role, each.sha256, each.meta) for each in studio.artefacts(run_id)]
    content = {sha: studio.blob(sha).path.read_bytes() for _, _, sha, _ in files}
    return {
        "run": run,
        "series": studio.series(run_id),
        "events": events,
        "files": files,
        "content": content,
        "nodes": studio.records(run_id, "node", limit=1000).rows,
        "attempts": [(each.n, each.outcome) for each in studio.attempts(run_id)],
    }


def test_runs_come_back_as_they_were(
    studio: ModuleType, finished: list[str], tmp_path: Path
) -> None:
    before = [everything(studio, run_id) for run_id in finished]
    assert before[0]["series"]
    assert before[1]["nodes"]
    assert before[1]["files"]
    bundle = tmp_path / "two.zip"
    studio.export_bundle(finished, bundle)
    for run_id in finished:
        studio.delete_run(run_id)
    shutil.rmtree(settings().artefacts_dir)

    assert [run.id for run in studio.import_bundle(bundle)] == finished
    after = [everything(studio, run_id) for run_id in finished]
    for old, new in zip(before, after, strict=True):
        assert "Taken in from a bundle" in new["events"].pop()[1]
        assert new == old
    assert studio.get_run(finished[0]).env["bundle"]["made_by"]
    with pytest.raises(studio.Conflict, match="already here"):
        studio.import_bundle(bundle)


def test_what_has_not_finished_is_not_exported(studio: ModuleType, tmp_path: Path) -> None:
    run = studio.submit("toy.steps", {"steps": 3, "seconds_per_step": 0.0})
    with pytest.raises(studio.Conflict, match="queued"):
        studio.export_bundle([run.id], tmp_path / "a.zip")
    with pytest.raises(studio.NotFound, match="nosuchrun000"):
        studio.export_bundle(["nosuchrun000"], tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_a_bundle_that_cannot_be_whole_is_not_written(
    studio: ModuleType, finished: list[str], tmp_path: Path
) -> None:
    shutil.rmtree(settings().artefacts_dir)
    with pytest.raises(studio.ServiceError, match="is gone"):
        studio.export_bundle(finished, tmp_path / "two.zip")
    assert list(tmp_path.glob("*.zip*")) + list(tmp_path.glob(".*")) == []


def changed(bundle: Path, change: Change) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    other = bundle.with_name("changed.zip")
    with zipfile.ZipFile(other, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return other


def in_head(**values: Any) -> Change:
    def change(members: dict[str, bytes]) -> None:
        head = json.loads(members["bundle.json"])
        head["runs"][0].update(values)
        members["bundle.json"] = json.dumps(head).encode()

    return change


def in_rows(**values: Any) -> Change:
    def change(members: dict[str, bytes]) -> None:
        name = next(name for name in members if name.endswith("/metric.jsonl"))
        first, *others = members[name].splitlines()
        row = {**json.loads(first), **values}
        members[name] = b"\n".join([json.dumps(row).encode(), *others])

    return change


def in_whole_head(work: Callable[[dict[str, Any]], Any]) -> Change:
    def change(members: dict[str, bytes]) -> None:
        head = json.loads(members["bundle.json"])
        work(head)
        members["bundle.json"] = json.dumps(head).encode()

    return change


def in_artefact(**values: Any) -> Change:
    def change(members: dict[str, bytes]) -> None:
        name = next(name for name in members if name.endswith("/artefact.jsonl"))
        row = json.loads(members[name].splitlines()[0])
        members[name] = json.dumps({**row, **values}).encode()

    return change


def twice_the_first_line(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.endswith("/attempt.jsonl"))
    members[name] += members[name].splitlines(keepends=True)[0]


def too_deep(members: dict[str, bytes]) -> None:
    members[next(name for name in members if name.endswith("/metric.jsonl"))] = b"[" * 200_000


FOREIGN = {"id": "abcdefghijkm", "kind": "set", "name": "a", "sha256": "0" * 64, "meta": {}}


def of_file(work: Callable[[dict[str, bytes], str], None]) -> Change:
    return lambda members: work(
        members, next(name for name in members if name.startswith("files/"))
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda members: members.pop("bundle.json"), "has no bundle.json"),
        (lambda members: members.update({"bundle.json": b"[]"}), "no bundle that can be read"),
        (lambda members: members.update({"more.txt": b"!"}), "has more.txt"),
        (lambda members: members.update({"../up.txt": b"!"}), "leaves the archive"),
        (of_file(lambda members, name: members.pop(name)), "lacks files/"),
        (of_file(lambda members, name: members.update({name: b"other"})), "is damaged"),
        (in_head(status="running"), "only finished ones"),
        (in_head(seed="many"), "seed"),
        (in_head(trapdoor=1), "trapdoor"),
        (in_rows(value="a lot"), "value"),
        (in_rows(run_id="anotherrun00"), "no row of this run"),
        (in_rows(trapdoor=1), "trapdoor"),
        (in_rows(step=2**63), "too large a number"),
        (in_rows(value=float("nan")), "no finite number"),
        (in_head(id="../../etc/x"), "no id of a run"),
        (in_head(method="<script>"), "no name of a method"),
        (in_head(seed=2**63), "too large a number"),
        (in_head(metrics={"loss": float("inf")}), "no finite number"),
        (in_whole_head(lambda head: head["runs"][0].pop("id")), "no id of a run"),
        (in_whole_head(lambda head: head["runs"].append(head["runs"][0])), "is in it twice"),
        (in_whole_head(lambda head: head["uploads"].append(FOREIGN)), "is not among its files"),
        (in_artefact(name="../../up.png"), "cannot name an artefact"),
        (in_artefact(sha256="0" * 64), "names a file that is not in the bundle"),
        (twice_the_first_line, "does not fit together"),
        (too_deep, "nested too deeply"),
    ],
)
def test_a_bundle_that_is_wrong_leaves_nothing(
    studio: ModuleType, finished: list[str], tmp_path: Path, change: Change, said: str
) -> None:
    bundle = tmp_path / "two.zip"
    studio.export_bundle(finished, bundle)
    for run_id in finished:
        studio.delete_run(run_id)
    with pytest.raises(studio.ServiceError, match=said):
        studio.import_bundle(changed(bundle, change))
    assert studio.list_runs().total == 0


def test_a_child_comes_back_with_its_parent_in_any_order(
    studio: ModuleType, works: Works, tmp_path: Path
) -> None:
    values = {"steps": 1, "seconds_per_step": 0.0}
    parent = studio.submit("toy.steps", values)
    child = studio.submit("toy.steps", values, seed=1, parent_id=parent.id)
    works()
    works()
    bundle = tmp_path / "two.zip"
    studio.export_bundle([child.id, parent.id], bundle)

    def in_a_circle(head: dict[str, Any]) -> None:
        head["runs"][1]["parent_id"] = child.id

    for file in (bundle, changed(bundle, in_whole_head(in_a_circle))):
        studio.delete_run(child.id)
        studio.delete_run(parent.id)
        assert [run.id for run in studio.import_bundle(file)] == [child.id, parent.id]
        assert studio.get_run(child.id).parent_id == parent.id
        assert studio.get_run(parent.id).parent_id is None


def test_a_later_format_is_named(studio: ModuleType, finished: list[str], tmp_path: Path) -> None:
    bundle = tmp_path / "two.zip"
    studio.export_bundle(finished, bundle)

    def later(members: dict[str, bytes]) -> None:
        head = json.loads(members["bundle.json"])
        members["bundle.json"] = json.dumps({**head, "vitrine_bundle": 2}).encode()

    with pytest.raises(studio.ServiceError, match="format 2; this studio reads 1"):
        studio.import_bundle(changed(bundle, later))
