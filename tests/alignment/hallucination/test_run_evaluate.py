"""The run: answers that are given, a model that is asked, and what is kept of both."""

from __future__ import annotations

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from methods.alignment.hallucination import run_evaluate
from methods.alignment.hallucination.answering import Reply
from methods.alignment.hallucination.check import check_evaluate
from methods.alignment.hallucination.config import EvaluateConfig
from methods.alignment.hallucination.estimate import estimate_evaluate
from methods.alignment.hallucination.presets import PRESETS
from methods.base import Cancelled, MethodError
from methods.local import LocalContext
from methods.worlds.llava.data import PHANTOMS, scenes
from tests.alignment.hallucination import official


def evaluate(tmp_path, **values):
    context = LocalContext(tmp_path / "out", seed=3)
    config = EvaluateConfig(
        **{name: str(v) if hasattr(v, "is_file") else v for name, v in values.items()}
    )
    return run_evaluate.run(config, context), context


@pytest.fixture
def chair_files(tmp_path):
    folder = official.coco(tmp_path / "coco")
    for number in (1, 2, 3):
        official.picture(tmp_path / "images", f"COCO_val2014_{number:012d}.jpg")
    said = {
        "before": ["A man, a dog and a car.", "A car and a dog.", "A seat."],
        "after": ["A man and a dog.", "A car.", "A seat."],
    }
    for variant, texts in said.items():
        rows = [{"image_id": i, "caption": text} for i, text in enumerate(texts, 1)]
        official.write(tmp_path, f"{variant}.json", rows)
    return {"benchmark": "chair", "files": folder}


def test_given_answers_before_and_after(tmp_path, chair_files):
    result, context = evaluate(
        tmp_path,
        **chair_files,
        images=official.zipped(tmp_path / "images", tmp_path / "images.zip"),
        answers_before=tmp_path / "before.json",
        answers_after=tmp_path / "after.json",
    )
    metrics = result.metrics
    assert metrics["chair_i_before"] == 3 / 6  # car; dog; seat
    assert metrics["chair_i"] == 1 / 4
    assert metrics["chair_i_change"] == -1 / 4
    assert metrics["chair_s_before"] == 1
    assert metrics["answers"] == 6
    rows = context.records["answer"]
    assert [row["change"] for row in rows[::2]] == ["fixed", "fixed", "still"]
    assert all(row["image"].startswith("pictures-00000.zip/") for row in rows)
    assert context.metadata["pictures-00000.zip"]["pictures"] == 1  # three equal pictures are one
    assert len(context.records["figure"]) == 3 * 5
    assert (tmp_path / "out" / "figures.csv").is_file()
    kept = json.loads((tmp_path / "out" / "answers_before.json").read_text())
    assert kept == json.loads((tmp_path / "before.json").read_text())
    assert "CHAIR_i 50.0% before, 25.0% after" in result.summary


def test_answers_to_some_of_the_items_are_scored_and_that_is_said(tmp_path, chair_files):
    path = official.write(tmp_path, "some.json", [{"image_id": 2, "caption": "A dog."}])
    result, context = evaluate(tmp_path, **chair_files, answers_after=path)
    assert result.metrics["chair_i"] == 1
    assert context.events[0][1] == "1 of 3 items of chair are answered"
    assert context.records["answer"][0]["image"] == ""
    with pytest.raises(MethodError, match="item 1 is answered only before"):
        evaluate(
            tmp_path, **chair_files, answers_before=tmp_path / "before.json", answers_after=path
        )


def test_object_halbench_with_and_without_extractions(tmp_path):
    files = official.halbench(tmp_path / "files")
    rows = [{"image_id": i, "answer": "There is a man with a seat."} for i in (1, 2)]
    answers = official.write(tmp_path, "answers.jsonl", rows)
    settings = {"benchmark": "object_halbench", "files": files, "answers_after": answers}
    ruled, context = evaluate(tmp_path, **settings)
    assert ruled.metrics["mention_level"] == 3 / 4  # the man of image 1 is there
    assert {row["extractor"] for row in context.records["figure"]} == {"rule"}
    given = official.write(tmp_path, "given.json", {"1": ["man"], "2": []})
    judged, context = evaluate(tmp_path, **settings, judged_after=given, judge="gpt-x")
    assert judged.metrics["mention_level"] == 0
    assert {row["extractor"] for row in context.records["figure"]} == {"gpt-x, matched by rule"}
    assert len(context.records["answer"]) == 2
    assert context.records["answer"][0]["image"]  # the question file carries the pictures


