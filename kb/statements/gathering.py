"""Finding what the record store has not been told yet: what the tables of learning say, less what is stated.

No verb of learning knows of statements. So nothing that people do waits for them, and whatever way it was
done by is told.
"""

from __future__ import annotations

from datetime import timedelta
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from sqlalchemy import literal, select, true, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from kb.kinds import Path
from kb.learning.model import Attempt, Credential, Enrolment, StepMark
from kb.model import PUBLISHED, Entry, Revision
from kb.people.clock import now
from kb.people.model import User
from kb.reading import view_of
from kb.statements.making import Happening, Teller, actor_of
from kb.statements.model import LearnerName, Statement
from kb.steps import is_link_id
from kb.visibility import RESTRICTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from kb.config import Settings
    from kb.steps import LinkStep

BACK = timedelta(days=30)
"""What happened longer ago is told no more: who sets a store up gets no years of history."""
MOST = 500
"""Of each kind, at a time."""


def gather(session: Session, settings: Settings) -> int:
    """Puts into the outbox what has happened and is not stated; returns how much."""
    found = list(_happenings(session))
    if not found:
        return 0
    refs = {ref for each in found for ref in (each.path, each.step)}
    titles = _titles(session, refs)
    teller = Teller(settings.base_url, titles, _links(session, found, titles))
    actors = _actors(session, settings, {each.user_id for each in found})
    at = now()
    rows = [
        {
            "name": each.name(teller.base), "user_id": each.user_id, "enrolment_id": each.enrolment_id,
            "verb": each.verb, "step": each.step, "number": each.number, "state": "waiting",
            "body": teller.statement(each, actors[each.user_id]), "created_at": at, "due_at": at,
            "attempts": 0, "problem": "",
        }
        for each in found
    ]  # fmt: skip
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(Statement).on_conflict_do_nothing(), rows)
    return len(rows)


def _happenings(session: Session) -> Iterator[Happening]:
    """What is not stated yet, what happened first first within each kind."""
    enrolled, completed = Enrolment.enrolled_at, Enrolment.completed_at
    yield from _found(session, _query("registered", enrolled))
    opened = _query("initialized", StepMark.opened_at, StepMark.step).join(StepMark)
    yield from _found(session, opened)
    done = _query("completed", StepMark.completed_at, StepMark.step).join(StepMark)
    yield from _found(session, done)
    for verb, passed in (("passed", True), ("failed", False)):
        query = _query(verb, Attempt.handed_in_at, Attempt.step, Attempt.number, Attempt.score).join(Attempt)
        right = Attempt.passed == true() if passed else Attempt.passed.is_(False)
        yield from _found(session, query.where(Attempt.state == "marked", right))
    yield from _found(session, _query("completed", completed))
    yield from _found(session, _query("earned", Credential.issued_at).join(Credential))


def _query(verb: str, at: Any, step: Any = None, number: Any = None, score: Any = None) -> Select[Any]:
    """The fields of Happening, in their order, of what happened lately and is not stated."""
    step = literal("") if step is None else step
    number = literal(0) if number is None else number
    stated = select(Statement.id).where(
        Statement.enrolment_id == Enrolment.id, Statement.verb == verb, Statement.step == step,
        Statement.number == number,
    )  # fmt: skip
    columns = (
        literal(verb), Enrolment.id, Enrolment.user_id, Entry.ref, Enrolment.revision, Enrolment.enrolled_at,
        at, step, number, literal(None) if score is None else score,
    )  # fmt: skip
    query = select(*columns).select_from(Enrolment).join(Entry, Entry.id == Enrolment.path_id)
    return query.where(at >= now() - BACK, ~stated.exists(), _tells()).order_by(at).limit(MOST)


def _tells() -> ColumnElement[bool]:
    """Whether the person lets it be told."""
    mine = (User.id == Enrolment.user_id, ~User.private_learning, User.status == "active")
    tells = select(User.id).where(*mine)
    return tells.correlate(Enrolment).exists()


def _found(session: Session, query: Select[Any]) -> Iterator[Happening]:
    return (Happening(*row) for row in session.execute(query).all())


def _titles(session: Session, refs: set[str]) -> dict[str, str]:
    query = select(Entry.ref, Revision.title).join(Revision, Revision.entry_id == Entry.id)
    shown = (Entry.ref.in_(refs), PUBLISHED, Entry.visibility != RESTRICTED)
    return dict(session.execute(query.where(*shown)).all())


def _links(
    session: Session, found: Iterable[Happening], titles: Mapping[str, str]
) -> dict[tuple[str, str], LinkStep]:
    """(path, id of a step) -> its link, of paths of which more than the id is told."""
    wanted = {(each.path, each.revision) for each in found if is_link_id(each.step) and each.path in titles}
    query = select(Revision).join(Revision.entry)
    query = query.where(tuple_(Entry.ref, Revision.number).in_(wanted)).order_by(Revision.number)
    views = [view_of(revision) for revision in session.scalars(query)] if wanted else []
    return {
        (view.ref, step.id): step
        for view in views
        if isinstance(view.content, Path)
        for step in view.content.link_steps
    }


def _actors(session: Session, settings: Settings, people: set[int]) -> dict[int, dict[str, Any]]:
    known = dict(
        session.execute(
            select(LearnerName.user_id, LearnerName.name).where(LearnerName.user_id.in_(people))
        ).all()
    )
    for user_id in sorted(people - known.keys()):
        known[user_id] = token_hex(16)
        session.add(LearnerName(user_id=user_id, name=known[user_id]))
    session.flush()
    told = {}
    if settings.xapi_email:
        rows = session.execute(select(User.id, User.name, User.email).where(User.id.in_(people)))
        told = {number: (name, email) for number, name, email in rows}
    return {user_id: actor_of(settings.base_url, name, told.get(user_id)) for user_id, name in known.items()}
