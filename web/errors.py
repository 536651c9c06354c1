"""Errors in plain words: what happened, what is safe, what to do, and an id for the log."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from flask import Response, render_template, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from kb.errors import DatabaseTooNew, DatabaseUnavailable, KbError, NotAllowed, NotFound
from web.context import current
from web.parameters import BadParameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask import Flask

    from kb.validation import Problem

logger = logging.getLogger(__name__)
API_PREFIX = "/api/"
RETRY_SECONDS = "5"


class Words(NamedTuple):
    """What a status means to the person who meets it."""

    title: str
    happened: str
    next_step: str


WORDS = {
    400: Words("This address does not work", "Part of the request makes no sense here.",
               "Check the address, or start again with a search."),
    403: Words("This is not open to you", "Reading it needs a right that this visit does not have.",
               "Ask the people who run this repository for access."),
    404: Words("There is nothing at this address", "The page may have moved, or the id may be mistyped.",
               "Search for what you need, or browse by kind."),
    405: Words("This page cannot do that", "The address exists, but not for this kind of request.",
               "Open the address in the browser instead."),
    413: Words("That is too large", "More was sent than this page takes. Nothing was stored.",
               "Send less at once."),
    429: Words("Too many requests", "Many requests came in a short time. Nothing is lost.",
               "Wait a minute, then try again."),
    500: Words("Something went wrong here", "The fault is ours and has been logged. Nothing was changed.",
               "Try again. If it stays, send the id below to the people who run this repository."),
    503: Words("The repository does not answer",
               "The records cannot be reached at the moment. Nothing is lost.",
               "Try again in a minute."),
}  # fmt: skip


class MissingEntry(NotFound):
    """An id that names no entry, with the entries that may have been meant."""

    def __init__(self, message: str, suggestions: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(message)
        self.suggestions = suggestions
        """(id, kind, title), most likely first."""


@dataclass(frozen=True)
class Failure:
    """Everything that an error page or a problem document says."""

    status: int
    detail: str = ""
    problems: Sequence[Problem] = ()
    suggestions: Sequence[tuple[str, str, str]] = ()

    @property
    def words(self) -> Words:
        """The status in plain words."""
        return WORDS.get(self.status) or WORDS[400 if self.status < 500 else 500]

    def problem(self) -> dict[str, object]:
        """The failure as a problem document (RFC 9457)."""
        document: dict[str, object] = {
            "type": "about:blank",
            "title": HTTP_STATUS_CODES.get(self.status, self.words.title),
            "status": self.status,
            "detail": self.detail or self.words.happened,
            "request_id": current().request_id,
        }
        if self.problems:
            document["errors"] = [{"field": each.field, "message": each.message} for each in self.problems]
        return document


def install_errors(app: Flask) -> None:
    """One handler per family of errors."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(KbError, _kb_error)
    app.register_error_handler(Exception, _unexpected)


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # a redirect that routing raised
        return Response(status=error.code or 200, headers=list(error.get_headers()))
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return answer(Failure(error.code), kept)


def _kb_error(error: KbError) -> Response:
    detail = str(error)
    match error:
        case MissingEntry():
            return answer(Failure(404, detail, suggestions=error.suggestions))
        case NotFound():
            return answer(Failure(404, detail))
        case BadParameters():
            return answer(Failure(400, detail, problems=error.problems))
        case NotAllowed():
            return answer(Failure(403, detail))
        case DatabaseUnavailable() | DatabaseTooNew():
            logger.error("request %s: %s", current().request_id, detail)
            return answer(Failure(503), {"Retry-After": RETRY_SECONDS})
        case _:
            return _unexpected(error)


def _unexpected(error: Exception) -> Response:
    logger.error("request %s failed", current().request_id, exc_info=error)
    return answer(Failure(500))


def answer(failure: Failure, headers: Mapping[str, str] | None = None) -> Response:
    """The failure as a problem document for the API, as a page for people."""
    if request.path.startswith(API_PREFIX):
        body, kind = json.dumps(failure.problem()), "application/problem+json"
    elif request_ctx.url_adapter is None:
        # The host name was refused: no address can be made, so no page with links.
        body, kind = f"{failure.words.title}. {failure.words.happened}\n", "text/plain; charset=utf-8"
    else:
        body, kind = render_template("error.html", failure=failure), "text/html; charset=utf-8"
    return Response(body, status=failure.status, content_type=kind, headers=headers)
