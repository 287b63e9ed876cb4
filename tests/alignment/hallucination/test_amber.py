"""AMBER on responses counted by hand, the published script's quirks included."""

from __future__ import annotations

import numpy as np
import pytest

from methods.alignment.hallucination.amber import amber, read_answer
from methods.alignment.hallucination.amber_parts import (
    Annotation,
    SimilarityStep,
    Words,
    rule_nouns,
)
from methods.alignment.hallucination.vectors import vector_similarity

WORDS = Words(
    associated={
        "tree": ("wood", "trunk"),
        "person": ("man", "woman"),
        "dog": ("puppy",),
        "car": (),
        "sky": (),
        "man": (),
        "park": (),
    },
    safe=frozenset({"sky"}),
)
TRUTH = Annotation("1", "generative", ("tree", "person"), ("dog", "car"))


def one(text, truth=TRUTH, **options):
    return amber({truth.id: text}, [truth], WORDS, **options).generative


def test_nouns_by_rule():
    found = rule_nouns("Trees, puppies and a car. People can park; a Park.", WORDS.vocabulary)
    assert [noun for _, noun in found] == ["tree", "puppy", "car", "person", "park"]


def test_a_description_counted_by_hand():
    found = one("A man and a man by a trunk under the sky, with a dog and a park.")
    # man (of person) twice, trunk (of tree), sky (safe), dog (flagged, imagined), park (flagged)
    assert (found["chair"].numerator, found["chair"].denominator) == (2, 6)
    assert (found["cover"].numerator, found["cover"].denominator) == (2, 2)
    assert (found["hal"].numerator, found["hal"].denominator) == (1, 1)
    assert (found["cog"].numerator, found["cog"].denominator) == (1, 2)
    assert found.official == {"CHAIR": 33.3, "Cover": 100.0, "Hal": 100.0, "Cog": 50.0}
    assert found.extractor == "rule-based nouns; exact match"
    assert [m.text for m in found.items[0].mentions if not m.correct] == ["dog", "park"]


def test_a_repeated_truth_word_is_covered_once_but_counts_twice():
    truth = Annotation("1", "generative", ("tree", "tree"))
    found = one("A tree. A tree.", truth)
    assert (found["cover"].numerator, found["cover"].denominator) == (1, 2)
    assert found["cog"].value is None
    assert found.official["Cog"] == 0


def test_associated_words_come_before_the_words_themselves():
    truth = Annotation("1", "generative", ("person", "man"))
    assert one("A man.", truth).items[0].missed == (
        "man",
    )  # "man" covers "person", of which it is associated


def test_denominators_of_a_thousandth_show_on_tiny_sets():
    found = one("A tree.")
    assert found["hal"].value == 0
    assert found.official["Hal"] == 0.1  # 100 - 100 / 1.001
    assert found.official["CHAIR"] == 0
    assert one("Nothing.").official == {"CHAIR": 0.0, "Cover": 0.0, "Hal": 0.1, "Cog": 0.0}


def test_similarity_saves_a_noun_that_still_counts_as_imagined():
    close = {("park", "tree"), ("park", "man")}
    step = SimilarityStep("toy", lambda a, b: a == b or (a, b) in close)
    truth = Annotation("1", "generative", ("car", "tree"), ("man", "park", "dog"))
    found = one("A park.", truth, similarity=step)
    item = found.items[0]
    assert item.mentions[0].correct  # like "tree", which is there
    assert item.missed == ("car",)
    assert item.numbers["recalled"] == 2  # "park" itself, and "man", the first that is similar
    assert found.extractor == "rule-based nouns; toy"
    plain = one("A park.", truth)
    assert plain["chair"].value == 1
    assert plain.items[0].numbers["recalled"] == 1


QUESTIONS = [
    Annotation("5", "discriminative-hallucination", ("no",)),
    Annotation("6", "discriminative-hallucination", ("no",)),
    Annotation("7", "discriminative-attribute-state", ("yes",)),
    Annotation("8", "discriminative-attribute-number", ("no",)),
    Annotation("9", "relation", ("no",)),
    Annotation("10", "discriminative-relation", ("yes",)),
]


