"""The vocabulary as a file: read strictly, loaded beside records or in place of all, exported."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.sample import sample_paths
from kb import curating
from kb.database import Database
from kb.errors import InvalidRecord, KbError
from kb.exporting import export
from kb.formats import LoadOptions
from kb.formats.vocabulary import RawGroup, read, write
from kb.loading import load
from kb.people.audit import AuditFilter, Origin, find
from kb.people.roles import OPERATOR
from kb.validation import validate
from kb.vocabulary import GroupChanged, add_group, change_group, find_group, list_groups, replace_all
from kb.vocabulary_loading import BadVocabulary, read_file
from kb.vocabulary_text import GroupRecord, GroupText
from tests.fixtures.repository import wipe
from tests.strategies import LINES

HEADER = "kind,terms,note\n"
PLAIN = LoadOptions()


def file(folder: Path, text: str, name: str = "vocabulary.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def listed(database: Database) -> list[tuple]:
    with database.read() as session:
        groups = list_groups(session)
    return [
        (group.kind, group.terms, group.note, group.version, group.author, group.changed_at)
        for group in groups
    ]


def terms(database: Database) -> list[tuple[str, ...]]:
    return [group[1] for group in listed(database)]


def replace(database: Database, path: Path, options: LoadOptions = PLAIN) -> list[str]:
    """Loads a file as the command line does; returns what is new."""
    groups = read_file(path, options)
    agreed = curating.preview(database, Origin(OPERATOR), groups).removals
    changes = curating.load(database, Origin(OPERATOR), groups, removing=agreed, author="ann")
    return [change.name for change in changes.created]


def logged(database: Database) -> list[tuple]:
    with database.read() as session:
        lines = find(session, AuditFilter(), 0, 20)[1]
        return [(line.action, line.object, line.detail) for line in lines]


def test_the_file_becomes_the_vocabulary(database: Database, tmp_path: Path):
    path = file(
        tmp_path, HEADER + 'acronym,UAT | user acceptance testing,"By us, first"\n\nsynonyms,a b|c d,\n'
    )
    assert replace(database, path) == ["UAT", "a b"]
    detail = {"added": 2, "changed": 0, "removed": [], "author": "ann"}
    assert logged(database) == [("load vocabulary", "2 groups", detail)]
    kept = [group[:5] for group in listed(database)]
    assert kept == [
        ("synonyms", ("a b", "c d"), "", 1, "ann"),
        ("acronym", ("UAT", "user acceptance testing"), "By us, first", 1, "ann"),
    ]


def test_a_dry_run_changes_nothing(database: Database, tmp_path: Path):
    path = file(tmp_path, HEADER + "synonyms,vendor|supplier,\n")
    stamp = database.change_stamp()
    changes = curating.preview(database, Origin(OPERATOR), read_file(path, LoadOptions()))
    assert [change.name for change in changes.created] == ["vendor"]
    assert (terms(database), database.change_stamp()) == ([], stamp)


def test_only_what_was_agreed_to_is_removed(database: Database, tmp_path: Path):
    with database.write() as session:
        add_group(session, validate(GroupText, {"kind": "synonyms", "terms": ["old", "aged"]}), author="ann")
    groups = read_file(file(tmp_path, HEADER), LoadOptions())
    with pytest.raises(GroupChanged, match="Nothing was loaded"):
        curating.load(database, Origin(OPERATOR), groups, removing=[])
    assert (terms(database), logged(database)) == ([("old", "aged")], [])
    curating.load(database, Origin(OPERATOR), groups, removing=["old"])
    assert terms(database) == []
    assert logged(database)[0][2] == {"added": 0, "changed": 0, "removed": ["old | aged"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "vocabulary.csv:1: the first line must name the columns kind,terms,note, not ''"),
        ("kind,terms\n", "vocabulary.csv:1: the first line must name the columns"),
        ("kind;terms;note\n", "vocabulary.csv:1: the first line must name the columns"),
        (HEADER + "synonyms,a b\n", "vocabulary.csv:2: has 2 cells and the header 3"),
        (HEADER + '\n"synonyms,a b\n', 'vocabulary.csv:3: opens a quote " that is never closed'),
        (HEADER + "synonym,aa|bb,\n", "vocabulary.csv:2: kind: must be one of 'acronym' or 'synonyms'"),
        (HEADER + "synonyms,,\n", "vocabulary.csv:2: terms.1: must have at least two letters"),
        (
            HEADER + "synonyms,aa|bb,\nsynonyms,cc|BB,\n",
            "vocabulary.csv:3: terms.2: “BB” is in the group of “aa”",
        ),
        (
            HEADER.strip() + ",version,author,changed_at\nsynonyms,aa|bb,,x,,\n",
            ":2: version: must be a whole number",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_nothing_is_loaded(database, tmp_path, text, message):
    path = file(tmp_path, text)
    with pytest.raises(BadVocabulary) as caught:
        replace(database, path, LoadOptions())
    assert message in str(caught.value)
    assert terms(database) == []


def test_every_wrong_line_is_named_at_once(sqlite_database, tmp_path):
    path = file(tmp_path, HEADER + "synonyms,aa,\nsynonyms,aa|bb,\nwords,cc|dd,\nsynonyms,BB|ee,\n")
    with pytest.raises(BadVocabulary) as caught:
        replace(sqlite_database, path, LoadOptions())
    lines = [line.rpartition("vocabulary.csv:")[2][0] for line in str(caught.value).splitlines()[1:]]
    assert lines == ["2", "4", "5"]


def test_excel_s_files_are_read_when_told_how(sqlite_database, tmp_path):
    path = tmp_path / "excel.csv"
    path.write_bytes("kind;terms;note\r\nsynonyms;Übergabe|hand-over;\r\n".encode("cp1252"))
    replace(sqlite_database, path, LoadOptions(delimiter=";", encoding="cp1252"))
    assert terms(sqlite_database) == [("Übergabe", "hand-over")]


def test_loading_among_records_adds_and_names_what_is_wrong(database: Database, tmp_path: Path):
    file(tmp_path, "---\nkind: lesson\ntitle: A\n---\nText\n", "a.md")
    file(tmp_path, HEADER + "synonyms,vendor|supplier,\nsynonyms,x,\n")
    report = load(database, [tmp_path])
    assert (report.created, report.failed, report.vocabulary["created"]) == (1, 1, 1)
    assert [str(problem) for problem in report.problems] == [
        "vocabulary.csv:3: terms.1: must have at least two letters or digits",
    ]
    stamp = database.change_stamp()
    assert load(database, [tmp_path]).vocabulary["unchanged"] == 1
    assert database.change_stamp() == stamp


def test_loading_again_leaves_what_somebody_changed(database: Database, tmp_path: Path):
    path = file(tmp_path, HEADER + "synonyms,vendor|supplier,\n")
    load(database, [path])
    with database.write() as session:
        group = find_group(session, "vendor")
        said = validate(GroupText, {"kind": "synonyms", "terms": ["vendor", "seller"]})
        change_group(session, group.id, said, version=1, author="ann")
    report = load(database, [path])
    assert [notice.message for notice in report.notices] == [
        "was edited in the repository since it was loaded; the edit stands"
    ]
    assert terms(database) == [("vendor", "seller")]


def test_a_dry_run_of_loading_takes_the_vocabulary_back_too(database: Database, tmp_path: Path):
    path = file(tmp_path, HEADER + "synonyms,vendor|supplier,\n")
    assert load(database, [path], LoadOptions(dry_run=True)).vocabulary["created"] == 1
    assert terms(database) == []


def test_the_sample_brings_a_vocabulary(sqlite_database: Database):
    path = next(path for path in sample_paths() if path.name == "vocabulary.csv")
    report = load(sqlite_database, [path])
    assert (report.problems, report.notices) == ([], [])
    assert report.vocabulary["created"] > 60
    known = {term for group in terms(sqlite_database) for term in group}
    assert known >= {"RAID", "WBS", "EVM", "SOW", "UAT", "go-live", "cut-over", "supplier", "vendor"}
    with sqlite_database.read() as session:
        assert write(list_groups(session), history=False) == path.read_text("utf-8")


def test_an_empty_vocabulary_is_not_exported(sqlite_database: Database, tmp_path: Path):
    export(sqlite_database, tmp_path / "out")
    assert not (tmp_path / "out" / "vocabulary.csv").exists()


def test_an_export_replaces_an_earlier_one_with_a_vocabulary(sqlite_database: Database, tmp_path: Path):
    load(sqlite_database, [file(tmp_path, HEADER + "synonyms,vendor|supplier,\n")])
    for _ in range(2):
        assert export(sqlite_database, tmp_path / "out").groups == 1


@st.composite
def vocabularies(draw) -> list[GroupRecord]:
    """Groups that share no term, with the history that an export may hold."""
    records: list[GroupRecord] = []
    seen: set[str] = set()
    for _ in range(draw(st.integers(0, 4))):
        stated = {
            "kind": draw(st.sampled_from(["acronym", "synonyms"])),
            "terms": draw(
                st.lists(LINES.map(lambda line: line[:40]) | st.sampled_from(WORDS), min_size=2, max_size=4)
            ),
            "note": draw(LINES),
            "version": draw(st.integers(1, 99)),
            "author": draw(LINES),
            "changed_at": draw(st.datetimes(*BETWEEN, timezones=st.timezones()).map(str)),
        }
        try:
            record = validate(GroupRecord, stated)
        except InvalidRecord:
            continue
        if not seen & set(record.keys):
            seen |= set(record.keys)
            records.append(record)
    return records


WORDS = [
    "UAT",
    "user acceptance",
    "=SUM(1)",
    "+49 30",
    "'quoted",
    "@home",
    "-dash",
    "a,b",
    'say "so"',
    "ＲＡＩＤ",
    "naïve",
]
BETWEEN = [datetime.fromisoformat(day) for day in ("1950-01-01", "2150-01-01")]


@given(made=vocabularies())
@settings(deadline=None, max_examples=60, suppress_health_check=[*HealthCheck])
def test_an_export_loads_into_an_identical_vocabulary(make_pair, tmp_path: Path, made: list[GroupRecord]):
    first, second = make_pair
    wipe(first)
    wipe(second)
    with first.write() as session:
        replace_all(session, made, author="ann")
    export(first, tmp_path / "out")
    assert load(second, [tmp_path / "out"]).problems == []
    assert listed(second) == listed(first)
    assert len(listed(first)) == len(made)
    assert not load(second, [tmp_path / "out"]).vocabulary["updated"]
    export(second, tmp_path / "again")
    for name in ("vocabulary.csv",) if made else ():
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


@pytest.fixture
def make_pair(make_database) -> tuple[Database, Database]:
    return make_database(), make_database()


@given(st.text())
def test_reading_any_text_gives_groups_or_faults_with_lines(tmp_path_factory, text: str):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(HEADER + text, "utf-8", errors="replace")
    try:
        found = list(read(path, LoadOptions()))
    except KbError:
        return
    assert all(isinstance(each, RawGroup) or (each.line or 0) > 1 for each in found)
