"""Passwords: their rules, the same answer and the same work for whom nobody knows, links that work once."""

from __future__ import annotations

import re

import pytest

from kb.errors import InvalidRecord
from kb.people import accounts, admission, links, passwords
from kb.people.errors import KeyRefused, SignInRefused, TooMany
from kb.people.model import OneTimeLink, User
from kb.people.texts import Invitation
from kb.validation import validate
from tests.fixtures.people import browser_of
from tests.security.races import overlapping
from tests.security.test_point_02_granting import account
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

PASSWORD = "violet tractor under glass"


class CountingHasher:
    """Argon2's hasher, with a count of what it was asked to do."""

    def __init__(self, real) -> None:
        self.real, self.verified, self.hashed = real, 0, 0

    def verify(self, *given):
        self.verified += 1
        return self.real.verify(*given)

    def hash(self, *given):
        self.hashed += 1
        return self.real.hash(*given)

    def check_needs_rehash(self, kept):
        return self.real.check_needs_rehash(kept)


@pytest.fixture
def hasher(monkeypatch):
    passwords._nobodys()  # made once per process, before anybody signs in
    counting = CountingHasher(passwords._hasher())
    monkeypatch.setattr(passwords, "_hasher", lambda: counting)
    return counting


@pytest.fixture(scope="module")
def kept() -> str:
    return passwords.store(PASSWORD)


@pytest.fixture
def people(database, kept):
    """An account of each sort, with a password where it has one."""
    for name, status in (("active", "active"), ("disabled", "disabled"), ("invited", "invited")):
        account(database, name, status=status)
    with database.write_aside() as session:
        for name in ("active", "disabled"):
            accounts.find_user(session, f"{name}@example.org").password = kept
    account(database, "elsewhere")
    return database


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        ("a" * 14, False), ("crane gravel ten", True), ("x" * 15, False), ("passwordpassword", False),
        ("correct horse battery staple", True), ("ångström räksmörgås sju", True), (PASSWORD * 40, False),
        ("seven quiet harbours keep no ledger of the rain that fell upon them before", True),
        ("all lower case and no digit at all", True),
    ],
)  # fmt: skip
def test_point_08_length_and_a_blocklist_and_no_rules_of_composition(password, taken):
    if taken:
        assert passwords.store(password).startswith("$argon2id$")
    else:
        with pytest.raises(InvalidRecord) as raised:
            passwords.store(password)
        assert [problem.field for problem in raised.value.problems] == ["password"]
        assert password not in str(raised.value)


@pytest.mark.parametrize("email", ["active", "disabled", "invited", "elsewhere", "nobody"])
def test_point_08_signing_in_costs_one_verification_whoever_it_is(people, hasher, email):
    for password in ("wrong wrong wrong wrong", "x" * 5_000, ""):
        before = (hasher.verified, hasher.hashed)
        with pytest.raises(SignInRefused, match=re.escape(accounts.REFUSED)):
            accounts.check_password(people, f"{email}@example.org", password)
        assert (hasher.verified - before[0], hasher.hashed - before[1]) == (1, 0)


@pytest.mark.parametrize(
    "email", ["", "\x00", "a\x00@example.org", "active@example.org\x00", "\u202e", "x" * 9999]
)
def test_point_08_no_text_breaks_signing_in(people, hasher, email):
    with pytest.raises(SignInRefused):
        accounts.check_password(people, email, PASSWORD)
    assert hasher.verified == 1


def test_point_08_the_answer_is_the_same_to_the_letter(own_app, kept):
    database = own_app.extensions[EXTENSION].database
    for status in ("active", "disabled", "invited"):
        account(database, status, status=status)
    with database.write_aside() as session:
        accounts.find_user(session, "disabled@example.org").password = kept
        accounts.find_user(session, "active@example.org").password = kept
    answers = set()
    for email, password in (
        ("active", "wrong wrong wrong"), ("disabled", PASSWORD), ("invited", PASSWORD), ("nobody", PASSWORD),
    ):  # fmt: skip
        answer = browser_of(own_app).send("/sign-in", email=f"{email}@example.org", password=password)
        text = re.sub(r'value="[^"]*"|nonce="[^"]*"', "", answer.text)
        answers.add((answer.status_code, text, tuple(sorted(answer.headers.keys()))))
    assert len(answers) == 1


def test_point_08_a_flood_of_sign_ins_is_told_to_wait_instead_of_queueing(monkeypatch):
    monkeypatch.setattr(passwords, "WAIT", 0.01)
    passwords.AT_ONCE.acquire()
    passwords.AT_ONCE.acquire()
    try:
        with pytest.raises(TooMany):
            passwords.fits(PASSWORD, None)
    finally:
        passwords.AT_ONCE.release()
        passwords.AT_ONCE.release()
    assert passwords.fits(PASSWORD, None) is False


def test_point_08_a_link_used_twice_at_once_works_once(database):
    admin, dora = account(database, "ada", "admin"), account(database, "dora")
    with database.write_aside() as session:
        secret = admission.reset_link(session, admin, dora.id)
    done, refused = overlapping(
        database,
        lambda session: admission.reset_password(session, secret, PASSWORD),
        lambda session: admission.reset_password(session, secret, "another one for somebody else"),
    )
    assert done.id == dora.id
    assert isinstance(refused, KeyRefused)
    assert accounts.check_password(database, dora.email, PASSWORD) == dora.id


def test_point_08_another_password_ends_links_that_were_made_before(database):
    admin, dora = account(database, "ada", "admin"), account(database, "dora")
    with database.write_aside() as session:
        session.get_one(User, dora.id).password = passwords.store(PASSWORD)
        secret = admission.reset_link(session, admin, dora.id)
        accounts.change_password(session, dora, PASSWORD, "granite umbrella kiosk seven")
        with pytest.raises(KeyRefused):
            links.read_link(session, secret)


def test_point_08_links_and_passwords_are_kept_as_hashes(database):
    admin, dora = account(database, "ada", "admin"), account(database, "dora")
    with database.write_aside() as session:
        secret = admission.reset_link(session, admin, dora.id)
        assert secret not in {link.secret for link in session.query(OneTimeLink)}


@pytest.mark.parametrize(
    "email",
    ["аda@example.org", "ada\u200b@example.org", "ada@exаmple.org", "ａda@example.org",
     "ada@example.org\u202e", "İda@example.org", "ada@ex ample.org", "ada@example..org", '"ada"@example.org'],
)  # fmt: skip
def test_point_08_an_address_that_only_looks_like_anothers_is_none(email):
    with pytest.raises(InvalidRecord):
        validate(Invitation, {"email": email})


@pytest.mark.parametrize("name", ["Ada\u202eadmin", "Ada\u200b", "\u2066Ada\u2069", "A\u00adda"])
def test_point_08_a_name_hides_nothing(name):
    with pytest.raises(InvalidRecord, match="invisible"):
        validate(Invitation, {"email": "ada@example.org", "name": name})
