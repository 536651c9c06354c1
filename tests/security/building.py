"""A repository into which given texts have come by every field that takes words of a person or a program."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import select

from indexer.sync import IndexWriter
from kb.actions.model import LessonAction
from kb.adoptions.model import Adoption
from kb.attachments.model import Attachment, RemovedFile, StoredFile
from kb.content import CONTENT
from kb.desk.model import Comment
from kb.desk.superseding import supersede
from kb.model import Entry, Revision
from kb.people.audit import Origin
from kb.people.clock import now
from kb.people.roles import OPERATOR
from kb.records import apply_record, parse_record
from search.engine import Engine
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings
from tests.security.doings import decide_on_pairs, finish_projects, issue_badges, keep_estimates, look_in_vain
from tests.security.filling import Texts, record
from tests.security.listing import add_groups, add_lines, add_tables
from tests.security.peopling import add_people, newcomer
from tests.security.schooling import assign
from tests.security.world import COPIES, STEP, World

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from kb.database import Database


def build(database: Database, home: Path, packs: tuple[Texts, ...], step: int = STEP) -> World:
    """Fills the repository, and indexes it."""
    world = World(packs, home, step=step)
    with database.write() as session:
        add_people(session, world)
        add_groups(session, world)
        add_tables(session, world)
        for number in world.numbers:
            for kind in CONTENT:
                world.refs.append(_add_entry(session, world, kind, number))
        add_lines(session, world)
        _put_to_use(session, world)
        assign(session, world)
    supersede(database, Origin(OPERATOR), world.lessons[0], world.lessons[-1], reason=world.line(0))
    settings, embedder = make_settings(home), HashingEmbedder()
    finish_projects(database, world)
    decide_on_pairs(database, world)
    issue_badges(database, world)
    look_in_vain(database, world, embedder)  # type: ignore[arg-type]
    IndexWriter(settings, database, embedder).sync()
    world.engine = Engine(settings, database, embedder)
    keep_estimates(database, world)
    with database.write_aside() as session:
        newcomer(session, world, "reader")
    return world


def _add_entry(session: Session, world: World, kind: str, number: int) -> str:
    """A record; the first of each kind, in the second revision by now."""
    outcome, ref = apply_record(session, parse_record(record(kind, number, world.packs)))
    assert outcome == "created"
    if number == 0:
        apply_record(session, parse_record(record(kind, number, world.packs, revision=2)))
        world.revised.append(ref)
        waiting = record(kind, number, world.packs, revision=3) | {"state": "submitted"}
        judged = ("reviewer", "reason", "decided_at")
        waiting = {name: value for name, value in waiting.items() if name not in judged}
        apply_record(session, parse_record(waiting))
        _discuss(session, world, ref)
        _attach(session, world, ref)
    return ref


def _attach(session: Session, world: World, ref: str) -> None:
    """A file that the entry was made of, with what a search finds in it, and two that were taken away: one
    to be brought back, one to be deleted.
    """
    entry = session.scalars(select(Entry).where(Entry.ref == ref)).one()
    held, *removed = (str(number) * 64 for number in range(3))
    for digest in (held, *removed):
        if session.get(StoredFile, digest) is None:
            session.add(StoredFile(digest=digest, size=1, data=world.line(0).encode()))
    session.flush()
    file = Attachment(
        entry_id=entry.id, digest=held, role="original", name=world.line(1)[:200],
        media="text/html", place=world.line(2), parts=[[world.line(3), world.line(4)]], added_at=now(),
    )  # fmt: skip
    session.add(file)
    session.flush()
    world.files.append(file.id)
    gone = {name: getattr(file, name) for name in ("entry_id", "name", "media", "place", "parts", "added_at")}
    session.add_all(RemovedFile(digest=digest, removed_at=now(), **gone) for digest in removed)


def _discuss(session: Session, world: World, ref: str) -> None:
    """What reviewers say in the margin of the revision that waits."""
    query = select(Revision.id).join(Entry).where(Entry.ref == ref, Revision.number == 3)
    revision = session.scalars(query).one()
    for at in range(4):
        comment = Comment(
            revision_id=revision, field="" if at == 0 else world.line(at)[:100] if at > 1 else "title",
            author=world.line(at), text="\n".join(world.packs[at]), created_at=now(),
        )  # fmt: skip
        session.add(comment)


def _put_to_use(session: Session, world: World) -> None:
    """What is to come of lessons, built in somewhere, and who adopted them."""
    lessons = list(session.scalars(select(Entry.id).where(Entry.kind == "lesson").order_by(Entry.id)))
    for number in range(COPIES):
        line, person = world.line(number), world.people[number]
        action = LessonAction(
            entry_id=lessons[number % 2], what=line, state="assigned" if number % 2 else "embedded",
            owner_id=person, due_on=date(2020, 1, 31), embedded_in="", embedded_words=world.line(number + 1),
            embedded_by=person, author=line, changed_by=line, version=1, created_at=now(), changed_at=now(),
        )  # fmt: skip
        adoption = Adoption(
            entry_id=lessons[number % 2], user_id=person, number=1, project=line,
            adopted_on=date(2020, 1, 31), note=world.line(number + 1), created_at=now(),
        )  # fmt: skip
        session.add_all((action, adoption))
    session.flush()
