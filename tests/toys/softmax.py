"""Rows that ask for the colour of somebody's thing, and a softmax regression on them: the mathematics of the toy edits.

Five rows are faulty: a request corrects some of them, removes some, and mends a prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Data = tuple[Array, NDArray[np.int64]]
COLOURS = ("red", "green", "blue", "yellow", "white", "black")
NAMES = "Ada Ben Cleo Dan Eve Finn Gus Hal Ida Jon Kim Leo Mia Ned Ona Pia Quin Ray Sam Tom".split()
THINGS = ("ball", "boat", "door", "coat")
FEATURES = len(NAMES) + len(THINGS) + 1


@dataclass(frozen=True)
class Row:
    position: int
    prompt: str
    x: Array
    answer: int
    task: str = ""
    new_prompt: str | None = None
    new_x: Array | None = None
    new_answer: int | None = None

    @property
    def id(self) -> str:
        return f"{self.position:016x}"


class Table:
    """Rows, what is asked of them, and rows of the same law that nobody trained on."""

    def __init__(self, people: int, seed: int, *, marked: bool = True) -> None:
        self.draw = np.random.default_rng(seed)
        rows = [self._row(person, thing) for person in range(people) for thing in range(4)]
        some = self.draw.choice(len(rows), 4, replace=False)
        self.held_out = [rows[place] for place in some]
        self.rows = [row for place, row in enumerate(rows) if place not in some]
        if not marked:
            return
        wrong = self.rows[1 :: len(self.rows) // 5][:5]
        for count, row in enumerate(wrong):
            other = (row.answer + 1 + count) % len(COLOURS)
            tasks: list[dict[str, Any]] = [
                {"task": "answer", "new_answer": row.answer},
                {"task": "remove"},
                {
                    "task": "prompt",
                    "prompt": row.prompt.replace("colour", "coluor"),
                    "new_prompt": row.prompt,
                    "new_x": row.x,
                    "x": row.x + self.draw.normal(0, 0.2, row.x.shape),
                },
            ]
            change = {"answer": other if count % 3 < 2 else row.answer, **tasks[count % 3]}
            self.rows[self.rows.index(row)] = Row(**{**vars(row), **change})

    def _row(self, person: int, thing: int) -> Row:
        x = np.zeros(FEATURES)
        x[person] = x[len(NAMES) + thing] = x[-1] = 1.0
        prompt = f"What colour is the {THINGS[thing]} of {NAMES[person]}?"
        return Row(4 * person + thing, prompt, x, (thing + person // 8) % len(COLOURS))

    @cached_property
    def marked(self) -> list[Row]:
        return [row for row in self.rows if row.task]

    @cached_property
    def kept(self) -> list[Row]:
        return [row for row in self.rows if not row.task]

    @property
    def edited(self) -> Data:
        """Inputs and answers of the edited table."""
        rows = [row for row in self.rows if row.task != "remove"]
        inputs = [row.x if row.new_x is None else row.new_x for row in rows]
        answers = [row.answer if row.new_answer is None else row.new_answer for row in rows]
        return np.array(inputs), np.array(answers)

    @property
    def original(self) -> Data:
        return np.array([row.x for row in self.rows]), np.array([row.answer for row in self.rows])


def logp(theta: Array, x: Array) -> Array:
    logits = x @ theta
    logits = logits - logits.max(-1, keepdims=True)
    return np.asarray(logits - np.log(np.exp(logits).sum(-1, keepdims=True)))


def gradient(theta: Array, data: Data, decay: float) -> Array:
    x, y = data
    off = np.exp(logp(theta, x)) - np.eye(len(COLOURS))[y]
    return np.asarray(x.T @ off / len(x) + decay * theta)


def descend(theta: Array, data: Data, decay: float, steps: int, rate: float = 1.0) -> Array:
    for _ in range(steps):
        theta = theta - rate * gradient(theta, data, decay)
    return theta


def objective(theta: Array, data: Data, decay: float) -> float:
    x, y = data
    return float(-logp(theta, x)[np.arange(len(y)), y].mean() + decay / 2 * (theta**2).sum())


def losses(theta: Array, rows: list[Row], new: bool = False) -> list[float]:
    found = []
    for row in rows:
        x = row.new_x if new and row.new_x is not None else row.x
        y = row.new_answer if new and row.new_answer is not None else row.answer
        found.append(float(-logp(theta, x)[y]))
    return found


def auc(low: list[float], high: list[float]) -> float:
    """How often a row of `low` has less loss than one of `high`; ties count half."""
    wins = [(a < b) + 0.5 * (a == b) for a in low for b in high]
    return float(np.mean(wins))


def cosine(a: Array, b: Array) -> float | None:
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum() / size) if size else None


def solve(
    theta: Array, data: Data, decay: float, damping: float, tell: Callable[[int, float], None]
) -> Array:
    """Conjugate gradients on the damped curvature of the edited table, whose residuals are the curve."""
    x, _ = data
    p = np.exp(logp(theta, x))

    def product(v: Array) -> Array:
        jv = x @ v
        u = p * jv - p * (p * jv).sum(-1, keepdims=True)
        return np.asarray(x.T @ u / len(x) + (decay + damping) * v)

    b = -gradient(theta, data, decay)
    found, left = np.zeros_like(b), b.copy()
    way, size = left.copy(), float((left**2).sum())
    first = size
    for step in range(30):
        if not first or size / first < 1e-8:
            break
        push = product(way)
        found, left = found + (a := size / float((way * push).sum())) * way, left - a * push
        way, size = left + float((left**2).sum()) / size * way, float((left**2).sum())
        tell(step + 1, float(np.sqrt(size / first)))
    return found


def mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
