"""Comments in the margin of a revision, by its author and those who review it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints
from sqlalchemy import select

from kb import editing
from kb.desk.access import Case, find_case, is_author
from kb.desk.model import Comment
from kb.desk.telling import tell_commented
from kb.desk.veiling import veiled_writers
from kb.errors import NotAllowed, NotFound
from kb.people.roles import can, require
from kb.reading import A_CONTRIBUTOR
from kb.strict import Strict
from kb.text import Line, Words
from kb.validation import validate

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.database import Database
    from kb.people.audit import Origin
    from kb.people.roles import Person


class CommentText(Strict):
    """What is said, and of which field; of the whole without one."""

    field: Annotated[Line, StringConstraints(max_length=100)] = ""
    text: Annotated[Words, StringConstraints(min_length=1, max_length=4_000)]


@dataclass(frozen=True)
class CommentView:
    """A comment as its readers see it."""

    number: int
    field: str
    author: str
    text: str
    created_at: datetime
    is_settled: bool


def comment(database: Database, origin: Origin, ref: str, number: int, said: CommentText) -> int:
    """Adds a comment; returns its number. Raises NotAllowed, NotFound."""
    with database.write_aside() as session:
        case = _discussed(session, origin.person, ref, number)
        row = Comment(
            revision_id=case.revision.id, field=said.field, author_id=origin.person.id,
            author=origin.person.name, text=validate(CommentText, said.model_dump()).text,
            created_at=editing.now(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        tell_commented(session, origin.person, case, row)
        return row.id


def settle(
    database: Database, origin: Origin, ref: str, number: int, comment_id: int, *, settled: bool
) -> None:
    """Says that a comment is dealt with, or is not. Raises NotAllowed, NotFound."""
    with database.write_aside() as session:
        case = _discussed(session, origin.person, ref, number)
        row = session.get(Comment, comment_id)
        if row is None or row.revision_id != case.revision.id:
            raise NotFound("There is no such comment.")
        row.settled_at = editing.now() if settled else None


def comments_on(session: Session, person: Person, case: Case) -> list[CommentView]:
    """What was said of a revision, oldest first. Who wrote anonymously of the entry is not named here
    either.
    """
    rows = session.scalars(
        select(Comment).where(Comment.revision_id == case.revision.id).order_by(Comment.id)
    )
    refs = () if can(person, "see authors") else (case.revision.entry.ref,)
    veiled = set[int | str]().union(*veiled_writers(session, refs).values())
    return [
        CommentView(
            row.id, row.field,
            A_CONTRIBUTOR if {row.author_id, row.author} & veiled else row.author,
            row.text, row.created_at, row.settled_at is not None,
        )
        for row in rows
    ]  # fmt: skip


def _discussed(session: Session, person: Person, ref: str, number: int) -> Case:
    require(person, "contribute")
    case = find_case(session, person, ref, number)
    if not is_author(person, case) and not can(person, "review"):
        raise NotAllowed("Its author and those who review comment on it.")
    return case
