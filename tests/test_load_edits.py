"""Loads and edits made in the repository do not undo each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb import editing
from kb.content import make_content
from kb.database import Database
from kb.loading import load
from tests.fixtures.repository import snapshot
from tests.loads import counts, entry, write, write_mixed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_mixed(tmp_path / "in")


def test_an_edit_made_here_stands_when_the_file_is_loaded_again(database: Database, folder: Path):
    load(database, [folder])
    edit(database, "L-0020", "Better here")
    report = load(database, [folder])
    assert counts(report) == (0, 0, 5, 0)
    assert [str(notice) for notice in report.notices] == [
        "deep/er/b.md:1: was edited in the repository since it was loaded; the edit stands"
    ]
    assert snapshot(database)["L-0020"]["revisions"][2]["state"] == "published"


def test_a_file_and_an_edit_made_here_do_not_overwrite_each_other(database: Database, folder: Path):
    load(database, [folder])
    edit(database, "L-0020", "Better here")
    write(folder, {"deep/er/b.md": entry("Better there", "id: L-0020")})
    report = load(database, [folder])
    [problem] = report.problems
    assert str(problem) == (
        "deep/er/b.md:1: L-0020 was edited here by bea, and the file says something else; "
        "to replace the edit, state `revision: 2`"
    )
    write(folder, {"deep/er/b.md": entry("Better there", "id: L-0020", "revision: 2")})
    assert counts(load(database, [folder])) == (0, 1, 4, 0)
    assert counts(load(database, [folder])) == (0, 0, 5, 0)
    titles = {number: one["title"] for number, one in snapshot(database)["L-0020"]["revisions"].items()}
    assert titles == {1: "B", 2: "Better here", 3: "Better there"}


def test_a_draft_with_the_text_of_the_file_is_not_published_by_it(database: Database, tmp_path: Path):
    folder = write(tmp_path / "in", {"a.md": entry("A", "id: L-0001", "state: published", "author: ann")})
    load(database, [folder])
    edit(database, "L-0001", "Other")
    with database.write() as session:
        content = make_content("lesson", {"title": "A", "body": "Text."})
        editing.save_edit(session, "L-0001", content, base=2, author="bea")
    assert counts(load(database, [folder])) == (0, 0, 1, 0)
    revisions = snapshot(database)["L-0001"]["revisions"]
    assert [(revisions[number]["state"], revisions[number]["author"]) for number in (1, 2, 3)] == [
        ("superseded", "ann"),
        ("published", "bea"),
        ("draft", "bea"),
    ]


def test_a_stated_state_is_brought_about_with_one_published_revision(database: Database, tmp_path: Path):
    file = tmp_path / "a.jsonl"
    base = '{"id": "L-0001", "title": "%s", "revision": %d, "state": "%s"}'
    file.write_text("\n".join([base % ("A", 1, "published"), base % ("B", 2, "draft")]), encoding="utf-8")
    load(database, [file])
    file.write_text(base % ("B", 2, "published"), encoding="utf-8")
    assert counts(load(database, [file])) == (0, 1, 0, 0)
    states = {number: one["state"] for number, one in snapshot(database)["L-0001"]["revisions"].items()}
    assert states == {1: "superseded", 2: "published"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            '{"id": "L-0001", "key": "k", "title": "B", "revision": 1}',
            "revision: L-0001 is at revision 2; the text of 1 cannot change",
        ),
        (
            '{"id": "L-0002", "title": "B", "key": "k"}',
            "key: k already belongs to L-0001; state that id or another key",
        ),
        (
            '{"id": "L-0001", "title": "B"}',
            "id: L-0001 already belongs to k; leave the id out and a free one is given",
        ),
        ('{"kind": "review", "title": "B", "key": "k"}', "kind: L-0001 is a lesson, not a review"),
    ],
)
def test_history_and_identity_are_not_rewritten(database: Database, tmp_path: Path, line: str, problem: str):
    file = tmp_path / "a.jsonl"
    base = '{"id": "L-0001", "key": "k", "title": "A%d", "revision": %d}'
    file.write_text("\n".join([base % (1, 1), base % (2, 2)]), encoding="utf-8")
    load(database, [file])
    before = snapshot(database)
    file.write_text(line, encoding="utf-8")
    report = load(database, [file])
    assert problem in str(report.problems[0])
    assert snapshot(database) == before


def edit(database: Database, ref: str, title: str) -> None:
    """Bea edits here, and Cal publishes it."""
    with database.write() as session:
        latest = editing.latest_revision(session, editing.find_entry(session, ref))
        content = make_content("lesson", latest.content | {"title": title})
        revision = editing.save_edit(session, ref, content, base=latest.number, author="bea")
        editing.submit(session, ref, revision.number)
        editing.publish(session, ref, revision.number, reviewer="cal")
