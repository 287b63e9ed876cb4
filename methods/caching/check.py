"""What is wrong with settings, said before a run is queued and without torch."""

from __future__ import annotations

from pathlib import Path

from methods.base import MethodError, Open
from methods.caching.config import (
    MAX_IMAGES,
    PEERS,
    PROBING,
    ROUTER_SUFFIXES,
    CalibrateConfig,
    SampleConfig,
)
from methods.caching.facts import ModelFacts, locate, read_facts, weights_folder, weights_hash
from methods.caching.headers import format_of, read_header, router_shape
from methods.caching.inception_files import check_inception
from methods.caching.peers import CACHE_DIT_INSTALL, has_cache_dit
from methods.caching.prior import read_info
from methods.caching.sampler_config import SamplerConfig

CORRECTION_FIELDS = ("weight", "positions", "prior", "require_both", "trend_threshold")
PICKLES = (".pkl", ".pickle", ".ckpt", ".bin", ".pt", ".pth", ".joblib", ".npy", ".npz")


def known_facts(model: str) -> ModelFacts | None:
    """Facts of the model; None for a hub id, which is not fetched here.

    Raises:
        MethodError: there is no such model, or its folder is no DiTPipeline with safetensors weights.
    """
    source = locate(model)
    return None if source.folder is None else read_facts(source, source.folder)


