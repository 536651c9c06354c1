"""Loading: files of records enter the repository, each record whole or not at all."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from kb.claims import Claims, Item
from kb.errors import DatabaseUnavailable, InvalidRecord, KbError
from kb.formats import (
    BadFile,
    Fault,
    LoadOptions,
    RawRecord,
    jsonl,
    llis,
    markdown,
    path_key,
    tables,
    vocabulary,
)
from kb.formats.files import SourceFile, find
from kb.load_report import LoadProblem, LoadReport
from kb.numbering import NewRefs
from kb.records import apply_record, parse_record
from kb.reference import moving
from kb.vocabulary_loading import merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.formats import Reader

    Progress = Callable[[int, int], None]
    """Called with (done, total) of one unit: bytes when loading, revisions when exporting."""

# Readers are locked out for one commit a batch.
BATCH_RECORDS = 200
BATCH_BYTES = 10_000_000
KEPT = "was edited in the repository since it was loaded; the edit stands"

_READERS: dict[str, Reader] = {
    "markdown": markdown.read,
    "jsonl": jsonl.read,
    "csv": tables.read,
    "llis": llis.read,
}


def load(
    database: Database,
    paths: Iterable[Path],
    options: LoadOptions | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Brings the repository to what the files say. Loading the same files again changes nothing.

    `paths` are files or folders (searched recursively). What is wrong with one record or file is in
    the report, and the rest is loaded. With `dry_run` all of it is done and taken back at the end;
    other writers wait meanwhile. Raises DatabaseUnavailable; batches committed before that stay, and
    loading again goes on from there.
    """
    options = options or LoadOptions()
    run = _Run(options, progress or (lambda _done, _total: None))
    files, left_out = find(paths, options.format)
    for item in left_out:
        (run.report.problems if item.error else run.report.notices).append(
            LoadProblem(item.name, None, "", item.message)
        )
        run.report.failed += item.error
    lists = [file for file in files if file.path.name == vocabulary.NAME or moving.table_at(file.relative)]
    batches = _batches(run.items([file for file in files if file not in lists]))
    works = chain(
        (partial(run.apply, batch=batch) for batch in batches),
        (partial(run.apply_list, file=file) for file in lists),
    )
    return _done(database, run, works)


