"""Notifications on pages, in the API and on the command line"""

from __future__ import annotations

import json
import threading

import pytest
from click.testing import CliRunner

from kb.notices.telling import notify
from kb.people.secrets import derived
from tests.fixtures.people import browser_of, make_user
from web.chores import every, hourly
from web.cli import precedent
from web.forms import TOKEN_HEADER
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


@pytest.fixture
def database(own_app):
    return own_app.extensions[EXTENSION].database


@pytest.fixture
def ann(own_app):
    return make_user(own_app, "ann")


@pytest.fixture
def browser(own_app, ann):
    return browser_of(own_app, ann)


@pytest.fixture
def tell(own_app, database, ann):
    bea = make_user(own_app, "bea", "curator")

    def tell(words="", event="comment", ref="L-0001", **said):
        with database.write_aside() as session:
            notify(session, event, [ann.id], by=bea, ref=ref, words=words, **said)

    return tell


def numbers(browser):
    return [each["id"] for each in browser.get("/api/v1/me/notices").json["notices"]]


def test_the_bell_counts_what_is_unread(browser, tell):
    assert "bell-count" not in browser.get("/").text
    tell()
    tell()
    assert '<span class="bell-count" aria-hidden="true">2</span>' in browser.get("/").text
    assert "Notifications, 2 unread" in browser.get("/help").text


def test_a_visitor_has_no_bell(own_app):
    assert 'href="/notices"' not in own_app.test_client().get("/").text


def test_an_empty_page_says_what_will_be_there(browser):
    assert "Nothing waits for you" in browser.get("/notices").text
    assert "Nothing yet" in browser.get("/notices?show=all").text
    assert browser.get("/notices?page=9").status_code == 200


def test_the_page_tells_and_leads_there(browser, tell):
    tell("<script>alert(1)</script>", place="/desk/L-0001")
    tell(event="entry due")
    page = browser.get("/notices").text
    assert "&lt;script&gt;alert(1)" in page
    assert "Bea commented on it." in page
    assert 'href="/desk/L-0001"' in page
    assert 'href="/entries/L-0001"' in page


def test_marking_as_read_and_back(browser, tell):
    tell()
    (number,) = numbers(browser)
    assert browser.send(f"/notices/{number}/read").status_code == 303
    assert "Nothing waits for you" in browser.get("/notices").text
    assert ", read" in browser.get("/notices?show=all").text
    browser.send(f"/notices/{number}/read", unread="yes")
    assert "1 unread" in browser.get("/notices").text


def test_marking_all_leaves_what_came_later(browser, tell):
    tell()
    tell()
    newest = max(numbers(browser))
    tell("later")
    browser.send("/notices/read", up_to=str(newest))
    page = browser.get("/notices").text
    assert "later" in page
    assert "1 unread" in page
    assert browser.send("/notices/read", up_to="9999999999").status_code == 303
    assert browser.send("/notices/read", up_to="x").status_code == 303


def test_nobody_reads_or_marks_what_others_are_told(own_app, browser, tell):
    tell("between us")
    (number,) = numbers(browser)
    other = browser_of(own_app, make_user(own_app, "eve", "admin"))
    assert "between us" not in other.get("/notices?show=all").text
    assert other.send(f"/notices/{number}/read").status_code == 404
    assert other.send("/notices/99999999999/read").status_code == 404
    assert numbers(other) == []


def test_the_api_lists_and_marks(browser, tell):
    tell("Which supplier?", number=1)
    tell()
    token = {TOKEN_HEADER: derived(browser.secret, "form")}
    answer = browser.get("/api/v1/me/notices?show=unread&limit=1").json
    assert (answer["total"], answer["unread"], len(answer["notices"])) == (2, 2, 1)
    first = browser.get("/api/v1/me/notices").json["notices"][1]
    assert (first["words"], first["revision"], first["read_at"]) == ("Which supplier?", 1, None)
    assert browser.put("/api/v1/me/notices", json={"up_to": first["id"]}).status_code == 403
    assert browser.put("/api/v1/me/notices", json={"up_to": first["id"]}, headers=token).status_code == 204
    assert [each["read_at"] is None for each in browser.get("/api/v1/me/notices").json["notices"]] == [
        True,
        False,
    ]
    one = f"/api/v1/me/notices/{first['id']}"
    assert browser.put(one, json={"read": False}, headers=token).json["read_at"] is None
    assert browser.put("/api/v1/me/notices/999", json={"read": True}, headers=token).status_code == 404


def test_the_command_line_lists_and_tells_what_is_due(own_home, ann, tell, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(own_home))
    tell("Which supplier?")
    printed = CliRunner().invoke(precedent, ["notices", "list", "ann@example.org"]).output
    assert "Bea commented on it. Which supplier?" in printed
    found = json.loads(CliRunner().invoke(precedent, ["notices", "list", "ann@example.org", "--json"]).output)
    assert found["notices"][0]["ref"] == "L-0001"
    done = CliRunner().invoke(precedent, ["notices", "due"])
    assert (done.exit_code, done.output) == (0, "1 notice sent.\n")


def test_the_hourly_chore_can_be_done_again(database):
    assert hourly(database, 90) >= 0
    assert hourly(database, 90) == 0


def test_a_chore_that_fails_is_tried_again(caplog):
    stopped, tried = threading.Event(), []

    def chore():
        tried.append(1)
        if len(tried) == 3:
            stopped.set()
        raise OSError("disk full")

    every(0.001, stopped, chore)
    assert len(tried) == 3
    assert "disk full" in caplog.text
