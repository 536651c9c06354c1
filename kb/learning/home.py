"""What a learner finds first: what is due, the one next step, what fits them, and what has to be renewed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.adoptions.model import Adoption
from kb.assigning.listing import Due, due
from kb.dossiers.model import DossierRow, DossierVersionRow
from kb.learning.courses import Course, Hidden, Offer, all_courses, offers
from kb.learning.model import Credential
from kb.model import Entry
from kb.people.model import User

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from kb.reading import Reader

SOON = timedelta(days=60)
"""Before a completion lapses, it is named for so long."""
MOST_SUGGESTED = 5
MOST_REASONS = 3
GENERAL = {"reader", "contributor", "admin"}
"""Roles that no path is written for."""


@dataclass(frozen=True)
class Suggestion:
    """A path that fits somebody, and why."""

    offer: Offer
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Home:
    """Everything that a person takes, took, or might take."""

    courses: Sequence[Course | Hidden]
    due: Sequence[Due]
    suggested: Sequence[Suggestion]
    offers: Sequence[Offer]
    """The published paths that are not suggested, taken or completed."""
    renewals: Sequence[Course]
    """Completions that have lapsed or soon will, what lapses first first."""
    badges: Mapping[int, str] = field(repr=False)
    """Enrolment -> name of its badge."""

    @property
    def active(self) -> list[Course | Hidden]:
        """What the person is on, what is due first, then what they worked on last."""
        return sorted((each for each in self.courses if each.state == "active"), key=self._urgency)

    @property
    def left(self) -> list[Course | Hidden]:
        """What they left, each path once."""
        return _once([each for each in self.courses if each.state == "left"])

    @property
    def completed(self) -> list[Course]:
        """What they completed, the last first."""
        return [each for each in self.courses if isinstance(each, Course) and each.state == "completed"]

    @property
    def next(self) -> Course | None:
        """The path whose next step is the one to take now."""
        return next((each for each in self.active if isinstance(each, Course) and each.walk.next), None)

    def due_of(self, ref: str) -> Due | None:
        """What is asked of the person about a path."""
        return next((each for each in self.due if each.path == ref), None)

    def course_of(self, ref: str) -> Course | None:
        """The path as the person takes it at the moment."""
        held = (each for each in self.courses if isinstance(each, Course))
        return next((each for each in held if each.ref == ref and each.state == "active"), None)

    def _urgency(self, each: Course | Hidden) -> tuple[bool, int, float]:
        asked = self.due_of(each.ref)
        last = _last_worked(each).timestamp() if isinstance(each, Course) else 0.0
        return asked is None, asked.due_on.toordinal() if asked else 0, -last


def learning_home(session: Session, user_id: int, reader: Reader, today: date) -> Home:
    """All of it for one person, as far as they may see the paths."""
    taken = all_courses(session, user_id, reader)
    asked = due(session, user_id, reader)
    known = {each.ref for each in taken} | {each.path for each in asked}
    free = [each for each in offers(session, reader) if each.ref not in known]
    fitting = _suggestions(session, user_id, free)
    shown = {each.offer.ref for each in fitting}
    numbers = [each.id for each in taken if isinstance(each, Course) and each.state == "completed"]
    held = select(Credential.enrolment_id, Credential.name).where(
        Credential.enrolment_id.in_(numbers), Credential.revoked_at.is_(None)
    )
    return Home(
        courses=taken, due=asked, suggested=fitting,
        offers=[each for each in free if each.ref not in shown], renewals=_renewals(taken, today),
        badges=dict(session.execute(held).all()),
    )  # fmt: skip


def fits(wanted: str, text: str) -> bool:
    """Whether the words stand in the text, one after the other; an s at an end makes no difference."""
    words = _words(wanted)
    return bool(words) and f" {words} " in f" {_words(text)} "


def _words(text: str) -> str:
    tokens = re.findall(r"\w+", text.lower())
    return " ".join(each[:-1] if len(each) > 3 and each.endswith("s") else each for each in tokens)


def _suggestions(session: Session, user_id: int, free: Sequence[Offer]) -> list[Suggestion]:
    """The paths for which something speaks, those with most reasons first."""
    user = session.get(User, user_id)
    if user is None or not free:
        return []
    adopted = dict(
        session.execute(
            select(Entry.ref, Adoption.project)
            .join(Adoption, Adoption.entry_id == Entry.id)
            .where(Adoption.user_id == user_id)
            .order_by(Adoption.id)
        ).all()
    )
    planned = _planned(session, user_id)
    found = [Suggestion(each, tuple(_reasons(each, user, adopted, planned))) for each in free]
    fitting = [each for each in found if each.reasons]
    fitting.sort(key=lambda each: -len(each.reasons))  # stable: of equals the first stays first
    return [Suggestion(each.offer, each.reasons[:MOST_REASONS]) for each in fitting[:MOST_SUGGESTED]]


def _reasons(
    offer: Offer, user: User, adopted: Mapping[str, str], planned: Sequence[tuple[str, Sequence[str]]]
) -> Iterator[str]:
    path, said = offer.path, offer.view.content
    text = " | ".join([said.title, said.summary, path.goal, *said.tags, *path.competencies, path.sector])
    for role in sorted(user.roles - GENERAL):
        if fits(role, path.audience) or fits(role, said.title):
            yield f"written for your role, {role}"
    for place in offer.walk.places:
        if place.material is not None and place.step.id in adopted:
            yield f"has “{place.title}”, which you adopted for {adopted[place.step.id]}"
            break
    yield from _of_words(text, user, planned)


def _of_words(text: str, user: User, planned: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    """What a path is about that the person estimates, is interested in, or knows of."""
    for title, words in planned:
        about = next((each for each in words if fits(each, text)), "")
        if about:
            yield f"is about {about}, as is “{title}”, which you estimate"
            break
    yield from (f"you are interested in {each}" for each in user.interests if fits(each, text))
    yield from (f"builds on what you know of {each}" for each in user.skills if fits(each, text))


def _planned(session: Session, user_id: int) -> list[tuple[str, list[str]]]:
    """(title, type and sector) of each project that the person has estimated and that is not finished."""
    query = select(DossierRow.title, DossierVersionRow.request).join(
        DossierVersionRow, DossierVersionRow.dossier_id == DossierRow.id
    )
    query = query.where(DossierRow.owner_id == user_id, DossierRow.closed_at.is_(None))
    newest: dict[str, list[str]] = {}
    for title, asked in session.execute(query.order_by(DossierRow.id.desc(), DossierVersionRow.number)):
        newest[title] = [str(asked[name]) for name in ("type", "sector") if asked.get(name)]
    return list(newest.items())


def _renewals(taken: Sequence[Course | Hidden], today: date) -> list[Course]:
    """The last completion of each path that ends soon, or has ended and was not begun anew."""
    latest: dict[str, Course] = {}
    for each in taken:
        if isinstance(each, Course):
            latest.setdefault(each.ref, each)
    ending = [
        (each.valid_until, each)
        for each in latest.values()
        if each.state == "completed" and each.published is not None and each.valid_until is not None
    ]
    return [
        each
        for until, each in sorted(ending, key=lambda pair: (pair[0], pair[1].ref))
        if until <= today + SOON
    ]


def _last_worked(course: Course) -> datetime:
    marks = [place.mark for place in course.walk.places]
    moments = [at for mark in marks for at in (mark.completed_at, mark.passed_at) if at is not None]
    return max([course.enrolled_at, *moments])


def _once(found: Sequence[Course | Hidden]) -> list[Course | Hidden]:
    return list({each.ref: each for each in found}.values())
