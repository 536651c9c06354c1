"""The property that matters: loading an export gives an identical repository."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kb import editing
from kb.content import Content, make_content
from kb.database import Database
from kb.errors import InvalidRecord
from kb.exporting import export
from kb.formats import LoadOptions
from kb.formats.cells import flatten, read_cell, shape_of
from kb.formats.frontmatter import FrontMatter, dump
from kb.formats.markdown import write
from kb.formats.tables import _Row
from kb.kinds import KINDS
from kb.loading import load
from kb.model import Audience, Entry
from kb.people import accounts
from kb.records import parse_record
from kb.text import clean_text
from kb.visibility import principals
from tests.fixtures.repository import snapshot, wipe
from tests.strategies import LINES, NASTY, NASTY_BLOCKS, PEOPLE, WORDS, MadeEntry, contents, repositories

# The fixtures are made once a test and emptied before each example.
HERE = settings(deadline=None, max_examples=40, suppress_health_check=[*HealthCheck])


@HERE
@given(made=repositories())
def test_loading_an_export_gives_an_identical_repository(
    make_database, databases, tmp_path: Path, made: list[MadeEntry]
):
    first, second = databases
    wipe(first)
    wipe(second)
    invite(first, PEOPLE)
    invite(second, reversed(PEOPLE))  # the same people under other numbers
    fill(first, made)
    folder, again = tmp_path / "export", tmp_path / "again"
    for old in (folder, again):
        shutil.rmtree(old, ignore_errors=True)
    export(first, folder)
    report = load(second, [folder])
    assert report.problems == []
    assert snapshot(second) == snapshot(first)
    export(second, again)
    assert files(again) == files(folder)
    repeated = load(second, [folder])
    assert (repeated.created, repeated.updated, repeated.failed) == (0, 0, 0)
    assert snapshot(second) == snapshot(first)


def test_what_the_verbs_write_survives(databases, tmp_path: Path):
    first, second = databases
    with first.write() as session:
        ref = editing.create_entry(session, "lesson", lesson("One"), author="  ann ").entry.ref
        editing.submit(session, ref, 1)
        editing.refuse(session, ref, 1, to="changes requested", reviewer="bea", reason=" Say why\r\nand how ")
        editing.submit(session, ref, 1)
        editing.publish(session, ref, 1, reviewer="bea")
        editing.save_edit(session, ref, lesson("Two"), base=1, author="ann", note="Cle\u0301arer\n")
        editing.submit(session, ref, 2)
        editing.publish(session, ref, 2, reviewer="bea")
        editing.archive(session, ref, reviewer="cal")
        editing.save_edit(session, ref, lesson("Three"), base=2, author="dan")
        editing.submit(session, ref, 3)
        editing.refuse(session, ref, 3, to="rejected", reviewer="bea", reason="Not ours")
        editing.save_edit(session, ref, lesson("Two"), base=3, author="dan")
        editing.verify(session, ref, on=date(2026, 3, 1), verifier=" bea ")
    export(first, tmp_path / "export")
    assert load(second, [tmp_path / "export"]).problems == []
    assert snapshot(second) == snapshot(first)
    states = [revision["state"] for _, revision in sorted(snapshot(first)[ref]["revisions"].items())]
    assert states == ["superseded", "archived", "rejected", "draft"]


def test_the_verbs_store_nothing_that_cannot_be_read_back(database: Database):
    with database.write() as session:
        ref = editing.create_entry(session, "lesson", lesson("One"), author="ann").entry.ref
        editing.submit(session, ref, 1)
        with pytest.raises(InvalidRecord, match=r"reason: contains the character U\+0000"):
            editing.refuse(session, ref, 1, to="rejected", reviewer="bea", reason="a\0")
        with pytest.raises(InvalidRecord, match=r"note: contains the character U\+D800"):
            editing.save_edit(session, ref, lesson("Two"), base=1, author="ann", note="\ud800")


def lesson(title: str) -> Content:
    return make_content("lesson", {"title": title, "body": "Text."})


@pytest.fixture
def databases(make_database) -> tuple[Database, Database]:
    return make_database(), make_database()


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(deadline=None, max_examples=80)
def test_every_content_survives_markdown_and_tables(kind: str, data: st.DataObject):
    content = make_content(kind, data.draw(contents(kind)))
    record = {"kind": kind, "author": "a"} | content.model_dump(mode="json", exclude_defaults=True)
    front, _, body = write(record)[len("---\n") :].partition("\n---\n")
    assert parse_record(FrontMatter(front, 2).data | {"body": body}).content == content
    assert parse_record(unflatten(kind, flatten(record))).content == content


def unflatten(kind: str, cells: dict[str, str]) -> dict:
    """What a table reads of one row."""
    row = {name: cell for name, cell in cells.items() if name != "kind"}
    found = _Row(list(row), list(row.values()), 2, LoadOptions(kind=kind)).record("base", 0)
    return found.data


@given(WORDS)
@example("a\n")
@settings(max_examples=300)
def test_front_matter_keeps_every_text(text: str):
    text = clean_text(text).strip()
    assert FrontMatter(dump({"a": {text or "b": [text]}}), 2).data["a"][text or "b"][0] == text


@pytest.mark.parametrize("text", [*NASTY, *NASTY_BLOCKS])
def test_front_matter_keeps_nasty_texts(text: str):
    text = clean_text(text).strip()
    dumped = dump({"a": text, "b": text})
    assert {name: value.strip() for name, value in FrontMatter(dumped, 2).data.items()} == {
        "a": text,
        "b": text,
    }


@given(LINES)
def test_no_cell_is_a_formula(text: str):
    cells = flatten({"title": clean_text(text).strip() or "a", "attributes": {"a": clean_text(text).strip()}})
    for name, cell in cells.items():
        plain_number = isinstance(read_cell(cell, "free"), float) and name != "title"
        assert plain_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert shape_of("project", name)


def fill(database: Database, made: list[MadeEntry]) -> None:
    """Puts the entries into the repository, their texts cleaned as the verbs clean them."""
    with database.write() as session:
        for one in made:
            fields = asdict(one)
            revisions, readers = fields.pop("revisions"), fields.pop("readers")
            fields |= {name: line(fields[name]) for name in ("owner", "verifier")}
            entry = Entry(**fields, created_at=revisions[0]["created_at"])
            entry.readers = [Audience(principal=name) for name in principals(session, readers)]
            session.add(entry)
            for revision in revisions:
                content = make_content(one.kind, revision.pop("content"))
                said = {name: revision.pop(name) for name in ("number", "author", "note")}
                added = editing.add_revision(session, entry, content, **said)
                revision["reason"] = clean_text(revision["reason"]).strip()
                revision["reviewer"] = line(revision["reviewer"])
                for name, value in revision.items():
                    setattr(added, name, value)
                session.flush()


def invite(database: Database, people: Iterable[str]) -> None:
    with database.write_aside() as session:
        for email in people:
            accounts.new_user(session, email)


def line(text: str | None) -> str | None:
    return text if text is None else clean_text(text).strip()


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
