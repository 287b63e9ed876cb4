"""Preference data over REST and on the command line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.cli import main

ROW = {"prompt": "What?", "chosen": "A dog.", "rejected": "A cat."}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three pairs about a picture, and one whose picture is not there."""
    Image.new("RGB", (8, 6), "red").save(tmp_path / "a.png")
    path = tmp_path / "rows.jsonl"
    rows = [ROW | {"image": "a.png", "prompt": f"What is {n}?"} for n in range(3)]
    path.write_text("\n".join(json.dumps(row) for row in [*rows, ROW | {"image": "none.png"}]))
    return path


def test_the_formats_come_with_rows_that_are_valid(client: TestClient) -> None:
    found = client.get("/api/v1/pairs/formats").json()
    assert [each["name"] for each in found] == ["trl", "ms_swift", "llamafactory", "rlaif_v"]
    for each in found:
        assert each["title"]
        assert each["needs"]
        assert each["text"]
        assert len(each["examples"]) == 2


def test_a_preview_says_the_format_the_problems_and_shows_the_first_pairs(
    client: TestClient, file: Path
) -> None:
    answer = client.post("/api/v1/pairs/preview", json={"pairs": str(file)})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["format"], found["title"], found["count"]) == ("trl", "TRL", 4)
    assert found["reason"] == "columns prompt, chosen and rejected"
    assert found["broken"] == 1
    (problem,) = found["problems"]
    assert (problem["row"], problem["field"], problem["rule"]) == (3, "image", "image_missing")
    assert problem["severity"] == "error"
    assert found["rules"]["image_missing"]
    assert [each["turns"][0]["text"] for each in found["first"]] == [
        f"What is {n}?" for n in range(3)
    ]
    assert found["first"][0]["images"][0]["src"].startswith("data:image/webp;base64,")
    assert (found["first"][0]["images"][0]["width"], found["name"]) == (8, "rows.jsonl")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"pairs": "no/such/file"}, "there is no 'no/such/file'"),
        ({"pairs": "scenes", "format": "csv"}, "format: Input should be"),
    ],
)
def test_a_preview_of_nothing_says_what_is_wrong(
    client: TestClient, body: dict[str, str], message: str
) -> None:
    answer = client.post("/api/v1/pairs/preview", json=body)
    assert answer.status_code == 422
    assert message in answer.json()["error"]["message"]


def test_a_preview_of_another_kind_of_file_names_what_is_read(
    client: TestClient, tmp_path: Path
) -> None:
    (tmp_path / "rows.csv").write_text("prompt,chosen,rejected\n")
    answer = client.post("/api/v1/pairs/preview", json={"pairs": str(tmp_path / "rows.csv")})
    assert answer.status_code == 422
    assert "JSONL, JSON, parquet and zip are read" in answer.json()["error"]["message"]


def test_an_upload_is_previewed_and_converted(
    client: TestClient, works: Callable[[], None], tmp_path: Path
) -> None:
    rows = "\n".join(json.dumps(ROW | {"prompt": f"What is {n}?"}) for n in range(3))
    given = {"file": ("mine.jsonl", rows.encode(), "application/octet-stream")}
    kept = client.post("/api/v1/uploads", files=given, data={"kind": "pairs"}).json()
    found = client.post("/api/v1/pairs/preview", json={"pairs": kept["sha256"]}).json()
    assert (found["count"], found["name"]) == (3, f"the upload {kept['sha256'][:8]}")
    config = {"pairs": kept["sha256"], "output_format": "ms_swift", "container": "zip"}
    body = {"method": "alignment.pairs", "config": config}
    run = client.post("/api/v1/runs", json=body).json()
    works()
    done = client.get(f"/api/v1/runs/{run['id']}").json()
    assert done["status"] == "succeeded", done
    again = client.post("/api/v1/pairs/preview", json={"pairs": f"{run['id']}/pairs.zip"}).json()
    assert (again["format"], again["count"]) == ("ms_swift", 3)
    assert [each["id"] for each in again["first"]] == [each["id"] for each in found["first"]]


def test_pictures_may_come_as_a_zip_of_their_own(client: TestClient, file: Path) -> None:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(file.with_name("a.png"), "none.png")
    given = {"file": ("pics.zip", buffer.getvalue(), "application/zip")}
    kept = client.post("/api/v1/uploads", files=given, data={"kind": "images"})
    assert kept.status_code == 201, kept.text
    body = {"pairs": str(file), "images": kept.json()["sha256"]}
    assert client.post("/api/v1/pairs/preview", json=body).json()["broken"] == 0


def test_the_command_line_checks_and_converts(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["pairs", "check", str(file)])
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "rows.jsonl: 4 rows (counted from 0), TRL: columns prompt, chosen and rejected" in said
    assert "row 3, image: there is no 'none.png'" in said
    out = tmp_path / "out.parquet"
    with pytest.raises(SystemExit) as ended:
        main(["pairs", "convert", str(file), str(out), "--to", "rlaif_v"])
    assert ended.value.code == 2
    assert "The first: row 3, image (image_missing)" in capsys.readouterr().err
    assert not out.exists()
    (tmp_path / "none.png").write_bytes((tmp_path / "a.png").read_bytes())
    main(["pairs", "convert", str(file), str(out), "--to", "rlaif_v"])
    assert "4 pairs, 1 images" in capsys.readouterr().out
    main(["pairs", "check", str(out)])
    assert "4 rows (counted from 0), RLAIF-V" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["pairs", "check", str(tmp_path / "none")])
    assert ended.value.code == 2
