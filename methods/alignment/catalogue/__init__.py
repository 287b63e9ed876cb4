"""What there is in multimodal preference alignment: algorithms, data sets, benchmarks, a taxonomy, open directions.

    from methods.alignment import load_catalogue

    catalogue = load_catalogue()
    [entry.name for entry in catalogue.algorithms if "Video" in entry.groups]

**Survey**: Yu et al., "Aligning Multimodal LLM with Human Preference: A Survey", arXiv:2503.14504, and the lists of its
project page, with some works that came later. Facts only; each says whether it was found in a source (`Fact.checked`).
"""

from __future__ import annotations

from methods.alignment.catalogue.entries import Catalogue, Direction, Entry, Fact, Here, Meta
from methods.alignment.catalogue.loading import load_catalogue, read_catalogue

__all__ = [
    "Catalogue",
    "Direction",
    "Entry",
    "Fact",
    "Here",
    "Meta",
    "load_catalogue",
    "read_catalogue",
]
