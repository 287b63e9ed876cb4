"""Anomalies of a graph: score every node, see why, and say which of the flagged ones are right.

Nobody has told the detector what an anomaly is. It learns how nodes of this graph usually look (their features, and whom
they link to) and scores each by how far it is from that. A score is no probability and no verdict: it is an order in which to
look. So every run stands beside what costs nothing (links counted, the length of the scaled features, an Isolation Forest
that sees no links) and, where it is a diffusion, beside the plain autoencoder; every score of a reconstruction is taken apart
into features, links and absent links that sum to it exactly; and labels, where a graph has any, are kept away from everything
that scores.

With x_i the features of node i, S_ij the number of links i -> j, xh and H what a graph autoencoder makes of a latent z_i:

    attributes  a_i = |x_i - xh_i|_2                structure  b_i = |S_i: - H_i H'|_2, by a closed form without an n x n matrix
    error       s_i = alpha a_i + (1 - alpha) b_i
    DiffGAD     z is noised at level t and sampled again by a diffusion of latents, pushed away from what all nodes share:
                D = (1 + g) D_unconditional - g D_common; the errors are those of what comes back, the mean over levels, draws
                and repeats (the views)
    evidence    e(v) = -ln(1 - P), in nats, with P the percentile of v among all nodes: Fisher's way to add what is odd in several
                respects, whatever their units. Score = alpha e(a) + (1 - alpha) (e(b) + e(u)), u how unlike those it links to a node is
                (mean of 1 - cos of scaled features). The default
    ranks       or: a node's mean percentile of s over the views; mean: the mean of s

**What holds**: the gain that is published for diffusion over the plain autoencoder comes from labels that choose the noise level. With
levels fixed beforehand the two rank nearly alike on the graphs it is published for, closer than the intervals of so few anomalies
can tell, and on the small world the plain autoencoder is ahead, for a fraction of the time. Evidence helps both; it needs no
diffusion, and not even training: "evidence" as a detector puts feature norm and number of links where the two errors stand. Whether
a trained detector earns its time is a question to that one.

**Paper**: Li et al., "DiffGAD: A Diffusion-based Unsupervised Graph Anomaly Detector", ICLR 2025, arXiv:2410.06549. Ding et al., "Deep
Anomaly Detection on Attributed Networks" (DOMINANT), SDM 2019. Liu et al., "BOND: Benchmarking Unsupervised Outlier Node
Detection on Static Attributed Graphs", NeurIPS 2022, arXiv:2206.10071. Fisher, "Statistical Methods for Research Workers", 1925,
section 21.1 (evidence).

**Original code**: DiffGAD https://github.com/fortunato-all/DiffGAD; PyGOD https://github.com/pygod-team/pygod.

**Follows / departs**: autoencoder, preconditioning, common feature, guided sampling and constants are the authors'. Their
evaluation reports the best of 500 noise levels by the labels and picks the autoencoder by the labels; here levels are fixed
beforehand, all levels, draws and repeats count alike, and no label is read by anything that scores. The structure error is exact
without a dense matrix. Evidence, the explanation, the stability and the controls are ours.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from methods.anomaly.detection.check import check_detect
from methods.anomaly.detection.config import DetectConfig
from methods.anomaly.detection.estimate import estimate_detect
from methods.anomaly.detection.presets import DEMO, PAPERS, PRESETS
from methods.anomaly.detection.sweep import TRADEOFF, conclude, controls, remark, simplify
from methods.base import Context, Method, Result

if TYPE_CHECKING:
    from methods.anomaly.autoencoder.detector import GraphAutoencoder
    from methods.anomaly.detectors.scoring import score_nodes
    from methods.anomaly.diffgad import DiffGAD
    from methods.anomaly.evaluation.judge import compare, judge
    from methods.anomaly.graphs.graph import Feature, Graph, Labels
    from methods.anomaly.graphs.labelling import write_labels
    from methods.anomaly.graphs.reading import read_graph
    from methods.anomaly.outcome import Outcome
    from methods.anomaly.results.cut import Cut, cut
    from methods.anomaly.results.files import Results, open_results
    from methods.anomaly.results.why import why

_MODULE_OF = {
    "Cut": "results.cut",
    "DiffGAD": "diffgad",
    "Feature": "graphs.graph",
    "Graph": "graphs.graph",
    "GraphAutoencoder": "autoencoder.detector",
    "Labels": "graphs.graph",
    "Outcome": "outcome",
    "Results": "results.files",
    "compare": "evaluation.judge",
    "cut": "results.cut",
    "judge": "evaluation.judge",
    "open_results": "results.files",
    "read_graph": "graphs.reading",
    "score_nodes": "detectors.scoring",
    "why": "results.why",
    "write_labels": "graphs.labelling",
}
"""Public name -> module below this package that has it."""

__all__ = [
    "DETECT",
    "Cut",
    "DetectConfig",
    "DiffGAD",
    "Feature",
    "Graph",
    "GraphAutoencoder",
    "Labels",
    "Outcome",
    "Results",
    "compare",
    "cut",
    "judge",
    "open_results",
    "read_graph",
    "score_nodes",
    "why",
    "write_labels",
]

LOADING = "loading PyTorch and the graph"
"""Said before the first import of a worker, which takes seconds."""


def _run_detect(config: DetectConfig, context: Context) -> Result:
    context.progress(0, 1, LOADING)
    from methods.anomaly.detection.run_detect import run

    return run(config, context)


DETECT = Method(
    name="anomaly.detect",
    title="Find anomalous nodes",
    family="anomaly",
    config=DetectConfig,
    run=_run_detect,
    estimate=estimate_detect,
    papers=PAPERS,
    presets=PRESETS,
    check=check_detect,
    simplify=simplify,
    controls=controls,
    conclude=conclude,
    tradeoff=TRADEOFF,
    remark=remark,
    demo=DEMO,
)


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that importing this package costs no torch."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"methods.anomaly.{_MODULE_OF[name]}"), name)
