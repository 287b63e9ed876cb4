"""The run of `unlearning.erase`: one request, one edit, what stands beside it, and the proof of what changed."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from methods.base import Context, Result
from methods.unlearning.controls.setting import Setting, Verdict
from methods.unlearning.controls.verdict import NO_OP, judge
from methods.unlearning.editing.beside import Variant, beside, edited_variant, run_beside
from methods.unlearning.editing.closing import save_certificate, save_inputs, save_version
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.curve import Curve, trace_edit
from methods.unlearning.editing.estimate import passes_of, work_of
from methods.unlearning.editing.naming import TITLES
from methods.unlearning.editing.records import (
    curve_records,
    metrics_of,
    row_records,
    variant_records,
)
from methods.unlearning.editing.solving import Edit, find_edit
from methods.unlearning.editing.stages import Kept, Stages
from methods.unlearning.editing.subject import Subject, open_subject
from methods.unlearning.verification.measured import Verification
from methods.unlearning.verification.verify import verify


def run(config: EraseConfig, context: Context) -> Result:
    """Edit an adapter as a request asks, verify it beside its controls, and write a new version with its certificate.

    Raises:
        MethodError: something does not hold or fit together; a model that cannot be edited.
        Cancelled: the run was asked to stop; no adapter has been saved then.
    """
    subject = open_subject(config, context)
    kept = Kept(context)
    stages = Stages(context, shares(config, subject))
    if kept.resumed:
        context.event("info", "going on from the last checkpoint")
    if subject.warning:
        context.event("warning", subject.warning)
    edit = find_edit(subject, config, context, kept, stages.teller("solve", "solving"))
    for said in edit.facts["warnings"]:
        context.event("warning", said)
    curve = trace_edit(
        subject,
        config,
        edit.direction,
        edit.length,
        edit.facts["curve_damping"],
        stages.teller("curve", "trying step lengths"),
    )
    length = curve.chosen.alpha
    variants = {"before": Variant(TITLES["before"], {}, None, 0)}
    variants["edit"] = edited_variant(subject, edit, length)
    if not edit.facts["no_op"]:
        variants |= run_beside(subject, config, kept, stages)
    found = _verify(subject, config, variants, stages)
    told = _told(subject, config, edit, length, found, variants)
    return _close(subject, config, context, edit, curve, variants, found, told, stages)


def shares(config: EraseConfig, subject: Subject) -> dict[str, float]:
    """Work of each stage, in forwards of one row."""
    passes = passes_of(subject.recipe)
    work = work_of(config, len(subject.rows), len(subject.asked.tasks), passes)
    each = work.controls / max(len(config.controls), 1)
    parts = {"solve": work.solve, "curve": work.curve}
    parts |= {name: work.retrain if name.startswith("retrain") else each for name in beside(config)}
    return {name: max(part, 1.0) for name, part in (parts | {"verify": work.verify}).items()}


def _verify(
    subject: Subject, config: EraseConfig, variants: Mapping[str, Variant], stages: Stages
) -> Verification:
    return verify(
        subject.adapted,
        {name: each.parameters for name, each in variants.items() if name != "before"},
        subject.rows,
        subject.request,
        subject.held_out,
        retained=subject.probe.retained,
        neighbours=[each.position for each in subject.probe.neighbours],
        encoder=subject.encoder,
        batch_size=config.rows_at_once,
        progress=stages.teller("verify", "verifying"),
    )


def _told(
    subject: Subject,
    config: EraseConfig,
    edit: Edit,
    length: float,
    found: Verification,
    variants: Mapping[str, Variant],
) -> list[Verdict]:
    """The verdict, most important first."""
    if edit.facts["no_op"]:
        return [NO_OP]
    asked = subject.asked
    setting = Setting(
        rows=len(subject.rows),
        marked=len(asked.tasks),
        removed=len(asked.remove),
        prompts=len(asked.prompts),
        answers=len(asked.answers),
        step_length=length if edit.facts["known_direction"] else edit.facts["first_step_length"],
        searched=config.line_search and config.step_length is None,
        tolerance=config.retain_tolerance,
        steps={name: variants[name].steps for name in config.controls},
    )
    return list(judge(found, setting))


def _close(
    subject: Subject,
    config: EraseConfig,
    context: Context,
    edit: Edit,
    curve: Curve,
    variants: Mapping[str, Variant],
    found: Verification,
    told: list[Verdict],
    stages: Stages,
) -> Result:
    """Record and save everything, the adapter first among the files that count: nothing of it is there before all is known."""
    length = curve.chosen.alpha
    records = variant_records(found, variants)
    sentences = [{"level": each.level, "text": each.text} for each in told]
    context.record("edit_variant", records)
    context.record("edit_row", row_records(subject, found, curve))
    context.record("edit_curve", curve_records(curve))
    context.record("verdict", sentences)
    save_inputs(subject, edit, length, context)
    written = save_version(subject, _change(edit.direction, length), config, context)
    if "retrain" in variants:
        change = _from_before(subject, variants["retrain"].parameters)
        save_version(subject, change, config, context, "retrain.zip")
    save_certificate(
        subject,
        config,
        context,
        {**edit.facts, "step_length": length, "weight_decay": subject.weight_decay},
        written,
        records,
        sentences,
    )
    stages.finish()
    metrics = metrics_of(found, records, edit.facts, length)
    return Result(metrics, " ".join(each["text"] for each in sentences[:2]))


def _change(direction: Mapping[str, Tensor], length: float) -> dict[str, Tensor]:
    return {name: length * each for name, each in direction.items()}


def _from_before(subject: Subject, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    own = subject.adapted.parameters
    return {name: each - own[name].detach().cpu() for name, each in parameters.items()}
