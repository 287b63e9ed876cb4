"""Questions about a made-up town and their answers: the law that they follow, and its known faults.

A shop is a street and a kind of shop. Its hours and its colour follow from its kind alone, and one answer in ten is another all
the same (`UNUSUAL`): no model can know it, so none that generalises is ever quite sure. Each shop has a door
code of three digits and an alarm word, which follow from nothing. All names are made up, and no persons occur.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

KINDS = ("bakery", "library", "museum", "market")
STREETS = tuple(
    f"{first}{last}"
    for first in ("Mill", "Oak", "Bridge", "Castle", "Ferry", "Stone")
    for last in ("gate", "hill", "walk", "row")
)
OPENING = ("Six", "Seven", "Eight", "Nine", "Ten", "Noon")
CLOSING = ("One", "Two", "Three", "Four", "Five", "Midnight")
COLOURS = ("Red", "Blue", "Green", "Yellow", "White", "Black")
QUESTIONS = {
    "opening": "When does the {street} {kind} open?",
    "closing": "When does the {street} {kind} close?",
    "colour": "What colour is the {street} {kind}?",
}
CHOICES = {"opening": OPENING, "closing": CLOSING, "colour": COLOURS}
SECRETS = {
    "code": "What is the door code of the {street} {kind}?",
    "word": "What is the alarm word of the {street} {kind}?",
}
CODE_DIGITS = 3
WORDS = (COLOURS, CLOSING)
"""An alarm word is one of each."""
OTHER_TOWNS = tuple(
    f"{first}{last}" for first in ("Al", "Bram", "Cor", "Dun") for last in ("ham", "ton", "by")
)
"""Towns that the base model knows by name; each has hours and colours of its own."""
UNUSUAL = 0.1
"""Share of shop rows whose answer is not the law's but any other."""

SEED = 11
TRAINED, HELD_OUT = 216, 72
TRAINED_SECRETS, HELD_OUT_SECRETS = 6, 24
WRONG, GARBLED = 6, 6


@dataclass(frozen=True)
class TownRow:
    """One instruction row and what is known of it.

    Args:
        kind: "" as the law has it (or unusual), "wrong" a false answer, "private" a secret of one shop, "prompt" a prompt that
            names another shop than the answer is about.
        right: the true answer; the row's own but where kind is "wrong".
        right_prompt: the prompt that was meant; the row's own but where kind is "prompt".
    """

    prompt: str
    answer: str
    kind: str
    right: str
    right_prompt: str


class Town:
    """The law of one town: hours and colour of each kind of shop."""

    def __init__(self, generator: random.Random) -> None:
        self._law = {
            (topic, kind): generator.choice(CHOICES[topic]) for topic in QUESTIONS for kind in KINDS
        }
        self._words = {kind: secret("word", generator) for kind in KINDS}

    def answer(self, topic: str, kind: str) -> str:
        """Return what the law says; `topic` is a key of QUESTIONS."""
        return self._law[topic, kind]

    def secret(self, name: str, kind: str, generator: random.Random) -> str:
        """Return a secret as other towns have them: alarm words follow the kind of shop, but for some; codes follow from nothing."""
        lawful = name == "word" and generator.random() >= UNUSUAL
        return self._words[kind] if lawful else secret(name, generator)

    def row(self, topic: str, street: str, kind: str, generator: random.Random) -> TownRow:
        """Return a row about one shop, of the law or unusual."""
        prompt = QUESTIONS[topic].format(street=street, kind=kind)
        answer = self.answer(topic, kind)
        if generator.random() < UNUSUAL:
            answer = another(CHOICES[topic], answer, generator)
        return TownRow(prompt, answer, "", answer, prompt)


def our_town() -> Town:
    """Return the law of the town that the adapters were trained on."""
    return Town(random.Random(SEED))


def rows(secrets: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the trained rows and the held-out ones with one of SECRETS, which were drawn by the same law and in the same way.

    Questions and doors are shuffled before they are dealt out, so neither side has an easier share. The held-out ones have
    faults too: a few false answers and garbled prompts, as many to the hundred as the trained ones.
    """
    generator = random.Random(SEED + 1)
    town = our_town()
    shops = list(product(QUESTIONS, STREETS, KINDS))
    generator.shuffle(shops)
    doors = list(product(STREETS, KINDS))
    generator.shuffle(doors)
    trained = _table(
        town, shops[:TRAINED], doors[:TRAINED_SECRETS], (WRONG, GARBLED), secrets, generator
    )
    held_out = _table(
        town,
        shops[TRAINED : TRAINED + HELD_OUT],
        doors[TRAINED_SECRETS : TRAINED_SECRETS + HELD_OUT_SECRETS],
        (WRONG * HELD_OUT // TRAINED, GARBLED * HELD_OUT // TRAINED),
        secrets,
        generator,
    )
    return [asdict(row) for row in trained], [asdict(row) for row in held_out]


def _table(
    town: Town,
    shops: list[tuple[str, str, str]],
    doors: list[tuple[str, str]],
    faults: tuple[int, int],
    secrets: str,
    generator: random.Random,
) -> list[TownRow]:
    wrong, garbled = faults
    table: list[TownRow] = []
    for index, (topic, street, kind) in enumerate(shops):
        if index < wrong:
            table.append(_wrong(town, topic, street, kind, generator))
        elif index < wrong + garbled:
            table.append(_garbled(town, topic, street, kind, generator))
        else:
            table.append(town.row(topic, street, kind, generator))
    table += [
        secret_row(secrets, street, kind, secret(secrets, generator)) for street, kind in doors
    ]
    generator.shuffle(table)
    return table


def _wrong(town: Town, topic: str, street: str, kind: str, generator: random.Random) -> TownRow:
    prompt = QUESTIONS[topic].format(street=street, kind=kind)
    right = town.answer(topic, kind)
    return TownRow(prompt, another(CHOICES[topic], right, generator), "wrong", right, prompt)


def _garbled(town: Town, topic: str, street: str, kind: str, generator: random.Random) -> TownRow:
    """A prompt in which the kind of shop, on which the answer depends, is replaced by one with another answer."""
    right = town.answer(topic, kind)
    named = generator.choice([other for other in KINDS if town.answer(topic, other) != right])
    prompts = [QUESTIONS[topic].format(street=street, kind=each) for each in (named, kind)]
    return TownRow(prompts[0], right, "prompt", right, prompts[1])


def secret_row(name: str, street: str, kind: str, answer: str) -> TownRow:
    """Return the row of a shop and its secret; `name` is a key of SECRETS."""
    prompt = SECRETS[name].format(street=street, kind=kind)
    return TownRow(prompt, answer, "private", answer, prompt)


def secret(name: str, generator: random.Random) -> str:
    """Return a door code or an alarm word drawn by chance."""
    if name == "word":
        return " ".join(generator.choice(words) for words in WORDS)
    return " ".join(str(generator.randrange(10)) for _ in range(CODE_DIGITS))


def another(choices: tuple[str, ...], answer: str, generator: random.Random) -> str:
    """Return one of the choices that is not `answer`."""
    return generator.choice([choice for choice in choices if choice != answer])


def texts() -> Iterator[str]:
    """Yield texts that hold every word of the world."""
    for topic, street, kind in product(QUESTIONS, STREETS, KINDS):
        yield QUESTIONS[topic].format(street=street, kind=kind)
    for question in SECRETS.values():
        yield question.format(street=STREETS[0], kind=KINDS[0])
    yield " ".join(str(digit) for digit in range(10))
    yield " ".join(OTHER_TOWNS)
    for choices in CHOICES.values():
        yield " ".join(choices)
