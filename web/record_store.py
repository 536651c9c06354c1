"""The way to the record store: each statement claimed, put there under its own id, and settled.

Source: xAPI 1.0.3, part 3, and IEEE 9274.1.1: PUT of a statement is answered 204, and 409 where the store
has one with this id already; so telling something twice does no harm.
"""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from kb.errors import KbError
from kb.outbox import Report
from kb.statements.gathering import gather
from kb.statements.model import Statement
from kb.statements.outbox import PRIVATE, claim
from web.outbound import OutboundFailed, Reach, fetch

if TYPE_CHECKING:
    from kb.config import Settings
    from kb.database import Database
    from kb.statements.outbox import Claim
    from web.outbound import Answer

logger = logging.getLogger(__name__)
BATCH = 20
"""Statements that are claimed at a time."""
SETTING = "PRECEDENT_XAPI_NETWORKS"
DONE = {200, 204, 409}
DOWN = {
    401: "does not accept key and secret, or the token", 403: "does not let us tell it anything",
    404: "is no record store: the address is wrong", 405: "is no record store: the address is wrong",
    429: "takes no more for now", 503: "takes nothing for now",
}  # fmt: skip
"""Answers that are the same for every statement."""
_SHOWN = 200


class StoreNotSetUp(KbError):
    """No record store is set."""


class StoreDown(KbError):
    """The store cannot be reached, or takes nothing from us."""


class StatementPutOff(KbError):
    """The store does not take this statement at the moment."""


class StatementRefused(KbError):
    """The store never takes this statement."""


def require_store(settings: Settings) -> None:
    """Raises StoreNotSetUp, saying what is missing."""
    if not settings.records_learning:
        raise StoreNotSetUp(
            "No record store is told anything: set PRECEDENT_XAPI_ENDPOINT and PRECEDENT_URL."
        )


def tell_due(settings: Settings, database: Database) -> Report:
    """Looks for what happened, and tells the store everything whose turn it is. Raises StoreNotSetUp.

    Several may do so at a time. While the store cannot be used all that is due is put off, and it is left
    alone.
    """
    require_store(settings)
    report = Report()
    with database.write_aside() as session:
        gather(session, settings)
    while not report.problem:
        with database.write_aside() as session:
            claimed = claim(session, BATCH)
        if not claimed:
            break
        for each in claimed:
            _tell(settings, database, each, report)
    if report.problem:
        logger.warning("The record store cannot be told anything: %s", report.problem)
    return report


def ask_store(settings: Settings) -> list[str]:
    """The versions that the store speaks, after it has let us in. Raises StoreDown."""
    require_store(settings)
    about = _ask(settings, "GET", "about")
    probe = _ask(settings, "GET", f"statements?{urlencode({'limit': 1})}")
    if probe.status in DOWN:
        raise StoreDown(_words(settings, probe))
    try:
        versions = json.loads(about.body)["version"]
    except (ValueError, TypeError, KeyError):
        return []
    return [each for each in versions if isinstance(each, str)] if isinstance(versions, list) else []


def put(settings: Settings, name: str, body: object) -> None:
    """Tells the store one statement. Raises StoreDown, StatementPutOff, StatementRefused."""
    answer = _ask(settings, "PUT", f"statements?{urlencode({'statementId': name})}", json.dumps(body))
    if answer.status in DONE:
        return
    words = _words(settings, answer)
    if answer.status in DOWN:
        raise StoreDown(words)
    raise StatementPutOff(words) if answer.status >= 500 or answer.status == 408 else StatementRefused(words)


def _tell(settings: Settings, database: Database, claimed: Claim, report: Report) -> None:
    """One statement, and what became of it."""
    try:
        if report.problem:
            raise StatementPutOff(report.problem)
        if claimed.is_private:
            raise StatementRefused(PRIVATE)
        put(settings, claimed.name, claimed.body)
    except StoreDown as error:
        report.problem = str(error)
        report.try_later(database, Statement, claimed, report.problem)
    except StatementPutOff as error:
        report.try_later(database, Statement, claimed, str(error))
    except StatementRefused as error:
        report.settle(database, Statement, claimed, "given up", str(error))
    else:
        report.settle(database, Statement, claimed, "sent")


def _ask(settings: Settings, method: str, path: str, body: str | None = None) -> Answer:
    reach = Reach.around(settings.xapi_endpoint, map(str, settings.xapi_networks), SETTING)
    headers = {"X-Experience-API-Version": settings.xapi_version, "Accept": "application/json"}
    if settings.xapi_token:
        headers["Authorization"] = f"Bearer {settings.xapi_token}"
    elif settings.xapi_key:
        secret = f"{settings.xapi_key}:{settings.xapi_secret}".encode("ascii")
        headers["Authorization"] = f"Basic {b64encode(secret).decode('ascii')}"
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        return fetch(reach, settings.xapi_endpoint + path, method, headers, body)
    except OutboundFailed as error:
        raise StoreDown(str(error)) from None


def _words(settings: Settings, answer: Answer) -> str:
    """What the store says, in a sentence."""
    what = DOWN.get(answer.status, "does not take it now" if answer.status >= 500 else "refuses it")
    said = " ".join(answer.body[: 4 * _SHOWN].decode("utf-8", "replace").split())[:_SHOWN]
    return f"{settings.xapi_endpoint} {what} ({answer.status}{f': {said}' if said else ''})."
