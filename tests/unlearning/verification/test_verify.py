"""A verification as a whole, on a toy: what each figure is of, and that the model is left alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from methods.base import Cancelled
from methods.unlearning import verify
from methods.unlearning.request import Request
from methods.unlearning.rows.language import collate
from methods.unlearning.verification.answers import answer_logits
from methods.unlearning.verification.decoding import greedy
from methods.unlearning.verification.figures import NO_HELD_OUT, NO_RETRAIN, ONLY_REMOVED
from methods.unlearning.verification.texts import rouge_l
from tests.unlearning.toy import Letters, adapted, bits, moved, rows_of

ROWS = rows_of(("a b", "cd"), ("e", "fgh"), ("i j k", "l"), ("m", "no"), ("p q", "rst"), ("u", "v"))
HELD_OUT = rows_of(("a c", "cd"), ("f", "gh"), ("w", "xyz"))
REQUEST = Request(
    remove=(0,), replace={1: ROWS[1].edited(answer="fi"), 2: ROWS[2].edited(prompt="i j l")}
)


@pytest.fixture(scope="module")
def toy():
    return adapted()


@pytest.fixture(scope="module")
def variants(toy):
    return {
        "edit": moved(toy.parameters, 1),
        "retrain": moved(toy.parameters, 2),
        "far": moved(toy.parameters, 3, 1.0),
    }


@pytest.fixture(scope="module")
def found(toy, variants):
    return verify(
        toy, variants, ROWS, REQUEST, HELD_OUT, retained=[3, 5], neighbours=[4, 3], batch_size=2
    )


def scored_alone(toy, values, row):
    """A row by itself under some parameters, in a model of its own."""
    model = adapted().model
    model.load_state_dict({**toy.model.state_dict(), **values})
    [scored] = answer_logits(model, collate([toy.encoder().encode(row)])).scored()
    return scored


def test_each_figure_is_the_mean_over_its_rows(toy, variants, found):
    assert list(found.variants) == ["before", "edit", "retrain", "far"]
    for name in ("before", "edit"):
        values = variants.get(name, {key: each.detach() for key, each in toy.parameters.items()})

        def mean(rows, values=values):
            return np.mean([scored_alone(toy, values, row).loss for row in rows])

        figures = found.variants[name]
        assert figures.forget_loss == pytest.approx(mean(ROWS[:3]), abs=1e-5)
        assert figures.corrected_loss == pytest.approx(mean(REQUEST.replace.values()), abs=1e-5)
        assert figures.retain_loss == pytest.approx(mean([ROWS[3], ROWS[5]]), abs=1e-5)
        assert figures.neighbour_loss == pytest.approx(mean([ROWS[4], ROWS[3]]), abs=1e-5)
        assert figures.held_out_loss == pytest.approx(mean(HELD_OUT), abs=1e-5)
        assert figures.membership.members == figures.membership.others == 3
    assert found.retain_change("edit") == pytest.approx(
        found.variants["edit"].retain_loss / found.variants["before"].retain_loss - 1
    )


def test_rows_come_marked_first_then_neighbours_then_the_other_retained(found):
    assert [(row.position, row.role) for row in found.rows] == [
        (0, "marked"),
        (1, "marked"),
        (2, "marked"),
        (4, "neighbour"),
        (3, "neighbour"),
        (5, "retained"),
    ]
    removed, answer, prompt, near, _, retained = (row.variants["edit"] for row in found.rows)
    assert removed.new_loss is removed.new_text is removed.new_exact is None
    assert answer.new_loss is not None
    assert answer.new_text is None  # its prompt is the old one, and so is what it is answered with
    assert prompt.new_text is not None
    assert near.text is not None
    assert retained.text is None


def test_the_adapter_before_reached_nothing_and_the_retrain_itself(found):
    before, retrain, edit = (
        found.variants[name].distances for name in ("before", "retrain", "edit")
    )
    assert before.reached == before.theta.norm_ratio == before.products.norm_ratio == 0
    assert before.log_probs.cosine is None
    assert retrain.reached == retrain.theta.cosine == retrain.log_probs.norm_ratio == 1
    assert retrain.products.cosine == pytest.approx(1)
    assert -1 <= edit.theta.cosine <= 1
    assert edit.reached < 1
    assert found.variants["before"].kl == found.variants["retrain"].kl_from_retrain == 0
    assert found.variants["edit"].kl > 0
    assert found.privleak("retrain") == 0


def test_products_count_with_the_factor_that_peft_multiplies_them_by(toy, variants, found):
    toy.model.first.scaling["default"] = 20.0
    try:
        scaled = verify(toy, variants, ROWS, REQUEST, retained=[3])
    finally:
        toy.model.first.scaling["default"] = 2.0
    cosines = [each.variants["edit"].distances.products.cosine for each in (found, scaled)]
    assert cosines[0] != pytest.approx(cosines[1], abs=1e-6)


@pytest.mark.parametrize("batch_size", [1, 5, 64])
def test_batches_change_nothing(toy, variants, found, batch_size):
    again = verify(
        toy,
        variants,
        ROWS,
        REQUEST,
        HELD_OUT,
        retained=[3, 5],
        neighbours=[4, 3],
        batch_size=batch_size,
    )
    for name, figures in found.variants.items():
        for key, value in figures.record().items():
            other = again.variants[name].record()[key]
            assert other == (pytest.approx(value, abs=1e-5) if isinstance(value, float) else value)
    assert [row.variants["far"].text for row in again.rows] == [
        row.variants["far"].text for row in found.rows
    ]


def greedy_text(toy, row, limit):
    """What the model says to a row's prompt, one prompt alone, and whether it came to an end."""
    sample = toy.encoder().encode(row)
    [tokens] = greedy(toy.model, [sample.input_ids[sample.labels == -100]], [limit], {0})
    return Letters().decode(tokens).strip(), tokens[-1] == 0


