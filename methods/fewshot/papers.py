"""What the methods of this family are from."""

from __future__ import annotations

from methods.base import Paper

VCR = Paper(
    "Rethinking Visual Content Refinement in Low-Shot CLIP Adaptation",
    "Lu et al.",
    "2024",
    "https://arxiv.org/abs/2407.14117",
)
AFR = Paper(
    "Boosting Few-Shot Learning via Attentive Feature Regularization",
    "Zhu et al.",
    "AAAI 2024",
    "https://arxiv.org/abs/2403.17025",
)
TIP = Paper(
    "Tip-Adapter: Training-free Adaption of CLIP for Few-shot Classification",
    "Zhang, Zhang, Fang et al.",
    "ECCV 2022",
    "https://arxiv.org/abs/2207.09519",
)
GDA = Paper(
    "A Hard-to-Beat Baseline for Training-free CLIP-based Adaptation",
    "Wang, Liang, Sheng et al.",
    "ICLR 2024",
    "https://arxiv.org/abs/2402.04087",
)
CLAP = Paper(
    "A Closer Look at the Few-Shot Adaptation of Large Vision-Language Models",
    "Silva-Rodriguez, Hajimiri, Ben Ayed, Dolz",
    "CVPR 2024",
    "https://arxiv.org/abs/2312.12730",
)
CLASSIFIERS = (VCR, TIP, GDA, CLAP)
