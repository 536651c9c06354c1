"""Whoever opens an entry for editing is told who else is at work on it, as far as they may know."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner

from kb.content import make_content
from kb.desk import copies, reviewing, writing
from kb.desk.colleagues import at_work, others_at_work
from kb.desk.copies import Typed
from kb.desk.writing import Manner
from kb.editing import now
from kb.people.audit import Origin
from kb.people.model import User
from kb.people.roles import OPERATOR
from tests.conforming import WHOLE
from tests.fixtures.people import browser_of, make_user
from tests.fixtures.programs import program
from web.cli import precedent
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
REF = "L-0001"


@pytest.fixture
def database(own_app):
    return own_app.extensions[EXTENSION].database


@pytest.fixture
def people(own_app):
    roles = {"anna": (), "bea": (), "cleo": ("curator",), "vic": ("verifier",)}
    return {name: make_user(own_app, name, *held) for name, held in roles.items()}


def content(words: str):
    return make_content("lesson", WHOLE | {"title": words})


def drafted(database, person, words="Another title", *, anonymous=False, base=1):
    return writing.save(
        database, Origin(person), REF, content(words), base=base, manner=Manner(anonymous)
    ).number


def told(database, person, ref=REF):
    """(who, confidential, state, revision) of each, as the person is told."""
    with database.read() as session:
        found = at_work(session, person, ref)
    return [(each.author, each.is_confidential, each.state, each.number) for each in found]


def test_a_draft_is_told_to_everybody_and_shown_to_whoever_may_see_it(database, people):
    anna, bea, cleo, vic = people.values()
    number = drafted(database, anna)
    assert told(database, anna) == []
    assert told(database, bea) == [("Anna", False, "draft", None)]
    assert told(database, vic) == [("Anna", False, "draft", None)]
    assert told(database, cleo) == told(database, OPERATOR) == [("Anna", False, "draft", number)]
    writing.submit(database, Origin(anna), REF, number)
    assert told(database, vic) == [("Anna", False, "submitted", number)]
    assert told(database, bea) == [("Anna", False, "submitted", None)]
    reviewing.refuse(database, Origin(vic), REF, number, to="changes requested", reason="Who?")
    assert told(database, vic)[0][2] == "changes requested"
    reviewing.reconsider(database, Origin(vic), REF, number)
    reviewing.publish(database, Origin(cleo), REF, number)
    assert told(database, bea) == []


def test_it_says_since_when_of_each_proposal_the_newest(database, people, monkeypatch):
    anna, bea, cleo, _ = people.values()
    at = now()
    monkeypatch.setattr("kb.editing.now", lambda: at - timedelta(days=9))
    first = drafted(database, anna)
    monkeypatch.setattr("kb.editing.now", lambda: at)
    second = drafted(database, anna, "Better", base=first)
    third = drafted(database, cleo, "Best", base=second)
    drafted(database, bea, "Hers")
    with database.read() as session:
        hers, theirs = at_work(session, make_reader(people), REF)
    assert (hers.author, hers.since) == ("Bea", at)
    assert (theirs.author, theirs.since) == ("Cleo", at - timedelta(days=9))
    assert told(database, anna)[1] == ("Cleo", False, "draft", third), "who wrote a part sees what came of it"


def make_reader(people):
    """Somebody who has signed in, with no draft of their own."""
    return replace(people["vic"], id=999_999)


def test_what_is_typed_and_not_saved_is_told_too(database, people):
    anna, bea, cleo, _ = people.values()
    copies.keep(database, anna, REF, Typed({"title": "Typed"}, 1))
    assert told(database, bea) == told(database, cleo) == [("Anna", False, "unsaved", None)]
    assert told(database, anna) == []
    number = drafted(database, anna)
    copies.keep(database, anna, REF, Typed({"title": "More"}, number))
    assert told(database, cleo) == [("Anna", False, "draft", number)], "one piece of work, told once"
    with database.write_aside() as session:
        session.get_one(User, anna.id).status = "disabled"
    writing.discard(database, Origin(cleo), REF, number)
    assert told(database, cleo) == [], "whoever cannot sign in is not at work"


@pytest.mark.parametrize("how", ["draft", "copy", "earlier", "both"])
def test_whoever_writes_anonymously_is_named_to_those_alone_who_may_know(database, people, how):
    anna, bea, cleo, vic = people.values()
    if how == "earlier":
        number = drafted(database, anna, anonymous=True)
        writing.submit(database, Origin(anna), REF, number)
        reviewing.publish(database, Origin(cleo), REF, number)
        copies.keep(database, anna, REF, Typed({"title": "Named by default"}, number))
    if how in ("draft", "both"):
        number = drafted(database, anna, anonymous=True)
    if how in ("copy", "both"):
        copies.keep(database, anna, REF, Typed({"title": "T"}, 1, anonymous=how == "copy"))
    for person in (bea, vic):
        assert [each[:2] for each in told(database, person)] == [("A contributor", False)]
    for person in (cleo, OPERATOR):
        assert [each[:2] for each in told(database, person)] == [("Anna", True)]
    as_reader = replace(cleo, view_as="reader")
    assert [each[0] for each in told(database, as_reader)] == ["A contributor"]


def test_several_entries_are_asked_for_at_once(database, people):
    drafted(database, people["anna"])
    copies.keep(database, people["bea"], "T-0001", Typed({"title": "T"}, 1))
    with database.read() as session:
        found = others_at_work(session, people["cleo"], {REF, "T-0001", "L-0002"})
        assert others_at_work(session, people["cleo"], set()) == {}
    assert {ref: [each.author for each in works] for ref, works in found.items()} == {
        REF: ["Anna"], "T-0001": ["Bea"],
    }  # fmt: skip


def test_the_pages_say_so(own_app, database, people):
    number = drafted(database, people["anna"], "Never to be seen")
    bea, cleo = browser_of(own_app, people["bea"]), browser_of(own_app, people["cleo"])
    link = f'href="/review/{REF}/{number}"'
    for address in (f"/entries/{REF}/edit", f"/entries/{REF}"):
        assert re.search(r"<strong>Anna</strong> +has a draft", bea.get(address).text)
        assert link not in bea.get(address).text
        assert link in cleo.get(address).text
        assert "Never to be seen" not in bea.get(address).text
    assert "has a draft" not in browser_of(own_app).get(f"/entries/{REF}").text, "visitors edit nothing"
    assert "at work on this entry" not in browser_of(own_app, people["anna"]).get(f"/entries/{REF}/edit").text
    drafted(database, people["bea"], "Hers")
    assert "Also at work on it: Anna" in bea.get("/drafts").text
    writing.submit(database, Origin(people["anna"]), REF, number)
    assert "Also at work on it: Bea" in cleo.get("/review").text
    page = cleo.get(f"/review/{REF}/{number}").text
    assert "<strong>Bea</strong> has a draft" in page
    assert "<strong>Anna</strong>" not in page, "the page is about hers"


def test_the_form_is_told_of_who_begins_later(own_app, database, people):
    bea = browser_of(own_app, people["bea"])
    kept = bea.send(f"/entries/{REF}/edit/copy", base=1, **{"f.title": "Hers"}).json
    assert kept["others"] == ""
    drafted(database, people["anna"])
    kept = bea.send(f"/entries/{REF}/edit/copy", base=1, **{"f.title": "Hers still"}).json
    assert "<strong>Anna</strong> has a draft" in kept["others"]
    assert bea.send("/entries/new/lesson/copy", **{"f.title": "New"}).json["others"] == ""


def test_programs_are_told(own_app, database, people):
    number = drafted(database, people["anna"], anonymous=True)
    bea, cleo = program(own_app, "bea"), program(own_app, "cleo", "curator")
    (work,) = bea("GET", f"/drafts/{REF}").json["others"]
    assert (work["author"], work["confidential"], work["state"], work["revision"]) == (
        "A contributor", False, "draft", None,
    )  # fmt: skip
    (work,) = cleo("GET", f"/drafts/{REF}").json["others"]
    assert (work["author"], work["confidential"], work["revision"]) == ("Anna", True, number)
    assert cleo("GET", f"/reviews/{REF}/{number}").json["others"] == []
    bea("PUT", f"/drafts/{REF}", {"kind": "lesson", "content": WHOLE, "base": 1})
    (mine,) = bea("GET", "/drafts").json["revisions"]
    assert [each["author"] for each in mine["others"]] == ["A contributor"]
    writing.submit(database, Origin(people["anna"]), REF, number)
    (waiting,) = cleo("GET", "/reviews").json["revisions"]
    assert [each["author"] for each in waiting["others"]] == ["Bea"]


def test_commands_say_so(own_app, own_home, database, people, tmp_path, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(own_home))
    monkeypatch.setenv("PRECEDENT_DATABASE_URL", f"sqlite:///{own_home}/precedent.sqlite")
    number = drafted(database, people["anna"])
    (tmp_path / "l.md").write_text("---\nkind: lesson\ntitle: Hers\n---\nBy barge.\n")

    def run(*words):
        done = CliRunner().invoke(precedent, words)
        assert done.exception is None, done.output
        return done

    assert run("drafts", "--as", "bea@example.org").output == "There is none.\n"
    saved = run("edit", REF, str(tmp_path / "l.md"), "--base", "1", "--as", "bea@example.org")
    assert "Anna is at work on L-0001 too: draft, since " in saved.stderr
    assert re.search(r"L-0001 +3 +draft .+ Anna +Hers", run("drafts", "--as", "bea@example.org").output)
    found = json.loads(run("drafts", "--as", "anna@example.org", "--json").output)["revisions"]
    assert [(each["revision"], each["others"]) for each in found] == [(number, ["Bea"])]
    writing.submit(database, Origin(people["anna"]), REF, number)
    assert re.search(r"L-0001 .+ nobody +Bea +Another title", run("review").output)
    assert json.loads(run("review", "--json").output)["revisions"][0]["others"] == ["Bea"]
