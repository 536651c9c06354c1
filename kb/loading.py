"""Loading: files of records enter the repository, each record whole or not at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from kb import editing
from kb.errors import DatabaseUnavailable, InvalidRecord, KbError
from kb.formats import BadFile, Fault, LoadOptions, RawRecord, jsonl, llis, markdown, path_key, tables
from kb.formats.files import find
from kb.kinds import KIND_OF_PREFIX, PREFIXES
from kb.records import apply_record, parse_record
from kb.validation import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.formats import Reader
    from kb.formats.files import SourceFile
    from kb.records import Record

    Progress = Callable[[int, int], None]
    """Called with (done, total) of one unit: bytes when loading, revisions when exporting."""

# Readers are locked out for one commit a batch.
BATCH_RECORDS = 200
BATCH_BYTES = 10_000_000

_READERS: dict[str, Reader] = {
    "markdown": markdown.read,
    "jsonl": jsonl.read,
    "csv": tables.read,
    "llis": llis.read,
}


@dataclass(frozen=True)
class LoadProblem:
    """Something to say about a place in a file; `line` and `field` are empty where there is none."""

    file: str
    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.field, self.message) if part)


@dataclass
class LoadReport:
    """What a load did, or with `dry_run` would do."""

    dry_run: bool = False
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    """Records, and files that could not be read, that are not in the repository."""
    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    """For each kind how many records were created, updated, unchanged."""
    problems: list[LoadProblem] = field(default_factory=list)
    """What went wrong. One record may have several."""
    notices: list[LoadProblem] = field(default_factory=list)
    """What is worth knowing: files left out, titles made up, edits that stand."""

    @property
    def exit_status(self) -> int:
        """1 if anything failed."""
        return 1 if self.failed else 0


@dataclass(frozen=True)
class _Item:
    """A checked record and where it stands."""

    record: Record
    file: SourceFile
    raw: RawRecord
    done: int

    @property
    def claim(self) -> _Claim:
        """What it says of identity, kept for the whole run."""
        meta = self.record.meta
        return _Claim(f"{self.file.name}:{self.raw.line}", meta.id, meta.revision)


@dataclass(frozen=True)
class _Claim:
    """That the record at `place` is about this revision."""

    place: str
    id: str | None
    revision: int | None

    def collides(self, other: _Claim) -> bool:
        """Whether both are about one revision, or about two entries under one name."""
        same = self.revision == other.revision or None in (self.revision, other.revision)
        return same or (None not in (self.id, other.id) and self.id != other.id)


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
    batches = _batches(run.items(files))
    if options.dry_run:
        with database.write() as session:
            for batch in batches:
                run.apply(session, batch)
                session.expunge_all()
            session.rollback()
    else:
        for batch in batches:
            with database.write() as session:
                if not run.apply(session, batch):
                    session.rollback()  # nothing changed: no new change stamp either
    return run.finished()


def _batches(items: Iterator[_Item]) -> Iterator[list[_Item]]:
    batch: list[_Item] = []
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
        self._options = options
        self._progress = progress
        self._total = 0
        self._claims: dict[str, list[_Claim]] = {}

    def items(self, files: list[SourceFile]) -> Iterator[_Item]:
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

    def _items_of(self, file: SourceFile, start: int) -> Iterator[_Item]:
        base = path_key(file.relative) if file.format == "markdown" else file.path.stem
        try:
            for found in _READERS[file.format](file.path, self._options, base):
                if isinstance(found, Fault):
                    self._fail(file, [found])
                elif item := self._check(file, found, start):
                    yield item
        except BadFile as error:
            self._fail(file, [error.fault])

    def _check(self, file: SourceFile, raw: RawRecord, start: int) -> _Item | None:
        data = dict(raw.data)
        if self._options.kind and "kind" not in data and "id" not in data:
            data["kind"] = self._options.kind
        if "id" not in data and "key" not in data:
            data["key"] = raw.key
        try:
            item = _Item(parse_record(data), file, raw, start + raw.position)
            self._claim(item)
        except InvalidRecord as error:
            self._fail(file, [raw.fault(problem) for problem in error.problems])
            return None
        for notice in raw.notices:
            self._notice(item, notice)
        return item

    def _claim(self, item: _Item) -> None:
        """Raises InvalidRecord when another record of this run is about the same revision."""
        meta, claim = item.record.meta, item.claim
        names = {name: value for name, value in (("id", meta.id), ("key", meta.key)) if value}
        for name, value in names.items():
            other = next((other for other in self._claims.get(value, ()) if claim.collides(other)), None)
            if other is not None:
                raise InvalidRecord([_twice(name, value, other, item)])
        for value in names.values():
            self._claims.setdefault(value, []).append(claim)

    def apply(self, session: Session, batch: list[_Item]) -> bool:
        """Applies a batch, each record under its own savepoint; says whether anything changed."""
        new_refs = _NewRefs(session)
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

    def finished(self) -> LoadReport:
        """The report."""
        self._progress(self._total, self._total)
        return self.report

    def _count(self, item: _Item, outcome: str) -> None:
        if outcome == "kept":
            outcome = "unchanged"
            self._notice(item, "was edited in the repository since it was loaded; the edit stands")
        setattr(self.report, outcome, getattr(self.report, outcome) + 1)
        self.report.kinds.setdefault(item.record.kind, Counter())[outcome] += 1

    def _fail(self, file: SourceFile, faults: list[Fault]) -> None:
        self.report.failed += 1
        for fault in faults:
            self.report.problems.append(LoadProblem(file.name, fault.line, fault.field, fault.message))

    def _notice(self, item: _Item, message: str) -> None:
        self.report.notices.append(LoadProblem(item.file.name, item.raw.line, "", message))


class _NewRefs:
    """Free ids within one transaction, without asking the database for each."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._highest: dict[str, int] = {}

    def __call__(self, kind: str) -> str:
        if self._highest.get(kind, editing.MAX_NUMBER) == editing.MAX_NUMBER:
            self._highest[kind] = int(editing.next_ref(self._session, kind)[2:]) - 1
        return f"{PREFIXES[kind]}-{self._highest[kind] + 1:04d}"

    def taken(self, ref: str) -> None:
        """Says that the id exists now."""
        kind = KIND_OF_PREFIX[ref[0]]
        if kind in self._highest:
            self._highest[kind] = max(self._highest[kind], int(ref[2:]))


def _twice(name: str, value: str, other: _Claim, item: _Item) -> Problem:
    if name == "key" and value == item.raw.key:
        return Problem("", f"has the title of {other.place}, and no id: give both an id or a key")
    return Problem(name, f"{value} is already given in {other.place}; remove one or give it another {name}")


def _size(file: SourceFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:
        return 0
