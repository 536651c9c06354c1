"""Advice on lessons, entries that one looks like, and who hears of what happens on the desk."""

from __future__ import annotations

import re
from html import escape, unescape
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from corpus.sample import sample_paths
from kb.desk.linter import MOST, advise
from kb.formats import LoadOptions, RawRecord, markdown
from kb.notices.model import Notice
from kb.people.model import User
from kb.usage.model import SearchCount
from search.alike import alike_among
from tests.fakes_web import LESSON
from tests.fixtures.people import sign_in

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
GOOD = {
    "title": "Apply for permits before design freeze", "happened": "Consent took 28 weeks.",
    "lesson": "Authorities expect to shape the scheme.",
    "recommendation": "The project manager holds a meeting with each authority within six weeks.",
    "applicability": {"conditions": "Listed buildings."},
}  # fmt: skip
ALIKE = {
    "f.title": "Rehearse the cut-over with full volumes", "f.summary": "A sample load", "f.happened": "41 %",
    "f.lesson": "Run time is measured.", "f.recommendation": "The cut-over manager rehearses",
    "f.applicability.conditions": "A fixed window.",
}  # fmt: skip


def said(**changes) -> list[tuple[str, str]]:
    return [
        (each.field, each.words) for each in advise(GOOD | changes, names=["Anna Berg"], acronyms=["UAT"])
    ]


def test_a_good_lesson_gets_no_advice():
    assert said() == []
    assert said(happened="UAT took long, cost 3 M EUR, and Berg am See was far.") == []


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": "x" * 76}, "title", "76 characters"),
        ({"title": "Lessons learned from the migration"}, "title", "names a topic"),
        ({"title": "Apply early and tell people and wait"}, "title", "several points"),
        ({"recommendation": "Rehearsals must be held twice."}, "recommendation", "who should do it"),
        ({"recommendation": "The sponsor should improve communication"}, "recommendation", "improve comm"),
        ({"applicability": None}, "applicability", "which projects"),
        ({"happened": "We asked Dr. Meyer, who agreed."}, "happened", "Dr. Meyer"),
        ({"happened": "Then John F. Smith called."}, "happened", "John F. Smith"),
        ({"lesson": "Anna Berg knew it."}, "lesson", "Anna Berg"),
        ({"happened": "The RTMX was late."}, "happened", "RTMX"),
    ],
)  # fmt: skip
def test_what_could_be_better_is_said_with_the_reason(changes, field, words):
    found = advise(GOOD | changes, names=["Anna Berg"])
    (mine,) = [each for each in found if each.field == field and words in each.words]
    assert mine.reason


@pytest.mark.parametrize(
    "text", ["The John F. Kennedy Space Center waited.", "At Thomas Street hospital.", "Ask Peter."]
)
def test_a_place_that_bears_a_name_names_nobody(text):
    assert said(happened=text) == []


def test_who_has_written_a_title_only_is_not_asked_where_it_applies():
    assert advise({"title": GOOD["title"]}) == []


def test_an_acronym_that_is_spelled_out_once_is_no_matter():
    assert said(happened="The requirements traceability matrix (RTMX) was late. RTMX again.") == []


def test_the_lessons_of_the_sample_corpus_meet_no_wall():
    """They are good ones: on average there is less than one piece of advice for each."""
    (folder,) = [path for path in sample_paths() if path.name == "lesson"]
    files = sorted(folder.glob("*.md"))
    counts = []
    for file in files:
        (found,) = markdown.read(file, LoadOptions(), "md:x")
        assert isinstance(found, RawRecord)
        counts.append(len(advise(found.data)))
    assert len(counts) > 40
    assert sum(counts) < len(counts)


@given(st.dictionaries(st.sampled_from(["title", "recommendation", "lesson", "body"]), st.text(max_size=300)))
def test_whatever_is_typed_gets_little_advice_and_no_error(content):
    assert len(advise(content)) <= MOST


