"""Conversions that people ask for, and where the formats come from."""

from __future__ import annotations

from methods.base import Paper, Preset

RLHF_V = Paper(
    "RLHF-V: Towards Trustworthy MLLMs via Behavior Alignment from Fine-grained Correctional Human Feedback",
    "Yu et al.",
    "CVPR 2024",
    "https://arxiv.org/abs/2312.00849",
)
RLAIF_V = Paper(
    "RLAIF-V: Open-Source AI Feedback Leads to Super GPT-4V Trustworthiness",
    "Yu et al.",
    "CVPR 2025",
    "https://arxiv.org/abs/2405.17220",
)
PAPERS = (RLHF_V, RLAIF_V)

CONVERT_PRESETS = {
    "trl": Preset(
        "For TRL", {"output_format": "trl", "container": "parquet"}, "DPOTrainer reads it as it is."
    ),
    "llamafactory": Preset(
        "For LLaMA-Factory",
        {"output_format": "llamafactory", "container": "zip"},
        "ShareGPT ranking, with its dataset_info.json.",
    ),
    "ms_swift": Preset(
        "For ms-swift",
        {"output_format": "ms_swift", "container": "zip"},
        "messages and rejected_response.",
    ),
    "rlaif_v": Preset(
        "For RLAIF-V and DAMA",
        {"output_format": "rlaif_v", "container": "parquet"},
        "One question about one image a row.",
    ),
    "noisy": Preset(
        "The small world with turned labels",
        {"pairs": "scenes-noisy", "max_pairs": 150},
        "Every fifth pair has its answers changed over, as careless annotation would.",
    ),
}
