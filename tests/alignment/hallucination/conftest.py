"""A synonym list in the manner of CHAIR's, small."""

from __future__ import annotations

import pytest
import torch

from methods.alignment.hallucination.synonyms import Synonyms

torch.set_num_threads(1)

LINES = (
    "person, girl, boy, man, woman, baby, passenger",
    "dog, puppy",
    "train, metro",
    "airplane, jet, air plane",
    "chair, seat, stool",
    "toilet",
    "tie, bow",
    "wine glass",
    "hot dog",
    "knife",
    "bus",
    "dining table, table",
    "sheep, lamb",
    "traffic light, street light",
    "bowl, plate",
)


@pytest.fixture(scope="session")
def synonyms() -> Synonyms:
    return Synonyms(tuple(tuple(line.split(", ")) for line in LINES))
