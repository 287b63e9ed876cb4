"""Links for people without the studio."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.share_view import plain


def share(client: TestClient, kind: str, target: str, days: int = 3) -> dict[str, Any]:
    body = {"kind": kind, "target_id": target, "days": days}
    made: dict[str, Any] = client.post("/api/v1/shares", json=body).json()
    return made


def test_a_shared_comparison_is_a_page_without_script_or_foreign_host(
    client: TestClient, painted: dict[str, Any]
) -> None:
    link = share(client, "comparison", painted["comparison"]["id"])
    answer = client.get(link["url"])
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    text = answer.text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(10)&lt;/script&gt;" in text
    assert "<i>mine" not in text
    assert "style=" not in text
    assert re.findall(r'(?:src|href)="(https?:)?//', text) == []
    assert "<polyline" in text
    images = re.findall(r'<img src="([^"]+)"', text)
    assert len(images) == 4
    assert all(image.startswith(f"{link['url']}/a/") for image in images)
    answers = [client.get(image) for image in images]
    assert all(each.headers["content-type"] == "image/png" for each in answers)
    assert not any(b"/home" in each.content for each in answers), "settings lie in the original"


def test_a_shared_run_shows_its_images_and_summary(
    client: TestClient, painted: dict[str, Any]
) -> None:
    text = client.get(share(client, "run", painted["runs"][0]["id"])["url"]).text
    assert "&lt;b&gt;painted&lt;/b&gt;" in text
    assert len(re.findall("<img ", text)) == 2


def test_a_shared_page_says_nothing_of_where_things_lie(
    client: TestClient, painted: dict[str, Any], works: Callable[[], None]
) -> None:
    good = client.get(share(client, "run", painted["runs"][0]["id"])["url"]).text
    body = {"method": "toy.paint", "config": {"fails": True}}
    failed = client.post("/api/v1/runs", json=body).json()
    works()
    bad = client.get(share(client, "run", failed["id"])["url"]).text
    assert "MethodError: unet: no weights" in bad
    for text in (good, bad):
        assert "/home" not in text
        assert "abc/" not in text
        for name in ("dit", "prior.pt", "notes.txt"):
            assert f"<dd>{name}</dd>" in text


def test_no_classes_are_all_of_them_and_another_empty_list_is_none(
    client: TestClient, painted: dict[str, Any]
) -> None:
    text = client.get(share(client, "run", painted["runs"][0]["id"])["url"]).text
    assert "<dt>Classes</dt><dd>all</dd>" in text
    assert "<dt>Listed</dt><dd>none</dd>" in text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no file /data/a/b.pt.", "no file b.pt."),
        ("'/data/my files/b.pt' is gone", "'b.pt' is gone"),
        (r"at C:\Users\me\b.pt: denied", "at b.pt: denied"),
        ("read ~/x/b.pt, file:///x/c.pt", "read b.pt, c.pt"),
        ("3 MB/s, and/or 1 / 2", "3 MB/s, and/or 1 / 2"),
        ("see https://example.test/a/b", "see https://example.test/a/b"),
        ("owner/model stays", "owner/model stays"),
        ("<b>bold</b>", "<b>bold</b>"),
    ],
)
def test_only_absolute_paths_are_reduced(text: str, told: str) -> None:
    assert plain(text) == told


def test_a_link_opens_nothing_but_its_target(client: TestClient, painted: dict[str, Any]) -> None:
    first, second = (run["id"] for run in painted["runs"])
    link = share(client, "run", first)
    own, other = (
        {item["name"]: item for item in client.get(f"/api/v1/runs/{run}/artefacts").json()["items"]}
        for run in (first, second)
    )
    assert client.get(f"{link['url']}{own['sample_0.png']['url']}").status_code == 200
    assert client.get(f"{link['url']}{own['secret.txt']['url']}").status_code == 404
    assert client.get(f"{link['url']}{other['sample_0.png']['url']}").status_code == 404


def test_what_each_cell_did_is_drawn_without_a_script(
    client: TestClient, painted: dict[str, Any]
) -> None:
    text = client.get(share(client, "comparison", painted["comparison"]["id"])["url"]).text
    assert text.count('<svg class="cachemap" viewBox') == 2
    assert "computed 2 (50 %) · reused 1 (25 %) · corrected 1 (25 %)" in text


def test_visits_are_counted_and_images_are_not(client: TestClient, painted: dict[str, Any]) -> None:
    target = painted["runs"][0]["id"]
    link = share(client, "run", target)
    text = client.get(link["url"]).text
    for image in re.findall(r'<img src="([^"]+)"', text):
        client.get(image)
    [listed] = client.get("/api/v1/shares", params={"target_id": target}).json()["items"]
    assert listed["hits"] == 1
    assert listed["first_visit_at"] == listed["last_visit_at"] is not None


def test_a_revoked_link_is_gone_with_its_images(
    client: TestClient, painted: dict[str, Any]
) -> None:
    link = share(client, "run", painted["runs"][0]["id"])
    image = re.findall(r'<img src="([^"]+)"', client.get(link["url"]).text)[0]
    assert client.delete(f"/api/v1/shares/{link['id']}").status_code == 204
    answer = client.get(link["url"])
    assert answer.status_code == 410
    assert "revoked" in answer.text
    assert client.get(image).status_code == 410


def test_an_expired_link_says_so(
    client: TestClient, painted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.services import links

    link = share(client, "run", painted["runs"][0]["id"], days=1)
    monkeypatch.setattr(links, "now", lambda: time.time() + 2 * 86400)
    answer = client.get(link["url"])
    assert answer.status_code == 410
    assert "expired" in answer.text


def test_a_forged_link_is_refused(client: TestClient, painted: dict[str, Any]) -> None:
    link = share(client, "run", painted["runs"][0]["id"])
    answer = client.get(link["url"][:-2])
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")


def test_a_link_to_something_deleted_is_gone(
    client: TestClient, painted: dict[str, Any], studio: ModuleType
) -> None:
    link = share(client, "comparison", painted["comparison"]["id"])
    for run in painted["runs"]:
        studio.delete_run(run["id"])
    assert client.get(link["url"]).status_code == 410
