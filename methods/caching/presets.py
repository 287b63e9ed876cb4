"""The papers' rows, and what they have to be compared with, as presets."""

from __future__ import annotations

from methods.base import Demo, Paper, Preset
from methods.worlds import digits

FORA = Paper(
    "FORA: Fast-Forward Caching in Diffusion Transformer Acceleration",
    "Selvaraju, Ding, Chen, Zharkov, Liang",
    "arXiv 2024",
    "https://arxiv.org/abs/2407.01425",
)
L2C = Paper(
    "Learning-to-Cache: Accelerating Diffusion Transformer via Layer Caching",
    "Ma, Fang, Bi Mi, Wang",
    "NeurIPS 2024",
    "https://arxiv.org/abs/2406.01733",
)
EOC = Paper(
    "Accelerating Diffusion Transformer via Error-Optimized Cache",
    "Qiu et al.",
    "arXiv 2025",
    "https://arxiv.org/abs/2501.19243",
)
GOC = Paper(
    "Accelerating Diffusion Transformer via Gradient-Optimized Cache",
    "Qiu, Liu, Wang, Lu, Chen, Hao",
    "ICCV 2025",
    "https://arxiv.org/abs/2503.05156",
)
TAYLORSEER = Paper(
    "From Reusing to Forecasting: Accelerating Diffusion Models with TaylorSeers",
    "Liu, Zou, Lyu, Chen, Zhang",
    "ICCV 2025",
    "https://arxiv.org/abs/2503.06923",
)
PAPERS = (EOC, GOC, FORA, L2C, TAYLORSEER)

SETTING = "DiT-XL/2, ImageNet 256, 20 steps, guidance 1.5, 50,000 images"
NEEDS_PRIOR = "Choose the prior of a calibration of your model."
NEEDS_ROUTER = "Choose a router that was trained for your model."
FORA25 = {"steps": 20, "schedule": "odd_first_half"}
FORA50 = {"steps": 20, "schedule": "interval", "interval": 2}
FORA75 = {"steps": 20, "schedule": "interval", "interval": 4}
L2C22 = {"steps": 20, "schedule": "router", "router_threshold": 0.1}
EOC_VALUES = {"correction": "eoc"}
TAYLOR = {"steps": 20, "schedule": "taylorseer", "order": 1}
FEWER = {"schedule": "none", "reference_steps": 20}

