"""Excel workbooks by openpyxl: pandoc reads them too, but shows dates as numbers and keeps sheets whole."""

from __future__ import annotations

import io
import warnings
import zipfile
from datetime import date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING, Any

from kb.importing.archives import Archive
from kb.importing.document import Unreadable
from kb.importing.texts import MAX_COLUMNS, MAX_ROWS, table_document

if TYPE_CHECKING:
    from kb.importing.document import Document

MAX_SHEETS = 50
LOOKED_AT = 200_000
"""Rows of a sheet that are looked at: a single cell in the last row of a sheet makes a million of them."""


def read_workbook(data: bytes) -> Document:
    """An .xlsx file: a table of each sheet that has one. Raises Unreadable."""
    import openpyxl

    archive = Archive(data)
    media = {name for name in archive.names if name.startswith("xl/media/")}
    packed = archive.packed(empty=media)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts that are not needed here
            book = openpyxl.load_workbook(io.BytesIO(packed), read_only=True, data_only=True)
            shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            sheets = [(sheet.title, _rows(sheet)) for sheet in shown[:MAX_SHEETS]]
    except (Unreadable, MemoryError):
        raise
    except zipfile.BadZipFile as error:
        raise _damaged() from error
    except Exception as error:  # openpyxl raises what its parts raise
        raise _damaged() from error
    document = table_document("xlsx", sheets)
    if media:
        document.notices.append("Pictures in the workbook were left out.")
    if len(shown) < len(book.worksheets):
        document.notices.append("Hidden sheets were left out.")
    if len(shown) > MAX_SHEETS:
        document.notices.append(f"Sheets after the {MAX_SHEETS}th were left out.")
    return document


def _damaged() -> Unreadable:
    return Unreadable("The workbook is damaged: open it in a spreadsheet program, and save it again.")


def _rows(sheet: Any) -> list[list[str]]:
    rows: list[list[str]] = []
    for row in islice(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1), LOOKED_AT):
        cells = [_cell(value) for value in row]
        if any(cells):
            rows.append(cells)
        if len(rows) > MAX_ROWS:
            break
    return rows


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "minutes")
        case date():
            return value.isoformat()
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case _:
            return str(value).strip()
