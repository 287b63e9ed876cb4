"""The launch panel of a method: shared settings, several policies at once, the rest under "more", an estimate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from app.addressing import asked, chosen
from app.form import OFFERED, Field, component, shown
from app.launching import FILES, Panel, described, finished_before, need, offers, start
from app.widgets import html, markup
from app.widgets.notices import duration, needs, notice, run_before
from backend import services
from backend.services import Method, RunView

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
"""Answered at once, in the reply itself: a page that asks twice in a moment loses answers of Gradio's queue."""
POLICIES = 1
"""Place of the chosen policies among a panel's inputs."""


@dataclass(frozen=True)
class Words:
    """How a panel speaks of the presets that run side by side, and of the seed."""

    one: str = "policy"
    many: str = "policies"
    info: str = "One run each, from the same noise; the first is what the others are compared with."
    seed: str = "The same seed, the same noise."
    about: str = "What each policy is, and what its paper reports"


class LaunchPanel:
    """The widgets of one method's panel and what they do; built inside a page.

    Attributes:
        board: where what was launched is shown; several panels of a page share it.
        meant_otherwise: names in the page's address that are no settings of this panel, though it has such.
    """

    def __init__(
        self,
        method: Method,
        board: gr.HTML,
        policies: Sequence[str] = (),
        words: Words = Words(),
        meant_otherwise: Sequence[str] = (),
    ) -> None:
        self.panel = Panel(method)
        self.words = words
        self.method = method
        self.board = board
        self.meant_otherwise = meant_otherwise
        self.default_policies = [key for key in policies if key in self.panel.policies]
        with gr.Column(elem_classes="launch"):
            self.widgets, self.seed = self._main()
            self.fill_buttons, self.filled_note = self._fillers()
            self.policies = self._policies()
            self.widgets += self._files(self.panel.group("files"))
            with gr.Accordion("More", open=False, elem_id=self._id("more")):
                self.title = gr.Textbox(label="Title", max_lines=1, elem_id=self._id("title"))
                self.widgets += self._row(self.panel.group("more"))
                self.use_custom = gr.Checkbox(
                    label=f"Also run {_a(words.one)} of my own",
                    elem_id=self._id("custom"),
                    visible=self.panel.has_policies,
                )
                self.widgets += self._row(self.panel.group("policy"))
            self.parent = gr.State(None)
            self.problem = html("")
            with gr.Row(elem_classes="go"):
                self.button = gr.Button(
                    "Launch", variant="primary", scale=0, elem_id=self._id("launch")
                )
                self.estimate = html("", elem_classes="estimate")
            with gr.Accordion(
                f"What each {words.one} needs",
                visible=self.panel.has_policies,
                elem_id=self._id("needs"),
            ):
                self.needs = html("")
            with gr.Row(visible=False, elem_classes="go") as self.again:
                self.reuse = gr.Button(
                    "Use those, run the rest", variant="primary", scale=0, elem_id=self._id("reuse")
                )
                self.anew = gr.Button("Run all again", scale=0, elem_id=self._id("anew"))

    def _id(self, name: str) -> str:
        return f"{self.method.name.replace('.', '-')}-{name}"

    def _main(self) -> tuple[list[Any], gr.Number]:
        """The main settings, and the seed beside them."""
        fields = self.panel.group("main")
        with gr.Row(elem_classes="fields"):
            made = [self._widget(field) for field in fields]
            seed = gr.Number(
                0,
                label="Seed",
                info=self.words.seed,
                precision=0,
                elem_id=self._id("seed"),
            )
        self._connect(fields, made)
        return made, seed

    def _row(self, fields: list[Field]) -> list[Any]:
        """Widgets side by side."""
        with gr.Row(elem_classes="fields"):
            made = [self._widget(field) for field in fields]
        self._connect(fields, made)
        return made

    def _connect(self, fields: list[Field], made: list[Any]) -> None:
        """What files are known for each widget that takes one; below them a button for each that a person may bring."""
        files = [pair for pair in zip(fields, made, strict=True) if pair[0].widget in FILES]
        self._uploaders([pair for pair in files if pair[0].widget == "upload"])
        for field, widget in files:
            known = partial(offers, field, self.method.family)
            widget.focus(lambda known=known: gr.update(choices=known()), None, widget, **QUIET)

    def _files(self, fields: list[Field]) -> list[Any]:
        """What some policies need, folded away."""
        if not fields:
            return []
        titles = " and ".join(field.title.lower() for field in fields)
        with gr.Accordion(f"Files that some {self.words.many} need: {titles}", open=False):
            return self._row(fields)

    def _widget(self, field: Field) -> Any:
        return component(field, field.default, self._id(field.name))

    def _uploaders(self, files: list[tuple[Field, Any]]) -> None:
        """For each field and its widget a button that takes a file in and chooses it; below them why one was refused."""
        if not files:
            return
        with gr.Row(elem_classes="go"):
            buttons = [
                gr.UploadButton(
                    f"Upload: {field.title}",
                    scale=0,
                    file_types=field.suffix.split(",") if field.suffix else None,
                    size="sm",
                    elem_id=self._id(f"{field.name}-upload"),
                )
                for field, _ in files
            ]
        refusal = html("")
        for (field, widget), button in zip(files, buttons, strict=True):
            button.upload(partial(self._take_in, field), button, [widget, refusal], **QUIET)

    def _take_in(self, field: Field, file: str) -> Any:
        try:
            services.need("editor")  # whoever knows the event's number can send it
            kept = services.upload(Path(file).name, Path(file), field.name)
        except services.ServiceError as error:
            return gr.skip(), notice("Not uploaded", str(error))
        known = offers(field, self.method.family)
        return gr.update(choices=known, value=kept.sha256), ""

    def _policies(self) -> gr.CheckboxGroup:
        """The choice of policies; hidden where there are none, so that the inputs of all panels are alike."""
        presets = self.panel.policies
        if not presets:
            return gr.CheckboxGroup([], visible=False)
        group = gr.CheckboxGroup(
            [(preset.title, key) for key, preset in presets.items()],
            value=self.default_policies,
            label=self.words.many.capitalize(),
            info=self.words.info,
            elem_classes="policies",
            elem_id=self._id("policies"),
        )
        rows = "".join(
            f"<dt>{escape(preset.title)}</dt><dd>{escape(preset.note)}</dd>"
            for preset in presets.values()
            if preset.note
        )
        summary = f"<summary>{escape(self.words.about)}</summary>"
        html(f'<details>{summary}<dl class="pairs">{rows}</dl></details>' if rows else "")
        return group

    def _fillers(self) -> tuple[dict[str, gr.Button], gr.HTML]:
        """A button for each preset that fills the form, and the place for what it says of itself."""
        with gr.Row(elem_classes="go", visible=bool(self.panel.fillers)):
            buttons = {
                key: gr.Button(preset.title, size="sm", scale=0, elem_id=self._id(f"preset-{key}"))
                for key, preset in self.panel.fillers.items()
            }
        return buttons, html("")

    def _fill(self, key: str) -> list[Any]:
        """The widgets' values by a preset, and its note; what no such preset names stays as it is.

        So do files that people chose: only a preset that names the setting puts another in their place.
        """
        preset = self.panel.fillers[key]
        named = {name for each in self.panel.fillers.values() for name in each.values}
        values = [
            shown(field, preset.values.get(field.name, field.default))
            if field.name in preset.values or (field.name in named and field.widget not in FILES)
            else gr.skip()
            for field in self.panel.order
        ]
        return [*values, f"<p class='about'>{escape(preset.note)}</p>"]

    @property
    def inputs(self) -> list[Any]:
        return [self.seed, self.policies, self.use_custom, self.title, *self.widgets]

    def wire(self, page: gr.Blocks) -> None:
        """Connect the widgets; `page` fills them when it is opened."""
        results = [self.board, self.problem, self.again]
        watched = [item.change for item in self.inputs if item is not self.title]
        shown_estimate = [self.estimate, self.needs, self.problem]
        gr.on(
            watched, self.preview, self.inputs, shown_estimate, trigger_mode="always_last", **QUIET
        )
        for key, button in self.fill_buttons.items():
            button.click(partial(self._fill, key), None, [*self.widgets, self.filled_note], **QUIET)
        held = [self.parent, *self.inputs]
        self.button.click(self.launch, held, results, **QUIET)
        self.reuse.click(self.launch_reusing, held, results, **QUIET)
        self.anew.click(self.launch_anew, held, results, **QUIET)
        page.load(self.arrive, self.inputs, [*held, *shown_estimate], **QUIET)

    def _launches(self, raw: tuple[Any, ...]) -> tuple[list[services.Launch], str]:
        seed, presets, custom, title, *rest = raw
        plan = self.panel.plan(seed, presets, custom, title or "", rest)
        return self.panel.launches(plan), plan.title

    def preview(self, *raw: Any) -> tuple[str, str, str]:
        """The estimate line and what each run needs, or what is wrong with the settings."""
        try:
            total = need(self._launches(raw)[0])
        except services.MethodError as error:
            return "", "", notice("These settings do not hold", str(error))
        runs = "1 run" if len(total.each) == 1 else f"{len(total.each)} runs"
        memory = f"up to <b>{total.memory_mb:,.0f} MB</b>"
        line = f"<b>{runs}</b>, about <b>{duration(total.seconds)}</b> in all, {memory}"
        return line, needs(total.each, self.words.one), ""

    def launch(self, parent: str | None, *raw: Any) -> tuple[Any, str, Any]:
        """Queue the runs, unless some were run before: then ask."""
        return self._start(parent, raw, ask=True)

    def launch_reusing(self, parent: str | None, *raw: Any) -> tuple[Any, str, Any]:
        return self._start(parent, raw, reuse=True)

    def launch_anew(self, parent: str | None, *raw: Any) -> tuple[Any, str, Any]:
        return self._start(parent, raw)

    def _start(
        self, parent: str | None, raw: tuple[Any, ...], ask: bool = False, reuse: bool = False
    ) -> tuple[Any, str, Any]:
        hidden = gr.update(visible=False)
        try:
            services.need("editor")  # whoever knows the event's number can send it
            launches, title = self._launches(raw)
            launches = [replace(launch, parent_id=parent) for launch in launches]
            same = finished_before(launches) if ask or reuse else {}
            if same and ask:
                return gr.skip(), run_before(same, len(launches)), gr.update(visible=True)
            made = start(launches, title or described(launches), same)
        except (services.MethodError, services.ServiceError) as error:
            return gr.skip(), notice("Not launched", str(error)), hidden
        return markup("v-board", comparison=made), "", hidden

    def arrive(self, request: gr.Request, *raw: Any) -> list[Any]:
        """Fill the panel from the run in `?from=`, or the launch in `?c=`, and estimate what it holds.

        Without either only settings that the address names are filled: who is quick has typed by now, and `raw` has it.
        """
        address = dict(request.query_params)
        problem = ""
        runs: list[RunView] = []
        try:
            if "from" in address:
                runs = [services.get_run(address["from"])]
            elif "c" in address:
                runs = [
                    services.get_run(key) for key in services.get_comparison(address["c"]).run_ids
                ]
        except services.NotFound as error:
            problem = notice("Nothing to start from", str(error))
        runs = [run for run in runs if run.method == self.method.name]
        if not runs:
            values, *filled = self._named(address, raw)
            *estimated, wrong = self.preview(*values)
            return [gr.skip(), *filled, *estimated, problem or wrong]
        parent = runs[0].id if "from" in address else None
        state, config = self._like(runs)
        fields = self.panel.order
        values = [shown(field, config.get(field.name, field.default)) for field in fields]
        *estimated, wrong = self.preview(*state, *values)
        return [parent, *state, *map(self._filled, fields, values), *estimated, problem or wrong]

    def _named(self, address: Mapping[str, str], raw: tuple[Any, ...]) -> list[Any]:
        """The panel's values with what the address names, and what to put into each widget."""
        values, filled = list(raw), [gr.skip()] * len(raw)
        presets = chosen(self.panel, address)
        if presets:  # the control stays beside what the address asks for
            wanted = {*self.default_policies[:1], *presets}
            presets = [key for key in self.panel.policies if key in wanted]
            values[POLICIES] = filled[POLICIES] = presets
        named = {key: text for key, text in address.items() if key not in self.meant_otherwise}
        given = asked(self.panel, named)
        for place, field in enumerate(self.panel.order, len(raw) - len(self.widgets)):
            if field.name in given:
                values[place] = shown(field, given[field.name])
                filled[place] = self._filled(field, values[place])
        return [values, *filled]

    def _like(self, runs: Sequence[RunView]) -> tuple[list[Any], dict[str, Any]]:
        """Seed, policies, own policy and title that would launch `runs` again, and the settings they share."""
        found = [self.panel.origin(run) for run in runs]
        own = [run for run, (key, _) in zip(runs, found, strict=True) if key is None]
        config = {**runs[0].config, **found[0][1]}
        needed = {field.name for field in self.panel.group("files")}
        for run in runs:
            config |= {name: run.config[name] for name in needed if run.config.get(name)}
        if own and self.panel.has_policies:
            config |= {
                field.name: own[0].config[field.name] for field in self.panel.group("policy")
            }
        return [runs[0].seed, [key for key, _ in found if key], bool(own), ""], config

    def _filled(self, field: Field, value: Any) -> Any:
        if field.widget not in OFFERED:
            return value
        choices = offers(field, self.method.family)
        return gr.update(choices=choices, value=value)


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
