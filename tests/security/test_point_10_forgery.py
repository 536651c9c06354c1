"""What changes something comes from a form of ours in this browser; asking alone changes nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from kb.model import Base
from kb.people.clock import now
from kb.people.limits import Limit
from kb.people.model import SentForm
from kb.people.once import REMEMBERED, SentAlready, use_form
from kb.people.secrets import derived
from kb.people.tokens import TokenText, issue_token
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.fixtures.web import application
from tests.security.addresses import address_of, rules
from tests.security.races import at_once, outcome, overlapping
from web.identity import SAFE
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

ELSEWHERE = [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://127.0.0.1:9999"},
    {"Origin": "http://localhost.evil.example"}, {"Origin": "https://localhost"}, {"Origin": "file://"},
    {"Origin": "http://localhost@evil.example"}, {"Origin": "http://evil.example#localhost"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "other"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
]  # fmt: skip


def changing(app) -> list[tuple[str, str]]:
    """(method, address) of everything that may change something."""
    return [
        (method, address_of(rule)) for rule in rules(app) for method in sorted((rule.methods or set()) - SAFE)
    ]


def state(app) -> list:
    """Everything in the database but the log and who was refused how often."""
    with app.extensions[EXTENSION].database.read() as session:
        tables = [table for table in Base.metadata.sorted_tables if table.name not in KEPT_APART]
        return [sorted(map(repr, session.execute(table.select()).all())) for table in tables]


KEPT_APART = {"audit", "allowances", "rendered", "sessions", "users", "search_counts", "entry_counts"}
"""Besides the log and the counts: that a session is in use is noted in it and in its user."""


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
def test_point_10_a_form_from_elsewhere_is_refused(own_app, headers):
    browser = sign_in(own_app, "ada", "admin")
    data = {"form_token": derived(browser.secret, "form")}
    answer = browser.post("/account/sessions/end", data=data, headers=headers)
    assert answer.status_code == 403
    assert browser.post("/account/sessions/end", data=data).status_code == 303


def test_point_10_nothing_that_changes_something_works_without_the_token(own_app, monkeypatch):
    monkeypatch.setattr("kb.people.audit.REFUSALS", Limit("never", 10**9, 900, ""))
    browser, other = sign_in(own_app, "ada", "admin"), sign_in(own_app, "bo", "admin")
    before = state(own_app)
    found = changing(own_app)
    assert len(found) > 25
    for method, address in found:
        for token in ("", derived(other.secret, "form"), browser.secret):
            answer = browser.open(address, method=method, data={"form_token": token})
            # Before anybody looks whether there is such a thing.
            assert answer.status_code == 403, (method, address, answer.status_code)
    assert state(own_app) == before


def test_point_10_signing_in_needs_the_token_too(own_app):
    """Else another site signs a visitor in as somebody else, and sees what they then write."""
    browser = browser_of(own_app)
    sent = {"email": "ada@example.org", "password": "x"}
    assert browser.post("/sign-in", data=sent).status_code == 403
    browser.get("/sign-in")
    known = derived("chosen by somebody", "form")
    assert browser.post("/sign-in", data=sent | {"form_token": known}).status_code == 403


def test_point_10_a_sibling_site_cannot_choose_the_cookie_of_visitors(own_home):
    with application(own_home, url="https://pmo.example") as app:
        browser = app.test_client()
        browser.set_cookie("precedent-visitor", "chosen", domain="pmo.example")
        sent = {"form_token": derived("chosen", "form"), "email": "a@example.org", "password": "x"}
        assert browser.post("/sign-in", data=sent, base_url="https://pmo.example").status_code == 403


def test_point_10_reading_changes_nothing(own_app):
    admin = sign_in(own_app, "ada", "admin")
    before = state(own_app)
    for address in [address_of(rule) for rule in rules(own_app) if "GET" in (rule.methods or ())]:
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = admin.open(address, method=method, buffered=True)
            assert answer.status_code < 500, address
    assert state(own_app) == before


def test_point_10_programs_need_no_form_token_and_cookies_do_not_make_one_a_program(own_app):
    dora = make_user(own_app, "dora", "curator")
    with own_app.extensions[EXTENSION].database.write_aside() as session:
        _, key = issue_token(session, dora, TokenText(name="script", scopes=["curate"]))
    sent = {"kind": "synonyms", "terms": "permit\nconsent"}
    bearer = {"Authorization": f"Bearer {key}"}
    assert own_app.test_client().post("/vocabulary/new", data=sent, headers=bearer).status_code == 303
    browser = browser_of(own_app, dora)
    answer = browser.post("/vocabulary/new", data=sent, headers={"Authorization": "Bearer x"})
    assert answer.status_code in {401, 410}


def test_point_10_a_form_that_makes_a_secret_is_taken_once(database):
    """Also of several that are sent at once; what was refused otherwise can be sent again."""
    assert outcome(database, lambda session: use_form(session, "a")) is None
    assert isinstance(outcome(database, lambda session: use_form(session, "a")), SentAlready)
    first, second = overlapping(
        database, lambda session: use_form(session, "b"), lambda session: use_form(session, "b")
    )
    assert (first, type(second)) == (None, SentAlready)
    all_at_once = at_once(4, lambda _: outcome(database, lambda session: use_form(session, "c")))
    assert sorted(type(each).__name__ for each in all_at_once) == ["NoneType", *["SentAlready"] * 3]

    def fails(session):
        use_form(session, "d")
        raise ValueError

    assert isinstance(outcome(database, fails), ValueError)
    assert outcome(database, lambda session: use_form(session, "d")) is None


def test_point_10_forms_are_forgotten_once_no_page_can_send_them(database):
    with database.write_aside() as session:
        session.add(SentForm(key="0" * 64, at=now() - REMEMBERED - (REMEMBERED / 30)))
    with database.write_aside() as session:
        use_form(session, "a")
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(SentForm)) == 1
        assert session.scalars(select(SentForm.key)).one() != "0" * 64
