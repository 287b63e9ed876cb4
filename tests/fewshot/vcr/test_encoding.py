"""The small world's CLIP as a tower."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from methods.clip_encoder import ClipEncoder
from methods.fewshot.clip.features import picture_features
from methods.fewshot.clip.images import drawn_picture
from methods.fewshot.vcr.boxes import Box
from methods.fewshot.vcr.crops import crops
from methods.fewshot.vcr.encoding import encoded, tower_of


def test_a_crop_of_everything_is_what_clip_sees(encoder: ClipEncoder) -> None:
    side = encoder.side
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    picture = drawn_picture("noise", Image.fromarray(noise))
    pixels = torch.from_numpy(noise).permute(2, 0, 1)
    features = encoded([crops(pixels, [Box(0, 0, side, side)], side)], tower_of(encoder))
    assert torch.equal(torch.from_numpy(features), picture_features(encoder, [picture]))
