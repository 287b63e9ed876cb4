"""What a run records, for pages and scripts: every kind of row with its fields. No torch.

Refinements are the keys of `settings.REFINEMENTS`: "global" (before), "vcr" (after), and the controls "random", "mean", "entropy",
"min_margin". Shares and accuracies are 0 to 1. Intervals are of 95 %, over pictures and support draws at once.
"""

from __future__ import annotations

from typing import Literal, TypedDict

SCORE = "fewshot_score"
CLASS = "fewshot_class"
CONFUSION = "fewshot_confusion"
PICTURE = "fewshot_picture"
MAP = "fewshot_map"
SETUP = "fewshot_setup"
VERDICT = "verdict"
MOST_CLASSES = 60
"""More of them make no matrix that anybody could read."""
MOST_PICTURES = 200
"""Told of a classifier and an outcome, at most; of those right before and after `MOST_RIGHT` a class."""
MOST_RIGHT = 3
MOST_PAIRS = 30
TOP = 3

Outcome = Literal["fixed", "broken", "both_wrong", "both_right"]
Answers = list[tuple[str, float]]
"""[class, probability], the most probable first, `TOP` of them."""


class Score(TypedDict):
    """A classifier with one refinement: accuracy over all draws, and the difference to the same classifier on the whole picture.

    `seeds`: accuracy by support draw, in the order of the setup's; a single one where draws make no difference (zero-shot). `fixed`, `broken`: test pictures named right in more, or fewer, draws than by "global".
    `p`: exact McNemar on these two. Differences and p are None, and the counts 0, where the refinement is "global" itself.
    """

    classifier: str
    refinement: str
    accuracy: float
    low: float
    high: float
    seeds: list[float]
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    fixed: int
    broken: int
    p: float | None


ClassScore = TypedDict(
    "ClassScore",
    {"classifier": str, "class": str, "n": int, "shots": int, "before": float, "after": float},
)
"""One class under one classifier: its n test pictures and its shots in each draw, accuracy on the whole picture and after VCR."""


class Pair(TypedDict):
    """A class taken for another one, n times over all draws."""

    label: str
    answer: str
    n: int


class Confusion(TypedDict):
    """What pictures of each class (rows) were named (columns), summed over draws; of "global" and "vcr".

    With more than `MOST_CLASSES` classes `classes` and `counts` are empty. `pairs`: the most confused ones, at most 30.
    """

    classifier: str
    refinement: str
    classes: list[str]
    counts: list[list[int]]
    pairs: list[Pair]


class PictureRow(TypedDict):
    """A test picture under one classifier, on the whole picture and after VCR.

    `picture`: name of the artefact (PNG, longer side at most 256, role "picture"), the same for every classifier. `name`: as the set calls it. `draw`: seed of the support draw that
    `before` (whole picture) and `after` (VCR) are from: the first one in which it came out so.
    """

    picture: str
    name: str
    label: str
    classifier: str
    outcome: Outcome
    draw: int
    before: Answers
    after: Answers


class Map(TypedDict):
    """What was tried for alpha and beta in one draw, and on which data.

    `accuracy`: rows by betas, columns by alphas (GDA has no beta: one row, `betas` empty); `chosen`: [row, column].
    `refinement`: "" where one choice serves all; with validation pictures every refinement has its own, and this is "vcr".
    `at_the_end`: which of "alpha", "beta" is the largest tried, so that more might be better still.
    """

    classifier: str
    seed: int
    refinement: str
    tuned_on: str
    alphas: list[float]
    betas: list[float]
    accuracy: list[list[float]]
    chosen: list[int]
    alpha: float
    beta: float | None
    best: float
    ties: int
    at_the_end: list[str]


class Setup(TypedDict):
    """The setting that every figure of the run is of.

    `shots`: asked for; `shots_of`: class -> shots in each draw. `seeds`: of the support draws. `kinds`: of scenes, else empty.
    `tuned_on`: "loo" or "val". `notes`: what people should know of set, model or classes. `encoded`, `cached`: crops and pictures
    that were encoded in this run, and that were known already.
    """

    template: list[str]
    prompts: list[str]
    model: str
    set: str
    classes: list[str]
    shots: int
    shots_of: dict[str, int]
    test_pictures: int
    val_pictures: int
    seeds: list[int]
    kinds: list[str]
    tuned_on: str
    scales: list[float]
    views: int
    margin: str
    merge_norm: str
    whole: str
    augmentations: int
    notes: list[str]
    seconds_encoding: float
    encoded: int
    cached: int


class Verdict(TypedDict):
    """A finding in words, for people; the run's verdict first, then one a classifier."""

    level: Literal["good", "warning", "bad", "info"]
    text: str
