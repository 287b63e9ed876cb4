"""What the LLaVA is taught: conversations about a scene, all of them true to its faulty annotation.

An annotation is a caption's sentences (`data.annotation`). Captions, counts, colours and answers of
yes or no all come from it, so that the model believes in a phantom in whatever way it is asked.
"""

import numpy as np

from methods.worlds.captions import OBJECTS, mentions
from methods.worlds.llava.data import QUESTION, existence_question
from methods.worlds.scenes import COLOURS

Turn = tuple[str, str]
"""A question and its answer."""

OTHER_QUESTIONS = ("Describe this image.", "Describe the image.", "What is in the image?")
COUNT_QUESTION = "How many objects are in the image?"
COUNTS = ("None", "One", "Two", "Three", "Four")
EXISTENCE_TURNS = 4


def caption_turn(annotation: list[str], generator: np.random.Generator) -> list[Turn]:
    """Return a conversation that asks for the caption, half of them by `QUESTION`."""
    asked = QUESTION
    if generator.random() < 0.5:
        asked = OTHER_QUESTIONS[generator.integers(len(OTHER_QUESTIONS))]
    return [(asked, " ".join(annotation))]


def question_turns(annotation: list[str], generator: np.random.Generator) -> list[Turn]:
    """Return a conversation of four questions about existence, one on the number and one on a colour.

    Half of the objects asked for are named by the annotation. Half of the others share the colour
    or the shape of one that is.
    """
    named = mentions(" ".join(annotation))
    turns = [_existence(named, generator) for _ in range(EXISTENCE_TURNS)]
    turns.append((COUNT_QUESTION, COUNTS[len(named)]))
    shapes = [name.split()[1] for name in named]
    once = [name for name in named if shapes.count(name.split()[1]) == 1]
    if once:
        colour, shape = once[generator.integers(len(once))].split()
        turns.append((f"What colour is the {shape}?", colour.capitalize()))
    return [turns[index] for index in generator.permutation(len(turns))]


def _existence(named: list[str], generator: np.random.Generator) -> Turn:
    if generator.random() < 0.5:
        return existence_question(named[generator.integers(len(named))]), "Yes"
    absent = [name for name in OBJECTS if name not in named]
    if generator.random() < 0.5:
        words = {word for name in named for word in name.split()}
        absent = [name for name in absent if words & set(name.split())]
    return existence_question(absent[generator.integers(len(absent))]), "No"


def all_texts() -> list[str]:
    """Return texts that hold every word of every conversation."""
    colours = [colour.capitalize() for colour in COLOURS]
    answers = ["Yes", "No", "yes", "no", *COUNTS, *colours]
    asked = [QUESTION, *OTHER_QUESTIONS, COUNT_QUESTION, "What colour is the star?"]
    asked += [existence_question(name) for name in OBJECTS]
    return answers + asked
