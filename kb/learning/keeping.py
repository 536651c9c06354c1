"""Keeping paths alive: steps whose entry has changed since it was pinned, is replaced, or is gone, and links
that were not reached.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from sqlalchemy import select

from kb.desk.lines import start_of_edit
from kb.kinds import Path
from kb.learning.model import KeptStep
from kb.learning.step_links import failed_checks
from kb.model import PUBLISHED, Entry, Reference, Revision
from kb.people.roles import require
from kb.reading import list_entries
from kb.steps import LinkStep, stored_id, stored_steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kb.learning.model import LinkCheck
    from kb.people.roles import Person
    from kb.reading import EntryView, Reader
    from kb.steps import EntryStep

MOST = 500
"""Paths that are looked at."""
Why = Literal["changed", "replaced", "gone", "unreached"]


@dataclass(frozen=True)
class Worn:
    """A step that a trainer should look at."""

    path: str
    path_title: str
    step: str
    title: str
    """Of the entry, or of the link; empty when the entry is gone."""
    why: Why
    pinned: int | None = None
    current: int | None = None
    by: str = ""
    """The entry that replaces it."""
    address: str = ""
    """Where the link leads."""
    said: str = ""
    """Why it was not reached."""
    checked_at: datetime | None = None
    """When that was."""
    draft: int | None = None
    """The trainer's own draft of the path in which the step is another already."""


def about(worn: Worn) -> str:
    """What a decision to keep the step is about: whatever comes later is asked about again."""
    if worn.why == "gone":
        return worn.why
    if worn.checked_at is not None:
        return f"{worn.why} {worn.checked_at:%Y-%m-%d %H:%M:%S}"
    return f"{worn.why} {worn.by or worn.current}"


def worn_steps(session: Session, person: Person, reader: Reader) -> list[Worn]:
    """The steps of published paths to look at, as far as the trainer may see them. Raises NotAllowed.

    A step that is pinned at no revision follows its entry, and is named only when that is replaced or gone; a
    link is named when the last check of it failed. What a trainer decided to keep is not named again.
    """
    require(person, "train")
    kept = _kept(session)
    found = [each for each in _all_worn(session, reader) if (each.path, each.step, about(each)) not in kept]
    return [replace(each, draft=_settled_in(session, person, each)) for each in found]


def find_worn(session: Session, person: Person, reader: Reader, path: str, step: str) -> Worn | None:
    """What is to be decided about a step; None where nothing is. Raises NotAllowed."""
    require(person, "train")
    return next((each for each in _all_worn(session, reader) if (each.path, each.step) == (path, step)), None)


def _all_worn(session: Session, reader: Reader) -> list[Worn]:
    views = list_entries(session, reader, "path", 0, MOST)
    paths = [(view, view.content) for view in views if isinstance(view.content, Path)]
    entries = _Entries.of(session, {step.entry for _, path in paths for step in path.entry_steps}, reader)
    failed = failed_checks(session, {step.link for _, path in paths for step in path.link_steps})
    found: list[Worn] = []
    for view, path in paths:
        for step in path.steps:
            if not isinstance(step, LinkStep):
                found += entries.worn(view, step)
            elif step.link in failed:
                found.append(_unreached(view, step, failed[step.link]))
    return found


def _unreached(view: EntryView, step: LinkStep, check: LinkCheck) -> Worn:
    return Worn(
        view.ref, view.title, step.id, step.title, "unreached", address=step.link, said=check.said,
        checked_at=check.checked_at,
    )  # fmt: skip


@dataclass(frozen=True)
class _Entries:
    """What stands of the entries that are steps, as far as somebody may see them."""

    current: dict[str, tuple[int, str]]
    """Entry -> number and title of its published revision."""
    replaced: dict[str, str]

    @classmethod
    def of(cls, session: Session, refs: set[str], reader: Reader) -> _Entries:
        query = select(Entry.ref, Revision.number, Revision.title).join(Revision)
        rows = session.execute(query.where(Entry.ref.in_(refs), PUBLISHED, reader.visible))
        current = {ref: (number, title) for ref, number, title in rows}
        return cls(current, _replaced(session, refs, reader))

    def worn(self, view: EntryView, step: EntryStep) -> Iterator[Worn]:
        here, pinned = (view.ref, view.title, step.id), step.revision
        number, title = self.current.get(step.entry, (None, ""))
        if number is None:
            yield Worn(*here, "", "gone", pinned)
        elif step.entry in self.replaced:
            yield Worn(*here, title, "replaced", pinned, number, self.replaced[step.entry])
        elif pinned is not None and pinned != number:
            yield Worn(*here, title, "changed", pinned, number)


def _kept(session: Session) -> set[tuple[str, str, str]]:
    """(path, step, what it was about) of every decision to keep a step."""
    query = select(Entry.ref, KeptStep.step, KeptStep.about).join(Entry, Entry.id == KeptStep.path_id)
    return {(path, step, said) for path, step, said in session.execute(query)}


def _settled_in(session: Session, person: Person, worn: Worn) -> int | None:
    """The person's own draft of the path that pins the step at what stands, or holds it no more."""
    case = start_of_edit(session, person, worn.path)
    if case is None or case.was_published:
        return None
    steps = [each for each in stored_steps(case.revision.content) if stored_id(each) == worn.step]
    is_settled = all(worn.why == "changed" and each.get("revision") == worn.current for each in steps)
    return case.revision.number if is_settled else None


def _replaced(session: Session, refs: set[str], reader: Reader) -> dict[str, str]:
    """Entry -> the published entry that says it supersedes it."""
    query = select(Reference.target, Entry.ref).select_from(Reference)
    query = query.join(Revision, Revision.id == Reference.revision_id).join(Revision.entry)
    wanted = query.where(
        Reference.relation == "supersedes", Reference.target.in_(refs), PUBLISHED, reader.visible
    )
    return dict(session.execute(wanted.order_by(Entry.ref.desc())).all())
