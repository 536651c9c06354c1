"""The export: what it writes, that it is stable, and that it never destroys anything."""

from __future__ import annotations

import csv
import errno
import json
from pathlib import Path

import pytest

from kb import editing, exporting
from kb.content import make_content
from kb.database import Database
from kb.errors import KbError
from kb.exporting import export
from kb.formats import LoadOptions
from kb.loading import load
from tests.fixtures.repository import snapshot

LESSON = {
    "kind": "lesson",
    "key": "x:1",
    "title": "Rehearse the cut-over",
    "tags": ["go-live", "no"],
    "context": "We had a window. " * 10,
    "happened": "First line\n\n---\n\n# Not a comment: it's text",
    "impact": {"cost": -1200.5, "days": -3},
    "occurred_on": "2024-03-01",
    "author": "ann",
    "created_at": "2024-03-02T10:00:00+00:00",
    "decided_at": "2024-03-03T10:00:00+01:00",
    "body": "Twice.\n\n---\n\nOr thrice.",
}
PROJECT = {
    "kind": "project",
    "key": "x:2",
    "title": "Tram",
    "size": 12,
    "baselines": [{"stage": "contract", "cost": 1e6}],
    "attributes": {"sites": 3, "code": "12", "formula": "=1+1"},
    "author": "ann",
    "created_at": "2024-03-02T10:00:00+00:00",
    "decided_at": "2024-03-02T10:00:00+00:00",
}


@pytest.fixture
def filled(database: Database, tmp_path: Path) -> Database:
    file = tmp_path / "in.jsonl"
    file.write_text(f"{json.dumps(LESSON)}\n{json.dumps(PROJECT)}\n", encoding="utf-8")
    assert load(database, [file]).problems == []
    return database


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fail(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def revise(database: Database, ref: str, **changes: object) -> None:
    with database.write() as session:
        entry = editing.find_entry(session, ref)
        latest = editing.latest_revision(session, entry)
        content = make_content(entry.kind, latest.content | changes)
        editing.save_edit(session, ref, content, base=latest.number, author="bea", note="Clearer")


def test_entries_are_markdown_and_projects_a_table(filled: Database, tmp_path: Path):
    report = export(filled, tmp_path / "out")
    assert (report.folder, report.kinds, report.revisions) == (
        tmp_path / "out",
        {"lesson": 1, "project": 1},
        2,
    )
    found = files(tmp_path / "out")
    assert set(found) == {"lesson/L-0001.md", "projects.csv", "precedent-export.json"}
    assert (
        found["lesson/L-0001.md"].decode()
        == """---
id: L-0001
kind: lesson
key: x:1
revision: 1
state: published
author: ann
reviewer: import
created_at: '2024-03-02T10:00:00+00:00'
decided_at: '2024-03-03T09:00:00+00:00'
visibility: public
verify_months: 24
context: |-
  {context}
happened: |-
  First line

  ---

  # Not a comment: it's text
impact:
  cost: -1200.5
  days: -3
occurred_on: '2024-03-01'
title: Rehearse the cut-over
tags:
- go-live
- 'no'
---

Twice.

---

Or thrice.
""".replace("{context}", str(LESSON["context"]).strip())
    )
    header, row = csv.reader(found["projects.csv"].decode().splitlines())
    assert dict(zip(header, row, strict=True)) == {
        "id": "H-0001",
        "key": "x:2",
        "title": "Tram",
        "size": "12",
        "baselines.1.stage": "contract",
        "baselines.1.cost": "1000000",
        "attributes.code": "'12",
        "attributes.formula": "'=1+1",
        "attributes.sites": "3",
        "revision": "1",
        "state": "published",
        "author": "ann",
        "reviewer": "import",
        "created_at": "2024-03-02T10:00:00+00:00",
        "decided_at": "2024-03-02T10:00:00+00:00",
        "visibility": "public",
        "verify_months": "12",
    }


def test_earlier_revisions_are_history(filled: Database, tmp_path: Path):
    revise(filled, "L-0001", title="Rehearse twice")
    revise(filled, "H-0001", title="Tramway")
    assert export(filled, tmp_path / "out").kinds == {"lesson": 1, "project": 1}
    found = files(tmp_path / "out")
    assert set(found) == {
        "history/L-0001/0001.md",
        "history/H-0001/0001.md",
        "lesson/L-0001.md",
        "projects.csv",
        "precedent-export.json",
    }
    assert b"state: draft" in found["lesson/L-0001.md"]
    assert b"state: published" in found["history/L-0001/0001.md"]


def test_equal_repositories_give_equal_bytes(make_database, tmp_path: Path):
    folders = []
    for order in (LESSON, PROJECT), (PROJECT, LESSON):
        database = make_database()
        file = tmp_path / "in.jsonl"
        file.write_text("\n".join(map(json.dumps, order)), encoding="utf-8")
        load(database, [file])
        folders.append(tmp_path / f"out-{len(folders)}")
        export(database, folders[-1])
    assert files(folders[0]) == files(folders[1])


def test_an_earlier_export_is_replaced_whole(filled: Database, tmp_path: Path):
    export(filled, tmp_path / "out")
    (tmp_path / "out" / "lesson" / "L-0001.md").rename(tmp_path / "out" / "lesson" / "L-0099.md")
    export(filled, tmp_path / "out")
    assert "lesson/L-0099.md" not in files(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir() if "out" in path.name) == ["out"]


def test_an_empty_folder_may_be_used(filled: Database, tmp_path: Path):
    (tmp_path / "out").mkdir()
    export(filled, tmp_path / "out")
    assert "projects.csv" in files(tmp_path / "out")


def test_a_link_to_a_folder_stays_a_link(filled: Database, tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    export(filled, tmp_path / "out")
    assert (tmp_path / "out").is_symlink()
    assert "projects.csv" in files(tmp_path / "real")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("notes.txt", "holds other files"),
        ("lesson/L-0001.md", "holds other files"),
        (".git/config", "holds other files"),
    ],
)
def test_a_folder_with_other_files_is_refused(filled: Database, tmp_path: Path, name: str, words: str):
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(KbError, match=words):
        export(filled, tmp_path / "out")
    assert files(tmp_path / "out") == {name: b"mine"}


