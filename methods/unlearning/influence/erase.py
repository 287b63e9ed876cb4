"""Changes a trained model as if some of its training data had been absent or different, by its influence on the optimum.

With n samples, l the loss of one, and the objective L = 1/n sum l + wd/2 |theta|^2 trained to theta0, a request S that
takes old samples out and puts new ones in moves the optimum, to first order (arXiv:2412.00383, equations 8 to 11), by

    A x = b,    b = 1/n sum_S [grad l(old) - grad l(new)]  (influence)   or   -grad L_new(theta0)  (newton)

where A is the curvature of the edited data's loss + (wd + damping) I. The two right-hand sides are equal where training had
converged; elsewhere the second also finishes it. A step length is searched, and all can be repeated from the new point.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from methods.unlearning.influence.curvature.choosing import Curvature, check_quantised
from methods.unlearning.influence.diagnostics import Erasure
from methods.unlearning.influence.erasing import Erasing
from methods.unlearning.influence.losses import Collate, Losses, PerSampleLoss, second_order
from methods.unlearning.influence.progress import Report
from methods.unlearning.influence.settings import CurvatureData, Rhs, Settings, Solver
from methods.unlearning.influence.solvers.published_settings import Published, enough_steps
from methods.unlearning.request import Request

__all__ = ["Erasure", "erase"]


def erase(
    model: nn.Module,
    data: Sequence[Any],
    per_sample_loss: PerSampleLoss,
    request: Request,
    *,
    rhs: Rhs = "influence",
    curvature: Curvature = "ggn",
    curvature_data: CurvatureData = "edited",
    weight_decay: float = 0.0,
    damping: float = 1e-2,
    max_iterations: int = 50,
    tolerance: float = 1e-3,
    line_search: bool = True,
    relinearise: int = 0,
    collate: Collate | None = None,
    solver: Solver = "cg",
    damping_sweep: Sequence[float] = (),
    retain_tolerance: float = 0.02,
    curvature_rows: int = 0,
    probe_rows: int = 0,
    held_out: Sequence[Any] = (),
    batch_size: int = 16,
    keep_linearisation: bool = False,
    published: Published | None = None,
    seed: int = 0,
    progress: Report | None = None,
) -> Erasure:
    """The update of the trainable parameters that a request asks for. The model itself is not changed.

    Cost, with F a forward pass of one sample: 3 F for each marked sample and each replacement, `max_iterations` x 4 F for each
    sample of the curvature, 10 F for each sample that the line search looks at; the last two again for each relinearisation.

    Args:
        model: any module; what may change are its parameters with `requires_grad`. It is run in evaluation mode.
        data: the samples it was trained on, each in the form that `collate` takes.
        per_sample_loss: (model, batch) -> (B,), in nats; calls `model` once. With the Gauss-Newton matrix only what it makes
            of that call's tensor (or `.logits`) is differentiated.
        request: what to remove and replace.
        rhs: "influence" removes what the request asks for; "newton" goes for the edited data's optimum, see above.
        curvature: "ggn", the Gauss-Newton matrix; "ggn_lora", the same with the coupling of the factors of LoRA modules, which
            matters under `weight_decay` and is cut to it; "hessian", by double backward; "differences", the Hessian by differences of
            gradients, for models without second derivatives.
        curvature_data: "edited" takes the curvature of the edited data; "original" that of the data before the request for the first
            step, as the influence function has it. At a minimum the exact Hessian of the original data has no negative directions,
            and where a request moves much that of the edited data has them there. Later steps are near the edited data's minimum
            and take its curvature in either case, and the published solver takes the original data always.
        weight_decay: wd above, as L2 in the objective (not AdamW's, which is of no objective).
        damping: added to the curvature only.
        max_iterations: of the solver.
        tolerance: at which relative residual the solver stops, in (0, 1).
        line_search: search the step length in 1, 1/2, ..., 1/256 with the least objective that leaves the retained
            samples' loss alone, and look where a parabola through it and its neighbours is lowest; False takes the whole step, unguarded.
        relinearise: how many times to repeat from the point reached, with a third of the damping after a step that was
            taken and twice it after one that was not.
        collate: from a list of samples to a batch; None stacks tensors.
        solver: "cg", conjugate gradients; "lissa"; "published", the paper's in the arithmetic of its code, with
            `published` and the original data's curvature; "published_mended", the same without its factor of one half.
        damping_sweep: dampings to try at the first step instead of `damping`; the one whose step has the least objective is taken.
        retain_tolerance: of the guard: the mean loss of the retained samples may rise by this fraction, or this many nats where
            it is below 1.
        curvature_rows: take the curvature of so many samples, drawn by `seed` once; 0 takes all.
        probe_rows: let the line search look at so many retained samples, drawn by `seed`; 0 looks at all.
        held_out: samples that were not trained on, for the curve only.
        batch_size: samples through the model at once; the result depends on it by rounding only.
        keep_linearisation: hold all batches' graphs during a solve; faster, for their activations in memory.
        published: settings of the published solver; None takes those of its code, and for the mended one `enough_steps`.
        seed: of the two draws and of the published solver's batches.
        progress: called as (done, total, message) after every batch; what it raises ends the work.

    Returns:
        The update; all zeros, with `diagnostics.no_op`, where the right-hand side is zero bit for bit.

    Raises:
        ValueError: a setting, the request, the model or the losses are not as described; the message says what.
    """
    started = time.perf_counter()
    if published is None:
        published = enough_steps(damping) if solver == "published_mended" else Published()
    settings = Settings(
        rhs=rhs,
        curvature=curvature,
        curvature_data=curvature_data,
        solver=solver,
        weight_decay=weight_decay,
        damping=damping,
        damping_sweep=tuple(damping_sweep),
        max_iterations=max_iterations,
        tolerance=tolerance,
        line_search=line_search,
        retain_tolerance=retain_tolerance,
        relinearise=relinearise,
        curvature_rows=curvature_rows,
        probe_rows=probe_rows,
        keep_linearisation=keep_linearisation,
        published=published,
        seed=seed,
    )
    if not len(data):
        raise ValueError("there is no data: erase needs the samples that the model was trained on")
    request.check(len(data))
    check_quantised(model, curvature)
    with second_order(model):
        losses = Losses(model, per_sample_loss, collate, batch_size)
        found = Erasing(losses, data, request, settings, held_out, progress).run()
    seconds = time.perf_counter() - started
    return replace(found, diagnostics=replace(found.diagnostics, seconds=seconds))
