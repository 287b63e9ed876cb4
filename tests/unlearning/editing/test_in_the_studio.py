"""An edit as a run of the studio: queued, executed, and all of it found again."""

from __future__ import annotations

import json

from tests.unlearning.editing.conftest import SMALL


def test_a_run_leaves_its_rows_its_curve_and_its_certificate(studio, works):
    run = studio.submit("unlearning.erase", {**SMALL, "controls": []}, seed=5)
    works()
    run = studio.get_run(run.id)
    assert run.status == "succeeded", run.error
    kinds = {
        kind: studio.records(run.id, kind)
        for kind in ("edit_variant", "edit_row", "edit_curve", "verdict")
    }
    assert [record["name"] for record in kinds["edit_variant"].rows] == ["before", "edit"]
    assert kinds["edit_curve"].total == len({row["alpha"] for row in kinds["edit_curve"].rows})
    assert kinds["verdict"].rows[0]["text"] in run.summary
    saved = {artefact.name: artefact for artefact in studio.artefacts(run.id)}
    assert set(saved) >= {
        "adapter.zip",
        "update.safetensors",
        "request.json",
        "rows.jsonl",
        "certificate.html",
    }
    content = json.loads(studio.blob(saved["certificate.json"].sha256).path.read_bytes())
    assert content["adapter"]["file"] == saved["adapter.zip"].sha256
    again = studio.submit(
        "unlearning.erase",
        {**SMALL, "controls": [], "direction": f"{run.id}/update.safetensors", "step_length": 0.25},
    )
    works()
    again = studio.get_run(again.id)
    assert again.status == "succeeded", again.error
    assert again.metrics["step_length"] == 0.25
    assert again.metrics["products"] == 0
