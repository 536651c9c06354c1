"""Tables for spreadsheets: no text becomes a formula, and every row arrives"""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from kb.spreadsheets import ROWS, neutral, write_csv, write_xlsx

DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", '=HYPERLINK("x")']
MOMENT = datetime(2026, 3, 1, 14, 2, 7, tzinfo=UTC)


def csv_rows(*rows):
    file = io.StringIO(newline="")
    write_csv(file, ["a", "b"], rows)
    return list(csv.reader(io.StringIO(file.getvalue(), newline="")))


def xlsx_rows(*rows):
    file = io.BytesIO()
    write_xlsx(file, "Table", ["a", "b"], rows)
    file.seek(0)
    sheet = load_workbook(file).active
    return sheet, [[cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_that_would_be_calculated_is_quoted_in_both(text):
    assert neutral(text) == f"'{text}"
    assert csv_rows([text, "x"])[1][0] == f"'{text}"
    sheet, rows = xlsx_rows([text, "x"])
    assert rows[1][0].startswith("'")
    assert {cell.data_type for cell in sheet[2]} == {"s"}


@pytest.mark.parametrize("value", [-5, -0.5, True, None, date(2026, 3, 1), MOMENT, "a=b", "1-2", "", "it's"])
def test_everything_else_stays_as_it_is(value):
    assert neutral(value) == value


def test_tables_hold_their_values():
    rows = [["Zoë, “quoted”", 3], ["two\nlines", -1.5], [MOMENT, None]]
    assert csv_rows(*rows) == [
        ["a", "b"], ["Zoë, “quoted”", "3"], ["two\nlines", "-1.5"], ["2026-03-01T14:02:07+00:00", ""],
    ]  # fmt: skip
    sheet, found = xlsx_rows(*rows)
    assert found == [
        ["a", "b"], ["Zoë, “quoted”", 3], ["two\nlines", -1.5], [MOMENT.replace(tzinfo=None), None],
    ]  # fmt: skip
    assert sheet.freeze_panes == "A2"


@given(text=st.text(max_size=30))
def test_any_text_gives_a_table_that_can_be_read(text):
    quoted = neutral(text)
    assert quoted in {text, f"'{text}"}
    assert not quoted.lstrip(" ").startswith(tuple("=+-@\t\r\n"))
    _, rows = xlsx_rows([text, 1])
    assert rows[1][1] == 1


def test_a_cell_that_no_sheet_can_hold_is_cut():
    assert len(xlsx_rows(["x" * 40_000, "\x00y\ud800"])[1][1][0]) == 32_767
    assert xlsx_rows(["x", "\x00y\ud800"])[1][1][1] == " y "


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch):
    assert ROWS == 2**20
    monkeypatch.setattr("kb.spreadsheets.ROWS", 3)
    with pytest.raises(ValueError, match="holds 2 rows"):
        xlsx_rows(*([["x", 1]] * 3))
