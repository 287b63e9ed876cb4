"""What an erasure promises beside its numbers: no-ops to the last bit, an untouched model, a guard that holds, plain errors."""

from __future__ import annotations

import pytest
import torch

from methods.unlearning import Request, erase
from methods.unlearning.influence.along import curve_along
from methods.unlearning.influence.solvers.published_settings import Published
from tests.unlearning.influence.problems import Linear, Twice, class_data, cross_entropy, squared

SETTINGS = {"weight_decay": 0.01, "damping": 0.1, "batch_size": 4}


def state_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def unchanged(model, state):
    return all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def wrong(position):
    """The sample with the next class."""
    inputs, target = class_data()[position]
    return inputs, (target + 1) % 3


@pytest.mark.parametrize("replace", [{}, {2: class_data()[2], 5: class_data()[5]}])
def test_a_request_that_changes_nothing_is_nothing_to_the_last_bit(replace):
    model = Twice()
    found = erase(model, class_data(), cross_entropy, Request(replace=replace), **SETTINGS)
    assert found.diagnostics.no_op
    assert found.diagnostics.b_norm == 0
    assert found.diagnostics.steps == ()
    assert all(not value.any() for value in found.update.values())


def test_an_equal_replacement_beside_others_adds_nothing():
    model, data = Twice(), class_data()
    alone = erase(model, data, cross_entropy, Request((1,)), **SETTINGS)
    beside = erase(model, data, cross_entropy, Request((1,), {4: data[4]}), **SETTINGS)
    assert alone.diagnostics.b_norm == beside.diagnostics.b_norm
    for name, value in alone.update.items():
        torch.testing.assert_close(value, beside.update[name], rtol=1e-9, atol=1e-12)


def test_the_update_has_the_trainable_parameters_and_the_model_keeps_its_own():
    model = Twice().train()
    model.up.grad = torch.ones_like(model.up)
    state = state_of(model)
    found = erase(model, class_data(), cross_entropy, Request((1,)), **SETTINGS)
    assert {name: value.shape for name, value in found.update.items()} == {
        name: value.shape for name, value in model.named_parameters() if name != "frozen"
    }
    assert unchanged(model, state)
    assert model.training
    assert torch.equal(model.up.grad, torch.ones_like(model.up))
    assert all(value.dtype == torch.float64 for value in found.update.values())
    for name, value in found.direction.items():
        assert torch.equal(found.diagnostics.step_length * value, found.update[name])


def test_an_interrupted_erasure_leaves_the_model_as_it_was():
    model = Twice().train()
    state, calls = state_of(model), []

    def count(done, total, message):
        calls.append((done, total, message))

    erase(model, class_data(), cross_entropy, Request((1,)), progress=count, **SETTINGS)
    assert [done for done, _, _ in calls] == sorted(done for done, _, _ in calls)
    assert len({total for _, total, _ in calls}) == 1
    assert calls[-1][0] == calls[-1][1]
    for stop in range(0, len(calls), 5):
        left = iter(range(stop))

        def interrupt(done, total, message, left=left):
            if next(left, None) is None:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            erase(model, class_data(), cross_entropy, Request((1,)), progress=interrupt, **SETTINGS)
        assert unchanged(model, state)
        assert model.training
        assert "forward" not in model.__dict__


@pytest.mark.parametrize("solver", ["cg", "lissa", "published", "published_mended"])
def test_the_same_seed_gives_the_same_update(solver):
    def update(seed):
        found = erase(
            Twice(),
            class_data(),
            cross_entropy,
            Request((1,), {4: wrong(4)}),
            solver=solver,
            curvature_rows=6,
            seed=seed,
            published=Published(lr=1e-2, batch=2),
            **SETTINGS,
        )
        return found.update

    first, again, other = update(0), update(0), update(1)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_batches_only_change_the_rounding():
    found = [
        erase(
            Twice(),
            class_data(),
            cross_entropy,
            Request((1,), {4: wrong(4)}),
            **SETTINGS | {"batch_size": size, "keep_linearisation": keep},
        )
        for size, keep in ((1, False), (3, True), (10, False))
    ]
    for each in found[1:]:
        for name, value in each.update.items():
            torch.testing.assert_close(value, found[0].update[name], rtol=1e-9, atol=1e-12)


