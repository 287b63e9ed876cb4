"""What a run is expected to need, from its settings alone and without torch.

Crude on purpose. A small world is taken to run on two CPU cores, at the rate measured there; any other model on one
GPU at 20 effective TFLOP/s in float32 and 80 in half precision. A folder's or hub id's model on a CPU takes some
hundred times longer than this says.
"""

from __future__ import annotations

from methods.base import Estimate, MethodError
from methods.caching.check import known_facts, reused_steps
from methods.caching.config import CalibrateConfig, SampleConfig
from methods.caching.facts import WORLDS, ModelFacts
from methods.caching.sampler_config import Precision

WORLD_MACS_PER_SECOND = 2.0e10
WORLD_STEP_SECONDS = 0.012
"""Of one forward, whatever its batch: eight blocks' worth of calls."""
GPU_MACS_PER_SECOND = {"float32": 1.0e13, "bfloat16": 4.0e13, "float16": 4.0e13}
GPU_STEP_SECONDS = 0.02
START_SECONDS = 3.0
DECODE_SECONDS = 0.05
"""Of one image of a latent model."""
INCEPTION_MACS = 5.7e9
"""Of Inception-v3 for one image, whatever its size: 299 x 299 is what it looks at."""
DECODER_MB = 320.0
"""Weights of the usual KL decoder with its encoder, in float32."""
DECODED_MB = 340.0
"""Measured on a CPU: what decoding one image of 256 x 256, or one tile of that size, takes beside the weights."""
DECODE_BATCH = 4
"""Images decoded together; in tiles it is one."""
TILE = 32
"""Latents of a tile, each way: 256 pixels."""
INCEPTION_MB = 91.0
"""Weights of Inception-v3 in float32."""
LOOKED_AT_MB = 230.0
"""Measured on a CPU: what a batch of 16 images takes in Inception-v3 beside the weights."""
BASE_MB = 900.0
"""A process with torch and diffusers loaded."""
ACTIVATIONS = 24
"""Tensors (rows, T, D) alive at the widest moment of a block: qkv, scores, the feed-forward's inner width."""
MB = 2.0**20
GUESSED_SHARES = {"router": 0.22, "first_block": 0.39, "cache_dit": 0.39}
"""Cells that the published router reuses; another one's are not known before it is read. What the peers that probe reuse
on the digits world at the default threshold; elsewhere nobody knows before they have run."""

# DiT-XL/2 at 256 pixels: what a hub id most likely is
XL = ModelFacts(28, 1152, 256, 2, 32, 4, 8, 1000, {}, pixels=False)


def reused_share(config: SampleConfig) -> float:
    """Share of the cells (step, block, module) that are reused; for a router and a peer that probes a guess."""
    reused = reused_steps(config)
    return GUESSED_SHARES[config.schedule] if reused is None else len(reused) / config.steps


def kept_tensors(config: SampleConfig, layers: int) -> int:
    """Tensors (rows, T, D) that the cache keeps."""
    modules = 2 * layers
    return {
        "none": 0,
        "taylorseer": modules * (config.order + 1),
        "first_block": 3,  # the first block's output and residual, what the others added
        "cache_dit": 3 + 2 * config.order if config.order else 2,  # this series and the one before
    }.get(config.schedule, modules * (2 if config.correction == "goc" else 1))


def estimate_sample(config: SampleConfig) -> Estimate:
    """Seconds and memory of the cached sampling, the uncached one and plain reuse beside it, and decoding; apart from that
    the memory of the cache and of the prior, and the cached sampling's multiply-adds as a share of the uncached one's."""
    facts = _facts(config.model)
    classes = len(config.classes) or facts.null_class
    images = classes * config.images_per_class
    share = reused_share(config)
    reference = config.compared_steps()
    same = config.schedule == "none" and reference == config.steps
    cells = config.steps * facts.layers
    executed = facts.sampling_macs((1 - share) * cells, (1 - share) * cells, config.steps)
    cells = reference * facts.layers
    uncached = facts.sampling_macs(cells, cells, reference)
    passes = 2 if config.controlled() else 1  # plain reuse beside a correction does the same work
    macs = passes * executed
    steps = passes * config.steps
    if not same:
        macs += uncached
        steps += reference
    looks = config.inception_weights is not None
    memory = _memory_mb(facts, config, images, kept_tensors(config, facts.layers), looks)
    detail = {
        "cache_memory_mb": kept_tensors(config, facts.layers) * _feature_mb(facts, config, images)
    }
    if config.correction == "eoc":
        detail["prior_mb"] = 2 * _prior_mb(facts, config.steps)  # the features and their changes
        memory += detail["prior_mb"]
    seconds = _seconds(config, macs, images, steps)
    seconds += _decode_seconds(facts, images * (passes if same else passes + 1))
    if looks:
        shown = images * (1 if same else 2)
        seconds += shown * INCEPTION_MACS / _macs_per_second(config, "float32")
    return Estimate(seconds, memory, {**detail, "flop_share": executed / uncached})