def load_records(
    database: Database,
    name: str,
    rows: Sequence[RawRecord | list[Fault]],
    *,
    dry_run: bool = False,
    is_whole: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """As `load`, of records that somebody has made of a table: each row's record, or its faults.

    `name` is what the table is called; progress counts rows. With `is_whole` all rows are loaded in one
    transaction, or none if one is wrong.
    """
    run = _Run(LoadOptions(dry_run=dry_run), progress or (lambda _done, _total: None))
    run.is_whole = is_whole
    batches = _batches(run.given(SourceFile(Path(name), name, name, "csv"), rows))
    return _done(database, run, (partial(run.apply, batch=batch) for batch in batches))


def _done(database: Database, run: _Run, works: Iterable[Callable[[Session], bool]]) -> LoadReport:
    """Does the works, each in a transaction; all in one that may be taken back, where that is wanted."""
    if run.report.dry_run or run.is_whole:
        with database.write() as session:
            changed = False
            for work in works:
                changed |= work(session)
                session.expunge_all()
            if run.report.dry_run or run.report.failed or not changed:
                session.rollback()
    else:
        for work in works:
            with database.write() as session:
                if not work(session):
                    session.rollback()  # nothing changed: no new change stamp either
    return run.finished()


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    start = 0
    for item in items:
        batch.append(item)
        if len(batch) == BATCH_RECORDS or item.done - start > BATCH_BYTES:
            yield batch
            batch, start = [], item.done
    if batch:
        yield batch


class _Run:
    """One load: what was seen so far, and the report."""

    def __init__(self, options: LoadOptions, progress: Progress) -> None:
        self.report = LoadReport(dry_run=options.dry_run)
        self.is_whole = False
        """Whether all records are loaded or none."""
        self._options = options
        self._progress = progress
        self._total = 0
        self._claims = Claims()

    def items(self, files: list[SourceFile]) -> Iterator[Item]:
        """Every record that is right in itself, earlier revisions of an entry first."""
        sizes = [_size(file) for file in files]
        self._total = sum(sizes)
        start = 0
        for file, size in zip(files, sizes, strict=True):
            numbered = []
            for item in self._items_of(file, start):
                if item.record.meta.revision is None or file.format == "markdown":
                    yield item
                else:
                    numbered.append(item)
            # A table or a JSON file may hold the revisions of an entry in any order.
            yield from sorted(numbered, key=lambda item: item.record.meta.revision or 0)
            start += size

    def _items_of(self, file: SourceFile, start: int) -> Iterator[Item]:
        base = path_key(file.relative) if file.format == "markdown" else file.path.stem
        try:
            for found in _READERS[file.format](file.path, self._options, base):
                if isinstance(found, Fault):
                    self._fail(file, [found])
                elif item := self._check(file, found, start):
                    yield item
        except BadFile as error:
            self._fail(file, [error.fault])

    def given(self, file: SourceFile, rows: Sequence[RawRecord | list[Fault]]) -> Iterator[Item]:
        """Every record of a table that is right in itself."""
        self._total = len(rows)
        for row in rows:
            if isinstance(row, list):
                self._fail(file, row)
            elif item := self._check(file, row, 0):
                yield item

    def _check(self, file: SourceFile, raw: RawRecord, start: int) -> Item | None:
        data = dict(raw.data)
        if self._options.kind and "kind" not in data and "id" not in data:
            data["kind"] = self._options.kind
        if "id" not in data and "key" not in data:
            data["key"] = raw.key
        try:
            item = Item(parse_record(data), file, raw, start + raw.position)
            self._claims.add(item)
        except InvalidRecord as error:
            self._fail(file, [raw.fault(problem) for problem in error.problems])
            return None
        for notice in raw.notices:
            self._notice(file, raw.line, notice)
        return item

    def apply(self, session: Session, batch: list[Item]) -> bool:
        """Applies a batch, each record under its own savepoint; says whether anything changed."""
        new_refs = NewRefs(session)
        changed = False
        for item in batch:
            try:
                with session.begin_nested():
                    outcome, ref = apply_record(session, item.record, new_refs)
            except InvalidRecord as error:
                self._fail(item.file, [item.raw.fault(problem) for problem in error.problems])
                continue
            except (OperationalError, DatabaseUnavailable):
                raise
            except (KbError, SQLAlchemyError) as error:
                words = str(error).split("\n", 1)[0]
                self._fail(item.file, [Fault(item.raw.line, "", f"was refused: {words}")])
                continue
            new_refs.taken(ref)
            changed |= outcome in {"created", "updated"}
            self._count(item, outcome)
            self._progress(item.done, self._total)
        return changed

    def apply_list(self, session: Session, file: SourceFile) -> bool:
        """Applies a file of the vocabulary or of a reference table; says whether anything changed."""
        table = moving.table_at(file.relative)
        outcomes = self.report.figures if table else self.report.vocabulary
        rows = (
            moving.merge(session, file.path, table, self._options)
            if table
            else merge(session, file.path, self._options)
        )
        before = outcomes["created"] + outcomes["updated"]
        for row in rows:
            if row.outcome == "failed":
                self._fail(file, list(row.faults))
                continue
            outcomes["unchanged" if row.outcome == "kept" else row.outcome] += 1
            if row.outcome == "kept":
                self._notice(file, row.line, KEPT)
        return outcomes["created"] + outcomes["updated"] > before

    def finished(self) -> LoadReport:
        """The report."""
        self._progress(self._total, self._total)
        if self.is_whole and self.report.failed:
            self.report.take_back()
        return self.report

    def _count(self, item: Item, outcome: str) -> None:
        if outcome == "kept":
            outcome = "unchanged"
            self._notice(item.file, item.raw.line, KEPT)
        setattr(self.report, outcome, getattr(self.report, outcome) + 1)
        self.report.kinds.setdefault(item.record.kind, Counter())[outcome] += 1

    def _fail(self, file: SourceFile, faults: list[Fault]) -> None:
        self.report.failed += 1
        for fault in faults:
            self.report.problems.append(LoadProblem(file.name, fault.line, fault.field, fault.message))

    def _notice(self, file: SourceFile, line: int | None, message: str) -> None:
        self.report.notices.append(LoadProblem(file.name, line, "", message))


def _size(file: SourceFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        return 0
