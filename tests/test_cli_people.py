"""People from the command line: each use is done by a verb and stands in the audit log."""

from __future__ import annotations

import csv
import json
import re

import pytest
from click.testing import CliRunner

from kb.database import open_database
from kb.errors import DatabaseUnavailable, KbError
from kb.people import accounts, admission, links, sessions, tokens
from kb.people.audit import AuditFilter, find
from kb.people.roles import OPERATOR, Person
from kb.people.texts import Administrator, Newcomer
from kb.people.tokens import TokenText
from web.cli import precedent

PASSWORD = "violet tractor under glass"


@pytest.fixture
def database(tmp_path, sqlite_template, monkeypatch):
    url = f"sqlite:///{tmp_path}/precedent.sqlite"
    (tmp_path / "precedent.sqlite").write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    monkeypatch.setenv("PRECEDENT_DATABASE_URL", url)
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    database = open_database(url)
    yield database
    database.dispose()


def run(*arguments: str, status: int = 0, typed: str | None = None) -> str:
    done = CliRunner().invoke(precedent, arguments, input=typed)
    assert done.exit_code == status, done.output
    return done.output


def refused(*arguments: str) -> str:
    """What a person reads who asked for what cannot be."""
    done = CliRunner().invoke(precedent, arguments)
    assert isinstance(done.exception, KbError), done.output
    return str(done.exception)


def link_in(output: str) -> str:
    return re.search(r"^  http://127\.0\.0\.1:8000/welcome\?link=([\w-]{40,})$", output, re.MULTILINE)[1]


def logged(database, **wanted):
    with database.read() as session:
        lines = find(session, AuditFilter(**wanted), 0, 50)[1]
        return [(line.action, line.object, line.outcome, line.detail) for line in lines]


def come(database, output: str, name: str) -> None:
    with database.write_aside() as session:
        admission.accept(session, link_in(output), Newcomer(name=name, password=PASSWORD))


@pytest.fixture
def bea(database):
    """Somebody who was invited on the command line and came."""
    come(database, run("user", "add", "Bea@Example.org", "--name", "Bea", "--role", "trainer"), "Bea")
    with database.read() as session:
        return Person(id=accounts.find_user(session, "bea@example.org").id, name="Bea")


def test_the_first_administrators_link_again(database):
    output = run("user", "link", "--administrator")
    with database.write_aside() as session:
        said = Administrator(name="Ada", email="ada@example.org", password=PASSWORD)
        admission.become_administrator(session, link_in(output), said)
    assert "There is an administrator already" in refused("user", "link", "--administrator")
    assert logged(database, action="make administrator link", person="command line (root)")
    assert link_in(output) not in str(logged(database))


def test_somebody_is_invited_and_comes(database, bea):
    (line,) = logged(database, action="invite", person="command line (root)")
    assert line == ("invite", "bea@example.org", "done", {"roles": ["trainer"], "person": bea.id})
    assert "email: must be an e-mail address" in refused("user", "add", "nobody")
    assert "has an account already" in refused("user", "add", "bea@example.org")
    assert "Invalid value for '--role'" in run("user", "add", "x@example.org", "--role", "god", status=2)


def test_people_are_listed_for_people_and_programs(database, bea):
    run("user", "add", "fred@example.org", "--role", "curator")
    header, first, second = run("user", "list").splitlines()
    assert header.split("  ")[0] == "E-MAIL"
    assert first.split() == ["bea@example.org", "Bea", "active", "trainer", "never"]
    assert second.split()[2:] == ["invited", "curator", "never"]
    (found,) = json.loads(run("user", "list", "BEA", "example", "--status", "active", "--json"))["people"]
    assert found["roles"] == ["trainer"]
    assert [
        each["email"] for each in json.loads(run("user", "list", "--role", "curator", "--json"))["people"]
    ] == ["fred@example.org"]
    assert run("user", "list", "zzz") == "Nobody is like that.\n"
    assert len(logged(database, action="list people")) == 4


