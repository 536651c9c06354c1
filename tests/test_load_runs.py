"""What holds for every load: nothing twice, nothing half, nothing silently, nothing undone."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from corpus.sample import sample_paths
from kb import editing, loading
from kb.content import make_content
from kb.database import Database
from kb.errors import DatabaseUnavailable, KbError
from kb.formats import LoadOptions
from kb.loading import LoadProblem, LoadReport, load
from tests.fixtures.repository import snapshot


def entry(title: str, *lines: str, kind: str = "lesson", body: str = "Text.") -> str:
    return "\n".join(["---", f"kind: {kind}", f"title: {title}", *lines, "---", "", body, ""])


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def counts(report: LoadReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.failed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(
        tmp_path / "in",
        {
            "a.md": entry("A"),
            "deep/er/b.md": entry("B", "id: L-0020"),
            "more.jsonl": '{"kind": "review", "title": "C"}\n',
            "projects.csv": "title,size\nD,1\nE,2\n",
        },
    )


def test_loading_twice_changes_nothing(database: Database, folder: Path):
    first = load(database, [folder])
    assert counts(first) == (5, 0, 0, 0)
    assert first.kinds == {"lesson": {"created": 2}, "review": {"created": 1}, "project": {"created": 2}}
    before, stamp = snapshot(database), database.change_stamp()
    second = load(database, [folder])
    assert counts(second) == (0, 0, 5, 0)
    assert snapshot(database) == before
    assert database.change_stamp() == stamp


def test_a_dry_run_says_what_would_happen_and_changes_nothing(database: Database, folder: Path):
    dry = load(database, [folder], LoadOptions(dry_run=True))
    assert dry.dry_run
    assert snapshot(database) == {}
    assert database.change_stamp() == 0
    wet = load(database, [folder])
    assert (counts(dry), dry.kinds, dry.problems, dry.notices) == (
        counts(wet),
        wet.kinds,
        wet.problems,
        wet.notices,
    )


def test_a_dry_run_sees_its_own_batches(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loading, "BATCH_RECORDS", 2)
    lines = [f'{{"id": "L-0001", "revision": {number}, "title": "T{number}"}}' for number in range(1, 8)]
    file = write(tmp_path, {"a.jsonl": "\n".join(lines)}) / "a.jsonl"
    assert counts(load(sqlite_database, [file], LoadOptions(dry_run=True))) == (1, 6, 0, 0)
    assert counts(load(sqlite_database, [file])) == (1, 6, 0, 0)


def test_an_edited_file_becomes_a_revision(database: Database, folder: Path):
    load(database, [folder])
    write(
        folder,
        {"a.md": entry("A", body="Other text."), "deep/er/b.md": entry("B", "id: L-0020", "owner: PMO")},
    )
    assert counts(load(database, [folder])) == (0, 2, 3, 0)
    found = snapshot(database)
    [ref] = [ref for ref, one in found.items() if one["key"] == "md:a.md"]
    states = {number: revision["state"] for number, revision in found[ref]["revisions"].items()}
    assert states == {1: "superseded", 2: "published"}
    assert (found["L-0020"]["owner"], set(found["L-0020"]["revisions"])) == ("PMO", {1})


def test_ids_are_given_after_the_highest(database: Database, folder: Path):
    load(database, [folder])
    assert {ref for ref in snapshot(database) if ref[0] == "L"} == {"L-0001", "L-0020"}
    write(folder, {"z.md": entry("Z")})
    load(database, [folder])
    assert "L-0021" in snapshot(database)


def test_what_is_left_out_of_a_folder_is_listed(sqlite_database: Database, folder: Path):
    write(
        folder,
        {
            "README.md": "# Read me\n",
            ".hidden.md": "x",
            ".git/config": "x",
            "notes.txt": "x",
            "sub/x.md~": "x",
        },
    )
    (folder / "link").symlink_to(folder / "deep")
    report = load(sqlite_database, [folder])
    assert counts(report) == (5, 0, 0, 0)
    assert sorted(map(str, report.notices)) == [
        ".git: skipped: is a hidden folder",
        ".hidden.md: skipped: a hidden file",
        "README.md: skipped: has no front matter, so it is no entry",
        "link: skipped: is a link to another folder",
        "notes.txt: skipped: not one of .md, .markdown, .jsonl, .ndjson, .csv",
        "sub/x.md~: skipped: not one of .md, .markdown, .jsonl, .ndjson, .csv",
    ]


def test_a_readme_that_is_an_entry_is_loaded(sqlite_database: Database, tmp_path: Path):
    assert counts(load(sqlite_database, [write(tmp_path / "in", {"README.md": entry("A")})])) == (1, 0, 0, 0)


def test_a_file_named_outright_must_be_readable(sqlite_database: Database, tmp_path: Path):
    write(tmp_path, {"a.txt": entry("A")})
    report = load(sqlite_database, [tmp_path / "a.txt", tmp_path / "none.md"])
    assert [problem.message for problem in report.problems] == [
        "has no known suffix (.md, .markdown, .jsonl, .ndjson, .csv); say what it is with --format",
        "does not exist",
    ]
    assert report.exit_status == 1
    assert counts(load(sqlite_database, [tmp_path / "a.txt"], LoadOptions(format="markdown"))) == (1, 0, 0, 0)


def test_a_folder_without_anything_loads_nothing(sqlite_database: Database, tmp_path: Path):
    assert counts(load(sqlite_database, [tmp_path])) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"format": "xlsx"}, "'xlsx' is not a format. Formats: markdown, jsonl, csv, llis."),
        ({"kind": "lessons"}, "'lessons' is not a kind of record"),
        ({"encoding": "klingon"}, "'klingon' is not an encoding"),
        ({"encoding": "rot13"}, "'rot13' is not an encoding"),
        ({"delimiter": ";;"}, "The delimiter must be one character"),
        ({"delimiter": '"'}, "The delimiter must be one character"),
    ],
)
def test_options_that_make_no_sense_are_refused(option: dict[str, str], words: str):
    with pytest.raises(KbError, match=words.split("(", maxsplit=1)[0]):
        LoadOptions(**option)


def test_an_id_given_twice_names_both_places(database: Database, tmp_path: Path):
    folder = write(
        tmp_path / "in",
        {
            "a.md": entry("A", "id: L-0007"),
            "b.md": entry("B", "id: L-0007"),
            "c.md": entry("C", "id: L-0008", "key: x:1"),
            "d.md": entry("D", "id: L-0009", "key: x:1", "revision: 2"),
            "e.md": entry("E", "key: x:1"),
        },
    )
    report = load(database, [folder])
    assert list(map(str, report.problems)) == [
        "b.md:4: id: L-0007 is already given in a.md:1; remove one or give it another id",
        "d.md:5: key: x:1 is already given in c.md:1; remove one or give it another key",
        "e.md:4: key: x:1 is already given in c.md:1; remove one or give it another key",
    ]
    assert counts(report) == (2, 0, 0, 3)
    assert {ref: one["revisions"][1]["title"] for ref, one in snapshot(database).items()} == {
        "L-0007": "A",
        "L-0008": "C",
    }


def test_a_refused_record_leaves_its_batch_whole(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """Even one that fails half-way, with rows already written."""
    add = editing.add_revision

    def failing(session, of, content, **how):
        revision = add(session, of, content, **how)
        if content.title == "B":
            raise IntegrityError("INSERT", {}, Exception("broken"))
        return revision

    monkeypatch.setattr(editing, "add_revision", failing)
    report = load(database, [folder])
    assert counts(report) == (4, 0, 0, 1)
    assert "deep/er/b.md:1: was refused: " in str(report.problems[0])
    assert {one["revisions"][1]["title"] for one in snapshot(database).values()} == {"A", "C", "D", "E"}


def test_batches_are_committed_one_by_one(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """What was loaded before the database failed stays; loading again goes on from there."""
    monkeypatch.setattr(loading, "BATCH_RECORDS", 10)
    file = tmp_path / "many.csv"
    file.write_text("title\n" + "".join(f"T{number}\n" for number in range(35)), encoding="utf-8")
    real, calls = loading.apply_record, []

    def failing(*args):
        calls.append(args)
        if len(calls) == 26:
            raise DatabaseUnavailable("gone")
        return real(*args)

    monkeypatch.setattr(loading, "apply_record", failing)
    with pytest.raises(DatabaseUnavailable):
        load(database, [file])
    monkeypatch.setattr(loading, "apply_record", real)
    assert counts(load(database, [file])) == (15, 0, 20, 0)


def test_readers_read_while_a_load_writes(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loading, "BATCH_RECORDS", 5)
    file = tmp_path / "many.csv"
    file.write_text("title\n" + "".join(f"T{number}\n" for number in range(60)), encoding="utf-8")
    seen, done = set(), threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(len(snapshot(database)))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert load(database, [file]).created == 60
    finally:
        done.set()
        reader.join()
    assert all(number % 5 == 0 for number in seen)


def test_progress_grows_to_the_size_of_the_files(sqlite_database: Database, folder: Path):
    calls: list[tuple[int, int]] = []
    load(sqlite_database, [folder], progress=lambda done, total: calls.append((done, total)))
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert {of for _, of in calls} == {total}
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1][0] == total


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


def test_a_problem_reads_as_place_field_and_what_to_do():
    problem = LoadProblem("lesson/L-0007.md", 12, "impact.cost", "must be a number, not 'a lot'")
    assert str(problem) == "lesson/L-0007.md:12: impact.cost: must be a number, not 'a lot'"
    assert str(LoadProblem("a.md", None, "", "is empty")) == "a.md: is empty"


def test_the_sample_corpus_loads_without_a_word(sqlite_database: Database):
    report = load(sqlite_database, sample_paths())
    assert (report.problems, report.notices, report.failed) == ([], [], 0)
    assert counts(load(sqlite_database, sample_paths()))[:2] == (0, 0)


def edit(database: Database, ref: str, title: str) -> None:
    """Bea edits here, and Cal publishes it."""
    with database.write() as session:
        latest = editing.latest_revision(session, editing.find_entry(session, ref))
        content = make_content("lesson", latest.content | {"title": title})
        revision = editing.save_edit(session, ref, content, base=latest.number, author="bea")
        editing.submit(session, ref, revision.number)
        editing.publish(session, ref, revision.number, reviewer="cal")
