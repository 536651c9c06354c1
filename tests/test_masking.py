"""Candour: authors who stay anonymous, and lessons that withhold the project they come from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from indexer.sync import IndexWriter
from kb import reading
from kb.errors import InvalidRecord
from kb.neighbours import neighbours
from kb.reading import A_CONTRIBUTOR, ANONYMOUS, MASK_BELOW, OPERATOR, Reader
from kb.records import apply_record, parse_record
from kb.scanning import scan
from search.engine import Engine
from search.results import SearchRequest
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings

AUDITOR = Reader(signed_in=True, sees_all=True)


def project(number: int, **fields):
    stated = {"type": "migration", "sector": "banking", "title": f"Project {number}"}
    return {"kind": "project", "id": f"H-{number:04d}"} | stated | fields


LESSON = {
    "kind": "lesson", "id": "L-0001", "title": "Rehearse the cut-over", "source": "H-0001",
    "mask_source": True, "anonymous": True, "author": "Anna Berg", "key": "anna/bank.md",
}  # fmt: skip
REVIEW = {"kind": "review", "id": "R-0001", "title": "Closure", "project": "H-0001", "lessons": ["L-0001"]}


@pytest.fixture
def put(database):
    """Puts records into the repository."""

    def put(*records):
        with database.write() as session:
            for record in records:
                apply_record(session, parse_record(record))

    return put


def told(database, ref, reader=ANONYMOUS):
    """The view of an entry, the ids that it is linked with, and those that link to it."""
    with database.read() as session:
        view = reading.get_entry(session, ref, reader)
        around = neighbours(session, view, reader)
    return view, {link.ref for link in around.outgoing}, {link.ref for link in around.incoming}


def test_an_anonymous_author_is_told_to_curators_alone(database, put):
    put(LESSON, LESSON | {"revision": 2, "title": "Rehearse it twice", "author": "Ben", "anonymous": False})
    with database.read() as session:
        authors = {
            reader: [view.author for view in reading.history(session, "L-0001", reader)]
            for reader in (ANONYMOUS, AUDITOR, OPERATOR)
        }
        first = reading.get_entry(session, "L-0001", OPERATOR, 1)
        assert (first.anonymous, first.is_confidential, first.key) == (True, True, "anna/bank.md")
        first = reading.get_entry(session, "L-0001", ANONYMOUS, 1)
        assert (first.anonymous, first.is_confidential, first.key) == (True, False, None)
    assert authors[OPERATOR] == ["Ben", "Anna Berg"]
    assert authors[ANONYMOUS] == authors[AUDITOR] == ["Ben", A_CONTRIBUTOR]


def test_a_refusal_names_no_anonymous_author(put):
    put(LESSON)
    with pytest.raises(InvalidRecord, match="was edited here by a contributor, and"):
        put(LESSON | {"title": "Other", "author": "Ben"})


@pytest.mark.parametrize("reader", [ANONYMOUS, AUDITOR])
def test_a_masked_source_shows_on_neither_side(database, put, reader):
    put(LESSON, REVIEW, project(1, links=[{"to": "L-0001"}]), *map(project, range(2, MASK_BELOW)))
    lesson, out, back = told(database, "L-0001", reader)
    assert (lesson.source_withheld, lesson.content.source, out, back) == (True, None, set(), set())
    source, out, back = told(database, "H-0001", reader)
    assert (source.source_withheld, source.content.links, out, back) == (False, [], set(), {"R-0001"})
    review, out, back = told(database, "R-0001", reader)
    assert (review.content.lessons, out, back) == ([], {"H-0001"}, set())


def test_curators_see_it_as_it_is(database, put):
    put(LESSON, REVIEW, project(1))
    lesson, out, back = told(database, "L-0001", OPERATOR)
    assert (lesson.source_withheld, lesson.content.source, out, back) == (
        False,
        "H-0001",
        {"H-0001"},
        {"R-0001"},
    )
    assert told(database, "H-0001", OPERATOR)[2] == {"L-0001", "R-0001"}


def test_it_shows_once_enough_similar_projects_exist(database, put):
    put(LESSON, REVIEW, *map(project, range(1, MASK_BELOW)))
    assert told(database, "L-0001")[0].source_withheld
    put(project(50, sector="energy"), project(51, type="training"), project(52, state="draft"))
    assert told(database, "L-0001")[0].source_withheld
    put(project(53))
    lesson, out, back = told(database, "L-0001")
    assert (lesson.source_withheld, lesson.content.source, out, back) == (
        False,
        "H-0001",
        {"H-0001"},
        {"R-0001"},
    )
    assert told(database, "L-0001", replace(ANONYMOUS, mask_below=MASK_BELOW + 1))[0].source_withheld
    assert not told(database, "L-0001", replace(ANONYMOUS, mask_below=1))[0].source_withheld


def test_projects_that_the_reader_may_not_see_are_no_cover(database, put):
    others = range(2, MASK_BELOW + 1)
    put(LESSON, project(1), *(project(number, visibility="signed-in") for number in others))
    assert told(database, "L-0001")[0].source_withheld
    assert not told(database, "L-0001", Reader(signed_in=True))[0].source_withheld


@pytest.mark.parametrize("source", ["H-0099", "R-0001", "R-0099", "L-0002"])
def test_a_source_of_which_no_project_is_known_is_withheld(database, put, source):
    put(LESSON | {"source": source}, {"kind": "review", "id": "R-0001", "title": "Of no project"})
    lesson, out, _ = told(database, "L-0001")
    assert (lesson.source_withheld, lesson.content.source, out) == (True, None, set())


def test_a_review_as_the_source_withholds_its_project_too(database, put):
    stated = {"source": "R-0001", "links": [{"to": "H-0001"}, {"to": "L-0002"}]}
    put(LESSON | stated, REVIEW, project(1))
    lesson, out, back = told(database, "L-0001")
    assert (lesson.content.source, out, back) == (None, {"L-0002"}, set())
    assert [link.to for link in lesson.content.links] == ["L-0002"]
    assert told(database, "H-0001")[2] == {"R-0001"}


def test_earlier_revisions_withhold_their_sources_too(database, put):
    put(LESSON, LESSON | {"source": "H-0002", "title": "Again"}, project(1), project(2))
    with database.read() as session:
        first = reading.get_entry(session, "L-0001", ANONYMOUS, 1)
        assert (first.content.source, first.withheld) == (None, {"H-0001", "H-0002"})
        assert reading.get_entry(session, "L-0001", OPERATOR, 1).content.source == "H-0001"


def test_links_inside_texts_stay_and_other_lessons_are_untouched(database, put):
    other = {"kind": "lesson", "id": "L-0002", "title": "Open", "source": "H-0001"}
    put(LESSON | {"body": "As in [[H-0001]]."}, other, project(1))
    assert told(database, "L-0001")[0].content.body == "As in [[H-0001]]."
    assert told(database, "L-0002")[1] == {"H-0001"}
    assert told(database, "H-0001")[2] == {"L-0002"}


def test_no_search_finds_a_lesson_by_what_it_withholds(database, put, tmp_path):
    texts = {"body": "Accounts are loaded over one weekend."}
    put(LESSON | texts, REVIEW | texts, project(1, links=[{"to": "L-0001"}], **texts), project(2, **texts))
    url = database.url.render_as_string(hide_password=False)
    settings, embedder = make_settings(tmp_path / "home", database_url=url), HashingEmbedder()
    IndexWriter(settings, database, embedder).sync()
    engine = Engine(settings, database, embedder)

    def found(text, reader):
        page = engine.search(SearchRequest(text=text, mode="keyword"), reader)
        return {hit.entry.ref for hit in page.hits}

    for text in ("H-0001", "id:H-0001", "anna/bank.md"):
        assert "L-0001" not in found(text, ANONYMOUS)
    assert "L-0001" in found("weekend", ANONYMOUS)
    (hit,) = engine.search(SearchRequest(text="id:L-0001"), ANONYMOUS).hits
    assert (hit.entry.author, hit.entry.content.source) == (A_CONTRIBUTOR, None)
    near = {
        reader: {hit.entry.ref for hit in engine.similar("L-0001", reader)}
        for reader in (ANONYMOUS, OPERATOR)
    }
    assert near == {ANONYMOUS: {"H-0002"}, OPERATOR: {"H-0001", "H-0002", "R-0001"}}
    assert "L-0001" not in {hit.entry.ref for hit in engine.similar("H-0001", ANONYMOUS)}
    with database.read() as session:
        for words, reader, refs in (
            (["H-0001"], ANONYMOUS, {"H-0001", "R-0001"}),
            (["H-0001"], OPERATOR, {"H-0001", "R-0001", "L-0001"}),
            (["L-0001"], ANONYMOUS, {"L-0001"}),
        ):
            assert {view.ref for view in scan(session, words, reader, 10)} == refs
