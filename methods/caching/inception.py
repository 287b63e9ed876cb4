"""FID and Inception score, in the Inception-v3 of torch-fidelity, from weights and statistics that a person brings.

The network is the one that the published figures are measured in (2015-12-05), as torch-fidelity has it for PyTorch: it
enlarges or shrinks every image to 299 pixels as TensorFlow 1 did. Heusel et al., "GANs Trained by a Two Time-Scale Update
Rule Converge to a Local Nash Equilibrium", arXiv:1706.08500 (FID); Salimans et al., "Improved Techniques for Training
GANs", arXiv:1606.03498 (Inception score).
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.metric_isc import (
    KEY_METRIC_ISC_MEAN,
    KEY_METRIC_ISC_STD,
    isc_features_to_metric,
)

from methods.base import Context, MethodError
from methods.caching.config import SampleConfig
from methods.caching.headers import BROKEN_ARCHIVE, format_of
from methods.caching.images import to_levels
from methods.caching.inception_files import FEATURES, check_number, check_statistics
from methods.intervals import student_t
from methods.worlds.scores import Gaussian, distance_to_gaussian

INPUT_SIZE = 299
BATCH = 16
"""Images looked at together: about 0.5 GB, whatever their number."""
SPLITS = 10
ENOUGH_FOR_SPLITS = 100
"""Fewest images that are split into ten for an interval of the Inception score."""
PAPERS_IMAGES = 50_000
OnBatch = Callable[[int], None]


@dataclass(frozen=True)
class Seen:
    """What the network makes of N images: its last pooling (N, 2048) and its logits without bias (N, 1008), float32."""

    features: Tensor
    logits: Tensor


@dataclass(frozen=True)
class Inception:
    """The network, and what FID measures the distance to.

    Attributes:
        reference: statistics of real images; None where only the Inception score is wanted.
    """

    network: nn.Module
    reference: Gaussian | None

    def batches(self, images: int) -> int:
        return -(-images // BATCH)

    @torch.no_grad()
    def look(self, images: Tensor, device: torch.device, on_batch: OnBatch) -> Seen:
        """Look at images (N, 1 or 3, H, W) in [-1, 1]; `on_batch` is called after each batch with the images done.

        Raises:
            MethodError: what the network gives is not finite.
        """
        self.network.to(device)
        parts = []
        for part in torch.split(images, BATCH):
            parts.append([each.cpu() for each in self.network(to_levels(part).to(device))])
            on_batch(sum(len(features) for features, _ in parts))
        features, logits = (torch.cat(side) for side in zip(*parts, strict=True))
        if not (features.isfinite().all() and logits.isfinite().all()):
            raise MethodError(
                "the Inception network gives infinities or no numbers: its weights are not sound"
            )
        return Seen(features, logits)

    def metrics(self, seen: Seen) -> dict[str, float]:
        """`inception_is`, with its interval from 100 images on, and `inception_fid` where there is a reference.

        The score is the mean over ten splits, as in the papers, of fewer images of one; its 95 % interval is that mean
        and 2.26 standard errors of it either way.
        """
        found = {}
        if self.reference is not None:
            found["inception_fid"] = distance_to_gaussian(seen.features, self.reference)
        splits = SPLITS if len(seen.logits) >= ENOUGH_FOR_SPLITS else 1
        score = isc_features_to_metric(seen.logits, splits)
        found["inception_is"] = mean = score[KEY_METRIC_ISC_MEAN]
        if splits > 1:
            # torch-fidelity's is the population's deviation: over sqrt(splits - 1) it is the mean's standard error.
            margin = student_t(splits - 1) * score[KEY_METRIC_ISC_STD] / (splits - 1) ** 0.5
            found |= {
                "inception_is_low": max(1.0, mean - margin),
                "inception_is_high": mean + margin,
            }
        return found


def build_inception(config: SampleConfig, images: int, context: Context) -> Inception | None:
    """The network and the reference of a run of so many images; None where no weights are given.

    Raises:
        MethodError: a file is no Inception network or no statistics, or there is one image only.
    """
    if config.inception_weights is None:
        return None
    check_number(images)
    try:
        network = load_network(context.open(config.inception_weights))
        stats = config.reference_stats
        return Inception(network, None if stats is None else load_statistics(context.open(stats)))
    except ValueError as error:
        raise MethodError(str(error)) from error


def load_network(path: Path) -> nn.Module:
    """torch-fidelity's Inception-v3 with the weights of a state dict, in eval mode on the CPU.

    Called with uint8 images (N, 3, H, W), it gives (features (N, 2048), logits without bias (N, 1008)).

    Raises:
        ValueError: another kind of file, Python objects beside tensors, or another network's weights.
    """
    # torch-fidelity loads its file as a pickle that may hold anything: it gets what was read safely, written anew.
    file = io.BytesIO()
    torch.save(_read_state(path), file)
    file.seek(0)
    try:
        network: nn.Module = FeatureExtractorInceptionV3(
            "inception-v3", ["2048", "logits_unbiased"], file
        )
    except RuntimeError as error:
        raise ValueError(
            f"{path.name} is not the Inception-v3 of torch-fidelity: {_first_lines(error)}"
        ) from error
    return network


def _read_state(path: Path) -> dict[str, Any]:
    kind = format_of(path)
    try:
        if kind == "safetensors file":
            state: Any = load_file(path)
        elif kind == "torch archive":
            state = torch.load(path, map_location="cpu", weights_only=True)
        else:
            raise ValueError(
                f"{path.name} is refused as Inception weights: a {kind}, not a torch archive or safetensors"
            )
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(
            f"{path.name} is refused: it is damaged, or pickles objects other than tensors"
        ) from error
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise ValueError(f"{path.name} holds no state dict: expected tensors by name")
    return state


def _first_lines(error: RuntimeError) -> str:
    """What PyTorch says of weights that do not fit, without its list of hundreds of names."""
    lines = [line.strip() for line in str(error).splitlines()]
    return " ".join(lines[1:2] or lines)[:200]


def load_statistics(path: Path) -> Gaussian:
    """Mean (2048,) and covariance (2048, 2048) of real images, float64, from "mu" and "sigma" of a file.

    Raises:
        ValueError: another kind of file, other shapes, or values that are not finite or not symmetric.
    """
    check_statistics(path, path.name)
    if format_of(path) == "safetensors file":
        entries = load_file(path)
        mean, covariance = entries["mu"], entries["sigma"]
    else:
        try:
            with np.load(
                path, allow_pickle=False
            ) as archive:  # other entries, gigabytes, stay unread
                mean, covariance = (
                    torch.from_numpy(archive[name].astype(np.float64)) for name in ("mu", "sigma")
                )
        except BROKEN_ARCHIVE as error:
            raise ValueError(f"{path.name} is no whole numpy archive: {error}") from error
    mean, covariance = mean.double(), covariance.double()
    if not (mean.isfinite().all() and covariance.isfinite().all()):
        raise ValueError(f"{path.name}: mu and sigma must be finite; these are not")
    if not torch.allclose(covariance, covariance.T, rtol=1e-4, atol=1e-6):
        raise ValueError(f"{path.name}: sigma must be symmetric, as a covariance is; it is not")
    return Gaussian(mean, covariance)


def tell_limits(inception: Inception, images: Tensor, context: Context) -> None:
    """Say, as events, what limits the figures of images (N, 1 or 3, H, W)."""
    number, channels, _, pixels = images.shape
    if pixels < INPUT_SIZE:
        grey = ", grey ones with three equal channels" if channels == 1 else ""
        context.event(
            "info",
            f"for the Inception network images of {pixels} pixels are enlarged to {INPUT_SIZE} by torch-fidelity's resize, "
            f"which does as TensorFlow 1 did{grey}",
        )
    if inception.reference is not None and number < FEATURES:
        context.event(
            "warning",
            f"FID of {number:,} images: below {FEATURES:,} their covariance is singular, and FID comes out too high. "
            f"Compare it only with FID of as many images; the papers use {PAPERS_IMAGES:,}",
        )


def told(found: dict[str, float], control: bool) -> str:
    """The figures in a sentence; empty where there are none."""
    if "inception_is" not in found:
        return ""
    parts = []
    for name, title in (("inception_fid", "FID"), ("inception_is", "Inception score")):
        if name in found:
            text = f"{title} {found[name]:.2f}"
            if f"{name}_low" in found:
                text += f" (95%: {found[f'{name}_low']:.2f} to {found[f'{name}_high']:.2f})"
            if control:
                text += f", of the uncached {found[f'{name}_uncached']:.2f}"
            parts.append(text)
    bias = f": small samples bias FID upward; the papers use {PAPERS_IMAGES:,}"
    images = f"{found['images']:,.0f} images{bias if 'inception_fid' in found else ''}"
    return f" {'; '.join(parts)} (Inception-v3 of torch-fidelity, {images})."
