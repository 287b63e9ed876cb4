"""Which rows are held out."""

from __future__ import annotations

from methods.unlearning.rows.reading import table_of
from methods.unlearning.training.splitting import split


def table(count, answers=None):
    return table_of(
        [{"prompt": f"q{place % (answers or count)}", "answer": "a"} for place in range(count)]
    )


def test_a_share_is_held_out_by_the_seed_and_order_is_kept():
    rows = table(50)
    trained, held = split(rows, 0.1, 3)
    assert (len(trained), len(held)) == (45, 5)
    assert sorted([*trained, *held], key=lambda row: row.position) == list(rows)
    assert [row.position for row in trained] == sorted(row.position for row in trained)
    assert split(rows, 0.1, 3) == (trained, held)
    assert split(rows, 0.1, 4)[1] != held
    assert split(rows, 0.0, 3) == (list(rows), [])


def test_what_comes_twice_is_never_on_both_sides():
    trained, held = split(table(60, answers=20), 0.3, 1)
    assert len(held) == 18
    assert not {row.prompt for row in trained} & {row.prompt for row in held}
