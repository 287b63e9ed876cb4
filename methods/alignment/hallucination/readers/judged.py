"""What somebody outside has said of answers: ratings for MMHal-Bench, extracted objects for Object HalBench."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from methods.alignment.hallucination.readers.rows import Row, parse_json, read_rows


def read_judgements(content: bytes, file: str) -> list[str]:
    """The judge's text on each answer, in order.

    A row is what the published script keeps, a chat completion with `choices`; or has the text as `judgement`; or the bare
    score as `rating`, 0 to 6.

    Raises:
        ValueError: a row is none of these.
    """
    return [_judgement(row) for row in read_rows(content, file)]


def judge_name(content: bytes, file: str) -> str:
    """The model that the completions name; "" where they name none, or several."""
    models = {str(row.values.get("model", "")) for row in read_rows(content, file)}
    return models.pop() if len(models) == 1 else ""


def read_extractions(content: bytes, file: str) -> dict[str, tuple[str, ...]]:
    """Extracted objects of each answer, by image id: {image id: [objects]}, or rows of `image_id` and `extract_objs` (as
    the published script keeps them) or `objects`.

    Raises:
        ValueError: it is neither.
    """
    if content.lstrip()[:1] == b"{" and b"\n{" not in content:
        table = parse_json(content, file)
        if "image_id" not in table:
            row = Row(file, 1, table)
            return {str(image): row.texts(image) for image in table}
    found: dict[str, tuple[str, ...]] = {}
    for row in read_rows(content, file):
        name = "extract_objs" if "extract_objs" in row.values else "objects"
        image = row.id("image_id")
        if image in found:
            raise row.error(f"`image_id` {image} stands twice")
        found[image] = row.texts(name)
    return found


def _judgement(row: Row) -> str:
    values: Mapping[str, Any] = row.values
    if "choices" in values:
        try:
            text = values["choices"][0]["message"]["content"]
        except (KeyError, IndexError, TypeError) as error:
            raise row.error("`choices` must be those of a chat completion") from error
        if not isinstance(text, str):
            raise row.error("`choices` must hold the judge's text")
        return text
    if "judgement" in values:
        return row.text("judgement")
    rating = values.get("rating")
    if isinstance(rating, bool) or not isinstance(rating, int) or rating not in range(7):
        raise row.error(
            f"`choices`, `judgement`, or `rating` from 0 to 6 is needed; it has {', '.join(map(str, values)) or 'nothing'}"
            + (f", rating {rating!r}" if rating is not None else "")
        )
    return f"Rating: {rating}"
