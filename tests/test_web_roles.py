"""What roles may do, and looking through the eyes of one."""

from __future__ import annotations

import pytest

from kb.people.audit import AuditFilter, find
from kb.people.roles import ACTIONS, PERMISSIONS, ROLES
from tests.fixtures.people import browser_of, make_user, sign_in
from web.labels import EVENT_WORDS, ROLE_USE, SCOPE_WORDS
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


@pytest.fixture
def curator(own_app):
    return sign_in(own_app, "cora", "curator")


def test_every_role_and_every_right_has_words(client):
    page = client.get("/roles").text
    assert set(ROLE_USE) == set(ROLES) == set(PERMISSIONS)
    for role in ROLES:
        assert f"<strong>{role.capitalize()}</strong>" in page
    for action, words in ACTIONS.items():
        assert page.count(f"<li>{words}</li>") == sum(action in held for held in PERMISSIONS.values())


def test_every_scope_and_event_has_words():
    from kb.people.roles import SCOPES
    from kb.people.texts import EVENTS

    assert set(SCOPE_WORDS) == set(SCOPES)
    assert tuple(EVENT_WORDS) == EVENTS


def test_only_who_may_look_as_others_is_offered_it(own_app, curator):
    assert "Look at these pages as" in curator.get("/help").text
    assert "Look as an estimator" in curator.get("/roles").text
    assert "Look as an admin" not in curator.get("/roles").text
    reader = sign_in(own_app, "dora", "estimator")
    assert "Look at these pages as" not in reader.get("/help").text
    assert reader.send("/view-as", role="reader").status_code == 403
    assert browser_of(own_app).send("/view-as", role="reader").headers["Location"].startswith("/sign-in?")


def test_one_stays_on_the_page_and_a_bar_says_it(own_app, curator):
    here = "/search?q=cut-over&kind=lesson"
    answer = curator.send("/view-as", role="estimator", next=here)
    assert (answer.status_code, answer.headers["Location"]) == (303, here)
    for address in ("/", "/help", here, "/entries/L-0001", "/account", "/people", "/nowhere"):
        assert "You look at these pages as an estimator" in curator.get(address).text, address
    answer = curator.send("/view-as", next="/help")
    assert answer.headers["Location"] == "/help"
    assert "You look at these pages" not in curator.get("/help").text
    for address in ("//evil.example", "https://evil.example", "", "javascript:alert(1)"):
        assert curator.send("/view-as", role="reader", next=address).headers["Location"] == "/"


def test_a_bar_after_a_form_leads_to_a_page_that_can_be_asked_for(curator):
    page = curator.send("/people/invite", email="no address").text
    assert '<input type="hidden" name="next" value="/">' in page


def test_while_looking_only_the_roles_rights_hold(own_app, curator):
    own_entries = curator.get("/browse?kind=lesson").text
    assert "Kept inside" in own_entries
    curator.send("/view-as", role="visitor")
    assert "You look at these pages as a visitor who has not signed in" in curator.get("/help").text
    assert "Kept inside" not in curator.get("/browse?kind=lesson").text
    assert curator.get("/people").status_code == 403
    assert curator.get("/account").status_code == 403
    assert curator.send("/people/invite", email="x@example.org").status_code == 403
    curator.send("/view-as", role="estimator")
    assert "Kept inside" in curator.get("/browse?kind=lesson").text
    assert 'href="/people"' not in curator.get("/help").text
    assert curator.get("/people").status_code == 403
    curator.send("/view-as")
    assert curator.get("/people").status_code == 200


def test_nobody_looks_as_more_than_they_are(own_app, curator):
    for role in ("admin", "auditor"):
        assert curator.send("/view-as", role=role).status_code == 403
    assert curator.send("/view-as", role="god").status_code == 400
    admin = browser_of(own_app, make_user(own_app, "ada", "admin"))
    assert admin.send("/view-as", role="auditor").status_code == 303


def test_the_log_says_who_looked_as_whom(own_app, curator):
    curator.send("/view-as", role="estimator")
    curator.send("/view-as")
    with own_app.extensions[EXTENSION].database.read() as session:
        lines = find(session, AuditFilter(action="view as"), 0, 9)[1]
        assert [(line.person, line.object) for line in lines] == [("Cora", "oneself"), ("Cora", "estimator")]
