"""What a run of `fewshot.regularise` leaves behind for pages. Accuracies, differences, similarities and shares are 0 to 1 (cosines -1 to 1).

    afr_verdict     {level: good | warning | bad | info, text}; the first row is the headline
    afr_setup       one row, {name: value}: with what everything was measured. `drawn` is a hash of features and episodes: equal ones mean that
                    two runs were measured on the same episodes. `low` is the cosine below which a class counts as far from all base classes
    afr_arm         {arm, title, accuracy, low, high, difference, difference_low, difference_high, wins, losses, ties, episodes}: arm is base, mixup, afr,
                    afr_random (random base classes) or afr_uniform; differences are arm - base on the same episodes, None for base
    afr_related     a row a novel class: {class, related: [{name, similarity, vetoed}], candidates: [the same], warned: None | sentence}. related goes from the
                    most similar base class to the k-th that is used, struck ones among them; candidates are the next 7, and whatever else is struck
    afr_attention   the shown episode: {episode, rows: [{name, class, share}], columns: [base class], weights: rows x columns}; None where a base class is not
                    related to the row's class; share is what the row gives to its related classes
    afr_gate        the shown episode, with the gate only: {bins: n + 1 edges, counts: n, min, max, channels, boosted: [[channel, weight] x 5], damped}
    afr_projection  the shown episode: {method: "PCA", explained: [share, share], points: [{kind, class, name, x, y, named, named_base}], arrows: [[from, to]]}; kind is support,
                    regularised, query, base or prototype; named and named_base are the answers of afr and base for a query, None for others

Artefacts: arms.csv (afr_arm's columns with the setting), episodes.csv (episode, classes, then the accuracy of every arm).
"""

from __future__ import annotations

VERDICT, SETUP, ARM, RELATED = "afr_verdict", "afr_setup", "afr_arm", "afr_related"
ATTENTION, GATE, PROJECTION = "afr_attention", "afr_gate", "afr_projection"
BASE, MIXUP, AFR, RANDOM, UNIFORM = "base", "mixup", "afr", "afr_random", "afr_uniform"
TITLES = {
    BASE: "Base classifier",
    MIXUP: "Manifold mixup",
    AFR: "AFR",
    RANDOM: "AFR, random base classes",
    UNIFORM: "AFR, uniform attention",
}
"""Arms in their order, for people."""
CANDIDATES = 7
"""Base classes next in line that are shown beside the related ones."""
