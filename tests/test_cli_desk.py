"""precedent new, edit, submit, review, publish, refuse, archive, republish, verify"""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from kb.database import open_database
from kb.people import accounts
from kb.people.roles import OPERATOR
from search.query import parse
from search.results import SearchPage
from web.cli import precedent

LESSON = """---
kind: lesson
title: Order cable early
summary: Cable takes long.
happened: It came nine weeks late.
lesson: Lead times are not ours.
recommendation: The buyer orders ten weeks before.
applicability: {conditions: Always.}
---
"""


@pytest.fixture
def run(tmp_path, monkeypatch, sqlite_template):
    url = f"sqlite:///{tmp_path}/precedent.sqlite"
    (tmp_path / "precedent.sqlite").write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    monkeypatch.delenv("PRECEDENT_DATABASE_URL", raising=False)
    database = open_database(url)
    with database.write_aside() as session:
        for name, roles in (("anna", ()), ("cleo", ("curator",))):
            user = accounts.new_user(session, f"{name}@example.org", name.title(), "active")
            accounts.put_roles(user, roles, OPERATOR)
    database.dispose()
    (tmp_path / "lesson.md").write_text(LESSON)
    (tmp_path / "better.md").write_text(LESSON.replace("The buyer", "The procurement lead"))

    def run(*words: str, fails: str = "") -> str:
        done = CliRunner().invoke(precedent, [*words])
        if fails:
            assert fails in str(done.exception), done.output
        else:
            assert done.exception is None, (done.output, done.exception)
        return done.output

    return run


def test_a_lesson_goes_from_a_file_to_published_and_back(run, tmp_path):
    file, better, anna, cleo = (
        tmp_path / "lesson.md",
        tmp_path / "better.md",
        "anna@example.org",
        "cleo@example.org",
    )
    assert "L-0001 is a draft, revision 1" in run("new", str(file), "--as", anna)
    run("submit", "l-0001", "1", "--as", anna)
    (item,) = json.loads(run("review", "--json"))["revisions"]
    assert (item["id"], item["revision"]) == ("L-0001", 1)
    run("publish", "L-0001", "1", "--as", anna, fails="Your roles do not allow it")
    assert "changes requested" in run("refuse", "L-0001", "1", "Who is the buyer?", "--as", cleo)
    assert "revision 2" in run("edit", "L-0001", str(better), "--base", "1", "--as", anna)
    assert "Nothing has changed" in run("edit", "L-0001", str(better), "--base", "2", "--as", anna)
    run("edit", "L-0001", str(file), "--base", "1", "--as", anna, fails="was changed by somebody else")
    run("submit", "L-0001", "2", "--as", anna)
    assert "Order cable early" in run("review")
    assert "is published" in run("publish", "L-0001", "2", "--verify", "--as", cleo)
    assert "procurement lead" in run("show", "L-0001")
    assert "archived" in run("archive", "L-0001", "--reason", "For a test")
    run("republish", "L-0001", "2")
    run("verify", "L-0001", "--as", cleo)
    assert "Nothing waits" in run("review")


def test_the_smaller_steps_of_the_desk(run, tmp_path, monkeypatch):
    file, anna, cleo = str(tmp_path / "lesson.md"), "anna@example.org", "cleo@example.org"
    monkeypatch.setattr("web.commands.finding.open_engine", lambda: (None, None, Nothing()))
    (tmp_path / "poor.md").write_text(LESSON.replace("Order cable early", "Communication"))
    assert "title: " in run("advise", str(tmp_path / "poor.md"))
    run("new", file, "--as", anna)
    run("submit", "L-0001", "1", "--as", anna)
    assert "reviewed by Cleo" in run("assign", "L-0001", "1", "--to", cleo)
    run("assign", "L-0001", "1", "--to", anna, fails="may not review")
    assert "Comment 1 stands" in run("comment", "l-0001", "1", "A role, please.", "--as", cleo)
    assert "is a draft again" in run("withdraw", "L-0001", "1", "--as", anna)
    run("submit", "L-0001", "1", "--as", anna)
    run("refuse", "L-0001", "1", "Who?", "--as", cleo)
    assert "is submitted again" in run("reconsider", "L-0001", "1", "--as", cleo)
    run("edit", "L-0001", str(tmp_path / "better.md"), "--base", "1", "--as", anna)
    found = run("compare", "L-0001", "--as", anna)
    assert "+ The procurement lead orders ten weeks before." in found
    assert "is gone" in run("discard", "L-0001", "2", "--as", anna)
    run("compare", "L-0001", "--new", "2", fails="no revision 2")


def published(run, tmp_path, title: str) -> str:
    (tmp_path / "other.md").write_text(LESSON.replace("Order cable early", title))
    ref = run("new", str(tmp_path / "other.md"), "--as", "anna@example.org").split()[0]
    run("submit", ref, "1", "--as", "anna@example.org")
    run("publish", ref, "1", "--as", "cleo@example.org")
    return ref


def test_superseding_and_bulk_changes(run, tmp_path):
    one, two = (published(run, tmp_path, title) for title in ("Order cable early", "Order it earlier"))
    assert f"{one} is superseded by {two}" in run("supersede", one, two, "--reason", "Better")
    assert "It is so already" in run("supersede", one, two)
    assert "no longer superseded" in run("supersede", one, two, "--undo")
    assert "tags: permits" in run("bulk", "tag", "permits", one, two, "--dry-run")
    run("bulk", "untag", "permits", one, fails="none of the entries")
    assert "2 entries given the tag “permits”; `precedent bulk undo 1`" in run(
        "bulk", "tag", "permits", one, two
    )
    run("bulk", "archive", one, "--as", "anna@example.org", fails="Your roles do not allow it")
    assert "1 entry archived" in run("bulk", "archive", one, "--reason", "Old", "--as", "cleo@example.org")
    assert "Cleo" in run("bulk", "list")
    assert "Undone for 1 entry" in run("bulk", "undo", "2")
    assert "1 entry verified" in run("bulk", "verify", one)
    run("bulk", "assign", one, "--to", "cleo@example.org", fails="none of the entries")


class Nothing:
    """Finds nothing."""

    def search(self, request, reader):
        return SearchPage(query=parse(""), request=request, total=0, hits=(), facets=())


def test_who_is_not_known_cannot_act(run, tmp_path):
    run("new", str(tmp_path / "lesson.md"), "--as", "eve@example.org", fails="Nobody active here")
    run("review", "--as", "anna@example.org", fails="Your roles do not allow it")
