"""Forms: from a Config to widgets and back."""

from __future__ import annotations

from typing import Any, Literal

import gradio as gr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from app import form
from methods import METHODS
from methods.base import Config


class Everything(Config):
    choice: Literal["a", "b_c"] = Field(
        "a", description="One of two.", json_schema_extra={"group": "main"}
    )
    maybe: Literal["x", "y"] | None = Field(None, description="One of two or none.")
    whole: int = Field(3, ge=1, le=9, description="A whole number.")
    real: float = Field(
        0.5, gt=0, le=1, description="A share.", json_schema_extra={"widget": "slider"}
    )
    empty: float | None = Field(None, ge=-2, le=2, description="A number or none.")
    switch: bool = Field(False, description="Yes or no.")
    numbers: tuple[int, ...] = Field((0, 2), description="Whole numbers.")
    names: tuple[str, ...] = Field((), description="Names.")
    some: tuple[Literal["p", "q"], ...] = Field(("p",), description="Some of two.")
    text: str = Field("hello", max_length=40, description="Text.")
    path: str | None = Field(
        None,
        description="A file or none.",
        json_schema_extra={"group": "policy", "widget": "upload", "suffix": ".pt"},
    )


FIELDS = {field.name: field for field in form.fields_of(Everything)}


def test_each_type_has_its_kind() -> None:
    kinds = {name: field.kind for name, field in FIELDS.items()}
    assert kinds == {
        "choice": "choice", "maybe": "choice", "whole": "whole", "real": "number", "empty": "number",
        "switch": "switch", "numbers": "numbers", "names": "strings", "some": "choices", "text": "text", "path": "text",
    }  # fmt: skip
    assert {name for name, field in FIELDS.items() if field.nullable} == {"maybe", "empty", "path"}
    assert (FIELDS["whole"].minimum, FIELDS["whole"].maximum) == (1, 9)
    assert [FIELDS[name].group for name in ("choice", "path", "text")] == ["main", "policy", "more"]


def test_each_kind_has_its_widget() -> None:
    with gr.Blocks():
        made = {name: form.component(field, field.default, name) for name, field in FIELDS.items()}
    expected: dict[str, type[Any]] = {
        "choice": gr.Radio, "maybe": gr.Radio, "whole": gr.Number, "real": gr.Slider, "empty": gr.Textbox,
        "switch": gr.Checkbox, "numbers": gr.Textbox, "names": gr.Textbox, "some": gr.Dropdown, "text": gr.Textbox,
        "path": gr.Dropdown,
    }  # fmt: skip
    assert {name: type(widget) for name, widget in made.items()} == expected
    assert made["whole"].info == "A whole number."


def test_numbers_are_listed_or_spanned() -> None:
    assert form.numbers("0, 2, 5-9; 12") == [0, 2, 5, 6, 7, 8, 9, 12]
    assert form.numbers("1.5 3..5") == [1.5, 3, 4, 5]
    assert form.numbers("three") == ["three"]  # for the Config to refuse, by name


def test_what_cannot_be_read_is_left_for_the_config_to_refuse() -> None:
    assert form.given(FIELDS["empty"], "much") == "much"
    assert form.given(FIELDS["whole"], None) is None


def survives(config: Config) -> None:
    fields = form.fields_of(type(config))
    held = [form.shown(field, getattr(config, field.name)) for field in fields]
    assert type(config)(**form.values_of(fields, held)) == config


@settings(max_examples=80, deadline=None)
@given(
    st.builds(
        Everything,
        choice=st.sampled_from(["a", "b_c"]),
        maybe=st.sampled_from([None, "x", "y"]),
        whole=st.integers(1, 9),
        real=st.floats(0.001, 1),
        empty=st.none() | st.floats(-2, 2),
        switch=st.booleans(),
        numbers=st.lists(st.integers(0, 50), max_size=6).map(tuple),
        names=st.lists(st.from_regex(r"[a-z][a-z ]{0,8}[a-z]", fullmatch=True), max_size=4).map(
            tuple
        ),
        some=st.lists(st.sampled_from(["p", "q"]), max_size=2).map(tuple),
        text=st.from_regex(r"[A-Za-z][\w ]{0,20}[a-z]", fullmatch=True),
        path=st.none() | st.just("abc/router.pt"),
    )
)
def test_every_config_survives_its_form(config: Everything) -> None:
    survives(config)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_the_defaults_of_every_method_survive_its_form(name: str) -> None:
    survives(METHODS[name].config())


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_method_gets_a_form(name: str) -> None:
    with gr.Blocks():
        for field in form.fields_of(METHODS[name].config):
            assert field.kind != "json", f"{field.name} would be typed as JSON"
            form.component(field, field.default, field.name)


class Lines(Config):
    names: str = Field("a\nb", description="One a line.", json_schema_extra={"widget": "lines"})


def test_text_of_several_lines_has_room_for_them() -> None:
    [field] = form.fields_of(Lines)
    with gr.Blocks():
        made = form.component(field, "a\nb", "names")
    assert isinstance(made, gr.Textbox)
    assert (made.lines, made.value) == (3, "a\nb")
    assert form.given(field, made.value) == "a\nb"
