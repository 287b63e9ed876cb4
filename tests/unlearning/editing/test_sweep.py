"""What several edits say: nearest to the retrain, only where it can be told, and never flattered."""

from __future__ import annotations

from methods.base import Finished
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.presets import PRESETS
from methods.unlearning.editing.sweep import conclude, kind, remark, simplify


def run(title="r", seed=0, reached=None, finetune=None, retain=0.0, **values):
    metrics = {"retain_change": retain, "retain_loss_before": 1.0, "retain_loss": 1 + retain}
    if reached is not None:
        metrics["reached"] = reached
    if finetune is not None:
        metrics["finetune_reached"] = finetune
    return Finished(title, EraseConfig(**values).model_dump(mode="json"), seed, metrics)


def test_every_policy_has_its_name_back():
    for preset in PRESETS.values():
        if not preset.fills:
            assert kind(EraseConfig(**preset.values).model_dump(mode="json")) == preset.title
    assert kind(EraseConfig(damping=0.3).model_dump(mode="json")).startswith(
        "influence, ggn, cg, damping 0.3"
    )


def test_settings_that_do_nothing_are_left_out():
    known = {"direction": "r/update.safetensors", "rhs": "newton", "request": "x"}
    assert simplify({**known, "solver": "lissa"}) == known
    assert simplify({"solver": "published", "tolerance": 0.1}) == {"solver": "published"}
    mended = {"solver": "published_mended", "damping": 0.1}
    assert simplify({**mended, "max_iterations": 7, "curvature_rows": 9}) == mended
    assert simplify({"controls": [], "control_steps": 3}) == {"controls": []}


def test_the_paper_s_solver_takes_the_curvature_of_the_paper():
    for name in ("published", "mended"):
        assert PRESETS[name].values["curvature"] == "hessian"


def test_without_a_retrain_nothing_is_nearest():
    assert "cannot be told" in conclude([run(), run(seed=1)])[0].text
    assert "not which is nearest" in remark([run("a"), run("b", relinearise=4)])


def test_unlike_edits_are_not_compared():
    runs = [run("a", reached=0.5), run("b", reached=0.7, request="private")]
    assert "do not compare" in remark(runs)
    assert "do not compare" in conclude(runs)[0].text


def test_the_nearest_is_named_with_its_fine_tune():
    runs = [
        run("one", reached=0.5, finetune=0.8),
        run("four", reached=0.7, finetune=0.8, relinearise=4),
    ]
    assert remark(runs) == (
        "“four” came nearest to the retrain: it reached 70 % of the retrain's change, retain loss 0.0 %. The short fine-tune beside it "
        "did better: it reached 80 % of the retrain's change."
    )
    assert remark(runs[:1]) == ""


def test_a_certain_lead_is_advised_and_an_uncertain_one_is_not():
    sure = [run("s", seed, 0.9 + seed / 1000, 0.5, relinearise=4) for seed in range(4)]
    unsure = [run("u", seed, 0.5 + 0.2 * (seed % 2), 0.55) for seed in range(4)]
    found = conclude([*unsure, *sure])
    assert [finding.kind for finding in found] == ["advice", "none", "note"]
    assert found[0].values["relinearise"] == 4
    assert "not certain" in found[1].text
    assert "4 seeds are few" in found[2].text


def test_one_seed_advises_nothing():
    found = conclude([run("s", 0, 0.9, 0.5)])
    assert found[0].kind == "none"
    assert "no interval" in found[1].text


def test_a_lead_with_a_broken_guard_is_not_advised():
    found = conclude([run("s", seed, 0.9 + seed / 1000, 0.5, retain=0.4) for seed in range(5)])
    assert {finding.kind for finding in found} == {"none"}
    assert "guard was broken" in found[1].text
