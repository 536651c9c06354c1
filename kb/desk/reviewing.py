"""Reviewing: what becomes of what is submitted and of what is published, decided by somebody else than its
author, and noted in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kb import editing
from kb.content import make_content
from kb.desk.access import Case, find_case, find_readable, handling_of, is_author, require_reviewer
from kb.desk.lines import check_published, line_of, next_number, published_number, writers
from kb.desk.model import Handling
from kb.desk.telling import about, tell_author, tell_overtaken
from kb.desk.veiling import is_told_writer
from kb.desk.writing import Saved, note_deed, proposed_beside
from kb.errors import NotAllowed
from kb.notices.telling import notify
from kb.people.accounts import find_user
from kb.people.audit import note
from kb.people.roles import permissions_of, require

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.model import Entry, Revision
    from kb.people.audit import Origin

CHANGES, REJECTED = "changes requested", "rejected"


@dataclass(frozen=True)
class Judgement:
    """How something is published."""

    typographic: bool = False
    """Whether it changes no meaning, so that the verification stands."""
    verify: bool = False
    """Whether the reviewer also vouches that it holds."""


def assign(database: Database, origin: Origin, ref: str, number: int, to: int | None) -> None:
    """Says who is to review it; None: nobody in particular. Raises NotAllowed, NotFound.

    That somebody wrote it, and so cannot, is no reason to whoever must not know who did: trying one after
    the other would tell. Nobody decides on what they wrote all the same.
    """
    require(origin.person, "review")
    with database.write_aside() as session:
        case = find_case(session, origin.person, ref, number)
        name = ""
        if to is not None:
            user = find_user(session, to)
            name = user.name
            if user.status != "active" or "review" not in permissions_of(user.roles):
                raise NotAllowed(f"{user.name} may not review: choose a curator or verifier.")
            if is_told_writer(session, origin.person, case, to):
                raise NotAllowed(f"{user.name} wrote it, and cannot review it.")
        handling_of(session, case).assignee_id = to
        note(session, origin, "assign review", ref, revision=number, to=name or "nobody")
        if to is not None:
            notify(session, "review requested", [to], by=origin.person, **about(case))


def refuse(database: Database, origin: Origin, ref: str, number: int, *, to: str, reason: str) -> Saved:
    """What is submitted goes back to its author, or is rejected, with the reason.

    Raises NotAllowed, NotFound, and InvalidRecord for a reason that cannot be stored.
    """
    with database.write() as session:
        case = _judged(session, origin, ref, number)
        revision = editing.refuse(
            session, ref, number, to=to, reviewer=origin.person.name, reason=reason, is_another=True
        )
        handling_of(session, case).reviewer_id = origin.person.id
        action = "request changes" if to == CHANGES else "reject entry"
        note_deed(session, origin, action, revision, reason=revision.reason)
        tell_author(session, origin.person, case, revision.reason)
        return _saved(revision)


def reconsider(database: Database, origin: Origin, ref: str, number: int) -> Saved:
    """What was sent back or rejected is in review again. Raises NotAllowed, NotFound."""
    require(origin.person, "review")
    with database.write() as session:
        case = find_case(session, origin.person, ref, number)
        if proposed_beside(session, case):
            raise NotAllowed(f"Its author has submitted another text of {ref} since: decide on that.")
        editing.move(case.revision, "submitted")
        case.revision.reason = ""
        handling = handling_of(session, case)
        handling.reviewer_id = None
        handling.submitted_at = handling.submitted_at or editing.now()
        note_deed(session, origin, "reconsider entry", case.revision)
        return _saved(case.revision)


def publish(
    database: Database, origin: Origin, ref: str, number: int, judgement: Judgement = Judgement()
) -> Saved:
    """Readers see it from now on. Unless it changes no meaning, nobody has verified it yet.

    Raises NotAllowed, NotFound, and EditConflict where another text was published since it was begun.
    """
    with database.write() as session:
        case = _judged(session, origin, ref, number)
        line = line_of(session, case)
        check_published(session, line)
        entry = case.revision.entry
        before = published_number(session, entry)
        if judgement.typographic and before is None:
            raise NotAllowed(f"{ref} is not published yet, so this is no correction of it.")
        revision = editing.publish(session, ref, number, reviewer=origin.person.name, is_another=True)
        handling = handling_of(session, case)
        handling.reviewer_id, handling.typographic = origin.person.id, judgement.typographic
        if judgement.verify:
            _vouch(entry, origin, today())
        elif not judgement.typographic:
            entry.verified_on, entry.verifier = None, ""
        note_deed(
            session, origin, "publish entry", revision, replaces=before, verified=judgement.verify,
            edit="typographic" if judgement.typographic else "substantive",
        )  # fmt: skip
        tell_author(session, origin.person, case, "It is published.")
        tell_overtaken(session, origin.person, entry, revision.number)
        return _saved(revision)


def archive(database: Database, origin: Origin, ref: str, *, reason: str = "") -> Saved:
    """Readers no longer see the entry; `restore` brings it back. Raises NotAllowed, NotFound."""
    require(origin.person, "archive")
    with database.write() as session:
        find_readable(session, origin.person, ref)
        revision = editing.archive(session, ref, reviewer=origin.person.name, is_another=True)
        note_deed(session, origin, "archive entry", revision, reason=reason)
        return _saved(revision)


def restore(database: Database, origin: Origin, ref: str, number: int) -> Saved:
    """Readers see the text of a revision again that once was published: it, or a new revision with its text
    where others came after it. Verification is open again.

    Raises NotAllowed, NotFound.
    """
    require(origin.person, "archive")
    with database.write() as session:
        case = find_case(session, origin.person, ref, number)
        if not case.was_published:
            raise NotAllowed(
                f"Revision {number} of {ref} is {case.revision.state}; "
                "only what was published once can be restored."
            )
        revision = case.revision
        if revision.state == "archived" and next_number(session, revision.entry) == number + 1:
            editing.publish(session, ref, number, reviewer=origin.person.name, is_another=True)
        else:
            revision = _again(session, origin, case)
        revision.entry.verified_on, revision.entry.verifier = None, ""
        note_deed(session, origin, "restore revision", revision, restored=number)
        return _saved(revision)


def verify(database: Database, origin: Origin, ref: str, on: date | None = None) -> None:
    """Somebody vouches that the published text still holds. Raises NotAllowed, NotFound."""
    require(origin.person, "verify")
    with database.write() as session:
        entry = find_readable(session, origin.person, ref)
        if published_number(session, entry) is None:
            raise NotAllowed(f"{ref} is not published, so there is nothing to verify.")
        _vouch(entry, origin, on or today())
        note(session, origin, "verify entry", ref, on=(on or today()).isoformat())


def today() -> date:
    """The day in UTC."""
    return datetime.now(UTC).date()


def may_judge(session: Session, origin: Origin, case: Case) -> bool:
    """Whether whoever acts could decide on it."""
    try:
        require_reviewer(origin.person, writers(line_of(session, case)))
    except NotAllowed:
        return False
    return not is_author(origin.person, case)


def _judged(session: Session, origin: Origin, ref: str, number: int) -> Case:
    """The revision, for somebody to decide who may. Raises NotAllowed, NotFound."""
    case = find_case(session, origin.person, ref, number)
    require_reviewer(origin.person, writers(line_of(session, case)))
    return case


def _again(session: Session, origin: Origin, case: Case) -> Revision:
    """A new, published revision with the text and the author of an earlier one."""
    old, entry = case.revision, case.revision.entry
    revision = editing.add_revision(
        session, entry, make_content(entry.kind, old.content), number=next_number(session, entry),
        author=old.author, note=f"Text of revision {old.number} restored",
    )  # fmt: skip
    revision.anonymous = old.anonymous
    editing.move(revision, "submitted")
    session.add(
        Handling(
            revision_id=revision.id, author_id=case.author_id, follows=old.number, thread=revision.number
        )
    )
    return editing.publish(session, entry.ref, revision.number, reviewer=origin.person.name, is_another=True)


def _vouch(entry: Entry, origin: Origin, on: date) -> None:
    entry.verified_on, entry.verifier = on, origin.person.name


def _saved(revision: Revision) -> Saved:
    return Saved(revision.entry.ref, revision.number, revision.state)
