"""The audit log: only ever longer, UTC, with what was refused, without secrets, each line one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kb.errors import NotAllowed
from kb.people.audit import AuditFilter, Origin, audited, every, find, note, note_refusal
from kb.people.errors import TooMany
from kb.people.limits import REFUSALS, take
from kb.people.roles import OPERATOR, Person
from tests.fixtures.people import PASSWORD, browser_of, make_user, sign_in
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

DORA = Origin(Person(id=7, name="Dora"), "10.0.0.1", "abc")
HOSTILE = ["two\nlines", "two\r\nlines", "a\x00b", "a\x1b[31mb", "a\u2028b", "a\x85b", "\ud800", "a\tb"]


def lines_of(database, **wanted):
    with database.read() as session:
        found = find(session, AuditFilter(**wanted), 0, 2_000)[1]
        return [(line.person, line.action, line.object, line.outcome, dict(line.detail)) for line in found]


def everything(app) -> str:
    return repr(lines_of(app.extensions[EXTENSION].database))


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET person = 'x'", "DELETE FROM audit", "UPDATE audit SET at = at"]
)
def test_point_15_no_line_is_changed_or_removed(database, statement):
    with database.write_aside() as session:
        note(session, DORA, "sign in")
    with pytest.raises(DBAPIError, match="never changed"), database.write_aside() as session:
        session.execute(text(statement))
    assert len(lines_of(database)) == 1


def test_point_15_moments_are_utc(database):
    with database.write_aside() as session:
        note(session, DORA, "sign in")
    (line,) = every(database, AuditFilter())
    assert line.at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - line.at) < timedelta(minutes=1)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_point_15_no_text_makes_a_second_line(database, hostile):
    origin = Origin(Person(id=7, name=hostile), hostile, "abc")
    with database.write_aside() as session:
        note(session, origin, "sign in", hostile, why=hostile)
    (line,) = lines_of(database)
    for value in (line[0], line[2], line[4]["why"]):
        assert len(value.splitlines()) <= 1
        assert value.isprintable()


@pytest.mark.parametrize("person", ["#" + "9" * 5_000, "#²", "#１７", "#-1", "#0x11", "%", "_", "\\"])
def test_point_15_no_filter_breaks_the_log(database, person):
    with database.write_aside() as session:
        note(session, DORA, "sign in")
    assert lines_of(database, person=person, object=person, action=person, outcome=person) == []


def test_point_15_what_is_done_and_its_line_are_stored_together_or_not_at_all(database):
    def interrupted() -> None:
        with audited(database, DORA, "invite", "b@example.org") as act:
            note(act.session, DORA, "grant", "b@example.org")
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        interrupted()
    assert lines_of(database) == []


def test_point_15_nobody_floods_the_log(database):
    refused = NotAllowed("No.")
    with database.write_aside() as session:
        take(session, REFUSALS, "#7", REFUSALS.most - 2)
    for _ in range(2):
        note_refusal(database, DORA, "request", "x", refused)
    for _ in range(20):
        with pytest.raises(TooMany):
            note_refusal(database, DORA, "request", "x", refused)
    found = lines_of(database)
    assert len(found) == 3
    assert "What follows is not noted" in found[0][4]["why"]
    note_refusal(database, Origin(Person(id=8, name="Eric")), "request", "x", refused)
    note_refusal(database, Origin(OPERATOR), "request", "x", refused)
    assert len(lines_of(database)) == 5


def test_point_15_who_floods_it_is_told_to_wait(own_app):
    dora = make_user(own_app, "dora")
    browser = browser_of(own_app, dora)
    with own_app.extensions[EXTENSION].database.write_aside() as session:
        take(session, REFUSALS, f"#{dora.id}", REFUSALS.most - 1)
    assert browser.post("/sign-out").status_code == 403
    for _ in range(3):
        answer = browser.post("/sign-out")
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0
    assert len(lines_of(own_app.extensions[EXTENSION].database)) == 2


def test_point_15_passwords_stay_out_of_it(own_app):
    browser = browser_of(own_app)
    for email, password in ((PASSWORD, PASSWORD), ("dora@example.org", PASSWORD)):
        assert browser.send("/sign-in", email=email, password=password).status_code == 401
    browser.get(f"/welcome?link={PASSWORD}")
    found = everything(own_app)
    assert PASSWORD not in found
    assert "dora@example.org" in found
    assert "(no e-mail address)" in found


def test_point_15_session_secrets_and_form_tokens_stay_out_of_it(own_app):
    browser = sign_in(own_app, "dora")
    secret = browser.secret
    browser.post("/sign-out", data={"form_token": "wrong-token-of-somebody"})
    browser.send("/sign-out")
    browser.set_cookie("precedent", secret)
    browser.get("/")
    found = everything(own_app)
    assert "resume session" in found
    assert secret not in found
    assert "wrong-token-of-somebody" not in found


def test_point_15_denials_name_who_and_what(own_app):
    sign_in(own_app, "dora").post("/sign-out")
    (line,) = lines_of(own_app.extensions[EXTENSION].database)
    assert line[:4] == ("Dora", "request", "POST /sign-out", "refused")


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("/vocabulary.csv", ("take table", "vocabulary.csv", "done")),
        ("/tables/rates.csv", ("take table", "rates.csv", "done")),
        ("/entries/T-0001.md", ("take document", "T-0001-cut-over-and-roll-back-plan.md", "done")),
        ("/entries/L-0001.md", None),
    ],
)
def test_point_15_files_that_are_taken_have_a_line(own_app, address, line):
    database = own_app.extensions[EXTENSION].database
    answer = browser_of(own_app, make_user(own_app, "dora")).get(address)
    found = [each[1:4] for each in lines_of(database) if each[1].startswith("take ")]
    assert found == ([line] if line else [])
    assert (answer.status_code == 200) == bool(line)
