"""An image does not depend on what it is sampled with: any split into batches gives what one batch gives."""

from __future__ import annotations

import pytest
import torch
from PIL import Image, ImageChops

from methods.caching import (
    SampleConfig,
    StepCacheConfig,
    apply_step_cache,
    ddim_sample,
    interval_mask,
)
from methods.caching.config import CalibrateConfig
from methods.caching.run_calibrate import run as calibrate
from methods.caching.run_sample import run
from methods.caching.sampling import references
from methods.local import LocalContext

IMAGES = 7
SPLITS = [[1] * 7, [2, 2, 2, 1], [4, 3], [3, 4], [6, 1], [1, 5, 1]]


def sample(dit, config, split, guidance_scale):
    """All images, in batches one after another under the same cache."""
    labels = torch.arange(IMAGES)
    noise = torch.randn(IMAGES, 4, 4, 4, generator=torch.Generator().manual_seed(5))
    with apply_step_cache(dit, config):
        batches = zip(labels.split(split), noise.split(split), strict=True)
        return torch.cat(
            [
                ddim_sample(dit, *batch, num_inference_steps=20, guidance_scale=guidance_scale)
                for batch in batches
            ]
        )


@pytest.mark.parametrize("guidance_scale", [1.0, 4.0])
@pytest.mark.parametrize("correction", ["none", "goc", "eoc"])
def test_any_split_gives_the_images_of_one_batch(dit, prior, correction, guidance_scale):
    weight = {"none": None, "goc": 0.8, "eoc": 0.3}[correction]
    mask = interval_mask(20, 3, 4)
    config = StepCacheConfig(mask, correction=correction, weight=weight, prior=prior)
    whole = sample(dit, config, [IMAGES], guidance_scale)
    plain = sample(dit, StepCacheConfig(torch.zeros_like(mask)), [IMAGES], guidance_scale)
    assert not torch.allclose(whole, plain, rtol=1e-3, atol=1e-3)  # the cache does something
    for split in SPLITS:
        parts = sample(dit, config, split, guidance_scale)
        torch.testing.assert_close(parts, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("correction", ["goc", "eoc"])
def test_a_run_gives_the_same_pictures_whatever_its_batch_size(
    pipeline_folder, tmp_path, correction
):
    """Ten images in batches of one, of three with a last one of one, of seven and three, and all at once."""
    shared = {"model": str(pipeline_folder), "steps": 6}
    calibrate(CalibrateConfig(**shared, batch_size=3), LocalContext(tmp_path / "prior"))
    prior = str(tmp_path / "prior" / "prior.safetensors") if correction == "eoc" else None
    expected = {}
    for size in (10, 1, 3, 7):
        references.clear()
        context = LocalContext(tmp_path / str(size), seed=3)
        config = SampleConfig(
            **shared,
            batch_size=size,
            images_per_class=1,
            correction=correction,
            weight=0.3,
            prior=prior,
        )
        run(config, context)
        for row in context.records["images"]:
            with Image.open(context.folder / row["name"]) as image:
                other = expected.setdefault(row["name"], image.copy())
                worst = max(high for _, high in ImageChops.difference(image, other).getextrema())
            assert worst <= 1, (size, row["name"])
    assert len(expected) == 10
