"""Telling people what happens on the desk: reviewers what waits, authors what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kb.desk.access import OPEN, cases, find_cases
from kb.desk.lines import is_behind, is_overtaken, line_of, writers
from kb.desk.model import Comment, Handling
from kb.markup import plain_text
from kb.model import Revision
from kb.notices.reading import mark_done
from kb.notices.telling import notify, people_with
from kb.sections import HEADINGS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.desk.access import Case
    from kb.model import Entry
    from kb.people.roles import Person


MOST_PASSAGE = 160
"""Characters of a text that are quoted with a comment on it."""


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
    """Whoever wrote it hears what was decided and why; nobody is asked to review it any more."""
    mark_done(session, "review requested", case.revision.entry_id, case.revision.number)
    if case.author_id is not None:
        notify(session, "decision made", [case.author_id], by=by, words=words, **about(case))


def tell_overtaken(session: Session, by: Person, entry: Entry, number: int) -> None:
    """Whoever is at work on another change of the entry hears that this one was published."""
    query = cases().where(Revision.entry_id == entry.id, Revision.state.in_(OPEN))
    for case in find_cases(session, query):
        if (
            case.author_id is None
            or is_overtaken(session, case)
            or not is_behind(session, line_of(session, case))
        ):
            continue
        where = about(case) | {"place": f"/entries/{entry.ref}/edit?revision={case.revision.number}"}
        words = f"Open yours and save it: revision {number} is put together with it, and nothing is lost."
        notify(session, "text overtaken", [case.author_id], by=by, words=words, **where)


def tell_commented(session: Session, by: Person, case: Case, comment: Comment) -> None:
    """The author hears what others say, and they what the author answers."""
    said = session.scalars(select(Comment.author_id).where(Comment.revision_id == case.revision.id))
    to = {each for each in (case.author_id, *said) if each is not None}
    where = about(case)
    where["place"] += f"#comment-{comment.id}"
    notify(session, "comment", to, by=by, words=_quoted(case, comment), **where)


def _quoted(case: Case, comment: Comment) -> str:
    """The comment, under the beginning of the text that it is about. Only what somebody wrote is quoted:
    codes and amounts say little alone, and a lesson that masks its source is not quoted.
    """
    if not comment.field:
        return comment.text
    heading = "Title" if comment.field == "title" else HEADINGS.get(comment.field, comment.field)
    held = case.revision.content.get(comment.field)
    is_open = comment.field in {"title", *HEADINGS} and not case.revision.entry.mask_source
    passage = " ".join(plain_text(held).split()) if is_open and isinstance(held, str) else ""
    passage = passage if len(passage) <= MOST_PASSAGE else passage[: MOST_PASSAGE - 1].rstrip() + "…"
    return f"{heading}: “{passage}”\n{comment.text}" if passage else f"{heading}:\n{comment.text}"
