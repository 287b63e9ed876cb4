"""Each benchmark as its authors run it, and the small world's."""

from __future__ import annotations

from methods.base import Demo, Paper, Preset, Reported, ReportedRow

CHAIR = Paper(
    "Object Hallucination in Image Captioning",
    "Rohrbach, Hendricks, Burns, Darrell, Saenko",
    "EMNLP 2018",
    "https://arxiv.org/abs/1809.02156",
)
POPE = Paper(
    "Evaluating Object Hallucination in Large Vision-Language Models",
    "Li, Du, Zhou, Wang, Zhao, Wen",
    "EMNLP 2023",
    "https://arxiv.org/abs/2305.10355",
)
AMBER = Paper(
    "AMBER: An LLM-free Multi-dimensional Benchmark for MLLMs Hallucination Evaluation",
    "Wang et al.",
    "arXiv 2023",
    "https://arxiv.org/abs/2311.07397",
)
RLHF_V = Paper(
    "RLHF-V: Towards Trustworthy MLLMs via Behavior Alignment from Fine-grained Correctional Human Feedback",
    "Yu et al.",
    "CVPR 2024",
    "https://arxiv.org/abs/2312.00849",
)
MMHAL = Paper(
    "Aligning Large Multimodal Models with Factually Augmented RLHF",
    "Sun et al.",
    "Findings of ACL 2024",
    "https://arxiv.org/abs/2309.14525",
)
PAPERS = (CHAIR, RLHF_V, AMBER, POPE, MMHAL)

BRING = "Bring its files as “benchmark files”, its pictures as “images”."

PRESETS = {
    "scenes": Preset(
        "Scenes",
        {"benchmark": "scenes", "max_items": 200, "max_new_tokens": 64},
        "The small world: exact truth, nothing to bring, seconds on a CPU.",
    ),
    "scenes_questions": Preset(
        "Scenes, questions",
        {"benchmark": "scenes_questions", "max_items": 400, "max_new_tokens": 8},
        "POPE's kind of question about the small world; the adversarial ones ask for what its training data imagined.",
    ),
    "chair": Preset(
        "CHAIR",
        {"benchmark": "chair", "max_items": 500, "max_new_tokens": 512},
        "500 images of COCO val2014 are usual, their choice and the prompt differ from paper to paper, and the length moves "
        f"the figures. {BRING}",
    ),
    "object_halbench": Preset(
        "Object HalBench",
        {"benchmark": "object_halbench", "max_items": 300, "max_new_tokens": 1024, "beams": 3},
        f"300 images, three beams as in the published script. {BRING}",
    ),
    "amber_generative": Preset(
        "AMBER, descriptions",
        {"benchmark": "amber_generative", "max_items": 1004, "max_new_tokens": 1024},
        f"All 1,004 images. {BRING}",
    ),
    "amber_discriminative": Preset(
        "AMBER, questions",
        {"benchmark": "amber_discriminative", "max_items": 14_216, "max_new_tokens": 16},
        f"All 14,216 questions; a reply is read by its first word. {BRING}",
    ),
    "pope": Preset(
        "POPE",
        {"benchmark": "pope", "max_items": 9000, "max_new_tokens": 16},
        f"The three splits of COCO, 3,000 questions each. {BRING}",
    ),
    "mmhal": Preset(
        "MMHal-Bench",
        {"benchmark": "mmhal", "max_items": 96, "max_new_tokens": 1024},
        f"96 questions; a judge outside rates the answers, then they are scored here. {BRING}",
    ),
}

REPORTED = (
    Reported(
        "Object HalBench, change against the base model, objects extracted by GPT",
        ("response-level", "mention-level"),
        (
            ReportedRow(
                "DAMA-7B",
                ("-90.0 %", "-95.3 %"),
                "DAMA, abstract",
                {
                    "response-level": "relative to LLaVA-1.5-7B; the tables of the paper were not at hand"
                },
            ),
        ),
    ),
)

DEMO = Demo(
    "Welcome: hallucinations counted",
    "The small world's model describes held-out pictures; every object it names is checked against what the picture was made "
    "from. Look at the marked ones: they come with certain backgrounds.",
    (
        Preset(
            "The small world's model",
            {"benchmark": "scenes", "max_items": 100, "max_new_tokens": 64},
        ),
    ),
)
