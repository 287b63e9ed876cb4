"""CHAIR: which objects of a caption are not in its image.

**Paper**: Rohrbach, Hendricks, Burns, Darrell, Saenko, "Object Hallucination in Image Captioning", EMNLP 2018.
**Original code**: https://github.com/LisaAnne/Hallucination (utils/chair.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from methods.alignment.hallucination.rates import Column
from methods.alignment.hallucination.scores import Mention, Scored, Scores, make_scores
from methods.alignment.hallucination.synonyms import Synonyms

EXTRACTOR = "synonym list, rule-based singulars"

Truth = Mapping[str, Collection[str]]
"""Objects of each image, by its id: words of the synonym list."""


def chair(answers: Mapping[str, str], truth: Truth, synonyms: Synonyms, *, seed: int = 0) -> Scores:
    """CHAIR of one caption an image.

    Args:
        answers: the caption of each image, by the image's id.
        truth: what is in each image: COCO's instance categories and the objects of its own captions.
        seed: of the bootstrap.
    Returns:
        rates `chair_i` = hallucinated mentions / mentions of COCO objects, repeats counted (eq. 1 of the paper);
        `chair_s` = captions with a hallucinated mention / captions (eq. 2); `recall` = distinct objects named / objects
        there; `mentions` and `words` = mentions, and words, / captions.
    Raises:
        ValueError: there are no answers, an image has no truth, or its truth names an unknown object.
    """
    items = [_score(image, text, truth, synonyms) for image, text in answers.items()]
    return make_scores("chair", items, columns(items, answers), extractor=EXTRACTOR, seed=seed)


def columns(items: Sequence[Scored], answers: Mapping[str, str]) -> dict[str, Column]:
    """What the rates of CHAIR divide."""
    one = [1.0] * len(items)
    named = [float(len(item.mentions)) for item in items]
    wrong = [float(sum(not each.correct for each in item.mentions)) for item in items]
    return {
        "chair_i": Column(wrong, named),
        "chair_s": Column([float(count > 0) for count in wrong], one),
        "recall": recall(items),
        "mentions": Column(named, one, share=False),
        "words": Column([float(len(answers[item.item].split())) for item in items], one, False),
    }


def recall(items: Sequence[Scored]) -> Column:
    """Distinct objects named / objects there."""
    there = [item.numbers["objects"] for item in items]
    found = [total - len(item.missed) for item, total in zip(items, there, strict=True)]
    return Column(found, there)


def objects_of(image: str, truth: Truth, synonyms: Synonyms) -> frozenset[str]:
    """Nodes that are in an image.

    Raises:
        ValueError: nothing is known of it, or it names an unknown object.
    """
    if image not in truth:
        raise ValueError(
            f"image {image!r} is answered, but has no truth among the {len(truth)} known"
        )
    try:
        return synonyms.nodes(truth[image])
    except ValueError as error:
        raise ValueError(f"truth of image {image!r}: {error}") from error


def _score(image: str, text: str, truth: Truth, synonyms: Synonyms) -> Scored:
    there = objects_of(image, truth, synonyms)
    mentions = tuple(
        Mention(
            found.start, found.end, text[found.start : found.end], found.node, found.node in there
        )
        for found in synonyms.find(text)
    )
    missed = sorted(there - {mention.node for mention in mentions})
    numbers = {"objects": float(len(there))}
    label = ", ".join(sorted(there))
    return Scored(image, image, mentions, tuple(missed), label=label, numbers=numbers)
