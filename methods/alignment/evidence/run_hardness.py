"""The run of `alignment.hardness`: measure every pair, then tell of every pair.

Two passes over the pairs, as the factor of the first one needs the mean over all. Between them only a few numbers of each
pair are held; texts and pictures are read again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from methods.alignment.evidence import report
from methods.alignment.evidence.check import check_rows, check_settings
from methods.alignment.evidence.config import HardnessConfig
from methods.alignment.evidence.files import NAME, HardnessWriter
from methods.alignment.evidence.measuring import CHUNK, measure, take_given
from methods.alignment.evidence.numbers import Numbers
from methods.alignment.evidence.pictures import PicturePack
from methods.alignment.evidence.report import Findings
from methods.alignment.evidence.scores import Floats, data_factor
from methods.alignment.evidence.telling import Teller
from methods.alignment.pairs.config import SCENES
from methods.alignment.pairs.opening import open_pairs
from methods.alignment.pairs.source import PairSource
from methods.base import Context, Result
from methods.clip_encoder import ClipEncoder
from methods.clip_models import load_clip
from methods.feature_cache import FeatureCache

CHECKPOINT_SECONDS = 20.0


def run(config: HardnessConfig, context: Context) -> Result:
    """Measure pairs and save what was found.

    Raises:
        MethodError: a row is broken, the CLIP does not load.
        Cancelled: the run was asked to stop.
    """
    check_settings(config)
    context.progress(0, 1, "checking every row")
    source = open_pairs(config, context)
    check_rows(config, source)
    return _Run(config, source, context).run(context.resume())


@dataclass
class _Run:
    config: HardnessConfig
    source: PairSource
    context: Context
    numbers: Numbers = field(default_factory=Numbers)
    scorer: ClipEncoder | None = None
    seconds: float = 0.0
    told: int = 0
    kept_at: float = field(default_factory=time.monotonic)
    pack: PicturePack = field(init=False)

    def run(self, state: Mapping[str, Any] | None) -> Result:
        self.pack = PicturePack(self.context, saved=state["saved"] if state else ())
        if state is not None:
            self.numbers.restore(state)
            self.seconds, self.told = state["seconds"], state["told"]
        self._measure()
        delta, mean = self._scaled(self.numbers.deltas())
        factor = data_factor(delta, mean)
        findings = self._tell(delta, factor, mean)
        result = report.result(self.config, findings, self.context, len(self.source) / self.seconds)
        self.context.progress(2 * len(self.source), 2 * len(self.source), "done")
        return result

    def _keep(self) -> None:
        """Remember where we are, every so often."""
        if time.monotonic() - self.kept_at >= CHECKPOINT_SECONDS:
            rest = {"seconds": self.seconds, "told": self.told, "saved": self.pack.saved}
            self.context.checkpoint({**self.numbers.state(), **rest})
            self.kept_at = time.monotonic()

    # -- first pass: what CLIP says ---------------------------------------------------------------------

    def _measure(self) -> None:
        if self.config.score == "precomputed":
            self._advance(0, "taking the scores that the rows bring")
            begun = time.perf_counter()
            self.numbers = take_given(self.source, splitter=self.config.splitter, tell=self._taken)
            self.seconds = time.perf_counter() - begun
            return
        self._advance(len(self.numbers), f"loading {self.config.clip}")
        self.scorer = self._load()
        folder = Path(self.config.cache).expanduser() if self.config.cache else self.context.workdir
        begun = time.perf_counter() - self.seconds  # earlier attempts count

        def alive() -> None:
            speed = f", {len(self.numbers) / self.seconds:.3g} a second" if self.seconds else ""
            message = f"{len(self.numbers)} of {len(self.source)} pairs measured{speed}"
            self._advance(len(self.numbers), message)

        def tell(_: Numbers) -> None:
            self.seconds = time.perf_counter() - begun
            alive()
            self._keep()

        self.scorer.after_batch = alive
        with closing(FeatureCache(folder, self.scorer.id)) as cache:
            measure(
                self.source,
                self.scorer,
                cache,
                score=self.config.score,
                splitter=self.config.splitter,
                numbers=self.numbers,
                tell=tell,
            )
            self._say_of(cache)

    def _load(self) -> ClipEncoder:
        config = self.config
        scorer = load_clip(
            config.clip,
            config.pretrained,
            self.context.device,
            precision=config.precision,
            batch_size=min(config.batch_size, len(self.source)),
            fixed_batches=True,
        )
        for note in scorer.notes:
            self.context.event("warning", note)
        if config.clip == "scenes" and config.pairs not in SCENES:
            self.context.event(
                "warning",
                "the small world's CLIP knows only its own coloured shapes: what it says of other pictures means nothing",
            )
        return scorer

    def _taken(self, numbers: Numbers) -> None:
        self._advance(len(numbers), f"{len(numbers)} of {len(self.source)} pairs")

    def _say_of(self, cache: FeatureCache) -> None:
        if cache.damaged:
            self.context.event(
                "warning",
                f"{cache.damaged} features in the cache were damaged and have been computed again",
                damaged=cache.damaged,
            )
        self.context.event(
            "info",
            f"features: {cache.misses} computed, {cache.hits} taken from the cache",
            computed=cache.misses,
            cached=cache.hits,
        )

    # -- between: the factor --------------------------------------------------------------------------------

    def _scaled(self, delta: Floats) -> tuple[Floats, float]:
        """Delta as it is told, and the delta whose factor is 1."""
        if self.config.scale == "unit_std":
            deviation = float(delta.std())
            if deviation == 0:
                self.context.event("warning", "every pair has the same delta: it was not scaled")
            else:
                delta = delta / deviation
        mean = self.config.mean_delta
        return delta, float(delta.mean()) if mean is None else mean

    # -- second pass: rows, pictures, file ----------------------------------------------------------------

    def _tell(self, delta: Floats, factor: Floats, mean: float) -> Findings:
        findings = Findings(delta, factor, mean)
        teller = Teller(
            self.numbers, delta, factor, self.config.splitter, self.config.score, self.scorer
        )
        path = self.context.workdir / NAME
        about = report.about(self.config, self.scorer, self.source, findings)
        with HardnessWriter(path, about) as file:
            for start in range(0, len(self.source), CHUNK):
                rows = []
                for place in range(start, min(start + CHUNK, len(self.source))):
                    pair = self.source[place]
                    evidence = teller.evidence(place, pair)
                    file.write([teller.file_row(place, pair, evidence)])
                    picture = pair.images[0] if pair.images else None
                    image = self.pack.add(picture.sha256, picture.open) if picture else ""
                    row = teller.row(place, pair, evidence, image, self.source.name)
                    findings.add(row, pair.meta)
                    rows.append(row)
                self._record(start, rows)
        self.pack.close()
        self.context.save_file(NAME, path, role="hardness", **about)
        return findings

    def _record(self, start: int, rows: list[dict[str, Any]]) -> None:
        """Record a chunk, unless an earlier attempt has; its pictures lie in an archive that is saved, or will be."""
        end = start + len(rows)
        if end > self.told:
            self.context.record("pair", rows[max(self.told - start, 0) :])
            self.told = end
        self._advance(len(self.source) + end, f"{end} of {len(self.source)} rows written")
        self._keep()

    def _advance(self, done: int, message: str) -> None:
        self.context.progress(done, 2 * len(self.source), message)
