"""The controls: their steps against a slow loop, what they go towards, and that the adapter is left alone."""

from __future__ import annotations

import math

import pytest
import torch

from methods.base import Cancelled
from methods.unlearning import verify
from methods.unlearning.controls.controls import CONTROLS, RATES, npo, rate_of, run_control
from methods.unlearning.controls.descent import log_probs_of
from methods.unlearning.controls.objectives import npo_losses, stratified_weights
from methods.unlearning.controls.plan import Budget, Plan, shares, steps_of
from methods.unlearning.request import Request
from methods.unlearning.rows.language import collate, per_sample_loss
from tests.unlearning.toy import adapted, bits, rows_of

ROWS = rows_of(("a b", "cd"), ("e", "fgh"), ("i j k", "l"), ("m", "no"), ("p q", "rst"), ("u", "v"))
FEW = Budget(steps=5, rate=0.02, batch_size=4)


@pytest.fixture(scope="module")
def toy():
    return adapted()


@pytest.fixture(scope="module")
def samples(toy):
    return [toy.encoder().encode(row) for row in ROWS]


@pytest.fixture(scope="module")
def request_(toy):
    new = toy.encoder().encode(ROWS[1].edited(answer="hg"))
    return Request(remove=(0,), replace={1: new})


def losses_of(toy, samples):
    with torch.no_grad():
        return per_sample_loss(toy.model, collate(samples))


def ended(control, samples):
    """Losses of rows under what a control came to, in a model of its own."""
    other = adapted()
    other.model.load_state_dict({**other.model.state_dict(), **control.parameters})
    return losses_of(other, samples)


def slow_adam(objective, steps, rate, decay=0.0):
    """Adam written out, in a model of its own, one gradient of the whole objective a step."""
    other = adapted()
    state = {
        name: (torch.zeros_like(each), torch.zeros_like(each))
        for name, each in other.parameters.items()
    }
    values = []
    for step in range(1, steps + 1):
        loss = objective(other.model)
        values.append(float(loss.detach()))
        grads = torch.autograd.grad(loss, list(other.parameters.values()))
        with torch.no_grad():
            for (name, each), grad in zip(other.parameters.items(), grads, strict=True):
                grad = grad + decay * each
                mean, square = state[name]
                mean.mul_(0.9).add_(0.1 * grad)
                square.mul_(0.999).add_(0.001 * grad**2)
                each -= (
                    rate * (mean / (1 - 0.9**step)) / ((square / (1 - 0.999**step)).sqrt() + 1e-8)
                )
    return other.parameters, values


def check_against(control, objective, decay=0.0):
    parameters, values = slow_adam(objective, FEW.steps, FEW.rate, decay)
    assert control.losses == pytest.approx(values, abs=1e-4)
    for name, each in parameters.items():
        torch.testing.assert_close(control.parameters[name], each.detach(), atol=2e-4, rtol=1e-3)


def test_the_fine_tune_descends_the_edits_own_objective(toy, samples, request_):
    budget = Budget(steps=5, rate=0.02, batch_size=2, weight_decay=0.1)
    control = run_control("finetune", toy, samples, request_, budget)
    edited = collate(request_.edited(samples))
    check_against(control, lambda model: per_sample_loss(model, edited).sum() / len(ROWS), 0.1)
    assert control.steps == 5
    assert control.title == "Fine-tune on the corrected rows, 5 steps"


def test_of_a_removal_the_fine_tune_sees_the_other_rows_only(toy, samples):
    control = run_control("finetune", toy, samples, Request(remove=(0, 3)), FEW)
    rest = collate([samples[at] for at in (1, 2, 4, 5)])
    check_against(control, lambda model: per_sample_loss(model, rest).sum() / len(ROWS))
    assert control.title == "Fine-tune on the other rows, 5 steps"


def test_ascent_climbs_the_old_content_and_knows_no_correction(toy, samples, request_):
    control = run_control("ascent", toy, samples, request_, FEW)
    old = collate(samples[:2])
    check_against(control, lambda model: -per_sample_loss(model, old).mean())
    assert (ended(control, samples[:2]) > losses_of(toy, samples[:2])).all()
    assert "knows no corrections" in control.note
    assert run_control("ascent", toy, samples, Request(remove=(0,)), FEW).note == ""


@pytest.mark.parametrize("retain", [0.0, 0.7])
def test_npo_written_out(toy, samples, request_, retain):
    control = npo(toy, samples, request_, FEW, lambda *_: None, beta=0.3, retain_weight=retain)
    old, edited = collate(samples[:2]), collate(request_.edited(samples))
    tokens = torch.tensor([sample.answer_tokens for sample in samples[:2]])
    before = -losses_of(toy, samples[:2]) * tokens

    def objective(model):
        log_probs = -per_sample_loss(model, old) * tokens
        loss = -2 / 0.3 * torch.nn.functional.logsigmoid(-0.3 * (log_probs - before)).mean()
        return loss + retain * per_sample_loss(model, edited).sum() / len(ROWS)

    check_against(control, objective)
    assert control.title == f"NPO{' with a retain term' if retain else ''}, 5 steps"
    assert (control.note == "") == bool(retain)
    torch.testing.assert_close(log_probs_of(toy, samples[:2], 1), before)


def test_a_rate_that_is_not_chosen_is_the_controls_own():
    assert [rate_of(name, Budget()) for name in CONTROLS] == [RATES[name] for name in CONTROLS]
    assert rate_of("npo", Budget(rate=0.5)) == 0.5


