"""What a shared page shows, made from what the services know: rows of images, metrics in order, charts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.bare import FORMATS
from app.charts import Chart, chart
from app.maps import CacheMap, cache_maps
from backend import services
from backend.services import ArtefactView, CompareView, MetricRow

PATHS = ("model", "artefact", "upload")
"""Widgets of settings that name a file or folder."""
MOST_LINES = 200
MOST_CURVES = 4
MADE = ("sample", "image", "reference", "grid", "preview")
"""Roles of images that runs made."""
PATH = re.compile(
    r"""(?<=')(?:~?/|[A-Za-z]:[/\\])[^'\n]+(?=')"""  # in quotes it may have spaces
    r"""|(?<=")(?:~?/|[A-Za-z]:[/\\])[^"\n]+(?=")"""
    r"""|(?:file://|(?<![\w.~:/<]))(?:~?/|[A-Za-z]:[/\\])[^\s'",;:()\[\]<>]+"""
)
SUPPORTING = ("_uncached", "_plain", "_before", "_low", "_high")
OF_CONTROLS = ("finetune_", "ascent_", "npo_", "retrain_")
UNITS = {"mb": "MB", "gb": "GB", "ms": "ms", "s": "s", "seconds": "s"}
KNOWN = {
    "psnr": "PSNR",
    "ssim": "SSIM",
    "fid": "FID",
    "is": "IS",
    "l2": "L2",
    "flop": "FLOP",
    "ff": "feed-forward",
    "attn": "attention",
    "plain": "of plain reuse",
    "chair-i": "CHAIR_i",
    "chair-s": "CHAIR_s",
    "dpo": "DPO",
    "dama": "DAMO",
    "logps": "log-probability",
    "logp": "log-probability",
    "kl": "KL divergence",
    "mia": "membership AUC by",
    "ba": "BA",
    "npo": "NPO",
    "afr": "AFR",
    "rouge": "ROUGE",
    "vcr": "VCR",
    "gda": "GDA",
    "tip": "Tip-Adapter",
    "l": "L",
}

WHOLE = {
    "flagged_alone": "Share flagged by no trivial score",
    "flagged_by_plain": "Share flagged by the plain autoencoder too",
    "flagged_by_degree": "Share flagged by the out-degree too",
    "flagged_by_norm": "Share flagged by the feature norm too",
    "flagged_by_forest": "Share flagged by the Isolation Forest too",
    "plain_spearman": "Rank correlation, plain autoencoder",
    "degree_spearman": "Rank correlation, out-degree",
    "norm_spearman": "Rank correlation, feature norm",
    "forest_spearman": "Rank correlation, Isolation Forest",
    "distance_spearman": "Rank correlation of the attribute error, distance from the mean",
    "plain_distance_spearman": "Rank correlation of the plain attribute error, distance from the mean",
    "links_agreement": "Rank agreement of the structure error, number of links",
}
"""Metrics of detections whose names would not read as words; as in `static/format.js`."""


@dataclass(frozen=True)
class Row:
    """A row of the image grid: a run, or the reference it is measured against, and an image for each column."""

    title: str
    images: dict[str, ArtefactView]


@dataclass(frozen=True)
class Log:
    """What a run said: (when, level, message), the last of more where `hidden` came before."""

    title: str
    lines: list[tuple[str, str, str]]
    hidden: int
    traceback: str


def name(text: str) -> str:
    """`peak_memory_mb` as "Peak memory, MB"."""
    if text in WHOLE:
        return WHOLE[text]
    # The s of CHAIR_s are sentences, not seconds.
    words = re.split(r"[_./]+", re.sub(r"\bchair_([is])(?![a-z])", r"chair-\1", text))
    unit = UNITS.get(words[-1]) if len(words) > 1 else None
    plain = " ".join(KNOWN.get(word, word) for word in (words[:-1] if unit else words))
    return plain[:1].upper() + plain[1:] + (f", {unit}" if unit else "")


def figure(value: Any) -> str:
    """A number, a setting or a missing value as the page writes it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(figure(item) for item in value) or "none"
    if isinstance(value, float):
        return f"{value:.4g}" if isfinite(value) else "not finite"
    return str(value)


def plain(text: str) -> str:
    """`text` with each absolute path reduced to its last part: where things lie on this machine is nobody's business."""
    return PATH.sub(lambda found: _last(found[0]), text)