def test_a_gauge_of_two_factors_is_left_alone():
    """A model A -> B -> loss is the same for (RA, B R^-1): the request has no slope along that, and the product moves alike."""

    class Product(torch.nn.Module):
        def __init__(self, turn):
            super().__init__()
            generator = torch.Generator().manual_seed(1)
            a, b = (
                torch.randn(s, generator=generator, dtype=torch.float64) for s in ((4, 2), (2, 3))
            )
            self.a = torch.nn.Parameter(a @ turn)
            self.b = torch.nn.Parameter(torch.linalg.inv(turn) @ b)

        def forward(self, inputs):
            return inputs @ self.a @ self.b

    angle = torch.tensor(0.7, dtype=torch.float64)
    turn = torch.stack(
        [torch.stack([angle.cos(), angle.sin()]), torch.stack([-angle.sin(), angle.cos()])]
    )
    moved = []
    for each in (torch.eye(2, dtype=torch.float64), turn):
        model = Product(each)
        found = erase(
            model,
            class_data(),
            cross_entropy,
            Request((1,), {4: wrong(4)}),
            tolerance=1e-12,
            line_search=False,
            **SETTINGS,
        )
        a, b = model.a.detach(), model.b.detach()
        moved.append((a + found.update["a"]) @ (b + found.update["b"]) - a @ b)
        # rows of A turned against B: (A X, -X B)
        generator = torch.tensor([[0.3, -1.2], [0.4, 0.8]], dtype=torch.float64)
        strong = erase(
            model, class_data(), cross_entropy, Request((1,)), damping=1e8, line_search=False
        ).update  # proportional to the right-hand side
        along = (strong["a"] * (a @ generator)).sum() - (strong["b"] * (generator @ b)).sum()
        assert abs(float(along)) < 1e-12 * float(strong["a"].norm())
    torch.testing.assert_close(moved[0], moved[1], rtol=1e-8, atol=1e-10)  # a turn is no change


def test_the_guard_holds_and_the_curve_says_what_was_taken():
    model, data = Twice(), class_data()
    found = erase(
        model,
        data,
        cross_entropy,
        Request((0, 3)),
        damping=1e-4,
        retain_tolerance=0.001,
        held_out=class_data(14)[10:],
    )
    told = found.diagnostics
    points = {point.alpha: point for point in told.curve}
    halvings = {0.0, *(2.0**-k for k in range(9))}
    assert list(points) == sorted(points)
    assert set(points) >= halvings
    assert len(points) <= len(halvings) + 1  # the lowest point of a parabola
    assert [point.alpha for point in told.curve if point.chosen] == [told.step_length]
    assert points[told.step_length].allowed
    assert points[told.step_length].retain == told.retain_after
    limit = told.retain_before + 0.001 * max(1.0, told.retain_before)
    for point in told.curve:
        assert point.allowed == (point.retain <= limit)
    assert points[0.0].objective == 0
    with torch.no_grad():  # the reading is what the model says once the update is in
        for name, value in model.named_parameters():
            if name in found.update:
                value += found.update[name]
    model.eval()

    def losses(rows):
        return cross_entropy(model, [torch.stack(each) for each in zip(*rows, strict=True)])

    chosen = points[told.step_length]
    forgotten = losses([data[0], data[3]]).tolist()
    assert chosen.forget_rows == pytest.approx(forgotten, rel=1e-9)
    assert chosen.forget == pytest.approx(sum(forgotten) / 2, rel=1e-9)
    assert chosen.corrected is None
    assert chosen.held_out == pytest.approx(float(losses(class_data(14)[10:]).mean()), rel=1e-9)