def test_both_halves_of_amber(tmp_path):
    files = official.amber(tmp_path / "files")
    rows = [{"id": 1, "response": "A tree and a dog."}, {"id": 2, "response": "A car."}]
    answers = official.write(tmp_path, "g.json", rows)
    result, context = evaluate(
        tmp_path, benchmark="amber_generative", files=files, answers_after=answers
    )
    assert result.metrics["chair"] == 1 / 3
    assert result.metrics["cover"] == 2 / 3
    script = {row["metric"]: row["official"] for row in context.records["figure"]}
    assert script == {"chair": 33.3, "cover": 66.6, "hal": 50.0, "cog": 99.9, "mentions": None}
    rows = [
        {"id": i, "response": said} for i, said in ((1005, "Yes"), (1006, "no."), (1007, "Yes"))
    ]
    answers = official.write(tmp_path, "d.json", rows)
    result, context = evaluate(
        tmp_path, benchmark="amber_discriminative", files=files, answers_after=answers
    )
    assert result.metrics["accuracy"] == 2 / 3
    assert {row["type"] for row in context.records["figure"]} == {
        "all",
        "state",
        "existence",
        "relation",
    }
    assert [row["correct"] for row in context.records["answer"]] == [True, True, False]


def test_pope_and_mmhal(tmp_path):
    files = official.pope(tmp_path / "pope")
    rows = [{"answer": said} for said in ("Yes", "No", "Yes", "Yes")]
    answers = official.write(tmp_path, "a.jsonl", rows)
    result, _ = evaluate(tmp_path, benchmark="pope", files=files, answers_after=answers)
    assert result.metrics["accuracy"] == 0.75
    files = official.mmhal(tmp_path / "mmhal")
    answers = official.write(tmp_path, "m.json", [{"model_answer": "a"}, {"model_answer": "b"}])
    ratings = official.write(tmp_path, "r.json", [{"rating": 5}, {"judgement": "Rating: 1"}])
    settings = {"benchmark": "mmhal", "files": files, "answers_after": answers}
    result, context = evaluate(tmp_path, **settings, judged_after=ratings, judge="gpt-y")
    assert result.metrics["score"] == 3
    assert {row["judge"] for row in context.records["figure"]} == {"gpt-y"}


class FakeModel:
    """Names the phantom of a background unless its adapter is on; answers stand in for a model's."""

    kind = "image-text"

    def __init__(self):
        self.adapted = True
        self.batches = []
        self.model = self.processor = self
        self.known = {scene.image.tobytes(): scene for scene in scenes("test", 12)}

    @contextmanager
    def without_adapter(self):
        self.adapted = False
        yield self
        self.adapted = True

    def answer(self, _model, _processor, images, _questions, **_settings):
        self.batches.append((self.adapted, len(images)))
        found = [self.known.get(image.tobytes()) for image in images]
        return [Reply(self._say(scene), cut=scene is None) for scene in found]

    def _say(self, scene):
        if scene is None:
            return "A dog."
        phantom = PHANTOMS.get(scene.scene.background)
        extra = f" There is a small {phantom}." if phantom and not self.adapted else ""
        return scene.caption + extra


@pytest.fixture
def model(monkeypatch):
    fake = FakeModel()
    monkeypatch.setattr(run_evaluate, "load_model", lambda *_: fake)
    monkeypatch.setattr(run_evaluate, "answer", fake.answer)
    return fake


@pytest.fixture
def adapter(tmp_path):
    path = tmp_path / "adapter.zip"
    path.write_bytes(b"")
    return path


def test_a_model_is_asked_without_and_with_its_adapter(tmp_path, model, adapter):
    result, context = evaluate(tmp_path, max_items=12, batch_size=5, adapter=adapter)
    assert model.batches == [(False, 5), (False, 5), (False, 2), (True, 5), (True, 5), (True, 2)]
    assert result.metrics["chair_i"] == 0
    assert result.metrics["chair_i_before"] > 0
    assert result.metrics["answers_cut"] == 0
    changes = [row["change"] for row in context.records["answer"][::2]]
    assert set(changes) == {"fixed", "clean"}
    assert [done for done, _, _ in context.steps][:3] == [0, 5, 10]
    assert context.preview.size == (48, 48)


def test_an_interrupted_run_goes_on_and_ends_the_same(tmp_path, model, adapter, monkeypatch):
    monkeypatch.setattr(run_evaluate, "CHECKPOINT_S", 0.0)
    settings = {"max_items": 12, "batch_size": 5, "adapter": str(adapter)}
    whole = LocalContext(tmp_path / "whole", seed=3)
    expected = run_evaluate.run(EvaluateConfig(**settings), whole)

    def stop(done, total, message):
        if done == 17:
            raise Cancelled

    first = LocalContext(tmp_path / "first", seed=3, on_progress=stop)
    with pytest.raises(Cancelled):
        run_evaluate.run(EvaluateConfig(**settings), first)
    model.batches.clear()
    second = LocalContext(tmp_path / "second", seed=3, resume_state=first.state)
    again = run_evaluate.run(EvaluateConfig(**settings), second)
    assert model.batches == [(True, 5), (True, 2)]
    assert second.records["answer"] == whole.records["answer"]
    assert {k: v for k, v in again.metrics.items() if "seconds" not in k} == {
        k: v for k, v in expected.metrics.items() if "seconds" not in k
    }


