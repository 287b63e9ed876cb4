"""CHAIR and Object HalBench on captions counted by hand."""

from __future__ import annotations

import pytest

from methods.alignment.hallucination.chair import chair
from methods.alignment.hallucination.object_halbench import object_halbench
from methods.alignment.hallucination.words import forms, tokenise


def nodes(synonyms, text):
    return [found.node for found in synonyms.find(text)]


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("buses", "bus"),
        ("knives", "knife"),
        ("puppies", "puppy"),
        ("cookies", "cookie"),
        ("vases", "vase"),
        ("glasses", "glass"),
        ("women", "woman"),
        ("policemen", "policeman"),
        ("people", "person"),
        ("wolves", "wolf"),
        ("gloves", "glove"),
        ("boxes", "box"),
        ("ties", "tie"),
    ],
)
def test_singulars_of_plurals(plural, singular):
    assert singular in forms(plural)
    assert forms(plural)[0] == plural


def test_what_is_no_plural_stays():
    assert forms("glass") == ["glass"]
    assert forms("bus") == ["bus", "bu"]
    assert forms("men") == ["men", "man"]


def test_words_keep_their_place():
    text = "A hot-dog, 2 dogs."
    assert [text[w.start : w.end].lower() for w in tokenise(text)] == [
        w.text for w in tokenise(text)
    ]
    assert [w.text for w in tokenise(text)] == ["a", "hot-dog", ",", "2", "dogs", "."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two men and a dog.", ["person", "dog"]),
        ("A baby sheep beside an adult dog.", ["sheep", "dog"]),
        ("A passenger jet above a passenger train.", ["airplane", "train"]),
        ("The seat of the toilet is up.", ["toilet"]),
        ("A toilet seat.", ["toilet"]),
        ("A seat near the dog.", ["chair", "dog"]),
        ("He wears a bow tie.", ["tie"]),
        ("Three wine glasses and hot dogs.", ["wine glass", "hot dog"]),
        ("He slides to home plate.", []),
        ("Weeds on the train track.", []),
        ("An air plane. A street, light traffic light", ["airplane", "traffic light"]),
        ("Traffic, light and fog.", []),
        ("KNIVES! buses? People...", ["knife", "bus", "person"]),
        ("", []),
    ],
)
def test_objects_of_a_text(synonyms, text, expected):
    assert nodes(synonyms, text) == expected


def test_a_joined_object_spans_both_words(synonyms):
    text = "Some hot dogs here"
    (found,) = synonyms.find(text)
    assert text[found.start : found.end] == "hot dogs"
    assert (found.word, found.node) == ("hot dog", "hot dog")


TRUTH = {"1": ["person", "dog"], "2": ["train"], "3": ["bus"]}


def test_chair_counted_by_hand(synonyms):
    answers = {
        "1": "A man and a woman with a puppy and a knife; the knife is sharp.",  # 5 mentions, 2 wrong
        "2": "A metro.",  # 1 mention
        "3": "Nothing to see.",  # none
    }
    found = chair(answers, TRUTH, synonyms)
    assert (found["chair_i"].numerator, found["chair_i"].denominator) == (2, 6)
    assert found["chair_s"].value == 1 / 3
    assert (found["recall"].numerator, found["recall"].denominator) == (3, 4)
    assert found["mentions"].value == 2
    assert found["words"].numerator == 15 + 2 + 3
    first, _, third = found.items
    assert [m.text for m in first.mentions if not m.correct] == ["knife", "knife"]
    assert third.missed == ("bus",)
    assert (found.extractor, found.judge) == ("synonym list, rule-based singulars", "")


def test_a_corpus_without_objects_has_no_chair_i(synonyms):
    found = chair({"1": "Hm.", "2": ""}, TRUTH, synonyms)
    assert found["chair_i"].value is None
    assert found["chair_s"].value == 0


def test_truth_that_is_missing_or_unknown_is_named(synonyms):
    with pytest.raises(ValueError, match="image '9' is answered, but has no truth"):
        chair({"9": "A dog."}, TRUTH, synonyms)
    with pytest.raises(
        ValueError, match="truth of image '1': 'unicorn' is not in the synonym list"
    ):
        chair({"1": "A dog."}, {"1": ["unicorn"]}, synonyms)


HALBENCH = {
    "1": "A man, another man and a knife in front of a dog.",  # words man, knife, dog: 1 of 3 wrong
    "2": "A knife knife knife",  # 4 words: one object, wrong
    "3": "A dog knife",  # three words: no objects
}


def test_object_halbench_divides_by_answers_that_name_an_object(synonyms):
    found = object_halbench(HALBENCH, TRUTH, synonyms)
    assert (found["response_level"].numerator, found["response_level"].denominator) == (2, 2)
    assert (found["response_of_all"].numerator, found["response_of_all"].denominator) == (2, 3)
    assert (found["mention_level"].numerator, found["mention_level"].denominator) == (2, 4)
    assert (found["recall"].numerator, found["recall"].denominator) == (2, 4)
    assert found.extractor == "rule"


def test_two_words_of_one_object_are_two_mentions(synonyms):
    found = object_halbench({"2": "There is a man and a woman."}, TRUTH, synonyms)
    assert found["mention_level"].denominator == 2


def test_given_extractions_take_the_place_of_the_rule(synonyms):
    given = {"1": ["Men", "wine glasses", "coffee table", "sky"], "2": [], "3": ["dog"]}
    found = object_halbench(HALBENCH, TRUTH, synonyms, extractions=given, extractor="gpt-x")
    assert [m.node for m in found.items[0].mentions] == ["person", "wine glass"]
    assert (found["mention_level"].numerator, found["mention_level"].denominator) == (1, 2)
    assert (found["response_level"].numerator, found["response_level"].denominator) == (1, 1)
    assert found.extractor == "gpt-x, matched by rule"


def test_extractions_need_a_name_and_every_answer(synonyms):
    with pytest.raises(ValueError, match="come together"):
        object_halbench(HALBENCH, TRUTH, synonyms, extractions={})
    with pytest.raises(ValueError, match="names our own extractor"):
        object_halbench(HALBENCH, TRUTH, synonyms, extractions={}, extractor="rule")
    with pytest.raises(ValueError, match="answer to image '2' has no extraction"):
        object_halbench(HALBENCH, TRUTH, synonyms, extractions={"1": []}, extractor="gpt-x")
