"""The whole run: what it records, what it leaves, and that nothing of it depends on luck or on being interrupted."""

from __future__ import annotations

import json
import zipfile
from hashlib import sha256

import pytest

from methods.base import Cancelled, MethodError
from methods.local import LocalContext
from methods.unlearning.editing.certificate import certificate_html
from methods.unlearning.editing.request_file import parse_request, request_bytes
from methods.unlearning.rows.opening import town_rows


def by_name(context):
    return {record["name"]: record for record in context.records["edit_variant"]}


def weights(context, name="adapter.zip"):
    with zipfile.ZipFile(context.folder / name) as archive:
        return archive.read("adapter_model.safetensors")


def lineage(context):
    with zipfile.ZipFile(context.folder / "adapter.zip") as archive:
        return json.loads(archive.read("lineage.json"))


def test_variants_rows_and_curve_tell_one_story(made):
    result, context = made
    variants, curve = by_name(context), context.records["edit_curve"]
    assert list(variants) == ["before", "edit", "finetune", "ascent"]
    assert [point["alpha"] for point in curve] == sorted({point["alpha"] for point in curve})
    (chosen,) = [place for place, point in enumerate(curve) if point["chosen"]]
    assert curve[0]["alpha"] == 0
    assert curve[0]["forget"] == pytest.approx(variants["before"]["forget_loss"], rel=1e-5)
    assert curve[chosen]["forget"] == pytest.approx(variants["edit"]["forget_loss"], rel=1e-5)
    assert curve[chosen]["corrected"] == pytest.approx(variants["edit"]["corrected_loss"], rel=1e-5)
    assert curve[chosen]["retain"] == pytest.approx(variants["edit"]["retain_loss"], rel=1e-5)
    assert curve[chosen]["alpha"] == result.metrics["step_length"] > 0
    for row in context.records["edit_row"]:
        assert len(row["curve"]) == len(curve)
        assert row["curve"][chosen] == pytest.approx(
            row["variants"]["edit"]["loss"], rel=1e-4, abs=1e-6
        )
        assert (row["new_curve"] is not None) == (row["role"] == "marked")


def test_rows_are_the_request_their_neighbours_and_a_sample(made):
    _, context = made
    rows = context.records["edit_row"]
    marked = {row["row_id"]: row for row in rows if row["role"] == "marked"}
    wrong = {row.id: row for row in town_rows("regularised") if row.meta.get("kind") == "wrong"}
    assert set(marked) == set(wrong)
    for row_id, row in marked.items():
        assert (row["task"], row["new_prompt"]) == ("answer", None)
        assert (row["answer"], row["new_answer"]) == (
            wrong[row_id].answer,
            wrong[row_id].meta["right"],
        )
    neighbours = [row for row in rows if row["role"] == "neighbour"]
    assert neighbours
    assert all(row["of"] in marked and 0 < row["similarity"] <= 1 for row in neighbours)
    assert len({row["row_id"] for row in rows}) == len(rows)


def test_metrics_stand_beside_their_controls(made):
    result, context = made
    variants = by_name(context)
    for figure in ("forget_loss", "corrected_loss", "retain_loss"):
        assert result.metrics[figure] == variants["edit"][figure]
        assert result.metrics[f"{figure}_before"] == variants["before"][figure]
        assert result.metrics[f"finetune_{figure}"] == variants["finetune"][figure]
    before = variants["before"]["retain_loss"]
    assert result.metrics["retain_change"] == pytest.approx(
        variants["edit"]["retain_loss"] / before - 1
    )
    assert "reached" not in result.metrics  # nothing was retrained
    assert variants["edit"]["reached"] is None
    assert "retrain" in variants["edit"]["note"]
    assert context.curves["residual"]
    for figure in ("corrected_exact", "token_accuracy", "neighbour_loss", "mia_loss_low"):
        assert result.metrics[figure] == variants["edit"][figure]
    assert result.metrics["edit_seconds"] > 0
    assert variants["edit"]["privleak"] is None  # it is against a retrain


def test_the_new_version_is_an_adapter_that_does_what_was_measured(made):
    from methods.unlearning import load_adapter
    from methods.unlearning.rows.language import collate, per_sample_loss

    _, context = made
    wrong = [row for row in town_rows("regularised") if row.meta.get("kind") == "wrong"]
    adapted = load_adapter("town", str(context.folder / "adapter.zip"))
    encoder = adapted.encoder()
    losses = per_sample_loss(adapted.model, collate([encoder.encode(row) for row in wrong]))
    assert losses.detach().mean().item() == pytest.approx(
        by_name(context)["edit"]["forget_loss"], rel=1e-4
    )


