"""The whole run: the numbers of a slow loop, the same after an interruption, and what is wrong named by its row."""

from __future__ import annotations

import hashlib
import json
import math

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from methods.alignment.evidence import measuring, pictures, run_hardness
from methods.alignment.evidence.check import check_hardness
from methods.alignment.evidence.config import OFFICIAL_MEAN, HardnessConfig
from methods.alignment.evidence.files import NAME, read_hardness
from methods.alignment.evidence.scores import data_factor, hardness
from methods.alignment.pairs.opening import open_pairs
from methods.base import Cancelled, MethodError
from methods.clip_models import load_clip
from methods.local import LocalContext
from methods.worlds.clip.model import build_clip, store_clip
from tests.test_roc import slow_auc

torch.set_num_threads(1)

WORDS = ("There is a small red circle.", "There is a large blue star.", "The background is dotted.")


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """An untrained CLIP with the small world's tokeniser, which loads in no time."""
    folder = tmp_path_factory.mktemp("words")
    torch.manual_seed(3)
    store_clip(build_clip(), folder, torch.float32)
    return str(folder)


@pytest.fixture(scope="session")
def rows(tmp_path_factory):
    """Ten RLAIF-V rows on four pictures; the answers have one to three sub-sentences."""
    folder = tmp_path_factory.mktemp("rows")
    generator = np.random.default_rng(0)
    for number in range(4):
        pixels = generator.integers(0, 256, (48, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    found = []
    for number in range(10):
        answers = [" ".join(generator.permutation(WORDS)[: 1 + (number + k) % 3]) for k in range(2)]
        row = {"question": "What is there?", "chosen": answers[0], "rejected": answers[1]}
        row |= {"image_path": f"{number % 4}.png", "origin_dataset": "made"}
        for name, count in (("chosen_logits", 1 + number % 3), ("rejected_logits", 1)):
            row[name] = json.dumps([0.5 * (number + 1)] * count)
        found.append(row)
    return folder, found


def write(rows, changes=None):
    """A file of the rows, some of their columns changed; None takes a column out."""
    folder, found = rows
    changed = [{**row, **(changes or {}).get(place, {})} for place, row in enumerate(found)]
    kept = [{name: value for name, value in row.items() if value is not None} for row in changed]
    text = "".join(json.dumps(row) + "\n" for row in kept)
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:8]}.jsonl"
    path.write_text(text)
    return str(path)


@pytest.fixture
def settings(rows, clip):
    return {"pairs": write(rows), "clip": clip, "batch_size": 4}


def run(tmp_path, name="out", context=None, **settings):
    context = context or LocalContext(tmp_path / name)
    return run_hardness.run(HardnessConfig(**settings), context), context


@pytest.mark.parametrize("score", ["joint_softmax", "mean_cos", "sum_cos"])
def test_it_gives_the_numbers_of_a_slow_loop(tmp_path, settings, clip, score):
    result, context = run(tmp_path, **settings, score=score)
    scorer = load_clip(clip)
    source = open_pairs(HardnessConfig(**settings), context)
    slow = [
        hardness(pair.images[0].open(), pair.chosen, pair.rejected, scorer, score=score)
        for pair in source
    ]
    deltas = np.array([each.delta for each in slow])
    factors = data_factor(deltas, float(deltas.mean()))
    records = context.records["pair"]
    assert [row["position"] for row in records] == list(range(10))
    assert [row["pair_id"] for row in records] == [pair.id for pair in source]
    for row, pair, each, factor in zip(records, source, slow, factors, strict=True):
        assert row["delta"] == pytest.approx(each.delta, abs=2e-5)
        assert row["data_factor"] == pytest.approx(factor, abs=2e-5)
        assert row["contested"] == (row["delta"] < 0)
        pieces = row["chosen_pieces"] + row["rejected_pieces"]
        assert [piece["text"] for piece in pieces] == [piece.text for piece in each.pieces]
        assert [piece["cos"] for piece in pieces] == pytest.approx(each.cos, abs=1e-5)
        assert [piece["share"] for piece in pieces] == pytest.approx(each.share, abs=1e-4)
        assert len(row["chosen_pieces"]) == each.chosen
        assert row["length_gap"] == len(pair.chosen.split()) - len(pair.rejected.split())
        assert (row["origin"], row["level"]) == ("made", "")
        assert (context.folder / row["image"].partition("/")[0]).exists()
    assert result.metrics["delta_mean"] == pytest.approx(deltas.mean(), abs=2e-5)
    assert result.metrics["contested_share"] == pytest.approx((deltas < 0).mean())
    gaps = [row["length_gap"] for row in records]
    expected = np.corrcoef([row["delta"] for row in records], gaps)[0, 1]
    assert result.metrics["length_correlation"] == pytest.approx(expected)


