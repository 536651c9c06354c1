"""Exporting: the whole repository as Markdown files and a table, which `kb.loading` reads back."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from kb.errors import KbError
from kb.formats import HISTORY, LAYOUT, MARKER, markdown, tables, vocabulary
from kb.kinds import KINDS, PREFIXES
from kb.model import Entry, Revision
from kb.records import export_record
from kb.reference import moving
from kb.reference.texts import TABLES
from kb.visibility import all_stated_readers
from kb.vocabulary import list_groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.loading import Progress

TABLE_KIND = "project"
TABLE = "projects.csv"
_ROWS = 100
_OURS = [
    MARKER,
    TABLE,
    vocabulary.NAME,
    *(f"{moving.FOLDER}/{name}.csv" for name in TABLES),
    *(f"{kind}/{PREFIXES[kind]}-*.md" for kind in KINDS),
    f"{HISTORY}/*-*/[0-9]*.md",
]


@dataclass
class ExportReport:
    """What an export wrote."""

    folder: Path
    kinds: dict[str, int] = field(default_factory=dict)
    """Entries of each kind."""
    revisions: int = 0
    groups: int = 0
    """Groups of the vocabulary."""
    figures: int = 0
    """Rows of the reference tables that differ from those that are shipped."""


def export(database: Database, folder: Path, progress: Progress | None = None) -> ExportReport:
    """Writes every revision of every entry to `folder`, from one state of the database.

    `lesson/L-0001.md` is the latest revision of an entry, `history/L-0001/0001.md` an earlier one,
    `projects.csv` the latest of all projects, `vocabulary.csv` the vocabulary,
    `reference/rates.csv` and its neighbours what differs from the figures that are shipped. Equal
    repositories give equal bytes. The folder must be new, empty or an earlier export, which is replaced
    only when the new one is complete. Raises KbError, and leaves the folder alone, where it holds
    anything else or cannot be written.
    """
    folder = Path(os.path.realpath(folder))
    partial, previous = (folder.with_name(f".{folder.name}.{part}") for part in ("partial", "previous"))
    try:
        _recover(folder, previous)
        _check(folder)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        with database.read() as session:
            report = _write_all(session, partial, progress)
        _swap(folder, partial, previous)
    except OSError as error:
        found = f"The export to {folder} failed: {error.strerror}."
        raise KbError(f"{found} What was there before is still there.") from None
    report.folder = folder
    return report


def _recover(folder: Path, previous: Path) -> None:
    """Undoes a swap that a crash cut in half."""
    if previous.exists() and not folder.exists():
        previous.rename(folder)


def _check(folder: Path) -> None:
    """Raises KbError unless the folder is new, empty, or holds an export and nothing else."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise KbError(f"{folder} is a file; name a folder to export to.")
    present = {path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}
    if present and folder / MARKER not in present:
        raise KbError(f"{folder} holds other files ({_some(folder, present)}); name a new or empty folder.")
    foreign = present - {path for pattern in _OURS for path in folder.glob(pattern)}
    if foreign:
        found = f"{folder} holds files that are not of the export ({_some(folder, foreign)})"
        raise KbError(f"{found}: they would be lost. Move them away, or name another folder.")


def _some(folder: Path, files: set[Path]) -> str:
    names = sorted(str(path.relative_to(folder)) for path in files)
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")


def _write_all(session: Session, folder: Path, progress: Progress | None) -> ExportReport:
    report = ExportReport(folder)
    total = session.scalar(select(func.count()).select_from(Revision)) or 0
    rows: list[dict[str, Any]] = []
    readers = all_stated_readers(session)
    for revision, is_latest in _revisions(session):
        entry = revision.entry
        record = _plain(export_record(revision, readers.get(entry.id, ())))
        if is_latest:
            report.kinds[entry.kind] = report.kinds.get(entry.kind, 0) + 1
        if is_latest and entry.kind == TABLE_KIND:
            rows.append(record)
        else:
            earlier = f"{HISTORY}/{entry.ref}/{revision.number:04d}.md"
            path = folder / (f"{entry.kind}/{entry.ref}.md" if is_latest else earlier)
            _write(path, markdown.write(record))
        report.revisions += 1
        if progress:
            progress(report.revisions, total)
    if rows:
        _write(folder / TABLE, tables.write(rows, TABLE_KIND))
    if groups := list_groups(session):
        _write(folder / vocabulary.NAME, vocabulary.write(groups, history=True))
        report.groups = len(groups)
    for table in TABLES.values():
        if text := moving.write_changes(session, table):
            _write(folder / moving.FOLDER / f"{table.name}.csv", text)
            report.figures += len(list(csv.reader(io.StringIO(text)))) - 1
    _write(folder / MARKER, json.dumps({"made by": "Precedent", "layout": LAYOUT}) + "\n")
    return report


def _revisions(session: Session) -> Iterator[tuple[Revision, bool]]:
    """Every revision in a fixed order, and whether it is the latest of its entry."""
    numbers = select(func.max(Revision.number)).where(Revision.entry_id == Entry.id)
    latest = numbers.correlate(Entry).scalar_subquery()
    query = (
        select(Revision, Revision.number == latest)
        .join(Revision.entry)
        .options(contains_eager(Revision.entry))
        .order_by(Entry.kind, func.length(Entry.ref), Entry.ref, Revision.number)
        .execution_options(yield_per=_ROWS)
    )
    yield from session.execute(query)


def _plain(value: Any) -> Any:
    """Whole amounts without a decimal point: the model reads 1200 and 1200.0 as the same number."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 and str(value) != "-0.0":
        return int(value)
    return value


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _swap(folder: Path, partial: Path, previous: Path) -> None:
    """Puts the new export in place. After a crash in between, `_recover` brings the old one back."""
    shutil.rmtree(previous, ignore_errors=True)
    if folder.exists():
        folder.rename(previous)
    try:
        partial.rename(folder)
    except OSError:
        _recover(folder, previous)
        raise
    shutil.rmtree(previous, ignore_errors=True)
