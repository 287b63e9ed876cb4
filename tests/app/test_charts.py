"""Curves drawn on the server."""

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
