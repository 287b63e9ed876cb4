"""What several detections say: nothing that only labels could know."""

from __future__ import annotations

import pytest

from methods.anomaly.detection.config import DetectConfig
from methods.anomaly.detection.presets import POLICIES
from methods.anomaly.detection.sweep import conclude, controls, kind, remark, simplify
from methods.anomaly.settings import PUBLISHED
from methods.base import Finished
from methods.local import LocalContext
from methods.stages import Stages


def run(detector, seed=0, title="", graph="payments", **metrics):
    return Finished(title or detector, {"detector": detector, "graph": graph}, seed, metrics)


def test_settings_that_a_detector_does_not_read_make_no_other_run():
    values = {"graph": "g", "detector": "degree", "top": 5, "alpha": 0.1, "levels": [3]}
    assert simplify(values) == {"graph": "g", "detector": "degree", "top": 5}
    plain = simplify(values | {"detector": "autoencoder"})
    assert plain == {"graph": "g", "detector": "autoencoder", "top": 5, "alpha": 0.1}
    assert simplify({"scaling": "none", "clip": 3, "guidance": 0, "condition": 1}) == {
        "scaling": "none",
        "guidance": 0,
    }
    assert simplify({"detector": "pygod_gae", "alpha": 0.2, "epochs": 4}) == {
        "detector": "pygod_gae",
        "epochs": 4,
    }
    assert simplify({"detector": "no such"}) == {"detector": "no such"}


def test_controls_are_the_plain_autoencoder_and_what_needs_no_training():
    assert [each["detector"] for each in controls(DetectConfig())] == [
        "autoencoder",
        "evidence",
        "degree",
        "feature_norm",
        "forest",
    ]
    assert {"detector": "forest"} not in controls(DetectConfig(detector="forest"))


def test_a_run_is_called_by_its_preset_or_by_what_it_changes():
    for preset in POLICIES.values():
        assert kind(DetectConfig(**preset.values).model_dump()) == preset.title
    assert kind({"detector": "degree", "alpha": 0.9}) == "Out-degree"
    assert kind({"detector": "diffgad", **PUBLISHED, "alpha": 0.8}).startswith("DiffGAD, alpha 0.8")


def test_progress_of_parts_rises_to_the_whole(tmp_path):
    context = LocalContext(tmp_path)
    stages = Stages(context, {"first": 1, "second": 3})
    stages.part("first")(1, 2, "a")
    stages.part("second")(0, 0, "nothing to do")
    stages.part("first")(0, 2, "late")
    assert [done for done, _, _ in context.steps] == pytest.approx([0.125, 1, 1])


def test_a_sweep_concludes_what_needs_no_label():
    runs = [
        run(
            "diffgad",
            seed,
            flagged_alone=0.2,
            plain_spearman=0.997,
            flagged_by_plain=0.9,
            seconds=30,
        )
        for seed in range(2)
    ]
    runs += [run("degree", seed, flagged_alone=1.0, seconds=1) for seed in range(2)]
    findings = conclude(runs)
    texts = [finding.text for finding in findings]
    assert "DiffGAD: 20 %" in texts[0]
    assert "the diffusion is not worth its time here" in texts[0]
    assert "2 seeds are few" in texts[-2]
    assert "none of this says which detector is right" in texts[-1]
    assert {finding.kind for finding in findings} == {"note"}  # no advice without labels


def test_detectors_that_add_nothing_are_called_so():
    findings = conclude([run("autoencoder", flagged_alone=0.0, norm_spearman=0.95, seconds=3)])
    assert findings[0].kind == "none"
    assert "ranks nearly like feature norm (0.95)" in findings[1].text


def test_evidence_without_training_is_not_called_trivial():
    findings = conclude([run("evidence", flagged_alone=0.3)])
    assert "No detector here" not in findings[0].text
    runs = [run("evidence", title="counts", flagged_alone=0.3), run("degree", flagged_alone=1.0)]
    assert "“counts” differs most from what is trivial: 30 %" in remark(runs)


def test_different_graphs_do_not_compare():
    runs = [run("degree"), run("degree", graph="miserables")]
    assert "do not compare" in conclude(runs)[0].text
    assert "do not compare" in remark(runs)
    assert conclude([]) == []


def test_a_remark_names_what_differs_most_and_leaves_the_verdict():
    runs = [
        run("autoencoder", title="plain", flagged_alone=0.1),
        run("diffgad", title="ours", flagged_alone=0.3, plain_spearman=0.999),
        run("degree", title="links", flagged_alone=1.0),
    ]
    text = remark(runs)
    assert "“ours” ranks like its plain autoencoder" in text
    assert "“ours” differs most from what is trivial: 30 %" in text
    assert text.endswith("labels or reviews must say.")
    assert remark(runs[:1]) == ""
