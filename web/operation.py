"""How this repository runs: settings in force, versions, health, numbers."""

from __future__ import annotations

import os
import platform
import threading
from dataclasses import dataclass, fields, replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from flask import Blueprint, render_template
from sqlalchemy.engine import make_url

from indexer.snapshot import IndexMissing
from kb.config import PREFIX
from kb.migrations import HEAD
from kb.people import audit, finding, sessions, tokens
from kb.people.audit import audited
from kb.people.errors import TooMany
from kb.people.roles import require
from kb.reading import OPERATOR, counts
from kb.version import product_version
from web.checks import readiness
from web.context import current
from web.diagnosis import examine, glance
from web.holders import lifetimes
from web.identity import origin, signed_in
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kb.config import Settings
    from web.checks import Check

blueprint = Blueprint("operation", __name__)
PACKAGES = (
    "alembic", "argon2-cffi", "faiss-cpu", "flask", "gunicorn", "jinja2", "joserfc", "markdown", "nh3",
    "numpy", "onnxruntime", "openpyxl", "psycopg", "pydantic", "scipy", "sqlalchemy", "tokenizers",
    "werkzeug", "whoosh-reloaded",
)  # fmt: skip
"""Those whose version tells most when something is wrong."""
HIDDEN = "set, not shown"
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Setting:
    """A setting in force."""

    name: str
    value: str
    is_given: bool
    """Whether the environment says it; else it is the default."""


@dataclass(frozen=True)
class OperationView:
    """Everything the template shows."""

    checks: Sequence[Check]
    is_full: bool
    """Whether all that `precedent doctor` looks at was looked at."""
    numbers: Mapping[str, int]
    settings: Sequence[Setting]
    versions: Mapping[str, str]

    @property
    def faults(self) -> int:
        """Checks that found something."""
        return sum(not check.ok for check in self.checks)


@blueprint.get("/operation")
def operation() -> str:
    """Renders the page with what can be looked at in a moment."""
    require(signed_in(), "see operation")
    here = services()
    return _page([*readiness(here).checks, *_unlike(glance(here.settings, here.database))])


@blueprint.post("/operation/check")
def check() -> str:
    """Looks at everything, as `precedent doctor` does. Raises TooMany while somebody else has it done."""
    require(signed_in(), "see operation")
    if not _one_at_a_time.acquire(blocking=False):
        raise TooMany("Everything is being checked already. Wait a minute, then try again.", 60)
    try:
        found = list(examine(services().settings))
    finally:
        _one_at_a_time.release()
    faults = [each.name for each in found if not each.ok]
    with audited(services().database, origin(), "check everything") as act:
        act.detail["wrong"] = faults
    return _page(found, is_full=True)


def settings_in_force(settings: Settings) -> list[Setting]:
    """Every setting as people may read it: secrets never, addresses of databases without their password."""
    found = []
    for each in fields(settings):
        value = getattr(settings, each.name)
        if not each.repr:  # a field that must not be printed is a secret
            words = HIDDEN if value else "not set"
        elif each.name == "database_url":
            words = without_password(value)
        else:
            words = _words(value)
        name = PREFIX + each.name.upper()
        found.append(Setting(name, words, bool(os.environ.get(name))))
    return found


def without_password(address: str) -> str:
    """The address of a database with stars for its password, wherever it stands in it."""
    url = make_url(address)
    query = {name: "***" if "pass" in name.lower() else value for name, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True)


def versions() -> dict[str, str]:
    """What runs, by name."""
    found = {"Precedent": product_version(), "Schema": HEAD, "Python": platform.python_version()}
    found["System"] = f"{platform.system()} {platform.release()} {platform.machine()}"
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def numbers() -> dict[str, int]:
    """How much there is of what."""
    here, person = services(), current().person
    with here.database.read() as session:
        people = finding.count_people(session, person)
        entries = counts(session, OPERATOR)
        found = {f"People, {status}": count for status, count in people.items()}
        found["Sessions open"] = sessions.count_open(session, lifetimes(here.settings))
        found["Tokens that work"] = tokens.count_usable(session)
        found["Lines in the audit log"] = audit.count(session)
        found["Entries published"] = sum(entries.values())
    try:
        status = here.engine.status(OPERATOR)
    except IndexMissing:
        return found
    return found | {
        "Entries in the index": status.documents, "Passages in the index": status.passages,
        "Entries behind": status.behind,
    }  # fmt: skip


def _unlike(checks: Iterable[Check]) -> list[Check]:
    """Those whose name tells them from the checks of readiness."""
    return [replace(each, name="database server") if each.name == "database" else each for each in checks]


def _words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(map(str, value)) or "not set"
        case None | "":
            return "not set"
        case _:
            return str(value)


def _page(checks: Sequence[Check], *, is_full: bool = False) -> str:
    view = OperationView(checks, is_full, numbers(), settings_in_force(services().settings), versions())
    return render_template("people/operation.html", view=view)
