"""Who saves on top of something that has changed meanwhile loses nothing: 409, with both texts."""

from __future__ import annotations

from html import unescape

import pytest

from kb import editing
from kb.content import make_content
from kb.errors import EditConflict
from kb.people.secrets import derived
from kb.vocabulary import add_group, change_group, get_group
from kb.vocabulary_text import GroupText
from tests.fixtures.people import make_user, session_secret, sign_in
from tests.security.races import at_once
from web.forms import TOKEN_HEADER
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

MINE = {"kind": "synonyms", "terms": "quay wall\nberth face", "note": "What I typed.", "version": "1"}
THEIRS = GroupText(kind="synonyms", terms=["quay wall", "sea wall"], note="What they saved.")


@pytest.fixture
def overtaken(own_app):
    """(application, number of a group): somebody has changed the group since it was read."""
    with own_app.extensions[EXTENSION].database.write() as session:
        group = add_group(session, GroupText(kind="synonyms", terms=["quay wall", "pier"]), author="Bea")
    with own_app.extensions[EXTENSION].database.write() as session:
        change_group(session, group.id, THEIRS, version=1, author="Carl")
    return own_app, group.id


def standing(app, number: int) -> tuple[list[str], str]:
    with app.extensions[EXTENSION].database.read() as session:
        group = get_group(session, number)
        return list(group.terms), group.note


def test_point_16_a_page_shows_both_texts_and_stores_nothing(overtaken):
    app, number = overtaken
    answer = sign_in(app, "dora", "curator").send(f"/vocabulary/{number}", **MINE)
    shown = unescape(answer.text)
    assert answer.status_code == 409
    for text in ("What I typed.", "berth face", "sea wall", "Carl"):
        assert text in shown, text
    assert standing(app, number) == (["quay wall", "sea wall"], "What they saved.")


def test_point_16_saving_again_takes_the_version_that_was_shown(overtaken):
    app, number = overtaken
    browser = sign_in(app, "dora", "curator")
    assert 'name="version" value="2"' in browser.send(f"/vocabulary/{number}", **MINE).text
    assert browser.send(f"/vocabulary/{number}", **MINE | {"version": "2"}).status_code == 303
    assert standing(app, number) == (["quay wall", "berth face"], "What I typed.")


@pytest.mark.parametrize("version", ["", "0", "x", "-1", "999999999", "9" * 40])
def test_point_16_no_made_up_version_overwrites(overtaken, version):
    app, number = overtaken
    browser = sign_in(app, "dora", "curator")
    assert browser.send(f"/vocabulary/{number}", **MINE | {"version": version}).status_code == 409
    assert browser.send(f"/vocabulary/{number}/remove", version=version).status_code == 409
    assert standing(app, number)[1] == "What they saved."


def test_point_16_programs_are_told_what_stands(overtaken):
    app, number = overtaken
    person = make_user(app, "dora", "curator")
    client, secret = app.test_client(), session_secret(app, person)
    client.set_cookie("precedent", secret)
    headers = {TOKEN_HEADER: derived(secret, "form")}
    body = {"kind": "synonyms", "terms": ["quay wall", "berth face"], "note": "", "version": 1}
    address = f"/api/v1/vocabulary/{number}"
    stale = client.put(address, json=body, headers=headers)
    assert (stale.status_code, "sea wall" in stale.text) == (409, True)
    gone = client.put(address, json=body, headers=headers | {"If-Match": '"1-000000000000"'})
    assert (gone.status_code, "sea wall" in gone.text) == (412, True)
    assert client.put(address, json=body | {"version": None}, headers=headers).status_code == 428
    assert client.delete(f"{address}?version=1", headers=headers).status_code == 409
    assert standing(app, number)[1] == "What they saved."


def test_point_16_of_two_edits_of_an_entry_one_is_told(database):
    """The second of two at once, too: it is told which revision now stands."""
    with database.write() as session:
        editing.create_entry(session, "lesson", make_content("lesson", {"title": "First"}), author="Bea")

    def edit(attempt: int) -> int:
        content = make_content("lesson", {"title": f"Attempt {attempt}"})
        with database.write() as session:
            return editing.save_edit(session, "L-0001", content, base=1, author="Carl").number

    found = at_once(2, edit)
    assert sorted(str(each) for each in found if isinstance(each, int)) == ["2"]
    (other,) = (each for each in found if isinstance(each, EditConflict))
    assert other.current_number == 2
