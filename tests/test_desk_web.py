"""Writing and reviewing through the pages, as a browser without scripts does."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from kb.content import make_content
from kb.desk.writing import create
from kb.people.audit import Origin
from kb.people.model import AuditLine
from kb.records import apply_record, parse_record
from tests.fakes_web import LESSON
from tests.fixtures.people import browser_of, make_user, sign_in
from web.desk.fields import plan_of
from web.desk.reading_forms import number, read_fields, with_row

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
FULL = {
    "f.title": "Order cable early", "f.summary": "Cable takes long.", "f.happened": "It came 9 weeks late.",
    "f.lesson": "Lead times are not ours.", "f.recommendation": "The buyer orders ten weeks before.",
    "f.applicability.conditions": "Always.",
}  # fmt: skip


@pytest.fixture
def anna(own_app):
    return sign_in(own_app, "anna", "contributor")


@pytest.fixture
def cleo(own_app):
    return sign_in(own_app, "cleo", "curator")


def text(answer) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", answer.text))


def submitted(anna, **fields) -> str:
    """Address of a new lesson in review."""
    answer = anna.send("/entries/new/lesson", do="submit", **(FULL | fields))
    assert answer.status_code == 303, text(answer)
    return answer.headers["Location"].partition("?")[0]


@pytest.mark.parametrize("kind", ["lesson", "review", "template", "training", "path", "project"])
def test_each_kind_has_a_form_of_all_its_fields(anna, kind):
    page = anna.get(f"/entries/new/{kind}").text
    for field in plan_of(kind).fields:
        assert f'"f.{field.name}' in page or f'data-rows="{field.name}"' in page, field.name
        assert field.label in unescape(page)


def test_a_draft_needs_a_title_alone_and_submitting_asks_for_the_rest(anna):
    answer = anna.send("/entries/new/lesson", **{"f.title": "Order cable early"})
    assert answer.headers["Location"] == "/entries/L-0004/edit?done=saved"
    answer = anna.send("/entries/L-0004/edit", base="1", do="submit", **{"f.title": "Order cable early"})
    assert answer.status_code == 400
    assert "The draft is saved, but not submitted yet" in text(answer)
    assert answer.text.count("is needed before it can be submitted") >= 5


def test_wrong_values_are_named_beside_their_fields_and_kept(anna):
    typed = FULL | {"f.impact.cost": "a lot", "f.causes.1.code": "supplier", "f.causes.3.code": "testing",
                    "f.causes.3.words": "x" * 400}  # fmt: skip
    answer = anna.send("/entries/new/lesson", **typed)
    assert answer.status_code == 400
    page = answer.text
    assert 'value="a lot"' in page
    assert 'id="wrong-impact-cost"' in page
    assert 'id="wrong-causes-1-words"' in page or 'id="wrong-causes-2-words"' in page
    assert "Nothing was saved" in text(answer)


def test_rows_are_added_and_removed_without_scripts(anna):
    answer = anna.send("/entries/new/lesson", do="add:causes", **FULL)
    assert 'name="f.causes.1.words"' in answer.text
    rows = {"f.causes.1.words": "none asked", "f.causes.2.words": "none answered"}
    answer = anna.send("/entries/new/lesson", do="remove:causes.1", **FULL, **rows)
    assert "none asked" not in answer.text
    assert "none answered" in answer.text
    stages = {"f.title": "P", "f.stages.1.title": "First", "f.stages.1.steps.1.entry": "L-0001"}
    answer = anna.send("/entries/new/path", do="add:stages.1.steps", **stages)
    assert 'name="f.stages.1.steps.2.entry"' in answer.text


def test_what_is_typed_is_kept_and_comes_back_after_a_crash(anna, own_app):
    kept = anna.send("/entries/new/lesson/copy", **(FULL | {"f.tags": "cable\nlead time"}))
    assert kept.json["saved_at"].startswith("20")
    page = anna.get("/entries/new/lesson")
    assert "did not save" in text(page)
    assert "cable\nlead time</textarea>" in page.text
    assert "did not save" not in text(sign_in(own_app, "bea").get("/entries/new/lesson"))
    assert "a new lesson" in text(anna.get("/drafts"))
    anna.send("/entries/new/lesson", do="discard", **FULL)
    assert "did not save" not in text(anna.get("/entries/new/lesson"))


def test_the_preview_is_what_the_page_will_show(anna, cleo):
    body = {"f.body": "| a | b |\n| --- | ---: |\n| 1 | [[L-0001]] |\n\n<script>alert(1)</script>"}
    preview = anna.send("/entries/new/lesson", do="preview", **FULL, **body).text
    address = submitted(anna, **body)
    cleo.send(f"{address}/decide", do="publish")
    page = cleo.get("/entries/L-0004").text
    (mine,) = re.findall(r'<section id="body">.*?</section>', preview, re.DOTALL)
    (theirs,) = re.findall(r'<section id="body">.*?</section>', page, re.DOTALL)
    assert mine == theirs
    assert 'href="/entries/L-0001"' in mine
    assert "<script>" not in mine


def test_a_draft_is_not_there_for_others(anna, own_app, cleo):
    anna.send("/entries/new/lesson", **FULL)
    for name, roles in (("bea", ()), ("vic", ("verifier",))):
        other = sign_in(own_app, name, *roles)
        for path in ("/entries/L-0004", "/entries/L-0004/edit", "/entries/L-0004/compare", "/review/L-0004/1",
                     "/api/v1/entries/L-0004", "/entries/L-0004/history"):  # fmt: skip
            assert other.get(path).status_code == 404, path
        assert other.send("/entries/L-0004/edit", base="1", **FULL).status_code == 404
        assert other.send("/review/L-0004/1/decide", do="submit").status_code == 404
    assert cleo.get("/review/L-0004/1").status_code == 200


def test_a_reviewer_goes_on_with_the_next_in_the_queue(anna, cleo):
    first, second, third = (submitted(anna, **{"f.title": f"Cable {number}"}) for number in "123")
    page = cleo.get(first).text
    assert f'href="{second}"' in page
    assert "2 more wait" in page
    assert f'href="{first}"' in cleo.get(third).text, "round and round"
    cleo.send(f"{second}/decide", do="publish")
    page = cleo.get(f"{second}?done=published").text
    assert f'href="{first}" autofocus' in page
    assert 'href="/entries/L-0005">To the entry' in page
    cleo.send(f"{first}/decide", do="changes", reason="Who?")
    assert f'href="{third}" autofocus' in cleo.get(f"{first}?done=changes").text
    answer = cleo.send(f"{third}/decide", do="publish")
    page = cleo.get(answer.headers["Location"]).text
    assert "It is published." in page
    assert "nothing else waits" in page
    assert "Next in the queue" not in anna.get(first).text


def test_from_draft_to_published_with_changes_asked_for(anna, cleo):
    address = submitted(anna, **{"f.priority": "high"})
    assert "high priority" in text(cleo.get("/review"))
    assert anna.send(f"{address}/decide", do="publish").status_code == 403
    assert cleo.send(f"{address}/decide", do="changes").status_code == 400
    assert cleo.send(f"{address}/decide", do="changes", reason="Who is the buyer?").status_code == 303
    cleo.send(f"{address}/comments", field="recommendation", text="A role, please.")
    page = text(anna.get("/entries/L-0004/edit"))
    assert "Who is the buyer?" in page
    assert "A role, please." in page
    better = FULL | {"f.recommendation": "The procurement lead orders ten weeks before."}
    answer = anna.send("/entries/L-0004/edit", base="1", do="submit", **better)
    page = text(cleo.get(answer.headers["Location"]))
    assert "procurement lead" in page
    assert (
        cleo.send("/review/L-0004/2/decide", do="publish", verify="yes").headers["Location"]
        == "/review/L-0004/2?done=published"
    )
    assert "procurement lead" in text(anna.get("/entries/L-0004"))
    assert "verified" in text(anna.get("/entries/L-0004"))


def test_nobody_approves_their_own_text_under_any_name(own_app):
    person = make_user(own_app, "carl", "curator")
    mine, namesake = browser_of(own_app, person), sign_in(own_app, "other", "curator")
    address = submitted(mine)
    assert mine.send(f"{address}/decide", do="publish").status_code == 403
    assert "somebody else has to decide" in text(mine.get(address))
    assert namesake.send(f"{address}/decide", do="publish").status_code == 303


def test_namesakes_are_different_people(own_app):
    database = own_app.extensions["precedent"].database
    one, two = (make_user(own_app, name, "curator") for name in ("dora", "dora2"))
    twin = Origin(type(two)(id=two.id, name=one.name, roles=two.roles))
    saved = create(database, Origin(one), "lesson", make_content("lesson", {"title": "T"}))
    from kb.desk import reviewing, writing

    with pytest.raises(Exception, match="needed"):
        writing.submit(database, Origin(one), saved.ref, 1)
    with database.write() as session:
        from kb import editing

        editing.submit(session, saved.ref, 1)
    with pytest.raises(Exception, match="different people"):
        reviewing.publish(database, Origin(one), saved.ref, 1)
    assert reviewing.publish(database, twin, saved.ref, 1).state == "published"


def test_a_stale_save_shows_both_texts_merged_and_loses_nothing(own_app, anna, cleo):
    anna.send("/entries/L-0002/edit", base="2", **{"f.title": "Mine"})  # a draft from the published text
    bea = sign_in(own_app, "bea")
    theirs = {"f.title": "Freeze changes around the close", "f.summary": "Their summary.", "f.happened": "x",
              "f.lesson": "x", "f.recommendation": "x", "f.applicability.conditions": "x"}  # fmt: skip
    address = bea.send("/entries/L-0002/edit", base="2", do="submit", **theirs).headers["Location"]
    cleo.send(address.partition("?")[0] + "/decide", do="publish")
    mine = {"f.title": "Mine", "f.summary": "My summary."}
    answer = anna.send("/entries/L-0002/edit", base="3", **mine)
    assert answer.status_code == 409
    page = text(answer)
    for words in ("Bea changed this entry", "Their", "My summary.", "You both changed"):
        assert words in page, words
    assert 'name="base" value="4"' in answer.text
    assert anna.send("/entries/L-0002/edit", base="4", **mine).status_code == 303


def test_an_anonymous_author_is_named_to_curators_alone(own_app, anna, cleo):
    address = submitted(anna, anonymous="yes")
    verifier = sign_in(own_app, "vic", "verifier")
    anna.send(f"{address}/comments", text="From the author.")
    page = text(verifier.get(address))
    assert "A contributor" in page
    assert "Anna" not in page
    assert "Anna" not in text(verifier.get("/review"))
    assert "Anna (confidential)" in text(cleo.get(address))
    verifier.send(f"{address}/decide", do="publish")
    assert "Anna" not in text(own_app.test_client().get("/entries/L-0004/history"))
    with own_app.extensions["precedent"].database.read() as session:
        lines = session.scalars(select(AuditLine).where(AuditLine.object == "L-0004")).all()
        assert {line.person for line in lines} == {"A contributor", "Vic"}
        assert {line.action for line in lines} == {"write entry", "submit entry", "publish entry"}


def test_who_edits_what_became_of_several_drafts_goes_on_from_what_is_published(anna, cleo):
    anna.send("/entries/new/lesson", **{"f.title": "Order cable"})
    sent = anna.send("/entries/L-0004/edit", base="1", do="submit", **FULL).headers["Location"]
    cleo.send(sent.partition("?")[0] + "/decide", do="publish")
    page = anna.get("/entries/L-0004/edit").text
    assert 'name="base" value="2"' in page
    assert 'value="Order cable early"' in page
    answer = anna.send("/entries/L-0004/edit", base="2", **FULL | {"f.title": "Order cables early"})
    assert answer.headers["Location"] == "/entries/L-0004/edit?done=saved"
    assert 'value="Order cables early"' in anna.get("/entries/L-0004/edit").text


def test_an_edit_keeps_a_source_that_its_writer_is_not_shown(own_app, anna, cleo):
    with own_app.extensions["precedent"].database.write() as session:
        apply_record(session, parse_record(LESSON | {"mask_source": True, "revision": 2, "context": "New."}))
    page = anna.get("/entries/L-0001/edit").text
    assert "H-0001" not in page
    answer = anna.send("/entries/L-0001/edit", base="2", do="submit", **FULL)
    cleo.send(answer.headers["Location"].partition("?")[0] + "/decide", do="publish")
    assert 'href="/entries/H-0001"' in cleo.get("/entries/L-0001").text


def test_a_typographic_edit_keeps_the_verification_and_a_substantive_one_does_not(anna, cleo):
    assert "verified March 2026" in text(cleo.get("/entries/L-0001"))
    for title, edit, words in (
        ("Typo", "typographic", "verified March 2026"),
        ("Sense", "substantive", "not verified"),
    ):
        base = "1" if title == "Typo" else "2"
        sent = FULL | {"f.title": title}
        address = anna.send("/entries/L-0001/edit", base=base, do="submit", **sent).headers["Location"]
        cleo.send(address.partition("?")[0] + "/decide", do="publish", edit=edit)
        assert words in text(cleo.get("/entries/L-0001"))


def test_archiving_can_be_undone_and_earlier_texts_brought_back(cleo):
    page = cleo.send("/entries/L-0002/archive")
    assert "Undo" in page.text
    assert cleo.get("/entries/L-0002").status_code == 404
    assert cleo.send("/entries/L-0002/restore", number="2").status_code == 303
    assert cleo.send("/entries/L-0002/restore", number="1").status_code == 303
    assert "year-end" in text(cleo.get("/entries/L-0002"))
    assert "Text of revision 1 restored" in text(cleo.get("/entries/L-0002/history"))


def test_what_is_due_is_listed_and_vouched_for(cleo):
    assert "T-0001" in text(cleo.get("/review/due"))
    assert (
        cleo.send("/entries/T-0001/verify", **{"from": "due"}).headers["Location"]
        == "/review/due?done=T-0001"
    )
    assert "Cut-over and roll-back plan" not in text(cleo.get("/review/due"))


def test_the_queue_is_narrowed_and_reviews_are_assigned(own_app, anna, cleo):
    address = submitted(anna)
    vic = make_user(own_app, "vic", "verifier")
    assert cleo.send(f"{address}/assign", to=str(vic.id)).status_code == 303
    assert "Order cable" in text(browser_of(own_app, vic).get("/review?assigned=me"))
    assert "Order cable" not in text(cleo.get("/review?assigned=nobody"))
    assert "Order cable" not in text(cleo.get("/review?kind=path"))
    assert "Order cable" not in text(cleo.get("/review?late=yes"))
    nobody = make_user(own_app, "nora")
    assert cleo.send(f"{address}/assign", to=str(nobody.id)).status_code == 403


def test_two_revisions_are_compared_in_one_text_and_side_by_side(client):
    page = client.get("/entries/L-0002/compare")
    assert "<del>" in page.text
    assert "Freeze changes around the" in page.text
    assert "diff-table" in client.get("/entries/L-0002/compare?look=beside&old=1&new=2").text
    assert client.get("/entries/L-0002/compare?new=9").status_code == 404


def test_what_is_submitted_can_be_taken_back_and_a_refusal_undone(anna, cleo):
    address = submitted(anna)
    assert anna.send(f"{address}/decide", do="take back").status_code == 303
    assert "Order cable" not in text(cleo.get("/review"))
    anna.send(f"{address}/decide", do="submit")
    cleo.send(f"{address}/decide", do="reject", reason="A platitude.")
    assert "Order cable" in text(cleo.get("/review?state=rejected"))
    cleo.send(f"{address}/decide", do="reconsider")
    assert "Order cable" in text(cleo.get("/review"))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1,200.5", 1200.5),
        ("−3", -3.0),
        ("1 000", 1000.0),
        ("", ""),
        ("1e5", "1e5"),
        ("9" * 40, "9" * 40),
        (".", "."),
    ],
)
def test_numbers_are_read_as_people_write_them(typed, read):
    assert number(typed) == read


def test_forms_are_read_whatever_they_hold():
    plan = plan_of("path").fields
    form = MultiDict({"f.stages.9999.steps.0.entry": "L-0001", "f.stages.x.title": "?", "f.stages.1": "?"})
    assert read_fields(plan, form)["stages"][0]["steps"][0]["entry"] == "L-0001"
    for path in ("", "stages.5.steps", "stages.1.steps.x", "title.1", "stages.1.1.1", "..", "nothing"):
        for step in ("add", "remove", "up"):
            assert isinstance(with_row({"stages": [{"title": "A"}], "title": "T"}, path, step), dict)
