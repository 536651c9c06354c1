"""Two people change one entry, one is published first: the other is told, and both texts meet."""

from __future__ import annotations

import re

import pytest

from kb.content import make_content
from kb.desk import reviewing, writing
from kb.people.audit import Origin
from tests.conforming import WHOLE
from tests.fixtures.people import browser_of, make_user
from tests.fixtures.programs import program
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
ANNS = {"title": "Ann's title", "recommendation": "As Ann says."}
BENS = {"summary": "Ben's summary.", "recommendation": "As Ben says."}


@pytest.fixture
def database(own_app):
    return own_app.extensions[EXTENSION].database


@pytest.fixture
def people(own_app):
    roles = {"ann": (), "ben": (), "cleo": ("curator",)}
    return {name: make_user(own_app, name, *held) for name, held in roles.items()}


def published(app, author, reviewer, said):
    """The id of a new lesson that is published."""
    database = app.extensions[EXTENSION].database
    ref = writing.create(database, Origin(author), "lesson", make_content("lesson", said)).ref
    writing.submit(database, Origin(author), ref, 1)
    reviewing.publish(database, Origin(reviewer), ref, 1)
    return ref


@pytest.fixture
def ref(own_app, database, people):
    """A published lesson of which both have submitted a change, revisions 2 and 3; the first is published."""
    ann, ben, cleo = (Origin(people[name]) for name in ("ann", "ben", "cleo"))
    ref = published(own_app, people["ann"], people["cleo"], WHOLE)
    for who, said in ((ann, ANNS), (ben, BENS)):
        saved = writing.save(database, who, ref, make_content("lesson", WHOLE | said), base=1)
        writing.submit(database, who, ref, saved.number)
    reviewing.publish(database, cleo, ref, 2)
    return ref


def fields(data):
    return {f"f.{name}": value for name, value in data.items() if isinstance(value, str)} | {
        "f.applicability.conditions": "Always."
    }


def shown(page, name):
    found = re.search(rf'name="f\.{name}"[^>]*?(?: value="([^"]*)"|>\n?([^<]*)<)', page)
    return (found[1] or found[2]).replace("&#39;", "'").strip()


def test_whoever_was_overtaken_is_told_and_everybody_sees_it(own_app, people, ref):
    ben, cleo = browser_of(own_app, people["ben"]), browser_of(own_app, people["cleo"])
    told = ben.get("/notices").text
    assert "Cleo published another change of it while you worked on yours." in told
    assert "revision 2 is put together with it" in told
    assert "text overtaken" not in browser_of(own_app, people["ann"]).get("/notices").text
    assert "revision 2 was published since" in ben.get("/drafts").text
    assert "revision 2 was published since" in cleo.get("/review").text
    assert "Revision 2 was published since this was begun." in ben.get(f"/entries/{ref}/edit").text
    page = cleo.get(f"/review/{ref}/3").text
    assert re.search(r'value="publish" disabled', page)
    assert "Revision 2 was published meanwhile. Please open yours" in page
    (waiting,) = program(own_app, "cleo", "curator")("GET", "/reviews").json["revisions"]
    assert waiting["overtaken"] is True
    assert program(own_app, "ben")("GET", "/drafts").json["revisions"][0]["overtaken"] is True


def test_both_texts_are_put_together_and_nothing_is_passed_over(own_app, people, ref):
    ben, cleo = browser_of(own_app, people["ben"]), browser_of(own_app, people["cleo"])
    clash = ben.send(f"/entries/{ref}/edit", base=3, do="save", **fields(WHOLE | BENS))
    assert clash.status_code == 409
    assert "from revision 2, published" in clash.text
    assert shown(clash.text, "title") == ANNS["title"], "theirs, which Ben had not touched"
    assert shown(clash.text, "recommendation") == BENS["recommendation"]
    before = f"You both changed it: the form holds yours. Before: “{WHOLE['recommendation']}”"
    for words in ("Only they changed it: the form holds theirs.", "Only you changed it", before):
        assert words in clash.text
    merged = WHOLE | ANNS | BENS
    ben.send(f"/entries/{ref}/edit", base=2, do="submit-anyway", **fields(merged))
    cleo.send(f"/review/{ref}/4/decide", do="publish")
    page = own_app.test_client().get(f"/entries/{ref}").text
    for words in ("Ann&#39;s title", "Ben's summary.", "As Ben says."):
        assert words in page


def test_a_draft_whose_entry_was_archived_says_so_and_can_bring_it_back(own_app, database, people, ref):
    ann, cleo = browser_of(own_app, people["ann"]), browser_of(own_app, people["cleo"])
    draft = writing.save(
        database, Origin(people["ann"]), ref, make_content("lesson", WHOLE | {"title": "Back again"}), base=2
    )
    reviewing.archive(database, Origin(people["cleo"]), ref, reason="Old")
    assert f"{ref} was archived since this was begun." in ann.get(f"/entries/{ref}/edit").text
    writing.submit(database, Origin(people["ann"]), ref, draft.number)
    page = cleo.get(f"/review/{ref}/{draft.number}").text
    assert "to publish this brings it back" in page
    cleo.send(f"/review/{ref}/{draft.number}/decide", do="publish")
    assert "Back again" in own_app.test_client().get(f"/entries/{ref}").text


def test_whoever_leaves_the_conflict_is_shown_both_texts_again(own_app, people, ref):
    ben = browser_of(own_app, people["ben"])
    ben.send(f"/entries/{ref}/edit", base=3, do="save", **fields(WHOLE | BENS))
    page = ben.get(f"/entries/{ref}/edit").text
    assert "This is what you typed here and did not save" in page
    base = re.search(r'name="base" value="(\d+)"', page)[1]
    again = ben.send(f"/entries/{ref}/edit", base=base, do="save", **fields(WHOLE | BENS))
    assert again.status_code == 409, "what Ann changed must not be passed over"
    assert shown(again.text, "title") == ANNS["title"]
