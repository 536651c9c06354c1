"""GET /entries/<ref> and what is below it"""

from __future__ import annotations

import pytest

from kb.records import apply_record, parse_record
from tests.fakes_web import LESSON, REFS
from tests.fixtures.people import sign_in
from tests.fixtures.web import application

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (
            "lesson",
            ["What happened", "<strong>twice</strong>", "2.4 M EUR", "120 days lost", "Does not apply to"],
        ),
        (
            "review",
            [
                "Objectives, plan against actual",
                "9.8 M EUR",
                "+1,600,000",
                "−200,000",
                "Keep the environment",
            ],
        ),
        (
            "template",
            ["Fields to fill in", "<var>go-live date</var>", "Section 3: two rehearsals", "10 January 2022"],
        ),
        ("training", ["<summary>Answer</summary>", "c) Two", "<em>sample</em>", "45 min", "75 %"]),
        ("path", ["Understand", "55 min", "1 h 25 min", "in any order", "optional", "M-0099"]),
        ("project", ["Plan against actual", "12,200,000", "+17 %", "+28 %", "grade A", "Sites"]),
    ],
)
def test_each_kind_shows_its_typed_sections(client, kind, words):
    page = client.get(f"/entries/{REFS[kind]}").text
    assert [each for each in words if each not in page] == []


def test_links_to_other_entries_work_in_text_and_rail(client):
    page = client.get("/entries/L-0001").text
    assert page.count('href="/entries/L-0002"') == 2  # in the text, and among its links
    assert "Carries what" not in page
    assert "Is evidence for" in page


def test_each_neighbour_stands_in_the_rail_once(client):
    page = client.get("/entries/L-0001").text
    rail = page[page.index('class="rail"') :]
    assert rail.count('href="/entries/T-0001"') == 1


def test_a_link_to_nothing_is_said(client):
    assert 'L-0099</span> <span class="muted">(not in the repository)' in client.get("/entries/R-0001").text


def test_tags_link_to_filtered_searches(client):
    assert 'href="/search?tag=rehearsal"' in client.get("/entries/L-0001").text


def test_an_overdue_verification_is_said(client):
    assert "verification overdue since July 2020" in client.get("/entries/T-0001").text


def test_lower_case_ids_lead_to_the_entry(client):
    answer = client.get("/entries/l-0001?revision=1")
    assert answer.status_code == 301
    assert answer.headers["Location"] == "/entries/L-0001?revision=1"


def test_an_old_revision_says_that_it_is_old(client):
    page = client.get("/entries/L-0002?revision=1").text
    assert "Freeze changes around the year-end close" in page
    assert "This is revision 1" in page
    assert "Read the current revision 2" in page


def test_the_current_revision_does_not(client):
    assert "This is revision" not in client.get("/entries/L-0002?revision=2").text


def test_the_preview_is_the_main_column_alone(client):
    answer = client.get("/entries/L-0001", headers={"X-Fragment": "preview"})
    assert "<html" not in answer.text
    assert "Recommendation" in answer.text
    assert 'class="rail"' not in answer.text


def test_similar_entries_leave_out_what_is_linked(client):
    page = client.get("/entries/P-0001").text
    assert "<h2>Similar</h2>" in page
    similar = page[page.index("<h2>Similar</h2>") :]
    assert "H-0001" in similar
    assert "L-0001" not in similar


def test_a_failing_engine_leaves_the_entry_readable(client, engine, caplog):
    def fail(*_):
        raise RuntimeError("index on fire")

    engine.similar = fail
    answer = client.get("/entries/L-0001")
    assert answer.status_code == 200
    assert "<h2>Similar</h2>" not in answer.text
    assert "similar entries of L-0001 failed" in caplog.text


@pytest.mark.parametrize(
    ("ref", "suggested"),
    [
        ("L-0004", "L-0002"),
        ("l2", "L-0002"),
        ("R-9", None),
        ("1", "H-0001"),
        ("cut-over-rehearsal", "L-0001"),
    ],
)
def test_a_missing_entry_suggests_what_was_meant(client, ref, suggested):
    answer = client.get(f"/entries/{ref}")
    assert answer.status_code == 404
    assert 'name="q"' in answer.text
    if suggested:
        assert f'href="/entries/{suggested}"' in answer.text


