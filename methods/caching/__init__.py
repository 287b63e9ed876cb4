"""Cached sampling of diffusion transformers: reuse what changes little from step to step, and correct what is reused.

A diffusion transformer (DiT) runs the same blocks at every denoising step, and from one step to the next their outputs
change little. FORA keeps the output of every attention and feed-forward and computes anew only at every N-th step;
Learning-to-Cache (L2C) lets a trained router choose what is computed. Pushed to half of the work and more, plain reuse
breaks: errors pile up. The error-optimized cache (EOC) scales what it reuses by the trend that averaged uncached runs
have shown; the gradient-optimized cache (GOC) goes on in the direction in which the last two values moved. Both cost next
to nothing. The honest question is always what the same work would have bought as fewer uncached steps, and what others
offer: TaylorSeer, first-block cache and cache-dit run here in their own code (`methods.caching.peers`).

With F_k the output that one module uses at step k, before its gate, and dP_k the averaged change from step k-1 to k:

    FORA, L2C    F_k = F_{k-1}
    EOC          F_k = F_{k-1} (1 + lambda dP_k)                lambda = .01
    GOC          F_k = F_{k-1} + eta (F_{k-1} - F_{k-2})        eta = 1.2 on FORA, .8 on L2C

**Paper**: Qiu et al., "Accelerating Diffusion Transformer via Error-Optimized Cache", arXiv:2501.19243 (EOC). Qiu, Liu,
Wang, Lu, Chen, Hao, "Accelerating Diffusion Transformer via Gradient-Optimized Cache", ICCV 2025, arXiv:2503.05156 (GOC).
Selvaraju et al., "FORA: Fast-Forward Caching in Diffusion Transformer Acceleration", arXiv:2407.01425. Ma et al.,
"Learning-to-Cache: Accelerating Diffusion Transformer via Layer Caching", NeurIPS 2024, arXiv:2406.01733. Liu et al.,
"From Reusing to Forecasting: Accelerating Diffusion Models with TaylorSeers", ICCV 2025, arXiv:2503.06923.

**Original code**: GOC https://github.com/qiujx0520/GOC_ICCV2025 (bb41784); L2C https://github.com/horseee/learning-to-cache
(19b80ee); FORA https://github.com/prathebaselva/FORA (29f4cf9); of EOC a compiled build of the model was read.

**Follows / departs**: the cached object, the formulas, constants, corrected steps and the queue ("every step pushes what
was used") are those of the published code, and so is the sampling with "as in the papers" on: timesteps, DDIM, time
embedding, guidance on three channels, LayerNorm epsilon. We work on diffusers' `DiTTransformer2DModel`, keep a running
mean where the authors store each class's features, and compute a cell that is to be reused before anything was stored,
where the EOC build skips the block. Our readings, each a setting: the rule behind "auto" steps (neither paper's detector is
published), interval 4 for 75 %, eta 1.2 at 50 %, EOC on L2C, the conditional half as the prior. The published FID values
are of 50,000 ImageNet images; what is measured here is named as what it is.

**Your own DiT**: name as the model a folder that `DiTPipeline.save_pretrained` wrote (safetensors), or a hub id. bfloat16
halves the memory of the transformer; so does float16, where a model that outgrows its range ends in an error. An image
does not depend on its batch. Where decoding runs out of memory, decode in tiles. FID and Inception score are measured in
the Inception-v3 of torch-fidelity, which does not ship with Vitrine: bring its weights
(weights-inception-2015-12-05-6726825d.pth) and, for FID, mu and sigma of real images, as guided-diffusion publishes them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from methods.base import Context, Items, Measured, Method, Result
from methods.caching.check import check_calibrate, check_sample
from methods.caching.conclude import conclude
from methods.caching.config import CalibrateConfig, SampleConfig
from methods.caching.estimate import estimate_calibrate, estimate_sample
from methods.caching.presets import (
    CALIBRATE_DEMO,
    CALIBRATE_PRESETS,
    PAPERS,
    SAMPLE_DEMO,
    SAMPLE_PRESETS,
)
from methods.caching.reported import REPORTED
from methods.caching.sweep import controls, simplify
from methods.caching.tradeoff import TRADEOFF
from methods.caching.verdict import remark

if TYPE_CHECKING:
    from methods.caching.ddim import ddim_sample, ddim_timesteps
    from methods.caching.fora import interval_mask, odd_first_half_mask, steps_mask
    from methods.caching.goc import PUBLISHED_POSITIONS
    from methods.caching.l2c import load_router, router_mask
    from methods.caching.peers.peer import PeerCache, PeerConfig, apply_peer
    from methods.caching.prior import Prior, PriorInfo, load_prior
    from methods.caching.step_cache import (
        StepCache,
        StepCacheConfig,
        apply_step_cache,
        remove_step_cache,
    )

_MODULE_OF = {
    "PUBLISHED_POSITIONS": "goc",
    "PeerCache": "peers.peer",
    "PeerConfig": "peers.peer",
    "Prior": "prior",
    "PriorInfo": "prior",
    "StepCache": "step_cache",
    "StepCacheConfig": "step_cache",
    "apply_peer": "peers.peer",
    "apply_step_cache": "step_cache",
    "ddim_sample": "ddim",
    "ddim_timesteps": "ddim",
    "interval_mask": "fora",
    "load_prior": "prior",
    "load_router": "l2c",
    "odd_first_half_mask": "fora",
    "remove_step_cache": "step_cache",
    "router_mask": "l2c",
    "steps_mask": "fora",
}

__all__ = [
    "CALIBRATE",
    "PUBLISHED_POSITIONS",
    "SAMPLE",
    "CalibrateConfig",
    "PeerCache",
    "PeerConfig",
    "Prior",
    "PriorInfo",
    "SampleConfig",
    "StepCache",
    "StepCacheConfig",
    "apply_peer",
    "apply_step_cache",
    "ddim_sample",
    "ddim_timesteps",
    "interval_mask",
    "load_prior",
    "load_router",
    "odd_first_half_mask",
    "remove_step_cache",
    "router_mask",
    "steps_mask",
]


LOADING = "loading PyTorch and the model"
"""Said before the first import of a worker, which takes seconds."""


def _run_sample(config: SampleConfig, context: Context) -> Result:
    context.progress(0, 1, LOADING)
    from methods.caching.run_sample import run

    return run(config, context)


def _run_calibrate(config: CalibrateConfig, context: Context) -> Result:
    context.progress(0, 1, LOADING)
    from methods.caching.run_calibrate import run

    return run(config, context)


SAMPLE = Method(
    name="caching.sample",
    title="Cached sampling",
    family="caching",
    config=SampleConfig,
    run=_run_sample,
    estimate=estimate_sample,
    papers=PAPERS,
    presets=SAMPLE_PRESETS,
    check=check_sample,
    simplify=simplify,
    controls=controls,
    conclude=conclude,
    tradeoff=TRADEOFF,
    reported=REPORTED,
    remark=remark,
    measured=Measured(
        items=(
            Items(
                "images",
                "images",
                ("class_id", "index"),
                {"relative_l2": "relative_l2", "ssim": "ssim"},
                seeded=True,
            ),
        )
    ),
    demo=SAMPLE_DEMO,
)
CALIBRATE = Method(
    name="caching.calibrate",
    title="Calibrate a prior",
    family="caching",
    config=CalibrateConfig,
    run=_run_calibrate,
    estimate=estimate_calibrate,
    papers=PAPERS[:2],
    presets=CALIBRATE_PRESETS,
    check=check_calibrate,
    measured=Measured(on=("model",)),
    demo=CALIBRATE_DEMO,
)


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing this package costs no torch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"methods.caching.{_MODULE_OF[name]}"), name)
