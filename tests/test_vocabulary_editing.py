"""The vocabulary's forms: adding, changing, removing with undo, and loading a table after a look at it."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest

from kb.people.audit import AuditFilter, find
from kb.vocabulary import add_group, list_groups, remove_group
from kb.vocabulary_text import GroupText
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import browser_of, make_user, sign_in
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
TABLE = "kind,terms,note\nacronym,UAT | user acceptance testing,\nsynonyms,gate | stage gate,From PRINCE2\n"


@pytest.fixture
def database(own_app):
    return own_app.extensions[EXTENSION].database


@pytest.fixture
def group(database):
    with database.write() as session:
        add_group(session, GroupText(kind="synonyms", terms=["supplier", "vendor"]), author="ann")
        return add_group(session, GroupText(kind="acronym", terms=["UAT", "user test"]), author="ann")


@pytest.fixture
def cora(own_app):
    return sign_in(own_app, "cora", "curator")


def groups_of(database):
    with database.read() as session:
        return list_groups(session)


def terms_of(database):
    return [group.terms for group in groups_of(database)]


def logged(database):
    with database.read() as session:
        return [(line.action, line.person, line.object) for line in find(session, AuditFilter(), 0, 20)[1]]


def upload(browser, text, **fields):
    from kb.people.secrets import derived

    data = {"form_token": derived(browser.secret, "form"), "file": (io.BytesIO(text), "v.csv")} | fields
    return browser.post("/vocabulary/load", data=data)


def hidden(page: str, name: str) -> str:
    return unescape(re.search(rf'name="{name}"[^>]*>\n?([^<]*)<', page)[1])


def carried(page: str) -> dict[str, str]:
    """What the form of a table carries to the page that loads it."""
    delimiter = re.search(r'name="delimiter" value="(\w+)"', page)[1]
    fields = {"table": hidden(page, "table"), "removing": hidden(page, "removing"), "agreed": "yes"}
    return fields | {"delimiter": delimiter}


def test_a_curator_adds_a_group_and_searches_know_it(cora, database):
    answer = cora.send("/vocabulary/new", kind="synonyms", terms="cut-over\r\n\r\n go-live ", note="x")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/vocabulary?q=cut-over&done=added")
    assert "The group was added." in cora.get(answer.headers["Location"]).text
    assert terms_of(database) == [("cut-over", "go-live")]
    assert logged(database) == [("add vocabulary group", "Cora", "cut-over | go-live")]
    page = cora.get("/vocabulary?test=plan+the+go-live").text
    assert "“plan the go-live” is also searched as:" in page
    assert "<li>plan the <strong>cut-over</strong> </li>" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"terms": "one", "kind": "synonyms"}, "must be 2 to 12 terms"),
        ({"terms": "a b\nsupplier", "kind": "synonyms"}, "Terms (entry 2) “supplier” is in the group"),
        ({"terms": "a|b\nc d", "kind": "synonyms"}, "Terms (entry 1) must not hold |"),
        ({"terms": "user test\nUAT", "kind": "acronym"}, "begin with the short form"),
        ({"terms": "x y\ny z", "kind": "other"}, "The kind must be one of"),
        ({"terms": "x y\ny z", "kind": "synonyms", "note": "n" * 400}, "is too long"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_stays(cora, database, group, fields, words):
    answer = cora.send("/vocabulary/new", **fields)
    assert answer.status_code == 400
    assert words in answer.text
    assert fields["terms"].split("\n")[0] in answer.text
    assert len(terms_of(database)) == 2


def test_changing_a_group(cora, database, group):
    page = cora.get(f"/vocabulary/{group.id}").text
    assert "UAT\nuser test" in page
    sent = {"kind": "acronym", "terms": "UAT\nuser acceptance test", "note": "", "version": "1"}
    assert cora.send(f"/vocabulary/{group.id}", **sent).status_code == 303
    assert ("UAT", "user acceptance test") in terms_of(database)
    assert logged(database)[0][0] == "change vocabulary group"


def test_a_change_of_an_older_version_shows_both_texts(cora, database, group):
    first = {"kind": "acronym", "terms": "UAT\nuser acceptance test", "version": "1"}
    cora.send(f"/vocabulary/{group.id}", **first)
    answer = cora.send(f"/vocabulary/{group.id}", **first | {"terms": "UAT\nusers accept"})
    assert answer.status_code == 409
    assert "user acceptance test" in answer.text
    assert "users accept" in answer.text
    assert ("UAT", "user acceptance test") in terms_of(database)
    version = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    again = first | {"terms": "UAT\nusers accept", "version": version}
    assert cora.send(f"/vocabulary/{group.id}", **again).status_code == 303
    assert ("UAT", "users accept") in terms_of(database)


def test_a_group_that_somebody_removed_meanwhile(cora, database, group):
    with database.write() as session:
        remove_group(session, group.id, version=1)
    address = f"/vocabulary/{group.id}"
    assert cora.get(address).status_code == cora.get(f"{address}/remove").status_code == 404
    assert cora.send(f"{address}/remove", version="1").status_code == 404
    for more in ({}, {"show": "effect"}):
        answer = cora.send(address, kind="synonyms", terms="my words\nmore words", version="1", **more)
        assert answer.status_code == 409
        assert "Somebody removed this group" in answer.text
        assert "my words\nmore words" in answer.text
        assert 'action="/vocabulary/new"' in answer.text
    assert len(terms_of(database)) == 1


def test_the_effect_is_shown_before_anything_is_saved(cora, database, group):
    stamp = database.change_stamp()
    sent = {"kind": "synonyms", "terms": "supplier\nvendor\nseller", "version": "1", "show": "effect"}
    number = next(each.id for each in groups_of(database) if each.terms[0] == "supplier")
    page = cora.send(f"/vocabulary/{number}", **sent, test='late "supplier" vendor').text
    now, _, later = page.partition("Once it is saved")
    assert now.count("<li>late <strong>supplier</strong> </li>") == 1
    assert "seller</strong>" not in now
    assert "<li>late <strong>seller</strong> </li>" in later
    page = cora.send("/vocabulary/new", kind="synonyms", terms="gate\nstage gate", show="effect").text
    assert "“gate” is searched as it is typed." in page.partition("Once it is saved")[0]
    assert "<strong>stage gate</strong>" in page.partition("Once it is saved")[2]
    refused = cora.send("/vocabulary/new", kind="synonyms", terms="gate\nvendor", show="effect")
    assert (refused.status_code, "is in the group of “supplier”" in refused.text) == (400, True)
    assert (database.change_stamp(), logged(database)) == (stamp, [])


def test_the_effect_of_a_change_that_came_too_late_is_not_shown(cora, database, group):
    cora.send(f"/vocabulary/{group.id}", kind="acronym", terms="UAT\nuser acceptance test", version="1")
    sent = {"kind": "acronym", "terms": "UAT\nusers accept", "version": "1", "show": "effect"}
    answer = cora.send(f"/vocabulary/{group.id}", **sent)
    assert (answer.status_code, "Cora changed this group while you did" in answer.text) == (409, True)


def test_removing_asks_says_what_is_lost_and_can_be_undone(cora, database, group):
    words = "A search for <strong>UAT</strong> would no longer find entries that say user test."
    assert words in cora.get(f"/vocabulary/{group.id}/remove").text
    late = cora.send(f"/vocabulary/{group.id}/remove", version="7")
    assert (late.status_code, "changed the group meanwhile" in late.text) == (409, True)
    page = cora.send(f"/vocabulary/{group.id}/remove", version="1").text
    assert terms_of(database) == [("supplier", "vendor")]
    cora.send("/vocabulary/new", kind="acronym", terms=hidden(page, "terms"), note="")
    assert ("UAT", "user test") in terms_of(database)
    assert [action for action, *_ in logged(database)] == ["add vocabulary group", "remove vocabulary group"]


def test_a_table_is_shown_before_it_is_loaded(cora, database, group):
    page = upload(cora, TABLE.encode()).text
    assert "Removed: 1" in page
    assert "Changed: 1" in page
    assert "Added: 1" in page
    assert len(terms_of(database)) == 2
    page = cora.send("/vocabulary/load", **carried(page)).text
    assert "The table was loaded" in page
    assert terms_of(database) == [("gate", "stage gate"), ("UAT", "user acceptance testing")]
    assert logged(database)[0] == ("load vocabulary", "Cora", "2 groups")
    page = cora.send("/vocabulary/load", **carried(page)).text
    assert terms_of(database) == [("supplier", "vendor"), ("UAT", "user test")]
    assert "Undo: load what was there" in page


def test_a_table_that_would_now_remove_something_else_is_not_loaded(cora, database, group):
    page = upload(cora, TABLE.encode()).text
    with database.write() as session:
        add_group(session, GroupText(kind="synonyms", terms=["new one", "other one"]), author="bob")
    answer = cora.send("/vocabulary/load", **carried(page))
    assert answer.status_code == 409
    assert "new one; other one" in answer.text
    assert ("new one", "other one") in terms_of(database)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"", "Line 1: the first line must name"),
        (b"kind,terms,note\nsynonyms,only one,\n", "Line 2: terms: must be 2 to 12"),
        (b"kind,terms,note\n\xfc", "cannot be read as UTF-8"),
        (b"a,b\n1,2\n", "Line 1"),
    ],
)
def test_a_table_that_is_wrong_changes_nothing(cora, database, group, table, words):
    answer = upload(cora, table)
    assert answer.status_code == 400
    assert words in answer.text
    assert len(terms_of(database)) == 2


def test_a_spreadsheet_s_table_is_read_when_told_how(cora, database):
    table = "kind;terms;note\r\nsynonyms;Übergabe|hand-over;\r\n".encode("cp1252")
    page = upload(cora, table, delimiter="semicolon", encoding="cp1252").text
    cora.send("/vocabulary/load", **carried(page))
    assert terms_of(database) == [("Übergabe", "hand-over")]


@pytest.mark.parametrize("fields", [{"delimiter": "dash"}, {"encoding": "rot13"}])
def test_choices_that_are_not_offered_are_refused(cora, database, fields):
    assert upload(cora, TABLE.encode(), **fields).status_code == 400


def test_a_form_without_a_file_says_so(cora):
    assert "The file is missing: choose one." in cora.send("/vocabulary/load").text


def test_the_table_comes_back_as_it_is_downloaded(cora, database, group):
    table = cora.get("/vocabulary.csv")
    assert table.headers["Content-Disposition"] == 'attachment; filename="vocabulary.csv"'
    assert "Nothing: the vocabulary says already" in upload(cora, table.data).text


def test_others_see_the_list_and_change_nothing(own_app, database, group):
    dora = browser_of(own_app, make_user(own_app, "dora", "trainer"))
    assert "Add a group" not in dora.get("/vocabulary").text
    for address in ("/vocabulary/new", f"/vocabulary/{group.id}", "/vocabulary/load"):
        assert dora.get(address).status_code == 403
        assert dora.send(address, kind="synonyms", terms="a b\nc d").status_code == 403
        assert browser_of(own_app).get(address).status_code == 303
    assert len(terms_of(database)) == 2
    assert ("request", "Dora", "POST /vocabulary/new") in logged(database)


@pytest.mark.browser
def test_the_forms_are_accessible_and_work_by_keyboard(page, live):
    address = live.url
    live.sign_in(page, make_user(live.app, "vera", "curator"))
    page.goto(f"{address}/vocabulary")
    check_accessibility(page)
    page.get_by_role("link", name="Add a group", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Add a group").wait_for()
    check_accessibility(page)
    page.get_by_label("Terms").fill("handover\ntake-over")
    page.get_by_role("button", name="Save").press("Enter")
    page.get_by_text("The group was added.").wait_for()
    page.get_by_role("link", name="Change handover").click()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("heading", name="Remove this group?").wait_for()
    check_accessibility(page)
    page.get_by_role("button", name="Remove the group").click()
    page.get_by_role("button", name="Undo: put it back").click()
    page.get_by_text("The group was added.").wait_for()
    page.goto(f"{address}/vocabulary/load")
    check_accessibility(page)
