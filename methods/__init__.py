"""Vitrine's methods, usable without anything else of Vitrine.

    from methods import METHODS
    from methods.local import LocalContext

    method = METHODS["caching.sample"]
    result = method.run(method.config(), LocalContext("out", seed=7))

`METHODS` lists every entry; importing it costs no torch. Adding a method is its package and one line here.
"""

from __future__ import annotations

from methods import alignment, anomaly, caching, fewshot, unlearning
from methods.base import Method

_ENTRIES = (
    caching.SAMPLE,
    caching.CALIBRATE,
    alignment.HARDNESS,
    alignment.TRAIN,
    alignment.EVALUATE,
    alignment.PAIRS,
    unlearning.TRAIN,
    unlearning.RANK,
    unlearning.ERASE,
    anomaly.DETECT,
    fewshot.LOOK,
    fewshot.EVALUATE,
    fewshot.REGULARISE,
)

METHODS: dict[str, Method] = {method.name: method for method in _ENTRIES}