def estimate_calibrate(config: CalibrateConfig) -> Estimate:
    """Seconds and memory of the uncached runs that are averaged."""
    facts = _facts(config.model)
    images = min(config.max_classes, facts.null_class) * config.images_per_class
    cells = config.steps * facts.layers
    macs = facts.sampling_macs(cells, cells, config.steps)
    memory = _memory_mb(facts, config, images, 0) + 2 * _prior_mb(facts, config.steps)
    seconds = _seconds(config, macs, images, config.steps)
    return Estimate(1.5 * seconds, memory)  # recording costs about half as much again


def memory_mb(config: SampleConfig | CalibrateConfig) -> float:
    """Memory of a run's largest batch."""
    return (
        estimate_sample(config) if isinstance(config, SampleConfig) else estimate_calibrate(config)
    ).memory_mb


def _facts(model: str) -> ModelFacts:
    try:
        return known_facts(model) or XL
    except MethodError:
        return XL  # `check` says what is wrong with it


def _rows(batch_size: int, images: int, guidance_scale: float) -> int:
    return min(batch_size, images) * (1 if guidance_scale == 1 else 2)


def _seconds(config: SampleConfig | CalibrateConfig, macs: float, images: int, steps: int) -> float:
    """Time of so many steps over all images; `macs` are of one row."""
    world = config.model in WORLDS
    rate = _macs_per_second(config, config.precision)
    step = WORLD_STEP_SECONDS if world else GPU_STEP_SECONDS
    batches = -(-images // config.batch_size)
    rows = _rows(images, images, config.guidance_scale)
    return START_SECONDS + rows * macs / rate + batches * steps * step


def _macs_per_second(config: SampleConfig | CalibrateConfig, precision: Precision) -> float:
    world = config.model in WORLDS
    return WORLD_MACS_PER_SECOND if world else GPU_MACS_PER_SECOND[precision]


def _decode_seconds(facts: ModelFacts, images: int) -> float:
    return 0.0 if facts.pixels else images * DECODE_SECONDS


def _memory_mb(
    facts: ModelFacts,
    config: SampleConfig | CalibrateConfig,
    images: int,
    kept: int,
    looks: bool = False,
) -> float:
    """All weights, and the most that sampling, decoding or an Inception network takes: one follows the other.

    Half precision halves the transformer's weights, its features and what is kept of them; the decoder and the
    Inception network stay in float32.
    """
    size = 4 if config.precision == "float32" else 2
    # 12 D^2 of a block's modules, 7 D^2 + 256 D of its adaLN and embedders, the class table
    weights = facts.layers * (19 * facts.width**2 + (256 + facts.null_class) * facts.width)
    work = [(ACTIVATIONS + kept) * _feature_mb(facts, config, images)]
    loaded = size * weights / MB
    if not facts.pixels:
        loaded += DECODER_MB
        work.append(_decoding_mb(facts, images, config.vae_tiling))
    if looks:
        loaded += INCEPTION_MB
        work.append(LOOKED_AT_MB)
    return BASE_MB + loaded + max(work)


def _feature_mb(facts: ModelFacts, config: SampleConfig | CalibrateConfig, images: int) -> float:
    """One tensor (rows, T, D) of the largest batch."""
    size = 4 if config.precision == "float32" else 2
    rows = _rows(config.batch_size, images, config.guidance_scale)
    return size * rows * facts.tokens * facts.width / MB


def _decoding_mb(facts: ModelFacts, images: int, tiled: bool) -> float:
    together = 1 if tiled else min(images, DECODE_BATCH)
    side = min(facts.size, TILE) if tiled else facts.size
    return together * DECODED_MB * (side / TILE) ** 2


def _prior_mb(facts: ModelFacts, steps: int) -> float:
    return 2 * facts.layers * steps * facts.tokens * facts.width * 4 / MB
