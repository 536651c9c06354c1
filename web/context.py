"""What one request carries, as a typed object instead of loose globals."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, cast

from flask import g, request

from kb.errors import NotAllowed
from kb.reading import ANONYMOUS, Reader
from web.services import services

if TYPE_CHECKING:
    from flask import Flask

OPEN_TO_ALL = {"static", "health.healthz"}
"""Endpoints that answer even where reading needs signing in."""


@dataclass(frozen=True)
class RequestContext:
    """Who asks, when, and the tokens of this one answer."""

    reader: Reader = ANONYMOUS
    request_id: str = field(default_factory=lambda: secrets.token_hex(6))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    today: date = field(default_factory=lambda: datetime.now().astimezone().date())
    rendered: dict[str, str] = field(default_factory=dict)
    """Markdown texts of this answer and their sanitised HTML."""

    @property
    def fragment(self) -> str:
        """The part of a page that the page's own script asks for; empty for a whole page."""
        return request.headers.get("X-Fragment", "")


def current() -> RequestContext:
    """The context of this request; made when first asked for, so that error pages have one too."""
    if "context" not in g:
        g.context = RequestContext()
    return cast("RequestContext", g.context)


def install_context(app: Flask) -> None:
    """Every request gets its context, and is refused where only signed-in people may read."""
    app.before_request(_admit)


def _admit() -> None:
    current()
    if not services().settings.public_reading and request.endpoint not in OPEN_TO_ALL:
        raise NotAllowed("This repository is only for people who have signed in.")
