"""People with given texts in all that they say, and in all that they have."""

from __future__ import annotations

import itertools
from itertools import product
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.content import CONTENT
from kb.desk.model import WorkingCopy
from kb.model import Entry
from kb.notices.leaving import leave_address
from kb.notices.model import Mail, Notice
from kb.people import accounts, identities, links, pending, sessions
from kb.people.clock import now
from kb.people.roles import OPERATOR, ROLES, Person
from kb.people.texts import EVENTS, Profile
from kb.people.tokens import TokenText, issue_token
from kb.validation import validate
from tests.fixtures.served import make_settings
from tests.security.bringing import bring_documents
from tests.security.filling import filled
from tests.security.schooling import learn
from tests.security.world import COPIES, MOST_LINE, World

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from kb.people.model import User

ISSUER = "https://login.example.org"
EMAILS = (
    "'onfocus='window.__ran=1'/a", "{{1234567*7654321}}", "`${1234567*7654321}`", "a&b/onload=window.__ran=2",
)  # fmt: skip
"""The boldest that an e-mail address may be: no brackets, double quotes, colons or spaces."""
_numbers = itertools.count(1)


def add_people(session: Session, world: World) -> None:
    """With roles, browsers, tokens, links and an outside identity; the last has not come yet."""
    for number in range(COPIES):
        at = number * len(world.packs) // COPIES
        is_last = number == COPIES - 1
        status = "invited" if is_last else "active"
        email = f"{EMAILS[number % len(EMAILS)]}{number}@example.org"
        user = accounts.new_user(session, email, world.line(at), status)
        profile = validate(Profile, filled(Profile, world.supply(at), {"notices"}))
        accounts.update_profile(session, OPERATOR, user.id, profile)
        by = Person(name=world.line(at + 1))
        accounts.put_roles(user, [ROLES[number % len(ROLES)]], by)
        world.people.append(user.id)
        secret = links.make_link(
            session, "invitation" if is_last else "reset", made_by=by.name, user_id=user.id
        )
        if is_last:
            world.link = secret
            continue
        address = leave_address(make_settings(world.home), user.id, user.email, ["comment"])
        world.leave = address[address.index("/unsubscribe") :]
        give_keys(session, world, user, at)
        give_notices(session, world, user.id)


def give_keys(session: Session, world: World, user: User, at: int) -> None:
    """A token, a browser, an outside identity, and one that is being connected."""
    said = validate(TokenText, filled(TokenText, world.supply(at), {"days", "scopes"}))
    person = Person(id=user.id, name=user.name, email=user.email)
    issue_token(session, person, said)
    identities.connect(
        session, person, identities.Claims(ISSUER, f"{user.id} {world.line(at + 2)}"[:MOST_LINE])
    )
    pending.begin(session, "connect", next_address=f"/{world.line(at)}", user_id=user.id)
    sessions.start_session(
        session, user, method="password", address=world.line(at)[:60], agent=world.line(at),
        lifetimes=sessions.Lifetimes(),
    )  # fmt: skip


def give_notices(session: Session, world: World, user_id: int) -> None:
    """Something to be told of, about an entry and about a page, and a mail that could not be sent."""
    entries = [None, *session.scalars(select(Entry.id).limit(1))]
    for at, entry in product(range(4), entries):
        place = "/" + "/".join(world.line(at).replace("\\", "").split())
        mail = Mail(
            user_id=user_id, kind="daily", state="waiting" if at % 2 else "given up", created_at=now(),
            due_at=now(), attempts=1, problem=world.line(at),
        )  # fmt: skip
        session.add(mail)
        session.flush()
        notice = Notice(
            user_id=user_id, event=EVENTS[at % len(EVENTS)], entry_id=entry, actor=world.line(at),
            words=world.line(at + 1), place=place[:MOST_LINE], once=f"{entry} {world.line(at)}"[:100],
            created_at=now(), mail_id=mail.id,
        )  # fmt: skip
        session.add(notice)


def newcomer(session: Session, world: World, role: str) -> Person:
    """Somebody new with a hostile name, who was told of something and is on a path."""
    number = next(_numbers)
    user = accounts.new_user(session, f"somebody{number}@example.org", world.line(3), "active")
    accounts.put_roles(user, [role], OPERATOR)
    session.flush()
    give_notices(session, world, user.id)
    for place, kind in (("L-0001", "lesson"), ("new:review", "review")):
        said = filled(CONTENT[kind], world.supply(user.id))
        held = {"data": said, "base": 2, "anonymous": False, "mask_source": False, "note": world.line(1)}
        session.add(WorkingCopy(user_id=user.id, place=place, data=held, saved_at=now()))
    bring_documents(session, world, user.id)
    learn(session, world, user.id)
    return Person(id=user.id, name=user.name, email=user.email, roles=user.roles)
