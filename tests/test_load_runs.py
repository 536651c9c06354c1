"""What holds for every load: nothing twice, nothing half, nothing silently, nothing undone."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from corpus.sample import sample_paths
from kb import editing, loading
from kb.database import Database
from kb.errors import DatabaseUnavailable, KbError
from kb.formats import LoadOptions
from kb.load_report import LoadProblem
from kb.loading import load
from tests.fixtures.repository import snapshot
from tests.loads import counts, entry, write, write_mixed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_mixed(tmp_path / "in")


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


def test_ids_are_given_by_number_not_by_length(database: Database, tmp_path: Path):
    ids = ("L-000002", "L-0001", "H-999999998")
    lines = [f'{{"id": "{ref}", "title": "{ref}"}}' for ref in ids]
    lines += [f'{{"kind": "{kind}", "title": "{title}"}}' for kind in ("lesson", "project") for title in "AB"]
    report = load(database, [write(tmp_path, {"a.jsonl": "\n".join(lines)}) / "a.jsonl"])
    assert set(snapshot(database)) == {*ids, "L-0003", "L-0004", "H-999999999"}
    [problem] = report.problems
    assert problem.message == "was refused: No id is left after H-999999999; state one that is free."


def test_a_file_reached_twice_is_read_once(sqlite_database: Database, folder: Path):
    assert counts(load(sqlite_database, [folder / "a.md", folder, folder / "deep"])) == (5, 0, 0, 0)


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


def test_a_problem_reads_as_place_field_and_what_to_do():
    problem = LoadProblem("lesson/L-0007.md", 12, "impact.cost", "must be a number, not 'a lot'")
    assert str(problem) == "lesson/L-0007.md:12: impact.cost: must be a number, not 'a lot'"
    assert str(LoadProblem("a.md", None, "", "is empty")) == "a.md: is empty"


def test_the_sample_corpus_loads_without_a_word(sqlite_database: Database):
    report = load(sqlite_database, sample_paths())
    assert (report.problems, report.notices, report.failed) == ([], [], 0)
    assert counts(load(sqlite_database, sample_paths()))[:2] == (0, 0)
