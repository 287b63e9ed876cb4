"""The run of `caching.sample`: a policy and the uncached sampling from the same noise, side by side.

A correction is also measured against plain reuse: the same schedule from the same noise, without the correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from methods.base import Context, Result
from methods.caching import report
from methods.caching.check import check_images, check_sample
from methods.caching.config import SampleConfig
from methods.caching.estimate import MB
from methods.caching.facts import WORLDS
from methods.caching.images import to_preview
from methods.caching.inception import Inception, build_inception, tell_limits
from methods.caching.judging import ENOUGH_FOR_DISTANCE, Verdict, judge_images
from methods.caching.memory import naming_out_of_memory
from methods.caching.models import LoadedModel, load_model
from methods.caching.policy import Policy, build_policy
from methods.caching.sampling import (
    TIMED_STEPS,
    Batch,
    Sampled,
    make_batches,
    references,
    retimed,
    sample_batch,
    sampling_key,
    warm_up,
)
from methods.caching.step_cache import StepCacheConfig, apply_step_cache
from methods.caching.summary import summary
from methods.caching.tally import Tally, corrected_steps, relative, trajectory_squares


def run(config: SampleConfig, context: Context) -> Result:
    """Sample with the policy, compare with the uncached sampling, save images and figures.

    Nothing is saved before everything is known, so that a run that fails leaves nothing half done.

    Raises:
        MethodError: settings that do not fit together or to the model; out of memory.
        Cancelled: the run was asked to stop.
    """
    check_sample(config, context.open)
    with naming_out_of_memory(config, context.device):
        model = load_model(config.model, context.device, config.precision)
        images = check_images(config, model.facts)
        policy = build_policy(config, model, context)
        inception = build_inception(config, images, context)
        sampler = _Sampler(config, model, policy, context, inception)
        comparison = sampler.compare()
        found = report.metrics(comparison)
        report.save(comparison, context)
    context.progress(sampler.total, sampler.total, "done", to_preview(comparison.images))
    return Result(found, summary(comparison, found))


@dataclass
class _Sampler:
    """Goes through the batches of one run, and says how far it is."""

    config: SampleConfig
    model: LoadedModel
    policy: Policy
    context: Context
    inception: Inception | None
    done: int = 0
    total: int = 1

    def compare(self) -> report.Comparison:
        config, context = self.config, self.context
        classes = self.model.facts.class_ids(config.classes)
        batches = make_batches(
            self.model, classes, config.images_per_class, config.batch_size, context.seed
        )
        self.total = len(batches) * (self._steps_per_batch() + 1)  # decoding counts as one step
        if self.inception is not None:
            images = len(classes) * config.images_per_class
            self.total += self.inception.batches(images) * (1 if self.plain else 2)
        state = context.resume()
        tally = Tally() if state is None else Tally.from_state(state)
        self.done = tally.batches * self._steps_per_batch()
        context.progress(self.done, self.total, "model loaded")
        for batch in batches[tally.batches :]:  # the last may be smaller
            warm_up(self.model, batch, config)
        for batch in batches[tally.batches :]:
            self._sample(batch, tally)
            context.checkpoint(tally.state())
        return self._finish(tally, torch.cat([batch.labels for batch in batches]))

    @property
    def plain(self) -> bool:
        """The policy is the uncached sampling."""
        return self.policy.cache is None and self.config.compared_steps() == self.config.steps

    def _steps_per_batch(self) -> int:
        policy = self.config.steps * (2 if self.config.controlled() else 1)
        return policy + (0 if self.plain else self.config.compared_steps())

    def _sample(self, batch: Batch, tally: Tally) -> None:
        reference = self._reference(batch)
        if self.plain:
            tally.add(reference, reference, *self._uncached())
            tally.add_squares(torch.zeros(2, self.config.steps, dtype=torch.float64))
            return
        squares: list[Tensor] = []
        comparable = self.config.compared_steps() == self.config.steps

        def watch(step: int, latents: Tensor) -> None:
            if comparable:
                squares.append(trajectory_squares(latents, reference.trajectory[step]))
                if batch.start == 0:
                    self.context.log(step, first_batch_distance=float(relative(squares[-1])))
            self._tell(self.policy.name, step, self.config.steps, latents)

        if self.policy.cache is None:
            sampled = sample_batch(self.model, batch, self.config, self.config.steps, watch)
            counts, cells = self._uncached()
        else:
            with self.policy.apply(self.model.transformer) as cache:
                sampled = sample_batch(self.model, batch, self.config, self.config.steps, watch)
                counts, cells = cache.counts, cache.cells
                tally.cache_mb = max(tally.cache_mb, cache.memory_bytes / MB)
        tally.add(sampled, reference, counts, cells)
        if self.config.controlled():
            corrected = corrected_steps(cells)
            control, seconds = self._control(batch, corrected)
            timed = zip(corrected, seconds, strict=False)  # of a remembered one, the first few
            pairs = [[sampled.step_seconds[step], plain] for step, plain in timed]
            tally.add_control(control, reference, pairs)
        if squares:
            tally.add_squares(torch.stack(squares, dim=1))

    def _uncached(self) -> tuple[dict[str, int], Tensor]:
        """Counts and cells of a sampling that computes everything."""
        steps, layers = self.config.steps, self.model.facts.layers
        cells = torch.zeros(steps, layers, 2, dtype=torch.int8)
        return {"attn": steps * layers, "ff": steps * layers}, cells

    def _reference(self, batch: Batch) -> Sampled:
        """The uncached batch: sampled now, or remembered. The uncached run itself, and one of few steps, is always sampled now."""
        steps = self.config.compared_steps()
        key = sampling_key(self.model, batch, self.config, self.context.seed, steps)
        worth_it = not self.plain and steps > TIMED_STEPS
        known = references.get(key) if worth_it else None
        if known is not None:
            self.context.event(
                "info",
                f"uncached images from {batch.start} on are of an earlier run of this process; "
                f"their time is measured anew on {TIMED_STEPS} steps",
            )
            timed = retimed(self.model, batch, self.config, known)
            self._advance(steps, "uncached images are known")
            return timed
        sampled = sample_batch(
            self.model,
            batch,
            self.config,
            steps,
            lambda step, latents: self._tell("uncached", step, steps, latents),
            keep_trajectory=True,
        )
        references.put(key, sampled)
        return sampled

    def _control(self, batch: Batch, corrected: list[int]) -> tuple[Sampled, list[float]]:
        """Plain reuse of the same cells, and its seconds at the steps that the policy corrects.

        Sampled now and timed at each of these steps; or remembered, and timed now at the first few.
        """
        steps, mask = self.config.steps, self.policy.mask
        key = sampling_key(self.model, batch, self.config, self.context.seed, steps, mask)
        known = references.get(key)
        if known is not None:
            seconds = self._time_control(batch, corrected[:TIMED_STEPS])
            self._advance(steps, "plain reuse is known")
            return known, seconds
        with apply_step_cache(self.model.transformer, StepCacheConfig(mask)):
            sampled = sample_batch(
                self.model,
                batch,
                self.config,
                steps,
                lambda step, latents: self._tell("plain reuse", step, steps, latents),
                keep_trajectory=True,
            )
        references.put(key, sampled)
        return sampled, [sampled.step_seconds[step] for step in corrected]

    def _time_control(self, batch: Batch, steps: list[int]) -> list[float]:
        """Seconds of plain reuse at these steps: one step is computed, then each reuses the cells that it would."""
        if not steps:
            return []
        mask = self.policy.mask[[0, *steps]]
        with apply_step_cache(self.model.transformer, StepCacheConfig(mask)):
            few = sample_batch(self.model, batch, self.config, len(mask), lambda *_: None)
        return few.step_seconds[1:]

    def _tell(self, what: str, step: int, steps: int, latents: Tensor) -> None:
        self._advance(1, f"{what}: step {step + 1} of {steps}", latents)

    def _advance(self, steps: int, message: str, latents: Tensor | None = None) -> None:
        self.done += steps
        preview = None if latents is None else to_preview(self.model.preview(latents))
        self.context.progress(self.done, self.total, message, preview)

    def _finish(self, tally: Tally, labels: Tensor) -> report.Comparison:
        self.context.progress(self.done, self.total, "decoding and judging")
        self._say_if_few(len(labels))
        self._say_what_was_reused(tally)
        tiled = self.config.vae_tiling
        reference = self.model.decode(tally.reference.latents, tiled)
        images = reference if self.plain else self.model.decode(tally.policy.latents, tiled)
        controlled = self.config.controlled()
        control = self.model.decode(tally.control.latents, tiled) if controlled else None
        verdict = self._judge(images, labels)
        return report.Comparison(
            config=self.config,
            model=self.model,
            policy=self.policy,
            tally=tally,
            plain=self.plain,
            labels=labels,
            images=images,
            reference=reference,
            control=control,
            verdict=verdict,
            reference_verdict=verdict if self.plain else self._judge(reference, labels),
            inception=self._inception_metrics(images, reference),
        )

    def _inception_metrics(self, images: Tensor, reference: Tensor) -> dict[str, float]:
        """FID and Inception score of both sides, where they were asked for."""
        if self.inception is None:
            return {}
        tell_limits(self.inception, images, self.context)
        found = self._looked_at(self.inception, self.policy.name, images)
        uncached = found if self.plain else self._looked_at(self.inception, "uncached", reference)
        return found | {f"{name}_uncached": value for name, value in uncached.items()}

    def _looked_at(self, inception: Inception, what: str, images: Tensor) -> dict[str, float]:
        def tell(done: int) -> None:
            self._advance(1, f"{what}: {done} of {len(images)} images in the Inception network")

        return inception.metrics(inception.look(images, self.model.device, tell))

    def _say_if_few(self, images: int) -> None:
        if self._is_judged and images < ENOUGH_FOR_DISTANCE:
            self.context.event(
                "info",
                f"no Fréchet distance: {images} images are too few, it needs {ENOUGH_FOR_DISTANCE}",
            )

    def _say_what_was_reused(self, tally: Tally) -> None:
        """Of a peer, which decides by itself: that it did nothing, or not the same in every batch."""
        if not self.policy.is_peer:
            return
        everything = 2 * self.config.steps * self.model.facts.layers * tally.batches
        if sum(tally.counts.values()) == everything:
            self.context.event(
                "warning",
                f"{self.policy.name} reused nothing: all {everything} forwards of attention and feed-forward were executed",
            )
        if tally.differing:
            self.context.event(
                "info",
                f"{self.policy.name} decides on each batch as a whole: {tally.differing} of {tally.batches} batches reused "
                "other steps than the first, of which the cells are shown",
            )

    @property
    def _is_judged(self) -> bool:
        return self.config.judge and self.model.name in WORLDS

    def _judge(self, images: Tensor, labels: Tensor) -> Verdict | None:
        return judge_images(self.model.name, images, labels) if self._is_judged else None
