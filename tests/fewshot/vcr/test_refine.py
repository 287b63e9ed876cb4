"""What must hold for view refinement (the invariants of its specification), and the published arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from methods.fewshot import refine_views, zero_shot_logits
from methods.fewshot.vcr.merging import merge, merge_shares

SCALES = tuple(i / 10 for i in range(1, 10))
WIDTH, CLASSES = 16, 5


def drawn(views: int = 12, seed: int = 0) -> tuple[dict[float, Tensor], Tensor, Tensor]:
    """Raw views of lengths about 10, the whole picture's feature, unit class texts."""
    generator = torch.Generator().manual_seed(seed)
    features = {scale: 10 * torch.randn(views, WIDTH, generator=generator) / 4 for scale in SCALES}
    whole = torch.randn(WIDTH, generator=generator)
    return features, whole, normalize(torch.randn(WIDTH, CLASSES, generator=generator), dim=0)


@pytest.mark.parametrize("merge_norm", ["unit", "official_raw"])
def test_the_whole_picture_alone_is_plain_clip_to_the_bit(merge_norm: str) -> None:
    generator = torch.Generator().manual_seed(0)
    raw, texts = torch.randn(40, 512, generator=generator), drawn()[2]
    texts = normalize(torch.randn(512, 7, generator=generator), dim=0)
    refined = torch.stack(
        [refine_views({}, each, texts, merge_norm=merge_norm).feature for each in raw]
    )
    whole = torch.stack(
        [
            refine_views({1.0: each[None]}, each, texts, merge_norm=merge_norm).feature
            for each in raw
        ]
    )
    plain = normalize(raw, dim=-1)
    assert torch.equal(refined, plain)
    assert torch.equal(whole, plain)
    assert torch.equal(zero_shot_logits(refined, texts), zero_shot_logits(plain, texts))


@pytest.mark.parametrize("margin", ["cosine", "prob"])
def test_of_one_view_the_first_is_chosen(margin: str) -> None:
    refined = refine_views(*drawn(views=1), margin=margin)
    assert refined.chosen == dict.fromkeys(SCALES, 0)


@pytest.mark.parametrize("margin", ["cosine", "prob"])
def test_the_order_of_views_scales_and_classes_changes_nothing(margin: str) -> None:
    views, whole, texts = drawn()
    refined = refine_views(views, whole, texts, margin)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(1))
    shuffled = {scale: views[scale][order] for scale in reversed(SCALES)}
    again = refine_views(shuffled, whole, texts[:, [3, 1, 4, 0, 2]], margin)
    assert torch.equal(again.feature, refined.feature)
    assert {scale: int(order[index]) for scale, index in again.chosen.items()} == refined.chosen


def test_the_length_of_views_matters_to_the_published_merge_only() -> None:
    views, whole, texts = drawn()
    longer = {scale: 4 * features for scale, features in views.items()}
    unit = refine_views(views, whole, texts).feature
    assert torch.equal(refine_views(longer, whole, texts).feature, unit)
    raw = refine_views(views, whole, texts, merge_norm="official_raw").feature
    moved = refine_views(longer, whole, texts, merge_norm="official_raw").feature
    assert (moved - raw).abs().max() > 1e-3


@pytest.mark.parametrize("merge_norm", ["unit", "official_raw"])
def test_a_factor_on_all_weights_changes_nothing(merge_norm: str) -> None:
    views, whole, _ = drawn(views=1)
    picks = {scale: features[0] for scale, features in views.items()}
    merged = merge(picks, whole, merge_norm)
    torch.testing.assert_close(merge(picks, whole, merge_norm, factor=10 / 55), merged)
    assert torch.equal(merge(picks, whole, merge_norm, factor=0.25), merged)


@pytest.mark.parametrize("merge_norm", ["unit", "official_raw"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_a_refined_feature_has_length_one(merge_norm: str, dtype: torch.dtype) -> None:
    views, whole, texts = drawn()
    views = {scale: features.to(dtype) for scale, features in views.items()}
    refined = refine_views(views, whole, texts, merge_norm=merge_norm)
    assert abs(float(refined.feature.norm()) - 1) < 1e-6
    assert refined.feature.dtype == torch.promote_types(dtype, torch.float32)


@pytest.mark.parametrize("seed", range(3))
def test_the_published_arithmetic_is_reached(seed: int) -> None:
    views, whole, texts = drawn(views=100, seed=seed)
    refined = refine_views(views, whole, texts, merge_norm="official_raw")
    merged = np.zeros(WIDTH)
    for i, scale in enumerate(SCALES, 1):
        best, index = -1.0, -1
        for k, view in enumerate(views[scale].numpy().astype(float)):
            scores = sorted(view / np.sqrt((view**2).sum()) @ texts.numpy().astype(float))
            if scores[-1] - scores[-2] > best:
                best, index = scores[-1] - scores[-2], k
        assert refined.chosen[scale] == index
        assert float(refined.margins[scale][index]) == pytest.approx(best, abs=1e-6)
        merged += i / 55 * views[scale][index].numpy()
    merged += 10 / 55 * (whole / whole.norm()).numpy()
    assert np.abs(refined.feature.numpy() - merged / np.sqrt((merged**2).sum())).max() < 1e-6


def test_a_merge_by_hand() -> None:
    views = {0.5: torch.tensor([[0.0, 6.0], [8.0, 0.0]])}
    refined = refine_views(views, torch.tensor([2.0, 0.0]), torch.tensor([[1.0, 0.6], [0.0, 0.8]]))
    # Margins: |0 - .8| and |1 - .6|; the sum is .5 (0, 1) + (1, 0).
    assert refined.chosen == {0.5: 0}
    torch.testing.assert_close(refined.margins[0.5], torch.tensor([0.8, 0.4]))
    torch.testing.assert_close(refined.feature, torch.tensor([1.0, 0.5]) / 1.25**0.5)
    assert refined.shares == {0.5: 1 / 3, 1.0: 2 / 3}


def test_shares_of_the_published_merge_hang_on_the_length_of_views() -> None:
    for length, expected in ((1, 10 / 55), (10, 10 / 460)):
        picks = {scale: length * normalize(torch.ones(WIDTH), dim=0) for scale in SCALES}
        raw = merge_shares(picks, torch.ones(WIDTH), "official_raw")
        assert raw[1.0] == pytest.approx(expected)
        assert sum(raw.values()) == pytest.approx(1)
        unit = merge_shares(picks, torch.ones(WIDTH), "unit")
        assert unit == pytest.approx({scale: scale / 5.5 for scale in (*SCALES, 1.0)})


def test_what_does_not_fit_is_named() -> None:
    views, whole, texts = drawn()
    with pytest.raises(ValueError, match=r"at least two classes.* got \(16, 1\)"):
        refine_views(views, whole, texts[:, :1])
    with pytest.raises(ValueError, match=r"global_feature must be \(16,\)"):
        refine_views(views, whole[None], texts)
    with pytest.raises(ValueError, match=r"scale 0\.5 must be \(V, 16\).* got \(0, 16\)"):
        refine_views({0.5: views[0.5][:0]}, whole, texts)
    with pytest.raises(ValueError, match=r"above 0 and at most 1; got 1\.5"):
        refine_views({1.5: views[0.5]}, whole, texts)
    with pytest.raises(ValueError, match=r"views of scale 0\.5 hold numbers that are not finite"):
        refine_views({0.5: views[0.5] / 0}, whole, texts)
    with pytest.raises(ValueError, match="got 'max' and 'unit'"):
        refine_views(views, whole, texts, margin="max")
