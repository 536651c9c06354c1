"""What each bulk action does with one entry, what it would do, and how that is taken back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kb import editing
from kb.content import make_content
from kb.desk.access import cases, find_cases, handling_of, seen
from kb.desk.reviewing import today
from kb.desk.veiling import is_told_writer
from kb.desk.writing import note_deed
from kb.editing import published_revision
from kb.errors import NotAllowed
from kb.model import PUBLISHED, Entry, Revision
from kb.notices.telling import notify
from kb.people.accounts import find_user
from kb.people.audit import note
from kb.people.model import User
from kb.people.reader import reader_of
from kb.people.roles import permissions_of
from kb.retouching import retouch, untouched
from kb.taxonomy.spelling import curated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from kb.content import Content
    from kb.desk.bulk import Wanted
    from kb.people.audit import Origin

Touched = list[Any]
"""What is kept of an entry that was changed: its id, then what is needed to take it back."""
MOST_TAGS = 100


@dataclass(frozen=True)
class Planned:
    """An entry that would change."""

    ref: str
    kind: str
    title: str
    number: int
    """Of the revision that it is about."""
    change: str
    """What becomes of it, in words."""


@dataclass(frozen=True)
class Left:
    """An entry with which nothing happens."""

    ref: str
    why: str


class Step(ABC):
    """A bulk action."""

    @abstractmethod
    def plan(self, session: Session, origin: Origin, wanted: Wanted) -> tuple[list[Planned], list[Left]]:
        """What would change, and what would not."""

    @abstractmethod
    def do(self, session: Session, origin: Origin, wanted: Wanted, planned: Planned, bulk: int) -> Touched:
        """Does it; returns what is needed to take it back."""

    @abstractmethod
    def undo(self, session: Session, origin: Origin, touched: Touched) -> bool:
        """Takes it back; False where somebody has changed it since."""

    @abstractmethod
    def words(self, said: Mapping[str, Any]) -> str:
        """What was done, in words."""

    def tell(self, session: Session, origin: Origin, wanted: Wanted, count: int) -> None:  # noqa: B027
        """Tells those whom it concerns, once for all entries."""


class _OfPublished(Step):
    """What is done with published entries."""

    def plan(self, session: Session, origin: Origin, wanted: Wanted) -> tuple[list[Planned], list[Left]]:
        entries: list[Planned] = []
        left: list[Left] = []
        found = _published(session, origin, wanted.entries)
        for ref in dict.fromkeys(wanted.entries):
            if ref not in found:
                left.append(Left(ref, "is not published, or not there"))
                continue
            revision = found[ref]
            change, why = self.change(session, origin, wanted, revision)
            if why:
                left.append(Left(ref, why))
            else:
                entries.append(Planned(ref, revision.entry.kind, revision.title, revision.number, change))
        return entries, left

    @abstractmethod
    def change(self, session: Session, origin: Origin, wanted: Wanted, revision: Revision) -> tuple[str, str]:
        """(what becomes of the published revision, or empty; why nothing does, or empty)."""


class _Archive(_OfPublished):
    def change(self, session: Session, origin: Origin, wanted: Wanted, revision: Revision) -> tuple[str, str]:
        return "readers no longer see it", ""

    def do(self, session: Session, origin: Origin, wanted: Wanted, planned: Planned, bulk: int) -> Touched:
        revision = editing.find_revision(session, planned.ref, planned.number)
        judged = revision.decided_at.isoformat() if revision.decided_at else None
        before = [planned.ref, planned.number, revision.reviewer, judged]
        editing.archive(session, planned.ref, reviewer=origin.person.name, is_another=True)
        note_deed(session, origin, "archive entry", revision, reason=wanted.reason, bulk=bulk)
        return before

    def undo(self, session: Session, origin: Origin, touched: Touched) -> bool:
        ref, number, reviewer, judged = touched
        revision = editing.find_revision(session, ref, number)
        if revision.state != "archived" or published_revision(session, revision.entry) is not None:
            return False
        editing.publish(session, ref, number, reviewer=origin.person.name, is_another=True)
        revision.reviewer = reviewer or revision.reviewer
        revision.decided_at = datetime.fromisoformat(judged) if judged else revision.decided_at
        return True

    def words(self, said: Mapping[str, Any]) -> str:
        return "archived"


class _Verify(_OfPublished):
    def change(self, session: Session, origin: Origin, wanted: Wanted, revision: Revision) -> tuple[str, str]:
        if revision.entry.verified_on == today():
            return "", "is verified as of today already"
        before = revision.entry.verified_on
        return f"verified as of today, before {before.isoformat() if before else 'never'}", ""

    def do(self, session: Session, origin: Origin, wanted: Wanted, planned: Planned, bulk: int) -> Touched:
        entry = editing.find_entry(session, planned.ref)
        before = entry.verified_on.isoformat() if entry.verified_on else None
        touched = [planned.ref, before, entry.verifier, today().isoformat(), origin.person.name]
        entry.verified_on, entry.verifier = today(), origin.person.name
        note(session, origin, "verify entry", planned.ref, on=today().isoformat(), bulk=bulk)
        return touched

    def undo(self, session: Session, origin: Origin, touched: Touched) -> bool:
        ref, before, verifier, on, by = touched
        entry = editing.find_entry(session, ref)
        if entry.verified_on is None or (entry.verified_on.isoformat(), entry.verifier) != (on, by):
            return False
        entry.verified_on, entry.verifier = date.fromisoformat(before) if before else None, verifier
        return True

    def words(self, said: Mapping[str, Any]) -> str:
        return "verified"


class _Assign(Step):
    def plan(self, session: Session, origin: Origin, wanted: Wanted) -> tuple[list[Planned], list[Left]]:
        name = _reviewer(session, wanted.reviewer)
        entries: list[Planned] = []
        left: list[Left] = []
        query = cases().where(
            Entry.ref.in_(wanted.entries), Revision.state == "submitted", seen(origin.person)
        )
        found = find_cases(session, query.order_by(Revision.entry_id, Revision.number))
        for ref in dict.fromkeys(wanted.entries):
            waiting = [case for case in found if case.revision.entry.ref == ref]
            if not waiting:
                left.append(Left(ref, "does not wait for a review"))
            for case in waiting:
                revision, held = case.revision, case.handling.assignee_id if case.handling else None
                if held == wanted.reviewer:
                    left.append(Left(ref, f"is with {name} already"))
                elif is_told_writer(session, origin.person, case, wanted.reviewer):
                    left.append(Left(ref, f"was written in part by {name}, who cannot review it"))
                else:
                    change = f"to be reviewed by {name}"
                    entries.append(Planned(ref, revision.entry.kind, revision.title, revision.number, change))
        return entries, left

    def do(self, session: Session, origin: Origin, wanted: Wanted, planned: Planned, bulk: int) -> Touched:
        case = _case(session, planned.ref, planned.number)
        handling = handling_of(session, case)
        before, handling.assignee_id = handling.assignee_id, wanted.reviewer
        name = _reviewer(session, wanted.reviewer)
        note(session, origin, "assign review", planned.ref, revision=planned.number, to=name, bulk=bulk)
        return [planned.ref, planned.number, before, wanted.reviewer]

    def undo(self, session: Session, origin: Origin, touched: Touched) -> bool:
        ref, number, before, to = touched
        found = find_cases(session, cases().where(Entry.ref == ref, Revision.number == number))
        handling = found[0].handling if found else None
        if handling is None or handling.assignee_id != to or found[0].revision.state != "submitted":
            return False
        handling.assignee_id = before if before and session.get(User, before) else None
        return True

    def tell(self, session: Session, origin: Origin, wanted: Wanted, count: int) -> None:
        if wanted.reviewer is not None:
            words = f"{count:,} {'revision waits' if count == 1 else 'revisions wait'} for your review."
            notify(
                session, "review requested", [wanted.reviewer], by=origin.person, words=words,
                place="/review?assigned=me",
            )  # fmt: skip

    def words(self, said: Mapping[str, Any]) -> str:
        return "assigned" if said.get("reviewer") else "assigned to nobody"


class _Tags(_OfPublished):
    def __init__(self, *, adds: bool) -> None:
        self._adds = adds

    def change(self, session: Session, origin: Origin, wanted: Wanted, revision: Revision) -> tuple[str, str]:
        content = make_content(revision.entry.kind, revision.content)
        changed = self._changed(session, revision.entry.kind, content, wanted.tag or "")
        if untouched(session, revision.entry) is not revision:
            return "", "somebody is at work on it"
        if changed.tags == content.tags:
            return "", "has the tag already" if self._adds else "does not have the tag"
        if len(changed.tags) > MOST_TAGS:
            return "", f"has {MOST_TAGS} tags, and no room for more"
        return f"tags: {', '.join(changed.tags) or 'none'}", ""

    def _changed(self, session: Session, kind: str, content: Content, tag: str) -> Content:
        """The content with the tag, or without it, in the spelling of the list."""
        (spelled,) = curated(session, kind, content.model_copy(update={"tags": [tag]})).tags
        others = [each for each in content.tags if each != spelled]
        if self._adds:
            return content if spelled in content.tags else content.model_copy(
                update={"tags": [*others, spelled]}
            )  # fmt: skip
        return content.model_copy(update={"tags": others})

    def do(self, session: Session, origin: Origin, wanted: Wanted, planned: Planned, bulk: int) -> Touched:
        tag = wanted.tag or ""
        standing = editing.find_revision(session, planned.ref, planned.number)
        content = make_content(planned.kind, standing.content)
        said = f"Tag “{tag}” {'added' if self._adds else 'removed'}."
        changed = self._changed(session, planned.kind, content, tag)
        made = retouch(session, standing, changed, by=origin.person.name, note=said)
        note(session, origin, "tag entry" if self._adds else "untag entry", planned.ref, tag=tag, bulk=bulk)
        return [planned.ref, standing.id, made.id, tag]

    def undo(self, session: Session, origin: Origin, touched: Touched) -> bool:
        _, old_id, new_id, tag = touched
        old, new = session.get_one(Revision, old_id), session.get_one(Revision, new_id)
        standing = untouched(session, new.entry)
        if standing is None or standing.digest != new.digest:
            return False
        said = f"Undone: tag “{tag}” {'added' if self._adds else 'removed'}."
        content = make_content(new.entry.kind, old.content)
        retouch(session, standing, content, by=origin.person.name, note=said)
        return True

    def words(self, said: Mapping[str, Any]) -> str:
        return f"{'given' if self._adds else 'no longer given'} the tag “{said.get('tag')}”"


STEPS: Mapping[str, Step] = {
    "archive": _Archive(), "verify": _Verify(), "assign": _Assign(), "add tag": _Tags(adds=True),
    "remove tag": _Tags(adds=False),
}  # fmt: skip
"""What each action does."""


def _published(session: Session, origin: Origin, refs: list[str]) -> dict[str, Revision]:
    """The published revisions of those of the entries that whoever acts may see."""
    query = select(Entry.ref, Revision).join(Revision, Revision.entry_id == Entry.id)
    query = query.where(Entry.ref.in_(refs), PUBLISHED, reader_of(origin.person).visible)
    return dict(session.execute(query).all())


def _case(session: Session, ref: str, number: int) -> Any:
    (found,) = find_cases(session, cases().where(Entry.ref == ref, Revision.number == number))
    return found


def _reviewer(session: Session, number: int | None) -> str:
    """The name of who is to review. Raises NotFound, NotAllowed for who may not."""
    if number is None:
        return "nobody in particular"
    user = find_user(session, number)
    if user.status != "active" or "review" not in permissions_of(user.roles):
        raise NotAllowed(f"{user.name} may not review: choose a curator or verifier.")
    return user.name