def _last(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def schema(method: str) -> Mapping[str, Any]:
    """The JSON schema of a method's settings; empty of a method that has gone."""
    known = services.methods().get(method)
    return _schema(known.config) if known else {}


@cache
def _schema(config: type[BaseModel]) -> Mapping[str, Any]:
    return config.model_json_schema()


def setting(method: str, name: str, value: Any) -> str:
    """A setting as people outside see it: of what names a file or folder, the last part."""
    widget = schema(method).get("properties", {}).get(name, {}).get("widget")
    if widget == "classes" and value is not None and not value:
        return "all"
    if widget in PATHS and isinstance(value, str):
        value = _last(value)
    return plain(figure(value))


def percent(share: float) -> str:
    """A percentile, 0 to 1, as "99.98 %": never rounded up to 100."""
    value = 100 * share
    return f"{min(value, 99.99):.2f} %" if value >= 99 else f"{value:.1f} %"


def day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %B %Y, %H:%M UTC")


def pictures(run_ids: Sequence[str], shows: frozenset[str]) -> dict[str, list[ArtefactView]]:
    """The images of each run that a page with these parts shows: all that a link lets its holder load.

    What runs made is told from what people brought by its role; a role that is not known counts as brought.
    """
    made, brought = "pictures" in shows, shows >= {"inputs", "rows", "names"}
    return {
        run_id: [
            item
            for item in services.artefacts(run_id)
            if item.mime in FORMATS and (made if item.role in MADE else brought)
        ]
        for run_id in run_ids
    }


def _columns(images: Sequence[ArtefactView], named: bool, *roles: str) -> dict[str, ArtefactView]:
    """The first image of each class, or each image by its name where there are no classes; by number where names are not shown."""
    found: dict[str, ArtefactView] = {}
    for item in images:
        if item.role in roles:
            plain = Path(item.name).stem.replace("_", " ")
            found.setdefault(str(item.meta.get("class_name", plain)), item)
    if named:
        return found
    return {f"Image {place}": item for place, item in enumerate(found.values(), 1)}


def rows(view: CompareView, shows: frozenset[str]) -> list[Row]:
    """A row a run; a single run is shown below the reference it was measured against, if it has one."""
    images = pictures([run.id for run in view.runs], shows)
    named = "names" in shows
    found = [
        Row(run.title or run.method, _columns(images[run.id], named, "sample", "image"))
        for run in view.runs
    ]
    if len(found) == 1:
        own = images[view.runs[0].id]
        found.insert(0, Row("Reference", _columns(own, named, "reference")))
    return [row for row in found if row.images]


def charts(view: CompareView) -> tuple[list[Chart], list[Chart]]:
    """Curves of errors, or else of losses, or else the first that there are; then the others."""
    curves: dict[str, list[tuple[str, Any]]] = {}
    for run in view.runs:
        for key, points in services.series(run.id).items():
            curves.setdefault(key, []).append((run.title or run.method, points))
    named = [(key, chart(name(key), lines)) for key, lines in curves.items()]
    drawn = [(key, found) for key, found in named if found]
    wanted = ([found for key, found in drawn if word in key] for word in ("error", "loss"))
    first = next(filter(None, wanted), [found for _, found in drawn[:MOST_CURVES]])
    return first, [found for _, found in drawn if found not in first]


def logs(view: CompareView) -> list[Log]:
    """What each run said on its way; of very long logs the end."""
    found = []
    for run in view.runs:
        lines = services.events(run.id)
        if lines or run.traceback:
            said = [(day(line.at), line.level, plain(line.message)) for line in lines[-MOST_LINES:]]
            found.append(Log(run.title, said, len(lines[:-MOST_LINES]), plain(run.traceback)))
    return found


def maps(view: CompareView) -> list[CacheMap]:
    """What each run that says so did in each of its cells."""
    found = []
    for run in view.runs:
        for item in services.artefacts(run.id, role="cells"):
            try:
                saved = json.loads(services.blob(item.sha256).path.read_text())
            except services.NotFound:  # lost, which `gaps` says
                continue
            found.append((run.title or run.method, saved["cells"]))
    return cache_maps(found)


def gaps(run_ids: Sequence[str]) -> int:
    """How many files of these runs are known to be lost."""
    return sum(item.lost for run_id in run_ids for item in services.artefacts(run_id))


def metrics(view: CompareView) -> tuple[list[MetricRow], list[MetricRow]]:
    """Metrics that tell the runs apart, then those that support them or are the same for all."""
    several = len(view.runs) > 1
    main = [
        row
        for row in view.metrics
        if not row.name.endswith(SUPPORTING)
        and not row.name.startswith(OF_CONTROLS)
        and not (several and len(set(row.values)) == 1)
    ]
    return main, [row for row in view.metrics if row not in main]