def test_roles_are_given_and_taken(database, bea):
    output = run("user", "role", bea.name.lower() + "@example.org", "--grant", "admin", "--revoke", "trainer")
    assert output == "bea@example.org holds admin.\n"
    assert run("user", "role", "bea@example.org", "--grant", "admin").startswith("Unchanged: ")
    assert "last administrator" in refused("user", "role", "bea@example.org", "--revoke", "admin")
    assert "There is no person" in refused("user", "role", "nobody@example.org", "--grant", "admin")
    assert "Say what to change" in run("user", "role", "bea@example.org", status=2)
    both = ("--grant", "admin", "--revoke", "admin")
    assert "cannot be both" in run("user", "role", "bea@example.org", *both, status=2)
    done, detail = (
        logged(database, action="set roles", outcome="done"),
        {"given": ["admin"], "taken": ["trainer"]},
    )
    assert done[-1] == ("set roles", "bea@example.org", "done", detail)
    assert len(logged(database, action="set roles", outcome="refused")) == 2


def test_an_account_is_closed_and_opened(database, bea):
    assert "Aborted" in run("user", "disable", "bea@example.org", typed="n\n", status=1)
    assert "opens the account again" in run("user", "disable", "bea@example.org", "--yes")
    assert "is disabled" in refused("user", "link", "bea@example.org")
    assert run("user", "enable", "bea@example.org") == "bea@example.org is active.\n"
    assert [line[:3:2] for line in logged(database, object="bea@example.org")][:3] == [
        ("enable person", "done"), ("make link", "refused"), ("disable person", "done"),
    ]  # fmt: skip


def test_a_link_is_for_what_the_person_needs(database, bea):
    first = run("user", "link", "bea@example.org")
    assert "chooses another password, once, for a day" in first
    with database.read() as session:
        assert links.read_link(session, link_in(first)).purpose == "reset"
    run("user", "add", "fred@example.org")
    assert "comes in, once, for 14 days" in run("user", "link", "fred@example.org")
    assert "Name the person's e-mail" in run("user", "link", status=2)
    assert "Name the person's e-mail" in run("user", "link", "x@example.org", "--administrator", status=2)


def test_sessions_are_listed_and_ended(database, bea):
    assert run("user", "sessions", "bea@example.org") == "bea@example.org is signed in nowhere.\n"
    agent = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
    with database.write_aside() as session:
        user, limits = accounts.find_user(session, bea.id), sessions.Lifetimes()
        sessions.start_session(
            session, user, method="password", address="192.0.2.7", agent=agent, lifetimes=limits
        )
    assert "Firefox on Linux  192.0.2.7" in run("user", "sessions", "bea@example.org")
    (row,) = json.loads(run("user", "sessions", "bea@example.org", "--json"))["sessions"]
    assert (row["browser"], row["address"]) == ("Firefox on Linux", "192.0.2.7")
    assert "Ended: 1." in run("user", "sessions", "bea@example.org", "--end")
    assert "nowhere" in run("user", "sessions", "bea@example.org")
    assert logged(database, action="end sessions") == [
        ("end sessions", "bea@example.org", "done", {"ended": 1})
    ]


def test_tokens_are_listed_and_revoked(database, bea):
    assert run("token", "list") == "No token works.\n"
    with database.write_aside() as session:
        token, key = tokens.issue_token(session, bea, TokenText(name="nightly script"))
    output = run("token", "list")
    assert "nightly script" in output
    assert key not in output
    (row,) = json.loads(run("token", "list", "bea@example.org", "--json"))["tokens"]
    assert (row["number"], row["begins"], row["person"]) == (token.id, key[:10], "bea@example.org")
    assert run("token", "revoke", str(token.id)).startswith(f"Revoked {key[:10]}… (nightly script)")
    assert run("token", "list", "bea@example.org") == "There is no such token.\n"
    assert "revoked " in run("token", "list", "--all")
    assert "no such token" in refused("token", "revoke", "99")
    assert logged(database, action="revoke token", outcome="done")[0][1] == "nightly script"


