"""The arms that are launched side by side, settings for real models, and what the paper reports."""

from __future__ import annotations

from methods.base import Demo, Paper, Preset, Reported, ReportedRow

DAMA = Paper(
    "DAMA: Data- and Model-aware Alignment of Multi-modal LLMs",
    "Lu, Wu, Li, Jia, Wang, Zhang, Fang, Wang, He",
    "ICML 2025",
    "https://arxiv.org/abs/2502.01943",
)
DPO = Paper(
    "Direct Preference Optimization: Your Language Model is Secretly a Reward Model",
    "Rafailov, Sharma, Mitchell, Ermon, Manning, Finn",
    "NeurIPS 2023",
    "https://arxiv.org/abs/2305.18290",
)
BETA_DPO = Paper(
    "beta-DPO: Direct Preference Optimization with Dynamic beta",
    "Wu, Xie, Yang, Wu, Gao, Ding, Wang, He",
    "NeurIPS 2024",
    "https://arxiv.org/abs/2407.08639",
)
PAPERS = (DAMA, DPO, BETA_DPO)

LLAVA = {
    "model": "llava-hf/llava-1.5-7b-hf",
    "precision": "bfloat16",
    "batch_size": 8,
    "gradient_accumulation": 2,
    "learning_rate": 1e-5,
    "lora_r": 64,
    "lora_alpha": 128,
}

PRESETS = {
    "dpo": Preset(
        "DPO",
        {"objective": "dpo"},
        "TRL's own loss: one beta for all pairs. The control of every other arm.",
    ),
    "data_aware": Preset(
        "Data-aware only",
        {"objective": "data_aware"},
        "beta follows each pair's hardness, as CLIP sees it; no filter.",
    ),
    "model_aware": Preset(
        "Model-aware only",
        {"objective": "model_aware"},
        "beta follows the batch's gaps against their running mean; a fifth of each batch is dropped.",
    ),
    "damo": Preset("DAMO", {"objective": "damo"}, "Both. Settings of the published script."),
    "beta_dpo": Preset(
        "beta-DPO",
        {"objective": "beta_dpo"},
        "DAMO's parent: one beta a batch. Gain .6 and a dropped share of .2, as in the README of its code.",
    ),
    "sft": Preset(
        "SFT on the chosen answers",
        {"objective": "sft"},
        "No preference at all, only the good answers: what any gain has to beat.",
    ),
    "mpo": Preset(
        "MPO",
        {
            "objective": "dpo",
            "losses": ("sigmoid", "bco_pair", "sft"),
            "loss_weights": (0.8, 0.2, 1.0),
        },
        "Three of TRL's losses with the weights that its documentation gives for MPO.",
    ),
    "anchored": Preset(
        "DPO with an anchor",
        {"objective": "dpo", "sft_weight": 1.0},
        "An SFT loss beside DPO's keeps the model from forgetting how to answer.",
    ),
    "paper": Preset(
        "DAMO as we read the paper",
        {"objective": "damo", "reading": "paper"},
        "Where code and Algorithm 1 differ, the latter: a logistic of the mean, and a running mean of the kept pairs. That its "
        "rewards carry beta and that dropped pairs stay in the loss is how we read it.",
    ),
    "scenes": Preset(
        "Small world",
        {"model": "scenes"},
        "A LLaVA of two million weights that trains on a CPU, with pairs of its own: nothing to bring.",
        fills=True,
    ),
    "llava": Preset(
        "LLaVA-1.5-7B with LoRA",
        LLAVA,
        "Starting point for one GPU of 80 GB; DAMO's published script tunes all weights at 5e-7 instead. Choose your pairs, and "
        "for the data-aware arms the hardness of a hardness run on them.",
        fills=True,
    ),
}

REPORTED = (
    Reported(
        "LLaVA-1.5-7B trained by its authors on 22,000 pairs; Object HalBench, change against its base model",
        ("response-level hallucinations", "mention-level hallucinations"),
        (
            ReportedRow(
                "DAMA-7B",
                ("-90.0 %", "-95.3 %"),
                "DAMA, abstract",
                {
                    "response-level hallucinations": "all that we could confirm is the abstract, which does not say against what: "
                    "the base model is our reading. The paper's tables were not at hand"
                },
                {"objective": "damo"},
            ),
        ),
    ),
)

SMALL = {
    "max_pairs": 150,
    "eval_pairs": 30,
    "max_steps": 24,
    "batch_size": 8,
    "learning_rate": 2e-3,
    "evaluate_scenes": 40,
}
DEMO = Demo(
    "Welcome: two ways to learn from preferences",
    "The small world's model names things that are not there, on some backgrounds by habit. Two dozen hasty steps on pairs "
    "that mark such faults, by plain DPO and by DAMO, with the same pairs in the same order: look at the curves, at what it says before "
    "and after, and at what it forgets meanwhile. One seed tells no method from luck.",
    (
        Preset("DPO, two dozen steps", SMALL | {"objective": "dpo"}),
        Preset("DAMO, two dozen steps", SMALL | {"objective": "damo"}),
    ),
)
