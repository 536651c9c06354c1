"""Renaming and merging values: looked at first, done in one transaction, and taken back.

Every published entry that holds one of them gets a typographic revision (`kb.retouching`), so that
history, exports and everything else that reads content need to know nothing of lists. An entry on which
somebody is at work keeps its text, as does the work: what they save next is written in the list's own
spelling, and what is published otherwise is put right by the next hourly look (`reapply`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import select

from kb.content import make_content
from kb.errors import NotFound, Taken
from kb.model import PUBLISHED, Entry, Revision, RevisionTag
from kb.people.audit import note
from kb.people.clock import now
from kb.people.roles import require
from kb.retouching import TENDING, retouch, untouched
from kb.strict import Strict
from kb.taxonomy.dimensions import DIMENSIONS, Dimension, dimension_of, rewritten, values_in
from kb.taxonomy.listing import TEND, ListChanged, changeable, checked, find_row, put_row
from kb.taxonomy.model import TaxonomyChange, TaxonomyValue
from kb.taxonomy.reading import change_view
from kb.taxonomy.spelling import forget_meanings, meanings
from kb.text import SOMETHING, Described, Line
from kb.validation import Problem, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.audit import Origin
    from kb.taxonomy.reading import ChangeView


Name = Literal["tag", "sector", "region", "phase", "project-type", "competency", "cause"]
Value = Annotated[Line, StringConstraints(min_length=1), Described("pattern", SOMETHING)]


class Merge(Strict):
    """Values that become one. One value and a new one is a rename."""

    dimension: Name
    values: Annotated[list[Value], Field(min_length=1, max_length=50)]
    into: Annotated[Value, Field(max_length=80)]


@dataclass(frozen=True)
class Touched:
    """An entry that a change is about."""

    ref: str
    kind: str
    title: str
    number: int
    held: tuple[str, ...]
    """Those of the values that it holds."""


@dataclass(frozen=True)
class Plan:
    """Exactly what a rename or merge would change."""

    merge: Merge
    entries: tuple[Touched, ...]
    """Those that get a new revision."""
    waiting: tuple[Touched, ...]
    """Those that somebody is at work on: they follow with that work."""
    before: int
    """Published entries that hold the value that all become, now."""
    after: int
    """The same afterwards, once all have followed."""
    fingerprint: str
    """Stands for all of it: what is agreed to is done, or nothing."""


def plan(database: Database, origin: Origin, merge: Merge) -> Plan:
    """What the change would do. Raises NotAllowed, NotFound, InvalidRecord."""
    require(origin.person, TEND)
    with database.read() as session:
        return _plan(session, *_checked(session, merge))


def apply(database: Database, origin: Origin, merge: Merge, fingerprint: str | None) -> ChangeView:
    """Does what `plan` showed, or without a fingerprint whatever it comes to.

    Raises ListChanged when that is no longer what would happen, NotAllowed, NotFound, InvalidRecord.
    """
    require(origin.person, TEND)
    with database.write() as session:
        dimension, merge = _checked(session, merge)
        planned = _plan(session, dimension, merge)
        if fingerprint is not None and planned.fingerprint != fingerprint:
            raise ListChanged(
                "Entries or lists have changed since you looked. Nothing was changed: look at it again."
            )
        row = _done(session, origin.person.name, dimension, merge)
        named = f"{', '.join(merge.values)} → {merge.into}"
        note(
            session, origin, "merge taxonomy values", named, dimension=dimension.name, change=row.id,
            entries=len(planned.entries), waiting=len(planned.waiting),
        )  # fmt: skip
        return change_view(row)


def undo(database: Database, origin: Origin, number: int) -> tuple[ChangeView, list[str]]:
    """Takes a change back: the list is as it was, and so is each entry that nobody has changed since.

    Also returns the ids of those that somebody has changed, which stay as they are. Raises NotAllowed,
    NotFound, and ListChanged when it was undone already or a later change builds on it.
    """
    require(origin.person, TEND)
    with database.write() as session:
        row = session.get(TaxonomyChange, number)
        if row is None:
            raise NotFound("There is no such change.")
        _check_undoable(session, row)
        dimension, left = dimension_of(row.dimension), []
        for value, means in row.terms:
            if means == "":  # it had no row
                held_row = find_row(session, dimension, value)
                if held_row is not None:
                    session.delete(held_row)
            else:
                put_row(session, dimension, value, means, origin.person.name)
        session.flush()
        for old_id, new_id in row.touched:
            if not _taken_back(session, old_id, new_id, origin.person.name, row):
                left.append(session.get_one(Revision, new_id).entry.ref)
        row.undone_by, row.undone_at = origin.person.name, now()
        forget_meanings(session)
        note(
            session, origin, "undo taxonomy change", f"{', '.join(row.sources)} → {row.target}",
            dimension=row.dimension, change=row.id, entries=len(row.touched) - len(left), left=len(left),
        )  # fmt: skip
        return change_view(row), left


def reapply(database: Database) -> int:
    """Puts right what was published in spellings that are not to be used. Returns how many entries."""
    with database.read() as session:
        if not any(_follow(session)):
            return 0  # a writing transaction would empty everybody's caches
    with database.write() as session:
        done = 0
        for dimension, revision, held in list(_follow(session)):
            means = meanings(session)[dimension.name]
            words = f"The list of {dimension.many} spells it: {_arrow(held, means)}."
            _rewrite(session, dimension, revision, means, TENDING, words)
            done += 1
        return done


def _follow(session: Session) -> Iterator[tuple[Dimension, Revision, tuple[str, ...]]]:
    """Published revisions in spellings that are not to be used, where nobody is at work."""
    for name, means in meanings(session).items():
        dimension = DIMENSIONS[name]
        for _, revision, held in _holding(session, dimension, set(means)):
            if untouched(session, revision.entry) is revision:
                yield dimension, revision, held


def _checked(session: Session, merge: Merge) -> tuple[Dimension, Merge]:
    """The change in the spelling of the list. Raises NotFound, NotAllowed, InvalidRecord."""
    dimension = changeable(dimension_of(merge.dimension))
    into = checked(dimension, merge.into)
    values = [value for value in dict.fromkeys(merge.values) if value != into]
    if not values:
        raise Taken([Problem("into", "is the value itself; choose another")])
    row = find_row(session, dimension, into)
    if row is not None and row.means is not None and row.means not in values:
        raise Taken([Problem("into", f"stands for {shorten(row.means)}; choose that")])
    return dimension, merge.model_copy(update={"into": into, "values": values})


def _plan(session: Session, dimension: Dimension, merge: Merge) -> Plan:
    entries: list[Touched] = []
    waiting: list[Touched] = []
    target = after = 0
    wanted = {*merge.values, merge.into}
    for entry, revision, held in _holding(session, dimension, wanted):
        target += merge.into in held
        after += 1
        changed = tuple(value for value in held if value != merge.into)
        if changed:
            touched = Touched(entry.ref, entry.kind, revision.title, revision.number, changed)
            (entries if untouched(session, entry) is revision else waiting).append(touched)
    rows = select(TaxonomyValue.value, TaxonomyValue.means).where(TaxonomyValue.dimension == dimension.name)
    listed = sorted((value, means or "") for value, means in session.execute(rows))
    state = [merge.model_dump(), [vars(each) for each in entries], [vars(each) for each in waiting], listed]
    fingerprint = hashlib.sha256(json.dumps(state).encode()).hexdigest()[:32]
    return Plan(merge, tuple(entries), tuple(waiting), target, after, fingerprint)


def _holding(
    session: Session, dimension: Dimension, wanted: set[str]
) -> list[tuple[Entry, Revision, tuple[str, ...]]]:
    """The published entries that hold one of the values, with those they hold, in order."""
    query = select(Entry, Revision).join(Revision, Revision.entry_id == Entry.id).where(PUBLISHED)
    if dimension.name == "tag":
        query = query.where(
            Revision.id.in_(select(RevisionTag.revision_id).where(RevisionTag.tag.in_(wanted)))
        )
    elif kinds := {kind for place in dimension.places for kind in place.kinds}:
        query = query.where(Entry.kind.in_(kinds))
    found = []
    for entry, revision in session.execute(query.order_by(Entry.id)):
        held = tuple(value for value in values_in(dimension, entry.kind, revision.content) if value in wanted)
        if held:
            found.append((entry, revision, held))
    return found


def _done(session: Session, by: str, dimension: Dimension, merge: Merge) -> TaxonomyChange:
    follow = select(TaxonomyValue.value).where(
        TaxonomyValue.dimension == dimension.name, TaxonomyValue.means.in_(merge.values)
    )
    moved = [value for value in session.scalars(follow) if value != merge.into]
    before = [[value, _stated(session, dimension, value)] for value in (merge.into, *merge.values, *moved)]
    put_row(session, dimension, merge.into, None, by)
    for value in (*merge.values, *moved):
        put_row(session, dimension, value, merge.into, by)
    means = dict.fromkeys(merge.values, merge.into)
    touched = []
    for entry, revision, held in _holding(session, dimension, set(merge.values)):
        if untouched(session, entry) is revision:
            words = f"{dimension.one.capitalize()} {_arrow(held, means)}."
            touched.append([revision.id, _rewrite(session, dimension, revision, means, by, words).id])
    row = TaxonomyChange(
        dimension=dimension.name, sources=list(merge.values), target=merge.into, terms=before,
        touched=touched, author=by, at=now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _stated(session: Session, dimension: Dimension, value: str) -> str | None:
    """What the list says of a value: None that it is one of its own, "" that it knows nothing of it."""
    row = find_row(session, dimension, value)
    return "" if row is None else row.means


def _rewrite(
    session: Session, dimension: Dimension, revision: Revision, means: dict[str, str], by: str, words: str
) -> Revision:
    kind = revision.entry.kind
    data = rewritten(dimension, kind, revision.content, lambda value: means.get(value, value))
    return retouch(session, revision, make_content(kind, data), by=by, note=words)


def _check_undoable(session: Session, row: TaxonomyChange) -> None:
    if row.undone_at is not None:
        raise ListChanged(f"{row.undone_by} has undone this change already.")
    later = select(TaxonomyChange).where(
        TaxonomyChange.id > row.id,
        TaxonomyChange.dimension == row.dimension,
        TaxonomyChange.undone_at.is_(None),
    )
    mine = {row.target, *row.sources}
    for other in session.scalars(later):
        if mine & {other.target, *other.sources}:
            raise ListChanged(
                f"A later change builds on it: undo {_arrow(other.sources, other.target)} first."
            )


def _taken_back(session: Session, old_id: int, new_id: int, by: str, row: TaxonomyChange) -> bool:
    """Gives an entry its values back, if its text is still the one that the change made."""
    new, old = session.get_one(Revision, new_id), session.get_one(Revision, old_id)
    standing = untouched(session, new.entry)
    if standing is None or standing.digest != new.digest:
        return False
    words = f"Undone: {_arrow(row.sources, row.target)}."
    retouch(session, standing, make_content(new.entry.kind, old.content), by=by, note=words)
    return True


def _arrow(values: Iterable[str], means: dict[str, str] | str) -> str:
    target = means if isinstance(means, str) else next(means[value] for value in values)
    return f"{', '.join(f'“{value}”' for value in values)} is now “{target}”"
