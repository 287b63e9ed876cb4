"""What a sweep has to know of objectives: which settings each uses, its honest controls, and what is traded for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from methods.alignment.training.config import TrainConfig
from methods.alignment.training.objectives import (
    DEFAULT_LOSSES,
    FILTERING,
    HARDNESS_AWARE,
    Objective,
)
from methods.alignment.training.summary import NAMES
from methods.base import Axis, Tradeoff

DYNAMIC = ("data_aware", *FILTERING)
USED_BY: Mapping[str, tuple[str, ...]] = {
    "losses": ("dpo",),
    "loss_weights": ("dpo",),
    "label_smoothing": ("dpo",),
    "sft_weight": ("dpo", *DYNAMIC),
    "beta": ("dpo", *DYNAMIC),
    "drop": FILTERING,
    "gamma": FILTERING,
    "min_beta": DYNAMIC,
    "reading": ("model_aware", "damo"),
    "filter_width": ("model_aware", "damo"),
    "gain": ("beta_dpo",),
    "hardness": HARDNESS_AWARE,
}
"""Settings that only some objectives use."""
PLAIN: dict[str, Any] = {
    "losses": list(DEFAULT_LOSSES),
    "loss_weights": [],
    "label_smoothing": 0.0,
}
"""DPO's own loss."""


def simplify(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without those that the objective does not use."""
    fields = TrainConfig.model_fields
    objective = str(values.get("objective", fields["objective"].default))
    model = values.get("model", fields["model"].default)
    kept = {
        name: value
        for name, value in values.items()
        if objective not in NAMES or name not in USED_BY or objective in USED_BY[name]
    }
    if model != "scenes":
        kept.pop("evaluate_scenes", None)
    if kept.get("max_steps") is not None:
        kept.pop("epochs", None)
    return kept


def controls(config: TrainConfig) -> Sequence[Mapping[str, Any]]:
    """Plain DPO and SFT on the same pairs, for the same steps."""
    found: list[Mapping[str, Any]] = []
    if config.objective != "dpo" or config.losses != DEFAULT_LOSSES:
        found.append(
            {"objective": "dpo", **PLAIN, **({"sft_weight": 0.0} if _is_sft(config) else {})}
        )
    if not _is_sft(config):
        found.append({"objective": "sft", **PLAIN, "sft_weight": 0.0})
    return found


def _is_sft(config: TrainConfig) -> bool:
    return config.objective == "sft"


def twin(config: Mapping[str, Any], objective: Objective = "dpo") -> str:
    """The settings of the plain control of a run, as text: runs with this key and the same seed are paired."""
    values = {**config, "objective": objective, **PLAIN}
    return repr(sorted((name, _plain(value)) for name, value in simplify(values).items()))


def own_key(config: Mapping[str, Any]) -> str:
    """A run's own settings, as text, without those that it does not use."""
    return repr(sorted((name, _plain(value)) for name, value in simplify(config).items()))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def comparable(config: Mapping[str, Any]) -> dict[str, Any]:
    """What must agree: the same model, pairs and work, and the same scenes described."""
    names = ("model", "pairs", "format", "images", "max_pairs", "eval_pairs", "evaluate_scenes")
    return {name: config.get(name) for name in (*names, "adapter")}


def kind(config: Mapping[str, Any]) -> str:
    """The objective of a run in a word or two."""
    name = NAMES.get(str(config.get("objective")), str(config.get("objective")))
    if config.get("objective") == "dpo" and list(config.get("losses", ["sigmoid"])) != ["sigmoid"]:
        return "other losses of TRL"
    return f"{name}, anchored" if config.get("sft_weight") else name


TRADEOFF = Tradeoff(
    x=(Axis("recall", True), Axis("mentions", True), Axis("background_right", True)),
    y=(Axis("chair_i", False), Axis("chair_s", False), Axis("reward_accuracy", True)),
    comparable=comparable,
    kind=kind,
)
