"""Few shots: naming pictures with CLIP from a handful of examples, looking closer, and regularised features.

CLIP names a picture by the class text whose feature is nearest. A few labelled examples (shots) of each class help it, in
several ways that stand side by side here: a cache of their features (Tip-Adapter), one Gaussian a class with a shared
covariance (GDA), a linear probe that starts at the texts. View refinement (VCR) changes none of these: it looks at many crops of the
picture that is asked about, takes of every size the crop of whose name CLIP is surest, and averages. Being surer is not being right:
where single crops are weak it amplifies their errors. So its controls (the whole picture alone, a random crop, the
mean of all crops, the crop of lowest entropy, that of smallest margin) are always computed with it. Attentive feature regularisation (AFR) works on any
frozen features: it mixes into every support feature what is known of related base classes. Which classes are related does
the work, and wrong ones do harm; so they can be seen and struck out, and random ones stand beside as a control.

With f a unit feature of a picture, W (D, C) unit features of the class texts, K (D, N) unit features of the support and V (N, C) its labels:

    zero-shot    100 f W
    Tip          100 f W + alpha exp(-beta (1 - f K)) V       alpha: weight of the cache, beta: its sharpness
    Tip-F        the same, K trained by cross-entropy
    GDA          100 f W + alpha (f S^-1 M - diag(M' S^-1 M) / 2)     M: class means, S: their shared covariance
    probe        100 f w, min over w: cross-entropy + sum_c l_c |w_c - W_c|^2
    VCR          f = unit(sum_s s v_s + g)       v_s: of the crops of share s, the one of largest margin top1 - top2; g: whole picture
    AFR          z = unit((1 - l) x + l sum_j a_j p_j), a = softmax(<x, p_j> / t) over related base prototypes p_j

**Paper**: Lu et al., "Rethinking Visual Content Refinement in Low-Shot CLIP Adaptation" (VCR), arXiv:2407.14117. Zhu et al., "Boosting Few-Shot
Learning via Attentive Feature Regularization" (AFR), AAAI 2024, arXiv:2403.17025. Zhang et al., "Tip-Adapter: Training-free Adaption of CLIP for
Few-shot Classification", ECCV 2022, arXiv:2207.09519. Wang et al., "A Hard-to-Beat Baseline for Training-free CLIP-based
Adaptation", ICLR 2024, arXiv:2402.04087. Silva-Rodriguez et al., "A Closer Look at the Few-Shot Adaptation of Large Vision-Language
Models" (CLAP), CVPR 2024, arXiv:2312.12730.

**Original code**: VCR https://github.com/injadlu/VCR; Tip-Adapter https://github.com/gaopengcuhk/Tip-Adapter; GDA
https://github.com/mrflogs/ICLR24; CLAP https://github.com/jusiro/CLAP. No code of AFR is known.

**Follows / departs**: alpha and beta are chosen on the support by leave-one-out, or on a validation set, never on what is tested; the
published codes of Tip-Adapter and VCR choose the epoch, and for ImageNet alpha and beta, on the test set. VCR's code adds crops of
raw length to a whole picture of unit length, so that the latter nearly vanishes; both are unit here, and the published way is
`merge_norm="official_raw"`. A class may have no shots, or other numbers than its neighbours. AFR is built from its abstract and from
what is known of it: what is our reading is a setting and says so.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from methods.base import Context, Measured, Method, Result
from methods.fewshot import papers
from methods.fewshot.evaluating import presets as evaluate_presets
from methods.fewshot.evaluating.check import check_evaluate
from methods.fewshot.evaluating.config import EvaluateConfig
from methods.fewshot.evaluating.estimate import estimate_evaluate
from methods.fewshot.evaluating.sweep import remark_evaluate, simplify_evaluate
from methods.fewshot.looking import presets as look_presets
from methods.fewshot.looking.check import check_look
from methods.fewshot.looking.config import LookConfig
from methods.fewshot.looking.estimate import estimate_look
from methods.fewshot.looking.sweep import remark_look, simplify_look
from methods.fewshot.regularising import presets as regularise_presets
from methods.fewshot.regularising import sweep as regularise_sweep
from methods.fewshot.regularising.check import check_regularise
from methods.fewshot.regularising.config import RegulariseConfig
from methods.fewshot.regularising.estimate import estimate_regularise

if TYPE_CHECKING:
    from methods.clip_models import load_clip
    from methods.fewshot.afr.regularizer import AttentiveFeatureRegularizer
    from methods.fewshot.classifiers.fitting import fit_classifier
    from methods.fewshot.classifiers.gda import Gaussians, fit_gaussians, gda_logits
    from methods.fewshot.classifiers.linear import linear_probe
    from methods.fewshot.classifiers.support import Support
    from methods.fewshot.classifiers.tip import tip_logits, zero_shot_logits
    from methods.fewshot.classifiers.tip_f import TipAdapterF
    from methods.fewshot.clip.text import text_classifier
    from methods.fewshot.vcr.refine import Refined, refine_views

_MODULE_OF = {
    "AttentiveFeatureRegularizer": "fewshot.afr.regularizer",
    "Gaussians": "fewshot.classifiers.gda",
    "Refined": "fewshot.vcr.refine",
    "Support": "fewshot.classifiers.support",
    "TipAdapterF": "fewshot.classifiers.tip_f",
    "fit_classifier": "fewshot.classifiers.fitting",
    "fit_gaussians": "fewshot.classifiers.gda",
    "gda_logits": "fewshot.classifiers.gda",
    "linear_probe": "fewshot.classifiers.linear",
    "load_clip": "clip_models",
    "refine_views": "fewshot.vcr.refine",
    "text_classifier": "fewshot.clip.text",
    "tip_logits": "fewshot.classifiers.tip",
    "zero_shot_logits": "fewshot.classifiers.tip",
}
"""Public name -> module below `methods` that has it."""

__all__ = [
    "EVALUATE",
    "LOOK",
    "REGULARISE",
    "AttentiveFeatureRegularizer",
    "EvaluateConfig",
    "Gaussians",
    "LookConfig",
    "Refined",
    "RegulariseConfig",
    "Support",
    "TipAdapterF",
    "fit_classifier",
    "fit_gaussians",
    "gda_logits",
    "linear_probe",
    "load_clip",
    "refine_views",
    "text_classifier",
    "tip_logits",
    "zero_shot_logits",
]

LOADING = "loading PyTorch and CLIP"
"""Said before the first import of a worker, which takes seconds."""


def _run_look(config: LookConfig, context: Context) -> Result:
    context.progress(0, 1, LOADING)
    from methods.fewshot.looking.run_look import run

    return run(config, context)


def _run_evaluate(config: EvaluateConfig, context: Context) -> Result:
    context.progress(0, 1, LOADING)
    from methods.fewshot.evaluating.run_evaluate import run

    return run(config, context)


LOOK = Method(
    name="fewshot.look",
    title="Look closer",
    family="fewshot",
    config=LookConfig,
    run=_run_look,
    estimate=estimate_look,
    papers=papers.CLASSIFIERS,
    presets=look_presets.PRESETS,
    check=check_look,
    simplify=simplify_look,
    remark=remark_look,
    measured=Measured(
        on=("pictures", "classes", "scene_kind", "scene_number", "scene_shots", "scene_seed")
    ),
    demo=look_presets.DEMO,
)

EVALUATE = Method(
    name="fewshot.evaluate",
    title="Few-shot accuracy",
    family="fewshot",
    config=EvaluateConfig,
    run=_run_evaluate,
    estimate=estimate_evaluate,
    papers=papers.CLASSIFIERS,
    presets=evaluate_presets.PRESETS,
    check=check_evaluate,
    simplify=simplify_evaluate,
    remark=remark_evaluate,
    measured=Measured(on=("pictures", "classes", "kinds", "test_pictures", "set_seed")),
    demo=evaluate_presets.DEMO,
)


def _run_regularise(config: RegulariseConfig, context: Context) -> Result:
    context.progress(0, 1, LOADING)
    from methods.fewshot.regularising.run_regularise import run

    return run(config, context)


REGULARISE = Method(
    name="fewshot.regularise",
    title="Regularise features",
    family="fewshot",
    config=RegulariseConfig,
    run=_run_regularise,
    estimate=estimate_regularise,
    papers=regularise_presets.PAPERS,
    presets=regularise_presets.PRESETS,
    check=check_regularise,
    simplify=regularise_sweep.simplify,
    controls=regularise_sweep.controls,
    conclude=regularise_sweep.conclude,
    tradeoff=regularise_sweep.TRADEOFF,
    remark=regularise_sweep.remark,
    demo=regularise_presets.DEMO,
)


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing this package costs no torch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"methods.{_MODULE_OF[name]}"), name)
