"""The trainers against TRL's own: bit for bit where DAMO is off, exact bookkeeping where it is on."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch.nn.functional import logsigmoid

OFF = {"use_hardness": False, "use_model": False}


@pytest.fixture(scope="module")
def setting():
    """What all trainings here share: three steps of four pairs on the CPU, a large rate so that gaps move."""

    def make(kind, folder, **changes):
        from methods.alignment.training.trainer import DamaConfig

        values = {
            "use_cpu": True,
            "bf16": False,
            "gradient_checkpointing": False,
            "max_length": None,
            "per_device_train_batch_size": 4,
            "per_device_eval_batch_size": 4,
            "max_steps": 3,
            "learning_rate": 0.02,
            "logging_steps": 1,
            "save_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            "seed": 5,
        }
        return (DamaConfig if kind == "dama" else _stock_config())(str(folder), **values | changes)

    return make


def _stock_config():
    from trl import DPOConfig

    return DPOConfig


@pytest.fixture(scope="module")
def lora():
    from peft import LoraConfig

    from methods.peft_files import language_linears

    def make(model):
        return LoraConfig(
            r=4, lora_alpha=8, target_modules=language_linears(model), task_type="CAUSAL_LM"
        )

    return make


@pytest.fixture(scope="module")
def trained(
    setting, lora, build_llava, build_llama, processor, tokenizer, rows, text_rows, tmp_path_factory
):
    """Trains and returns the trainer: `kind` is stock, logged or dama; `what` is image or text.

    The same settings are trained once for all tests, unless they are to be trained `again`.
    """
    done = {}

    def ask(kind, what, again=False, **changes):
        key = repr((kind, what, sorted(changes.items())))
        if again or key not in done:
            done[key] = train(kind, what, **changes)
        return done[key]

    def train(kind, what, folder=None, resume=None, eval_rows=None, keep=None, **changes):
        from datasets import Dataset
        from transformers import PrinterCallback
        from trl import DPOTrainer

        from methods.alignment.training.logged import LoggedDPOTrainer
        from methods.alignment.training.trainer import DamaTrainer

        model = build_llava() if what == "image" else build_llama()
        data = rows if what == "image" else text_rows
        data = [{k: v for k, v in row.items() if keep is None or k in keep} for row in data]
        seen = []
        extra = {} if kind == "stock" else {"on_pairs": seen.append}
        if keep is not None:
            extra = {}
        trainer_class = {"stock": DPOTrainer, "logged": LoggedDPOTrainer, "dama": DamaTrainer}[kind]
        trainer = trainer_class(
            model,
            args=setting(kind, folder or tmp_path_factory.mktemp(kind), **changes),
            train_dataset=Dataset.from_list(data),
            eval_dataset=None if eval_rows is None else Dataset.from_list(data[:eval_rows]),
            processing_class=processor if what == "image" else tokenizer,
            peft_config=lora(model),
            **extra,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=resume)
        trainer.seen = seen
        return trainer

    return ask


def adapter(trainer):
    return {
        name: value.detach().clone()
        for name, value in trainer.model.named_parameters()
        if "lora" in name
    }


def logged(trainer, name):
    return [entry[name] for entry in trainer.state.log_history if name in entry]


def assert_equal(one, other):
    mine, theirs = adapter(one), adapter(other)
    assert mine.keys() == theirs.keys()
    assert any(value.abs().max() > 0.01 for name, value in mine.items() if "lora_B" in name)
    for name in mine:
        assert torch.equal(mine[name], theirs[name]), name
    for metric in ("loss", "rewards/chosen", "rewards/margins", "logps/rejected", "grad_norm"):
        assert logged(one, metric) == logged(other, metric), metric


@pytest.mark.parametrize("what", ["image", "text"])
def test_without_its_ingredients_it_is_trl_bit_for_bit(trained, what):
    stock = trained("stock", what)
    assert_equal(trained("dama", what, **OFF), stock)
    assert_equal(trained("logged", what), stock)
    assert logged(stock, "loss")[0] == pytest.approx(math.log(2), abs=1e-6)
    assert abs(logged(stock, "loss")[2] - math.log(2)) > 1e-4


def test_without_its_ingredients_the_anchor_is_trls_too(trained):
    anchor = {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 0.5]}
    assert_equal(trained("dama", "text", **OFF, **anchor), trained("stock", "text", **anchor))


@pytest.mark.parametrize("losses", [["ipo"], ["sft"], ["sigmoid", "bco_pair", "sft"], ["apo_zero"]])
def test_other_losses_of_trl_are_only_reported(trained, losses):
    ours = trained("logged", "text", loss_type=losses)
    assert_equal(ours, trained("stock", "text", loss_type=losses))
    assert all(math.isfinite(weight) for step in ours.seen for weight in step.weight)


def test_the_report_of_plain_dpo_holds_for_each_pair(trained):
    steps = trained("logged", "image").seen
    assert [step.step for step in steps] == [1, 2, 3]
    positions = [position for step in steps for position in step.position]
    assert len(set(positions)) == len(positions) == 12
    for step in steps:
        gap = torch.tensor(step.gap)
        assert step.loss == pytest.approx((-logsigmoid(0.1 * gap)).tolist(), abs=1e-6)
        weight = 0.1 * torch.sigmoid(-0.1 * gap) / 4
        assert step.weight == pytest.approx(weight.tolist(), rel=1e-4)
        assert step.kept == [True] * 4
        assert step.factor == [1.0] * 4
    assert any(abs(gap) > 0.1 for gap in steps[-1].gap)


def test_the_report_of_damo_holds_for_each_pair(trained, rows):
    from methods.alignment.dama import DamaState, dama_loss

    trainer = trained("dama", "image", hardness_mean=0.1, per_device_train_batch_size=5)
    state = DamaState()
    for step, loss in zip(trainer.seen, logged(trainer, "loss"), strict=True):
        hardness = torch.tensor([rows[position]["hardness"] for position in step.position])
        gap, zero = torch.tensor(step.gap), torch.zeros(5)
        again = dama_loss(
            gap, zero, zero, zero, hardness, state, hardness_mean=0.1, keep=torch.tensor(step.kept)
        )
        assert step.hardness == pytest.approx(hardness.tolist())
        assert sum(step.kept) == 4
        for name, values in (
            ("beta", again.beta),
            ("loss", again.losses),
            ("weight", again.weight),
        ):
            assert getattr(step, name) == pytest.approx(values.tolist(), rel=1e-4)
        assert loss == pytest.approx(float(again.loss), abs=1e-4)
    assert logged(trainer, "dama/running_mean")[-1] == pytest.approx(state.running_mean, abs=1e-5)
    assert logged(trainer, "dama/kept") == pytest.approx([0.8] * 3)


def test_masks_and_results_repeat_with_the_seed(trained):
    first, again = trained("dama", "text"), trained("dama", "text", again=True)
    assert first.seen == again.seen
    assert_equal(first, again)


def test_resuming_restores_the_running_mean_and_ends_alike(trained, tmp_path):
    whole = trained("dama", "text", max_steps=4)
    half = {"max_steps": 4, "save_strategy": "steps", "save_steps": 2}
    trained("dama", "text", folder=tmp_path, **half)
    checkpoint = tmp_path / "checkpoint-2"
    state = json.loads((checkpoint / "dama_state.json").read_text())
    assert state["running_mean"] == pytest.approx(logged(whole, "dama/running_mean")[1])
    resumed = trained("dama", "text", folder=tmp_path, resume=str(checkpoint), **half)
    assert resumed.dama_state == whole.dama_state
    assert_equal_weights(resumed, whole)
    assert resumed.seen == whole.seen[2:]
    (checkpoint / "dama_state.json").unlink()
    with pytest.raises(ValueError, match=r"has no dama_state\.json"):
        trained("dama", "text", again=True, folder=tmp_path, resume=str(checkpoint), **half)


def assert_equal_weights(one, other):
    mine, theirs = adapter(one), adapter(other)
    for name in mine:
        assert torch.equal(mine[name], theirs[name]), name


def test_beta_dpo_follows_the_batch_and_filters(trained):
    trainer = trained("dama", "text", algorithm="beta_dpo", width="running_std", gain=0.6)
    for step in trainer.seen:
        assert len(set(step.beta)) == 1
        assert sum(step.kept) == 3
    assert len({step.beta[0] for step in trainer.seen}) > 1


def test_evaluation_keeps_every_pair_and_learns_nothing(trained):
    trainer = trained("dama", "text", eval_rows=4)
    before = trainer.dama_state.running_mean
    found = trainer.evaluate()
    assert trainer.dama_state.running_mean == before
    assert 0 <= found["eval_rewards/accuracies"] <= 1
    assert "eval_dama/kept" not in found


@pytest.mark.parametrize("what", ["image", "text"])
def test_a_missing_column_is_an_error_and_not_a_default(trained, what):
    columns = ["images", "prompt", "chosen", "rejected", "position"]
    with pytest.raises(ValueError, match="the column 'hardness' is missing"):
        trained("dama", what, keep=columns)


def test_what_damo_is_not_defined_for_is_refused(trained):
    with pytest.raises(ValueError, match="replaces the loss"):
        trained("dama", "text", loss_type=["hinge"])
    with pytest.raises(ValueError, match="label_smoothing"):
        trained("dama", "text", label_smoothing=0.1)


def test_a_log_probability_that_is_no_number_names_its_pair(trained, build_llama, monkeypatch):
    from methods.alignment.training import logged as module

    scores = module.LoggedDPOTrainer._scores

    def spoilt(self, outputs, batch, carried):
        if self.state.global_step == 1:
            outputs = [outputs[0], outputs[1].clone()]
            outputs[1][2] = float("nan")
        return scores(self, outputs, batch, carried)

    monkeypatch.setattr(module.LoggedDPOTrainer, "_scores", spoilt)
    with pytest.raises(
        FloatingPointError, match=r"step 2, row \d+: .* reference's chosen answer is nan"
    ):
        trained("logged", "text", again=True)
