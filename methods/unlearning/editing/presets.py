"""The policies that run side by side, requests that fill the form, and what the paper reports."""

from __future__ import annotations

from methods.base import Demo, Paper, Preset, Reported, ReportedRow

LLMERASER = Paper(
    "Unified Parameter-Efficient Unlearning for LLMs",
    "Ding, Wu, Yuan, Lu, Zhang, Su, Wang, He",
    "ICLR 2025",
    "https://arxiv.org/abs/2412.00383",
)
NPO = Paper(
    "Negative Preference Optimization: From Catastrophic Collapse to Effective Unlearning",
    "Zhang, Lin, Bai, Mei",
    "COLM 2024",
    "https://arxiv.org/abs/2404.05868",
)
PAPERS = (LLMERASER, NPO)

PRESETS = {
    "one_step": Preset(
        "One step",
        {},
        "Damped Gauss-Newton curvature, conjugate gradients, a searched step length with its guard.",
    ),
    "coupled": Preset(
        "Coupling of LoRA's factors",
        {"curvature": "ggn_lora"},
        "The Gauss-Newton curvature and what the product of the factors adds to it under weight decay; no negative directions either.",
    ),
    "relinearised": Preset(
        "Relinearised four times",
        {"relinearise": 4},
        "Four more steps, with gradients and curvature anew at each: nearer to a retrain, at about five times the price.",
    ),
    "swept": Preset(
        "One step, damping swept",
        {"damping_sweep": (1e-3, 1e-2, 1e-1, 1.0)},
        "Four dampings, each with a solve and a step length of its own; the one whose step serves the objective best is taken.",
    ),
    "newton": Preset(
        "Newton",
        {"rhs": "newton"},
        "The right-hand side is the gradient of the edited objective: also finishes a training that was stopped early.",
    ),
    "hessian": Preset(
        "Exact Hessian",
        {"curvature": "hessian", "curvature_data": "original", "tolerance": 1e-2},
        "What the formula says literally: the Hessian of the rows that were trained on, loosely solved. The nearest of all where training "
        "ended at a minimum with weight decay; elsewhere it has negative directions, at which the solver stops and says so.",
    ),
    "published": Preset(
        "Paper's solver, as published",
        {"solver": "published", "curvature": "hessian", "line_search": False},
        "The arithmetic of the authors' code with the constants it ships: twenty Adam steps of 1e-5 on half the Hessian.",
    ),
    "mended": Preset(
        "Paper's solver, mended",
        {"solver": "published_mended", "curvature": "hessian"},
        "The same finite sum by Adam, with the whole Hessian, 200 mini-batches of 16 and our step length.",
    ),
    "lissa": Preset(
        "LiSSA",
        {"solver": "lissa", "max_iterations": 200},
        "A Neumann series: the same answer as conjugate gradients at five to ten times the products.",
    ),
    "wrong": Preset(
        "Correct wrong answers",
        {"adapter": "regularised", "request": "wrong"},
        "The small world: an adapter that was trained on some wrong answers, in the regime where an edit comes nearest.",
        fills=True,
    ),
    "memorised": Preset(
        "Correct memorised answers",
        {"adapter": "memorising", "request": "wrong"},
        "The small world: an adapter that learnt its wrong answers by heart, where an edit is weak.",
        fills=True,
    ),
    "private": Preset(
        "Remove private rows",
        {"adapter": "memorising", "request": "private"},
        "The small world: secrets of shops, learnt by heart, that should not have been trained on.",
        fills=True,
    ),
    "prompts": Preset(
        "Mend wrong prompts",
        {"adapter": "regularised", "request": "prompts"},
        "The small world: right answers under prompts that name another shop than was meant.",
        fills=True,
    ),
    "mixed": Preset(
        "All three at once",
        {"adapter": "regularised", "request": "mixed"},
        "The small world: removal, mended prompts and corrected answers in one request.",
        fills=True,
    ),
}

SINGLE = "single run, no interval, as quoted from the paper in its public reviews; its tables were not at hand"
_TABLE = "LLMEraser, ICLR 2025, as quoted in its reviews"

REPORTED = (
    Reported(
        "Removal; BookCrossing, LLaMA2-7B; AUC of the recommendations",
        ("AUC",),
        (
            ReportedRow("LLMEraser", (".6319",), _TABLE, {"AUC": SINGLE}),
            ReportedRow("Retrain", (".6357",), _TABLE, {"AUC": SINGLE}),
        ),
    ),
    Reported(
        "Mended prompts; 10 % of the interactions removed, LLaRA on LLaMA2-7B",
        ("HitRatio@1", "seconds"),
        (
            ReportedRow(
                "LLMEraser",
                (".4456", "1.4e3"),
                _TABLE,
                {
                    "HitRatio@1": SINGLE,
                    "seconds": "the text says 31 times faster, the table gives 38.6",
                },
            ),
            ReportedRow("Retrain", (".4565", "5.4e4"), _TABLE, {"HitRatio@1": SINGLE}),
            ReportedRow("SISA", (".4130", "1.8e4"), _TABLE, {"HitRatio@1": SINGLE}),
            ReportedRow("RecEraser", (".2717", "2.0e4"), _TABLE, {"HitRatio@1": SINGLE}),
        ),
    ),
    Reported(
        "Corrected answers; LLaVA-1.5-7B with 40 % of the labels flipped",
        ("MM-SpuBench, mean accuracy", "R-Bench, F1"),
        (
            ReportedRow("LLMEraser", (".81", ".63"), _TABLE, {"R-Bench, F1": SINGLE}),
            ReportedRow("Retrain", (".84", ".66"), _TABLE, {"R-Bench, F1": SINGLE}),
        ),
    ),
)

SMALL = {
    "request": "wrong",
    "controls": ("finetune",),
    "max_iterations": 30,
    "neighbours": 2,
}
DEMO = Demo(
    "Welcome: taking wrong answers back",
    "Two adapters of the small world were trained on some wrong answers: one was only drawn towards them, one knows them by heart. "
    "The same request corrects them in both: look at the step-length curve with its guard, at the rows before and after, and at what a short fine-tune does to the same "
    "adapter. One seed and one request tell little.",
    (
        Preset("Gently trained", SMALL | {"adapter": "regularised"}),
        Preset("Learnt by heart", SMALL | {"adapter": "memorising"}),
    ),
)
