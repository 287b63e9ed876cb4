"""What the variants of an adapter are called."""

from __future__ import annotations

TITLES = {
    "before": "Before",
    "edit": "Edit",
    "finetune": "Short fine-tune",
    "ascent": "Gradient ascent",
    "npo": "NPO",
    "retrain": "Retrain",
    "retrain_2": "Retrain, other seed",
}
"""In the order in which they stand side by side."""