@pytest.mark.parametrize("name", ["notes.txt", ".git/config", "lesson/mine.md", "history/L-0001/notes.md"])
def test_an_export_to_which_files_were_added_is_refused(filled: Database, tmp_path: Path, name: str):
    export(filled, tmp_path / "out")
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine", encoding="utf-8")
    before = files(tmp_path / "out")
    with pytest.raises(KbError, match=f"files that are not of the export .{name}.: they would be lost"):
        export(filled, tmp_path / "out")
    assert files(tmp_path / "out") == before


def test_a_file_is_no_folder(filled: Database, tmp_path: Path):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(KbError, match="is a file; name a folder"):
        export(filled, tmp_path / "out")


@pytest.mark.parametrize("when", ["while writing", "between the renames"])
def test_a_failure_leaves_the_old_export(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
):
    export(filled, tmp_path / "out")
    before = files(tmp_path / "out")
    revise(filled, "L-0001", title="Rehearse twice")
    if when == "while writing":
        monkeypatch.setattr(exporting.tables, "write", fail)
    else:
        rename = Path.rename
        monkeypatch.setattr(
            Path, "rename", lambda path, to: fail() if "partial" in path.name else rename(path, to)
        )
    with pytest.raises(KbError, match="What was there before is still there"):
        export(filled, tmp_path / "out")
    monkeypatch.undo()
    assert files(tmp_path / "out") == before
    export(filled, tmp_path / "out")
    assert b"Rehearse twice" in files(tmp_path / "out")["lesson/L-0001.md"]


def test_a_crash_between_the_renames_is_repaired(filled: Database, tmp_path: Path):
    export(filled, tmp_path / "out")
    before = files(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / ".out.previous")
    exporting._recover(tmp_path / "out", tmp_path / ".out.previous")
    assert files(tmp_path / "out") == before


def test_progress_counts_revisions(filled: Database, tmp_path: Path):
    calls: list[tuple[int, int]] = []
    export(filled, tmp_path / "out", progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]


def test_an_edited_export_is_loaded_as_an_edit(filled: Database, tmp_path: Path):
    export(filled, tmp_path / "out")
    file = tmp_path / "out" / "lesson" / "L-0001.md"
    file.write_text(file.read_text(encoding="utf-8").replace("Or thrice", "Or four times"), encoding="utf-8")
    report = load(filled, [tmp_path / "out"])
    assert (report.updated, report.unchanged, report.failed) == (1, 1, 0)
    first, second = snapshot(filled)["L-0001"]["revisions"].values()
    assert (first["state"], first["author"], first["reviewer"]) == ("superseded", "ann", "import")
    assert (second["state"], second["author"], second["reviewer"]) == ("published", "import", "import")
    assert second["created_at"] > first["created_at"]
    assert load(filled, [tmp_path / "out"]).unchanged == 2


def test_an_export_of_another_layout_is_not_loaded(filled: Database, tmp_path: Path):
    export(filled, tmp_path / "out")
    (tmp_path / "out" / "precedent-export.json").write_text('{"layout": 2}', encoding="utf-8")
    report = load(filled, [tmp_path / "out"], LoadOptions(dry_run=True))
    [problem] = report.problems
    assert str(problem).startswith(
        "precedent-export.json: says layout 2, and this Precedent reads 1; load it"
    )
