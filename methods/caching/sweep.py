"""What a sweep over policies has to know of them: which settings a policy does not use, and which controls it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from methods.caching.check import CORRECTION_FIELDS, reused_steps
from methods.caching.config import SampleConfig

OF_SCHEDULE = {
    "interval": ("interval", "phase"),
    "router": ("router", "router_threshold"),
    "taylorseer": ("interval", "order"),
    "first_block": ("threshold",),
    "cache_dit": ("threshold", "order"),
}
"""Settings that only some schedules use; one that is not listed uses none of them."""
CORRECTING = ("correction", *CORRECTION_FIELDS, "control")
"""The settings in which a corrected run may differ from plain reuse of the same schedule."""
DEPENDENT = {name for names in OF_SCHEDULE.values() for name in names}


def simplify(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without those that this policy does not use. Weight 0 is plain reuse, bit for bit; so it becomes that."""
    schedule = values.get("schedule", SampleConfig.model_fields["schedule"].default)
    correction = values.get("correction", SampleConfig.model_fields["correction"].default)
    used = OF_SCHEDULE.get(str(schedule), ())
    kept = {name: value for name, value in values.items() if name in used or name not in DEPENDENT}
    if correction == "none" or schedule == "none" or values.get("weight") == 0:
        kept = {name: value for name, value in kept.items() if name not in CORRECTING}
        kept["correction"] = "none"
    else:
        auto = str(values.get("positions")).strip() == "auto"
        if correction != "eoc" or not auto:
            kept.pop("trend_threshold", None)  # the rule of EOC's chosen steps
        if correction == "goc" and not auto:
            kept.pop("prior", None)  # it serves EOC, and steps that are chosen by it
    if schedule == "none":  # nothing is reused, so there is nothing to correct
        del kept["correction"]
    return kept


def controls(config: SampleConfig) -> Sequence[Mapping[str, Any]]:
    """Plain reuse beside a corrected policy, and as many uncached steps as a policy with a fixed schedule computes."""
    found: list[Mapping[str, Any]] = []
    if config.correction != "none":
        found.append({"correction": "none"})
    reused = reused_steps(config)
    computed = config.steps - len(reused) if reused else 0  # a router's are not known here
    if computed >= 2:
        fewer = {"steps": computed, "reference_steps": config.compared_steps()}
        found.append({"schedule": "none", **fewer})
    return found
