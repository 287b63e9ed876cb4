"""Scenes: pictures and the exact truth of what they show."""

import numpy as np
import pytest

from methods.worlds.scenes import (
    BACKGROUNDS,
    COLOURS,
    SHAPES,
    Scene,
    SceneObject,
    coverage,
    place,
    random_scene,
    render,
)

TONES = ((240, 240, 240), (60, 60, 60))


def pixels_of_box(item: SceneObject, side: int) -> tuple[slice, slice]:
    """The rows and columns that an object's box touches."""
    left, top, right, bottom = (value * side for value in item.box)
    rows = slice(int(np.floor(top)), int(np.ceil(bottom)))
    return rows, slice(int(np.floor(left)), int(np.ceil(right)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("side", [24, 96])
def test_colour_is_inside_the_box_and_nothing_but_ground_outside(shape: str, side: int) -> None:
    generator = np.random.default_rng(7)
    for colour in COLOURS:
        item = SceneObject(shape, colour, float(generator.uniform(0.4, 0.7)), (0.47, 0.55))
        picture = render(Scene((item,), "plain", TONES), side)
        inside = pixels_of_box(item, side)
        assert (picture[inside] == COLOURS[colour]).all(axis=-1).any()
        outside = np.ones((side, side), dtype=bool)
        outside[inside] = False
        assert (picture[outside] == TONES[0]).all()
        assert not coverage(item, side)[outside].any()


@pytest.mark.parametrize("shape", SHAPES)
def test_box_is_tight_centred_and_as_long_as_the_size(shape: str) -> None:
    item = SceneObject(shape, "red", 0.6, (0.5, 0.45))
    left, top, right, bottom = item.box
    assert max(right - left, bottom - top) == pytest.approx(0.6)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((0.5, 0.45))
    side = 400
    rows, columns = np.nonzero(coverage(item, side) > 0.5)
    drawn = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(np.array(drawn) / side - np.array(item.box)).max() < 0.02  # pointed tips are thin


@pytest.mark.parametrize(
    ("shape", "area"),
    [
        ("circle", np.pi / 4),
        ("square", 1.0),
        ("ring", np.pi / 4 * (1 - 0.55**2)),
        ("diamond", 0.7 / 2),
        ("cross", 1 - (1 - 0.32) ** 2),
        ("triangle", 1.8 / 2 / 2),
    ],
)
def test_coverage_adds_up_to_the_area(shape: str, area: float) -> None:
    item = SceneObject(shape, "blue", 0.8, (0.5, 0.5))
    assert coverage(item, 96).mean() == pytest.approx(area * 0.8**2, rel=0.02)


def test_picture_is_the_mixture_of_ground_and_colour_by_coverage() -> None:
    item = SceneObject("heart", "purple", 0.7, (0.5, 0.5))
    picture = render(Scene((item,), "plain", TONES), 48).astype(float)
    share = coverage(item, 48)[..., None]
    expected = share * np.array(COLOURS["purple"]) + (1 - share) * np.array(TONES[0])
    assert np.abs(picture - expected).max() <= 1.5  # both are rounded to whole grey levels


def test_several_objects_lie_apart_inside_the_picture_and_each_shows_its_colour() -> None:
    generator = np.random.default_rng(3)
    for _ in range(30):
        scene = random_scene(generator, num_objects=3, sizes=(0.15, 0.3), num_clutter=10)
        assert len(scene.objects) == 3
        assert len(scene.clutter) == 10
        picture = render(scene, 96)
        for index, item in enumerate(scene.objects):
            assert 0 <= min(item.box) < max(item.box) <= 1
            full = coverage(item, 96) == 1
            assert full.any()
            assert (picture[full] == COLOURS[item.colour]).all()  # above clutter and pattern
            for other in scene.objects[:index]:
                assert not (coverage(item, 96) * coverage(other, 96)).any()


def test_scenes_are_decided_by_their_generator() -> None:
    one, two, other = (
        [random_scene(generator, num_objects=2, sizes=(0.2, 0.4)) for _ in range(5)]
        for generator in map(np.random.default_rng, (5, 5, 6))
    )
    assert one == two
    assert one != other
    assert {random_scene(np.random.default_rng(k)).background for k in range(40)} == set(
        BACKGROUNDS
    )


def test_what_cannot_be_made_is_refused() -> None:
    generator = np.random.default_rng(0)
    with pytest.raises(ValueError, match="must name 2 objects, got 1"):
        random_scene(generator, num_objects=2, kinds=(("star", "red"),))
    with pytest.raises(ValueError, match="can't be placed"):
        random_scene(generator, num_objects=9, sizes=(0.5, 0.6))
    with pytest.raises(ValueError, match=r"shape must be one of circle, .*; got 'blob'"):
        render(Scene((SceneObject("blob", "red", 0.5, (0.5, 0.5)),), "plain", TONES), 24)


def test_each_object_is_placed_in_its_own_range_of_sizes() -> None:
    kinds, sizes = (("star", "red"), ("ring", "blue")), ((0.1, 0.2), (0.4, 0.5))
    for seed in range(20):
        small, large = place(np.random.default_rng(seed), kinds, sizes)
        assert (small.shape, small.colour, large.shape) == ("star", "red", "ring")
        assert 0.1 <= small.size <= 0.2 < 0.4 <= large.size <= 0.5
