"""A toy that plants a secret in everything a link can show, each named after the part that it belongs to; and who looks for them."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image
from pydantic import Field

from methods.base import Config, Context, Estimate, Finding, Method, MethodError, Result

SETTING = 987654.25
FILES = re.compile(r'(?:href|src)="([^"]+)"')


class SecretConfig(Config):
    number: float = 0.5
    model: str = Field("dit", json_schema_extra={"widget": "model"})
    prompt: str = "a cat"
    classes: tuple[str, ...] = Field((), json_schema_extra={"widget": "classes"})
    fails: bool = False


VALUES: dict[str, Any] = {
    "number": SETTING,
    "model": "/home/me/SECRET-names-model",
    "prompt": "SECRET-texts-prompt",
    "classes": ["SECRET-names-class"],
}
TITLE = "SECRET-names-title"


def keep_secrets(config: SecretConfig, context: Context) -> Result:
    context.event("info", "SECRET-log-line")
    if config.fails:
        raise MethodError("SECRET-words-error")
    pixels = np.zeros((4, 4, 3), dtype=np.uint8)
    context.save_image("SECRET-names-file.png", pixels, role="sample", class_name="SECRET-names-x")
    context.save_image(
        "SECRET-names-brought.png", pixels + 1, role="picture", prompt="SECRET-texts"
    )
    for step in range(2):
        context.log(step, **{"SECRET-curves": float(step)})
    return Result({"SECRET-metrics": 1.0}, "SECRET-words-summary")


METHOD = Method(
    "toy.secret",
    "Toy secrets",
    "toy",
    SecretConfig,
    keep_secrets,
    lambda _: Estimate(1, 1),
    "cpu",
    conclude=lambda runs: [Finding("note", f"SECRET-words-finding {len(runs)}")],
    remark=lambda runs: f"SECRET-words-remark {len(runs)}",
)


def behind(client: TestClient, url: str) -> dict[str, bytes]:
    """All that can be reached from a link, {address: content}; texts that pictures carry are read out."""
    found: dict[str, bytes] = {}
    waiting = [url]
    while waiting:
        each = waiting.pop()
        if each in found:
            continue
        answer = client.get(each)
        assert answer.status_code == 200, (each, answer.text)
        found[each] = answer.content
        if answer.headers["content-type"].startswith("image/"):
            with Image.open(BytesIO(answer.content)) as image:
                found[each] += repr(image.info).encode() + repr(dict(image.getexif())).encode()
        elif answer.headers["content-type"].startswith("text/html"):
            links = FILES.findall(answer.text)
            waiting += [link.replace("&amp;", "&") for link in links if link.startswith(url)]
    return found


def secrets(pages: dict[str, bytes]) -> set[str]:
    """The parts whose secrets are there."""
    found = {
        match.decode() for page in pages.values() for match in re.findall(rb"SECRET-(\w+)", page)
    }
    if any(str(SETTING).encode() in page or b"9.877e+05" in page for page in pages.values()):
        found.add("settings")
    return found
