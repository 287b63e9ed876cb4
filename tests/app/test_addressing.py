"""Settings in a page's address fill a launch panel."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import Field

from app.addressing import asked, chosen
from app.launching import Panel
from methods.base import Config, Context, Estimate, Method, Preset, Result


class ArmsConfig(Config):
    pairs: str = Field("scenes", json_schema_extra={"group": "main"})
    benchmark: Literal["chair", "pope"] = Field("chair", json_schema_extra={"group": "main"})
    steps: int = Field(60, ge=1, le=100, json_schema_extra={"group": "more"})
    rate: float = Field(0.1, json_schema_extra={"group": "more"})
    arm: Literal["dpo", "damo"] = Field("dpo", json_schema_extra={"group": "policy"})


def run(_config: ArmsConfig, _context: Context) -> Result:
    raise AssertionError("not to be run")


@pytest.fixture
def panel() -> Panel:
    presets = {
        "dpo": Preset("DPO", {"arm": "dpo"}),
        "damo": Preset("DAMO", {"arm": "damo"}),
        "long": Preset("DAMO, long", {"arm": "damo", "steps": 100}),
    }
    method = Method(
        "toy.arms", "Arms", "toy", ArmsConfig, run, lambda _: Estimate(1, 1), presets=presets
    )
    return Panel(method)


def test_named_settings_are_read_in_their_type(panel: Panel) -> None:
    address = {"pairs": "abc/kept.jsonl", "benchmark": "pope", "steps": "12", "other": "1"}
    assert asked(panel, address) == {"pairs": "abc/kept.jsonl", "benchmark": "pope", "steps": 12}


def test_what_cannot_be_read_stays_out(panel: Panel) -> None:
    assert asked(panel, {"benchmark": "amber", "steps": "many", "rate": "x", "arm": "damo"}) == {}


def test_policies_are_chosen_by_their_keys(panel: Panel) -> None:
    assert chosen(panel, {"preset": "damo,long,other"}) == ["damo", "long"]
    assert chosen(panel, {"pairs": "scenes"}) == []
