"""People in the browser: the list, inviting, and what administrators do with accounts."""

from __future__ import annotations

import re

import pytest

from kb.people import accounts, sessions, tokens
from kb.people.audit import AuditFilter, find
from kb.people.roles import OPERATOR
from kb.people.tokens import TokenText
from tests.fixtures.people import PASSWORD, browser_of, make_user, session_secret, sign_in
from web.people import DONE
from web.people_views import PAGE_SIZE
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

CHANGES = ["roles", "link", "disable", "enable", "sessions/end", "tokens/revoke"]


@pytest.fixture
def database(own_app):
    return own_app.extensions[EXTENSION].database


@pytest.fixture
def ada(own_app):
    return make_user(own_app, "ada", "admin")


@pytest.fixture
def admin(own_app, ada):
    return browser_of(own_app, ada)


@pytest.fixture
def curator(own_app):
    return sign_in(own_app, "cora", "curator")


@pytest.fixture
def dora(own_app):
    return make_user(own_app, "dora", "trainer")


def logged(database, **wanted):
    with database.read() as session:
        lines = find(session, AuditFilter(**wanted), 0, 50)[1]
        return [(line.action, line.object, line.outcome, line.detail) for line in lines]


def user_of(database, person):
    with database.read() as session:
        user = accounts.find_user(session, person.id)
        return user.status, user.roles


def link_in(page: str) -> str:
    (link,) = re.findall(r"http://127\.0\.0\.1:8000(/welcome\?link=[\w-]{40,})", page)
    return link


def test_visitors_are_asked_to_sign_in_and_others_refused(own_app, database, dora):
    visitor, reader = browser_of(own_app), browser_of(own_app, dora)
    for address in ("/people", "/people/invite", f"/people/{dora.id}"):
        assert visitor.get(address).headers["Location"].startswith("/sign-in?")
        assert reader.get(address).status_code == 403
    for change in CHANGES:
        assert visitor.send(f"/people/{dora.id}/{change}").headers["Location"].startswith("/sign-in?")
        assert reader.send(f"/people/{dora.id}/{change}").status_code == 403
        assert reader.send(f"/people/9999/{change}").status_code == 403
    assert reader.send("/people/invite", email="x@example.org").status_code == 403
    assert {line[2] for line in logged(database, person="dora")} == {"refused"}


def test_curators_see_and_invite_and_change_nothing(curator, database, dora, own_app):
    assert "dora@example.org" in curator.get("/people").text
    page = curator.get(f"/people/{dora.id}").text
    assert "Only administrators change the roles" in page
    assert "Disable the account" not in page
    assert "Sessions and tokens" not in page
    assert "What they did" not in page
    for change in CHANGES:
        assert curator.send(f"/people/{dora.id}/{change}", roles="admin").status_code == 403, change
    assert user_of(database, dora) == ("active", {"trainer"})
    refused = [line[:3] for line in logged(database, person="cora", outcome="refused")]
    assert ("set roles", "dora@example.org", "refused") in refused
    assert len(refused) == len(CHANGES)


def test_the_list_is_narrowed_and_counted(admin, own_app, database, dora):
    with database.write_aside() as session:
        for number in range(PAGE_SIZE):
            accounts.new_user(session, f"p{number:02}@example.org", f"Person {number:02}", "invited")
    page = admin.get("/people").text
    assert f"{PAGE_SIZE + 2} people" in page
    assert 'href="/people?page=2"' in page
    assert "1 person of this kind" in admin.get("/people?q=DORA+example").text
    assert "1 person of this kind" in admin.get("/people?role=trainer&status=active").text
    assert f"{PAGE_SIZE} people of this kind" in admin.get("/people?status=invited").text
    assert "Nobody here is like that" in admin.get("/people?q=zzz").text
    assert "There is no page 9" in admin.get("/people?page=9").text
    for wrong in ("role=god", "status=gone", "page=0", f"q={'x' * 201}"):
        assert admin.get(f"/people?{wrong}").status_code == 400, wrong