def test_the_log_is_printed_narrowed_and_written(database, bea, tmp_path):
    output = run("audit", "--action", "invite")
    assert output.splitlines()[1].split("  ")[1:4] == ["command line (root)", "invite", "bea@example.org"]
    (line,) = json.loads(run("audit", "--object", "bea", "--outcome", "done", "--json", "--limit", "1"))[
        "lines"
    ]
    assert line["detail"] == {"roles": ["trainer"], "person": bea.id}
    assert run("audit", "--person", "#99") == "No line is like that.\n"
    assert run("audit", "--until", "2020-01-01") == "No line is like that.\n"
    assert "must not be before" in run("audit", "--since", "2026-03-02", "--until", "2026-03-01", status=2)
    assert "older lines are not shown" in run("audit", "--limit", "1")
    file = tmp_path / "log.csv"
    assert run("audit", "--action", "invite", "--csv", str(file)) == f"Wrote 1 line to {file}.\n"
    assert file.stat().st_mode & 0o077 == 0
    with file.open(newline="", encoding="utf-8") as opened:
        assert [row["object"] for row in csv.DictReader(opened)] == ["bea@example.org"]
    assert "exists. Nothing was written" in refused("audit", "--csv", str(file))
    lines = tmp_path / "log.jsonl"
    assert run("audit", "--action", "invite", "--jsonl", str(lines)) == f"Wrote 1 line to {lines}.\n"
    assert lines.stat().st_mode & 0o077 == 0
    (found,) = [json.loads(each) for each in lines.read_text().splitlines()]
    assert (found["object"], found["detail"]["person"]) == ("bea@example.org", bea.id)
    both = ("--csv", str(tmp_path / "a"), "--jsonl", str(tmp_path / "b"))
    assert "one file at a time" in run("audit", *both, status=2)
    assert "cannot be written" in refused("audit", "--csv", str(tmp_path / "none" / "log.csv"))
    assert logged(database, action="export audit log") == [
        ("export audit log", form, "done", {"lines": 1, "filter": {"action": "invite"}})
        for form in ("jsonl", "csv")
    ]
    assert logged(database, action="read audit log")[0][3] == {"lines": 1, "filter": {}}


def test_an_account_without_a_name_is_still_the_command_line(database, monkeypatch):
    def unknown():
        raise KeyError("uid")

    monkeypatch.setattr("getpass.getuser", unknown)
    run("user", "list")
    with database.read() as session:
        assert find(session, AuditFilter(), 0, 1)[1][0].person == OPERATOR.name


def test_what_is_loaded_and_taken_as_a_whole_stands_in_the_log(database, tmp_path):
    file = tmp_path / "lesson.md"
    file.write_text("---\nkind: lesson\ntitle: Order valves early\n---\n\nThe fee was never paid.\n")
    run("load", "--dry-run", "--no-index", str(file))
    assert logged(database, action="load records") == []
    run("load", "--no-index", str(file))
    counts = {"created": 1, "updated": 0, "unchanged": 0, "failed": 0}
    assert logged(database, person="command line (root)") == [("load records", "lesson.md", "done", counts)]
    run("export", str(tmp_path / "all"))
    run("backup", str(tmp_path / "a.backup"))
    backed, exported = logged(database)[:2]
    assert exported == (
        "export repository", str(tmp_path / "all"), "done", {"entries": 1, "revisions": 1}
    )  # fmt: skip
    assert backed[:3] == ("back up", str(tmp_path / "a.backup"), "done")
    assert backed[3] == {"bytes": (tmp_path / "a.backup").stat().st_size, "entries": 1}


def test_an_export_from_a_disk_that_takes_no_line_is_not_lost(database, tmp_path, monkeypatch):
    def full(*_arguments, **_detail):
        raise DatabaseUnavailable("The records cannot be written: the disk is full.")

    monkeypatch.setattr("kb.people.audit.note", full)
    done = CliRunner().invoke(precedent, ["export", str(tmp_path / "all")])
    assert done.exit_code == 0
    assert "no line in the audit log: The records cannot be written" in done.output
    assert (tmp_path / "all").is_dir()
