"""The pages and calls of assignments and cohorts, and what a learner finds first."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from kb.adoptions.model import Adoption
from kb.dossiers.model import DossierRow, DossierVersionRow
from kb.learning.home import fits
from kb.model import Entry
from kb.people.clock import now
from kb.people.model import User
from kb.people.secrets import derived
from kb.visibility import set_visibility
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.test_assigning import PATH, complete, deadline, today
from tests.test_learning import COURSE, QUIZ, put
from web.forms import TOKEN_HEADER
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


@pytest.fixture
def school(own_app):
    put(own_app.extensions[EXTENSION].database, QUIZ, COURSE)
    return own_app


@pytest.fixture
def tina(school):
    return sign_in(school, "tina", "trainer")


@pytest.fixture
def ann(school):
    return sign_in(school, "ann")


def database_of(app):
    return app.extensions[EXTENSION].database


def words(answer) -> str:
    return unescape(re.sub(r"(<[^>]+>|\s)+", " ", answer.text)).strip()


def follow(browser, answer):
    assert answer.status_code == 303, answer.text
    return browser.get(answer.headers["Location"])


def headers(browser):
    return {TOKEN_HEADER: derived(browser.secret, "form")}


def assigned(tina, **said):
    given = {"path": PATH, "due_on": deadline().isoformat(), "people": "ann@example.org"} | said
    return tina.send("/teaching/assignments/new", **given)


def test_a_path_is_assigned_changed_and_taken_back(school, tina, ann):
    make_user(school, "bob")
    assert "Nothing is assigned" in words(tina.get("/teaching/assignments"))
    assert "Going back (P-0005)" in tina.get("/teaching/assignments/new").text
    page = follow(tina, assigned(tina, roles=["estimator"], note="Before the <cut-over>."))
    assert "It is assigned" in page.text
    assert "0 of 1 done" in words(page)
    assert "Ann Not begun" in words(page)
    assert "Before the &lt;cut-over&gt;." in page.text
    home = words(ann.get("/learning"))
    assert f"Going back P-0005 {(deadline() - today()).days} days left" in home
    assert "Tina asks you" in home
    assert "Begin : Going back" in home  # a link, with the title for those who hear it
    assert "Tina asks you to complete this by" in words(ann.get(f"/learning/{PATH}"))
    assert "You are asked to complete a learning path" in ann.get("/account").text
    assert "Tina asks you to complete it." in words(ann.get("/notices"))
    changed = {"version": "1", "due_on": today().isoformat(), "people": "ann@example.org, bob@example.org"}
    page = follow(tina, tina.send("/teaching/assignments/1", **changed))
    assert "0 of 2 done" in words(page)
    assert "due today" in words(ann.get("/learning"))
    stale = tina.send("/teaching/assignments/1", **changed)
    assert stale.status_code == 409
    assert "Tina has changed this assignment since" in stale.text
    assert "ann@example.org, bob@example.org" in stale.text
    page = follow(tina, tina.send("/teaching/assignments/1/withdraw"))
    assert "It is taken back" in page.text
    assert "Tina took it back" in words(tina.get("/teaching/assignments/1"))
    assert "Going back" in tina.get("/teaching/assignments?which=withdrawn").text
    assert "Tina asks you" not in words(ann.get("/learning"))


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(school, tina, ann):
    yesterday = (today() - timedelta(days=1)).isoformat()
    refused = assigned(tina, due_on=yesterday, note="Kept", roles=["reader"])
    assert refused.status_code == 400
    assert "Due on is in the past" in words(refused)
    assert 'value="Kept"' in refused.text
    assert ">\nann@example.org</textarea>" in refused.text
    assert 'value="reader" checked' in refused.text
    for said, problem in (
        ({"people": "nobody@example.org"}, "there is none for nobody@example.org"),
        ({"people": "no mail"}, "must be an e-mail address"),
        ({"people": ""}, "People is required, or a role or a cohort"),
        ({"due_on": "soon"}, "must be a date written as 2026-03-01"),
        ({"path": ""}, "must be an entry id such as L-0042"),
        ({"cohorts": ["9"]}, "names the number 9, which no cohort has"),
        ({"roles": ["king"]}, "must be one of"),
    ):
        refused = assigned(tina, **said)
        assert refused.status_code == 400, said
        assert problem in words(refused), said
    assert "Nothing is assigned" in words(tina.get("/teaching/assignments"))


def test_a_cohort_is_kept_on_its_page(school, tina, ann):
    assert "There is no cohort yet" in words(tina.get("/teaching/cohorts"))
    page = follow(tina, tina.send("/teaching/cohorts", name="Autumn", people="ann@example.org\n"))
    assert "The cohort is made" in page.text
    again = tina.send("/teaching/cohorts", name="autumn", note="Kept")
    assert again.status_code == 409
    assert "The name is taken by another cohort" in again.text
    assert 'value="Kept"' in again.text
    assert follow(tina, assigned(tina, people="", cohorts=["1"])).status_code == 200
    refused = tina.send("/teaching/cohorts/1/remove")
    assert refused.status_code == 409
    assert "An assignment is for this cohort" in refused.text
    follow(tina, tina.send("/teaching/cohorts/1", version="1", name="Winter", people=""))
    assert "Nobody is in it" in words(tina.get("/teaching/cohorts/1"))
    assert tina.send("/teaching/cohorts/1", version="1", name="Spring").status_code == 409
    assert "It asks nobody at the moment" in words(tina.get("/teaching/assignments/1"))
    tina.send("/teaching/assignments/1/withdraw")
    assert "The list is removed" in follow(tina, tina.send("/teaching/cohorts/1/remove")).text


def test_the_api_does_the_same(school, tina, ann):
    tina.get("/learning")
    said = {"path": PATH, "due_on": deadline().isoformat(), "people": ["ann@example.org"]}
    made = tina.post("/api/v1/assignments", json=said, headers=headers(tina))
    assert made.status_code == 201
    assert made.headers["Location"].endswith("/api/v1/assignments/1")
    (person,) = made.json["standing"]
    assert (person["name"], person["state"], made.json["asked"], made.json["done"]) == ("Ann", "new", 1, 0)
    assert [each["id"] for each in tina.get("/api/v1/assignments").json["assignments"]] == [1]
    change = {"version": 1, "due_on": today().isoformat(), "roles": ["reader"]}
    assert tina.put("/api/v1/assignments/1", json=change, headers=headers(tina)).json["asked"] == 0
    assert tina.put("/api/v1/assignments/1", json=change, headers=headers(tina)).status_code == 409
    cohort = tina.post(
        "/api/v1/cohorts", json={"name": "A", "people": ["ann@example.org"]}, headers=headers(tina)
    )
    assert cohort.json["people"] == [{"email": "ann@example.org", "name": "Ann"}]
    change |= {"version": 2, "roles": [], "cohorts": [1]}
    assert tina.put("/api/v1/assignments/1", json=change, headers=headers(tina)).json["asked"] == 1
    due = ann.get("/api/v1/learning").json["due"]
    assert [(each["path"], each["days_left"], each["state"], each["by"]) for each in due] == [
        (PATH, 0, "new", "Tina")
    ]
    assert tina.delete("/api/v1/cohorts/1", headers=headers(tina)).status_code == 409
    assert tina.delete("/api/v1/assignments/1", headers=headers(tina)).status_code == 204
    assert tina.delete("/api/v1/assignments/1", headers=headers(tina)).status_code == 409
    assert tina.delete("/api/v1/cohorts/1", headers=headers(tina)).status_code == 204
    assert ann.post("/api/v1/assignments", json=said, headers=headers(ann)).status_code == 403


def test_nothing_tells_of_a_hidden_path(school, tina, ann):
    """Its assignment is answered as one that is not there, and is in no list and no count."""
    follow(tina, assigned(tina))
    with database_of(school).write() as session:
        set_visibility(session, PATH, "restricted", ["role:estimator"])
    for address in ("/teaching/assignments", "/teaching/assignments/new", "/learning", "/notices"):
        for browser in (tina, ann):
            assert "Going back" not in browser.get(address).text, address
            assert PATH not in browser.get(address).text, address
    missing = words(tina.get("/teaching/assignments/77"))
    hidden = words(tina.get("/teaching/assignments/1"))
    assert re.sub("Request .*", "", hidden) == re.sub("Request .*", "", missing)
    assert tina.get("/api/v1/assignments").json == {"assignments": []}
    assert tina.get("/api/v1/assignments/1").status_code == 404
    assert ann.get("/api/v1/learning").json["due"] == []
    assert tina.send("/teaching/assignments/1/withdraw").status_code == 404


def test_an_archived_path_is_said_in_words(school, tina, ann):
    cora = sign_in(school, "cora", "curator")
    follow(tina, assigned(tina))
    ann.send(f"/learning/{PATH}/enrol")
    cora.send(f"/entries/{PATH}/archive", reason="A new one comes")
    page = words(tina.get("/teaching/assignments/1"))
    assert "This path has been archived. 1 person is in the middle of it" in page
    assert "You can finish what you began" in words(ann.get("/learning"))
    assert ann.send(f"/learning/{PATH}/L-0001", do="done", note="").status_code == 303


def test_the_next_step_is_that_of_what_is_due_first(school, tina, ann):
    for path in ("P-0001", PATH):
        ann.send(f"/learning/{path}/enrol")
    page = words(ann.get("/learning"))
    assert "Your next step" in page
    follow(tina, assigned(tina))
    found = ann.get("/api/v1/learning").json["next"]
    assert (found["path"], found["step"]) == (PATH, "L-0001")


def test_paths_are_recommended_with_the_reason(school, ann):
    database = database_of(school)
    with database.write_aside() as session:
        user = session.query(User).filter_by(email="ann@example.org").one()
        user.interests, user.skills = ["transition", "gardening"], ["Cut-over manager"]
        lesson = session.query(Entry).filter_by(ref="L-0001").one()
        said = {"number": 1, "adopted_on": today(), "note": "", "created_at": now()}
        session.add(Adoption(entry_id=lesson.id, user_id=user.id, project="Payroll", **said))
        row = DossierRow(title="New <ledger>", owner_id=user.id, owner="Ann", created_at=now())
        said = {"number": 1, "answer": {}, "note": "", "author": "Ann", "created_at": now()}
        row.versions.append(DossierVersionRow(request={"type": "live", "sector": None}, **said))
        session.add(row)
    page = ann.get("/learning")
    assert "Recommended for you" in page.text
    reasons = {each["path"]: each["reasons"] for each in ann.get("/api/v1/learning").json["recommended"]}
    assert reasons["P-0001"] == [
        "has “Rehearse the cut-over with full volumes”, which you adopted for Payroll",
        "is about live, as is “New <ledger>”, which you estimate",
        "you are interested in transition",
    ]
    assert "“New &lt;ledger&gt;”" in page.text
    assert reasons[PATH] == ["has “Rehearse the cut-over with full volumes”, which you adopted for Payroll"]


def test_a_role_recommends_what_is_written_for_it(school):
    put(database_of(school), COURSE | {"id": "P-0006", "audience": "Project managers and estimators"})
    pam = sign_in(school, "pam", "project manager")
    found = pam.get("/api/v1/learning").json["recommended"]
    assert [(each["path"], each["reasons"]) for each in found] == [
        ("P-0006", ["written for your role, project manager"])
    ]


@pytest.mark.parametrize(
    ("wanted", "text", "expected"),
    [
        ("project manager", "For Project Managers", True), ("risks", "a risk", True), ("art", "start", False),
        ("", "x", False), ("a b", "a x b", False), ("Übergabe", "die übergabe", True), ("!!", "x", False),
    ],
)  # fmt: skip
def test_words_fit_whole_and_in_their_order(wanted, text, expected):
    assert fits(wanted, text) is expected


def test_what_lapses_soon_is_to_be_renewed(school):
    from kb.people.audit import Origin

    person = make_user(school, "rex")
    complete(database_of(school), Origin(person), today() - timedelta(days=350))
    rex = browser_of(school, person)
    page = words(rex.get("/learning"))
    assert "To renew Going back P-0005 valid until" in page
    assert [each["path"] for each in rex.get("/api/v1/learning").json["renewals"]] == [PATH]
    rex.send(f"/learning/{PATH}/badge")
    assert "Certificate of Going back" in words(rex.get("/learning"))
    rex.send(f"/learning/{PATH}/enrol")
    assert "To renew" not in words(rex.get("/learning"))


def test_a_learner_with_nothing_is_told_what_to_do(school):
    new = sign_in(school, "new")
    page = words(new.get("/learning"))
    assert "Paths you can take" in page
    assert "Say in your account what you know and what interests you" in page
