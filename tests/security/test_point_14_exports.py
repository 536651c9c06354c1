"""No cell of a file that is sent or written begins a formula, whoever wrote its text."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from kb.exporting import export
from kb.formats.cells import guard, unguard
from kb.people.audit import Origin, note
from kb.people.roles import Person
from kb.records import apply_record, parse_record
from kb.spreadsheets import neutral
from kb.vocabulary import add_group
from kb.vocabulary_text import GroupText
from tests.fixtures.people import sign_in
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

ROOT = Path(__file__).parents[2]
FOLDERS = ("kb", "indexer", "search", "web", "corpus")
DANGEROUS = "=+-@\t\r"
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", '=cmd|" /C calc"!A0', '=HYPERLINK("http://evil.example","x")',
            "=1+1;=1", " =1+1", "  @x"]  # fmt: skip
WRITERS = {
    "kb/spreadsheets.py",
    "kb/formats/tables.py",
    "kb/formats/vocabulary.py",
    "kb/reference/files.py",
    "kb/reference/moving.py",
    "web/commands/evaluation.py",
}
"""Everything that writes a table; that of `evaluate` holds the ids and figures of a judged collection."""


def begins_a_formula(cell: str) -> bool:
    """As spreadsheets see it: spaces before do not count."""
    return cell.lstrip(" ")[:1] in set(DANGEROUS) if cell else False


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def unsafe(text: str, delimiter: str = ",") -> list[str]:
    """The cells of a table that a spreadsheet would calculate."""
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    assert len(rows) > 1
    return [cell for row in rows for cell in row if begins_a_formula(cell) and not is_number(cell)]


def body_of(answer) -> bytes:
    """All of the file that was sent."""
    assert answer.status_code == 200
    sent = answer.get_data()
    answer.close()
    return bytes(sent)


@given(st.text() | st.text(DANGEROUS + " \n'=a1", max_size=8))
@example(" \t=1")
def test_point_14_no_text_becomes_a_formula(text):
    assert not begins_a_formula(str(neutral(text)))
    told = text.strip()  # as records hold it
    assert not begins_a_formula(guard(told))
    assert unguard(guard(told)) == told


def test_point_14_every_table_is_written_by_what_neutralises():
    found = set()
    for file in (each for part in FOLDERS for each in (ROOT / part).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        if called & {"csv.writer", "csv.DictWriter", "Workbook", "openpyxl.Workbook"}:
            found.add(str(file.relative_to(ROOT)))
    assert found == WRITERS


@pytest.mark.parametrize("formula", FORMULAS)
def test_point_14_the_audit_log_as_csv_and_xlsx(own_app, formula):
    origin = Origin(Person(id=7, name=formula), formula, "abc")
    with own_app.extensions[EXTENSION].database.write_aside() as session:
        note(session, origin, formula, formula, why=formula)
    browser = sign_in(own_app, "ada", "auditor")
    sent = body_of(browser.send("/audit/export", format="csv")).decode("utf-8-sig")
    assert formula.strip().replace('"', '""') in sent
    assert unsafe(sent) == []
    book = load_workbook(io.BytesIO(body_of(browser.send("/audit/export", format="xlsx"))))
    cells = [cell for row in book.active.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert [cell.value for cell in cells if begins_a_formula(cell.value)] == []
    assert {cell.data_type for cell in cells} == {"s"}


@pytest.mark.parametrize("formula", FORMULAS)
def test_point_14_the_vocabulary(own_app, formula):
    with own_app.extensions[EXTENSION].database.write() as session:
        term = f"{formula.replace('|', '/')} one"
        text = GroupText(kind="synonyms", terms=[term, "another"], note=formula)
        add_group(session, text, author=formula)
    assert unsafe(own_app.test_client().get("/vocabulary.csv").text) == []


@pytest.mark.parametrize("formula", FORMULAS)
def test_point_14_the_export_of_the_command_line(database, tmp_path, formula):
    said = {"kind": "project", "id": "H-0001", "title": formula, "summary": formula, "sector": formula,
            "tags": [formula], "author": formula, "note": formula,
            "attributes": {"one": formula}}  # fmt: skip
    with database.write() as session:
        apply_record(session, parse_record({name: value for name, value in said.items() if value}))
        add_group(session, GroupText(kind="synonyms", terms=["a b", "c d"], note=formula), author=formula)
    export(database, tmp_path / "out")
    for name in ("projects.csv", "vocabulary.csv"):
        assert unsafe((tmp_path / "out" / name).read_text(encoding="utf-8")) == [], name
