"""Who can help with something: from what people wrote and led, and what they say they can be asked about.

Only what the reader may see counts, so that no reason tells of anything hidden. An entry of which any
revision was written anonymously names nobody, nor does a lesson that keeps its source to itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from kb.desk.model import Handling
from kb.masking import SHOWN
from kb.model import PUBLISHED, Entry, Revision
from kb.people.accounts import as_person
from kb.people.model import User
from kb.people.reader import reader_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from kb.people.roles import Person
    from kb.reading import Reader

MOST = 5
"""People who are named: a person who asks chooses one."""
MOST_ENTRIES = 50
"""Entries on a topic that are looked at."""
_SHORT = 3
"""Letters of a word that tells nothing."""
_NAMED = 3
"""Ids that a reason names."""
_WORDS = {"lesson": ("wrote", "lesson"), "project": ("led", "project")}
_OWNED = {"template": "template", "training": "training", "path": "learning path"}


@dataclass(frozen=True)
class Topic:
    """What help is wanted with."""

    refs: Sequence[str]
    """Entries on it, the nearest first."""
    words: str
    """The same in words: titles, tags, or what was searched for."""
    about: str = ""
    """The entry that it is about; whoever helps must be able to see it."""


@dataclass(frozen=True)
class Mentor:
    """Somebody who can help."""

    id: int
    name: str
    reasons: tuple[str, ...]


@dataclass
class _Known:
    """What speaks for a person."""

    wrote: list[str] = field(default_factory=list)
    led: list[str] = field(default_factory=list)
    owns: list[tuple[str, str]] = field(default_factory=list)
    skills: list[str] = field(default_factory=list)

    @property
    def weight(self) -> int:
        return 3 * len(self.wrote) + 4 * len(self.led) + 2 * len(self.owns) + 5 * len(self.skills)

    @property
    def reasons(self) -> tuple[str, ...]:
        said = []
        if self.wrote:
            count = "a lesson" if len(self.wrote) == 1 else f"{len(self.wrote)} lessons"
            said.append(f"wrote {count} on this: {_listed(self.wrote)}")
        if self.led:
            said.append(f"led {_listed(self.led)}")
        said += [f"looks after the {kind} {ref}" for ref, kind in self.owns[:_NAMED]]
        if self.skills:
            said.append(f"can be asked about {', '.join(self.skills[:_NAMED])}")
        return tuple(said)


def find_mentors(session: Session, person: Person, reader: Reader, topic: Topic) -> list[Mentor]:
    """The people who can help the person most, with the reasons. Nobody for who has not signed in."""
    if not person.is_known:
        return []
    known: dict[int, _Known] = defaultdict(_Known)
    refs = list(dict.fromkeys(topic.refs))[:MOST_ENTRIES]
    _add_authors(session, known, reader, refs)
    _add_owners(session, known, reader, refs)
    query = select(User).where(User.status == "active", User.mentors, User.id != (person.id or 0))
    found = []
    words = _folded(topic.words)
    for user in session.scalars(query):
        known[user.id].skills = [each for each in user.skills if _fits(each, words)]
        if known[user.id].weight and _may_see(session, user, topic.about):
            found.append(user)
    found.sort(key=lambda user: (-known[user.id].weight, user.name, user.id))
    return [Mentor(user.id, user.name, known[user.id].reasons) for user in found[:MOST]]


def _add_authors(session: Session, known: dict[int, _Known], reader: Reader, refs: list[str]) -> None:
    """Who wrote the lessons among the entries."""
    veiled = select(Revision.id).where(Revision.entry_id == Entry.id, Revision.anonymous).correlate(Entry)
    query = (
        select(Entry.ref, Handling.author_id, Revision.author)
        .select_from(Revision)
        .join(Revision.entry)
        .outerjoin(Handling, Handling.revision_id == Revision.id)
        .where(Entry.ref.in_(refs), Entry.kind == "lesson", Revision.state.in_(SHOWN), reader.visible)
        .where(~veiled.exists(), _is_published())
    )
    if not reader.sees_authors:
        query = query.where(~Entry.mask_source)
    rows = session.execute(query).all()
    ids = _ids_of(session, {author for _, number, author in rows if number is None})
    wrote: dict[int, set[str]] = defaultdict(set)
    for ref, number, author in rows:
        whose = number if number is not None else ids.get(author.strip().lower())
        if whose is not None:
            wrote[whose].add(ref)
    for user_id, written in wrote.items():
        known[user_id].wrote = [ref for ref in refs if ref in written]


def _add_owners(session: Session, known: dict[int, _Known], reader: Reader, refs: list[str]) -> None:
    """Who led the projects among the entries, and who looks after the material."""
    kinds = ("project", *_OWNED)
    query = select(Entry.ref, Entry.kind, Entry.owner).where(Entry.ref.in_(refs), Entry.kind.in_(kinds))
    rows = session.execute(query.where(reader.visible, Entry.owner != "", _is_published())).all()
    ids = _ids_of(session, {owner for _, _, owner in rows})
    places = {ref: place for place, ref in enumerate(refs)}
    for ref, kind, owner in sorted(rows, key=lambda row: places[row[0]]):
        whose = ids.get(owner.strip().lower())
        if whose is None:
            continue
        if kind == "project":
            known[whose].led.append(ref)
        else:
            known[whose].owns.append((ref, _OWNED[kind]))


def _is_published() -> ColumnElement[bool]:
    """Whether the entry has a published revision."""
    stands = select(Revision.id).where(Revision.entry_id == Entry.id, PUBLISHED)
    return stands.correlate(Entry).exists()


def _ids_of(session: Session, stated: Iterable[str]) -> dict[str, int]:
    """Whom names and e-mails in entries mean; nobody where people share a name."""
    names = {each.strip().lower() for each in stated if each.strip()}
    if not names:
        return {}
    found: dict[str, set[int]] = defaultdict(set)
    query = select(User.id, func.lower(User.name), User.email).where(User.status == "active")
    for number, name, email in session.execute(
        query.where(func.lower(User.name).in_(names) | User.email.in_(names))
    ):
        for each in {name, email} & names:
            found[each].add(number)
    return {name: min(numbers) for name, numbers in found.items() if len(numbers) == 1}


def _may_see(session: Session, user: User, ref: str) -> bool:
    """Whether somebody can see what they would be asked about."""
    if not ref:
        return True
    seen = select(Entry.id).where(Entry.ref == ref, reader_of(as_person(user)).visible)
    return session.scalar(seen) is not None


def _fits(skill: str, words: str) -> bool:
    """Whether what somebody can be asked about is a part of the topic, word for word."""
    said = _folded(skill)
    return len(said) > _SHORT and f" {said} " in f" {words} "


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _listed(refs: Sequence[str]) -> str:
    more = len(refs) - _NAMED
    return ", ".join(refs[:_NAMED]) + (f" and {more} more" if more > 0 else "")
