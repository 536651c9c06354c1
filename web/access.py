"""Every request is counted and noted once, with what it was and how long it took."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from flask import g, request

from web.metrics import metrics

if TYPE_CHECKING:
    from flask import Flask, Response

logger = logging.getLogger(__name__)


def install_access(app: Flask) -> None:
    """Comes before all else that looks at requests: then it begins first, and sees answers as they leave."""
    app.before_request(_begin)
    app.after_request(_note)


def _begin() -> None:
    g.began = time.perf_counter()


def _note(response: Response) -> Response:
    seconds = time.perf_counter() - g.began
    status, ms = response.status_code, round(seconds * 1000, 1)
    metrics().count_request(request.endpoint, request.method, status, seconds)
    said = {"status": status, "ms": ms}
    logger.info("%s %s %d in %.1f ms", request.method, request.path, status, ms, extra=said)
    return response