def test_an_invitation_leads_in(admin, own_app, database):
    answer = admin.send("/people/invite", email="Bea@Example.org", name="Bea", roles=["trainer", "verifier"])
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "no mail server is set here" in answer.text
    link = link_in(answer.text)
    bea = browser_of(own_app)
    assert "bea@example.org" in bea.get(link).text
    came = bea.send("/welcome", link=link.partition("=")[2], name="Bea", password=PASSWORD)
    assert came.status_code == 303
    assert "Your roles: trainer, verifier." in bea.get("/account").text
    (line,) = logged(database, action="invite")
    assert line[:3] == ("invite", "bea@example.org", "done")
    assert line[3]["roles"] == ["trainer", "verifier"]
    assert link.partition("=")[2] not in str(logged(database))


def test_an_invitation_that_cannot_be_is_shown_again_as_typed(admin, curator, database, dora):
    answer = admin.send("/people/invite", email="no address", name="Bea", roles=["trainer"])
    assert answer.status_code == 400
    assert "E-mail must be an e-mail address" in answer.text
    assert 'value="no address"' in answer.text
    assert re.search(r'value="trainer" aria-describedby="role-\d" checked', answer.text)
    assert "has an account already" in admin.send("/people/invite", email=dora.email).text
    assert admin.send("/people/invite", email="x@example.org", roles="god").status_code == 400
    refused = curator.send("/people/invite", email="x@example.org", roles="auditor")
    assert refused.status_code == 403
    assert "allows more than your own roles" in refused.text
    assert [line[2] for line in logged(database, action="invite")] == ["refused", "refused"]


def test_roles_above_ones_own_cannot_be_ticked_and_say_why(curator):
    page = curator.get("/people/invite").text
    disabled = re.findall(r'value="([\w ]+)" aria-describedby="role-\d" disabled', page)
    assert disabled == ["admin", "auditor"]
    assert page.count("it allows more than your own roles do") == 2


def test_roles_change_and_the_person_is_out(admin, own_app, database, dora):
    browser = browser_of(own_app, dora)
    answer = admin.send(f"/people/{dora.id}/roles", roles=["estimator", "curator"])
    assert answer.headers["Location"] == f"/people/{dora.id}?done=roles#roles"
    assert "The roles are saved" in admin.get(answer.headers["Location"]).text
    assert user_of(database, dora) == ("active", {"estimator", "curator"})
    assert browser.get("/account").status_code == 303
    detail = {"given": ["curator", "estimator"], "taken": ["trainer"]}
    assert logged(database, action="set roles") == [("set roles", dora.email, "done", detail)]
    wrong = admin.send(f"/people/{dora.id}/roles", roles="god")
    assert wrong.status_code == 400
    assert "must be one of" in wrong.text


def test_ones_own_roles_change_and_one_stays_in_under_another_secret(admin, own_app, ada):
    make_user(own_app, "zoe", "admin")
    before = admin.secret
    assert admin.send(f"/people/{ada.id}/roles", roles=["curator"]).status_code == 303
    assert admin.secret != before
    assert "Your role: curator." in admin.get("/account").text


def test_the_last_administrator_stays_and_is_told_so(admin, own_app, database, ada):
    for change, section in (("roles", "roles"), ("disable", "state")):
        answer = admin.send(f"/people/{ada.id}/{change}")
        assert answer.status_code == 409
        assert "This is the last administrator" in answer.text, section
    assert user_of(database, ada) == ("active", {"admin"})
    assert {line[2] for line in logged(database, person="ada")} == {"refused"}


def test_disabling_ends_everything_and_enabling_opens_again(admin, own_app, database, dora):
    browser = browser_of(own_app, dora)
    with database.write_aside() as session:
        _, key = tokens.issue_token(session, dora, TokenText(name="script"))
    bearer = {"Authorization": f"Bearer {key}"}
    assert own_app.test_client().get("/api/v1/entries", headers=bearer).status_code == 200
    page = admin.get(f"/people/{dora.id}").text
    assert "Dora is signed out everywhere and cannot sign in." in page
    assert admin.send(f"/people/{dora.id}/disable").headers["Location"].endswith("?done=disabled#state")
    assert browser.get("/account").status_code == 303
    assert own_app.test_client().get("/api/v1/entries", headers=bearer).status_code == 401
    assert admin.send(f"/people/{dora.id}/link").status_code == 403
    assert admin.send(f"/people/{dora.id}/enable").headers["Location"].endswith("?done=enabled#state")
    assert user_of(database, dora)[0] == "invited"  # Dora never chose a password
    assert [line[0] for line in logged(database, object=dora.email, outcome="done")] == [
        "enable person", "disable person",
    ]  # fmt: skip


