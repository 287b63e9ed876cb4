"""The detectors that run side by side, and where they come from.

What papers print is not here: the tables of DiffGAD's could not be read, and a figure from memory is none.
"""

from __future__ import annotations

from methods.anomaly.graphs.config import MISERABLES, PAYMENTS
from methods.anomaly.settings import FAST, OFFICIAL, PUBLISHED
from methods.base import Demo, Paper, Preset

PAPERS = (
    Paper(
        "DiffGAD: A Diffusion-based Unsupervised Graph Anomaly Detector",
        "Li, Gao, Lu, Fang, Wen, Lin, Wang",
        "ICLR 2025",
        "https://arxiv.org/abs/2410.06549",
    ),
    Paper(
        "BOND: Benchmarking Unsupervised Outlier Node Detection on Static Attributed Graphs",
        "Liu, Dou, Zhao et al.",
        "NeurIPS 2022",
        "https://arxiv.org/abs/2206.10071",
    ),
    Paper(
        "Elucidating the Design Space of Diffusion-Based Generative Models",
        "Karras, Aittala, Aila, Laine",
        "NeurIPS 2022",
        "https://arxiv.org/abs/2206.00364",
    ),
)

POLICIES = {
    "autoencoder": Preset(
        "Plain autoencoder",
        {"detector": "autoencoder"},
        "DiffGAD without its diffusion: what the diffusion has to beat. A graph convolution in, a graph convolution out; the same evidence, "
        "with exact parts.",
    ),
    "diffgad": Preset(
        "DiffGAD",
        {"detector": "diffgad"},
        "Ten fixed noise levels, scaled features; both errors and how unlike its neighbours a node is count as evidence. Nothing is "
        "chosen by labels, without which no gain over the plain autoencoder was found.",
    ),
    "diffgad_fast": Preset(
        "DiffGAD, fast",
        {"detector": "diffgad", **FAST},
        "Four noise levels and 18 sampler steps: about a seventh of the sampling. For graphs of a million nodes.",
    ),
    "diffgad_published": Preset(
        "DiffGAD as published",
        {"detector": "diffgad", **PUBLISHED},
        "The constants of the authors' code: raw features and latents. Without their choice of level and checkpoint by labels; alpha, "
        "guidance and condition, which they set for each data set, stay as they are.",
    ),
    "evidence": Preset(
        "Untrained evidence",
        {"detector": "evidence"},
        "Feature norm, number of links and how unlike its neighbours a node is, as evidence (-ln(1 - percentile), added up): what a trained "
        "detector has to beat. Seconds for a million nodes, with exact parts.",
    ),
    "degree": Preset(
        "Out-degree",
        {"detector": "degree"},
        "Counts the links that leave a node. Nothing is learnt; many detectors do little else.",
    ),
    "feature_norm": Preset(
        "Feature norm",
        {"detector": "feature_norm"},
        "Length of the z-scored features: far from the mean of all nodes, whatever the links.",
    ),
    "forest": Preset(
        "Isolation Forest",
        {"detector": "forest"},
        "Of the features, by scikit-learn: the usual choice where nobody knows of the graph.",
    ),
    "pygod_dominant": Preset(
        "PyGOD DOMINANT",
        {"detector": "pygod_dominant"},
        "The autoencoder of DOMINANT as PyGOD has it: dense n x n matrices, scores of the last training step with its dropout.",
    ),
    "pygod_gae": Preset(
        "PyGOD GAE",
        {"detector": "pygod_gae"},
        "A graph autoencoder of the features alone; no dense matrix.",
    ),
    "pygod_cola": Preset(
        "PyGOD CoLA",
        {"detector": "pygod_cola"},
        "Contrasts nodes with their neighbourhoods; no dense matrix.",
    ),
    "pygod_conad": Preset(
        "PyGOD CONAD",
        {"detector": "pygod_conad"},
        "DOMINANT, taught with anomalies it makes up itself: dense n x n matrices.",
    ),
    "pygod_anomalydae": Preset(
        "PyGOD AnomalyDAE",
        {"detector": "pygod_anomalydae"},
        "Two autoencoders, of links (with attention) and of features: dense n x n matrices.",
    ),
}
GRAPHS = {
    "payments": Preset(
        "Payments",
        {"graph": PAYMENTS},
        "The small world: accounts that pay each other, with rings and swapped habits planted among them.",
        fills=True,
    ),
    "miserables": Preset(
        "Les Misérables",
        {"graph": MISERABLES},
        "Who meets whom in the novel: 77 people that readers know, and no labels.",
        fills=True,
    ),
}
PER_DATA_SET = {
    f"published_{name}": Preset(
        f"The authors' settings for {name}",
        {"detector": "diffgad", **values},
        "With the alpha, guidance and condition that their code has for this data set; bring the graph.",
        fills=True,
    )
    for name, values in OFFICIAL.items()
}
PRESETS = POLICIES | GRAPHS | PER_DATA_SET

DEMO = Demo(
    "Welcome: which accounts look odd",
    "A month of payments among made-up accounts. The plain autoencoder scores every account by how badly its habits and its partners "
    "are predicted; DiffGAD does the same after a diffusion has sampled each account again; untrained evidence only measures and counts. "
    "Look at the first of each table, open one to see why, and mark what convinces you. Nobody tells the detectors which accounts were "
    "planted.",
    (
        Preset("Untrained evidence", {"detector": "evidence"}),
        Preset("Plain autoencoder", {"detector": "autoencoder"}),
        Preset("DiffGAD, fast", {"detector": "diffgad", **FAST}),
    ),
)