def test_hashes_of_the_certificate_are_those_of_the_files(made):
    _, context = made
    content = json.loads((context.folder / "certificate.json").read_bytes())
    told = lineage(context)
    request = (context.folder / "request.json").read_bytes()
    assert content["adapter"]["after"] == sha256(weights(context)).hexdigest()
    assert content["adapter"]["file"] == context.artefacts["adapter.zip"].sha256
    assert content["adapter"]["before"] == told["parent"]
    assert content["request"]["sha256"] == sha256(request).hexdigest() == told["request"]
    assert content["data"]["after"] == told["data"]["sha256"]
    assert content["variants"] == json.loads(json.dumps(context.records["edit_variant"]))
    assert content["verdict"] == context.records["verdict"]
    page = (context.folder / "certificate.html").read_text()
    assert page == certificate_html(content)
    assert parse_request(request).answers


def test_the_edited_rows_are_kept_with_their_ids(made):
    from methods.unlearning import read_rows

    _, context = made
    before = {row.id: row for row in town_rows("regularised")}
    after = read_rows(context.folder / "rows.jsonl")
    assert [row.id for row in after] == list(before)
    changed = {row.id for row in after if row.answer != before[row.id].answer}
    assert changed == {row.id for row in before.values() if row.meta.get("kind") == "wrong"}


@pytest.mark.parametrize("where", ["Gradient ascent: step 1", "verifying"])
def test_an_interrupted_run_leaves_no_adapter_and_goes_on_to_the_same_bytes(edit, made, where):
    def stop(done, total, message):
        if message.startswith(where):
            raise Cancelled

    saved = {}
    original = LocalContext.checkpoint

    def keep(self, state):
        original(self, state)
        saved["state"], saved["files"] = self.state, set(self.artefacts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalContext, "checkpoint", keep)
        with pytest.raises(Cancelled):
            edit(on_progress=stop)
    assert "adapter.zip" not in saved["files"]
    said = []
    _, context = edit(on_progress=lambda *told: said.append(told[2]), resume_state=saved["state"])
    assert not any(message.startswith("solving:") for message in said)
    assert weights(context) == weights(made[1])
    first, again = by_name(made[1]), by_name(context)
    for name in first:
        assert first[name]["forget_loss"] == again[name]["forget_loss"]


def test_a_known_direction_costs_no_solve_and_gives_what_its_curve_said(edit, made):
    _, context = made
    direction = str(context.folder / "update.safetensors")
    result, again = edit(direction=direction, step_length=0.5, controls=())
    (point,) = [point for point in context.records["edit_curve"] if point["alpha"] == 0.5]
    assert result.metrics["products"] == 0
    assert result.metrics["step_length"] == 0.5
    assert result.metrics["forget_loss"] == pytest.approx(point["forget"], rel=1e-5)
    assert [each["alpha"] for each in again.records["edit_curve"] if each["chosen"]] == [0.5]
    same, _ = edit(direction=direction, step_length=made[0].metrics["step_length"], controls=())
    assert same.metrics["forget_loss"] == made[0].metrics["forget_loss"]


def test_a_direction_of_another_request_is_refused(edit, made):
    direction = str(made[1].folder / "update.safetensors")
    with pytest.raises(MethodError, match="of another request"):
        edit(direction=direction, request="private")


def test_a_request_that_reads_the_same_to_the_model_changes_no_byte(edit, tmp_path):
    row = town_rows("regularised")[0]
    (tmp_path / "r.json").write_bytes(request_bytes(answers={row.id: f"{row.answer}  "}))
    result, context = edit(request=str(tmp_path / "r.json"))
    told = context.records["verdict"]
    assert "comes to nothing" in told[0]["text"]
    assert [record["name"] for record in context.records["edit_variant"]] == ["before", "edit"]
    assert sha256(weights(context)).hexdigest() == lineage(context)["parent"]
    assert result.metrics["step_length"] == 0


def test_a_retrain_says_how_far_the_edit_came(edit, hasty):
    result, context = edit(
        adapter=hasty, data="town", held_out="town", request="private", controls=("npo",), retrain=2
    )
    variants = by_name(context)
    assert variants["retrain"]["steps"] == variants["retrain_2"]["steps"] == 2
    assert result.metrics["reached"] == variants["edit"]["reached"] < 1
    assert "retrain_2_reached" in result.metrics
    assert -1 <= result.metrics["logp_cosine"] <= 1
    edit, retrained = variants["edit"], variants["retrain"]
    area, target = edit["mia_loss"], retrained["mia_loss"]
    assert result.metrics["privleak"] == edit["privleak"] == (area - target) / target
    assert result.metrics["kl_from_retrain"] == edit["kl_from_retrain"] > 0
    assert result.metrics["retrain_kl"] == retrained["kl"] > 0
    assert (retrained["privleak"], retrained["kl_from_retrain"]) == (0, 0)
    assert weights(context, "retrain.zip") != weights(context)
    assert "retrain" in context.records["verdict"][0]["text"]
