"""Headers of every answer, and the limits that every request meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.context import current

if TYPE_CHECKING:
    from flask import Flask, Response

    from kb.config import Settings

MAX_BODY = 1_000_000
"""Bytes. Nothing here takes a body yet; imports will set their own limit."""


def install_security(app: Flask, settings: Settings) -> None:
    """Limits bodies and host names, and adds the security headers to every answer."""
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        MAX_FORM_PARTS=100,
        TRUSTED_HOSTS=["127.0.0.1", "localhost", settings.host],
    )
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    policy = (
        "default-src 'self'; "
        f"script-src 'self' 'nonce-{current().nonce}'; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["X-Request-Id"] = current().request_id
    return response
