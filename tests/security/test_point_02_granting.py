"""Nobody grants a role above their own; the last administrator stays; disabling ends everything."""

from __future__ import annotations

import pytest

from kb.errors import NotAllowed, NotFound
from kb.people import accounts, admission, links, sessions, tokens
from kb.people.errors import KeyRefused, LastAdministrator
from kb.people.model import User
from kb.people.roles import OPERATOR, PERMISSIONS, ROLES, SCOPES, Person, can
from kb.people.texts import Invitation, Newcomer, Profile
from kb.people.tokens import TokenText
from tests.security.races import overlapping

PASSWORD = "violet tractor under glass"


def account(database, name: str, *roles: str, status: str = "active", **changes) -> Person:
    with database.write_aside() as session:
        user = accounts.new_user(session, f"{name}@example.org", name.title(), status)
        accounts.put_roles(user, roles, OPERATOR)
        session.flush()
        return Person(id=user.id, name=user.name, email=user.email, roles=user.roles, **changes)


def bearer(person: Person, *scopes: str) -> Person:
    return Person(id=person.id, name=person.name, roles=person.roles, scopes=frozenset(scopes), token_id=1)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("own", ROLES)
def test_point_02_a_role_is_granted_only_from_above_or_beside(own, role):
    person = Person(id=1, roles=frozenset({own}))
    expected = "invite" in PERMISSIONS[own] and PERMISSIONS[role] <= PERMISSIONS[own]
    assert can(person, "grant", role) is expected


@pytest.mark.parametrize(
    "scopes", [*({scope} for scope in SCOPES), set(SCOPES)], ids=lambda held: "+".join(sorted(held))
)
def test_point_02_a_token_allows_nothing_beyond_its_scopes(scopes):
    person = Person(id=1, roles=frozenset({"admin"}), scopes=frozenset(scopes), token_id=1)
    for role in ROLES:
        assert not can(person, "grant", role) or PERMISSIONS[role] <= person.permissions
        assert not can(person, "view as", role)
    if "people" not in scopes:
        assert not can(person, "invite")


def test_point_02_roles_are_neither_given_nor_taken_from_below(database):
    admin, curator = account(database, "ada", "admin"), account(database, "cora", "curator")
    dora = account(database, "dora", "auditor")
    for by in (curator, bearer(admin, "people"), bearer(admin, "read")):
        for roles in (["admin"], ["auditor", "admin"], []):
            with pytest.raises(NotAllowed), database.write_aside() as session:
                accounts.set_roles(session, by, dora.id, roles)
    with database.read() as session:
        assert accounts.find_user(session, dora.id).roles == {"auditor"}


def test_point_02_inviting_again_takes_no_role_that_one_could_not_give(database):
    admin, curator = account(database, "ada", "admin"), account(database, "cora", "curator")
    with database.write_aside() as session:
        _, secret = admission.invite(session, admin, Invitation(email="b@example.org", roles=["admin"]))
    with pytest.raises(NotAllowed), database.write_aside() as session:
        admission.invite(session, curator, Invitation(email="b@example.org", roles=["reader"]))
    with database.write_aside() as session:
        user = admission.accept(session, secret, Newcomer(name="Bea", password=PASSWORD))
        assert user.roles == {"admin"}


def test_point_02_a_link_into_an_account_is_made_only_by_who_may_do_as_much(database):
    admin, other = account(database, "ada", "admin"), account(database, "bo", "admin")
    dora = account(database, "dora", "reader")
    token = bearer(admin, "people")
    for target in (admin, other):
        with pytest.raises(NotAllowed, match="may do more"), database.write_aside() as session:
            admission.reset_link(session, token, target.id)
    with database.write_aside() as session:
        assert admission.reset_link(session, token, dora.id)
        assert admission.reset_link(session, admin, other.id)


def test_point_02_a_token_for_reading_changes_nothing_of_its_owner(database):
    dora = account(database, "dora")
    with database.write_aside() as session:
        token, _ = tokens.issue_token(session, dora, TokenText(name="script"))
        user = session.get_one(User, dora.id)
        sessions.start_session(
            session, user, method="password", address="", agent="", lifetimes=sessions.Lifetimes()
        )
        (row,) = sessions.list_sessions(session, dora, dora.id)
        reading = bearer(dora, "read")
        for refused, verb in (
            (NotAllowed, lambda: accounts.update_profile(session, reading, dora.id, Profile(name="Eve"))),
            (NotAllowed, lambda: sessions.list_sessions(session, reading, dora.id)),
            (NotAllowed, lambda: tokens.list_tokens(session, reading, dora.id)),
            (NotFound, lambda: sessions.end_session(session, reading, row.id)),
            (NotFound, lambda: tokens.revoke_token(session, reading, token.id)),
        ):
            with pytest.raises(refused):
                verb()


def test_point_02_of_two_administrators_who_disable_each_other_at_once_one_stays(database):
    ada, bo = account(database, "ada", "admin"), account(database, "bo", "admin")
    done, refused = overlapping(
        database,
        lambda session: accounts.disable(session, ada, bo.id),
        lambda session: accounts.disable(session, bo, ada.id),
    )
    assert done.status == "disabled"
    assert isinstance(refused, LastAdministrator)
    with database.read() as session:
        assert accounts.has_administrator(session)


def test_point_02_of_two_administrators_who_step_down_at_once_one_stays(database):
    ada, bo = account(database, "ada", "admin"), account(database, "bo", "admin")
    _, refused = overlapping(
        database,
        lambda session: accounts.set_roles(session, ada, ada.id, []),
        lambda session: accounts.set_roles(session, bo, bo.id, []),
    )
    assert isinstance(refused, LastAdministrator)


def test_point_02_inviting_the_same_person_twice_at_once_makes_one_account(database):
    admin = account(database, "ada", "admin")
    invitation = Invitation(email="b@example.org", roles=["reader"])
    (_, first), (_, second) = overlapping(
        database,
        lambda session: admission.invite(session, admin, invitation),
        lambda session: admission.invite(session, admin, invitation),
    )
    with database.read() as session:
        assert links.read_link(session, second).user_id
        with pytest.raises(KeyRefused):
            links.read_link(session, first)


def test_point_02_disabling_ends_sessions_tokens_and_links(database):
    admin, dora = account(database, "ada", "admin"), account(database, "dora")
    with database.write_aside() as session:
        user = session.get_one(User, dora.id)
        cookie = sessions.start_session(
            session, user, method="password", address="", agent="", lifetimes=sessions.Lifetimes()
        )
        _, key = tokens.issue_token(session, dora, TokenText(name="script"))
        link = admission.reset_link(session, admin, dora.id)
        accounts.disable(session, admin, dora.id)
        user.password = "kept"
        accounts.enable(session, admin, dora.id)
        for use in (
            lambda: sessions.resume_session(session, cookie, sessions.Lifetimes()),
            lambda: tokens.resolve_token(session, key),
            lambda: links.read_link(session, link),
        ):
            with pytest.raises(KeyRefused):
                use()


def test_point_02_an_invitation_opens_no_account_that_is_in_use(database):
    admin = account(database, "ada", "admin")
    with database.write_aside() as session:
        user, secret = admission.invite(session, admin, Invitation(email="b@example.org"))
        user.status = "active"
    with pytest.raises(NotAllowed, match="in use"), database.write_aside() as session:
        admission.accept(session, secret, Newcomer(name="Eve", password=PASSWORD))
