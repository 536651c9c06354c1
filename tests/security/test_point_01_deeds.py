"""What people did with an entry tells nobody of it who may not see it, nor of who wrote it anonymously.

tests/test_hidden.py compares repositories of entries alone; here people have adopted, learned, assigned,
marked, compared and estimated, and every address is asked for by somebody who may not know.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from kb.database import open_database
from kb.desk.model import Handling
from kb.model import Entry, Revision
from kb.people import accounts
from kb.people.limits import Limit
from kb.visibility import set_visibility
from tests.fixtures.people import browser_of
from tests.fixtures.web import application
from tests.security.bringing import give_upload
from tests.security.building import build
from tests.security.filling import harmless
from tests.security.peopling import newcomer
from tests.security.visiting import plain_visits
from tests.security.world import World
from web.services import EXTENSION

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.timeout(900)
HIDDEN, NOBODY = "Zyzzyva", "Quetzalcoatlus Northropi"
"""The titles of hidden entries begin so, and this is who wrote everything, anonymously."""
EVERY = 56
"""Fewer entries than the tests of texts need: seven of each kind or so."""


def hide(session: Session, world: World) -> None:
    """The first entry of each kind, with which everything was done, is for curators only."""
    for ref in [ref for ref in world.refs if ref.endswith("-0001")]:
        set_visibility(session, ref, "restricted", ["role:curator"])
        entry = session.scalars(select(Entry).where(Entry.ref == ref)).one()
        for revision in entry.revisions:
            revision.title = f"{HIDDEN} {ref}"
            revision.content = {**revision.content, "title": revision.title}


def veil(session: Session) -> None:
    """One person wrote all of it, and is not to be named."""
    user = accounts.new_user(session, "quetzal@example.org", NOBODY, "active")
    user.mentors = False
    session.flush()
    handled = set(session.scalars(select(Handling.revision_id)))
    for revision in session.scalars(select(Revision)):
        revision.anonymous, revision.author = True, NOBODY
        if revision.id not in handled:
            session.add(Handling(revision_id=revision.id, author_id=user.id, thread=1))


@pytest.fixture(scope="module")
def house(tmp_path_factory, sqlite_template):
    home = tmp_path_factory.mktemp("house")
    (home / "precedent.sqlite").write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{home}/precedent.sqlite")
    world = build(database, home, harmless(), EVERY)
    with database.write() as session:
        hide(session, world)
        veil(session)
    with application(home, engine=world.engine) as app:
        yield app, world
    database.dispose()


@pytest.fixture(autouse=True)
def _no_limits(monkeypatch):
    for name in (
        "web.searches.SEARCH_OF_PERSON",
        "kb.people.audit.REFUSALS",
        "web.documents.CONVERSION_OF_PERSON",
    ):
        monkeypatch.setattr(name, Limit(name, 10**9, 900, ""))


def telling(app: Flask, world: World, role: str) -> dict[str, set[str]]:
    """The endpoints whose answers to somebody with this role hold one of the words."""
    with app.extensions[EXTENSION].database.write_aside() as session:
        person = newcomer(session, world, role)
        give_upload(session, world, person.id or 0)
    world.viewer = person.id or 0
    browser, found = browser_of(app, person), dict[str, set[str]]()
    for visit in plain_visits(app, world):
        answer = browser.get(visit.address, buffered=True)
        assert answer.status_code < 500, visit
        for word in (HIDDEN, NOBODY):
            if word in said(answer.data):
                found.setdefault(word, set()).add(visit.endpoint)
    return found


def said(data: bytes) -> str:
    """The text of an answer, with that of what an archive holds."""
    if not data.startswith(b"PK"):
        return data.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return " ".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


@pytest.mark.parametrize("role", ["trainer", "verifier"])
def test_point_01_no_deed_tells_of_what_is_hidden_or_of_who_wrote_it(house, role):
    assert telling(*house, role) == {}


def test_point_01_a_curator_is_told_of_both(house):
    """The control: everywhere that the others are told nothing."""
    found = telling(*house, "curator")
    assert len(found[HIDDEN]) > 50
    assert {"entries.history", "api.get_entry", "reviewing.review"} <= found[NOBODY]
