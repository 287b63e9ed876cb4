"""What is wrong is named before anything runs, and without torch; an adapter from elsewhere is edited like our own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from methods.base import MethodError
from methods.unlearning.editing.check import check_erase
from methods.unlearning.editing.config import EraseConfig
from methods.unlearning.editing.request_file import request_bytes
from methods.unlearning.rows.opening import town_rows
from methods.worlds import town


def opened(name):
    """As a context opens references: only what is there."""
    if not Path(name).exists():
        raise MethodError(f"there is no {name!r}")
    return Path(name)


@pytest.fixture
def request_file(tmp_path):
    def write(**asked):
        (tmp_path / "request.json").write_bytes(request_bytes(**asked))
        return str(tmp_path / "request.json")

    return write


def refused(said, **values):
    with pytest.raises(MethodError, match=said):
        check_erase(EraseConfig(**values), opened)


def test_what_holds_is_not_refused():
    for request in ("wrong", "private", "prompts", "mixed"):
        check_erase(EraseConfig(request=request), opened)
    check_erase(EraseConfig(adapter="memorising", retrain=2), opened)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"step_length": 0.5}, "step length: is for a known direction"),
        ({"solver": "lissa", "curvature": "hessian"}, "LiSSA needs a curvature"),
        ({"solver": "published", "damping_sweep": (0.1,)}, "damping sweep"),
        ({"line_search": False, "damping_sweep": (0.1,)}, "the search must be on"),
        ({"controls": ("npo", "npo")}, "each once"),
        ({"request": "nowhere.json"}, "no 'nowhere.json'"),
        ({"adapter": "nowhere.zip"}, "no 'nowhere.zip'"),
        ({"model": "no model"}, "no model 'no model'"),
        ({"direction": "nowhere.safetensors"}, "no 'nowhere.safetensors'"),
    ],
)
def test_settings_that_do_not_hold(values, said):
    refused(said, **values)


def test_rows_that_are_not_there(request_file):
    refused("row 0123456789abcdef is not among", request=request_file(remove=["0123456789abcdef"]))


def test_a_change_that_changes_nothing(request_file):
    row = town_rows("regularised")[3]
    refused(
        f"row {row.id} is to be changed into", request=request_file(answers={row.id: row.answer})
    )


def test_more_rows_than_an_edit_bears(request_file):
    rows = town_rows("regularised")
    many = request_file(remove=[row.id for row in rows[: len(rows) // 3]])
    refused("33%; an influence edit of more than 20%", request=many)
    check_erase(EraseConfig(request=many, allow_large=True), opened)


def test_rows_of_another_training(tmp_path):
    (tmp_path / "rows.jsonl").write_text(json.dumps({"prompt": "a", "completion": "b"}) + "\n")
    refused("not the rows that the adapter", data=str(tmp_path / "rows.jsonl"))


def test_a_direction_that_is_none(tmp_path):
    (tmp_path / "update.safetensors").write_bytes(b"nothing")
    refused("no safetensors file", direction=str(tmp_path / "update.safetensors"))


def test_a_retrain_without_a_recipe(stranger):
    refused("does not say how it was trained", **stranger, template="alpaca", retrain=1)


def test_checking_costs_no_torch():
    code = (
        "import sys; from pathlib import Path; from methods.unlearning import ERASE; ERASE.check(ERASE.config(), Path); "
        "ERASE.estimate(ERASE.config()); assert 'torch' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=120, cwd=Path(__file__).parents[3]
    )


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """Settings of an adapter that PEFT made elsewhere, with its Alpaca rows and a request."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from methods.unlearning import read_rows

    folder = tmp_path_factory.mktemp("stranger")
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(town.base_folder())
    lora = LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(model, lora).save_pretrained(folder / "adapter")
    texts = [(row.prompt, row.answer) for row in town_rows("regularised")[:24]]
    table = [{"instruction": prompt, "input": "", "output": answer} for prompt, answer in texts]
    (folder / "alpaca.json").write_text(json.dumps(table))
    rows = read_rows(folder / "alpaca.json")
    content = request_bytes(remove=[rows[2].id], prompts={rows[5].id: rows[6].prompt})
    (folder / "request.json").write_bytes(content)
    return {
        "model": str(town.base_folder()),
        "adapter": str(folder / "adapter"),
        "data": str(folder / "alpaca.json"),
        "request": str(folder / "request.json"),
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"template": "auto"}, "template: the adapter .* does not say by which"),
        ({"data": ""}, "data: the rows that .* are not beside it"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_an_adapter_from_elsewhere_does_not_say_must_be_chosen(values, message, stranger):
    check_erase(EraseConfig(**stranger, template="alpaca"), opened)
    with pytest.raises(MethodError, match=message):
        check_erase(EraseConfig(**{**stranger, "template": "alpaca", **values}), opened)


def test_an_adapter_from_elsewhere_is_edited_and_loads_there_again(edit, stranger, tmp_path):
    import zipfile

    from peft import PeftModel
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    result, context = edit(**stranger, template="alpaca", allow_large=True, batch_size=8)
    assert result.metrics["forget_loss"] > 0
    assert [row["task"] for row in context.records["edit_row"]][:2] == ["remove", "prompt"]
    with zipfile.ZipFile(context.folder / "adapter.zip") as archive:
        archive.extractall(tmp_path)
    base = AutoModelForCausalLM.from_pretrained(town.base_folder())
    PeftModel.from_pretrained(base, tmp_path)
    before = load_file(Path(stranger["adapter"]) / "adapter_model.safetensors")
    after = load_file(tmp_path / "adapter_model.safetensors")
    assert before.keys() == after.keys()
    assert any((before[name] != after[name]).any() for name in before)