def text(answer) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", answer.text))


@pytest.fixture
def anna(own_app, monkeypatch):
    monkeypatch.setattr("search.alike.ALIKE", 0.4)
    return sign_in(own_app, "anna", "contributor")


def test_advice_comes_while_one_types(anna):
    page = text(anna.send("/advice/lesson", **ALIKE | {"f.recommendation": "Rehearse."}))
    assert "does not say who should do it" in page
    page = text(anna.send("/advice/lesson", **ALIKE))
    assert "It looks like this lesson" in page
    assert LESSON["title"] in page
    assert "looks like" not in text(anna.send("/advice/lesson", ref="L-0001", **ALIKE))
    assert anna.send("/advice/path").status_code == 404


def test_a_title_of_a_few_words_is_enough_to_be_told(anna, monkeypatch):
    monkeypatch.setattr("search.alike.ALIKE_BY_TITLE", 0.4)
    assert "It looks like" in text(anna.send("/advice/lesson", **{"f.title": LESSON["title"]}))
    assert "looks like" not in text(anna.send("/advice/lesson", **{"f.title": "Rehearse it"}))


def test_what_is_typed_into_a_draft_is_counted_as_no_search(anna, own_app):
    anna.send("/advice/lesson", **ALIKE)
    here = own_app.extensions["precedent"]
    here.usage.flush(everything=True)
    with here.database.read() as session:
        assert session.scalars(select(SearchCount)).all() == []


def hit(ref, cosine, **said):
    stored = {"title": "Another title", "lesson": "", "recommendation": ""} | said
    entry = SimpleNamespace(ref=ref, title=stored["title"], stored=stored)
    return SimpleNamespace(entry=entry, why=SimpleNamespace(similarity=cosine))


def alike(data, *hits, ref=""):
    return [each.entry.ref for each in alike_among(SimpleNamespace(hits=hits), data, ref)]


def test_more_is_asked_of_a_title_than_of_a_text():
    title = "Book the crane before the permit"
    same, near = hit("L-0001", 0.7, title=title), hit("L-0002", 0.75, title="Book the crane after the survey")
    assert alike({"title": title, "lesson": None}, near, same) == ["L-0001"]
    assert alike({"title": "Book the crane"}, near, same) == ["L-0002", "L-0001"]  # so far it is either
    learned = {"lesson": "Cranes are booked months ahead."}
    like, other = (
        hit("L-0003", 0.7, title="Book a crane", **learned),
        hit("L-0004", 0.75, title="Survey first"),
    )
    assert alike({"title": title} | learned, other, like) == ["L-0003"]


def test_who_says_the_same_in_other_words_is_told_as_well():
    data = {"title": "Book the crane before the permit", "links": [{"to": "L-0002"}]}
    hits = [hit(f"L-000{number}", 0.85, title="Lifting gear: reserve early") for number in (1, 2, 3)]
    assert alike(data, *hits, hit("L-0004", None), ref="L-0003") == ["L-0001"]


def test_before_it_is_submitted_one_is_asked_whether_it_happened_again(anna):
    answer = anna.send("/entries/new/lesson", do="submit", **ALIKE)
    assert answer.status_code == 200
    assert "Before it goes to review" in text(answer)
    assert 'name="base" value="1"' in answer.text
    again = anna.send("/entries/L-0004/edit", base="1", do="again:L-0001", **ALIKE)
    assert 'name="f.links.1.to" type="text" value="L-0001"' in again.text
    assert re.search(r'value="recurrence of" selected', again.text)
    link = {"f.links.1.to": "L-0001", "f.links.1.relation": "recurrence of"}
    assert anna.send("/entries/L-0004/edit", base="1", do="submit", **ALIKE, **link).status_code == 303


def test_another_lesson_is_submitted_all_the_same(anna):
    anna.send("/entries/new/lesson", do="submit", **ALIKE)
    assert anna.send("/entries/L-0004/edit", base="1", do="submit-anyway", **ALIKE).status_code == 303


