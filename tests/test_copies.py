"""Working copies by page, API and command: kept as typed, and seen by whoever typed them alone."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from kb.desk import copies
from kb.desk.copies import Typed
from kb.errors import NotAllowed, NotFound
from kb.people.roles import OPERATOR
from kb.visibility import set_visibility
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.fixtures.programs import program
from web.cli import precedent
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
LESSON = {"kind": "lesson", "content": {"title": "Barges are slow", "impact": {"days": 3}}}


@pytest.fixture
def database(own_app):
    return own_app.extensions[EXTENSION].database


def test_a_program_keeps_what_the_editor_shows(own_app):
    anna = program(own_app, "anna")
    kept = anna("PUT", "/working-copies/new:lesson", LESSON | {"note": "By boat"})
    assert kept.status_code == 200
    assert kept.json["content"] == LESSON["content"]
    assert anna("GET", "/working-copies").json["copies"] == [
        {name: kept.json[name] for name in ("place", "kind", "title", "base", "saved_at")}
    ]
    assert "Barges are slow" in browser_of(own_app, anna.person).get("/entries/new/lesson").text
    assert "Barges are slow" not in sign_in(own_app, "otto").get("/entries/new/lesson").text
    assert program(own_app, "olga")("GET", "/working-copies/new:lesson").status_code == 404
    assert anna("DELETE", "/working-copies/NEW:Lesson").status_code == 204
    assert anna("GET", "/working-copies/new:lesson").status_code == 404
    assert anna("DELETE", "/working-copies/new:lesson").status_code == 404


def test_what_the_editor_kept_is_read_by_a_program(own_app, database):
    anna, typed = program(own_app, "anna", scopes=("read",)), {"title": "Mine", "impact": {"cost": "much"}}
    copies.keep(database, anna.person, "L-0001", Typed(typed, 1))
    found = anna("GET", "/working-copies/l-0001").json
    assert (found["content"], found["base"]) == (typed, 1)
    assert anna("PUT", "/working-copies/L-0001", LESSON).status_code == 403, "a token for reading"


@pytest.mark.parametrize(
    ("place", "body", "status", "field"),
    [
        ("new:lesson", LESSON | {"content": {"impact": {"days": "three"}}}, 400, "content.impact.days"),
        ("new:review", LESSON, 409, "kind"), ("L-0001", LESSON | {"kind": "review"}, 400, "content.impact"),
        ("T-0001", LESSON, 409, "kind"), ("new:poem", LESSON, 404, ""), ("L-9999", LESSON, 404, ""),
        ("L-0001", LESSON | {"base": 99}, 404, ""), ("nothing", LESSON, 404, ""),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(own_app, place, body, status, field):
    answer = program(own_app, "anna")("PUT", f"/working-copies/{place}", body)
    assert answer.status_code == status
    assert [each["field"] for each in answer.json.get("errors", [])][:1] == ([field] if field else [])


def test_copies_of_what_one_may_not_see_are_not_there(own_app, database):
    anna = program(own_app, "anna")
    anna("PUT", "/working-copies/L-0001", LESSON | {"base": 1})
    with database.write() as session:
        set_visibility(session, "L-0001", "restricted", ["role:auditor"])
    assert anna("GET", "/working-copies").json["copies"] == []
    assert anna("GET", "/working-copies/L-0001").status_code == 404
    assert anna("PUT", "/working-copies/L-0001", LESSON).status_code == 404
    with pytest.raises(NotFound):
        copies.keep(database, anna.person, "L-0001", Typed({}))
    with pytest.raises(NotAllowed):
        copies.keep(database, OPERATOR, "L-0001", Typed({}))


def test_the_page_of_drafts_lists_them(own_app, database):
    anna = make_user(own_app, "anna")
    copies.keep(database, anna, "L-0001", Typed({"title": "Mine & theirs"}, 1))
    copies.keep(database, anna, "new:review", Typed({}))
    page = browser_of(own_app, anna).get("/drafts").text
    assert 'href="/entries/L-0001/edit">Mine &amp; theirs</a>' in page
    assert 'href="/entries/new/review">a new review</a>' in page


def test_the_command_lists_shows_keeps_and_drops(own_app, own_home, tmp_path, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(own_home))
    monkeypatch.setenv("PRECEDENT_DATABASE_URL", f"sqlite:///{own_home}/precedent.sqlite")
    make_user(own_app, "anna")
    (tmp_path / "lesson.md").write_text("---\nkind: lesson\ntitle: Barges are slow\n---\nBy barge.\n")

    def run(*words):
        done = CliRunner().invoke(precedent, ["copies", *words, "--as", "anna@example.org"])
        return done.output if done.exception is None else str(done.exception)

    assert run("list") == "There is none.\n"
    assert "is kept at new:lesson." in run("keep", "new:lesson", str(tmp_path / "lesson.md"))
    assert "Barges are slow" in run("list")
    assert json.loads(run("show", "new:lesson"))["data"]["title"] == "Barges are slow"
    assert json.loads(run("list", "--json"))["copies"][0]["place"] == "new:lesson"
    assert "is template at T-0001" in run("keep", "t-0001", str(tmp_path / "lesson.md"))
    assert run("drop", "new:lesson") == "What was typed at new:lesson is dropped.\n"
    assert "Nothing of theirs" in run("drop", "new:lesson")
    assert "Nothing of theirs" in run("show", "new:lesson")
