"""Accounts: inviting, admitting, changing, disabling, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from kb.errors import InvalidRecord, NotAllowed, NotFound
from kb.people import accounts, admission, finding, links, passwords, sessions, tokens
from kb.people.audit import AuditFilter, Origin, audited, find, note
from kb.people.clock import now
from kb.people.errors import KeyRefused, LastAdministrator, SignInRefused, TooMany
from kb.people.finding import PeopleFilter
from kb.people.limits import LOGIN_OF_ACCOUNT, Limit, give_back_all, take
from kb.people.model import OneTimeLink, SessionRow, Token, User
from kb.people.roles import OPERATOR, Person
from kb.people.texts import Administrator, Invitation, Newcomer, Profile
from kb.people.tokens import TokenText

PASSWORD = "violet tractor under glass"
LIFETIMES = sessions.Lifetimes()


@pytest.fixture
def session(database):
    with database.write_aside() as session:
        yield session


def admin_of(session) -> Person:
    secret = links.make_link(session, "administrator", made_by="test")
    said = Administrator(name="Ada Admin", email="ada@example.org", password=PASSWORD)
    return acting(session, admission.become_administrator(session, secret, said))


def acting(session, user: User) -> Person:
    secret = sessions.start_session(
        session, user, method="password", address="127.0.0.1", agent="test", lifetimes=LIFETIMES
    )
    return sessions.person_of(sessions.resume_session(session, secret, LIFETIMES))


def member(session, by: Person, name: str, *roles: str) -> Person:
    _, secret = admission.invite(session, by, Invitation(email=f"{name}@example.org", roles=list(roles)))
    return acting(session, admission.accept(session, secret, Newcomer(name=name, password=PASSWORD)))


def test_the_first_administrator_comes_by_a_link_that_works_once(session):
    secret = links.make_link(session, "administrator", made_by="serve")
    said = Administrator(name="Ada", email="ADA@Example.org", password=PASSWORD)
    user = admission.become_administrator(session, secret, said)
    assert (user.email, user.roles, user.status) == ("ada@example.org", {"admin"}, "active")
    with pytest.raises(KeyRefused, match="has been used"):
        admission.become_administrator(session, secret, said)


def test_a_second_administrator_link_is_refused_once_there_is_one(session):
    admin_of(session)
    secret = links.make_link(session, "administrator", made_by="serve")
    said = Administrator(name="Eve", email="eve@example.org", password=PASSWORD)
    with pytest.raises(NotAllowed, match="already"):
        admission.become_administrator(session, secret, said)


def test_a_newer_link_replaces_the_older(session):
    old = links.make_link(session, "administrator", made_by="serve")
    links.make_link(session, "administrator", made_by="serve")
    with pytest.raises(KeyRefused, match="not known"):
        links.read_link(session, old)


def test_links_expire_and_those_of_the_future_are_refused(session):
    secret = links.make_link(session, "administrator", made_by="serve")
    with pytest.raises(KeyRefused, match="expired"):
        links.read_link(session, secret, now() + timedelta(days=2))
    with pytest.raises(KeyRefused, match="clock changed"):
        links.read_link(session, secret, now() - timedelta(hours=1))


def test_only_hashes_of_secrets_are_stored(session):
    admin = admin_of(session)
    link = links.make_link(session, "reset", made_by="x", user_id=admin.id)
    _, token = tokens.issue_token(session, admin, TokenText(name="t"))
    stored = repr(
        [[row.secret for row in session.scalars(select(model))] for model in (OneTimeLink, SessionRow, Token)]
    )
    assert link not in stored
    assert token not in stored
    assert all(row.password.startswith("$argon2id$") for row in session.scalars(select(User)) if row.password)


def test_an_invitation_is_accepted_once(session):
    admin = admin_of(session)
    user, secret = admission.invite(session, admin, Invitation(email="b@example.org", roles=["trainer"]))
    assert user.status == "invited"
    admission.accept(session, secret, Newcomer(name="Bea", password=PASSWORD))
    assert (user.status, user.name, user.roles) == ("active", "Bea", {"trainer"})
    with pytest.raises(KeyRefused):
        admission.accept(session, secret, Newcomer(name="Bea", password=PASSWORD))
    with pytest.raises(InvalidRecord, match="has an account already"):
        admission.invite(session, admin, Invitation(email="b@example.org"))


def test_inviting_again_gives_a_new_link(session):
    admin = admin_of(session)
    _, first = admission.invite(session, admin, Invitation(email="b@example.org"))
    _, second = admission.invite(session, admin, Invitation(email="b@example.org", roles=["verifier"]))
    with pytest.raises(KeyRefused):
        links.read_link(session, first)
    assert admission.accept(session, second, Newcomer(name="B", password=PASSWORD)).roles == {"verifier"}


@pytest.mark.parametrize(
    "email", ["", "anna", "@x.org", "a b@x.org", "a@", "a@b<c>.org", "a" * 260 + "@x.org"]
)
def test_an_address_that_is_none_is_named(email):
    from kb.validation import validate

    with pytest.raises(InvalidRecord) as raised:
        validate(Invitation, {"email": email})
    assert [problem.field for problem in raised.value.problems] == ["email"]


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "at least 15"),
        ("x" * 1_001, "at most 1,000"),
        ("passwordpassword", "too easy"),
        ("123456789012345", "too easy"),
        ("qwertyuiopasdfgh", "too easy"),
        ("Bea Benson Bea Benson", "too easy"),
        ("bea@example.org1", "too easy"),
        ("violet\x00tractor under", "cannot be stored"),
    ],
)
def test_passwords_that_are_short_or_easy_are_refused(session, password, words):
    admin = admin_of(session)
    _, secret = admission.invite(session, admin, Invitation(email="bea@example.org"))
    with pytest.raises(InvalidRecord, match=words):
        admission.accept(session, secret, Newcomer(name="Bea Benson", password=password))


@pytest.mark.parametrize(
    "password", ["fünf blaue Hühner", "aaaa bbbb zebra QUIZ", "x7" * 3 + "kW9$e2pL!v" * 40]
)
def test_long_passwords_of_any_characters_are_taken(session, password):
    admin = admin_of(session)
    accounts.change_password(session, admin, PASSWORD, password)
    kept = accounts.find_user(session, admin.id).password
    assert passwords.fits(password, kept)
    assert not passwords.fits(PASSWORD, kept)


def test_signing_in_never_says_what_was_wrong(database):
    with database.write_aside() as session:
        admin = admin_of(session)
        accounts.disable(session, admin, member(session, admin, "dora").id)
        admission.invite(session, admin, Invitation(email="invited@example.org"))
    said = set()
    for email in ("ada@example.org", "nobody@example.org", "dora@example.org", "invited@example.org", ""):
        with pytest.raises(SignInRefused) as raised:
            accounts.check_password(database, email, "not the password at all")
        said.add(str(raised.value))
    assert len(said) == 1
    assert accounts.check_password(database, " ADA@example.org ", PASSWORD) == admin.id


def test_nobody_grants_a_role_above_their_own(session):
    admin = admin_of(session)
    curator = member(session, admin, "cora", "curator")
    for role in ("admin", "auditor"):
        with pytest.raises(NotAllowed, match=f"role {role}"):
            admission.invite(session, curator, Invitation(email="x@example.org", roles=[role]))
    admission.invite(session, curator, Invitation(email="x@example.org", roles=["curator", "trainer"]))
    with pytest.raises(NotAllowed):
        accounts.set_roles(session, curator, curator.id, ["curator", "admin"])
    with pytest.raises(NotAllowed):
        admission.invite(session, member(session, admin, "rita"), Invitation(email="y@example.org"))
    future, _ = admission.invite(session, admin, Invitation(email="z@example.org", roles=["auditor"]))
    with pytest.raises(NotAllowed, match="role auditor"):
        admission.invite(session, curator, Invitation(email="z@example.org", roles=["reader"]))
    with pytest.raises(NotAllowed, match="role auditor"):
        admission.new_link(session, curator, future.id)


def test_a_new_link_is_for_what_the_person_needs(session):
    admin = admin_of(session)
    curator = member(session, admin, "cora", "curator")
    future, _ = admission.invite(session, curator, Invitation(email="z@example.org", roles=["trainer"]))
    _, secret = admission.new_link(session, curator, future.id)
    assert links.read_link(session, secret).purpose == "invitation"
    with pytest.raises(NotAllowed, match="reset passwords"):
        admission.new_link(session, curator, admin.id)
    _, secret = admission.new_link(session, admin, curator.id)
    assert links.read_link(session, secret).purpose == "reset"
    accounts.disable(session, admin, curator.id)
    with pytest.raises(NotAllowed, match="enable the account"):
        admission.new_link(session, admin, curator.id)


def test_all_sessions_and_tokens_end_at_once(session):
    admin = admin_of(session)
    dora = member(session, admin, "dora")
    other = acting(session, accounts.find_user(session, dora.id))
    tokens.issue_token(session, dora, TokenText(name="script"))
    assert (sessions.count_open(session, LIFETIMES), tokens.count_usable(session)) == (3, 1)
    with pytest.raises(NotAllowed):
        sessions.end_all_sessions(session, dora, admin.id)
    with pytest.raises(NotAllowed):
        tokens.revoke_all_tokens(session, dora, admin.id)
    assert sessions.end_all_sessions(session, dora, dora.id) == 1
    assert [row.id for row in sessions.list_sessions(session, dora, dora.id)] == [dora.session_id]
    assert other.session_id != dora.session_id
    assert sessions.end_all_sessions(session, admin, dora.id) == 1
    assert tokens.revoke_all_tokens(session, admin, dora.id) == 1
    assert tokens.revoke_all_tokens(session, dora, dora.id) == 0
    assert (sessions.count_open(session, LIFETIMES), tokens.count_usable(session)) == (1, 0)


def test_the_last_administrator_stays(database):
    with database.write_aside() as session:
        admin = admin_of(session)
    for change in (
        lambda session: accounts.set_roles(session, admin, admin.id, ["reader"]),
        lambda session: accounts.disable(session, admin, admin.id),
    ):
        with pytest.raises(LastAdministrator), database.write_aside() as session:
            change(session)
    with database.read() as session:
        assert accounts.has_administrator(session)


def test_people_are_managed_before_there_is_an_administrator(session):
    user, _ = admission.invite(session, OPERATOR, Invitation(email="b@example.org", roles=["trainer"]))
    assert accounts.set_roles(session, OPERATOR, user.id, ["admin"]).roles == {"admin"}
    assert accounts.disable(session, OPERATOR, user.id).status == "disabled"
    assert accounts.enable(session, OPERATOR, user.id).status == "invited"


def test_a_change_of_roles_ends_the_persons_sessions(session):
    admin = admin_of(session)
    dora = member(session, admin, "dora", "trainer")
    accounts.set_roles(session, admin, dora.id, ["trainer"])
    assert len(sessions.list_sessions(session, admin, dora.id)) == 1
    accounts.set_roles(session, admin, dora.id, ["estimator"])
    assert sessions.list_sessions(session, admin, dora.id) == []


def test_disabling_ends_sessions_and_tokens_at_once(session):
    admin = admin_of(session)
    dora = member(session, admin, "dora")
    user = accounts.find_user(session, dora.id)
    cookie = sessions.start_session(
        session, user, method="password", address="", agent="", lifetimes=LIFETIMES
    )
    _, key = tokens.issue_token(session, dora, TokenText(name="script"))
    accounts.disable(session, admin, dora.id)
    with pytest.raises(KeyRefused):
        sessions.resume_session(session, cookie, LIFETIMES)
    with pytest.raises(KeyRefused):
        tokens.resolve_token(session, key)
    assert accounts.enable(session, admin, dora.id).status == "active"
    with pytest.raises(KeyRefused):
        tokens.resolve_token(session, key)


def test_sessions_end_when_idle_when_old_and_when_the_clock_jumped(session):
    admin = admin_of(session)
    user = accounts.find_user(session, admin.id)
    cookie = sessions.start_session(
        session, user, method="password", address="", agent="", lifetimes=LIFETIMES
    )
    assert sessions.resume_session(session, cookie, LIFETIMES, now() + timedelta(hours=11))
    for moment, words in (
        (timedelta(hours=13), "expired"),
        (timedelta(days=15), "expired"),
        (timedelta(hours=-2), "clock"),
    ):
        with pytest.raises(KeyRefused, match=words):
            sessions.resume_session(session, cookie, LIFETIMES, now() + moment)


def test_a_rotated_session_goes_on_under_another_secret(session):
    admin = admin_of(session)
    fresh = sessions.rotate_session(session, admin.session_id)
    assert sessions.resume_session(session, fresh, LIFETIMES).id == admin.session_id


def test_others_sessions_and_tokens_are_not_found(session):
    admin = admin_of(session)
    dora, eric = member(session, admin, "dora"), member(session, admin, "eric")
    token, _ = tokens.issue_token(session, dora, TokenText(name="script"))
    with pytest.raises(NotFound):
        sessions.end_session(session, eric, dora.session_id)
    with pytest.raises(NotFound):
        tokens.revoke_token(session, eric, token.id)
    with pytest.raises(NotAllowed):
        sessions.list_sessions(session, eric, dora.id)
    sessions.end_session(session, admin, dora.session_id)
    assert tokens.revoke_token(session, dora, token.id).revoked_at is not None


def test_a_token_cannot_make_tokens_and_expires(session):
    admin = admin_of(session)
    token, key = tokens.issue_token(session, admin, TokenText(name="script", days=1))
    bearer = tokens.person_of(tokens.resolve_token(session, key))
    with pytest.raises(NotAllowed):
        tokens.issue_token(session, bearer, TokenText(name="more"))
    assert bearer.permissions == {"see restricted", "see authors", "see drafts", "see estimates"}
    with pytest.raises(KeyRefused, match="expired"):
        tokens.resolve_token(session, key, now() + timedelta(days=1))
    session.execute(update(Token).where(Token.id == token.id).values(created_at=now() + timedelta(days=1)))
    session.expire_all()
    with pytest.raises(KeyRefused, match="clock"):
        tokens.resolve_token(session, key)


def test_a_curator_looks_as_others_but_never_as_more(session):
    admin = admin_of(session)
    cora = member(session, admin, "cora", "curator")
    with pytest.raises(NotAllowed):
        sessions.look_as(session, cora, "admin")
    sessions.look_as(session, cora, "estimator")
    row = session.get(SessionRow, cora.session_id, populate_existing=True)
    looking = sessions.person_of(row)
    seen = {"contribute", "save estimates", "see estimates"}
    assert (looking.permissions, looking.seen_roles) == (seen, {"estimator"})
    sessions.look_as(session, looking, None)


def test_profiles_are_ones_own(session):
    admin = admin_of(session)
    dora, eric = member(session, admin, "dora"), member(session, admin, "eric")
    profile = Profile(name="Dora D", skills=["migration"], notices={"comment": "daily"})
    assert accounts.update_profile(session, dora, dora.id, profile).skills == ["migration"]
    with pytest.raises(NotAllowed):
        accounts.update_profile(session, eric, dora.id, profile)


def test_people_are_found_by_name_and_address(session):
    admin = admin_of(session)
    member(session, admin, "dora")
    assert [user.email for user in finding.list_people(session, admin, PeopleFilter("DOR example"))] == [
        "dora@example.org"
    ]
    assert len(finding.list_people(session, OPERATOR)) == 2
    for wanted, names in (
        (PeopleFilter(role="admin"), ["Ada Admin"]), (PeopleFilter(status="active"), ["Ada Admin", "dora"]),
        (PeopleFilter("a", role="admin", status="active"), ["Ada Admin"]),
        (PeopleFilter(status="disabled"), []), (PeopleFilter("%"), []),
    ):  # fmt: skip
        total, found = finding.find_people(session, admin, wanted, 0, 10)
        assert (total, [user.name for user in found]) == (len(names), names)
    total, found = finding.find_people(session, admin, PeopleFilter(), 1, 1)
    assert (total, [user.name for user in found]) == (2, ["dora"])
    assert finding.count_people(session, admin) == {"invited": 0, "active": 2, "disabled": 0}
    with pytest.raises(NotAllowed):
        finding.find_people(session, member(session, admin, "eric"), PeopleFilter(), 0, 10)
    with pytest.raises(NotFound, match="dorothy"):
        accounts.find_user(session, "dorothy@example.org")


def test_a_limit_binds_until_its_time_is_over(session):
    limit = Limit("test", 5, 60, "Too many.")
    assert take(session, limit, "a", 3, moment=60.0) == 3
    assert take(session, limit, "a", 3, moment=61.0) == 2
    with pytest.raises(TooMany, match="Wait 58 seconds") as raised:
        take(session, limit, "A", moment=62.0)
    assert raised.value.seconds == 58
    assert take(session, limit, "b", moment=62.0) == 1
    assert take(session, limit, "a", moment=120.0) == 1
    for _ in range(LOGIN_OF_ACCOUNT.most):
        take(session, LOGIN_OF_ACCOUNT, "a", moment=0.0)
    give_back_all(session, LOGIN_OF_ACCOUNT, "a")
    assert take(session, LOGIN_OF_ACCOUNT, "a", moment=0.0) == 1


def test_the_log_holds_what_was_done_and_what_was_refused(database):
    origin = Origin(Person(id=7, name="Dora\nadmin done"), "127.0.0.1", "abc")
    with audited(database, origin, "invite", "x@example.org") as act:
        act.detail["roles"] = ["trainer"]

    def refuse(act):
        note(act.session, origin, "never seen")
        raise NotAllowed("No.")

    with pytest.raises(NotAllowed), audited(database, origin, "grant", "x") as act:
        refuse(act)
    with database.read() as session:
        total, lines = find(session, AuditFilter(), 0, 10)
        assert [(line.action, line.outcome) for line in lines] == [("grant", "refused"), ("invite", "done")]
        assert (total, lines[0].detail, lines[1].detail) == (2, {"why": "No."}, {"roles": ["trainer"]})
        assert lines[0].person == "Dora admin done"
        for narrowed, count in (
            (AuditFilter(person="dora"), 2), (AuditFilter(person="#7"), 2), (AuditFilter(person="#8"), 0),
            (AuditFilter(outcome="refused"), 1), (AuditFilter(action="invite"), 1),
            (AuditFilter(object="EXAMPLE"), 1), (AuditFilter(since=now().date()), 2),
            (AuditFilter(until=now().date() - timedelta(days=1)), 0), (AuditFilter(person="%"), 0),
        ):  # fmt: skip
            assert find(session, narrowed, 0, 10)[0] == count, narrowed


@pytest.mark.parametrize("statement", ["UPDATE audit SET person = 'x'", "DELETE FROM audit"])
def test_the_log_cannot_be_changed(database, statement):
    with database.write_aside() as session:
        note(session, Origin(), "sign in")
    with pytest.raises(DBAPIError, match="never changed"), database.write_aside() as session:
        session.execute(text(statement))


def test_signing_in_counts_as_no_edit(database):
    before = database.change_stamp()
    with database.write_aside() as session:
        admin_of(session)
    assert database.change_stamp() == before