def test_a_search_that_fails_keeps_nobody_from_submitting(anna, own_app, caplog):
    def fail(*_):
        raise RuntimeError("index on fire")

    own_app.extensions["precedent"].engine.search = fail
    assert anna.send("/entries/new/lesson", do="submit", **ALIKE).status_code == 303
    assert "index on fire" in caplog.text


def told(app, name: str) -> list[tuple[str, str]]:
    with app.extensions["precedent"].database.read() as session:
        query = select(Notice.event, Notice.actor).join(User, User.id == Notice.user_id).order_by(Notice.id)
        return [tuple(row) for row in session.execute(query.where(User.email == f"{name}@example.org"))]


def test_people_hear_what_concerns_them(own_app, anna):
    cleo = sign_in(own_app, "cleo", "curator")
    anna.send("/entries/new/lesson", do="submit-anyway", **ALIKE)
    assert told(own_app, "cleo") == [("review requested", "Anna")]
    cleo.send("/review/L-0004/1/comments", text="Who?")
    anna.send("/review/L-0004/1/comments", text="The buyer.")
    cleo.send("/review/L-0004/1/decide", do="publish")
    assert told(own_app, "anna") == [("comment", "Cleo"), ("decision made", "Cleo")]
    assert told(own_app, "cleo")[1:] == [("comment", "Anna")]


def test_what_is_decided_asks_nobody_for_a_review(own_app, anna):
    cleo, carl = sign_in(own_app, "cleo", "curator"), sign_in(own_app, "carl", "curator")
    anna.send("/entries/new/lesson", do="submit-anyway", **ALIKE)
    assert "asks you to review it" in carl.get("/notices").text
    cleo.send("/review/L-0004/1/decide", do="publish")
    assert "asks you to review it" not in carl.get("/notices").text
    assert "asks you to review it" in carl.get("/notices?show=all").text
    assert "Duplicates" in carl.get("/review").text


def test_a_comment_is_quoted_with_what_it_is_about(own_app, anna):
    cleo = sign_in(own_app, "cleo", "curator")
    anna.send("/entries/new/lesson", do="submit-anyway", **ALIKE)
    answer = cleo.send("/review/L-0004/1/comments", field="title", text="Say <b>whose</b> volumes.")
    assert answer.headers["Location"].endswith("done=commented#comments")
    page = anna.get("/notices").text
    title = escape(ALIKE["f.title"])
    assert f"Title: “{title}”\nSay &lt;b&gt;whose&lt;/b&gt; volumes." in page
    place = re.search(r'href="(/review/L-0004/1#(comment-\d+))"', page)
    assert f'id="{place[2]}"' in anna.get(place[1].partition("#")[0]).text
    cleo.send("/review/L-0004/1/comments", field="impact", text="In euros?")
    assert "Impact:\nIn euros?" in anna.get("/notices").text
    cleo.send("/review/L-0004/1/comments", text="All of it is good.")
    assert ">All of it is good.</p>" in anna.get("/notices").text


def test_a_comment_on_a_masked_lesson_quotes_nothing_of_it(own_app, anna):
    cleo = sign_in(own_app, "cleo", "curator")
    anna.send("/entries/new/lesson", do="submit-anyway", mask_source="yes", **ALIKE)
    cleo.send("/review/L-0004/1/comments", field="title", text="Which?")
    assert "Title:\nWhich?" in anna.get("/notices").text


def test_who_writes_anonymously_is_not_named_in_notices(own_app, anna):
    vic = sign_in(own_app, "vic", "verifier")
    anna.send("/entries/new/lesson", do="submit-anyway", anonymous="yes", **ALIKE)
    vic.send("/review/L-0004/1/comments", text="Who?")
    anna.send("/review/L-0004/1/comments", text="The buyer.")
    assert told(own_app, "vic") == [("comment", "A contributor")]