@pytest.mark.parametrize("path", ["L-0003", "L-0003/history", "L-0003?revision=1"])
def test_a_hidden_entry_does_not_exist(client, path):
    answer = client.get(f"/entries/{path}")
    assert answer.status_code == 404
    assert "Kept inside" not in answer.text


@pytest.mark.parametrize("query", ["revision=0", "revision=-1", "revision=x", "revision=99999999999"])
def test_a_wrong_revision_is_named(client, query):
    answer = client.get(f"/entries/L-0001?{query}")
    assert answer.status_code == 400
    assert "revision" in answer.text


def test_a_revision_that_never_was(client):
    assert client.get("/entries/L-0001?revision=7").status_code == 404


def test_history_lists_the_revisions_newest_first(client):
    page = client.get("/entries/L-0002/history").text
    assert page.index("revision=2") < page.index("revision=1")
    assert "Shorter title" in page


def test_history_of_nothing(client):
    assert client.get("/entries/L-0044/history").status_code == 404


def test_a_template_comes_as_a_file(client):
    answer = client.get("/entries/T-0001.md")
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert (
        answer.headers["Content-Disposition"]
        == 'attachment; filename="T-0001-cut-over-and-roll-back-plan.md"'
    )
    assert "Date: {{go-live date}}" in answer.text
    assert "See the rehearsal (L-0001) and L-0002." in answer.text


def test_other_kinds_do_not(client):
    answer = client.get("/entries/L-0001.md")
    assert answer.status_code == 404
    assert "only templates can be downloaded" in answer.text


@pytest.fixture
def candid(own_app):
    """An app in which L-0001 is for estimators, by an author and from a project that are not to be told."""
    stated = {"anonymous": True, "author": "Anna Berg", "mask_source": True, "revision": 2, "context": ""}
    stated |= {"visibility": "restricted", "readers": ["role:estimator"]}
    with own_app.extensions["precedent"].database.write() as session:
        apply_record(session, parse_record(LESSON | stated))
    return own_app


def test_curators_read_who_may_see_an_entry(candid):
    page = sign_in(candid, "cleo", "curator").get("/entries/L-0001").text
    assert "<dt>Visible to</dt><dd>estimators</dd>" in page
    assert "<dt>Visible to</dt>" not in sign_in(candid, "ed", "estimator").get("/entries/L-0001").text
    assert "people who have signed in" in sign_in(candid, "carl", "curator").get("/entries/L-0003").text


def test_a_restricted_entry_is_as_absent_to_others_as_one_that_never_was(candid):
    reader = sign_in(candid, "rita", "reader")
    for path in ("L-0001", "L-0001/history", "L-0001?revision=1"):
        hidden, absent = reader.get(f"/entries/{path}"), reader.get(f"/entries/{path.replace('1', '7', 1)}")
        assert hidden.status_code == absent.status_code == 404
        assert LESSON["title"] not in hidden.text
    template = reader.get("/entries/T-0001").text
    assert "L-0001" in template
    assert "(not in the repository)" in template
    assert LESSON["title"] not in template


def test_a_withheld_source_is_named_on_neither_page(candid):
    estimator = sign_in(candid, "ed", "estimator")
    page = estimator.get("/entries/L-0001").text
    assert "Source project withheld: fewer than 5 similar projects exist." in page
    assert "H-0001" not in page
    assert "Core banking" not in page
    for ref in ("H-0001", "R-0001"):
        assert "L-0001" not in estimator.get(f"/entries/{ref}").text
    curators = sign_in(candid, "cleo", "curator").get("/entries/L-0001").text
    assert 'href="/entries/H-0001"' in curators
    assert "Masked: while fewer than 5 similar projects exist, only curators are told." in curators


def test_the_setting_says_how_many_projects_are_enough(own_home, candid):
    with application(own_home, mask_below=1) as app:
        page = sign_in(app, "ed", "estimator").get("/entries/L-0001").text
    assert 'href="/entries/H-0001"' in page
    assert "withheld" not in page


def test_the_history_marks_a_name_that_is_confidential(candid):
    page = sign_in(candid, "ed", "estimator").get("/entries/L-0001/history").text
    assert "A contributor" in page
    assert "Anna Berg" not in page
    page = sign_in(candid, "cleo", "curator").get("/entries/L-0001/history").text
    assert 'Anna Berg <span class="muted">(confidential)</span>' in page
