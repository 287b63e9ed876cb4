"""Preference alignment of multimodal models: pairs you can read, hardness you can see, DPO and DAMO, hallucinations you can count.

A preference pair is a picture, a question, an answer that people (or a stronger model) preferred and one they rejected.
Direct preference optimisation (DPO) trains a model on such pairs without a reward model: it widens the gap between the
log-probabilities of the two answers, measured against the model as it was. One strength beta holds for all pairs, so easy
pairs are soon overfitted while hard ones hardly move. DAMO (called DAMA in its conference version) gives each pair its own
beta: larger where CLIP finds the preferred answer easy to tell (data hardness), and scaled by how far the model has come
on the batch (model state), with outlying pairs left out. The honest questions are what plain DPO and a short fine-tuning
on the preferred answers (SFT) do on the same pairs, and whether fewer hallucinations mean more than shorter answers.

With g_i = (log pi(y_w) - log pi(y_l)) - (log ref(y_w) - log ref(y_l)), sums over the answer's tokens, and s the logistic function:

    DPO        l_i = -log s(beta g_i)
    DAMO       beta_i = beta * s(delta_i) / s(mean delta) * mean_B s(g) / s(R)       B: kept pairs, R: running mean of g
    beta-DPO   beta_batch = beta (1 + a (mean_B g - R))

**Paper**: Lu et al., "DAMA: Data- and Model-aware Alignment of Multi-modal LLMs", ICML 2025, arXiv:2502.01943 (DAMO in
its first version). Rafailov et al., "Direct Preference Optimization: Your Language Model is Secretly a Reward Model", NeurIPS 2023,
arXiv:2305.18290. Wu et al., "beta-DPO: Direct Preference Optimization with Dynamic beta", NeurIPS 2024, arXiv:2407.08639.

**Original code**: DAMA https://github.com/injadlu/DAMA; beta-DPO https://github.com/junkangwu/beta-DPO; DPO runs in TRL's own `DPOTrainer`.

**Follows / departs**: the arithmetic of a step is that of the published code (`reading="code"`), in which the factor of the
model is a mean of logistics over the logistic of the running mean, dropped pairs leave the loss, the filter has unit
width and gaps carry no beta; `reading="paper"` is Algorithm 1 as we read it. We draw the kept pairs by the
Gumbel top-k trick, which has the same law and cannot underflow; keep the running mean in checkpoints; and take the mean of
delta over the data that is trained on, where the code pastes a constant of its own data set. The paper splits answers by a
language model that it does not name; ours is split by rules.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from methods.alignment.evidence.check import check_hardness
from methods.alignment.evidence.config import HardnessConfig
from methods.alignment.evidence.estimate import estimate_hardness
from methods.alignment.evidence.presets import HARDNESS_DEMO, HARDNESS_PRESETS
from methods.alignment.evidence.presets import PAPERS as HARDNESS_PAPERS
from methods.alignment.hallucination.check import check_evaluate
from methods.alignment.hallucination.config import EvaluateConfig
from methods.alignment.hallucination.estimate import estimate_evaluate
from methods.alignment.hallucination.presets import DEMO as EVALUATE_DEMO
from methods.alignment.hallucination.presets import PAPERS as EVALUATE_PAPERS
from methods.alignment.hallucination.presets import PRESETS as EVALUATE_PRESETS
from methods.alignment.hallucination.presets import REPORTED as EVALUATE_REPORTED
from methods.alignment.hallucination.remark import remark_evaluate
from methods.alignment.pairs.check import check_convert, estimate_convert
from methods.alignment.pairs.config import ConvertConfig
from methods.alignment.pairs.presets import CONVERT_PRESETS
from methods.alignment.pairs.presets import PAPERS as PAIR_PAPERS
from methods.alignment.training.check import check_train
from methods.alignment.training.conclude import conclude as conclude_train
from methods.alignment.training.conclude import remark as remark_train
from methods.alignment.training.config import TrainConfig
from methods.alignment.training.estimate import estimate_train
from methods.alignment.training.presets import DEMO as TRAIN_DEMO
from methods.alignment.training.presets import PAPERS as TRAIN_PAPERS
from methods.alignment.training.presets import PRESETS as TRAIN_PRESETS
from methods.alignment.training.presets import REPORTED as TRAIN_REPORTED
from methods.alignment.training.sweep import TRADEOFF as TRAIN_TRADEOFF
from methods.alignment.training.sweep import controls as train_controls
from methods.alignment.training.sweep import simplify as simplify_train
from methods.base import Context, Items, Listed, Measured, Method, Result

if TYPE_CHECKING:
    from methods.alignment.catalogue import load_catalogue
    from methods.alignment.dama import DamaOutput, DamaState, dama_loss
    from methods.alignment.evidence.loading import load_scorer
    from methods.alignment.evidence.scores import Hardness, hardness
    from methods.alignment.evidence.split import split_text
    from methods.alignment.hallucination.amber import amber
    from methods.alignment.hallucination.chair import chair
    from methods.alignment.hallucination.mmhal import mmhal
    from methods.alignment.hallucination.object_halbench import object_halbench
    from methods.alignment.hallucination.pope import pope
    from methods.alignment.hallucination.synonyms import Synonyms
    from methods.alignment.pairs.pair import Pair
    from methods.alignment.pairs.source import PairSource, read_pairs
    from methods.alignment.pairs.write import write_pairs
    from methods.alignment.training.trainer import DamaConfig, DamaTrainer

_MODULE_OF = {
    "DamaConfig": "training.trainer",
    "DamaOutput": "dama",
    "DamaState": "dama",
    "DamaTrainer": "training.trainer",
    "Hardness": "evidence.scores",
    "Pair": "pairs.pair",
    "PairSource": "pairs.source",
    "Synonyms": "hallucination.synonyms",
    "amber": "hallucination.amber",
    "chair": "hallucination.chair",
    "dama_loss": "dama",
    "hardness": "evidence.scores",
    "load_catalogue": "catalogue",
    "load_scorer": "evidence.loading",
    "mmhal": "hallucination.mmhal",
    "object_halbench": "hallucination.object_halbench",
    "pope": "hallucination.pope",
    "read_pairs": "pairs.source",
    "split_text": "evidence.split",
    "write_pairs": "pairs.write",
}

__all__ = [
    "EVALUATE",
    "HARDNESS",
    "PAIRS",
    "TRAIN",
    "ConvertConfig",
    "DamaConfig",
    "DamaOutput",
    "DamaState",
    "DamaTrainer",
    "EvaluateConfig",
    "Hardness",
    "HardnessConfig",
    "Pair",
    "PairSource",
    "Synonyms",
    "TrainConfig",
    "amber",
    "chair",
    "dama_loss",
    "hardness",
    "load_catalogue",
    "load_scorer",
    "mmhal",
    "object_halbench",
    "pope",
    "read_pairs",
    "split_text",
    "write_pairs",
]

LOADING = "loading PyTorch and the model"
"""Said before the first import of a worker, which takes seconds."""


def _run_hardness(config: HardnessConfig, context: Context) -> Result:
    context.progress(0, 1, LOADING)
    from methods.alignment.evidence.run_hardness import run

    return run(config, context)


HARDNESS = Method(
    name="alignment.hardness",
    title="Hardness of preference pairs",
    family="alignment",
    config=HardnessConfig,
    run=_run_hardness,
    estimate=estimate_hardness,
    check=check_hardness,
    papers=HARDNESS_PAPERS,
    presets=HARDNESS_PRESETS,
    measured=Measured(
        on=("pairs", "format", "images", "max_pairs"),
        items=(Items("pairs", "pair", ("pair_id", "position"), {"delta_mean": "delta"}),),
        listed=Listed(
            "pairs",
            "pair",
            ("pair_id", "position"),
            {"delta": "Delta"},
            {"prompt": "Prompt", "chosen": "Chosen", "rejected": "Rejected"},
        ),
    ),
    demo=HARDNESS_DEMO,
)


def _run_evaluate(config: EvaluateConfig, context: Context) -> Result:
    context.progress(0, 1, "loading PyTorch and the model")
    from methods.alignment.hallucination.run_evaluate import run

    return run(config, context)


def _run_train(config: TrainConfig, context: Context) -> Result:
    context.progress(0, 1, "loading PyTorch and the model")
    from methods.alignment.training.run_train import run

    return run(config, context)


OBJECTIVE = ("objective", "losses", "loss_weights", "beta")
"""Where these differ, so does what is minimised, and a loss is a number of another thing."""
TRAIN = Method(
    name="alignment.train",
    title="Train on preferences",
    family="alignment",
    config=TrainConfig,
    run=_run_train,
    estimate=estimate_train,
    papers=TRAIN_PAPERS,
    presets=TRAIN_PRESETS,
    check=check_train,
    simplify=simplify_train,
    controls=train_controls,
    conclude=conclude_train,
    tradeoff=TRAIN_TRADEOFF,
    measured=Measured(units=dict.fromkeys(("loss", "reward_margin"), OBJECTIVE)),
    reported=TRAIN_REPORTED,
    remark=remark_train,
    demo=TRAIN_DEMO,
)
EVALUATE = Method(
    name="alignment.evaluate",
    title="Count hallucinations",
    family="alignment",
    config=EvaluateConfig,
    run=_run_evaluate,
    estimate=estimate_evaluate,
    papers=EVALUATE_PAPERS,
    presets=EVALUATE_PRESETS,
    check=check_evaluate,
    reported=EVALUATE_REPORTED,
    remark=remark_evaluate,
    measured=Measured(
        on=("benchmark", "max_items", "files", "images"),
        items=(
            Items(
                "questions",
                "answer",
                ("item",),
                {"accuracy": "correct"},
                where=("variant", "answers"),
            ),
        ),
    ),
    demo=EVALUATE_DEMO,
)


def _run_pairs(config: ConvertConfig, context: Context) -> Result:
    context.progress(0, 1, "opening the pairs")
    from methods.alignment.pairs.run_pairs import run

    return run(config, context)


PAIRS = Method(
    name="alignment.pairs",
    title="Check and convert pairs",
    family="alignment",
    config=ConvertConfig,
    run=_run_pairs,
    estimate=estimate_convert,
    queue="cpu",
    papers=PAIR_PAPERS,
    presets=CONVERT_PRESETS,
    check=check_convert,
    measured=Measured(on=("pairs", "format", "images", "max_pairs")),
)


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing this package costs no torch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"methods.alignment.{_MODULE_OF[name]}"), name)
