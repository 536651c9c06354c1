"""The organisation's vocabulary: groups of terms that mean the same, and the verbs that change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.editing import now
from kb.errors import InvalidRecord, KbError, NotFound, Taken
from kb.model import VocabularyGroup, VocabularyTerm
from kb.strict import Strict
from kb.text import Line
from kb.validation import Problem, shorten, validate
from kb.vocabulary_text import SEPARATOR, GroupRecord, GroupText, term_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

MAX_GROUPS = 2_000


class GroupChanged(KbError):
    """Somebody changed or removed the group first."""


@dataclass(frozen=True)
class Group:
    """A group as it stands."""

    id: int
    kind: str
    terms: tuple[str, ...]
    note: str
    version: int
    author: str
    changed_at: datetime

    def __str__(self) -> str:
        return f" {SEPARATOR} ".join(self.terms)


@dataclass(frozen=True)
class Change:
    """What becomes of a group: how it was, None if it is new, and what it says then, None if it goes."""

    before: Group | None
    after: GroupText | None

    @property
    def name(self) -> str:
        """The term that names the group, then."""
        return self.after.terms[0] if self.after else self.before.terms[0] if self.before else ""


@dataclass
class Changes:
    """What `replace_all` did, by what became of the groups."""

    created: list[Change] = field(default_factory=list)
    updated: list[Change] = field(default_factory=list)
    removed: list[Change] = field(default_factory=list)
    unchanged: list[Change] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.created or self.updated or self.removed)

    @property
    def removals(self) -> list[str]:
        """The names of the groups that go."""
        return [change.name for change in self.removed]


def list_groups(session: Session) -> list[Group]:
    """Every group, in the alphabetical order of the terms that name them."""
    groups = [_group(row) for row in session.scalars(select(VocabularyGroup))]
    return sorted(groups, key=lambda group: term_key(group.terms[0]))


def matching(groups: Sequence[Group], words: str) -> list[Group]:
    """The groups whose terms and note hold all of the words, or beginnings of them."""
    wanted = term_key(words).split()

    def holds(group: Group) -> bool:
        held = f" {term_key(' '.join((*group.terms, group.note)))}"
        return all(f" {word}" in held for word in wanted)

    return [group for group in groups if holds(group)]


def find_group(session: Session, term: str) -> Group:
    """The group that has a term, however it is written. Raises NotFound."""
    rows = _rows_of(session, [term_key(term)])
    if not rows:
        raise NotFound(f"No group of the vocabulary has the term {shorten(term)}.")
    return _group(rows[0])


def get_group(session: Session, number: int) -> Group:
    """The group with this number. Raises NotFound."""
    row = session.get(VocabularyGroup, number)
    if row is None:
        raise NotFound("There is no such group; it may have been removed.")
    return _group(row)


def add_group(session: Session, text: GroupText, *, author: str) -> Group:
    """A new group. Raises Taken when another group has one of its terms, or there is no room."""
    _check_free(session, text, None)
    if (session.scalar(select(func.count()).select_from(VocabularyGroup)) or 0) >= MAX_GROUPS:
        raise Taken([Problem("", f"the vocabulary has {MAX_GROUPS} groups: there is no room")])
    return _group(_write(session, None, text, author=author))


def change_group(session: Session, number: int, text: GroupText, *, version: int, author: str) -> Group:
    """The group says something else from now on; nothing happens when it says that already.

    Raises GroupChanged when `version` is no longer the one that stands, Taken when another group has
    one of the terms.
    """
    row = _standing(session, number, version)
    if _says(row, text):
        return _group(row)
    _check_free(session, text, row)
    return _group(_write(session, row, text, author=author))


def remove_group(session: Session, number: int, *, version: int) -> None:
    """The terms mean nothing in common any more. Raises GroupChanged as `change_group` does."""
    session.delete(_standing(session, number, version))
    session.flush()


def put_group(session: Session, record: GroupRecord, *, author: str) -> str:
    """Brings the group that has any of the terms to what a record says, or adds it.

    Returns created, updated, unchanged, or kept: where a person changed the group since, the change
    stands. Raises InvalidRecord when the terms are those of several groups.
    """
    rows = _rows_of(session, record.keys)
    if not rows:
        add_group(session, record, author=author)
        return "created"
    row = rows[0]
    if _says(row, record):
        return "unchanged"
    if row.version > record.version if record.version else row.author != author:
        return "kept"
    _check_free(session, record, row)
    _write(session, row, record, author=author)
    return "updated"


def replace_all(session: Session, records: Sequence[GroupRecord], *, author: str) -> Changes:
    """The vocabulary is what the records say and nothing else; what is the same keeps its history.

    Raises InvalidRecord, its fields counted as in `3.terms.2`, when two records have one term.
    """
    problems = [Problem(f"{place + 1}.{each.field}", each.message) for place, each in clashes(records)]
    if len(records) > MAX_GROUPS:
        problems.append(Problem("", f"has {len(records):,} groups; at most {MAX_GROUPS:,} fit"))
    if problems:
        raise InvalidRecord(problems)
    rows = {row.id: row for row in session.scalars(select(VocabularyGroup))}
    owner = {term.key: row.id for row in rows.values() for term in row.terms}
    pairs: list[tuple[GroupRecord, VocabularyGroup | None]] = []
    for record in records:
        number = next((owner[key] for key in record.keys if owner.get(key) in rows), 0)
        pairs.append((record, rows.pop(number, None)))
    changes = Changes(removed=[Change(_group(row), None) for row in rows.values()])
    for unclaimed in rows.values():
        session.delete(unclaimed)
    same = [row is not None and _says(row, record) for record, row in pairs]
    found = [Change(_group(row) if row else None, record) for record, row in pairs]
    for (_, changed), is_same in zip(pairs, same, strict=True):
        if changed is not None and not is_same:
            changed.terms.clear()  # a term may go from one group to another
    session.flush()
    for (record, row), is_same, change in zip(pairs, same, found, strict=True):
        outcome = changes.unchanged if is_same else changes.created if row is None else changes.updated
        outcome.append(change)
        if not is_same:
            _write(session, row, record, author=author)
    return changes


def clashes(records: Sequence[GroupText]) -> Iterator[tuple[int, Problem]]:
    """(place of the record, problem) for each term that an earlier record has too."""
    owner: dict[str, int] = {}
    for place, record in enumerate(records):
        for number, (term, key) in enumerate(zip(record.terms, record.keys, strict=True), 1):
            if owner.setdefault(key, place) != place:
                yield place, _taken(number, term, records[owner[key]].terms[0])


def _standing(session: Session, number: int, version: int) -> VocabularyGroup:
    row = session.get(VocabularyGroup, number)
    if row is None:
        raise GroupChanged("The group was removed by somebody else. Nothing was changed.")
    if row.version != version:
        raise GroupChanged(
            f"The group was changed by somebody else ({row.author or 'unnamed'}); it now is: {_group(row)}. "
            "Nothing was changed; look at it and try again."
        )
    return row


def _rows_of(session: Session, keys: Sequence[str]) -> list[VocabularyGroup]:
    """The groups that have any of the terms, in the order of `keys`."""
    terms = session.scalars(select(VocabularyTerm).where(VocabularyTerm.key.in_(keys)))
    numbers = {term.group_id: None for term in sorted(terms, key=lambda term: keys.index(term.key))}
    return [session.get_one(VocabularyGroup, number) for number in numbers]


def _check_free(session: Session, text: GroupText, own: VocabularyGroup | None) -> None:
    owner = {term.key: row for row in _rows_of(session, text.keys) if row is not own for term in row.terms}
    problems = [
        _taken(number, term, owner[key].terms[0].term)
        for number, (term, key) in enumerate(zip(text.terms, text.keys, strict=True), 1)
        if key in owner
    ]
    if problems:
        raise Taken(problems)


def _taken(number: int, term: str, name: str) -> Problem:
    return Problem(f"terms.{number}", f"“{term}” is in the group of “{name}” already")


def _says(row: VocabularyGroup, text: GroupText) -> bool:
    said = (row.kind, [term.term for term in row.terms], row.note) == (text.kind, text.terms, text.note)
    stated = text.model_dump(include={"version", "author", "changed_at"}, exclude_none=True)
    return said and all(getattr(row, name) == value for name, value in stated.items())


def _write(session: Session, row: VocabularyGroup | None, text: GroupText, *, author: str) -> VocabularyGroup:
    stated = text.model_dump(include={"version", "author", "changed_at"}, exclude_none=True)
    said = {"author": validate(_Author, {"author": author}).author, "changed_at": now()}
    if row is None:
        row = VocabularyGroup(version=0)
        session.add(row)
    row.kind, row.note = text.kind, text.note
    for name, value in ({"version": row.version + 1} | said | stated).items():
        setattr(row, name, value)
    row.terms.clear()
    session.flush()  # a primary key may be used again only after that
    row.terms = [
        VocabularyTerm(position=position, term=term, key=key)
        for position, (term, key) in enumerate(zip(text.terms, text.keys, strict=True))
    ]
    session.flush()
    return row


class _Author(Strict):
    author: Line


def _group(row: VocabularyGroup) -> Group:
    terms = tuple(term.term for term in row.terms)
    return Group(row.id, row.kind, terms, row.note, row.version, row.author, row.changed_at)
