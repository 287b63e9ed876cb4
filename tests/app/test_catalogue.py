"""The catalogue over REST."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_the_catalogue_says_what_was_checked(client: TestClient) -> None:
    answer = client.get("/api/v1/catalogue")
    assert answer.status_code == 200
    found = answer.json()
    assert {"meta", "scenarios", "directions", "algorithms", "datasets", "benchmarks"} <= set(found)
    [dama] = [entry for entry in found["algorithms"] if entry["id"] == "dama"]
    assert dama["facts"]["base_model"] == [{"value": "LLaVA-1.5 7B/13B", "checked": False}]
    assert dama["here"]["method"] == "alignment.train"
    source = "showlab/Awesome-MLLM-Hallucination@HEAD:README.md"
    assert found["addresses"][source].endswith("/Awesome-MLLM-Hallucination/blob/HEAD/README.md")