def test_sessions_and_tokens_of_others_end(admin, own_app, database, dora):
    session_secret(own_app, dora, "Firefox/140.0 (Windows)")
    with database.write_aside() as session:
        tokens.issue_token(session, dora, TokenText(name="nightly script"))
    page = admin.get(f"/people/{dora.id}").text
    assert "Firefox on Windows" in page
    assert "nightly script" in page
    admin.send(f"/people/{dora.id}/sessions/end")
    admin.send(f"/people/{dora.id}/tokens/revoke")
    page = admin.get(f"/people/{dora.id}").text
    assert "Signed in nowhere." in page
    assert "No token that works." in page
    with database.read() as session:
        assert sessions.list_sessions(session, OPERATOR, dora.id) == []
    lines = [(line[0], line[3]) for line in logged(database, object=dora.email)]
    assert lines == [("revoke tokens", {"revoked": 1}), ("end sessions", {"ended": 1})]


def test_a_link_leads_to_another_password(admin, own_app, database, dora):
    link = link_in(admin.send(f"/people/{dora.id}/link").text)
    browser = browser_of(own_app)
    assert "Choose another password" in browser.get(link).text
    assert browser.send("/welcome", link=link.partition("=")[2], password=PASSWORD).status_code == 303
    assert accounts.check_password(database, dora.email, PASSWORD) == dora.id
    assert logged(database, action="make link")[0][3] == {"for": "another password"}


def test_a_form_that_is_sent_again_makes_no_other_link(admin, own_app, database, dora):
    """As a browser does that loads the page with the link anew: the first one goes on working."""
    once = re.compile(r'name="once" value="([\w-]{20,})"')
    (first,), (second,) = (
        once.findall(admin.get(each).text) for each in ("/people/invite", f"/people/{dora.id}")
    )
    assert first != second
    link = link_in(admin.send(f"/people/{dora.id}/link", once=second).text)
    again = admin.send(f"/people/{dora.id}/link", once=second)
    assert (again.status_code, again.headers["Location"]) == (303, f"/people/{dora.id}?done=sent#person")
    assert "This form was sent before" in admin.get(f"/people/{dora.id}?done=sent").text
    assert browser_of(own_app).get(link).status_code == 200
    sent = {"email": "bea@example.org", "roles": "trainer", "once": first}
    invitation = link_in(admin.send("/people/invite", **sent).text)
    again = admin.send("/people/invite", **sent)
    assert again.status_code == 303
    assert "This form was sent before" in admin.get(again.headers["Location"]).text
    assert browser_of(own_app).get(invitation).status_code == 200


def test_curators_make_the_invitation_again(curator, admin, database):
    first = link_in(curator.send("/people/invite", email="bea@example.org", roles="trainer").text)
    with database.read() as session:
        number = accounts.find_user(session, "bea@example.org").id
    assert "has not come yet" in curator.get(f"/people/{number}").text
    second = link_in(curator.send(f"/people/{number}/link").text)
    assert curator.get(first).status_code == 410
    assert curator.get(second).status_code == 200


def test_whoever_may_read_the_log_sees_what_a_person_did(admin, own_app, ada, dora):
    assert "Nothing yet that the audit log keeps." in admin.get(f"/people/{dora.id}").text
    admin.send(f"/people/{dora.id}/roles", roles=["reader", "estimator"])
    page = admin.get(f"/people/{ada.id}").text
    assert "Set roles" in page
    assert "given:</span> estimator, reader" in page


def test_nobody_there_is_404(admin):
    assert admin.get("/people/9999").status_code == 404
    assert admin.get("/people/x").status_code == 404
    assert admin.send("/people/9999/disable").status_code == 404


def test_what_was_done_is_named_by_a_word_of_ours(admin, dora):
    page = admin.get(f"/people/{dora.id}").text
    assert all(f'id="{section}"' in page for section, _ in DONE.values())
    assert "banner-good" not in admin.get(f"/people/{dora.id}?done=nonsense").text


@pytest.mark.parametrize(
    "address",
    ["/people?q=%00", "/audit?person=a%00b", "/audit?object=%1B", "/audit?action=%00", "/vocabulary?q=%00",
     "/audit/export?form=csv&person=%00"],
)  # fmt: skip
def test_characters_that_no_database_takes_are_named(own_app, address):
    answer = sign_in(own_app, "ada", "admin").get(address)
    assert answer.status_code == 400
    assert "cannot be stored" in answer.text
