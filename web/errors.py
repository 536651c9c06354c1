"""Errors in plain words: what happened, what is safe, what to do, and an id for the log."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import Response, render_template, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from kb.actions.keeping import ActionChanged
from kb.assigning.cohorts import CohortChanged, CohortInUse, CohortNameTaken
from kb.assigning.keeping import AssignmentChanged
from kb.desk.bulk import BulkChanged
from kb.documents.programs import ConversionFailed
from kb.dossiers.keeping import DossierChanged
from kb.duplicates.deciding import PairDecided
from kb.errors import (
    DatabaseTooNew,
    DatabaseUnavailable,
    EditConflict,
    InvalidRecord,
    KbError,
    NotAllowed,
    NotFound,
    NotWritable,
    Taken,
)
from kb.importing.incoming import NotReady
from kb.importing.stating import DoesNotFit
from kb.learning.assessing import HandedIn
from kb.learning.deciding import StepChanged
from kb.learning.questions import Unfit
from kb.learning.signing import BadgeRefused
from kb.mentoring.asking import AlreadyAsked
from kb.people.audit import note_refusal
from kb.people.errors import KeyRefused, LastAdministrator, SignInRefused, TooMany
from kb.people.identities import IdentityRefused
from kb.reference.money import CannotConvert
from kb.reference.rows import RowChanged
from kb.taxonomy.listing import ListChanged
from kb.usage.demand import DemandChanged
from kb.vocabulary import GroupChanged
from search.importing.loading import Undecided
from web.context import current
from web.error_words import READING_ONLY, WORDS, Words
from web.forms import FormRefused
from web.identity import API_PREFIX, SignInNeeded, origin, to_sign_in
from web.mailing.link import MailPutOff, MailRefused, MailServerDown
from web.mailing.sending import MailNotSetUp
from web.outbound import OutboundFailed
from web.overtaken import DraftGone, DraftOvertaken, Unready
from web.parameters import BadParameters
from web.proxies import HeaderRefused
from web.services import services
from web.versions import VersionGone, VersionNeeded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask import Flask
    from werkzeug.wrappers import Response as BaseResponse

    from kb.validation import Problem

logger = logging.getLogger(__name__)
RETRY_SECONDS = "5"


class MissingEntry(NotFound):
    """An id that names no entry, with the entries that may have been meant."""

    def __init__(self, message: str, suggestions: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(message)
        self.suggestions = suggestions
        """(id, kind, title), most likely first."""


STATUS: dict[type[KbError], int] = {
    NotFound: 404,
    BadParameters: 400,
    Taken: 409,
    DossierChanged: 409,
    Unfit: 409,
    DoesNotFit: 409,
    Unready: 409,
    Undecided: 409,
    InvalidRecord: 400,
    FormRefused: 403,
    NotAllowed: 403,
    SignInNeeded: 401,
    SignInRefused: 401,
    IdentityRefused: 403,
    HeaderRefused: 400,
    ConversionFailed: 422,
    OutboundFailed: 502,
    KeyRefused: 401,
    LastAdministrator: 409,
    GroupChanged: 409,
    ListChanged: 409,
    ActionChanged: 409,
    AssignmentChanged: 409,
    CohortChanged: 409,
    CohortInUse: 409,
    CohortNameTaken: 409,
    BulkChanged: 409,
    PairDecided: 409,
    DemandChanged: 409,
    NotReady: 409,
    HandedIn: 409,
    StepChanged: 409,
    AlreadyAsked: 409,
    BadgeRefused: 409,
    RowChanged: 409,
    CannotConvert: 409,
    MailNotSetUp: 409,
    MailServerDown: 502,
    MailPutOff: 502,
    MailRefused: 502,
    EditConflict: 409,
    DraftOvertaken: 409,
    DraftGone: 412,
    VersionGone: 412,
    VersionNeeded: 428,
    TooMany: 429,
    DatabaseUnavailable: 503,
    DatabaseTooNew: 503,
}
"""What each family of errors is in HTTP; any other is a fault of ours."""


@dataclass(frozen=True)
class Failure:
    """Everything that an error page or a problem document says."""

    status: int
    detail: str = ""
    problems: Sequence[Problem] = ()
    suggestions: Sequence[tuple[str, str, str]] = ()
    extra: Mapping[str, object] = field(default_factory=dict)
    """What a problem document says besides, such as both texts of a conflict."""
    is_reading_only: bool = False
    """Whether 503 means that what is there can be read all the same."""

    @property
    def words(self) -> Words:
        """The status in plain words."""
        if self.is_reading_only:
            return READING_ONLY
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
        return document | dict(self.extra)


def install_errors(app: Flask) -> None:
    """One handler per family of errors."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(KbError, _kb_error)
    app.register_error_handler(Exception, _unexpected)


def _http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # a redirect that routing raised
        return Response(status=error.code or 200, headers=list(error.get_headers()))
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    return answer(Failure(error.code, _most() if error.code == 413 else ""), kept)


def _most() -> str:
    """How much may be sent where too much was."""
    most = request.max_content_length or 0
    return f"At most {most // 1_000_000} MB in all are taken here. Nothing was stored."


def _kb_error(error: KbError) -> BaseResponse:
    if isinstance(error, SignInNeeded) and not _is_api():
        return to_sign_in(error)
    if isinstance(error, (NotAllowed, FormRefused)):
        error = _note_denial(error)
    if isinstance(error, (DatabaseUnavailable, DatabaseTooNew)):
        logger.error("request %s: %s", current().request_id, error)
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), None)
    if status is None:
        return _unexpected(error)
    if isinstance(error, KeyRefused) and "Authorization" not in request.headers:
        status = 410  # a link that somebody followed, not a program's token
    is_reading_only = isinstance(error, NotWritable)
    failure = Failure(
        status,
        "" if status == 503 and not is_reading_only else str(error),
        problems=getattr(error, "problems", ()),
        suggestions=getattr(error, "suggestions", ()),
        extra=getattr(error, "extra", {}),
        is_reading_only=is_reading_only,
    )
    return answer(failure, _headers(error, status))


def _headers(error: KbError, status: int) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if status == 503:
        return {"Retry-After": RETRY_SECONDS}
    return {"Retry-After": str(error.seconds)} if isinstance(error, TooMany) else {}


def _note_denial(error: KbError) -> KbError:
    """What a person who has signed in was not allowed stands in the log, unless the verb has noted it.

    Returns what is to be answered: the error, or why it could not be noted.
    """
    if current().person.is_known and not error.is_noted:
        thing = f"{request.method} {request.path}"
        try:
            note_refusal(services().database, origin(), "request", thing, error)
        except KbError as other:
            return other
    return error


def _is_api() -> bool:
    return request.path.startswith(API_PREFIX)


def _unexpected(error: Exception) -> Response:
    logger.error("request %s failed", current().request_id, exc_info=error)
    return answer(Failure(500))


def answer(failure: Failure, headers: Mapping[str, str] | None = None) -> Response:
    """The failure as a problem document for the API, as a page for people."""
    if _is_api():
        body, kind = json.dumps(failure.problem()), "application/problem+json"
    elif request_ctx.url_adapter is None:
        # The host name was refused: no address can be made, so no page with links.
        body, kind = f"{failure.words.title}. {failure.words.happened}\n", "text/plain; charset=utf-8"
    else:
        body, kind = render_template("error.html", failure=failure), "text/html; charset=utf-8"
    return Response(body, status=failure.status, content_type=kind, headers=headers)
