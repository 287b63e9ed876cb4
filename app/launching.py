"""What a launch panel does: its widgets' raw values become launches, an estimate, an error in words, a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from textwrap import shorten
from typing import Any

from app.form import Field, fields_of, values_of
from backend import services
from backend.services import Method, Preset, RunView
from backend.settings import settings

CUSTOM = "Custom policy"
FILES = ("artefact", "upload")
"""Widgets of settings that name a file."""
LATEST = 50
TITLE = 100
NAMED = 3
"""Policies that the title of a comparison names; of more, it says how many."""


@dataclass(frozen=True)
class Plan:
    """What a person asks for.

    Attributes:
        shared: settings of every run.
        files: what policies may need, such as a prior; each run takes the fewest with which its settings hold.
        presets: the chosen policies by key.
        custom: the settings of a policy of the person's own, or None.
    """

    shared: Mapping[str, Any]
    files: Mapping[str, str]
    seed: int
    presets: Sequence[str]
    custom: Mapping[str, Any] | None
    title: str


@dataclass(frozen=True)
class Panel:
    """A method's settings as its launch panel groups them."""

    method: Method

    @cached_property
    def fields(self) -> list[Field]:
        return fields_of(self.method.config)

    def group(self, name: str) -> list[Field]:
        """The fields of "main", "more", "policy", or "files": what a policy needs but is not made of.

        Where no preset is a policy, the settings of one are among the others under "more".
        """
        return [field for field in self.fields if self._group(field) == name]

    def _group(self, field: Field) -> str:
        group = _group(field)
        return "more" if group == "policy" and not self.has_policies else group

    @property
    def has_policies(self) -> bool:
        """Whether presets can be policies, of which several run at once; else all of them only fill the form."""
        settings = any(_group(field) == "policy" for field in self.fields)
        presets = self.method.presets.values()
        return settings and not (presets and all(preset.fills for preset in presets))

    @property
    def order(self) -> list[Field]:
        """The fields in the order in which the page hands over their values."""
        return [field for name in ("main", "files", "more", "policy") for field in self.group(name)]

    @cached_property
    def policies(self) -> dict[str, Preset]:
        """The presets that run side by side; none where all of them only fill the form."""
        presets = self.method.presets.items()
        return {key: each for key, each in presets if self.has_policies and not each.fills}

    @cached_property
    def fillers(self) -> dict[str, Preset]:
        """The presets that fill the form."""
        presets = self.method.presets.items()
        return {key: each for key, each in presets if key not in self.policies}

    def plan(
        self, seed: Any, presets: Sequence[str], use_custom: bool, title: str, raw: Sequence[Any]
    ) -> Plan:
        """Read the widgets.

        Raises:
            services.MethodError: the seed is no whole number, or no policy is chosen.
        """
        if seed is None or not 0 <= seed <= services.MAX_SEED or seed != int(seed):
            allowed = f"a whole number from 0 to {services.MAX_SEED}"
            raise services.MethodError(f"seed: {allowed} is allowed, got {seed!r}")
        if self.has_policies and not presets and not use_custom:
            raise services.MethodError("policies: choose at least one")
        values = values_of(self.order, list(raw))
        policy = self.group("policy") if self.has_policies else []
        own = {field.name: values.pop(field.name) for field in policy}
        given = {field.name: values.pop(field.name) for field in self.group("files")}
        return Plan(
            shared=values,
            files={name: value for name, value in given.items() if value},
            seed=int(seed),
            presets=[key for key in self.policies if key in presets],
            custom=own if use_custom else None,
            title=title.strip(),
        )

    def launches(self, plan: Plan) -> list[services.Launch]:
        """One launch a policy, in the order of the presets, so that the control comes first.

        Raises:
            services.MethodError: the settings of one do not hold, with its title.
        """
        if not self.has_policies:
            return [self._launch(plan, plan.title or self.method.title, plan.shared)]
        made = []
        for key in plan.presets:
            title, values = self.policy(key, plan.shared)
            made.append(self._launch(plan, title, {**plan.shared, **values}))
        if plan.custom is not None:
            made.append(self._launch(plan, CUSTOM, {**plan.shared, **plan.custom}))
        return made

    def policy(self, key: str, shared: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Title and values of a preset among the person's own settings.

        A main setting that a preset leaves at the method's default is the person's to choose. One that runs fewer steps
        than the run it is measured against keeps that ratio to the person's number of steps.
        """
        preset = self.method.presets[key]
        defaults = {field.name: field.default for field in self.group("main")}
        values = {
            name: value
            for name, value in preset.values.items()
            if name not in defaults or value != defaults[name]
        }
        steps = shared.get("steps")
        if "reference_steps" not in values or not isinstance(steps, int):
            return preset.title, values
        fewer = max(2, round(steps * preset.values["steps"] / preset.values["reference_steps"]))
        title = preset.title.replace(str(preset.values["steps"]), str(fewer), 1)
        return title, {**values, "steps": fewer, "reference_steps": steps}

    def _launch(self, plan: Plan, title: str, values: Mapping[str, Any]) -> services.Launch:
        wrong: services.MethodError | None = None
        for count in range(len(plan.files) + 1):
            for names in combinations(plan.files, count):
                tried = {**values, **{name: plan.files[name] for name in names}}
                try:
                    services.validate(self.method.name, tried)
                except services.MethodError as error:
                    wrong = error  # the last tried has all files: it says what does not fit
                else:
                    return services.Launch(self.method.name, tried, plan.seed, title)
        raise services.MethodError(f"{title}: {wrong}")

    def origin(self, run: RunView) -> tuple[str | None, dict[str, Any]]:
        """The policy that gives this run's settings, if one does, and the settings a person had beside it."""
        policy = {field.name for field in self.group("policy")}
        files = {field.name for field in self.group("files")}
        own = {name: value for name, value in run.config.items() if name not in policy | files}
        kept = {name: run.config[name] for name in files if name in run.config}
        keys = list(self.policies)
        # Fewer steps first: with what they are measured against, they look like an uncached run of few steps.
        keys.sort(key=lambda key: "reference_steps" not in self.method.presets[key].values)
        for key in keys:
            shared = dict(own)
            if "reference_steps" in self.method.presets[key].values:
                shared |= {"steps": own.get("reference_steps"), "reference_steps": None}
            _, values = self.policy(key, shared)
            try:
                config = services.validate(self.method.name, {**shared, **kept, **values})
            except (
                services.MethodError
            ):  # a policy that does not go with these settings is not theirs
                continue
            if config.model_dump(mode="json") == run.config:
                return key, shared
        return None, own


def _group(field: Field) -> str:
    needed = field.group == "policy" and field.widget in FILES
    return "files" if needed else field.group


@dataclass(frozen=True)
class Need:
    """What the runs of a launch need.

    Attributes:
        each: title and estimate of every run, in the order they will start.
        seconds: of all runs one after another.
        memory_mb: of the largest.
    """

    each: tuple[tuple[str, services.Estimate], ...]
    seconds: float
    memory_mb: float


def need(launches: Sequence[services.Launch]) -> Need:
    """What each run needs, and all of them together."""
    each = tuple(
        (launch.title, services.estimate(launch.method, launch.values)) for launch in launches
    )
    seconds = sum(estimate.seconds for _, estimate in each)
    return Need(each, seconds, max(estimate.memory_mb for _, estimate in each))


def described(launches: Sequence[services.Launch]) -> str:
    """A title for a comparison that was given none: its policies and seed."""
    titles = [launch.title for launch in launches]
    shown = titles if len(titles) <= NAMED + 1 else titles[:NAMED]
    left = len(titles) - len(shown)
    named = ", ".join(shown) + (f" and {left} more" if left else "")
    return f"{shorten(named, TITLE, placeholder=' …')} · seed {launches[0].seed}"


def finished_before(launches: Sequence[services.Launch]) -> dict[int, RunView]:
    """For each launch that was run before, by its place, the run."""
    found = {
        place: services.find_same(launch.method, launch.values, launch.seed)
        for place, launch in enumerate(launches)
    }
    return {place: run for place, run in found.items() if run is not None}


def start(launches: Sequence[services.Launch], title: str, reuse: Mapping[int, RunView]) -> str:
    """Queue what is not reused and compare it all; returns the comparison's id."""
    fresh = [launch for place, launch in enumerate(launches) if place not in reuse]
    if not reuse:
        return services.submit_many(fresh, title=title)[0].id
    runs = iter(services.submit_many(fresh, title=title)[1] if fresh else [])
    ids = [reuse[place].id if place in reuse else next(runs).id for place in range(len(launches))]
    return services.create_comparison(ids, title).id


def offers(field: Field, family: str) -> list[tuple[str, str]]:
    """What is known that would do for `field`: (what the person reads, the value); anything else may be typed."""
    known = field.examples or (() if field.default is None else (field.default,))
    found = [(str(value), str(value)) for value in known]
    if field.widget == "model":
        folder = settings().models_dir
        models = sorted(folder.glob("*/model_index.json")) if folder else []
        found += [(path.parent.name, str(path.parent)) for path in models]
    elif field.widget == "upload":
        found += [(item.name, item.sha256) for item in services.datasets(field.name)]
    elif field.widget == "artefact":
        name = f"{field.name}{field.suffix}"
        page = services.list_runs(family=family, statuses=("succeeded",), limit=LATEST)
        for run in page.runs:
            if any(item.name == name for item in services.artefacts(run.id)):
                found.append((f"{run.title} · {run.id}", f"{run.id}/{name}"))
    return found
