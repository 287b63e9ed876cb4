"""Each control takes the view that it says it takes."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import normalize

from methods.fewshot import refine_views
from methods.fewshot.vcr.controls import CONTROLS, control_features
from methods.fewshot.vcr.merging import merge

TEXTS = torch.eye(3)
WHOLE = torch.tensor([0.0, 0.0, 3.0])
VIEWS = {
    0.4: torch.tensor([[0.60, 0.64, 0.48], [0.9, 0.3, 0.1], [0.1, 0.2, 0.8]]) * 5,
    0.8: torch.tensor([[0.0, 2.0, 1.0], [1.0, 1.0, 1.1]]),
}


def merged(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    return merge({0.4: first, 0.8: second}, WHOLE, "unit")


def test_every_control_by_hand() -> None:
    controls = control_features(VIEWS, WHOLE, TEXTS)
    assert tuple(controls) == CONTROLS
    assert controls["global"].tolist() == [0, 0, 1]
    assert torch.equal(controls["min_margin"], merged(VIEWS[0.4][0], VIEWS[0.8][1]))
    assert torch.equal(controls["entropy"], merged(VIEWS[0.4][2], VIEWS[0.8][0]))
    means = [normalize(views, dim=-1).mean(dim=0) for views in VIEWS.values()]
    assert torch.equal(controls["mean"], merged(*means))
    assert all(float(feature.norm()) == pytest.approx(1) for feature in controls.values())


def test_a_random_view_is_any_of_them_and_the_seeds() -> None:
    possible = [merged(one, other) for one in VIEWS[0.4] for other in VIEWS[0.8]]
    seen = set()
    for seed in range(60):
        feature = control_features(VIEWS, WHOLE, TEXTS, seed=seed)["random"]
        assert torch.equal(control_features(VIEWS, WHOLE, TEXTS, seed=seed)["random"], feature)
        seen.add([torch.equal(feature, each) for each in possible].index(True))
    assert seen == set(range(6))


@pytest.mark.parametrize("merge_norm", ["unit", "official_raw"])
def test_of_one_view_all_ways_are_one(merge_norm: str) -> None:
    single = {scale: views[:1] for scale, views in VIEWS.items()}
    refined = refine_views(single, WHOLE, TEXTS, merge_norm=merge_norm).feature
    controls = control_features(single, WHOLE, TEXTS, merge_norm=merge_norm)
    for name in set(CONTROLS) - {"global"}:
        torch.testing.assert_close(controls[name], refined)


def test_the_published_merge_takes_means_of_raw_views() -> None:
    controls = control_features(VIEWS, WHOLE, TEXTS, merge_norm="official_raw")
    raw = 0.4 * VIEWS[0.4].mean(dim=0) + 0.8 * VIEWS[0.8].mean(dim=0) + torch.tensor([0.0, 0, 1])
    torch.testing.assert_close(controls["mean"], normalize(raw, dim=0))
