"""Features of pictures: open_clip's own, kept by content, views that depend on nothing beside them."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
import torch

from methods.feature_cache import FeatureCache
from methods.fewshot.clip.features import picture_features, support_views
from methods.fewshot.clip.images import Picture, drawn_picture


@pytest.fixture(scope="module")
def pictures():
    from methods.worlds.clip.data import task_images

    return [
        drawn_picture(f"{k}", image) for k, image in enumerate(task_images("small", 5, seed=1)[0])
    ]


def shut(picture):
    """The same picture, which must not be opened."""

    def refuse():
        raise AssertionError(f"{picture.name} was opened")

    return Picture(picture.name, picture.sha256, refuse)


def test_raw_features_are_what_the_tower_gives(encoder, pictures):
    found = picture_features(encoder, pictures)
    pixels = torch.stack([encoder.prepared(picture.open()) for picture in pictures])
    with torch.inference_mode():
        wanted = encoder._model.encode_image(pixels)
    assert torch.allclose(found, wanted, atol=1e-5)
    assert not torch.allclose(found.norm(dim=1), torch.ones(5), atol=0.01)
    unit = torch.from_numpy(encoder.image_features([p.open() for p in pictures]))
    assert torch.equal(torch.nn.functional.normalize(found, dim=1), unit)


def test_kept_features_open_nothing_and_are_the_same_bits(encoder, pictures, tmp_path):
    with closing(FeatureCache(tmp_path, encoder.id)) as cache:
        first = picture_features(encoder, pictures[:3], cache)
        views = support_views(encoder, pictures[:3], cache, augmentations=2)
        known = [shut(picture) for picture in pictures[:3]]
        assert torch.equal(picture_features(encoder, known, cache), first)
        assert torch.equal(support_views(encoder, known, cache, augmentations=2), views)
        more = picture_features(encoder, [*known, pictures[3]], cache)
    assert torch.equal(more, picture_features(encoder, pictures[:4]))


def test_views_depend_on_picture_and_seed_only(encoder, pictures):
    views = support_views(encoder, pictures, augmentations=3, seed=7)
    assert views.shape == (3, 5, 128)
    turned = support_views(encoder, pictures[::-1], augmentations=3, seed=7)
    assert torch.equal(turned.flip(1), views)
    assert torch.equal(
        support_views(encoder, pictures[2:3], augmentations=1, seed=7)[0, 0], views[0, 2]
    )
    assert not torch.equal(support_views(encoder, pictures, augmentations=3, seed=8), views)
    assert not torch.equal(views[0], views[1])
    with pytest.raises(ValueError, match="augmentations must be 1 or more, got 0"):
        support_views(encoder, pictures, augmentations=0)


def test_views_are_crops_half_of_them_mirrored(pictures):
    """Each view is one of the two that its own box and its mirror image give, and both kinds occur."""
    from methods.fewshot.clip.features import PURPOSE, SHARES, _views
    from methods.fewshot.vcr.boxes import Numbers, crop_box, picture_seed
    from methods.fewshot.vcr.crops import resized_crop

    picture = pictures[0]
    seeds = [picture_seed(picture.sha256, 0, f"{PURPOSE} {view}") for view in range(16)]
    [found] = _views([(picture, seed) for seed in seeds], 48, torch.device("cpu"))
    pixels = torch.from_numpy(np.array(picture.open())).permute(2, 0, 1)
    mirrored = 0
    for view, seed in zip(found, seeds, strict=True):
        box = crop_box(96, 96, SHARES, Numbers(seed))
        assert 0.48 < box.width * box.height / 96**2 <= 1
        straight = resized_crop(pixels, box, 48) / 255
        if not torch.equal(view, straight):
            assert torch.equal(view, straight.flip(2))
            mirrored += 1
    assert 0 < mirrored < 16


def test_no_pictures_make_no_features(encoder):
    with pytest.raises(ValueError, match="at least one picture"):
        picture_features(encoder, [])