def test_the_curve_along_a_given_update_is_that_of_the_erasure():
    model, request = Twice(), Request((0,), {4: wrong(4)})
    found = erase(model, class_data(), cross_entropy, request, **SETTINGS)
    again = curve_along(
        model,
        class_data(),
        cross_entropy,
        request,
        found.direction,
        chosen=found.diagnostics.step_length,
        weight_decay=0.01,
    )
    looked_at = {point.alpha: point for point in found.diagnostics.curve}
    assert len(again) >= 10
    for ours in again:
        theirs = looked_at[ours.alpha]
        assert ours.forget_rows == pytest.approx(theirs.forget_rows, rel=1e-12)
        assert ours.corrected_rows == pytest.approx(theirs.corrected_rows, rel=1e-12)
        assert (ours.alpha, ours.allowed, ours.chosen) == (
            theirs.alpha,
            theirs.allowed,
            theirs.chosen,
        )
    other = {name: value for name, value in found.direction.items() if name != "up"}
    with pytest.raises(ValueError, match="up is a trainable parameter of only one"):
        curve_along(model, class_data(), cross_entropy, request, other)


def opposed(**settings):
    """Two samples at the same place, both met exactly: to move one answer is to lose the other, and the guard allows nothing."""
    one, zero = torch.ones(1, dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    return erase(
        Linear(torch.zeros(1, dtype=torch.float64)),
        [(one, zero), (one, zero)],
        squared,
        Request(replace={1: (one, one[0])}),
        retain_tolerance=0.0,
        **settings,
    )


def test_nothing_is_taken_where_no_step_length_is_allowed():
    found = opposed(damping=1e-3, relinearise=2)
    told = found.diagnostics
    assert told.step_length == 0
    assert all(not value.any() for value in found.update.values())
    assert "nothing was changed" in told.warnings[0]
    assert [step.damping for step in told.steps] == pytest.approx([1e-3, 2e-3, 4e-3])
    assert told.retain_after == told.retain_before


def test_relinearising_eases_the_damping_and_comes_closer_to_the_optimum():
    model, data = Twice(), class_data()
    request = Request(replace={4: wrong(4)})

    def gap(repeats):
        found = erase(
            model,
            data,
            cross_entropy,
            request,
            rhs="newton",
            relinearise=repeats,
            retain_tolerance=9.0,
            **SETTINGS,
        )
        return found.diagnostics, found.diagnostics.curve[-1].objective

    one, first = gap(0)
    three, last = gap(3)
    assert first < 0
    assert last < first
    assert len(one.steps) == 1
    assert [step.damping for step in three.steps] == pytest.approx([0.1 / 3**k for k in range(4)])
    assert three.step_length == 1
    assert all(step.taken for step in three.steps)


def test_a_sweep_tries_all_and_takes_the_best():
    found = erase(
        Twice(),
        class_data(),
        cross_entropy,
        Request(replace={4: wrong(4)}),
        damping_sweep=(10.0, 0.1, 1.0),
        weight_decay=0.01,
    )
    steps = found.diagnostics.steps
    assert sorted(step.damping for step in steps) == [0.1, 1.0, 10.0]
    (taken,) = [step for step in steps if step.taken]
    assert taken.objective == min(step.objective for step in steps)
    assert found.diagnostics.damping == taken.damping == 0.1
    assert found.diagnostics.products == sum(step.products for step in steps)


def test_a_part_of_the_retained_samples_is_judged_by_the_whole_slope():
    """At no distance at all, the objective falls as the right-hand side says, whatever part is looked at."""
    found = erase(
        Twice(),
        class_data(),
        cross_entropy,
        Request((1,)),
        probe_rows=3,
        damping=1.0,
        tolerance=1e-9,
    )
    model, inputs = Twice().eval(), [each.unsqueeze(0) for each in class_data()[1]]
    slopes = torch.autograd.grad(
        cross_entropy(model, inputs).sum() / 10, [model.down, model.up, model.bias]
    )
    expected = sum(
        float((slope * found.direction[name]).sum())
        for name, slope in zip(("down", "up", "bias"), slopes, strict=True)
    )
    near, far = ((-p.objective / p.alpha) for p in found.diagnostics.curve[1:3])  # 1/256, 1/128
    assert 2 * near - far == pytest.approx(expected, rel=1e-5)  # b'x, at the limit of no distance


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rhs": "gradient"}, "rhs must be one of influence, newton; got 'gradient'"),
        ({"curvature": "fisher"}, "curvature must be one of ggn, ggn_lora, hessian, differences"),
        ({"solver": "adam"}, "solver must be one of cg, lissa, published, published_mended"),
        ({"damping": -1.0}, "damping must be a finite number from 0; got -1.0"),
        ({"weight_decay": float("nan")}, "weight_decay must be a finite number"),
        ({"tolerance": 0.0}, "tolerance must lie between 0 and 1"),
        ({"max_iterations": 0}, "max_iterations must be at least 1"),
        ({"damping_sweep": (1.0,), "line_search": False}, "which is switched off"),
        ({"damping_sweep": (1.0,), "solver": "published"}, "published.adjust"),
    ],
)
def test_settings_are_checked_before_any_work(settings, words):
    def never(model, batch):
        raise AssertionError("the model was run")

    with pytest.raises(ValueError, match=words):
        erase(Twice(), class_data(), never, Request((1,)), **settings)


