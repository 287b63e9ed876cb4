"""How benchmarks and figures are called, what a figure divides, and which way is better."""

from __future__ import annotations

NAMES = {
    "scenes": "held-out scenes",
    "scenes_questions": "yes-or-no questions about held-out scenes",
    "chair": "CHAIR",
    "object_halbench": "Object HalBench",
    "amber_generative": "AMBER's descriptions",
    "amber_discriminative": "AMBER's questions",
    "pope": "POPE",
    "mmhal": "MMHal-Bench",
}
HEADLINE = {
    "scenes": ("chair_i", "chair_s"),
    "scenes_questions": ("accuracy", "f1"),
    "chair": ("chair_i", "chair_s"),
    "object_halbench": ("response_level", "mention_level"),
    "amber_generative": ("chair", "hal"),
    "amber_discriminative": ("accuracy", "f1"),
    "pope": ("accuracy", "f1"),
    "mmhal": ("score", "hallucination_rate"),
}
"""The figures of a benchmark that are spoken of first."""
TITLES = {
    "chair_i": "CHAIR_i",
    "chair_s": "CHAIR_s",
    "response_level": "response-level hallucination",
    "mention_level": "mention-level hallucination",
    "response_of_all": "response-level, of all answers",
    "chair": "CHAIR",
    "hal": "Hal",
    "cog": "Cog",
    "cover": "Cover",
    "f1": "F1",
    "yes_ratio": "yes ratio",
    "hallucination_rate": "hallucination rate",
    "background_right": "background right",
    "empty": "empty replies",
    "unreadable": "unreadable judgements",
}
DIVIDES = {
    "chair_i": "hallucinated mentions / mentions",
    "chair_s": "answers with a hallucinated mention / answers",
    "response_level": "answers with a hallucinated object / answers with a recognised object",
    "mention_level": "hallucinated objects / recognised objects",
    "response_of_all": "answers with a hallucinated object / answers",
    "chair": "flagged nouns / counted nouns",
    "cover": "true words named / true words",
    "hal": "descriptions with a flagged noun / descriptions",
    "cog": "imagined words named / imagined words",
    "recall": "objects named / objects there",
    "mentions": "mentions / answers",
    "words": "words / answers",
    "background_right": "right backgrounds / answers",
    "accuracy": "right answers / answers",
    "f1": "harmonic mean of precision and recall",
    "yes_ratio": "replies read as yes / replies",
    "empty": "empty replies, read as yes / replies",
    "score": "sum of ratings from 0 to 6 / answers",
    "hallucination_rate": "ratings below 3 / answers",
    "informativeness": "ratings less 3 from 3 on / 3 times the answers",
    "unreadable": "judgements without one rating / judgements",
}
LESS_IS_BETTER = {
    *("chair_i", "chair_s", "response_level", "mention_level", "response_of_all"),
    *("chair", "hal", "cog", "hallucination_rate", "unreadable", "empty"),
}
NEUTRAL = {"mentions", "words", "yes_ratio"}
"""Neither way is better."""
QUESTIONS = ("scenes_questions", "pope", "amber_discriminative")
"""Benchmarks of yes-or-no questions."""
DESCRIBED = ("scenes", "chair", "object_halbench", "amber_generative")
"""Benchmarks of descriptions."""
SAID = ("recall", "cover", "mentions")
"""Of a description: how much it says. Naming less is the cheapest way to hallucinate less."""


def title_of(name: str) -> str:
    """A figure as it is written in a sentence."""
    return TITLES.get(name, name.replace("_", " "))


def divides(benchmark: str, name: str) -> str:
    """What stands above and below the line."""
    if benchmark in QUESTIONS and name == "recall":
        word = "no" if benchmark == "amber_discriminative" else "yes"
        return f"“{word}” said / “{word}” true"
    if benchmark in QUESTIONS and name == "precision":
        word = "no" if benchmark == "amber_discriminative" else "yes"
        return f"“{word}” true / “{word}” said"
    return DIVIDES.get(name, "")


def better(name: str) -> str:
    """ "less" or "more"; "" where neither is."""
    if name in NEUTRAL:
        return ""
    return "less" if name in LESS_IS_BETTER else "more"