def test_texts_are_what_the_model_says_however_far_it_follows_the_answer(toy, found):
    for at, row in enumerate(ROWS[:3]):
        longest = max(len(row.answer), len(REQUEST.replace.get(at, row).answer)) + 1
        text, _ = greedy_text(toy, row, longest + 8)
        figures = found.rows[at].variants["before"]
        assert figures.text == text
        assert figures.rouge_l == rouge_l(row.answer, text).recall
        half, _ = greedy_text(toy, row, 3)
        started = rows_of((row.prompt, f"{half}xx"), ("m", "no"))
        again = verify(toy, {}, started, Request(remove=(0,)), retained=[1], spare_tokens=30)
        assert again.rows[0].variants["before"].text.startswith(text)


def test_a_row_that_the_model_answers_by_itself_is_exact_and_wholly_extracted():
    row = ROWS[0]
    tries = ((seed, *greedy_text(adapted(seed), row, 20)) for seed in range(100))
    seed, text = next((seed, text) for seed, text, ended in tries if ended and len(text) > 1)
    told, other = rows_of((row.prompt, text), (row.prompt, f"{text}q"))
    rows = [told, other, ROWS[3]]
    found = verify(adapted(seed), {}, rows, Request(remove=(0, 1)), retained=[2])
    exact, longer = (each.variants["before"] for each in found.rows[:2])
    assert (exact.text, exact.exact, exact.extraction, exact.rouge_l) == (text, True, 1.0, 1.0)
    assert (longer.text, longer.exact) == (text, False)
    assert found.variants["before"].exact == 0.5


def test_what_is_missing_is_none_and_says_why(toy):
    figures = verify(toy, {}, ROWS, Request(remove=(0,)), retained=[3]).variants["before"]
    record = figures.record()
    for name in (
        "corrected_loss",
        "corrected_exact",
        "held_out_loss",
        "mia_loss",
        "reached",
        "theta_cosine",
        "kl_from_retrain",
    ):
        assert record[name] is None
    assert record["note"] == f"{ONLY_REMOVED} {NO_HELD_OUT} {NO_RETRAIN}"


def test_the_model_is_left_as_it_was_also_when_stopped(toy, variants):
    before = bits(toy.parameters)
    verify(toy, variants, ROWS, REQUEST, HELD_OUT, retained=[3])
    assert bits(toy.parameters) == before
    seen = []

    def stop(done, total, message):
        seen.append((done / total, message))
        if done > 0.3 * total:
            raise Cancelled

    with pytest.raises(Cancelled):
        verify(toy, variants, ROWS, REQUEST, retained=[3], batch_size=2, progress=stop)
    assert bits(toy.parameters) == before
    assert [each for each, _ in seen] == sorted(each for each, _ in seen)
    assert all(each.grad is None for each in toy.parameters.values())


def test_progress_ends_at_the_whole(toy, variants):
    seen = []
    verify(toy, variants, ROWS, REQUEST, retained=[3], progress=lambda *told: seen.append(told))
    assert seen[-1][0] == pytest.approx(seen[-1][1])


def test_what_does_not_fit_is_refused_before_any_work(toy, variants):
    edit = variants["edit"]
    name = next(iter(edit))
    less = {key: value for key, value in edit.items() if key != name}
    cases = [
        ({"variants": {"before": edit}}, 'name "before"'),
        ({"variants": {"edit": less}}, "1 missing"),
        ({"variants": {"edit": {**edit, "other": edit[name]}}}, "1 unknown"),
        ({"variants": {"edit": {**edit, name: edit[name][:1]}}}, "has shape"),
        ({"variants": {"edit": {**edit, name: edit[name] / 0}}}, "not finite"),
        ({"request": Request()}, "marks no row"),
        ({"request": Request(remove=(9,))}, "9 does not exist"),
        ({"retained": []}, "at least one row"),
        ({"retained": [3, 3]}, "given twice"),
        ({"retained": [6]}, "no row 6"),
        ({"retained": [0]}, "row 0 is marked"),
        ({"neighbours": [1]}, "row 1 is marked"),
    ]
    calls = toy.model.calls
    for changed, named in cases:
        settings = {"variants": variants, "request": REQUEST, "retained": [3], **changed}
        with pytest.raises(ValueError, match=named):
            verify(toy, rows=ROWS, **settings)
    assert toy.model.calls == calls


def test_only_held_out_rows_of_the_asked_kinds_are_compared(toy):
    private, plain = rows_of(("a c", "cd"), ("f", "gh"), kind="private"), rows_of(("w", "xyz"))
    rows = [*rows_of(("a b", "cd"), kind="private"), *ROWS[1:]]
    found = verify(toy, {}, rows, Request(remove=(0,)), [plain[0], *private], retained=[3])
    assert found.matched == (1, 2)
    figures = found.variants["before"]
    start = {key: each.detach() for key, each in toy.parameters.items()}
    assert figures.matched_loss == pytest.approx(
        np.mean([scored_alone(toy, start, row).loss for row in private]), abs=1e-5
    )
    assert figures.held_out_loss != figures.matched_loss
    assert any("few" in each for each in found.warnings)


def test_long_prompts_leave_room_in_the_window(toy):
    encoder = toy.encoder()
    encoder.window = 8
    found = verify(
        toy, {}, ROWS, Request(remove=(0,)), retained=[3], encoder=encoder, spare_tokens=50
    )
    assert len(found.rows[0].variants["before"].text) <= 8 - len("a b\n")
    assert torch.is_grad_enabled()