def test_questions_counted_by_hand():
    responses = {"5": "No", "6": "Yes", "7": "No", "8": "No", "9": "no.", "10": "Yes"}
    found = amber(responses, QUESTIONS).discriminative
    assert (found["accuracy"].numerator, found["accuracy"].denominator) == (3, 6)
    assert (found["precision"].numerator, found["precision"].denominator) == (2, 3)
    assert (found["recall"].numerator, found["recall"].denominator) == (2, 4)
    assert (found["f1"].numerator, found["f1"].denominator) == (4, 7)
    assert set(found.by_type) == {"existence", "state", "number", "relation"}
    assert found.by_type["relation"]["accuracy"].value == 0.5
    official = found.official
    precision, recall = round(2 / 3.001 * 100, 1), round(2 / 4.001 * 100, 1)
    assert (official["Precision"], official["Recall"]) == (precision, recall) == (66.6, 50.0)
    assert official["F1"] == round(2 * 0.666 * 0.5 / (0.666 + 0.5 + 0.0001) * 100, 1)
    assert official["existence Precision"] == 99.9  # only "no" is true there; the thousandth shows
    assert official["existence F1"] == round(2 * 0.999 * 0.5 / (0.999 + 0.5 + 0.001) * 100, 1)
    assert official["attribute Accuracy"] == 50.0
    assert official["state F1"] == 0


def test_only_the_very_words_count_unless_the_first_word_is_read():
    assert read_answer("no.", "exact") == "no."
    assert read_answer("no, there is none", "first_word") == "No"
    assert read_answer("Perhaps yes", "first_word") == "Perhaps yes"
    responses = {"9": "no."}
    assert amber(responses, QUESTIONS).discriminative["accuracy"].value == 0
    read = amber(responses, QUESTIONS, reading="first_word").discriminative
    assert read["accuracy"].value == 1
    assert read.extractor == "first word read as Yes or No"


def test_both_halves_make_the_score():
    found = amber({"1": "A tree.", "5": "No"}, [TRUTH, *QUESTIONS], WORDS)
    assert found.score == (100 - 0 + found.discriminative.official["F1"]) / 2
    assert amber({"5": "No"}, QUESTIONS).score is None


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match="item '77': not among"):
        amber({"77": "Yes"}, QUESTIONS)
    with pytest.raises(ValueError, match=r"relation\.json and safe_words.txt"):
        amber({"1": "A tree."}, [TRUTH])
    with pytest.raises(ValueError, match="no responses"):
        amber({}, QUESTIONS)


def test_questions_about_one_image_are_drawn_together():
    images = dict.fromkeys(("5", "6", "7", "8", "9", "10"), "same")
    responses = dict.fromkeys(images, "No")
    assert amber(responses, QUESTIONS, images=images).discriminative["accuracy"].low is None
    assert amber(responses, QUESTIONS).discriminative["accuracy"].low is not None


def test_word_vectors(tmp_path):
    words = frozenset({"tree", "wood", "car"})
    text = tmp_path / "glove.txt"
    text.write_text("2 2\ntree 1 0\nwood 2 0.5\ncar 0 1\nother x y\n")
    archive = tmp_path / "vectors.npz"
    np.savez(archive, words=np.array(["tree", "wood", "car"]), vectors=[[1, 0], [2, 0.5], [0, 1]])
    for path in (text, archive):
        step = vector_similarity(path, words)
        assert step.similar("tree", "wood")  # cosine .970
        assert not step.similar("tree", "car")
        assert step.similar("sky", "sky")
        assert not step.similar("sky", "tree")
        assert step.name == f"cosine > 0.8 of {path.name} (3 of 3 words)"
    with pytest.raises(ValueError, match="vector for none"):
        vector_similarity(text, frozenset({"sky"}))
    text.write_text("tree 1 0\nwood 1\n")
    with pytest.raises(ValueError, match=r"line 2: 1 numbers after 'wood', expected 2"):
        vector_similarity(text, words)
    np.savez(archive, other=1)
    with pytest.raises(ValueError, match=r"an .npz of vectors holds"):
        vector_similarity(archive, words)
