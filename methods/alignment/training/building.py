"""From the settings of a run to TRL's trainer with the objective in it."""

from __future__ import annotations

from typing import Any

from methods.alignment.pairs.source import PairSource
from methods.alignment.training.data import data_set
from methods.alignment.training.objectives import DAMA
from methods.alignment.training.preparing import Training
from methods.peft_files import language_linears

BIG = 1_000_000_000
"""Parameters from which activations are computed again in the backward pass to save memory."""


def build_trainer(training: Training, steps: int) -> Any:
    """TRL's trainer with the objective in it."""
    from peft import LoraConfig  # noqa: PLC0415  these take seconds to import
    from transformers import PrinterCallback  # noqa: PLC0415
    from trl import DPOConfig  # noqa: PLC0415

    from methods.alignment.training.logged import LoggedDPOTrainer  # noqa: PLC0415
    from methods.alignment.training.trainer import DamaConfig, DamaTrainer  # noqa: PLC0415

    config, loaded, context = training.config, training.loaded, training.context
    own = _dama_settings(training)
    losses, weights = config.all_losses()
    values: dict[str, Any] = {
        "output_dir": str(context.workdir / "trainer"),
        "loss_type": losses,
        "loss_weights": weights,
        "beta": config.beta,
        "label_smoothing": config.label_smoothing,
        "learning_rate": config.rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": max(round(0.1 * steps), 1),
        "max_steps": steps,
        "per_device_train_batch_size": config.batch_size,
        "per_device_eval_batch_size": config.batch_size,
        "gradient_accumulation_steps": config.gradient_accumulation,
        "gradient_checkpointing": _parameters(loaded.model) >= BIG,
        "disable_dropout": config.lora_dropout == 0,
        "max_length": config.max_length,
        "seed": context.seed,
        "bf16": config.precision == "bfloat16" and context.device.type == "cuda",
        "use_cpu": context.device.type == "cpu",
        "remove_unused_columns": loaded.kind == "text",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": context.device.type == "cuda",
    }
    lora = LoraConfig(
        r=config.lora_r,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=None
        if loaded.adapted
        else language_linears(loaded.model, config.target_modules),
        task_type="CAUSAL_LM",
    )

    def data(pairs: PairSource) -> Any:
        return data_set(pairs, training.chats, training.hardness, context.workdir)

    trainer_class = LoggedDPOTrainer if own is None else DamaTrainer
    trainer = trainer_class(
        loaded.model,
        args=DPOConfig(**values) if own is None else DamaConfig(**values, **own),
        train_dataset=data(training.train),
        eval_dataset=data(training.held_out) if len(training.held_out) else None,
        processing_class=loaded.processor,
        peft_config=None if loaded.adapted else lora,
        on_pairs=training.log.add,
        name_of=training.log.name_of,
    )
    trainer.remove_callback(PrinterCallback)
    loaded.model = trainer.model
    return trainer


def _dama_settings(training: Training) -> dict[str, Any] | None:
    """DAMO's part of the trainer's settings; None for TRL's own objectives."""
    config = training.config
    if config.objective not in (*DAMA, "beta_dpo"):
        return None
    beta_dpo = config.objective == "beta_dpo"
    return {
        "algorithm": "beta_dpo" if beta_dpo else "dama",
        "use_hardness": config.needs_hardness,
        "use_model": config.objective != "data_aware",
        "hardness_mean": training.hardness_mean,
        "drop": config.drop,
        "gamma": config.gamma,
        "min_beta": config.min_beta,
        "reading": config.reading,
        "width": "running_std" if beta_dpo else config.filter_width,
        "gain": config.gain,
    }


def _parameters(model: Any) -> int:
    return sum(parameter.numel() for parameter in model.parameters())
