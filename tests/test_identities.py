"""Identities and sign-ins under way, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from kb.errors import NotAllowed, NotFound
from kb.people import accounts, admission, identities, links, pending
from kb.people.clock import now
from kb.people.errors import KeyRefused
from kb.people.identities import Claims, IdentityRefused
from kb.people.model import PendingSignIn, User
from kb.people.roles import OPERATOR, Person
from kb.people.texts import Invitation

DORA = Claims("https://sso.example.org", "17", "Dora@Example.org", is_verified=True, name="Dora\nDale ")


@pytest.fixture
def session(database):
    with database.write_aside() as session:
        yield session


def member(session, name="dora", status="active", *roles):
    user = accounts.new_user(session, f"{name}@example.org", name, status)
    accounts.put_roles(user, roles, OPERATOR)
    session.flush()
    return Person(id=user.id, name=name, email=user.email, roles=user.roles)


def test_the_first_time_counts_the_address_then_the_link(session):
    dora = member(session)
    first = identities.arrive(session, DORA, create=False)
    assert (first.user.id, first.is_linked, first.is_new) == (dora.id, True, False)
    later = identities.arrive(session, Claims(DORA.issuer, "17"), create=False)
    assert (later.user.id, later.is_linked) == (dora.id, False)


def test_another_issuer_is_another_person(session):
    member(session)
    identities.arrive(session, DORA, create=False)
    with pytest.raises(IdentityRefused, match="tells no e-mail"):
        identities.arrive(session, Claims("https://other.example.org", "17"), create=False)


def test_an_account_has_one_identity_at_an_issuer(session):
    member(session)
    identities.arrive(session, DORA, create=False)
    with pytest.raises(IdentityRefused, match="somebody else"):
        identities.arrive(session, Claims(DORA.issuer, "18", DORA.email, is_verified=True), create=True)


def test_a_new_person_becomes_a_reader_with_a_clean_name(session):
    arrival = identities.arrive(session, DORA, create=True)
    user = arrival.user
    assert arrival.is_new
    assert (user.email, user.name, user.status) == ("dora@example.org", "Dora Dale", "active")
    assert (user.roles, user.granted[0].granted_by) == ({"reader"}, "single sign-on")
    unnamed = Claims(DORA.issuer, "18", "eric@example.org", is_verified=True, name="\x00")
    assert identities.arrive(session, unnamed, create=True).user.name == "eric@example.org"


@pytest.mark.parametrize("email", ["nonsense", "a@b<c>.org", "x" * 300 + "@example.org", "a\x00@example.org"])
def test_an_address_that_is_none_is_refused(session, email):
    with pytest.raises(IdentityRefused, match="no e-mail address"):
        identities.arrive(session, Claims(DORA.issuer, "17", email, is_verified=True), create=True)


def test_who_was_invited_has_come(session):
    user, secret = admission.invite(session, OPERATOR, Invitation(email="dora@example.org"))
    identities.arrive(session, DORA, create=False)
    assert user.status == "active"
    with pytest.raises(KeyRefused, match="not known"):
        links.read_link(session, secret)


def test_the_disabled_stay_out_both_ways(session):
    member(session, "ada", "active", "admin")
    dora = member(session, status="disabled")
    with pytest.raises(IdentityRefused, match="disabled"):
        identities.arrive(session, DORA, create=True)
    accounts.enable(session, OPERATOR, dora.id)
    identities.arrive(session, DORA, create=False)
    accounts.disable(session, OPERATOR, dora.id)
    with pytest.raises(IdentityRefused, match="disabled"):
        identities.arrive(session, DORA, create=False)


def test_identities_are_ones_own_to_connect_and_to_see(session):
    dora, eric = member(session), member(session, "eric")
    identities.connect(session, dora, Claims(DORA.issuer, "x"))
    identities.connect(session, dora, Claims(DORA.issuer, "x"))
    with pytest.raises(IdentityRefused, match="another account"):
        identities.connect(session, eric, Claims(DORA.issuer, "x"))
    with pytest.raises(NotAllowed):
        identities.connect(session, OPERATOR, DORA)
    assert [each.subject for each in identities.list_identities(session, dora, dora.id)] == ["x"]
    with pytest.raises(NotAllowed):
        identities.list_identities(session, eric, dora.id)
    assert len(identities.list_identities(session, OPERATOR, dora.id)) == 1


def test_disconnecting_leaves_a_way_in(session):
    dora, eric = member(session), member(session, "eric")
    identities.connect(session, dora, DORA)
    with pytest.raises(NotAllowed, match="no password"):
        identities.disconnect(session, dora, dora.id, DORA.issuer)
    with pytest.raises(NotAllowed):
        identities.disconnect(session, eric, dora.id, DORA.issuer)
    with pytest.raises(NotFound):
        identities.disconnect(session, OPERATOR, dora.id, "https://other.example.org")
    identities.disconnect(session, OPERATOR, dora.id, DORA.issuer)
    identities.connect(session, dora, DORA)
    session.get_one(User, dora.id).password = "x"
    identities.disconnect(session, dora, dora.id, DORA.issuer)
    assert identities.list_identities(session, dora, dora.id) == []


def test_a_sign_in_under_way_is_finished_once_and_in_time(session):
    secret = pending.begin(session, "provider", next_address="/help")
    assert pending.read(session, secret).next == "/help"
    for late in (now() + pending.LASTS, now() - timedelta(hours=1)):
        with pytest.raises(KeyRefused):
            pending.read(session, secret, late)
    pending.finish(session, secret)
    with pytest.raises(KeyRefused, match="works once only"):
        pending.finish(session, secret)
    with pytest.raises(KeyRefused, match="No sign-in"):
        pending.finish(session, "another")


def test_old_sign_ins_are_cleared_away(session):
    secret = pending.begin(session, "provider")
    row = session.scalars(select(PendingSignIn)).one()
    row.expires_at = now() - pending.REMEMBERED - timedelta(seconds=1)
    session.flush()
    pending.begin(session, "provider")
    with pytest.raises(KeyRefused, match="No sign-in"):
        pending.read(session, secret)
