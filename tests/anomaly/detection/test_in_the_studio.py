"""A detection in the studio: launched by its settings, its nodes are paged there, and its labels stay out of sight."""

from __future__ import annotations


def test_a_detection_is_launched_and_its_nodes_are_listed(studio, woken, works, graphs):
    values = {"graph": graphs["labelled"], "detector": "degree", "top": 7}
    run = studio.submit("anomaly.detect", values)
    works()
    done = studio.get_run(run.id)
    assert (done.status, done.error) == ("succeeded", "")
    page = studio.list_nodes(studio.NodeQuery(studio.NodeCut(run.id)), limit=100)
    assert (page.total, page.top) == (60, 7)
    assert [row["rank"] for row in page.rows] == list(range(1, 61))
    assert [row["flagged"] for row in page.rows] == [True] * 7 + [False] * 53
    assert "label" not in page.rows[0]
    names = {each.name for each in studio.artefacts(run.id)}
    assert {"graph.safetensors", "scores.safetensors", "labels.safetensors"} <= names
