"""What a link does not show cannot be found behind it: not in its page, not in any page or file that this leads to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app import share_pairs
from app.cli import main
from methods import METHODS
from tests.app.secrets import METHOD, TITLE, VALUES, behind, secrets

Make = Callable[..., dict[str, Any]]
NEEDED = {"words": {"names", "texts"}, "log": {"log", "names", "texts"}}
"""The parts with which the secrets of another name are shown."""


@pytest.fixture
def secret(
    client: TestClient, works: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """A finished run with a secret in everything."""
    monkeypatch.setitem(METHODS, METHOD.name, METHOD)
    body = {"method": METHOD.name, "config": VALUES, "title": TITLE}
    run: dict[str, Any] = client.post("/api/v1/runs", json=body).json()
    works()
    return run


@pytest.fixture
def link(client: TestClient) -> Callable[..., str]:
    """The address of a new link."""

    def link(kind: str, target: str, shows: Iterable[str] | None = None, **more: Any) -> str:
        body = {"kind": kind, "target_id": target, "days": 3, **more}
        if shows is not None:
            body["shows"] = sorted(shows)
        answer = client.post("/api/v1/shares", json=body)
        assert answer.status_code == 201, answer.text
        url: str = answer.json()["url"]
        return url

    return link


def parts_of(client: TestClient, kind: str) -> set[str]:
    kinds = client.get("/api/v1/shares/choices").json()["kinds"]
    return set(next(each["parts"] for each in kinds if each["name"] == kind))


def choices(parts: set[str]) -> list[set[str]]:
    """All parts, all but one, all but two that hold words, and each alone."""
    without = [set(), *({part} for part in parts), {"names", "texts"}]
    found = [parts - each for each in without] + [{part} for part in parts]
    whole = [each - ({"log"} if not {"names", "texts"} <= each else set()) for each in found]
    whole = [each - ({"export"} if "rows" not in each else set()) for each in whole]
    return [each for each in whole if each]


def allowed(shows: set[str]) -> set[str]:
    """The secrets that a page with these parts may show."""
    return shows | {name for name, needed in NEEDED.items() if needed <= shows}


def test_a_run_shows_each_part_only_where_it_is_chosen(
    client: TestClient, secret: dict[str, Any], link: Callable[..., str]
) -> None:
    parts = parts_of(client, "run")
    everything = secrets(behind(client, link("run", secret["id"], parts)))
    assert everything == {"names", "texts", "words", "log", "curves", "metrics", "settings"}
    for shows in choices(parts):
        pages = behind(client, link("run", secret["id"], shows))
        assert secrets(pages) <= allowed(shows), shows
        for part in {"names", "settings", "metrics", "curves"} & shows:
            assert part in secrets(pages), (part, shows)
        if "names" not in shows:
            assert not any(
                secret["id"] in (path + page.decode(errors="ignore"))
                for path, page in pages.items()
            )


def test_pictures_are_loaded_only_where_they_are_shown(
    client: TestClient, secret: dict[str, Any], link: Callable[..., str]
) -> None:
    parts = parts_of(client, "run")
    files = client.get(f"/api/v1/runs/{secret['id']}/artefacts").json()["items"]
    own = {item["role"]: item["url"] for item in files}

    def status(role: str, shows: set[str]) -> int:
        shows = shows - {"log"}
        return client.get(f"{link('run', secret['id'], shows)}{own[role]}").status_code

    assert (status("sample", parts), status("picture", parts)) == (200, 200)
    assert status("sample", parts - {"pictures"}) == 404
    for left in ("inputs", "rows", "names"):
        assert status("picture", parts - {left}) == 404
        assert status("sample", parts - {left}) == 200


def test_a_comparison_and_a_failed_run_keep_their_secrets(
    client: TestClient,
    secret: dict[str, Any],
    works: Callable[[], None],
    link: Callable[..., str],
) -> None:
    body = {"method": METHOD.name, "config": {**VALUES, "fails": True, "prompt": "SECRET-texts-b"}}
    failed = client.post("/api/v1/runs", json=body | {"title": "SECRET-names-2"}).json()
    works()
    made = client.post(
        "/api/v1/comparisons",
        json={"run_ids": [secret["id"], failed["id"]], "title": "SECRET-names-both"},
    ).json()
    noted = {"notes": "SECRET-reviews-notes"}
    assert client.patch(f"/api/v1/comparisons/{made['id']}", json=noted).is_success
    whole = behind(client, link("comparison", made["id"], parts_of(client, "comparison")))
    assert "reviews" in secrets(whole), "what was noted of it"
    for target, kind in ((made["id"], "comparison"), (failed["id"], "run")):
        parts = parts_of(client, kind)
        for shows in choices(parts):
            found = secrets(behind(client, link(kind, target, shows)))
            assert found <= allowed(shows), (kind, shows)
        assert "words" in secrets(behind(client, link(kind, target, parts)))


def test_a_sweep_keeps_its_secrets_also_in_the_names_of_its_cells(
    client: TestClient, secret: dict[str, Any], works: Callable[[], None], link: Callable[..., str]
) -> None:
    axes = {"prompt": ["SECRET-texts-a", "SECRET-texts-b"], "number": [1.0, 2.0]}
    body = {"method": METHOD.name, "config": VALUES, "axes": axes, "title": TITLE}
    sweep = client.post("/api/v1/sweeps", json=body | {"seeds": [0, 1]}).json()
    for _ in range(8):
        works()
    parts = parts_of(client, "sweep")
    whole = behind(client, link("sweep", sweep["id"], parts))
    assert secrets(whole) >= {"names", "texts", "words", "metrics"}
    assert set(whole) == {next(iter(whole))}, "a sweep's page leads to no other"
    for shows in choices(parts):
        pages = behind(client, link("sweep", sweep["id"], shows))
        # the chart is of the metrics: it shows what they are called, and no number besides
        assert secrets(pages) <= allowed(shows) | ({"metrics"} if "curves" in shows else set()), (
            shows
        )
    page = behind(client, link("sweep", sweep["id"], parts - {"texts", "log"}))
    assert b"not shared" in next(iter(page.values()))


def test_pairs_keep_their_texts_reviews_and_pictures(
    client: TestClient,
    works: Callable[[], None],
    link: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(share_pairs, "SIZE", 2)
    body = {"method": "toy.pairs", "config": {"pairs": 5}, "title": TITLE}
    run = client.post("/api/v1/runs", json=body).json()["id"]
    works()
    first = client.get(f"/api/v1/runs/{run}/pairs?limit=1").json()["rows"][0]
    review = {"verdict": "flip", "note": "SECRET-reviews-note", "tags": ["SECRET-reviews-tag"]}
    client.put(f"/api/v1/reviews/pair/{first['pair_id']}", json=review)
    parts = parts_of(client, "pairs")
    whole = behind(client, link("pairs", run, parts))
    assert secrets(whole) == {"names", "reviews"}
    assert sum(path.endswith("/picture") for path in whole) == 5
    assert (
        sum("page=" in path for path in whole) == 3
    )  # of three pages, the first by its number too
    assert sum(path.endswith("pairs.jsonl") for path in whole) == 1
    for shows in choices(parts):
        pages = behind(client, link("pairs", run, shows))
        text = b"".join(page for path, page in pages.items() if not path.endswith("/picture"))
        assert secrets(pages) <= shows, shows
        assert (b"What is in picture" in text) == ("texts" in shows and "rows" in shows)
        assert (b"flip" in text) == ("reviews" in shows)
        pictured = {"rows", "inputs"} <= shows
        assert any(path.endswith("/picture") for path in pages) == pictured
        url = next(iter(pages))
        assert client.get(f"{url}/pairs/0/picture").status_code == (200 if pictured else 404)
        assert client.get(f"{url}/pairs.jsonl").status_code == (200 if "export" in shows else 404)


def test_only_the_chosen_pairs_lie_behind_a_link(
    client: TestClient, works: Callable[[], None], link: Callable[..., str]
) -> None:
    run = client.post("/api/v1/runs", json={"method": "toy.pairs", "config": {"pairs": 45}}).json()
    works()
    asked = {"filters": ["delta:lt:0"], "sort": "delta", "descending": True}
    wanted = client.get(
        f"/api/v1/runs/{run['id']}/pairs?filter=delta:lt:0&sort=delta&descending=true&limit=100"
    ).json()
    parts = parts_of(client, "pairs")
    url = link("pairs", run["id"], parts, selection=asked)
    page = client.get(url).text
    shown = [int(each) for each in re.findall(r'aria-label="Pair (\d+)"', page)]
    assert shown == [row["position"] for row in wanted["rows"]]
    assert "delta lt 0" in page
    lines = client.get(f"{url}/pairs.jsonl").text.splitlines()
    assert len(lines) == wanted["total"] == len(shown)
    other = next(each for each in range(45) if each not in shown)
    assert client.get(f"{url}/pairs/{shown[0]}/picture").status_code == 200
    assert client.get(f"{url}/pairs/{other}/picture").status_code == 404
    quiet = client.get(link("pairs", run["id"], parts - {"texts"}, selection=asked)).text
    assert "delta lt 0" not in quiet
    assert client.get(f"{url}?page=9").status_code == 404
    assert client.get(f"{url}/certificate.json").status_code == 404


def test_a_node_keeps_its_names_and_what_was_decided(
    client: TestClient, works: Callable[[], None], link: Callable[..., str]
) -> None:
    body = {"method": "toy.nodes", "config": {"nodes": 80}, "title": TITLE}
    run = client.post("/api/v1/runs", json=body).json()["id"]
    works()
    rows = client.get(f"/api/v1/runs/{run}/nodes?limit=80").json()["rows"]
    names = [row["name"].encode() for row in rows]
    position = rows[0]["position"]
    client.put(
        f"/api/v1/reviews/node/{rows[0]['node_id']}",
        json={"verdict": "confirm", "note": "SECRET-reviews-note"},
    )
    parts = parts_of(client, "node")
    node = {"selection": {"position": position}}
    (whole,) = behind(client, link("node", run, parts, **node)).values()
    assert names[0] in whole
    assert b"SECRET-reviews" in whole
    assert b'<svg viewBox="0 0 760 460"' in whole
    run_parts = parts_of(client, "run") - {"log"}
    some = [run_parts - {left} for left in ("names", "reviews", "rows", "curves")]
    for kind, chosen, more in (("node", choices(parts), node), ("run", some, {})):
        for shows in chosen:
            pages = behind(client, link(kind, run, shows, **more))
            text = b"".join(pages.values())
            assert secrets(pages) <= shows, (kind, shows)
            if "names" not in shows:
                assert not any(name in text for name in names), (kind, shows)
                assert b"turnover" not in text, "the names of features"
            assert (b"an anomaly" in text.lower()) == (
                "reviews" in shows and (kind == "node" or "rows" in shows)
            )
            assert (b'class="neighbourhood"' in text) == (
                "curves" in shows and (kind == "node" or {"rows", "names"} <= shows)
            )
            url = next(iter(pages))
            told = kind == "run" and {"rows", "names"} <= shows
            answer = client.get(f"{url}/nodes/{run}/{position}")
            assert answer.status_code == (200 if told else 404)


def test_a_certificate_is_handed_out_whole_or_without_its_file(
    client: TestClient, works: Callable[[], None], link: Callable[..., str]
) -> None:
    import hashlib

    from tests.toys.erasing import row, row_id

    body = {"method": "toy.instructions", "config": {"rows": 30}}
    table = client.post("/api/v1/runs", json=body).json()["id"]
    works()
    made = client.post("/api/v1/requests", json={"table": table, "title": TITLE}).json()
    path = f"/api/v1/requests/{made['id']}"
    client.put(f"{path}/marks/{row_id(5)}", json={"remove": True})
    client.post(f"{path}/approve", json={"note": "SECRET-reviews-note"})
    client.post(f"{path}/run", json={"launches": [{"title": "whole"}]})
    works()
    paper = client.get(f"{path}/certificate").json()
    parts = parts_of(client, "certificate")
    url = link("certificate", made["id"], parts)
    pages = behind(client, url)
    assert secrets(pages) == {"names", "reviews"}
    file = pages[f"{url}/certificate.json"]
    assert hashlib.sha256(file).hexdigest() == paper["sha256"]
    assert paper["sha256"].encode() in pages[url]
    for shows in choices(parts):
        pages = behind(client, link("certificate", made["id"], shows))
        page = next(iter(pages.values()))
        assert secrets(pages) <= shows, shows
        assert (row_id(5).encode() in page) == ("rows" in shows)
        assert paper["sha256"].encode() in page
        assert row(5)["answer"].encode() not in page
        whole = shows >= parts - {"reviews"}
        url = next(iter(pages))
        assert client.get(f"{url}/certificate.json").status_code == (200 if whole else 404)
        if not whole:
            assert list(pages) == [url]


def test_reports_and_spaces_leave_out_what_they_are_told(
    client: TestClient, secret: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("names", "texts", "metrics", "curves", "settings")
    for number, left in enumerate((*itertools.combinations(words, 1), ("names", "texts"), words)):
        page = client.get(
            "/api/v1/report.html", params={"run": secret["id"], "without": left}
        ).content
        folder = tmp_path / str(number)
        main(["export", secret["id"], "--space", str(folder), "--without", ",".join(left)])
        files = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        files |= {f"{path} is a name": path.encode() for path in files}
        shown = set(words) - set(left)
        for found in (secrets({"": page}), secrets(files)):
            assert found <= allowed(shown), left
            # words that were set are shown among the settings, and only together with names
            assert found >= shown - ({"texts"} if {"names", "settings"} & set(left) else set()), (
                left
            )
    target = tmp_path / "whole.zip"
    for option in (["--bundle", str(target)], ["--report", str(target)]):
        with pytest.raises(SystemExit) as ended:
            main(["export", secret["id"], *option, "--without", "texts,pictuers"])
        assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "a bundle is whole" in told
    assert "pictuers" in told
    assert not target.exists()
