"""Writing: new entries, drafts, submitting and taking back, each allowed, done and noted at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from kb import editing
from kb.attachments.pictures import attach_named
from kb.content import digest, make_content
from kb.desk.access import (
    Case,
    cases,
    find_case,
    find_cases,
    find_readable,
    handling_of,
    is_author,
    require_author,
)
from kb.desk.copies import follow_discarded, forget_place
from kb.desk.lines import check_base, check_published, line_of, next_number, wrote_all
from kb.desk.model import Handling
from kb.desk.redacting import unredacted
from kb.desk.required import check_complete
from kb.desk.telling import tell_reviewers
from kb.errors import NotAllowed
from kb.hindsight import check_hindsight
from kb.kinds import Path
from kb.learning.checking import check_path
from kb.model import Revision
from kb.people.audit import Origin, note
from kb.people.reader import reader_of
from kb.people.roles import NOBODY, require
from kb.reading import A_CONTRIBUTOR

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.content import Content
    from kb.database import Database
    from kb.people.roles import Person
    from kb.reading import Reader


@dataclass(frozen=True)
class Manner:
    """How something is saved, beside its text."""

    anonymous: bool | None = None
    """Whether only curators are told who wrote it. None: as it stands of what one wrote; else, no."""
    mask_source: bool | None = None
    """Of a new lesson: whether its project is withheld while few are like it. None: as it stands."""
    note: str = ""
    """What the edit is about, in a sentence."""


@dataclass(frozen=True)
class Saved:
    """What now stands: an id and the number of a revision."""

    ref: str
    number: int
    state: str
    is_new: bool = True
    """False when nothing had changed, so that nothing was written."""


def create(
    database: Database, origin: Origin, kind: str, content: Content, manner: Manner = Manner()
) -> Saved:
    """A new entry with its first draft. Raises NotAllowed, InvalidRecord."""
    person = origin.person
    require(person, "contribute")
    check_hindsight(content)
    with database.write() as session:
        revision = editing.create_entry(session, kind, content, author=person.name)
        revision.anonymous = bool(manner.anonymous)
        revision.entry.mask_source = bool(manner.mask_source) and kind == "lesson"
        session.add(Handling(revision_id=revision.id, author_id=person.id, thread=1))
        attach_named(session, revision.entry, content, person)
        _note(session, origin, "write entry", revision)
        return _saved(revision)


def save(
    database: Database,
    origin: Origin,
    ref: str,
    content: Content,
    *,
    base: int,
    manner: Manner = Manner(),
    reader: Reader | None = None,
) -> Saved:
    """A new draft of what was edited from revision `base`; nothing where nothing changed.

    `reader` is as whom the text was shown: links that were withheld stay. Authors are shown all of theirs.
    Raises NotAllowed, NotFound, EditConflict where somebody else was first, and InvalidRecord for a link
    that only curators may state, or what is known only afterwards and is no attribute.
    """
    person = origin.person
    require(person, "contribute")
    check_hindsight(content)
    with database.write() as session:
        case = find_case(session, person, ref, base)
        line = line_of(session, case)
        check_base(session, person, line)
        standing, anonymous = case.revision, _is_anonymous(person, case, manner)
        if not wrote_all(session, person, case):
            content = unredacted(session, reader or reader_of(person), standing, content)
        if standing.digest == digest(content) and standing.anonymous == anonymous:
            session.rollback()
            return replace(_saved(standing), is_new=False)
        revision = editing.add_revision(
            session, standing.entry, content, number=next_number(session, standing.entry),
            author=person.name, note=manner.note,
        )  # fmt: skip
        revision.anonymous = anonymous
        thread = _thread(session, case, revision)
        session.add(Handling(revision_id=revision.id, author_id=person.id, follows=base, thread=thread))
        attach_named(session, standing.entry, content, person)
        _note(session, origin, "edit entry", revision, base=base)
        return _saved(revision)


def _is_anonymous(person: Person, case: Case, manner: Manner) -> bool:
    """Whether an edit of the case is anonymous."""
    standing, is_own = case.revision.anonymous, is_author(person, case)
    # Whoever works on what somebody wrote anonymously must not name them by taking the veil away.
    veiled = standing and not case.was_published and not is_own
    return veiled or (standing and is_own if manner.anonymous is None else manner.anonymous)


def _thread(session: Session, case: Case, revision: Revision) -> int:
    """The proposal that the new revision belongs to: a new one where it starts from a published text."""
    if case.was_published:
        return revision.number
    handling = handling_of(session, case)
    handling.thread = handling.thread or case.revision.number
    return handling.thread


def submit(database: Database, origin: Origin, ref: str, number: int) -> Saved:
    """A draft goes to review; what the author had submitted of this entry before is taken back.

    Raises NotAllowed, NotFound, InvalidRecord naming each field that is missing or cannot be as it is,
    EditConflict where something else was published since.
    """
    with database.write() as session:
        case = find_case(session, origin.person, ref, number)
        require_author(origin.person, case)
        revision = case.revision
        _check_newest(session, origin.person, case)
        _check_content(session, origin.person, revision)
        _take_back_earlier(session, case)
        editing.move(revision, "submitted")
        revision.reason = ""
        handling = handling_of(session, case)
        handling.submitted_at = editing.now()
        _note(session, origin, "submit entry", revision)
        tell_reviewers(session, origin.person, case, handling)
        return _saved(revision)


def withdraw(database: Database, origin: Origin, ref: str, number: int) -> Saved:
    """What is in review becomes a draft again. Raises NotAllowed, NotFound."""
    with database.write() as session:
        case = find_case(session, origin.person, ref, number)
        require_author(origin.person, case)
        editing.move(case.revision, "draft")
        handling_of(session, case).submitted_at = None
        _note(session, origin, "take back entry", case.revision)
        return _saved(case.revision)


def _check_content(session: Session, person: Person, revision: Revision) -> None:
    """Raises InvalidRecord naming each field that is missing, or cannot be as it is."""
    entry, content = revision.entry, make_content(revision.entry.kind, revision.content)
    check_complete(entry.kind, content)
    if isinstance(content, Path):
        standing = editing.published_revision(session, entry)
        check_path(session, entry.ref, content, standing.content if standing else {}, reader_of(person))


def _check_newest(session: Session, person: Person, case: Case) -> None:
    line = line_of(session, case)
    check_base(session, person, line)
    check_published(session, line)


def _take_back_earlier(session: Session, case: Case) -> None:
    """One author has one proposal for an entry at a time."""
    for other in proposed_beside(session, case):
        editing.move(other.revision, "draft")
    session.flush()


def proposed_beside(session: Session, case: Case) -> list[Case]:
    """What else the author has in review for the same entry."""
    if case.author_id is None:
        return []
    others = cases().where(
        Revision.entry_id == case.revision.entry_id, Revision.id != case.revision.id,
        Revision.state == "submitted", Handling.author_id == case.author_id,
    )  # fmt: skip
    return find_cases(session, others)


def mask_source(database: Database, origin: Origin, ref: str, *, masked: bool) -> None:
    """Whether a lesson keeps its project to itself from now on. Raises NotAllowed, NotFound."""
    require(origin.person, "see authors")
    with database.write() as session:
        entry = find_readable(session, origin.person, ref)
        if entry.kind != "lesson":
            raise NotAllowed(f"{ref} is a {entry.kind}; only lessons have a source to mask.")
        entry.mask_source = masked
        note(session, origin, "mask source", ref, masked=masked)


def discard(database: Database, origin: Origin, ref: str, number: int) -> None:
    """A draft that nobody has been shown goes for good, and its entry where it holds nothing else.

    Raises NotAllowed, NotFound.
    """
    with database.write() as session:
        case = find_case(session, origin.person, ref, number)
        require_author(origin.person, case)
        revision, entry = case.revision, case.revision.entry
        if revision.state != "draft":
            raise NotAllowed(f"Revision {number} of {ref} is {revision.state}; only drafts can be discarded.")
        _note(session, origin, "discard draft", revision)
        session.execute(
            update(Handling).where(Handling.revision_id.in_(_children(session, case))).values(
                follows=case.follows
            )
        )  # fmt: skip
        follow_discarded(session, ref, number, case.follows)
        if case.handling is not None:
            session.delete(case.handling)
            session.flush()
        session.delete(revision)
        session.flush()
        session.expire(entry)
        if not entry.revisions:
            forget_place(session, ref)
            session.delete(entry)


def _children(session: Session, case: Case) -> list[int]:
    query = cases().where(
        Revision.entry_id == case.revision.entry_id, Handling.follows == case.revision.number
    )
    return [each.revision.id for each in find_cases(session, query)]


def _note(session: Session, origin: Origin, action: str, revision: Revision, **detail: Any) -> None:
    note_deed(session, origin, action, revision, is_own=True, **detail)


def note_deed(
    session: Session, origin: Origin, action: str, revision: Revision, *, is_own: bool = False, **detail: Any
) -> None:
    """A line in the log; it does not name who writes anonymously, for not all who read it may know."""
    if is_own and revision.anonymous:
        origin = Origin(replace(NOBODY, name=A_CONTRIBUTOR))
    note(session, origin, action, revision.entry.ref, revision=revision.number, **detail)


def _saved(revision: Revision) -> Saved:
    return Saved(revision.entry.ref, revision.number, revision.state)