SAMPLE_PRESETS = {
    "uncached": Preset(
        "Uncached",
        {"steps": 20, "schedule": "none"},
        f"The papers: FID 3.484, IS 223.49 ({SETTING}).",
    ),
    "fora25": Preset("FORA 25 %", FORA25, f"The EOC paper: FID 3.870 ({SETTING})."),
    "fora50": Preset("FORA 50 %", FORA50, f"The EOC paper: FID 6.857 ({SETTING})."),
    "fora75": Preset(
        "FORA 75 %",
        FORA75,
        f"The EOC paper: FID 30.454 ({SETTING}); that the interval is 4 there is our reading.",
    ),
    "fora_own": Preset(
        "FORA, its own phase",
        {"steps": 20, "schedule": "interval", "interval": 3, "phase": "fora"},
        "FORA's default interval, counted as its code does; the paper runs it over 250 steps of DDPM.",
    ),
    "eoc25": Preset(
        "EOC on 25 %", FORA25 | EOC_VALUES, f"The paper: FID 3.692 ({SETTING}). {NEEDS_PRIOR}"
    ),
    "eoc50": Preset(
        "EOC on 50 %", FORA50 | EOC_VALUES, f"The paper: FID 5.821 ({SETTING}). {NEEDS_PRIOR}"
    ),
    "eoc75": Preset(
        "EOC on 75 %", FORA75 | EOC_VALUES, f"The paper: FID 21.690 ({SETTING}). {NEEDS_PRIOR}"
    ),
    "goc25": Preset(
        "GOC on 25 %",
        FORA25 | {"correction": "goc", "weight": 1.2, "positions": "published"},
        f"Reported FID 3.524 ({SETTING}); by a summary of the paper, not by its abstract.",
    ),
    "goc50": Preset(
        "GOC on 50 %",
        FORA50 | {"correction": "goc", "weight": 1.2, "positions": "published"},
        f"The paper: FID 3.907, IS 216.28 ({SETTING}). That the weight stays 1.2 here is our reading.",
    ),
    "l2c22": Preset(
        "L2C 22 %", L2C22, f"Its authors: FID 3.455, 1.27x faster ({SETTING}). {NEEDS_ROUTER}"
    ),
    "l2c_eoc": Preset(
        "L2C 22 % with EOC",
        L2C22 | EOC_VALUES,
        f"The paper: FID 3.451 against 3.539 without ({SETTING}). {NEEDS_ROUTER} {NEEDS_PRIOR}",
    ),
    "l2c_goc": Preset(
        "L2C 22 % with GOC",
        L2C22
        | {"correction": "goc", "weight": 0.8, "positions": "published", "require_both": True},
        f"Weight and steps of the published code; no figure is known to us. {NEEDS_ROUTER}",
    ),
    "taylorseer50": Preset(
        "TaylorSeer, interval 2, order 1",
        TAYLOR | {"interval": 2},
        "The paper runs 50 steps: FID 2.34 at 2.77x fewer operations, 2.32 uncached (DiT-XL/2, ImageNet 256). "
        "diffusers' code; no figure for 20 steps is known to us.",
    ),
    "taylorseer75": Preset(
        "TaylorSeer 75 %",
        TAYLOR | {"interval": 4},
        "The paper over 50 steps: FID 0.17 worse at 3.57x fewer operations, 2.65 against 2.32 at 4.53x "
        "(DiT-XL/2, ImageNet 256). diffusers' code.",
    ),
    "first_block": Preset(
        "First-block cache",
        {"steps": 20, "schedule": "first_block", "threshold": 0.1},
        "diffusers' guide to ParaAttention, where it comes from: 2x on FLUX.1-dev with 28 steps and threshold .08 on "
        "an L20. Nothing is reported for a DiT.",
    ),
    "cache_dit": Preset(
        "cache-dit",
        {"steps": 20, "schedule": "cache_dit", "threshold": 0.1, "order": 1},
        "Its authors: FLUX.1-dev with 28 steps from 24.85 to 11.4 s on an L20, by a fixed mask of steps and not by a "
        "threshold as here. No figure for a DiT is known to us. Needs the package cache-dit.",
    ),
    "fewer15": Preset(
        "15 steps: the cost of 25 %",
        {"steps": 15, **FEWER},
        "What the same work buys without a cache.",
    ),
    "fewer10": Preset(
        "10 steps: the cost of 50 %",
        {"steps": 10, **FEWER},
        "What the same work buys without a cache.",
    ),
    "fewer5": Preset(
        "5 steps: the cost of 75 %",
        {"steps": 5, **FEWER},
        "What the same work buys without a cache.",
    ),
}

CALIBRATE_PRESETS = {
    "quick": Preset("Quick", {"max_classes": 32}, "32 classes already give a stable mean."),
    "paper": Preset(
        "As in the paper",
        {"steps": 20, "max_classes": 1000, "guidance_scale": 4.0},
        "One image of each class from the same noise, guidance 4 as in the published script.",
    ),
    "matched": Preset(
        "Guidance as sampled",
        {"steps": 20, "guidance_scale": digits.GUIDANCE_SCALE},
        "Calibrates at the default guidance of sampling, where the published scripts differ.",
    ),
}

TEN = {"images_per_class": 4, "judge": False}  # forty images: too few for a judge
SAMPLE_DEMO = Demo(
    "Welcome: caching half the work",
    "The ten digits, drawn five times from the same noise: in full, then at about half the work by reusing what the blocks "
    "computed, plainly (FORA) and corrected (GOC, gently and as in its paper), and by taking half the steps. Look which "
    "lands nearest to the full sampling.",
    (
        Preset("Uncached", {**SAMPLE_PRESETS["uncached"].values, **TEN}),
        Preset("FORA 50 %", FORA50 | TEN),
        Preset("GOC on 50 %, weight 0.5", FORA50 | TEN | {"correction": "goc", "weight": 0.5}),
        Preset("GOC on 50 %, as in the paper", {**SAMPLE_PRESETS["goc50"].values, **TEN}),
        Preset("10 steps", {**SAMPLE_PRESETS["fewer10"].values, **TEN}),
    ),
)
CALIBRATE_DEMO = Demo(
    "Welcome: a prior",
    "Averages the uncached features of the same world. With this prior you can launch EOC on the caching page.",
    (Preset("A prior of the digits world", CALIBRATE_PRESETS["matched"].values),),
)
