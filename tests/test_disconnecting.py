"""An administrator disconnects somebody's single sign-on: by the page, the API and the command."""

from __future__ import annotations

import html

import pytest
from click.testing import CliRunner

from kb.people import acts, identities, sessions
from kb.people.audit import AuditFilter, Origin, find
from kb.people.errors import KeyRefused
from kb.people.identities import Claims
from kb.people.model import User
from kb.people.roles import OPERATOR
from tests.fixtures.people import browser_of, make_user, sign_in
from web.cli import precedent
from web.forms import TOKEN_HEADER
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

ISSUER, OTHER = "https://sso.example.org", "https://old.example.org"


@pytest.fixture
def database(own_app):
    return own_app.extensions[EXTENSION].database


@pytest.fixture
def dora(own_app, database):
    """Somebody whom two providers know."""
    person = make_user(own_app, "dora", "reader")
    with database.write_aside() as session:
        identities.connect(session, person, Claims(ISSUER, "17<b>"))
        identities.connect(session, person, Claims(OTHER, "d.dale"))
    return person


def begin(database, person, method):
    with database.write_aside() as session:
        user = session.get_one(User, person.id)
        return sessions.start_session(
            session, user, method=method, address="192.0.2.1", agent="", lifetimes=sessions.Lifetimes()
        )


def is_open(database, secret):
    with database.read() as session:
        try:
            sessions.resume_session(session, secret, sessions.Lifetimes())
        except KeyRefused:
            return False
        return True


def issuers(database, person):
    with database.read() as session:
        return {each.issuer for each in identities.list_identities(session, OPERATOR, person.id)}


def logged(database):
    with database.read() as session:
        lines = find(session, AuditFilter(action="disconnect identity"), 0, 9)[1]
        return [(line.person, line.object, line.outcome, line.detail) for line in lines]


def call(browser, method, address):
    token = {TOKEN_HEADER: browser.get("/account").text.partition('name="form_token" value="')[2][:64]}
    return browser.open(f"/api/v1{address}", method=method, headers=token)


def test_the_page_says_what_becomes_of_it_and_does_it(own_app, database, dora):
    kept, ended = begin(database, dora, "password"), begin(database, dora, "single sign-on")
    admin = sign_in(own_app, "ada", "admin")
    page = admin.get(f"/people/{dora.id}").text
    assert "17&lt;b&gt;" in page
    assert f"{OTHER}" in page
    assert "Dora has no password: send them a link for one." in html.unescape(page)
    answer = admin.send(f"/people/{dora.id}/identities/disconnect", issuer=ISSUER)
    assert answer.headers["Location"] == f"/people/{dora.id}?done=disconnected#identities"
    after = admin.get(answer.headers["Location"]).text
    assert "no longer opens the account" in after
    assert "17&lt;b&gt;" not in after.partition('id="log"')[0]
    assert issuers(database, dora) == {OTHER}
    assert (is_open(database, kept), is_open(database, ended)) == (True, False)
    detail = {"issuer": ISSUER, "were": [f"17<b> at {ISSUER}"]}
    assert logged(database) == [("Ada", "dora@example.org", "done", detail)]
    assert admin.send(f"/people/{dora.id}/identities/disconnect", issuer=ISSUER).status_code == 404


def test_only_administrators_see_and_do_it(own_app, database, dora):
    curator = sign_in(own_app, "cora", "curator")
    assert ISSUER not in curator.get(f"/people/{dora.id}").text
    assert curator.send(f"/people/{dora.id}/identities/disconnect").status_code == 403
    assert call(curator, "GET", f"/people/{dora.id}/identities").status_code == 403
    assert call(curator, "DELETE", f"/people/{dora.id}/identities").status_code == 403
    assert issuers(database, dora) == {ISSUER, OTHER}
    assert [line[2] for line in logged(database)] == ["refused"]


def test_programs_do_it_too(own_app, database, dora):
    admin = sign_in(own_app, "ada", "admin")
    listed = call(admin, "GET", f"/people/{dora.id}/identities").json["identities"]
    assert [(each["issuer"], each["subject"]) for each in listed] == [(OTHER, "d.dale"), (ISSUER, "17<b>")]
    unknown = call(admin, "DELETE", f"/people/{dora.id}/identities?issuer=https://x.example")
    assert unknown.status_code == 404
    assert call(admin, "DELETE", f"/people/{dora.id}/identities?issuer={OTHER}").status_code == 204
    assert issuers(database, dora) == {ISSUER}
    assert call(admin, "DELETE", f"/people/{dora.id}/identities").status_code == 204
    assert call(admin, "DELETE", f"/people/{dora.id}/identities").status_code == 204
    assert issuers(database, dora) == set()


def test_people_do_it_for_themselves_while_a_way_in_is_left(own_app, database, dora):
    browser = browser_of(own_app, dora)
    assert len(call(browser, "GET", "/me/identities").json["identities"]) == 2
    refused = call(browser, "DELETE", "/me/identities")
    assert refused.status_code == 403
    assert "nothing would be left to sign in with" in refused.json["detail"]
    with database.write_aside() as session:
        session.get_one(User, dora.id).password = "x"
    assert call(browser, "DELETE", "/me/identities").status_code == 204
    assert browser.get("/account").status_code == 200  # this browser stays signed in
    assert issuers(database, dora) == set()


def test_the_command_asks_says_who_it_was_and_is_logged(own_app, own_home, database, dora, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(own_home))
    monkeypatch.setattr("getpass.getuser", lambda: "root")

    def run(*arguments, typed=None):
        return CliRunner().invoke(precedent, ["user", "disconnect", *arguments], input=typed)

    assert "Aborted" in run("dora@example.org", typed="n\n").output
    assert issuers(database, dora) == {ISSUER, OTHER}
    assert "No such identity" in str(run("dora@example.org", "--issuer", "https://x", "--yes").exception)
    output = run("dora@example.org", "--issuer", OTHER, "--yes").output
    assert f"Disconnected: d.dale at {OTHER}." in output
    assert "`precedent user link dora@example.org` makes a link" in output
    assert f"17<b> at {ISSUER}" in run("Dora@Example.org", "--yes").output
    assert run("dora@example.org", "--yes").output == "dora@example.org is connected with no provider.\n"
    assert "There is no person" in str(run("nobody@example.org", "--yes").exception)
    assert {line[0] for line in logged(database)} == {"command line (root)"}
    assert sorted(line[2] for line in logged(database)) == ["done"] * 3 + ["refused"] * 2


def test_the_same_verb_leaves_others_alone(own_app, database, dora):
    eric = make_user(own_app, "eric")
    with database.write_aside() as session:
        identities.connect(session, eric, Claims(ISSUER, "18"))
    acts.disconnect(database, Origin(OPERATOR), dora.id)
    assert issuers(database, eric) == {ISSUER}
