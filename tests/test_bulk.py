"""Many entries at once: looked at, done in one transaction, undone, and never more than one may."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb import editing
from kb.content import make_content
from kb.desk import bulk, writing
from kb.desk.bulk import BulkChanged, Wanted, apply, undo
from kb.desk.model import BulkChange
from kb.errors import InvalidRecord, NotAllowed, NotFound
from kb.people.audit import AuditFilter, Origin, find
from kb.people.roles import OPERATOR
from kb.records import apply_record, parse_record
from kb.visibility import set_visibility
from tests.conforming import WHOLE
from tests.fixtures.people import make_user, sign_in
from tests.fixtures.programs import program
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
BY = Origin(OPERATOR)
ALL = ["L-0001", "R-0001", "T-0001"]


@pytest.fixture
def database(own_app):
    return own_app.extensions[EXTENSION].database


def text(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def wanted(action: str, *refs: str, **said) -> Wanted:
    return Wanted(action=action, entries=list(refs), **said)


def standing(database):
    """What readers see of each entry."""
    with database.read() as session:
        return {
            ref: (revision.state, revision.title, tuple(revision.content.get("tags", [])),
                  revision.entry.verified_on, revision.entry.verifier, revision.decided_at)
            for ref in ALL
            for revision in [editing.published_revision(session, editing.find_entry(session, ref))]
            if revision is not None
        }  # fmt: skip


@pytest.mark.parametrize(
    ("action", "said"), [("archive", {}), ("verify", {}), ("add tag", {"tag": "permits"})]
)
def test_what_is_done_is_undone(database, action, said):
    before = standing(database)
    planned = bulk.plan(database, BY, wanted(action, *ALL, "L-0099", **said))
    assert standing(database) == before
    assert [each.ref for each in planned.entries] == ALL
    assert [(each.ref, each.why) for each in planned.left_out] == [
        ("L-0099", "is not published, or not there")
    ]
    made = apply(database, BY, planned.wanted, planned.fingerprint)
    assert made.entries == tuple(ALL)
    assert standing(database) != before
    assert made.can_be_undone
    done = undo(database, BY, made.number)
    assert (done.left, done.can_be_undone) == ((), False)
    assert standing(database) == before
    with pytest.raises(BulkChanged, match="already"):
        undo(database, BY, made.number)


def test_tags_are_removed_and_come_back(database):
    before = standing(database)
    assert before["L-0001"][2] == ("cut-over", "rehearsal")
    made = apply(database, BY, wanted("remove tag", "L-0001", "L-0002", "T-0001", tag="Rehearsal"))
    assert made.entries == ("L-0001",)
    assert standing(database)["L-0001"][2] == ("cut-over",)
    undo(database, BY, made.number)
    assert standing(database) == before


def test_what_somebody_changed_since_stays(own_app, database):
    made = apply(database, BY, wanted("add tag", *ALL, tag="permits"))
    with database.write() as session:
        apply_record(session, parse_record({"id": "T-0001", "title": "Another", "body": "x", "revision": 9}))
    assert undo(database, BY, made.number).left == ("T-0001",)
    assert "permits" not in standing(database)["L-0001"][2]


def test_nothing_is_done_where_entries_have_changed_since_the_look(database):
    planned = bulk.plan(database, BY, wanted("archive", *ALL))
    apply(database, BY, wanted("archive", "R-0001"))
    before = standing(database)
    with pytest.raises(BulkChanged, match="look at it again"):
        apply(database, BY, planned.wanted, planned.fingerprint)
    assert standing(database) == before


def test_all_or_nothing(database, monkeypatch):
    """Where one of them fails, none is changed, and nothing stands in the log."""
    before, seen = standing(database), []
    archive = editing.archive

    def failing(session, ref, **said):
        seen.append(ref)
        if len(seen) == 3:
            raise RuntimeError("the third")
        return archive(session, ref, **said)

    monkeypatch.setattr(editing, "archive", failing)
    with pytest.raises(RuntimeError):
        apply(database, BY, wanted("archive", *ALL))
    assert standing(database) == before
    with database.read() as session:
        assert find(session, AuditFilter(action="archive entry"), 0, 5)[0] == 0
        assert session.query(BulkChange).count() == 0


def test_each_entry_stands_in_the_log(database):
    made = apply(database, BY, wanted("archive", *ALL, reason="The law"))
    undo(database, BY, made.number)
    with database.read() as session:
        lines = find(session, AuditFilter(action="archive entry"), 0, 9)[1]
        assert {line.object for line in lines} == set(ALL)
        assert {(line.detail["reason"], line.detail["bulk"]) for line in lines} == {("The law", made.number)}
        for action in ("bulk change", "undo bulk change"):
            (line,) = find(session, AuditFilter(action=action), 0, 9)[1]
            assert line.detail["entries"] == ALL


def test_it_is_undone_for_a_time_only(database):
    made = apply(database, BY, wanted("verify", "L-0001"))
    with database.write() as session:
        session.get(BulkChange, made.number).at -= timedelta(days=8)
    with pytest.raises(BulkChanged, match="7 days"):
        undo(database, BY, made.number)


def submitted(app, person, title: str) -> str:
    database = app.extensions[EXTENSION].database
    saved = writing.create(
        database, Origin(person), "lesson", make_content("lesson", WHOLE | {"title": title})
    )
    return writing.submit(database, Origin(person), saved.ref, saved.number).ref


def test_reviewers_are_assigned_but_never_to_their_own(own_app, database):
    anna, vic = make_user(own_app, "anna"), make_user(own_app, "vic", "verifier")
    refs = [submitted(own_app, who, f"Lesson {number}") for number, who in enumerate((anna, anna, vic))]
    planned = bulk.plan(database, BY, wanted("assign", *refs, "L-0001", reviewer=vic.id))
    assert [each.ref for each in planned.entries] == refs[:2]
    assert {each.ref for each in planned.left_out} == {refs[2], "L-0001"}
    made = apply(database, BY, planned.wanted)
    again = bulk.plan(database, BY, planned.wanted)
    assert again.entries == ()
    undo(database, BY, made.number)
    assert [each.ref for each in bulk.plan(database, BY, planned.wanted).entries] == refs[:2]
    with pytest.raises(NotAllowed, match="may not review"):
        bulk.plan(database, BY, wanted("assign", *refs, reviewer=anna.id))


def test_rights_are_those_of_the_single_verbs(own_app, database):
    vic, bea = (Origin(make_user(own_app, *who)) for who in (("vic", "verifier"), ("bea",)))
    for action, said in (("archive", {}), ("add tag", {"tag": "x"})):
        with pytest.raises(NotAllowed):
            apply(database, vic, wanted(action, "L-0001", **said))
    mine = apply(database, vic, wanted("verify", "L-0001"))
    for action in ("verify", "assign", "archive"):
        with pytest.raises(NotAllowed):
            apply(database, bea, wanted(action, "L-0001"))
    theirs = apply(database, BY, wanted("verify", "R-0001"))
    with pytest.raises(NotFound):
        undo(database, vic, theirs.number)
    assert undo(database, vic, mine.number).undone_by == "Vic"
    with database.read() as session:
        assert [each.number for each in bulk.changes(session, vic.person)] == [mine.number]


def test_hidden_entries_are_not_there(own_app, database):
    vic = Origin(make_user(own_app, "vic", "verifier"))
    with database.write() as session:
        set_visibility(session, "L-0001", "restricted", ["role:estimator"])
    planned = bulk.plan(database, vic, wanted("verify", "L-0001", "L-0099", "R-0001"))
    assert [each.ref for each in planned.entries] == ["R-0001"]
    assert {each.why for each in planned.left_out} == {"is not published, or not there"}


def test_a_tag_has_to_be_said(database):
    with pytest.raises(InvalidRecord) as raised:
        bulk.plan(database, BY, wanted("add tag", "L-0001"))
    assert [each.field for each in raised.value.problems] == ["tag"]


TAGGED = [("add tag", {"tag": "a"}), ("add tag", {"tag": "b"}), ("remove tag", {"tag": "a"})]
ACTIONS = st.sampled_from([("archive", {}), ("verify", {}), *TAGGED])


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(ACTIONS, st.sets(st.sampled_from(ALL), min_size=1)), min_size=1, max_size=4))
def test_undoing_in_reverse_comes_back_to_where_it_began(database, steps):
    before, made = standing(database), []
    for (action, said), refs in steps:
        try:
            made.append(apply(database, BY, wanted(action, *sorted(refs), **said)).number)
        except BulkChanged:
            continue
    for number in reversed(made):
        assert undo(database, BY, number).left == ()
    assert standing(database) == before


def test_pages_choose_look_do_and_undo(own_app):
    cleo = sign_in(own_app, "cleo", "curator")
    page = cleo.get("/search?q=cut-over").text
    assert 'name="ref" value="L-0001" form="bulk"' in page
    assert 'form="bulk"' not in own_app.test_client().get("/search?q=cut-over").text
    look = cleo.get("/bulk?action=archive&ref=L-0001&ref=T-0001&ref=L-0099")
    assert "2 changes. Nothing has been done yet." in text(look)
    assert "L-0099 is not published, or not there" in text(look)
    fingerprint = re.search(r'name="fingerprint" value="(\w+)"', look.text)[1]
    sent = {"action": "archive", "ref": ["L-0001", "T-0001", "L-0099"], "reason": "Old"}
    assert cleo.send("/bulk", **sent, fingerprint="another").status_code == 409
    done = cleo.send("/bulk", **sent, fingerprint=fingerprint)
    assert done.status_code == 303
    assert own_app.test_client().get("/entries/L-0001").status_code == 404
    assert "It is done: 2 entries archived." in text(cleo.get(done.headers["Location"]))
    address = done.headers["Location"].partition("?")[0]
    assert "2 entries archived" not in text(cleo.get("/bulk"))
    assert "Archived" in text(cleo.get("/bulk"))
    assert "It is undone." in text(cleo.send(f"{address}/undo"))
    assert own_app.test_client().get("/entries/L-0001").status_code == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("action=archive", "Choose at least one entry"), ("action=add+tag&ref=L-0001", "The"),
        ("action=burn&ref=L-0001", "must be"), ("action=assign&ref=L-0001&reviewer=99999", "does not do"),
        ("action=assign&ref=L-0001&reviewer=x", "whole number"), ("action=verify&ref=x", "Choose"),
    ],
)  # fmt: skip
def test_a_choice_that_makes_no_sense_is_asked_again(own_app, query, words):
    answer = sign_in(own_app, "cleo", "curator").get(f"/bulk?{query}")
    assert answer.status_code == 400
    assert words in text(answer)


@pytest.mark.parametrize(
    ("back", "leads"),
    [
        (
            "/search?q=the&chosen=T-0001",
            "/search?q=the&amp;chosen=L-0001&amp;chosen=R-0001",
        ),
        ("/review/due", "/review/due?chosen=L-0001&amp;chosen=R-0001&amp;chosen_action=add+tag"),
        ("https://example.com/search", None),
        ("//example.com", None),
        ("/people", None),
        ("/search?q=" + "x" * 4000, None),
        ("", None),
    ],
)
def test_cancelling_leads_to_the_list_with_the_choice_kept(own_app, back, leads):
    cleo = sign_in(own_app, "cleo", "curator")
    said = {"action": "add tag", "tag": "so & so", "ref": ["L-0001", "R-0001"], "back": back}
    for query in (said, said | {"tag": ""}):  # looked at, and asked again
        page = cleo.get("/bulk", query_string=query).text
        assert (">Cancel</a>" in page) is (leads is not None)
        assert f'href="{leads}' in page or leads is None
    if leads is not None:
        address = unescape(re.search(r'href="([^"]+)">Cancel', cleo.get("/bulk", query_string=said).text)[1])
        listed = cleo.get(address).text
        assert ('value="L-0001" form="bulk" checked' in listed) is back.startswith("/search")
        assert 'value="T-0001" form="bulk" checked' not in listed
        assert 'value="so &amp; so"' in listed or "Nothing is due" in listed


def test_from_what_was_done_one_goes_back_to_the_list(own_app):
    cleo = sign_in(own_app, "cleo", "curator")
    sent = {"action": "archive", "ref": ["L-0001"], "back": "/search?q=the"}
    fingerprint = re.search(r'name="fingerprint" value="(\w+)"', cleo.get("/bulk", query_string=sent).text)[1]
    done = cleo.send("/bulk", **sent, fingerprint=fingerprint)
    assert '<a href="/search?q=the">Back to the list</a>' in cleo.get(done.headers["Location"]).text
    assert "Back to the list" not in cleo.get("/bulk/1?back=https://example.com").text


def test_queue_and_due_have_boxes(own_app):
    cleo, anna = sign_in(own_app, "cleo", "curator"), make_user(own_app, "anna")
    ref = submitted(own_app, anna, "Order cable early")
    assert f'name="ref" value="{ref}" form="bulk"' in cleo.get("/review").text
    with own_app.extensions[EXTENSION].database.write() as session:
        editing.find_entry(session, "L-0001").verify_months = 1
    assert 'name="ref" value="L-0001" form="bulk"' in cleo.get("/review/due").text


def test_programs_do_the_same(own_app):
    cleo, anna = program(own_app, "cleo", "curator"), program(own_app, "anna")
    body = {"action": "add tag", "entries": ["L-0001", "T-0001"], "tag": "permits"}
    assert anna("POST", "/bulk/plan", body).status_code == 403
    planned = cleo("POST", "/bulk/plan", body).json
    assert [each["id"] for each in planned["entries"]] == ["L-0001", "T-0001"]
    made = cleo("POST", "/bulk", body | {"fingerprint": planned["fingerprint"]})
    assert (made.status_code, made.headers["Location"]) == (201, f"/api/v1/bulk/{made.json['id']}")
    assert cleo("POST", "/bulk", body).status_code == 409, "nothing would happen"
    assert cleo("GET", "/bulk").json["changes"][0]["entries"] == ["L-0001", "T-0001"]
    assert cleo("PUT", f"/bulk/{made.json['id']}/undo").json["left"] == []
    assert cleo("PUT", f"/bulk/{made.json['id']}/undo").status_code == 409
    wrong = cleo("POST", "/bulk/plan", {"action": "add tag", "entries": ["L-0001"]})
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (400, "tag")
