"""The page and the API of what the record store is told, and the switch that keeps it to oneself."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import select

from kb.config import Settings
from kb.errors import KbError
from kb.learning.model import StepMark
from kb.statements import outbox
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.test_learning import put
from tests.test_statements import BASE, QUICK, SHORT, learn
from web.record_store import tell_due
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people", "tests.fixtures.record_store"]


@pytest.fixture
def told(own_app, record_store, tmp_path):
    """Six statements, of which one was given up and one waits."""
    database = own_app.extensions[EXTENSION].database
    put(database, QUICK, SHORT)
    learn(database)
    settings = Settings.from_env({
        "PRECEDENT_HOME": str(tmp_path), "PRECEDENT_URL": BASE, "PRECEDENT_XAPI_TOKEN": "x",
        "PRECEDENT_XAPI_ENDPOINT": record_store.endpoint,
    })  # fmt: skip
    record_store.lets_in, record_store.answers = ("Bearer x",), [400, 500]
    tell_due(settings, database)
    return own_app


def test_administrators_see_what_was_told_and_try_again(told):
    admin, auditor, anna = (
        sign_in(told, "ada", "admin"), sign_in(told, "otto", "auditor"), sign_in(told, "tom", "trainer")
    )  # fmt: skip
    assert 'href="/statements"' in admin.get("/operation").text
    page = unescape(admin.get("/statements").text)
    assert "registered" in page
    assert "refuses it (400" in page
    assert "Anna" not in page.partition("<main")[2]
    given_up = unescape(admin.get("/statements?state=given up").text)
    assert "Given up" in given_up
    assert "Tell now" in given_up
    assert "Tell now" not in auditor.get("/statements").text
    assert anna.get("/statements").status_code == 403
    with told.extensions[EXTENSION].database.read() as session:
        (number,) = outbox.numbers_of(session, "given up")
        (waiting,) = outbox.numbers_of(session, "waiting")
    assert auditor.send(f"/statements/{number}/retry").status_code == 403
    answer = admin.send(f"/statements/{number}/retry")
    assert "told again as soon as may be" in admin.get(answer.headers["Location"]).text
    assert admin.send(f"/statements/{waiting}/drop").status_code == 303
    assert admin.send(f"/statements/{waiting}/drop").status_code == 403  # it is given up by now
    found = admin.get("/api/v1/statements?state=given up").json
    assert [each["id"] for each in found["statements"]] == [waiting]
    assert found["counts"] == {"waiting": 1, "sent": 4, "given up": 1}
    assert found["tells"] is False  # this application has no store set


def test_a_page_that_is_not_there_leads_back(told):
    admin = sign_in(told, "ada", "admin")
    assert "There is no page 7" in unescape(admin.get("/statements?page=7").text)
    assert admin.get("/statements?state=lost").status_code == 400


def test_without_statements_the_page_says_what_to_set(own_app):
    page = sign_in(own_app, "ada", "admin").get("/statements").text
    assert "PRECEDENT_XAPI_ENDPOINT" in page
    assert "No statement yet" in page


def test_people_keep_what_they_learn_to_themselves(own_app):
    anna = make_user(own_app, "anna")
    browser = browser_of(own_app, anna)
    assert "Keep what I learn to myself" in browser.get("/account").text
    assert browser.send("/account/profile", name="Anna", private_learning="yes").status_code == 303
    assert browser.get("/api/v1/me").json["private_learning"] is True
    assert browser.send("/account/notices", comment="daily").status_code == 303  # changes nothing else
    assert browser.get("/api/v1/me").json["private_learning"] is True
    refused = browser.send("/account/profile", name="", private_learning="yes")
    assert 'name="private_learning" value="yes" checked' in refused.text
    assert browser.send("/account/profile", name="Anna").status_code == 303
    assert browser.get("/api/v1/me").json["private_learning"] is False


def test_a_step_is_opened_once_and_read_where_nothing_can_be_stored(own_app, monkeypatch):
    database = own_app.extensions[EXTENSION].database
    put(database, QUICK, SHORT | {"stages": [{**SHORT["stages"][0], "ordered": False}]})
    bea = sign_in(own_app, "bea")
    bea.send("/learning/P-0005/enrol")
    opened = []
    for _ in range(2):
        assert bea.get("/learning/P-0005/L-0001").status_code == 200
        with database.read() as session:
            opened.append(session.scalars(select(StepMark.opened_at)).one())
    assert opened[0] is not None
    assert opened[0] == opened[1]

    def fail(*_):
        raise KbError("The disk is full.")

    monkeypatch.setattr("kb.learning.stepping.open_step", fail)
    assert bea.get("/learning/P-0005/M-0005").status_code == 200