def reused_steps(config: SampleConfig) -> tuple[int, ...] | None:
    """Steps at which the schedule reuses outputs; None where it is not known here: a router, a peer that probes."""
    steps = config.steps
    if config.schedule in ("router", *PROBING):
        return None
    if config.schedule in ("interval", "taylorseer"):
        down = config.schedule == "interval" and config.phase == "fora"
        count = range(steps - 1, -1, -1) if down else range(steps)
        return tuple(k for k, index in enumerate(count) if k > 0 and index % config.interval)
    return tuple(range(1, steps // 2, 2)) if config.schedule == "odd_first_half" else ()


def check_sample(config: SampleConfig, open_file: Open) -> None:
    """Refuse settings of a cached sampling that are wrong together or do not fit what they name.

    Of priors and safetensors routers the header is read. The authors' .pt router cannot be read without torch: its depth
    and steps are looked at when the run starts, as is all that a hub id's model must fit.

    Args:
        open_file: opens a reference as `Context.open` does.

    Raises:
        MethodError: with what is wrong and what is allowed.
    """
    facts = known_facts(config.model)
    images = None if facts is None else check_images(config, facts)
    _check_tiling(config, facts)
    _check_schedule(config)
    if config.schedule in PEERS:
        _check_peer(config, facts)
    else:
        _check_correction(config)
    if config.router is not None:
        _check_router(config, config.router, facts, open_file)
    if config.prior is not None:
        _check_prior(config, config.prior, facts, open_file)
    check_inception(config, images, open_file)


def check_calibrate(config: CalibrateConfig, _open_file: Open) -> None:
    """Refuse a model that is not there or is no DiTPipeline."""
    _check_tiling(config, known_facts(config.model))


def _check_tiling(config: SamplerConfig, facts: ModelFacts | None) -> None:
    if config.vae_tiling and facts is not None and facts.pixels:
        raise MethodError(
            f"{config.model} draws pixels: there is nothing to decode in tiles; switch “decode in tiles” off"
        )


def check_images(config: SampleConfig, facts: ModelFacts) -> int:
    """Number of images of a run; refuses unknown classes and too many images."""
    images = len(facts.class_ids(config.classes)) * config.images_per_class
    if images > MAX_IMAGES:
        raise MethodError(
            f"{images} images are more than the {MAX_IMAGES} of one run: name fewer classes, or fewer images of each"
        )
    return images


def _check_schedule(config: SampleConfig) -> None:
    if config.schedule in ("interval", "taylorseer") and config.interval >= config.steps:
        raise MethodError(
            f"interval {config.interval} leaves only the first of {config.steps} steps computed: it must be below the steps"
        )
    if config.schedule == "router" and config.router is None:
        raise MethodError("the router schedule needs a router file")
    if config.schedule != "router" and config.router is not None:
        raise MethodError(
            f"a router is given but the schedule is {config.schedule!r}: clear it, or choose the router schedule"
        )


def _check_peer(config: SampleConfig, facts: ModelFacts | None) -> None:
    """Refuse what a peer cannot do, and settings with which it would silently do nothing."""
    foreign = sorted(_changed(config) & {"correction", *CORRECTION_FIELDS})
    if foreign:
        raise MethodError(
            f"{', '.join(foreign)} given but {config.schedule} is a cache of its own, which nothing here corrects: "
            "clear it, or choose a schedule of ours"
        )
    if config.schedule == "cache_dit" and not has_cache_dit():
        raise MethodError(
            f"schedule cache_dit needs the package cache-dit, which is not installed here: {CACHE_DIT_INSTALL}"
        )
    if config.schedule in PROBING:
        if config.threshold == 0:
            raise MethodError(
                f"threshold 0 lets {config.schedule} reuse nothing: it must be above 0, or choose the schedule none"
            )
        if facts is not None and facts.layers < 2:
            raise MethodError(
                f"{config.schedule} probes the first block and reuses the others: this model has one block"
            )
        return
    if config.interval == 1:
        raise MethodError(
            "interval 1 computes every step: TaylorSeer forecasts nothing; it must be 2 or more, "
            "or choose the schedule none"
        )
    highest = (
        config.steps - 2
    ) // config.interval  # computed steps before the last forecast, less one
    if config.order > highest:
        raise MethodError(
            f"order {config.order} needs {config.order + 1} computed steps before the last forecast: "
            f"interval {config.interval} in {config.steps} steps has {highest + 1}, enough for order {highest}"
        )


def _check_correction(config: SampleConfig) -> None:
    if config.correction == "none":
        useless = [name for name in CORRECTION_FIELDS if name in _changed(config)]
        if useless:
            raise MethodError(
                f"{', '.join(useless)} given but nothing is corrected: clear it, or choose a correction"
            )
        return
    if reused_steps(config) == ():
        settings = {
            "interval": f" with interval {config.interval}",
            "odd_first_half": f" with {config.steps} steps",
        }
        raise MethodError(
            f"{config.correction.upper()} corrects reused outputs; "
            f"schedule {config.schedule}{settings.get(config.schedule, '')} reuses nothing"
        )
    auto = config.positions.strip() == "auto"
    if config.prior is None and (config.correction == "eoc" or auto):
        what = "EOC" if config.correction == "eoc" else "positions “auto”"
        raise MethodError(
            f"{what} needs a prior: run caching.calibrate on this model and choose it"
        )
    listed = config.listed_positions() or ()
    outside = [step for step in listed if step >= config.steps]
    if outside:
        raise MethodError(
            f"corrected steps {outside} do not exist: the last of {config.steps} steps is {config.steps - 1}"
        )


def _changed(config: SampleConfig) -> set[str]:
    """Fields that differ from their default."""
    return set(config.model_dump(exclude_defaults=True))


def _open(reference: str, open_file: Open) -> Path:
    try:
        return open_file(reference)
    except OSError as error:  # a name that no file system takes
        raise MethodError(f"there is no {reference!r}: {error.strerror}") from error


def _check_router(
    config: SampleConfig, router: str, facts: ModelFacts | None, open_file: Open
) -> None:
    name = Path(router)
    if name.suffix and name.suffix not in ROUTER_SUFFIXES:
        raise MethodError(
            f"{name.name} is refused as a router: allowed are {', '.join(ROUTER_SUFFIXES)}; a pickle never is"
        )
    path = _open(router, open_file)
    try:
        kind = format_of(path)
        if kind == "torch archive":
            return  # not to be read without torch
        if kind != "safetensors file":
            raise MethodError(
                f"{name.name} is refused as a router: a {kind}, not a torch archive or safetensors"
            )
        shape = router_shape(read_header(path).shapes, name.name)
    except ValueError as error:
        raise MethodError(str(error)) from error
    check_router_shape(shape, config.steps, facts)


def check_router_shape(shape: tuple[int, ...], steps: int, facts: ModelFacts | None) -> None:
    """Refuse a router (S, 2L) of another number of steps or another depth."""
    if shape[0] != steps:
        raise MethodError(f"the router is for {shape[0]} steps; this run has {steps}")
    if facts is not None and shape[1] != 2 * facts.layers:
        raise MethodError(
            f"the router is for {shape[1] // 2} blocks; this model has {facts.layers}"
        )


def _check_prior(
    config: SampleConfig, prior: str, facts: ModelFacts | None, open_file: Open
) -> None:
    name = Path(prior)
    if name.suffix in PICKLES:
        raise MethodError(
            f"{name.name} is refused as a prior: only .safetensors is read, never a pickle"
        )
    try:
        info = read_info(_open(prior, open_file))
    except ValueError as error:
        raise MethodError(str(error)) from error
    source = locate(config.model)
    model_hash = (
        None if source.folder is None else weights_hash(weights_folder(source, source.folder))
    )
    refuse_misfits(info.misfits(facts, config.steps, config.paper_exact, model_hash))


def refuse_misfits(misfits: list[str]) -> None:
    """Refuse a prior that does not fit."""
    if misfits:
        raise MethodError(f"the prior does not fit: it was made with {'; '.join(misfits)}")
