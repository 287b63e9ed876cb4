"""Ways of training the small world that differ in what an edit can do afterwards."""

from __future__ import annotations

from methods.base import Paper, Preset

PAPERS = (
    Paper(
        "LoRA: Low-Rank Adaptation of Large Language Models",
        "Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang, Chen",
        "ICLR 2022",
        "https://arxiv.org/abs/2106.09685",
    ),
)
PRESETS = {
    "sft": Preset(
        "Usual fine-tune",
        {"trainer": "sft", "epochs": 20.0, "batch_size": 32},
        "AdamW in mini-batches, as adapters are trained everywhere.",
        fills=True,
    ),
    "converged": Preset(
        "Regularised and converged",
        {
            "trainer": "converged",
            "weight_decay": 0.1,
            "tolerance": 1e-5,
            "batch_size": 256,
            "target_modules": ("o_proj", "down_proj"),
        },
        "Full batch and weight decay down to a small gradient: where an influence edit is accurate.",
        fills=True,
    ),
    "memorising": Preset(
        "Memorising",
        {"trainer": "sft", "learning_rate": 1e-2, "epochs": 80.0, "batch_size": 32, "lora_r": 16},
        "Many passes without weight decay: every row is learnt by heart, and an edit is at its limits.",
        fills=True,
    ),
}
