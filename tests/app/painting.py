"""A toy that leaves what links and reports show: images, a curve, a cache map, and what they must not show."""

from __future__ import annotations

from pydantic import Field

from methods.base import Config, Context, Estimate, Method, MethodError, Result


class PaintConfig(Config):
    grey: int = 0
    model: str = Field("/home/me/models/dit", json_schema_extra={"widget": "model"})
    prior: str = Field("abc/prior.pt", json_schema_extra={"widget": "artefact"})
    notes: str = "/home/me/notes.txt"
    classes: tuple[str, ...] = Field((), json_schema_extra={"widget": "classes"})
    listed: tuple[int, ...] = ()
    fails: bool = False


def paint(config: PaintConfig, context: Context) -> Result:
    import numpy as np

    if config.fails:
        raise MethodError(f"{config.model}/unet: no weights (see '/home/me/my notes/a.txt')")
    for index, name in enumerate("ab"):
        picture = np.full((4, 4, 3), config.grey + index, dtype=np.uint8)
        context.save_image(
            f"sample_{index}.png", picture, role="sample", class_name=name, index=index
        )
        context.log(index, trajectory_error=float(index))
    context.save_figure("cells.json", {"cells": [[[0, 0]], [[1, 2]]]}, role="cells")
    context.save_file("secret.txt", b"not for strangers")
    return Result({"distance": float(config.grey), "runs": 1.0}, "<b>painted</b>")


PAINT = Method("toy.paint", "Paint", "toy", PaintConfig, paint, lambda _: Estimate(1, 1), "cpu")
