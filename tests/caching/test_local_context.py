"""What every context shares: files with their origin, names, states, and a progress that never falls."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from methods.base import MethodError
from methods.local import LocalContext, check_name, decode_state, encode_state


@pytest.fixture
def context(tmp_path):
    return LocalContext(
        tmp_path / "out", seed=7, provenance={"method": "demo", "config": {"steps": 20}}
    )


def test_a_png_carries_the_run_that_made_it(context):
    context.save_image("a.png", np.zeros((4, 6, 3), np.uint8), role="sample", index=3)
    with Image.open(context.folder / "a.png") as image:
        origin = json.loads(image.text["vitrine"])
    assert origin == {
        "method": "demo",
        "config": {"steps": 20},
        "seed": 7,
        "device": "cpu",
        "artefact": {"name": "a.png", "role": "sample", "index": 3},
    }
    assert context.metadata["a.png"] == {"width": 6, "height": 4, "role": "sample", "index": 3}


def test_tensors_carry_their_meta_in_the_header(context):
    shared = torch.arange(6.0).reshape(2, 3)
    context.save_tensors(
        "t.safetensors", {"a": shared, "b": shared.T, "c": shared.bfloat16()}, steps=20, kind="x"
    )
    with safe_open(context.folder / "t.safetensors", "pt") as file:
        assert torch.equal(file.get_tensor("b"), shared.T)
        assert file.get_tensor("c").dtype == torch.bfloat16
        assert (file.metadata()["steps"], file.metadata()["kind"]) == ("20", "x")
        assert json.loads(file.metadata()["vitrine"])["method"] == "demo"


def test_tables_and_figures_are_plain_csv_and_json(context):
    context.save_table("t.csv", [{"a": 1, "b": "x, y"}, {"a": 2, "b": "é"}])
    assert (context.folder / "t.csv").read_text(encoding="utf-8").splitlines() == [
        "a,b",
        '1,"x, y"',
        "2,é",
    ]
    context.save_figure("f.json", {"data": [{"y": np.array([1.0, np.nan])}]})
    assert json.loads((context.folder / "f.json").read_text()) == {"data": [{"y": [1.0, None]}]}
    with pytest.raises(ValueError, match="dict contains fields not in fieldnames"):
        context.save_table("bad.csv", [{"a": 1}, {"b": 2}])
    assert not (context.folder / "bad.csv").exists()


@pytest.mark.parametrize(
    "name", ["", "../a.png", "a/b.png", "a\\b.png", "c:a.png", ".a.png", "a\n.png", "x" * 201]
)
def test_a_name_never_leaves_its_folder(context, name):
    with pytest.raises(ValueError, match="cannot name an artefact"):
        context.save_file(name, b"")
    with pytest.raises(ValueError, match="cannot name an artefact"):
        check_name(name)


def test_a_name_ends_as_its_kind_does(context):
    with pytest.raises(ValueError, match=r"'a\.jpg' must end in '\.png'"):
        context.save_image("a.jpg", np.zeros((1, 1, 3), np.uint8))


def test_an_image_is_uint8(context):
    with pytest.raises(TypeError, match="uint8 array"):
        context.save_image("a.png", np.zeros((4, 4, 3)))


def test_a_state_survives_its_bytes():
    base = torch.arange(6)
    state = {
        "x": base.reshape(2, 3).T,
        "same": base,
        "half": torch.ones(2, dtype=torch.float16),
        "n": 3,
        "list": [1, None],
    }
    back = decode_state(encode_state(state))
    assert torch.equal(back["x"], state["x"])
    assert torch.equal(back["same"], base)
    assert back["half"].dtype == torch.float16
    assert (back["n"], back["list"]) == (3, [1, None])
    assert decode_state(encode_state({})) == {}


@pytest.mark.parametrize("data", [b"", b"nothing", encode_state({"a": torch.ones(3)})[:-4]])
def test_bytes_that_are_no_state_are_refused(data):
    with pytest.raises(ValueError, match="not a state"):
        decode_state(data)


def test_a_context_goes_on_from_a_state(context, tmp_path):
    assert context.resume() is None
    context.checkpoint({"batches": 2, "x": torch.ones(2)})
    other = LocalContext(tmp_path / "other", resume_state=context.state)
    assert other.resume()["batches"] == 2


def test_progress_never_falls(context):
    context.progress(1, 4)
    context.progress(2, 8)
    for wrong in ((0, 4), (5, 4), (1, 0)):
        with pytest.raises(ValueError, match="progress must rise"):
            context.progress(*wrong)


def test_open_finds_paths_names_and_hashes(context, tmp_path):
    saved = context.save_file("a.bin", b"abc")
    assert context.open("a.bin").read_bytes() == b"abc"
    assert context.open(saved.sha256) == context.folder / "a.bin"
    assert context.open(str(tmp_path)) == tmp_path
    with pytest.raises(MethodError, match="there is no 'nowhere'"):
        context.open("nowhere")
