"""What one request carries, as a typed object instead of loose globals."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, cast

from flask import g, request

from kb.people.reader import reader_of
from kb.people.roles import NOBODY, Person
from web.proxies import passed_request_id
from web.services import services

if TYPE_CHECKING:
    from kb.reading import Reader


def new_request_id() -> str:
    """A name for the request, for logs and error pages."""
    return secrets.token_hex(6)


@dataclass(frozen=True)
class RequestContext:
    """Who asks, when, and the tokens of this one answer."""

    person: Person = NOBODY
    cookie_secret: str = field(default="", repr=False)
    """The secret of the session; empty for visitors and programs."""
    notice: str = ""
    """Why the session that the browser had is over."""
    request_id: str = field(default_factory=new_request_id)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    today: date = field(default_factory=lambda: datetime.now().astimezone().date())
    rendered: dict[str, str] = field(default_factory=dict)
    """Markdown texts of this answer and their sanitised HTML."""

    @property
    def reader(self) -> Reader:
        """The person as far as reading needs to know."""
        return reader_of(self.person, services().settings.mask_below)

    @property
    def person_id(self) -> int | None:
        """Whose account asks, for the log; None for visitors."""
        return self.person.id

    @property
    def fragment(self) -> str:
        """The part of a page that the page's own script asks for; empty for a whole page."""
        return request.headers.get("X-Fragment", "")


def current() -> RequestContext:
    """The context of this request; made when first asked for, so that error pages have one too."""
    if "context" not in g:
        # A proxy's name for the request makes its log and ours agree.
        g.context = RequestContext(request_id=passed_request_id() or new_request_id())
    return cast("RequestContext", g.context)
