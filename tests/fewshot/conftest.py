"""Few shots of random features, and the small world's CLIP, which takes seconds to import, once."""

from __future__ import annotations

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def encoder():
    """The small world's CLIP, whose features do not depend on what stands beside a picture."""
    from methods.clip_models import load_clip

    return load_clip("scenes", batch_size=8, fixed_batches=True)


@pytest.fixture
def task():
    """Unit text features (D, C) of 4 classes, a support of 6, 3, 1 and 0 shots around them in 3 views, unit queries (20, D)."""
    from torch.nn.functional import normalize

    from methods.fewshot.classifiers.support import Support

    generator = torch.Generator().manual_seed(3)

    def drawn(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    centres = drawn(4, 8)
    labels = torch.tensor([0] * 6 + [1] * 3 + [2])
    pictures = centres[labels] + 0.9 * drawn(10, 8)
    views = 7 * (pictures + 0.3 * drawn(3, 10, 8))
    text = normalize(centres + 1.0 * drawn(4, 8), dim=1).T
    queries = normalize(centres[torch.arange(20) % 4] + 0.9 * drawn(20, 8), dim=1)
    return text, Support(views, labels, 4, plain=5 * pictures), queries