def test_data_model_and_losses_are_checked():
    with pytest.raises(ValueError, match="there is no data"):
        erase(Twice(), [], cross_entropy, Request())
    with pytest.raises(ValueError, match="sample 10 does not exist"):
        erase(Twice(), class_data(), cross_entropy, Request((10,)))
    with pytest.raises(ValueError, match="no trainable parameter"):
        erase(Twice().requires_grad_(False), class_data(), cross_entropy, Request((1,)))
    broken = class_data()
    broken[6] = (broken[6][0] * float("nan"), broken[6][1])
    with pytest.raises(ValueError, match="loss of sample 5 of the group 'retain' is not finite"):
        erase(Twice(), broken, cross_entropy, Request((1,)), rhs="influence")
    with pytest.raises(ValueError, match="gradient of the request is not finite"):
        erase(Twice(), broken, cross_entropy, Request((6,)))


def test_the_hessian_of_a_model_that_is_not_at_a_minimum_is_warned_of():
    def steep(model, batch):
        return -squared(model, batch)

    class Scalar(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.ones(2))

        def forward(self, inputs):
            return inputs @ self.w

    data = [(torch.tensor([1.0, k]), torch.tensor(0.0)) for k in range(4)]
    found = erase(Scalar(), data, steep, Request((1,)), curvature="hessian", damping=0.0)
    assert found.diagnostics.negative_curvature
    assert any("negative curvature" in each for each in found.diagnostics.warnings)
    assert "found no direction" in found.diagnostics.warnings[0]
    assert found.diagnostics.step_length == 0
    assert not found.update["w"].any()


@pytest.mark.parametrize("line_search", [True, False])
def test_a_flat_direction_is_not_called_a_negative_one(line_search):
    """An answer beyond doubt has a slope but no curvature: without damping there is no step to take."""

    def straight(model, batch):
        return model(batch[0]).sum(-1)

    found = erase(
        Twice(), class_data(), straight, Request((1,)), damping=0.0, line_search=line_search
    )
    told = found.diagnostics
    assert [step.empty for step in told.steps] == [True]
    assert told.step_length == 0
    assert "found no direction" in told.warnings[0]
    assert "does not bend" in told.warnings[1]
    assert not any("negative curvature" in each for each in told.warnings)


def test_the_published_solver_is_told_with_its_own_damping_and_not_asked_twice():
    stuck = opposed(solver="published_mended", damping=0.3, relinearise=3)
    assert [(step.damping, step.taken) for step in stuck.diagnostics.steps] == [(0.3, False)]
    shipped = erase(
        Twice(), class_data(), cross_entropy, Request((1,)), solver="published", damping=0.3
    )
    assert shipped.diagnostics.damping == Published().adjust
