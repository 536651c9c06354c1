"""Telling people what happens on the desk: reviewers what waits, authors what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kb.desk.lines import line_of, writers
from kb.desk.model import Comment, Handling
from kb.notices.telling import notify, people_with

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.desk.access import Case
    from kb.people.roles import Person


def about(case: Case) -> dict[str, Any]:
    """What a notice names: the entry, its revision, and the page of it."""
    ref, number = case.revision.entry.ref, case.revision.number
    return {"ref": ref, "number": number, "place": f"/review/{ref}/{number}"}


def tell_reviewers(session: Session, by: Person, case: Case, handling: Handling) -> None:
    """Whoever is to review it, else all curators but those who wrote a part of it."""
    assignee = handling.assignee_id
    to = set(people_with(session, "curator")) if assignee is None else {assignee}
    wrote = {each for each in writers(line_of(session, case)) if isinstance(each, int)}
    notify(session, "review requested", to - wrote, by=by, **about(case))


def tell_author(session: Session, by: Person, case: Case, words: str) -> None:
    """Whoever wrote it hears what was decided and why."""
    if case.author_id is not None:
        notify(session, "decision made", [case.author_id], by=by, words=words, **about(case))


def tell_commented(session: Session, by: Person, case: Case, comment: Comment) -> None:
    """The author hears what others say, and they what the author answers."""
    said = session.scalars(select(Comment.author_id).where(Comment.revision_id == case.revision.id))
    to = {each for each in (case.author_id, *said) if each is not None}
    notify(session, "comment", to, by=by, words=comment.text, **about(case))
