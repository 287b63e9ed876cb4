"""A page that answers while the real one is being loaded: importing Gradio takes longer than people like to wait."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="1"><title>Vitrine is starting</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-items: center; min-height: 90vh; margin: 0 }
h1 { font-size: 1.25rem; font-weight: 600; margin: 0 0 .25rem } p { margin: 0; opacity: .7 }
</style></head>
<body><main><h1>Vitrine is starting</h1><p role="status">The studio is loading. This page opens it by itself.</p></main>
</body></html>"""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked_health = self.path.split("?")[0].endswith(("/healthz", "/readyz"))
        api = "/api/" in self.path
        status = 503 if asked_health or api else 200
        body = b'{"status": "starting"}' if asked_health or api else PAGE
        kind = "application/json" if asked_health or api else "text/html; charset=utf-8"
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Retry-After", "1"),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


@contextmanager
def answering(listening: socket.socket) -> Iterator[None]:
    """Answer on a listening socket until the block ends; connections that come later wait for whoever listens next."""
    server = ThreadingHTTPServer(("", 0), _Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening.dup()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
