"""What OpenAPI says of answers that are no JSON."""

from __future__ import annotations

from typing import Any


def content(
    kind: str, *, binary: bool = False, cached: bool = False
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with a file of a media type.

    Args:
        cached: it says 304 to whoever has the file already.
    """
    schema = {"type": "string", "format": "binary"} if binary else {"type": "string"}
    found: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {"schema": schema}}}}
    if cached:
        found[304] = {"description": "Not modified since the etag that was sent."}
    return found
