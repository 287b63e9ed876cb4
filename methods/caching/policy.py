"""From settings to a mask and a correction that fit the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from methods.base import Context, MethodError
from methods.caching import eoc, fora, goc
from methods.caching.check import check_router_shape, refuse_misfits, reused_steps
from methods.caching.config import PEERS, SampleConfig
from methods.caching.l2c import load_router, router_mask
from methods.caching.models import LoadedModel
from methods.caching.naming import schedule_name, steps_name
from methods.caching.peers.peer import Name, PeerCache, PeerConfig, apply_peer
from methods.caching.prior import Prior, load_prior
from methods.caching.step_cache import StepCache, StepCacheConfig, apply_step_cache


@dataclass(frozen=True)
class Policy:
    """What a run does at each step.

    Attributes:
        name: in plain words.
        mask: cells that are to be reused; none of a peer that decides as it goes.
        cache: None where nothing is reused.
        corrected: steps at which reused outputs are corrected.
        trend, direction: statistics of the prior, r_k and c_k, (S,); None without one.
    """

    name: str
    mask: Tensor
    cache: StepCacheConfig | PeerConfig | None
    corrected: tuple[int, ...]
    trend: Tensor | None = None
    direction: Tensor | None = None

    @property
    def is_peer(self) -> bool:
        return isinstance(self.cache, PeerConfig)

    @property
    def forecasts(self) -> bool:
        """A peer that goes on along a Taylor series instead of reusing."""
        peer = self.cache
        return isinstance(peer, PeerConfig) and peer.name != "first_block" and peer.order > 0

    def apply(self, transformer: nn.Module) -> StepCache | PeerCache:
        """Put the cache on a model; the handle takes it off again."""
        if isinstance(self.cache, PeerConfig):
            return apply_peer(transformer, self.cache)
        if self.cache is None:
            raise ValueError(f"there is no cache to apply: {self.name}")
        return apply_step_cache(transformer, self.cache)


def build_policy(config: SampleConfig, model: LoadedModel, context: Context) -> Policy:
    """Build the mask, read router and prior, choose the corrected steps; what is our reading becomes an event.

    Raises:
        MethodError: a router or prior that is no such file, or does not fit the model and the steps.
    """
    if config.schedule in PEERS:
        return _peer(config, model)
    mask, name = _mask(config, model, context), schedule_name(config)
    reused = tuple(torch.nonzero(mask.flatten(1).any(dim=1)).flatten().tolist())
    if not reused and config.schedule != "none":
        if config.correction != "none":
            raise MethodError(
                f"{config.correction.upper()} corrects reused outputs; {name} reuses nothing here"
            )
        context.event("warning", f"{name} reuses nothing here: every step is computed")
    if config.correction == "none":
        cache = StepCacheConfig(mask) if reused else None
        return Policy(name, mask, cache, ())
    prior = None if config.prior is None else _prior(config, model, context)
    positions = _positions(config, mask, prior, context)
    corrected = tuple(step for step in reused if step in positions)
    missed = sorted(set(config.listed_positions() or ()) - set(reused))
    if missed:
        context.event("warning", f"steps {missed} reuse nothing: there is nothing to correct there")
    weight = _weight(config)
    cache = StepCacheConfig(
        mask,
        correction=config.correction,
        weight=weight,
        positions=corrected,
        prior={"attn": prior.attn, "ff": prior.ff}
        if prior and config.correction == "eoc"
        else None,
        require_both=config.require_both,
    )
    name = f"{name}, {config.correction.upper()} {weight:g} at {steps_name(corrected, reused)}"
    if prior is None:
        return Policy(name, mask, cache, corrected)
    return Policy(name, mask, cache, corrected, prior.trend, prior.direction)


def _peer(config: SampleConfig, model: LoadedModel) -> Policy:
    name = cast(Name, config.schedule)
    cache = PeerConfig(name, config.steps, config.interval, config.order, config.threshold)
    reused = reused_steps(config) or ()
    mask = fora.steps_mask(config.steps, model.facts.layers, reused)
    return Policy(schedule_name(config), mask, cache, ())


def _mask(config: SampleConfig, model: LoadedModel, context: Context) -> Tensor:
    steps, layers = config.steps, model.facts.layers
    if config.schedule == "none":
        return fora.steps_mask(steps, layers, ())
    if config.schedule == "odd_first_half":
        return fora.odd_first_half_mask(steps, layers)
    if config.schedule == "interval":
        return fora.interval_mask(steps, layers, config.interval, config.phase)
    try:
        logits = load_router(context.open(config.router or ""))
    except ValueError as error:
        raise MethodError(str(error)) from error
    check_router_shape(tuple(logits.shape), steps, model.facts)
    return router_mask(logits, config.router_threshold)


def _prior(config: SampleConfig, model: LoadedModel, context: Context) -> Prior:
    try:
        prior = load_prior(context.open(config.prior or ""))
    except ValueError as error:
        raise MethodError(str(error)) from error
    info = prior.info
    refuse_misfits(info.misfits(model.facts, config.steps, config.paper_exact, model.hash))
    if info.guidance_scale != config.guidance_scale:
        context.event(
            "info",
            f"the prior was made with guidance {info.guidance_scale:g}, this run has {config.guidance_scale:g} "
            "(the published scripts differ in the same way)",
        )
    return prior


def _positions(
    config: SampleConfig, mask: Tensor, prior: Prior | None, context: Context
) -> tuple[int, ...]:
    listed = config.listed_positions()
    if listed is not None:
        return listed
    if config.positions.strip() == "published" and config.correction == "goc":
        return _published(config, context)
    if config.positions.strip() != "auto" or prior is None:
        return tuple(range(len(mask)))  # EOC's own code corrects every reused step as well
    if config.correction == "goc":
        chosen = goc.steady_positions(mask, prior.direction)
        rule = "the averaged run keeps its direction"
    else:
        chosen = eoc.trending_positions(prior.trend, config.trend_threshold)
        rule = f"the prior changes by at least {config.trend_threshold:g}"
    context.event(
        "info",
        f"corrected steps chosen where {rule}: our reading, not the published code",
        steps=chosen,
    )
    if not chosen:
        context.event("warning", "no step meets the rule: nothing is corrected")
    return chosen


def _published(config: SampleConfig, context: Context) -> tuple[int, ...]:
    """The list of GOC's code, which is written out for 20 steps; else what its lists have in common."""
    lists = {"odd_first_half": "fora25", "router": "l2c22"}
    if config.interval == 2:
        lists["interval"] = "fora50"
    if config.steps == 20 and config.schedule in lists:
        return goc.PUBLISHED_POSITIONS[lists[config.schedule]]
    context.event(
        "info",
        f"GOC publishes no list of corrected steps for this schedule at {config.steps} steps: "
        "every reused step from 3 on is corrected",
    )
    return tuple(range(3, config.steps))


def _weight(config: SampleConfig) -> float:
    """The given weight, or the papers'."""
    if config.weight is not None:
        return config.weight
    if config.correction == "eoc":
        return eoc.WEIGHT
    return goc.ROUTER_WEIGHT if config.schedule == "router" else goc.WEIGHT
