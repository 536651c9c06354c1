"""What is somebody else's, or hidden, is answered as if it were not there; every id is looked at.

That nothing of a hidden entry shows in lists, counts, searches, facets and suggestions is tried by
tests/test_hidden.py on whole repositories; that roles decide at every address, by test_matrix.py.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from kb.people.model import SessionRow, Token
from kb.people.roles import Person
from kb.people.secrets import derived, hashed
from kb.people.tokens import TokenText, issue_token
from kb.visibility import set_visibility
from tests.fixtures.people import browser_of, make_user, session_secret
from tests.security.addresses import address_of, rules
from tests.security.matrix import ROWS, SIGN_IN, Actor, Row, outcome
from web.api.examples import BODIES
from web.forms import TOKEN_HEADER
from web.services import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

HIDDEN, MISSING, TITLE = "L-0001", "L-0999", "Rehearse the cut-over"
NOTHING = 999_999
DOSSIERS = {row.endpoint for row in ROWS if row.endpoint.startswith("dossiers.")}
"""Their ids are not those of entries."""
FORMS = {
    "reviewing.decide": {"do": "submit"}, "learning.do_step": {"do": "done"},
    "teaching.decide_step": {"do": "keep"},
}  # fmt: skip
"""What a form says, where one that says nothing is refused before anybody looks what it is about."""
NAMING = {"ref": "L", "path": "P", "step": "M", "training": "M", "other": "L"}
"""Parts of addresses that name an entry, and its kind unless the matrix says another."""
CHANGING = [
    re.compile(r'nonce="[^"]+"'), re.compile(r"<code>[0-9a-f]{12}</code>"),
    re.compile(r'"request_id": ?"\w+"'), re.compile(r'value="[0-9a-f]{62,64}"'),
    re.compile(r'name="once" value="[\w-]+"'),
    re.compile(r"\s*<h2>You may be looking for</h2>.*?</ul>", re.DOTALL),
]  # fmt: skip


def database_of(app):
    return app.extensions[EXTENSION].database


def token_of(app, person: Person, *scopes: str) -> tuple[int, str]:
    """(id, secret) of a new token."""
    with database_of(app).write_aside() as session:
        token, secret = issue_token(session, person, TokenText(name="program", scopes=["read", *scopes]))
        return token.id, secret


def session_of(app, person: Person) -> int:
    """The id of a new session."""
    secret = hashed(session_secret(app, person, agent="Agent of theirs"))
    with database_of(app).read() as session:
        return session.scalars(select(SessionRow.id).where(SessionRow.secret == secret)).one()


def exists(app, model, number: int) -> bool:
    with database_of(app).read() as session:
        row = session.get(model, number)
        return row is not None and getattr(row, "revoked_at", None) is None


def told(answer, ref: object = None) -> str:
    """Status and text, without what differs each time, the id of an entry that was asked for, and the ids
    that look like it.
    """
    text = answer.get_data().decode("utf-8", "replace")
    for pattern in CHANGING:
        text = pattern.sub("", text)
    if isinstance(ref, str):
        text = re.sub(ref, "REF", text, flags=re.IGNORECASE)
    return f"{answer.status_code} {text}"


def same(browser, method: str, address: str, there: object, missing: object, **sent) -> int:
    """The status, when what is there and what is not are answered alike, but for their names."""
    answers = [
        told(browser.open(address.format(name), method=method, **sent), name) for name in (there, missing)
    ]
    assert answers[0] == answers[1], address
    return int(answers[0][:3])


@pytest.fixture
def dora_and_eric(own_app):
    """A browser of Dora, who has no roles, and the ids of Eric, a session and a token of his."""
    dora, eric = make_user(own_app, "dora"), make_user(own_app, "eric")
    secret = session_secret(own_app, dora)
    browser = browser_of(own_app)
    browser.set_cookie("precedent", secret)
    headers = {TOKEN_HEADER: derived(secret, "form")}
    return browser, headers, eric.id, session_of(own_app, eric), token_of(own_app, eric)[0]


def test_point_1_another_persons_session_and_token_are_as_if_they_were_not(own_app, dora_and_eric):
    browser, headers, _, session, token = dora_and_eric
    for method, address, there in (
        ("POST", "/account/sessions/{}/end", session), ("POST", "/account/tokens/{}/revoke", token),
        ("DELETE", "/api/v1/me/sessions/{}", session), ("DELETE", "/api/v1/me/tokens/{}", token),
    ):  # fmt: skip
        assert same(browser, method, address, there, NOTHING, headers=headers) == 404
    assert exists(own_app, SessionRow, session)
    assert exists(own_app, Token, token)


def test_point_1_a_session_or_token_is_not_reached_by_way_of_another_person(own_app, dora_and_eric):
    """Also not by who may end it: the address has to name its owner."""
    _, _, _, session, token = dora_and_eric
    other = make_user(own_app, "fay").id
    ada = browser_of(own_app)
    secret = session_secret(own_app, make_user(own_app, "ada", "admin"))
    ada.set_cookie("precedent", secret)
    headers = {TOKEN_HEADER: derived(secret, "form")}
    for what, number in (("sessions", session), ("tokens", token)):
        address = f"/api/v1/people/{other}/{what}/{{}}"
        assert same(ada, "DELETE", address, number, NOTHING, headers=headers) == 404
        assert ada.delete(f"/api/v1/me/{what}/{number}", headers=headers).status_code == 404
    assert exists(own_app, SessionRow, session)
    assert exists(own_app, Token, token)


def test_point_1_who_may_not_see_people_does_not_learn_whom_there_is(own_app, dora_and_eric):
    browser, headers, eric, _, _ = dora_and_eric
    tried = 0
    for rule in rules(own_app):
        of = "person" if "person" in rule.arguments else "number"
        if str(rule).startswith(("/people/<", "/api/v1/people/<")):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                there, missing = (address_of(rule, **{of: who}) for who in (eric, NOTHING))
                answers = [
                    told(browser.open(each, method=method, headers=headers)) for each in (there, missing)
                ]
                assert answers[0] == answers[1], (rule, method)
                assert answers[0].startswith("403")
                tried += 1
    assert tried > 15


def test_point_1_keys_of_others_are_for_who_manages_people(own_app, dora_and_eric):
    """A curator sees people, not their browsers and tokens."""
    _, _, eric, _, _ = dora_and_eric
    for role, sees in (("curator", False), ("admin", True)):
        page = browser_of(own_app, make_user(own_app, f"as{role}", role)).get(f"/people/{eric}").text
        assert ("prc_" in page) is sees


def hide(app, ref: str, *, is_hidden: bool = True) -> None:
    """The entry is for estimators only, or for everybody again."""
    with database_of(app).write() as session:
        if is_hidden:
            set_visibility(session, ref, "restricted", ["role:estimator"])
        else:
            set_visibility(session, ref, "public", [])


@pytest.fixture
def hidden(own_app):
    """The application, in which one lesson is for estimators only."""
    hide(own_app, HIDDEN)
    return own_app


def asked_of_entries(app) -> Iterator[tuple[Row, str, str]]:
    """Every address and method that names an entry: its row, the address with braces for the id, and the
    id of an entry of the kind that it is about.
    """
    ways = {row.endpoint: [each for each in ROWS if each.endpoint == row.endpoint] for row in ROWS}
    for rule in rules(app):
        for row in ways[rule.endpoint]:
            for name in sorted(rule.arguments & NAMING.keys()):
                if row.endpoint not in DOSSIERS:
                    others = {"step": "M-0001", "path": "P-0001"} | dict(row.of)
                    address = address_of(rule, **others | {name: "REF"}).replace("REF", "{}")
                    yield row, address, f"{row.of.get(name, NAMING[name])[0]}-0001"


def headers_of(browser, row: Row) -> dict[str, object]:
    """What a form of ours, or a program, would send to the address."""
    if not browser.secret:
        browser.get("/sign-in")
    sent: dict[str, object] = {"headers": {TOKEN_HEADER: derived(browser.secret, "form"), "If-Match": '"1"'}}
    sent["data"] = FORMS.get(row.endpoint, {})
    if row.is_api and row.method != "GET":
        del sent["data"]
        sent["json"] = BODIES.get(row.endpoint.removeprefix("api."), {})
    return sent


def test_point_1_many_addresses_name_entries(own_app):
    asked = list(asked_of_entries(own_app))
    assert {row.method for row, _, _ in asked} == {"GET", "POST", "PUT", "DELETE"}
    assert {ref[0] for _, _, ref in asked} >= {"L", "T", "M", "P"}
    assert len(asked) > 50


@pytest.mark.parametrize(
    "roles",
    [None, (), ("reader",), ("contributor", "trainer", "verifier"), ("project manager",)],
    ids=lambda roles: "visitor" if roles is None else "-".join(roles) or "no roles",
)
def test_point_1_a_hidden_entry_is_answered_as_one_that_is_missing(own_app, roles):
    """To whoever may ask for such a thing: 404. Who may not is refused before anybody looks whether there is
    such an entry, in the same words.
    """
    person = None if roles is None else make_user(own_app, "dora", *roles)
    actor = Actor("dora", roles or (), is_known=person is not None)
    browser, wrong = browser_of(own_app, person), {}
    for row, address, ref in asked_of_entries(own_app):
        hide(own_app, ref)
        may = actor.may(row.needs, is_public=True)
        refused = outcome(row, actor, is_public=True)
        expected = 404 if may else 303 if refused == SIGN_IN else refused
        sent, missing = headers_of(browser, row), f"{ref[:2]}0999"
        got = same(browser, row.method, address, ref, missing, **sent)
        if got != expected:
            wrong[row.method, address] = got
        if row.method == "GET":
            low = same(browser, "GET", address, ref.lower(), missing.lower(), **sent)
            assert low in {expected, 301}, (row, address)
            assert TITLE not in browser.get(address.format(ref)).text
        hide(own_app, ref, is_hidden=False)
    assert wrong == {}


def test_point_1_the_comparison_would_notice(hidden):
    """The administrator sees it, and is answered otherwise than about what is missing."""
    browser, noticed = browser_of(hidden, make_user(hidden, "ada", "admin")), 0
    assert TITLE in browser.get(f"/entries/{HIDDEN}").text
    for row, address, ref in asked_of_entries(hidden):
        if row.method == "GET" and row.gives == 200 and ref == HIDDEN:
            answers = (told(browser.get(address.format(each)), each) for each in (HIDDEN, MISSING))
            noticed += len(set(answers)) == 2
    assert noticed > 8


def test_point_1_a_token_sees_what_its_owner_does(hidden):
    for role, status in (("reader", 404), ("estimator", 200), ("curator", 200), ("auditor", 200)):
        _, secret = token_of(hidden, make_user(hidden, role, role), "people", "operate")
        sent = {"Authorization": f"Bearer {secret}"}
        assert hidden.test_client().get(f"/api/v1/entries/{HIDDEN}", headers=sent).status_code == status


def test_point_1_eyes_that_are_borrowed_see_no_more_than_their_owner(hidden):
    for looks_as, status in (("reader", 404), ("visitor", 404), ("estimator", 200), ("", 200)):
        browser = browser_of(hidden, make_user(hidden, f"as{looks_as}", "curator"))
        assert browser.send("/view-as", role=looks_as).status_code == 303
        assert browser.get(f"/entries/{HIDDEN}").status_code == status