def test_npo_in_its_limits_and_by_hand():
    reference = torch.tensor([-3.0, -1.0])
    assert npo_losses(reference, reference, 0.1).tolist() == pytest.approx([20 * math.log(2)] * 2)
    log_probs = torch.tensor([-4.0, 0.0], dtype=torch.float64, requires_grad=True)
    # beta towards 0: gradient ascent on the log-probability
    near = npo_losses(log_probs, reference.double(), 1e-6) - 2e6 * math.log(2)
    assert near.tolist() == pytest.approx([-1.0, 1.0], abs=1e-5)
    # its gradient's weight is 2 p^b / (p^b + ref^b)
    (grads,) = torch.autograd.grad(npo_losses(log_probs, reference.double(), 0.5).sum(), log_probs)
    powers = [(math.exp(0.5 * p), math.exp(0.5 * r)) for p, r in ((-4, -3), (0, -1))]
    assert grads.tolist() == pytest.approx([2 * p / (p + r) for p, r in powers])
    with pytest.raises(ValueError, match="beta must be above 0, got 0"):
        npo_losses(reference, reference, 0)


@pytest.mark.parametrize("name", CONTROLS)
def test_same_bytes_again_whatever_the_batches_and_nothing_left_behind(
    toy, samples, request_, name
):
    before = bits(toy.parameters)
    first = run_control(name, toy, samples, request_, FEW)
    again = run_control(name, toy, samples, request_, FEW)
    assert bits(first.parameters) == bits(again.parameters) != before
    alone = run_control(name, toy, samples, request_, Budget(steps=5, rate=0.02, batch_size=1))
    for key, value in first.parameters.items():
        torch.testing.assert_close(alone.parameters[key], value, atol=2e-4, rtol=1e-3)
    assert bits(toy.parameters) == before
    assert all(each.grad is None for each in toy.parameters.values())


def test_stopped_in_the_middle_leaves_the_adapter_as_it_was(toy, samples, request_):
    before, seen = bits(toy.parameters), []

    def stop(step, steps):
        seen.append((step, steps))
        if step == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_control("finetune", toy, samples, request_, FEW, stop)
    assert seen == [(1, 5), (2, 5), (3, 5)]
    assert bits(toy.parameters) == before


def test_an_objective_that_blows_up_is_named(samples):
    broken = adapted()
    broken.model.words.mul_(float("nan"))
    before = bits(broken.parameters)
    with pytest.raises(FloatingPointError, match=r"nan at step 1 of 5: lower the rate, 0\.02 now"):
        run_control("ascent", broken, samples, Request(remove=(0,)), FEW)
    assert bits(broken.parameters) == before


def test_dropout_must_be_off(samples, request_):
    training = adapted()
    training.model.train()
    with pytest.raises(ValueError, match="dropout is on"):
        run_control("finetune", training, samples, request_, FEW)
    with pytest.raises(ValueError, match="dropout is on"):
        verify(training, {}, ROWS, Request(remove=(0,)), retained=[3])


def test_requests_that_fit_nothing_are_refused(toy, samples):
    with pytest.raises(ValueError, match="one of finetune, ascent, npo; got 'retrain'"):
        run_control("retrain", toy, samples, Request(remove=(0,)), FEW)
    for request, named in ((Request(), "marks no row"), (Request(remove=(6,)), "does not exist")):
        with pytest.raises(ValueError, match=named):
            run_control("ascent", toy, samples, request, FEW)


def test_a_step_that_is_the_data_set_weighs_every_row_alike():
    assert stratified_weights(2, 3, 0.4) == pytest.approx([0.2] * 5)
    assert stratified_weights(0, 4, 0.0) == [0.25] * 4
    assert stratified_weights(2, 0, 1.0) == [0.5] * 2
    # 1 of 100 rows, half of a step of four: an hundredth of the weight all the same
    assert stratified_weights(2, 2, 0.01) == pytest.approx([0.005, 0.005, 0.495, 0.495])


def test_steps_go_through_all_rows_before_one_comes_again():
    assert steps_of([3, 1], 5, 2, 0) == [[3, 1], [3, 1]]
    steps = steps_of(range(10), 4, 5, 0)
    assert sorted(at for step in steps for at in step) == sorted(list(range(10)) * 2)
    assert steps == steps_of(range(10), 4, 5, 0) != steps_of(range(10), 4, 5, 1)
    assert len(set(steps[0]) | set(steps[1])) == 8


@pytest.mark.parametrize(
    ("changed", "others", "size", "expected"),
    [
        (2, 3, 5, (2, 3)),
        (2, 100, 8, (2, 6)),
        (6, 100, 8, (4, 4)),
        (6, 1, 6, (5, 1)),
        (0, 9, 4, (0, 4)),
        (9, 0, 4, (4, 0)),
    ],
)
def test_up_to_half_of_a_step_is_corrected_rows(changed, others, size, expected):
    assert shares(changed, others, size) == expected


def test_every_control_sees_the_same_rows(samples, request_):
    budget = Budget(steps=4, rows=3, seed=2)
    plan = Plan.of(samples, request_, budget)
    assert plan == Plan.of(samples, request_, budget)
    assert plan.share == pytest.approx(1 / 5)
    assert all(
        len(corrected) == 1 and len(others) == 2
        for corrected, others in zip(plan.corrected, plan.others, strict=True)
    )
    term = plan.edited(0, 0.5)
    assert term.weights == pytest.approx([1 / 12, 1 / 6, 1 / 6])  # half of 5 edited rows of 6
    assert term.samples[0] is request_.replace[1]
    assert [sample.row_id for sample in plan.old(0, lambda loss, *_: loss).samples] == [
        ROWS[0].id,
        ROWS[1].id,
    ]
