"""What every method promises, whichever it is."""

from __future__ import annotations

import importlib
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from methods import METHODS
from methods.base import Cancelled, Config
from methods.local import LocalContext

SMALLEST = {
    "caching.sample": {"classes": ("3",), "images_per_class": 1, "steps": 3, "correction": "goc"},
    "caching.calibrate": {"steps": 3, "max_classes": 2},
    "alignment.hardness": {"max_pairs": 6},
    "alignment.train": {
        "max_pairs": 14,
        "eval_pairs": 2,
        "max_steps": 2,
        "batch_size": 6,
        "evaluate_scenes": 3,
    },
    "alignment.evaluate": {"max_items": 6, "max_new_tokens": 24, "batch_size": 4},
    "alignment.pairs": {"max_pairs": 60},
    "unlearning.erase": {
        "max_iterations": 3,
        "controls": ("finetune",),
        "control_steps": 2,
        "retained_rows": 20,
        "neighbours": 1,
    },
    "unlearning.rank": {"fisher_rows": 32, "batch_size": 64},
    "unlearning.train": {"max_rows": 12, "epochs": 2.0, "batch_size": 6, "lora_r": 2},
    "anomaly.detect": {
        "graph": "miserables",
        "epochs": 3,
        "denoiser_steps": 3,
        "levels": (0, 50),
        "sampler_steps": 2,
    },
    "fewshot.regularise": {"pictures": 3, "queries": 2, "ways": 3, "episodes": 10},
    "fewshot.look": {"scene_number": 2, "scene_shots": 0, "scales": (0.3, 0.7), "views": 3},
    "fewshot.evaluate": {
        "shots": 1,
        "draws": 1,
        "test_pictures": 6,
        "augmentations": 1,
        "scales": (0.3,),
        "views": 2,
        "classifiers": ("zero_shot", "tip"),
    },
}
"""The cheapest settings of each method: seconds on one CPU thread."""

MEASURED_BY_CLOCK = ("seconds", "per_second", "speed", "memory", "overhead")
"""Metrics with such a word in their name differ from run to run."""

pytestmark = pytest.mark.parametrize("name", METHODS)


def config_of(name):
    return METHODS[name].config(**SMALLEST[name])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Each method run once with its smallest settings, when first asked for."""
    done = {}

    def get(name):
        if name not in done:
            context = LocalContext(tmp_path_factory.mktemp("contract"), seed=11)
            done[name] = METHODS[name].run(config_of(name), context), context
        return done[name]

    return get


def test_an_entry_is_listed_under_its_name_and_family(name):
    method = METHODS[name]
    assert method.name == name
    assert name.split(".")[0] == method.family
    assert method.queue in ("gpu", "cpu")
    assert method.title


def test_the_default_config_builds_and_survives_json(name):
    kind = METHODS[name].config
    assert issubclass(kind, Config)
    for config in (kind(), config_of(name)):
        assert kind.model_validate_json(config.model_dump_json()) == config
        assert kind(**json.loads(config.model_dump_json())) == config


def test_the_schema_is_flat_and_every_field_is_described(name):
    schema = METHODS[name].config.model_json_schema()
    assert schema["additionalProperties"] is False
    assert "$defs" not in schema
    for field, entry in schema["properties"].items():
        assert entry.get("description"), field
        assert entry.get("title"), field
        assert "default" in entry, field
        assert "$ref" not in json.dumps(entry), field
        assert entry.get("type") != "object", field


def test_every_preset_is_a_valid_config(name):
    method = METHODS[name]
    for preset in method.presets.values():
        assert preset.title
        method.config(**preset.values)


def test_its_part_of_the_welcome_tour_holds_and_is_small(name):
    method = METHODS[name]
    if method.demo is None:
        return
    assert method.demo.title
    assert method.demo.text
    assert len({run.title for run in method.demo.runs}) == len(method.demo.runs) > 0
    configs = [method.config(**run.values) for run in method.demo.runs]
    for config in configs:
        if method.check is not None:
            method.check(config, Path)
    assert sum(method.estimate(config).seconds for config in configs) < 60


def test_the_package_says_where_it_comes_from(name):
    text = importlib.import_module(f"methods.{METHODS[name].family}").__doc__
    for heading in ("**Paper**", "**Original code**", "**Follows / departs**"):
        assert heading in text
    assert METHODS[name].papers


def test_importing_it_costs_no_torch(name):
    code = f"import sys, methods.{METHODS[name].family}; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_it_checks_and_estimates_before_it_runs(name):
    method, config = METHODS[name], config_of(name)
    if method.check is not None:
        method.check(config, Path)
    estimate = method.estimate(config)
    assert 0 < estimate.seconds < 3600
    assert 0 < estimate.memory_mb < 1e6


def test_it_ends_with_finite_metrics_a_summary_and_an_artefact(name, finished):
    result, context = finished(name)
    assert result.metrics
    assert all(math.isfinite(value) for value in result.metrics.values())
    assert len(result.summary) > 20
    assert context.artefacts
    for artefact in context.artefacts.values():
        assert (context.folder / artefact.name).stat().st_size == artefact.size


def test_progress_never_falls_and_ends_at_its_total(name, finished):
    _, context = finished(name)
    fractions = [done / total for done, total, _ in context.steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_the_same_seed_gives_the_same_metrics(name, finished, tmp_path):
    first, _ = finished(name)
    again = METHODS[name].run(config_of(name), LocalContext(tmp_path, seed=11))
    assert again.metrics.keys() == first.metrics.keys()
    for metric, value in first.metrics.items():
        if not any(word in metric for word in MEASURED_BY_CLOCK):
            assert again.metrics[metric] == value, metric


def test_cancelling_stops_it(name, tmp_path):
    calls = []

    def cancel(done, total, _message):
        calls.append(done)
        if done > 0:
            raise Cancelled

    context = LocalContext(tmp_path, seed=11, on_progress=cancel)
    with pytest.raises(Cancelled):
        METHODS[name].run(config_of(name), context)
    assert sum(done > 0 for done in calls) == 1