def test_the_file_holds_what_the_rows_say_and_training_reads_it(tmp_path, settings):
    result, context = run(tmp_path, **settings)
    table = pq.read_table(context.folder / NAME).to_pylist()
    for row, record in zip(table, context.records["pair"], strict=True):
        for name in ("position", "pair_id", "delta", "data_factor"):
            assert row[name] == record[name]
        assert row["chosen_pieces"] == len(record["chosen_pieces"])
        pieces = record["chosen_pieces"] + record["rejected_pieces"]
        assert row["pieces"] == [piece["text"] for piece in pieces]
        assert sum(row["share"]) == pytest.approx(1)
    file = read_hardness(context.folder / NAME)
    assert file.delta == {row["pair_id"]: row["delta"] for row in table}
    assert file.mean_delta == pytest.approx(result.metrics["delta_mean"], abs=1e-12)
    assert file.about["splitter"] == "sentences-1"
    assert len(file.about["clip_id"]) == 16
    (tmp_path / "other.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"other\.parquet is no hardness\.parquet"):
        read_hardness(tmp_path / "other.parquet")


class Stopping(LocalContext):
    """Stops when it hears of a message, and forgets what was recorded after the last checkpoint, as the studio does."""

    def __init__(self, folder, at, state=None):
        super().__init__(folder, resume_state=state, on_progress=self.hear)
        self.at, self.kept = at, 0

    def hear(self, _done, _total, message):
        if self.at and message.startswith(self.at):
            raise Cancelled

    def checkpoint(self, state):
        super().checkpoint(state)
        self.kept = len(self.records.get("pair", []))


@pytest.mark.parametrize("at", ["4 of 10 pairs", "10 of 10 pairs", "6 of 10 rows", "10 of 10 rows"])
def test_a_run_that_goes_on_ends_as_one_that_was_never_stopped(tmp_path, settings, monkeypatch, at):
    for module in (measuring, run_hardness):
        monkeypatch.setattr(module, "CHUNK", 2)
    monkeypatch.setattr(pictures, "SHARD", 2)
    monkeypatch.setattr(run_hardness, "CHECKPOINT_SECONDS", 0)
    whole, context = run(tmp_path, **settings)
    broken = Stopping(tmp_path / "broken", at)
    with pytest.raises(Cancelled):
        run(tmp_path, context=broken, **settings)
    again = Stopping(tmp_path / "again", "", broken.state)
    result, _ = run(tmp_path, context=again, **settings)
    assert (
        broken.records.get("pair", [])[: broken.kept] + again.records.get("pair", [])
        == context.records["pair"]
    )
    assert {**result.metrics, "pairs_per_second": 0} == {**whole.metrics, "pairs_per_second": 0}
    assert again.artefacts[NAME] == context.artefacts[NAME]
    both = {**broken.artefacts, **again.artefacts}
    assert {name: each.sha256 for name, each in both.items()} == {
        name: each.sha256 for name, each in context.artefacts.items()
    }


def test_a_later_run_takes_its_features_from_the_cache_folder(tmp_path, settings):
    folder = tmp_path / "cache"
    folder.mkdir()
    first, context = run(tmp_path, **settings, cache=str(folder))
    second, again = run(tmp_path, "again", **settings, cache=str(folder))
    assert again.records == context.records
    assert [data for _, _, data in context.events if "computed" in data] == [
        {"computed": 7, "cached": 0}
    ]
    assert [data for _, _, data in again.events if "computed" in data] == [
        {"computed": 0, "cached": 7}
    ]
    assert first.metrics["delta_mean"] == second.metrics["delta_mean"]


def test_given_scores_are_summed_and_put_on_their_sub_sentences(tmp_path, rows, settings):
    result, context = run(
        tmp_path, **{**settings, "clip": "nowhere"}, score="precomputed", mean_delta=OFFICIAL_MEAN
    )
    deltas = [0.5 * (number + 1) * (number % 3) for number in range(10)]
    records = context.records["pair"]
    assert [row["delta"] for row in records] == pytest.approx(deltas)
    expected = data_factor(deltas, OFFICIAL_MEAN)
    assert [row["data_factor"] for row in records] == pytest.approx(list(expected))
    fitting = records[0]
    assert [piece["share"] for piece in fitting["chosen_pieces"]] == [0.5]
    assert fitting["chosen_pieces"][0]["cos"] is None
    assert fitting["rejected_pieces"][0]["share"] == 0.5
    assert fitting["warnings"] == [
        "1 scores for 2 sub-sentences of the rejected answer: shown as their sum"
    ]
    assert result.metrics["warned_pairs"] == sum(bool(row["warnings"]) for row in records)


def test_given_scores_lie_on_the_sub_sentences_that_the_row_names(tmp_path, rows, settings):
    named = {"chosen": "A dog, a cat", "rejected": "A cow", "chosen_pieces": ["A dog", "a cat"]}
    pairs = write(rows, {0: {**named, "chosen_logits": "[0.25, 0.5]"}})
    _, context = run(tmp_path, pairs=pairs, score="precomputed")
    row = context.records["pair"][0]
    assert [(piece["text"], piece["start"], piece["share"]) for piece in row["chosen_pieces"]] == [
        ("A dog", 0, 0.25),
        ("a cat", 7, 0.5),
    ]
    assert (row["delta"], row["warnings"]) == (0.25, [])


def test_scaling_makes_the_deviation_one_and_keeps_the_sign(tmp_path, settings):
    plain, before = run(tmp_path, **settings, score="mean_cos")
    scaled, after = run(tmp_path, "scaled", **settings, score="mean_cos", scale="unit_std")
    assert scaled.metrics["delta_std"] == pytest.approx(1)
    ratio = plain.metrics["delta_std"]
    for one, other in zip(before.records["pair"], after.records["pair"], strict=True):
        assert other["delta"] == pytest.approx(one["delta"] / ratio)
        assert other["contested"] == one["contested"]


def test_a_sub_sentence_beyond_the_text_window_is_named_in_its_row(tmp_path, rows, settings):
    long = "There is a " + "small " * 20 + "circle."
    pairs = write(rows, {2: {"rejected": long}})
    result, context = run(tmp_path, **{**settings, "pairs": pairs})
    [warning] = context.records["pair"][2]["warnings"]
    assert warning.startswith("longer than CLIP's text window of 16 tokens")
    assert result.metrics["warned_pairs"] == 1
    [event] = [text for level, text, _ in context.events if level == "warning"]
    assert "row 2" in event


@pytest.mark.parametrize(("score", "said"), [("joint_softmax", 1), ("mean_cos", 0)])
def test_a_pair_that_form_alone_makes_contested_says_so(tmp_path, rows, settings, score, said):
    longer = {"chosen": WORDS[0], "rejected": f"{WORDS[1]} {WORDS[0]}"}
    other = {"chosen": WORDS[0], "rejected": WORDS[2]}
    changes = {place: longer if place == 4 else other for place in range(10)}
    result, context = run(tmp_path, **{**settings, "pairs": write(rows, changes)}, score=score)
    warned = [row["position"] for row in context.records["pair"] if row["warnings"]]
    assert warned == [4] * said
    assert [row["position"] for row in context.records["pair"] if row["by_form"]] == warned
    assert result.metrics["contested_by_form_share"] == pytest.approx(0.1 * said)
    assert ("follows from form" in result.summary) == bool(said)
    assert result.metrics["warned_pairs"] == 0


BROKEN = [
    ({3: {"image_path": None}}, {}, "row 3 has no image"),
    ({3: {"image_path": "gone.png"}}, {}, r"row 3, .*image_missing.*gone\.png"),
    (
        {5: {"chosen_logits": None, "rejected_logits": None}},
        {"score": "precomputed"},
        "row 5 has no chosen_logits",
    ),
    ({5: {"chosen_logits": "[]"}}, {"score": "precomputed"}, r"row 5, chosen_logits \(scores\)"),
    ({}, {"cache": "no/such/folder"}, "there is no folder 'no/such/folder'"),
    ({}, {"clip": "nowhere"}, "there is no CLIP 'nowhere'"),
    ({}, {"pairs": "scenes", "score": "precomputed"}, "small world's pairs bring no scores"),
]


@pytest.mark.parametrize(("changes", "wrong", "message"), BROKEN)
def test_what_is_wrong_is_named_before_any_work_starts(
    tmp_path, rows, settings, changes, wrong, message
):
    config = HardnessConfig(**{**settings, "pairs": write(rows, changes), **wrong})
    context = LocalContext(tmp_path)
    with pytest.raises(MethodError, match=message):
        check_hardness(config, context.open)
    with pytest.raises(MethodError, match=message):
        run_hardness.run(config, context)
    assert "pair" not in context.records


def test_where_the_truth_is_known_it_judges_delta_and_stays_out_of_the_rows(tmp_path, clip):
    result, context = run(tmp_path, pairs="scenes-noisy", max_pairs=60, clip=clip)
    source = open_pairs(HardnessConfig(pairs="scenes-noisy", max_pairs=60), context)
    flipped = [pair.meta["flipped"] for pair in source]
    records = context.records["pair"]
    deltas = [row["delta"] for row in records]
    assert 0 < sum(flipped) < 60
    assert result.metrics["flipped_auc"] == pytest.approx(
        slow_auc([-each for each in deltas], flipped)
    )
    gaps = [-row["length_gap"] for row in records]
    assert result.metrics["flipped_auc_length"] == pytest.approx(slow_auc(gaps, flipped))
    assert "flipped" not in json.dumps(records)
    assert "turned labels" in result.summary
    lines = (context.folder / "levels.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "level",
        "easy",
        "extra",
        "colour",
        "shape",
        "omit",
    ]
    mean = np.mean([row["delta"] for row in records if row["level"] == "omit"])
    assert math.isclose(float(lines[-1].split(",")[2]), mean)


def test_the_studio_runs_it_and_keeps_its_rows(studio, works, settings):
    run_id = studio.submit("alignment.hardness", settings, seed=1).id
    works()
    view = studio.get_run(run_id)
    assert view.status == "succeeded", view.error
    page = studio.records(run_id, "pair", sort="delta", limit=3)
    deltas = [row["delta"] for row in page.rows]
    assert page.total == 10
    assert deltas == sorted(deltas)
    kept = {artefact.name: artefact for artefact in studio.artefacts(run_id)}
    assert {NAME, "deltas.json", "pictures-00000.zip"} <= kept.keys()
    file = read_hardness(studio.blob(kept[NAME].sha256).path)
    assert file.delta[page.rows[0]["pair_id"]] == deltas[0]
