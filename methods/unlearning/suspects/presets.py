"""Ways of ranking, and where they come from."""

from __future__ import annotations

from methods.base import Demo, Paper, Preset

PAPERS = (
    Paper(
        "Understanding Black-box Predictions via Influence Functions",
        "Koh, Liang",
        "ICML 2017",
        "https://arxiv.org/abs/1703.04730",
    ),
    Paper(
        "Studying Large Language Model Generalization with Influence Functions",
        "Grosse, Bae, Anil et al.",
        "2023",
        "https://arxiv.org/abs/2308.03296",
    ),
)
PRESETS = {
    "gradient": Preset(
        "Self-influence",
        {},
        "Gradients against the diagonal of the empirical Fisher information: about two passes of training.",
    ),
    "ekfac": Preset(
        "Self-influence by EK-FAC",
        {"influence": "ekfac"},
        "Layer by layer with its own correlations; needs kronfluence.",
    ),
    "loss": Preset(
        "Loss only",
        {"influence": "none"},
        "The plain control: one forward pass. It finds what the adapter has not learnt, never what it knows by heart.",
    ),
    "memorising": Preset(
        "A memorising adapter",
        {"adapter": "memorising"},
        "The small world's other adapter, which knows its rows by heart, the wrong ones too.",
        fills=True,
    ),
}
DEMO = Demo(
    "Welcome: which rows to doubt",
    "Loss and self-influence of every row that a small adapter was trained on; some of its answers are wrong, some rows private. "
    "Sort the table by either, look whether the faulty rows come first, and mark some: a request begins there.",
    (Preset("Rows of the gently trained adapter", {"adapter": "regularised"}),),
)
