"""Tables of the vocabulary enter the repository: added to what is there, or instead of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb.errors import InvalidRecord, KbError
from kb.formats import BadFile, Fault, LoadOptions
from kb.formats.vocabulary import NAME, RawGroup, read, read_table
from kb.meta import IMPORTER
from kb.vocabulary import Changes, GroupChanged, clashes, put_group, replace_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy.orm import Session

_SHOWN = 50


class BadVocabulary(KbError):
    """The table was not loaded; the message names each fault with its line."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        lines = [
            ": ".join(part for part in (f"{name}:{fault.line or 1}", fault.field, fault.message) if part)
            for fault in faults[:_SHOWN]
        ]
        if len(faults) > _SHOWN:
            lines.append(f"... and {len(faults) - _SHOWN:,} further faults")
        super().__init__("\n".join(["the vocabulary was left as it is:", *lines]))
        self.faults = faults


@dataclass(frozen=True)
class Merged:
    """What became of one row."""

    line: int | None
    outcome: str
    """created, updated, unchanged, kept (somebody's change stands) or failed."""
    faults: tuple[Fault, ...] = ()


def merge(session: Session, path: Path, options: LoadOptions) -> Iterator[Merged]:
    """Adds the groups of a file, or brings those that have their terms to what the file says.

    Other groups stay. A row that is wrong fails and the others are loaded, as with records.
    """
    try:
        for found in read(path, options):
            yield Merged(found.line, "failed", (found,)) if isinstance(found, Fault) else _put(session, found)
    except BadFile as error:
        yield Merged(error.fault.line, "failed", (error.fault,))


def _put(session: Session, raw: RawGroup) -> Merged:
    try:
        return Merged(raw.line, put_group(session, raw.record, author=IMPORTER))
    except InvalidRecord as error:
        faults = (Fault(raw.line, problem.field, problem.message) for problem in error.problems)
        return Merged(raw.line, "failed", tuple(faults))


def read_file(path: Path, options: LoadOptions) -> list[RawGroup]:
    """All groups of a file. Raises BadVocabulary naming every fault."""
    return _all(str(path), lambda: read(path, options))


def read_text(text: str, delimiter: str) -> list[RawGroup]:
    """All groups of a table that somebody sent. Raises BadVocabulary naming every fault."""
    return _all(NAME, lambda: read_table(text, delimiter))


def replace(
    session: Session, groups: Sequence[RawGroup], *, author: str, removing: Sequence[str] | None = None
) -> Changes:
    """Makes the vocabulary what a table says, all of it or nothing.

    Raises BadVocabulary, and GroupChanged when it would remove other groups than those somebody agreed
    to, `removing`.
    """
    try:
        changes = replace_all(session, [group.record for group in groups], author=author)
    except InvalidRecord as error:
        faults = [Fault(None, problem.field, problem.message) for problem in error.problems]
        raise BadVocabulary(NAME, faults) from None
    if removing is not None and changes.removals != list(removing):
        raise GroupChanged("The vocabulary was changed meanwhile. Nothing was loaded; try again.")
    return changes


def _all(name: str, rows: Callable[[], Iterable[RawGroup | Fault]]) -> list[RawGroup]:
    groups: list[RawGroup] = []
    faults: list[Fault] = []
    try:
        for found in rows():
            if isinstance(found, Fault):
                faults.append(found)
            else:
                groups.append(found)
    except BadFile as error:
        faults.append(error.fault)
    twice = clashes([group.record for group in groups])
    faults += [Fault(groups[place].line, problem.field, problem.message) for place, problem in twice]
    if faults:
        raise BadVocabulary(name, sorted(faults, key=lambda fault: fault.line or 0))
    return groups
