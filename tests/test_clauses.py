"""Clauses that exist because of a lesson: deleting one warns, and a lesson that is gone is flagged."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb import clauses
from kb.clauses import deleted_clauses, losses, stale_clauses
from kb.content import make_content
from kb.desk import reviewing
from kb.insight.health import health
from kb.kinds import Provenance
from kb.people.audit import Origin
from kb.people.roles import OPERATOR as OPERATOR_PERSON
from kb.reading import ANONYMOUS, OPERATOR
from kb.records import apply_record, parse_record
from kb.visibility import set_visibility
from tests.fixtures.people import sign_in
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
TWO = [{"clause": "Two rehearsals", "because": "L-0001"}, {"clause": "A way back", "because": "L-0002"}]
TEXT = {"title": "Plan", "summary": "A plan", "body": "What to do", "purpose": "To plan"}


@pytest.fixture
def filled(database):
    """Three lessons, and a template with two clauses."""
    with database.write() as session:
        for ref in ("L-0001", "L-0002", "L-0003"):
            apply_record(session, parse_record({"kind": "lesson", "id": ref, "title": f"Lesson {ref}"}))
        apply_record(session, parse_record({"kind": "template", "id": "T-0001", "provenance": TWO} | TEXT))
    return database


def deleted(database, provenance, reader=OPERATOR, ref="T-0001"):
    content = make_content("template", TEXT | {"provenance": provenance})
    with database.read() as session:
        return [each.clause for each in deleted_clauses(session, ref, content, reader)]


def stale(database, reader=OPERATOR):
    with database.read() as session:
        return [(each.ref, each.because, each.why) for each in stale_clauses(session, reader)]


def archive(database, ref):
    reviewing.archive(database, Origin(OPERATOR_PERSON), ref)


def supersede(database, old, new="L-0003"):
    record = {"kind": "lesson", "id": new, "title": "Better", "revision": 2,
              "links": [{"to": old, "relation": "supersedes"}]}  # fmt: skip
    with database.write() as session:
        apply_record(session, parse_record(record))


def test_what_an_edit_leaves_out_is_named(filled):
    assert deleted(filled, TWO) == []
    assert deleted(filled, TWO[:1]) == ["A way back"]
    assert deleted(filled, []) == ["Two rehearsals", "A way back"]
    assert deleted(filled, [], ref="T-0009") == []


def test_other_words_are_no_deletion(filled):
    reworded = [{"clause": "Three rehearsals", "because": "L-0001"}, TWO[1]]
    assert deleted(filled, reworded) == []
    assert deleted(filled, reworded[:1]) == ["A way back"]


def test_a_clause_whose_lesson_is_gone_may_go(filled):
    archive(filled, "L-0001")
    supersede(filled, "L-0002")
    assert deleted(filled, []) == []


def test_what_one_may_not_see_is_not_named(filled):
    with filled.write() as session:
        set_visibility(session, "L-0001", "restricted", ["role:curator"])
    assert deleted(filled, [], ANONYMOUS) == ["A way back"]
    archive(filled, "L-0001")
    assert stale(filled, ANONYMOUS) == []
    assert stale(filled) == [("T-0001", "L-0001", "archived")]


def test_clauses_whose_lesson_no_longer_stands_are_flagged(filled):
    assert stale(filled) == []
    supersede(filled, "L-0002")
    archive(filled, "L-0001")
    assert stale(filled) == [("T-0001", "L-0001", "archived"), ("T-0001", "L-0002", "superseded")]
    with filled.read() as session:
        (item,) = health(session, OPERATOR, date(2026, 11, 27)).items["clauses"]
        assert item.detail == "Two rehearsals (L-0001 was archived); A way back (L-0002 was superseded)"
        assert losses(session, ["L-0003", "L-0099"], OPERATOR) == {}
    reviewing.restore(filled, Origin(OPERATOR_PERSON), "L-0001", 1)
    assert stale(filled) == [("T-0001", "L-0002", "superseded")]


def template(rows):
    return make_content("template", TEXT | {"provenance": [each.model_dump() for each in rows]})


ROWS = st.lists(
    st.builds(Provenance, clause=st.sampled_from("abc"), because=st.sampled_from(["L-0001", "L-0002"])),
    max_size=6,
)


@given(old=ROWS, new=ROWS)
def test_nothing_that_is_kept_is_deleted(old, new):
    """By the rule itself: of each lesson as many clauses are missed as the new text has fewer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clauses, "_published", lambda *_: old)
        patch.setattr(clauses, "titles_of", lambda _, refs, __: {ref: ("lesson", ref) for ref in refs})
        patch.setattr(clauses, "losses", lambda *_: {})
        content = template(new)
        found = deleted_clauses(None, "T-0001", content, OPERATOR)
    kept = {(each.clause, each.because) for each in new}
    assert all((each.clause, each.because) not in kept for each in found)
    for ref in ("L-0001", "L-0002"):
        exact = sum(each.because == ref and (each.clause, each.because) in kept for each in old)
        others = max(0, sum(each.because == ref for each in new) - exact)
        missing = sum(each.because == ref for each in old) - exact
        assert sum(each.because == ref for each in found) == max(0, missing - others)


FORM = {
    "base": "1", "f.title": "Cut-over and roll-back plan", "f.summary": "Hour by hour.",
    "f.purpose": "Takes a team through the weekend.", "f.body": "Date: {{go-live date}}",
}  # fmt: skip
KEPT = {"f.provenance.0.clause": "Section 3: two rehearsals", "f.provenance.0.because": "L-0001"}


def test_the_editor_asks_before_a_clause_goes(own_app):
    ann, cora = sign_in(own_app, "ann"), sign_in(own_app, "cora", "curator")
    asked = ann.send("/entries/T-0001/edit", do="submit", **FORM)
    assert asked.status_code == 200
    assert "Section 3: two rehearsals: because of" in asked.text
    assert "They may go: submit it" in asked.text
    base = {"base": re.search(r'name="base" value="(\d+)"', asked.text)[1]}
    previewed = ann.send("/entries/T-0001/edit", do="preview", **FORM | base).text
    assert "leaves out a clause that exists because of a lesson" in previewed
    assert "They may go" not in previewed
    sent = ann.send("/entries/T-0001/edit", do="submit-anyway", **FORM | base)
    assert sent.status_code == 303
    assert "leaves out a clause" in cora.get(sent.headers["Location"]).text


def test_the_editor_asks_nothing_where_clauses_are_kept(own_app):
    assert sign_in(own_app, "ann").send("/entries/T-0001/edit", do="submit", **FORM | KEPT).status_code == 303


def test_the_page_and_the_list_say_what_is_gone(own_app):
    cora = sign_in(own_app, "cora", "curator")
    assert "does the clause still hold" not in cora.get("/entries/T-0001").text
    archive(own_app.extensions[EXTENSION].database, "L-0001")
    assert "The lesson was archived: does the clause still hold?" in cora.get("/entries/T-0001").text
    assert "T-0001" in cora.get("/insight/entries?which=clauses").text
    assert "clauses whose lesson no longer stands" in cora.get("/insight").text
