"""The web server: REST, links, artefact bytes, share pages and health; the Gradio studio last, at `/`."""

from __future__ import annotations

import os
import warnings

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
os.environ.setdefault("GRADIO_RUN_HISTORY", "False")

from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import JSONResponse, RedirectResponse

from app import errors, files, login, reading, share
from app.api import router
from app.api.describing import describe, operation_id
from app.auth import Auth
from app.middleware import (
    BodyLimit,
    Crowd,
    KnownHosts,
    NothingUnused,
    PlainAddresses,
    SameOriginWrites,
    SecurityHeaders,
    allowed_hosts,
    on_bug,
)
from app.studio import build_studio
from app.theme import HEAD, VitrineTheme
from backend import services
from backend.settings import settings

FAVICON = Path(__file__).parent / "static" / "favicon.svg"


def create_app() -> FastAPI:
    """Everything the studio serves, as one ASGI application."""
    config = settings()
    # Not in /tmp, where others of this machine look: files that people upload lie there for a day.
    os.environ["GRADIO_TEMP_DIR"] = str(config.root / "gradio")
    app = FastAPI(
        title="Vitrine",
        version=version("vitrine"),
        docs_url=None,  # FastAPI's pages load from elsewhere; ours is `app.reading`
        redoc_url=None,
        openapi_url="/api/openapi.json",
        root_path=config.root_path,
        generate_unique_id_function=operation_id,
    )
    errors.install(app)
    describe(app)
    app.add_exception_handler(Exception, on_bug)
    app.add_middleware(BodyLimit, limit=(config.max_upload_mb + 1) << 20)
    app.add_middleware(BodyLimit, limit=1 << 16, prefix="/login")
    app.add_middleware(Crowd)
    app.add_middleware(NothingUnused)
    app.add_middleware(Auth)
    app.add_middleware(PlainAddresses)
    app.add_middleware(SameOriginWrites)
    app.add_middleware(KnownHosts, allowed=allowed_hosts(config))
    app.add_middleware(SecurityHeaders)

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> JSONResponse:
        """Ready once everything is up: a run submitted now would be worked on. `/readyz` says what is missing."""
        well = all(check.ok for check in services.ready())
        status = "ready" if well else "not ready"
        return JSONResponse({"status": status}, status_code=200 if well else 503)

    @app.get("/readyz", include_in_schema=False)
    def readyz() -> JSONResponse:
        checks = services.ready()
        well = all(check.ok for check in checks)
        body: dict[str, Any] = {"ready": well, "checks": [asdict(check) for check in checks]}
        return JSONResponse(body, status_code=200 if well else 503)

    @app.get("/r/{run_id}", include_in_schema=False)
    def run_link(run_id: str) -> RedirectResponse:
        return RedirectResponse(f"{config.root_path}/run?id={quote(run_id, safe='')}", 307)

    @app.get("/c/{comparison_id}", include_in_schema=False)
    def comparison_link(comparison_id: str) -> RedirectResponse:
        return RedirectResponse(
            f"{config.root_path}/compare?c={quote(comparison_id, safe='')}", 307
        )

    app.include_router(router)
    app.include_router(reading.router)
    app.include_router(files.router)
    app.include_router(share.router)
    app.include_router(login.router)
    studio = build_studio()
    # Gradio checks that a file which an endpoint is given was uploaded only where the studio "has launched", which one that is
    # mounted never has: without this whoever calls an endpoint could have any file of this machine taken in.
    studio.has_launched = True
    with warnings.catch_warnings():
        # It says that server-side rendering is off for several pages, also where nobody asked for it.
        warnings.filterwarnings("ignore", message="SSR mode is not supported")
        mounted: FastAPI = gr.mount_gradio_app(
            app,
            studio,
            path="/",
            root_path=config.root_path or None,
            ssr_mode=False,
            run_history=False,
            footer_links=[],
            allowed_paths=[],
            blocked_paths=[str(path) for path in config.private],
            max_file_size=f"{config.max_upload_mb}mb",
            favicon_path=str(FAVICON),
            show_error=config.log_level
            == "DEBUG",  # what a bug says may hold paths of this machine
            theme=VitrineTheme(),
            head=HEAD,
        )
    return mounted
