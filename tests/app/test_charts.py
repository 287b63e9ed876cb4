"""Curves drawn on the server."""

from app import maps
from app.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, chart


def test_the_corners_of_a_curve_are_the_corners_of_the_chart() -> None:
    found = chart("error", [("run", [(0, 1.0), (10, 3.0)])])
    assert found is not None
    [line] = found.lines
    assert line.path == f"{LEFT:.1f},{HEIGHT - BOTTOM:.1f} {WIDTH - RIGHT:.1f},{TOP:.1f}"
    assert line.last == 3.0
    assert [text for _, text in found.across] == ["0", "5", "10"]
    assert [text for _, text in found.up] == ["1", "2", "3"]


def test_a_flat_curve_is_drawn_at_the_bottom() -> None:
    found = chart("error", [("run", [(0, 2.0), (1, 2.0)])])
    assert found is not None
    assert found.lines[0].path.count(f",{HEIGHT - BOTTOM:.1f}") == 2


def test_what_is_not_finite_is_left_out_and_nothing_is_no_chart() -> None:
    assert chart("error", [("run", [(0, 1.0), (1, float("nan"))])]) is None
    assert chart("error", []) is None


def test_every_cell_is_in_the_path_of_its_state_at_its_step_and_row() -> None:
    cells = [[[0, 1], [2, 0]], [[1, 1], [0, 0]]]  # 2 steps, 2 blocks
    [long, short] = maps.cache_maps([("a", cells), ("b", cells[:1])])
    assert [(part.state, part.count) for part in long.shares] == [
        ("computed", 4),
        ("reused", 3),
        ("corrected", 1),
    ]
    assert sum(part.share for part in long.shares) == 1
    cell, row = (maps.WIDTH - maps.LEFT - maps.RIGHT) / 2, 9.0
    [corrected] = [part for part in long.shares if part.state == "corrected"]
    assert corrected.path.startswith(f"M{maps.LEFT:.2f} {2 * row + 3:.2f}h{cell - 1:.2f}")
    reused = next(part.path for part in long.shares if part.state == "reused")
    assert [place.split("h")[0] for place in reused.split("M")[1:]] == [
        f"{maps.LEFT:.2f} {row:.2f}",
        f"{maps.LEFT + cell:.2f} 0.00",
        f"{maps.LEFT + cell:.2f} {row:.2f}",
    ]
    assert short.height == long.height
    assert short.across == long.across  # a step is at the same place in every map


def test_a_deep_model_and_many_steps_have_few_names() -> None:
    [found] = maps.cache_maps([("xl", [[[0, 0]] * 28] * 50)])
    assert [text for _, text in found.across] == [str(step) for step in range(0, 50, 5)]
    assert len(found.down) <= 12
    assert found.height < 320
