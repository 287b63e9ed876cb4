"""The run: every node once, files and rows that agree, no label seen, the same after a break, and no NaN at the edges."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from methods.anomaly import GraphAutoencoder, read_graph, score_nodes
from methods.anomaly.detectors import scoring
from methods.anomaly.results.files import open_results
from methods.base import Cancelled, MethodError
from methods.local import LocalContext, encode_state
from tests.anomaly.detection.conftest import TINY

FILES = ("graph.safetensors", "scores.safetensors", "reasons.safetensors")
OWN = ("diffgad", "autoencoder", "evidence", "degree", "feature_norm", "forest")


def same(first, other, name):
    one, two = ((context.folder / name).read_bytes() for context in (first, other))
    return one == two


def without_labels(context):
    hidden = ("label", "kind")
    rows = [
        {key: value for key, value in row.items() if key not in hidden}
        for row in context.records["node"]
    ]
    return json.dumps(rows)


def test_every_node_is_recorded_once_best_first_and_as_the_files_say(detect):
    result, context = detect("labelled")
    rows = context.records["node"]
    assert sorted(row["position"] for row in rows) == list(range(60))
    assert [row["rank"] for row in rows] == list(range(1, 61))
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    results = open_results(context.folder)
    for row in rows[::7]:
        place = row["position"]
        assert row["score"] == results.scores["score"][place]
        assert row["error"] == pytest.approx(0.5 * row["attribute"] + 0.5 * row["structure"])
        assert row["label"] == (1 if place < 8 else 0)
    assert result.metrics["nodes"] == 60
    assert result.metrics["flagged"] == results.top == 10
    assert result.metrics["seconds"] > 0
    assert [name for name in result.metrics if "auc" in name or "label" in name] == []
    texts = [text for level, text, _ in context.events if level == "info"]
    assert any("no link" in text for text in texts)
    assert any("1 feature is the same for all nodes" in text for _, text, _ in context.events)


@pytest.mark.parametrize("detector", OWN)
def test_no_score_depends_on_a_label(detect, detector):
    _, plain = detect("plain", detector=detector)
    _, labelled = detect("labelled", detector=detector)
    _, shuffled = detect("shuffled", detector=detector)
    assert [row["label"] for row in plain.records["node"]] == [None] * 60
    assert {row["label"] for row in labelled.records["node"]} == {0, 1}
    assert labelled.records["node"] != shuffled.records["node"]
    for other in (labelled, shuffled):
        assert without_labels(other) == without_labels(plain)
        assert same(other, plain, "scores.safetensors")
        assert other.curves == plain.curves


def test_the_autoencoder_of_a_run_is_the_one_of_the_library(detect, graphs):
    _, context = detect("plain", detector="autoencoder", seed=5)
    detector = GraphAutoencoder(5, epochs=6).fit(read_graph(graphs["plain"]).graph)
    stored = open_results(context.folder).scores
    assert stored["score"].tolist() == detector.decision_score_.tolist()
    assert stored["attribute"].tolist() == detector.attribute_error_.tolist()
    assert len(context.curves["autoencoder_loss"]) == 6


def test_a_trivial_detector_is_what_stands_beside_the_others(detect):
    _, context = detect("plain")
    beside = {row["position"]: row for row in context.records["node"]}
    for detector, name in (("degree", "degree"), ("feature_norm", "norm"), ("forest", "forest")):
        result, alone = detect("plain", detector=detector)
        for row in alone.records["node"]:
            column = f"{name}_percentile"
            assert row["percentile"] == row[column] == beside[row["position"]][column]
            assert row["error"] is row["plain_percentile"] is row["stability"] is None
        assert f"{name}_spearman" not in result.metrics
        assert not (alone.folder / "reasons.safetensors").exists()


@pytest.mark.parametrize("detector", OWN)
@pytest.mark.parametrize("graph", ["line", "few"])
def test_one_feature_and_few_nodes_give_numbers(detect, graph, detector):
    result, context = detect(graph, detector=detector)
    assert all(math.isfinite(value) for value in result.metrics.values())
    for values in open_results(context.folder).scores.values():
        assert np.isfinite(values).all()
    if graph == "few" and detector in ("diffgad", "autoencoder"):
        assert sum("Only 12 nodes" in text for _, text, _ in context.events) == 1
        assert sum("Only 12 nodes" in text for text in open_results(context.folder).warnings) == 1


def test_the_seed_is_all_that_is_left_to_chance(detect):
    _, first = detect("plain", seed=1)
    _, again = detect("plain", seed=1, anew=True)
    _, other = detect("plain", seed=2)
    for name in FILES:
        assert same(again, first, name)
    assert without_labels(other) != without_labels(first)


@pytest.mark.parametrize("stop_at", ["autoencoder, epoch 4", "view 2"])
def test_a_lost_run_goes_on_to_the_same_bytes(detect, monkeypatch, stop_at):
    _, whole = detect("plain")
    monkeypatch.setattr(scoring, "CHECKPOINT_SECONDS", 0.0)
    lost = []

    def stop(done, total, message):
        if message.startswith(stop_at):
            raise Cancelled

    monkeypatch.setattr(LocalContext, "checkpoint", kept_in(lost))
    with pytest.raises(Cancelled):
        detect("plain", on_progress=stop)
    before = lost[-1]
    _, second = detect("plain", resume_state=before)
    for name in FILES:
        assert same(second, whole, name)
    assert second.records["node"] == whole.records["node"]
    assert any("going on" in text for _, text, _ in second.events)
    assert len(second.curves.get("autoencoder_loss", [])) < 6


def kept_in(states):
    def checkpoint(self, state):
        states.append(encode_state(state))

    return checkpoint


def test_a_checkpoint_of_another_graph_is_refused(detect, monkeypatch):
    monkeypatch.setattr(scoring, "CHECKPOINT_SECONDS", 0.0)
    _, first = detect("plain", anew=True)
    with pytest.raises(MethodError, match="DiffGAD: resume"):
        detect("line", resume_state=first.state)


def test_a_training_that_diverges_ends_in_words(detect):
    with pytest.raises(MethodError, match=r"Plain autoencoder: step \d+: the loss is"):
        detect("huge", detector="autoencoder", scaling="none")


def test_pygod_through_a_run_has_a_curve_and_no_parts(detect):
    pytest.importorskip("pygod")
    _, context = detect("labelled", detector="pygod_gae")
    assert len(context.curves["loss"]) == TINY["epochs"]
    assert context.records["node"][0]["error"] is None
    _, plain = detect("plain", detector="pygod_gae")
    assert without_labels(plain) == without_labels(context)


def test_the_library_scores_as_a_run_does(detect, graphs):
    graph = read_graph(graphs["plain"]).graph
    for detector in ("autoencoder", "forest"):
        _, context = detect("plain", detector=detector, seed=4)
        alone = score_nodes(graph, detector, seed=4, epochs=6)
        assert open_results(context.folder).scores["score"].tolist() == alone.score.tolist()
    with pytest.raises(ValueError, match="detector"):
        score_nodes(graph, "no_such")


def test_memory_that_runs_out_is_said_with_numbers(detect, monkeypatch):
    def hungry(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr("methods.anomaly.detection.run_detect.score", hungry)
    with pytest.raises(
        MethodError,
        match=r"out of memory on cpu: 60 nodes, \d+ links and 4 features need about 0.8 GB",
    ):
        detect("plain", anew=True)
