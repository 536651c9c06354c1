"""Who may see an entry, decided on the page, in the API and on the command line."""

from __future__ import annotations

import re

import pytest

from kb.people.audit import AuditFilter, Origin, find
from kb.people.roles import OPERATOR, Person
from kb.showing import ShowingChanged, show_to
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import browser_of, make_user, session_secret, sign_in
from web.forms import TOKEN_HEADER
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
PAGE = "/entries/L-0001/visibility"


def database_of(app):
    return app.extensions[EXTENSION].database


def lines(app):
    """What the log says of it, newest first."""
    with database_of(app).read() as session:
        return [line.detail for line in find(session, AuditFilter(action="set visibility"), 0, 10)[1]]


@pytest.fixture
def curator(own_app):
    return sign_in(own_app, "cora", "curator")


def was(browser) -> str:
    """What the form says that it was made of."""
    return re.search(r'name="was" value="(\w+)"', browser.get(PAGE).text)[1]


def test_the_page_of_an_entry_leads_there_for_who_may_decide(own_app, curator):
    assert PAGE in curator.get("/entries/L-0001").text
    reader = sign_in(own_app, "rita", "reader")
    assert PAGE not in reader.get("/entries/L-0001").text
    for ref in ("L-0001", "L-0999"):
        assert reader.get(f"/entries/{ref}/visibility").status_code == 403
        assert reader.send(f"/entries/{ref}/visibility", visibility="public").status_code == 403
    assert curator.get("/entries/L-0999/visibility").status_code == 404


def test_who_loses_sight_is_said_first_and_undone_afterwards(own_app, curator):
    make_user(own_app, "rita", "reader")
    make_user(own_app, "emil", "estimator")
    sent = {"visibility": "restricted", "roles": "estimator", "mask_source": "yes", "was": was(curator)}
    asked = curator.send(PAGE, **sent)
    assert asked.status_code == 200
    assert "visitors who have not signed in</li>" in asked.text
    assert "Rita</li>" in asked.text
    assert "Emil</li>" not in asked.text
    assert "Cora</li>" not in asked.text  # a curator sees it all the same
    assert own_app.test_client().get("/entries/L-0001").status_code == 200
    done = curator.send(PAGE, **sent, agreed="yes")
    assert "The entry is for estimators from now on." in done.text
    assert own_app.test_client().get("/entries/L-0001").status_code == 404
    assert lines(own_app) == [
        {"visibility": "restricted", "readers": ["role:estimator"], "before": "public", "masked": True}
    ]
    again = curator.send(PAGE, **sent, agreed="yes")
    assert "Nothing was changed" in again.text  # as when the page is loaded again
    undone = curator.send(PAGE, visibility="public", was=was(curator), agreed="yes")
    assert "The entry is for everybody from now on." in undone.text
    assert own_app.test_client().get("/entries/L-0001").status_code == 200


def test_the_undo_form_brings_back_all_that_was_so(own_app, curator):
    make_user(own_app, "emil", "estimator")
    readers = ["role:trainer", "person:emil@example.org"]
    before = show_to(
        database_of(own_app), Origin(OPERATOR), "L-0001", "restricted", readers, mask_source=True
    )
    page = curator.send(PAGE, visibility="public", was=was(curator)).text
    form = page[page.index("Undo") - 900 :]
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert "emil@example.org" in form
    curator.send(PAGE, **{k: v for k, v in sent.items() if k != "form_token"}, people="emil@example.org")
    shown = show_to(database_of(own_app), Origin(OPERATOR), "L-0001", "public", is_trial=True).before
    assert shown == before.after


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "The choice is missing: choose one."),
        ({"visibility": "restricted"}, "a restricted entry names who may see it"),
        (
            {"visibility": "restricted", "roles": "reader", "people": "nobody@example.org"},
            "nobody here has the account",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_typed_is_lost(own_app, curator, sent, words):
    answer = curator.send(PAGE, **sent)
    assert answer.status_code == 400
    assert words in answer.text
    assert sent.get("people", "") in answer.text
    assert lines(own_app) == []


def test_who_decides_second_is_told_and_sees_what_stands(own_app, curator):
    stale = was(curator)
    show_to(database_of(own_app), Origin(OPERATOR), "L-0001", "signed-in")
    answer = curator.send(PAGE, visibility="restricted", roles="trainer", was=stale, agreed="yes")
    assert answer.status_code == 409
    assert "now for people who have signed in" in answer.text
    with pytest.raises(ShowingChanged):
        show_to(database_of(own_app), Origin(OPERATOR), "L-0001", "public", was=stale)


def test_programs_read_and_set_it(own_app):
    person = make_user(own_app, "cora", "curator")
    browser, secret = browser_of(own_app, person), session_secret(own_app, person)
    browser.set_cookie("precedent", secret)
    from kb.people.secrets import derived

    headers = {TOKEN_HEADER: derived(secret, "form")}
    address = f"/api/v1{PAGE}"
    told = {"told_in_texts": []}
    assert browser.get(address).json == {"visibility": "public", "readers": [], "mask_source": False} | told
    body = {"visibility": "restricted", "readers": ["role:verifier"], "mask_source": True}
    assert browser.put(address, json=body, headers=headers).json == body | told
    kept = browser.put(address, json=body | {"mask_source": None}, headers=headers)
    assert kept.json == body | told
    assert len(lines(own_app)) == 1  # the second time was no change
    wrong = browser.put(address, json={"visibility": "restricted"}, headers=headers)
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (400, "readers")
    mask = browser.put(
        "/api/v1/entries/R-0001/visibility", json={"visibility": "public", "mask_source": True},
        headers=headers,
    )  # fmt: skip
    assert mask.json["errors"][0]["field"] == "mask_source"


def test_many_who_lose_sight_are_counted(own_app):
    for number in range(9):
        make_user(own_app, f"person{number}", "reader")
    by = Origin(Person(id=1, name="Cora", roles=frozenset({"curator"})))
    shown = show_to(database_of(own_app), by, "L-0001", "restricted", ["role:trainer"], is_trial=True)
    assert len(shown.losing) == 6
    assert shown.losing[-1] == "5 more people"


@pytest.mark.browser
def test_the_page_is_accessible_light_dark_and_on_a_phone(page, live):
    live.sign_in(page, make_user(live.app, "visibility", "curator"))
    page.goto(live.url + PAGE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.reload()
        check_accessibility(page)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("Only the roles and people").check()
    page.get_by_label("Trainer").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Who could no longer see it").wait_for()
    check_accessibility(page)
    page.get_by_role("link", name="Leave it as it is").click()
    page.get_by_role("heading", name="Who may see this").wait_for()
