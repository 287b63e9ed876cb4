"""The web application of `tests.app`, to be attacked."""

from tests.app.conftest import client, finished, painted, submit, web
from tests.security.internal import internal

__all__ = ["client", "finished", "internal", "painted", "submit", "web"]
