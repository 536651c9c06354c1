"""Superseding: said and taken back by page, API and command; shown, ranked, and told to those concerned."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from kb import editing
from kb.content import make_content
from kb.desk import writing
from kb.desk.superseding import reinstate, supersede
from kb.errors import EditConflict, NotAllowed, NotFound
from kb.notices.model import Notice
from kb.people.audit import AuditFilter, Origin, find
from kb.people.roles import OPERATOR, Person
from kb.reading import ANONYMOUS, get_entry
from kb.standing import standings
from kb.visibility import set_visibility
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.fixtures.programs import program
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
BY = Origin(OPERATOR)


@pytest.fixture
def database(own_app):
    return own_app.extensions[EXTENSION].database


def text(answer) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", answer.text))


def told(database) -> list[tuple[int, str]]:
    with database.read() as session:
        query = select(Notice.user_id, Notice.words).where(Notice.event == "lesson superseded")
        return sorted(tuple(row) for row in session.execute(query))


def test_the_new_entry_says_it_and_searches_know(database):
    done = supersede(database, BY, "L-0001", "L-0002", reason="A better way.")
    assert (done.ref, done.by, done.is_new) == ("L-0001", "L-0002", True)
    with database.read() as session:
        links = get_entry(session, "L-0002", ANONYMOUS).content.links
        assert ("L-0001", "supersedes") in {(link.to, link.relation) for link in links}
        assert standings(session, ANONYMOUS)["L-0001"].superseded_by == ["L-0002"]
        (line,) = find(session, AuditFilter(action="supersede entry"), 0, 5)[1]
        assert (line.object, line.detail["by"], line.detail["reason"]) == (
            "L-0001",
            "L-0002",
            "A better way.",
        )
    assert supersede(database, BY, "L-0001", "L-0002").is_new is False
    reinstate(database, BY, "L-0001", "L-0002")
    with database.read() as session:
        assert (
            "L-0001" not in standings(session, ANONYMOUS)
            or not standings(session, ANONYMOUS)["L-0001"].superseded
        )
    with pytest.raises(NotFound, match="not superseded"):
        reinstate(database, BY, "L-0001", "L-0002")


@pytest.mark.parametrize(
    ("ref", "by", "error", "words"),
    [
        ("L-0001", "L-0001", NotAllowed, "itself"), ("L-0001", "T-0001", NotAllowed, "same kind"),
        ("L-0001", "L-0099", NotFound, "no published entry"), ("L-0099", "L-0001", NotFound, "no published"),
    ],
)  # fmt: skip
def test_what_cannot_be(database, ref, by, error, words):
    with pytest.raises(error, match=words):
        supersede(database, BY, ref, by)


def test_links_that_are_followed_come_to_an_end(database):
    content = make_content("lesson", {"title": "A third"})
    with database.write() as session:
        third = editing.create_entry(session, "lesson", content, author="Bea").entry.ref
        editing.submit(session, third, 1)
        editing.publish(session, third, 1, reviewer="Carl")
    supersede(database, BY, "L-0001", "L-0002")
    supersede(database, BY, "L-0002", third)
    with pytest.raises(NotAllowed, match="already"):
        supersede(database, BY, third, "L-0001")


def test_who_is_at_work_on_the_new_one_is_not_overtaken(own_app, database):
    anna = make_user(own_app, "anna")
    content = make_content("lesson", {"title": "Changed"})
    with database.read() as session:
        standing = get_entry(session, "L-0002", ANONYMOUS).number
    writing.save(database, Origin(anna), "L-0002", content, base=standing)
    with pytest.raises(EditConflict):
        supersede(database, BY, "L-0001", "L-0002")


def test_only_curators_may(own_app, database):
    for roles in ((), ("verifier",), ("auditor",)):
        person = Person(id=None, name="Vic", roles=frozenset(roles))
        with pytest.raises(NotAllowed):
            supersede(database, Origin(person), "L-0001", "L-0002")


def test_those_concerned_are_told_and_nobody_learns_of_what_is_hidden(own_app, database):
    """The new one is named only where everybody who sees the old one may see it."""
    owner = make_user(own_app, "olga", "curator")
    with database.write() as session:
        editing.find_entry(session, "L-0001").owner = "olga@example.org"
    supersede(database, BY, "L-0001", "L-0002")
    assert told(database) == [(owner.id, "L-0002 stands in its place.")]
    reinstate(database, BY, "L-0001", "L-0002")
    with database.write() as session:
        set_visibility(session, "L-0002", "restricted", ["role:estimator"])
    supersede(database, BY, "L-0001", "L-0002", reason="A better way.")
    assert (owner.id, "A better way.") in told(database)
    assert "Superseded by" not in own_app.test_client().get("/entries/L-0001").text


def test_pages_say_it_lead_on_and_take_it_back(own_app):
    cleo = sign_in(own_app, "cleo", "curator")
    assert "Supersede" in cleo.get("/entries/L-0001").text
    assert "Supersede" not in browser_of(own_app).get("/entries/L-0001").text
    wrong = cleo.send("/entries/L-0001/supersede", by="x", reason="Kept as typed")
    assert wrong.status_code == 400
    assert 'value="Kept as typed"' in wrong.text
    assert "does not do" in text(wrong)
    done = cleo.send("/entries/L-0001/supersede", by="l-0002")
    assert "L-0001 is superseded by L-0002 from now on" in text(done)
    visitor = own_app.test_client()
    assert "Superseded by" in text(visitor.get("/entries/L-0001"))
    assert "superseded by" in text(visitor.get("/entries/R-0001")), "links to it say so"
    hit = visitor.get("/search?q=sample").text
    assert re.search(r'tag-superseded">superseded by <a href="/entries/L-0002">', hit)
    (found,) = [
        each for each in visitor.get("/api/v1/search?q=sample").json["hits"] if each["id"] == "L-0001"
    ]
    assert found["superseded_by"] == ["L-0002"]
    assert visitor.get("/api/v1/entries/L-0001").json["superseded_by"] == ["L-0002"]
    assert cleo.send("/entries/L-0001/reinstate", by="L-0002").status_code == 303
    assert "Superseded by" not in text(visitor.get("/entries/L-0001"))


def test_programs_do_the_same(own_app):
    cleo, anna = program(own_app, "cleo", "curator"), program(own_app, "anna")
    assert anna("PUT", "/entries/L-0001/superseded", {"by": "L-0002"}).status_code == 403
    done = cleo("PUT", "/entries/L-0001/superseded", {"by": "L-0002"})
    assert (done.json["id"], done.json["by"]) == ("L-0001", "L-0002")
    assert cleo("DELETE", "/entries/L-0001/superseded/L-0002").status_code == 204
    assert cleo("DELETE", "/entries/L-0001/superseded/L-0002").status_code == 404
    assert cleo("PUT", "/entries/L-0001/superseded", {"by": "R-0001"}).status_code == 403
