"""Lists on pages, in the API and on the command line"""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from kb.people.secrets import derived
from tests.fixtures.people import sign_in
from web.cli import precedent
from web.forms import TOKEN_HEADER

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


@pytest.fixture
def browser(own_app):
    return sign_in(own_app, "bea", "curator")


def tags(browser):
    return {each["value"]: each["count"] for each in browser.get("/api/v1/taxonomy/tag").json["values"]}


def fingerprint(page):
    return re.search(r'name="fingerprint" value="([0-9a-f]+)"', page)[1]


@pytest.mark.parametrize(
    "address",
    ["/taxonomy", "/taxonomy?list=sector&show=unlisted", "/taxonomy?list=cause",
     "/taxonomy?show=unused&q=zzz",
     "/taxonomy?list=region&page=9", "/taxonomy/merge", "/taxonomy?done=undone&left=3"],
)  # fmt: skip
def test_every_list_has_a_page(browser, address):
    assert browser.get(address).status_code == 200
    assert browser.get("/taxonomy?list=colour").status_code == 404


def test_a_rename_is_looked_at_done_and_undone(browser):
    tag = next(iter(tags(browser)))
    before = tags(browser)
    page = browser.get("/taxonomy/merge", query_string={"values": tag, "into": "<b>New</b>"}).text
    assert "&lt;b&gt;new&lt;/b&gt;" in page
    assert "What would change" in page
    done = browser.send(
        "/taxonomy/merge", list="tag", values=tag, into="<b>New</b>", fingerprint=fingerprint(page)
    )
    assert done.headers["Location"] == "/taxonomy?list=tag&done=merged"
    assert tag not in tags(browser)
    listed = browser.get("/taxonomy?done=merged").text
    undo = re.search(r'action="(/taxonomy/changes/\d+/undo)"', listed)[1]
    assert browser.send(undo).status_code == 303
    assert tags(browser) == before
    assert browser.send(undo).status_code == 409


def test_what_changed_meanwhile_is_shown_anew(browser):
    tag = next(iter(tags(browser)))
    answer = browser.send("/taxonomy/merge", list="tag", values=tag, into="other", fingerprint="stale")
    assert answer.status_code == 409
    assert "have changed since you looked" in answer.text
    again = browser.send(
        "/taxonomy/merge", list="tag", values=tag, into="other", fingerprint=fingerprint(answer.text)
    )
    assert again.status_code == 303


def test_what_is_wrong_is_said_beside_the_field(browser):
    answer = browser.get("/taxonomy/merge", query_string={"values": "a", "into": "a"})
    assert (answer.status_code, "choose another" in answer.text) == (400, True)
    answer = browser.send("/taxonomy/values", list="tag", value=" ")
    assert (answer.status_code, 'id="wrong-add"' in answer.text) == (400, True)
    assert browser.send("/taxonomy/values", list="cause", value="x").status_code == 403


def test_values_come_into_the_list_and_leave_it(browser):
    browser.send("/taxonomy/values", list="sector", value="Space")
    assert ("Space" in browser.get("/taxonomy?list=sector&show=unused").text) is True
    browser.send("/taxonomy/values/remove", list="sector", value="Space")
    assert "Space" not in browser.get("/taxonomy?list=sector").text
    assert browser.send("/taxonomy/values/remove", list="sector", value="Space").status_code == 404


def test_programs_plan_merge_and_undo(browser):
    tag = next(iter(tags(browser)))
    token = {TOKEN_HEADER: derived(browser.secret, "form")}
    wanted = {"dimension": "tag", "values": [tag], "into": "brand new"}
    shown = browser.get("/api/v1/taxonomy/plan", query_string=wanted).json
    assert shown["entries_total"] == len(shown["entries"]) > 0
    stale = browser.post("/api/v1/taxonomy/changes", json=wanted | {"fingerprint": "x"}, headers=token)
    assert stale.status_code == 409
    done = browser.post(
        "/api/v1/taxonomy/changes", json=wanted | {"fingerprint": shown["fingerprint"]}, headers=token
    )
    assert (done.status_code, done.json["sources"]) == (201, [tag])
    assert browser.get("/api/v1/taxonomy/changes").json["changes"][0]["id"] == done.json["id"]
    undone = browser.put(f"/api/v1/taxonomy/changes/{done.json['id']}/undo", headers=token)
    assert (undone.status_code, undone.json["left"]) == (200, [])


def test_the_command_line_does_the_same(own_home, browser, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(own_home))
    tag = next(iter(tags(browser)))

    def run(*words):
        done = CliRunner().invoke(precedent, ["taxonomy", *words], catch_exceptions=False)
        assert done.exit_code == 0
        return done.output

    assert tag in run("list", "tag")
    assert "entries change" in run("merge", "tag", tag, "--into", "brand new", "--dry-run")
    assert tag in tags(browser)
    assert "Done: change 1" in run("merge", "tag", tag, "--into", "brand new", "--yes")
    assert tag not in tags(browser)
    assert "brand new" in run("changes")
    assert "Undone" in run("undo", "1")
    assert tag in tags(browser)
    assert '"values"' in run("list", "sector", "--json")
    run("list", "tag", "--alike")
