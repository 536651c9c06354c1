"""Accounts: the verbs that change and disable people, and check who they are."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from kb.errors import NotFound
from kb.people import passwords
from kb.people.clock import now
from kb.people.errors import LastAdministrator, SignInRefused
from kb.people.limits import LOGIN_OF_BOTH, give_back_all, take
from kb.people.links import forget_links
from kb.people.model import User, UserRole
from kb.people.roles import Belonging, Person, require
from kb.people.sessions import end_sessions
from kb.people.texts import Invitation, Profile
from kb.people.tokens import revoke_tokens
from kb.people.turns import await_turn
from kb.validation import shorten, validate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.orm import Session

    from kb.database import Database

REFUSED = "E-mail and password do not fit, or the account is not open."


def has_administrator(session: Session) -> bool:
    """Whether anybody active can manage people."""
    return _administrators(session) > 0


def new_user(session: Session, email: str, name: str = "", status: str = "invited") -> User:
    """A row for a person who was not known before."""
    user = User(
        email=email, name=name or email, status=status, skills=[], interests=[], notices={}, created_at=now()
    )
    session.add(user)
    session.flush()
    return user


def check_password(database: Database, email: str, password: str) -> int:
    """The id of the person, when both fit and the account is open.

    Raises SignInRefused, which never says what was wrong. No transaction is open while the hash is
    computed: it takes a tenth of a second, and others want to write.
    """
    with database.read() as session:
        # What no address can hold is not even asked for: PostgreSQL refuses a NUL.
        known = select(User).where(User.email == email.strip().lower()[:254])
        user = session.scalar(known) if email.isprintable() else None
        kept = user.password if user is not None and user.status == "active" else None
        number = user.id if user is not None else 0
    if not passwords.fits(password, kept) or kept is None:
        raise SignInRefused(REFUSED)
    if passwords.is_outdated(kept):
        stronger = passwords.hash_again(password)
        with database.write_aside() as session:
            session.execute(update(User).where(User.id == number).values(password=stronger))
    return number


def confirm(database: Database, by: Person, password: str, address: str) -> None:
    """That it is really oneself, before something is changed that opens the account to others.

    Guessing is as slow as at the door. Who has no password has nothing to confirm with. Raises
    SignInRefused, TooMany.
    """
    whom = f"{address} {by.email}"
    with database.write_aside() as session:
        take(session, LOGIN_OF_BOTH, whom)
        kept = find_user(session, by.id or 0).password
    if kept is not None and not passwords.fits(password, kept):
        raise SignInRefused("This is not your password.")
    with database.write_aside() as session:
        give_back_all(session, LOGIN_OF_BOTH, whom)


def change_password(session: Session, by: Person, old: str, new: str) -> None:
    """Another password for oneself; other browsers are signed out. Raises SignInRefused, InvalidRecord."""
    user = find_user(session, by.id or 0)
    if not passwords.fits(old, user.password):
        raise SignInRefused("The present password is not this one.")
    user.password = passwords.store(new, user.name, user.email)
    end_sessions(session, user.id, but=by.session_id)
    forget_links(session, user.id)
    session.flush()


def update_profile(session: Session, by: Person, user_id: int, profile: Profile) -> User:
    """What people say of themselves. Raises NotAllowed, NotFound."""
    require(by, "manage people", Belonging(user_id))
    user = find_user(session, user_id)
    user.name, user.notices = profile.name, {str(event): str(way) for event, way in profile.notices.items()}
    user.skills, user.interests = list(profile.skills), list(profile.interests)
    if profile.mentors is not None:
        user.mentors = profile.mentors
    if profile.private_learning is not None:
        user.private_learning = profile.private_learning
    session.flush()
    return user


def set_roles(session: Session, by: Person, user_id: int, roles: Iterable[str]) -> User:
    """The roles a person holds from now on. Their sessions end, so that none carries old rights.

    Raises NotAllowed for a role above one's own, given or taken, and LastAdministrator.
    """
    require(by, "manage people")
    await_turn(session)
    user = find_user(session, user_id)
    wanted = validate(Invitation, {"email": user.email, "roles": list(roles)}).roles
    changed = user.roles ^ frozenset(wanted)
    for role in sorted(changed):
        require(by, "grant", role)
    if not changed:
        return user
    with _somebody_left(session):
        put_roles(user, wanted, by)
        session.flush()
    end_sessions(session, user.id, but=by.session_id)
    return user


def disable(session: Session, by: Person, user_id: int) -> User:
    """Closes the account: sessions, tokens and links end at once. Raises NotAllowed, LastAdministrator."""
    require(by, "manage people")
    await_turn(session)
    user = find_user(session, user_id)
    with _somebody_left(session):
        user.status = "disabled"
        session.flush()
    end_sessions(session, user.id)
    revoke_tokens(session, user.id)
    forget_links(session, user.id)
    return user


def enable(session: Session, by: Person, user_id: int) -> User:
    """Opens a disabled account again; who never chose a password is invited again. Raises NotAllowed."""
    require(by, "manage people")
    user = find_user(session, user_id)
    if user.status == "disabled":
        user.status = "active" if user.password else "invited"
        session.flush()
    return user


def find_user(session: Session, which: int | str) -> User:
    """The person with this id or e-mail. Raises NotFound."""
    where = User.id == which if isinstance(which, int) else User.email == which.strip().lower()
    user = session.scalar(select(User).where(where))
    if user is None:
        name = f"with the e-mail {shorten(which)}" if isinstance(which, str) else f"with the number {which}"
        raise NotFound(f"There is no person {name}.")
    return user


def as_person(user: User) -> Person:
    """The person with this account, as far as rights and reading need to know; in no session."""
    return Person(id=user.id, name=user.name, email=user.email, roles=user.roles)


def put_roles(user: User, roles: Iterable[str], by: Person) -> None:
    """The roles that the person holds from now on; who granted those held before stays."""
    kept = [each for each in user.granted if each.role in roles]
    held = {each.role for each in kept}
    fresh = [
        UserRole(role=role, granted_by=by.name, granted_at=now())
        for role in dict.fromkeys(roles)
        if role not in held
    ]
    user.granted = [*kept, *fresh]


def _administrators(session: Session) -> int:
    query = select(func.count()).select_from(UserRole).join(User)
    return session.scalar(query.where(UserRole.role == "admin", User.status == "active")) or 0


@contextmanager
def _somebody_left(session: Session) -> Iterator[None]:
    """A change that must not take the last administrator, where there is one."""
    had = has_administrator(session)
    yield
    if had and not has_administrator(session):
        raise LastAdministrator(
            "This is the last administrator: make somebody else one first, so that people can be managed."
        )
