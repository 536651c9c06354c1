"""GET /entries/<ref> and what is below it"""

from __future__ import annotations

import pytest

from tests.fakes_web import REFS

pytest_plugins = ["tests.fixtures.web"]


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
