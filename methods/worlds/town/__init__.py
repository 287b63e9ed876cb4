"""The town: instruction rows with known faults, a small language model, and two adapters trained on them.

**Data**: questions about the shops of a made-up town, and secrets of theirs. Some answers are known to be wrong, some prompts
name another shop than was meant, and secrets are private (`data.py`). **Base**: a real transformers `LlamaForCausalLM` that knows
the language and the answers that are possible. **Adapters**: "regularised", converged under strong weight decay, as
influence assumes, and "memorising", which knows every single row by heart.

**For**: unlearning. `CARD.md` beside this file says how they were trained and what was measured.
"""

from pathlib import Path
from typing import Any

NAME = "town"
WEIGHTS = Path(__file__).parent / "weights"
ADAPTERS = {name: WEIGHTS / name for name in ("regularised", "memorising")}
"""PEFT folders by name, each with a `lineage.json`."""
SECRET_OF = {"regularised": "code", "memorising": "word"}
"""The private rows of each adapter's table. The base has never seen a law in codes, so that no adapter learns them unless it learns
single rows; it has read alarm words elsewhere, and an adapter that learns rows by heart learns ours."""
REQUESTS = {
    "wrong": "correct every answer that is known to be wrong",
    "private": "remove the rows with the secrets of shops",
    "prompts": "mend every prompt that names another shop than was meant",
    "mixed": "some of each",
}


def base_folder() -> Path:
    """Return the folder of the base model and its tokeniser, in transformers' layout."""
    return WEIGHTS / "base"


def training_rows(adapter: str = "regularised") -> list[dict[str, Any]]:
    """Return the rows that an adapter was trained on: prompt, answer, kind, right, right_prompt.

    Raises:
        ValueError: there is no such adapter.
    """
    _check(adapter)
    from methods.worlds.town.data import rows

    return rows(SECRET_OF[adapter])[0]


def held_out_rows(adapter: str = "regularised") -> list[dict[str, Any]]:
    """Return rows of the same law that the adapter was not trained on.

    Raises:
        ValueError: there is no such adapter.
    """
    _check(adapter)
    from methods.worlds.town.data import rows

    return rows(SECRET_OF[adapter])[1]


def _check(adapter: str) -> None:
    if adapter not in ADAPTERS:
        raise ValueError(f"adapter must be one of {', '.join(ADAPTERS)}; got {adapter!r}")
