from __future__ import annotations

from typing import Any

import pytest

from methods.anomaly.settings import (
    FAST,
    OFFICIAL,
    AutoencoderSettings,
    DiffGADSettings,
    hidden_width,
)


@pytest.mark.parametrize(
    ("features", "width"), [(400, 128), (28, 8), (21, 8), (18, 8), (64, 32), (1, 8), (2, 8)]
)
def test_the_width_follows_the_authors_rule_and_never_goes_below_8(
    features: int, width: int
) -> None:
    assert hidden_width(features) == width
    assert hidden_width(features, 5) == 5


def test_the_published_settings_are_settings() -> None:
    assert set(OFFICIAL) == {"weibo", "reddit", "disney", "books", "enron"}
    for values in (FAST, *OFFICIAL.values()):
        DiffGADSettings(**values)
    assert OFFICIAL["reddit"]["hidden"] == 32
    assert OFFICIAL["disney"]["alpha"] == 1
    assert OFFICIAL["enron"]["alpha"] == 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"alpha": 1.5}, "alpha: 1.5 is not within 0 to 1"),
        ({"dropout": 1.0}, "dropout: 1.0"),
        ({"scaling": "minmax"}, "scaling: 'minmax' is none of none, zscore, robust"),
        ({"levels": ()}, "levels: none given"),
        ({"levels": (0, 500)}, "levels: 500 is not within 0 to 499"),
        ({"levels": (10, 10)}, "twice"),
        ({"sampler_steps": 1}, "sampler_steps: 1"),
    ],
)
def test_settings_out_of_bounds_are_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        DiffGADSettings(**values)


def test_the_autoencoder_knows_no_setting_of_the_diffusion() -> None:
    with pytest.raises(TypeError, match="levels"):
        AutoencoderSettings(levels=(1,))  # type: ignore[call-arg]
