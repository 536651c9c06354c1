"""A search by a tag that became another finds what is under that, with an index and without."""

from __future__ import annotations

import pytest

from indexer.sync import IndexWriter
from kb.people.audit import Origin
from kb.people.roles import OPERATOR
from kb.reading import ANONYMOUS
from kb.records import apply_record, parse_record
from kb.taxonomy.changing import Merge, apply, undo
from search.curated import Spellings
from search.engine import Engine
from search.query import Filter, Query, parse
from search.results import SearchRequest
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings

BY = Origin(OPERATOR)
MERGE = Merge(dimension="tag", values=["Supplier", "seller"], into="vendor")
TAGS = {"L-0001": ["Supplier", "steel"], "L-0002": ["vendor"], "L-0003": ["seller"], "L-0004": ["other"]}


@pytest.fixture(params=["indexed", "plain"])
def find(request, database, tmp_path):
    """What a search finds, and its notes."""
    with database.write() as session:
        for ref, tags in TAGS.items():
            said = {"kind": "lesson", "id": ref, "title": f"Lesson {ref}", "tags": tags, "sector": "health"}
            apply_record(session, parse_record(said))
    settings, embedder = make_settings(tmp_path), HashingEmbedder()
    engine = Engine(settings, database, embedder)

    def found(text="", *filters):
        if request.param == "indexed":
            IndexWriter(settings, database, embedder).sync()
        page = engine.search(SearchRequest(text, filters), ANONYMOUS)
        return sorted(hit.entry.ref for hit in page.hits), [
            note for note in page.query.notes if "in the list of" in note
        ]

    found.is_indexed = request.param == "indexed"
    return found


def test_what_became_another_tag_is_found_under_it(find, database):
    assert find("tag:supplier")[0] == ["L-0001"]
    apply(database, BY, MERGE, None)
    said = ["“supplier” is “vendor” in the list of tags by now: what is under either is found."]
    notes = said if find.is_indexed else []
    assert find("tag:supplier") == (["L-0001", "L-0002", "L-0003"], notes)
    assert find("", Filter("tag", "Supplier"))[0] == ["L-0001", "L-0002", "L-0003"]
    assert find("tag:vendor") == (["L-0001", "L-0002", "L-0003"], [])
    assert find("tag:supplier tag:other")[0] == ["L-0001", "L-0002", "L-0003", "L-0004"]
    assert find("-tag:seller")[0] == ["L-0004"]
    assert find("tag:other") == (["L-0004"], [])
    assert find("tag:supplier sector:health")[0] == ["L-0001", "L-0002", "L-0003"]


def test_undone_the_tags_are_apart_again(find, database):
    change = apply(database, BY, MERGE, None)
    assert len(find("tag:seller")[0]) == 3
    undo(database, BY, change.id)
    assert find("tag:seller") == (["L-0003"], [])


def test_who_works_on_an_entry_keeps_its_tag_and_it_is_found_under_the_other(find, database):
    with database.write() as session:
        said = {"kind": "lesson", "id": "L-0003", "title": "Again", "tags": ["seller"], "state": "draft"}
        apply_record(session, parse_record(said))
    apply(database, BY, MERGE, None)
    assert "L-0003" in find("tag:vendor")[0]


def test_what_a_tag_is_called_now_is_told_only_where_somebody_sees_it(find, database):
    apply(database, BY, Merge(dimension="tag", values=["gone"], into="Project Falcon"), None)
    assert find("tag:gone") == ([], [])


def test_only_lists_that_narrow_a_search_count():
    known = Spellings({"cause": {"a": "b"}, "tag": {"A": "b"}})
    query = known.applied(parse("tag:a sector:a kind:lesson"))
    assert [each.spellings for each in query.filters] == [("b", "A"), (), ()]
    assert query == parse("tag:a sector:a kind:lesson"), "the same question"
    assert Spellings({}).applied(Query()) == Query()