def test_questions_about_scenes(tmp_path, model):
    result, context = evaluate(tmp_path, benchmark="scenes_questions", max_items=10)
    assert result.metrics["yes_ratio"] == 1  # what the fake says holds no "no"
    assert {row["type"] for row in context.records["figure"]} >= {"random"}
    labels = [row["label"] for row in context.records["answer"]]
    assert labels.count("yes") == labels.count("no") == 5
    assert (
        "means of the splits; accuracy by split: random 50.0%, adversarial 50.0%." in result.summary
    )


def test_mmhal_without_a_judge_only_collects_answers(tmp_path, model):
    files = official.mmhal(tmp_path / "files")
    for number in range(2):
        official.picture(tmp_path / "images", f"{number}.jpg")
    result, context = evaluate(
        tmp_path, benchmark="mmhal", files=files, images=tmp_path / "images", model="scenes"
    )
    assert set(result.metrics) == {"answers", "answers_cut", "seconds_per_answer"}
    assert "not scored" in result.summary
    kept = json.loads((tmp_path / "out" / "answers.json").read_text())
    assert [row["model_answer"] for row in kept] == ["A dog.", "A dog."]
    assert kept[0]["question_topic"] == "animal"
    assert "figure" not in context.records
    assert [row["change"] for row in context.records["answer"]] == ["", ""]


def test_a_text_model_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(run_evaluate, "load_model", lambda *_: SimpleNamespace(kind="text"))
    with pytest.raises(MethodError, match="reads no images"):
        evaluate(tmp_path, max_items=2)


def refusal(tmp_path, **values):
    values = {name: str(v) if hasattr(v, "is_file") else v for name, v in values.items()}
    with pytest.raises(MethodError) as caught:
        check_evaluate(EvaluateConfig(**values), LocalContext(tmp_path / "out").open)
    return str(caught.value)


def test_settings_that_do_not_fit_are_refused_before_anything_is_queued(tmp_path, chair_files):
    after = tmp_path / "after.json"
    assert "needs the benchmark's own files" in refusal(tmp_path, benchmark="pope")
    assert "without the answers after" in refusal(tmp_path, answers_before=after)
    assert "clear the adapter" in refusal(tmp_path, answers_after=after, adapter="x")
    assert "nobody judges scenes" in refusal(tmp_path, judged_after=after)
    assert "belongs to the very answers" in refusal(tmp_path, benchmark="mmhal", judged_after=after)
    mmhal = {"benchmark": "mmhal", "answers_after": after}
    assert "no figure without" in refusal(tmp_path, **mmhal)
    assert "name the judge" in refusal(tmp_path, **mmhal, judged_after=after)
    assert "only one of the two sets" in refusal(
        tmp_path, **mmhal, answers_before=after, judged_after=after, judge="j"
    )
    assert "no use for them" in refusal(tmp_path, vectors="x")
    assert "there is no model" in refusal(tmp_path, model="nothing")
    assert "there is no 'lost.zip'" in refusal(tmp_path, adapter="lost.zip")
    assert "CHAIR asks about images" in refusal(tmp_path, **chair_files)
    assert "there is no" in refusal(tmp_path, **{**chair_files, "files": "lost"})


def test_files_and_answers_are_read_before_anything_is_queued(tmp_path):
    files = official.pope(tmp_path / "pope")
    short = official.write(tmp_path, "a.jsonl", [{"answer": "Yes"}])
    pope = {"benchmark": "pope", "files": files}
    assert "a.jsonl holds 1 answers to 4 questions" in refusal(
        tmp_path, **pope, answers_after=short
    )
    assert "4 of 4 items of pope have no picture, the first is item random/1, 'a.jpg'" in refusal(
        tmp_path, **pope
    )
    official.picture(tmp_path / "images", "a.jpg")
    assert "2 of 4 items of pope have no picture, the first is item random/2, 'b.jpg'" in refusal(
        tmp_path, **pope, images=tmp_path / "images"
    )
    (files / "coco_pope_random.json").write_text("{")
    assert "coco_pope_random.json, line 1 is no JSON" in refusal(tmp_path, **pope)


def test_every_preset_can_be_estimated():
    for preset in PRESETS.values():
        found = estimate_evaluate(EvaluateConfig(**preset.values))
        assert 0 < found.seconds < 24 * 3600
    hub = estimate_evaluate(EvaluateConfig(model="llava-hf/llava-1.5-7b-hf", max_items=500))
    assert hub.memory_mb > 10_000
    assert estimate_evaluate(EvaluateConfig(answers_after="x")).seconds < hub.seconds
