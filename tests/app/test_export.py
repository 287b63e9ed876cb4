"""`vitrine export` and `import`: pages, Spaces and bundles from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli import main


def test_a_comparison_becomes_a_page_and_is_not_written_over(
    painted: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "both.html"
    main(["export", painted["comparison"]["id"], "--report", str(target)])
    assert "2 runs" in capsys.readouterr().out
    text = target.read_text()
    assert "&lt;i&gt;mine&lt;/i&gt;" in text, "the title of the comparison"
    with pytest.raises(SystemExit) as ended:
        main(["export", painted["comparison"]["id"], "--report", str(target)])
    assert ended.value.code == 2
    assert "exists already" in capsys.readouterr().err
    assert target.read_text() == text


def test_a_space_holds_a_page_its_data_and_its_pictures(
    painted: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "space"
    ids = [run["id"] for run in painted["runs"]]
    main(["export", *ids, "--space", str(folder), "--title", 'Two "greys"'])
    front, _, words = (folder / "README.md").read_text().removeprefix("---\n").partition("---\n")
    assert dict(line.split(": ", 1) for line in front.splitlines()) == {
        "title": '"Two \\"greys\\""',
        "sdk": "static",
        "pinned": "false",
    }
    assert "toy.paint" in words
    assert "data:image/png" in (folder / "index.html").read_text()
    runs = json.loads((folder / "data" / "runs.json").read_text())
    assert [run["id"] for run in runs] == ids
    assert runs[0]["metrics"]["distance"] == 10.0
    assert runs[0]["series"]["trajectory_error"] == [[0, 0.0], [1, 1.0]]
    for name in runs[0]["files"]:
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    everything = "".join(
        path.read_text(errors="ignore") for path in folder.rglob("*") if path.is_file()
    )
    at = everything.find("/home")
    assert at < 0, everything[at - 90 : at + 40]
    assert "not for strangers" not in everything


def test_a_bundle_goes_out_and_comes_back(
    painted: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from backend import services

    run = painted["runs"][0]["id"]
    bundle = tmp_path / "run.zip"
    main(["export", run, "--bundle", str(bundle)])
    services.delete_run(run)
    main(["import", str(bundle)])
    assert f"/r/{run}  succeeded" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["import", str(bundle)])
    assert "already here" in capsys.readouterr().err


def test_nothing_is_written_of_a_run_that_is_not_there(
    painted: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["export", "nosuchrun000", "--space", str(tmp_path / "space")])
    assert "nosuchrun000" in capsys.readouterr().err
    assert not (tmp_path / "space").exists()
