"""What a reader may not see leaves no trace, anywhere: every answer is that of a repository without it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.people.reader import reader_of
from kb.people.roles import NOBODY, Person
from search.query import Filter
from search.results import SearchRequest
from tests.hidden import LEVELS, READERS, REFS, WORDS, addresses, mark, record, repositories, served, told

PARTS = ("title", "newer", "author", "note", "owner", "tag", "sector", "body", "key")
EVERYWHERE = [
    record(ref, REFS[place + 1 :: 3], WORDS[place % 4 :: 2], **LEVELS[place % len(LEVELS)], mask_source=True)
    for place, ref in enumerate(REFS)
]
"""Every kind at two visibilities, linked with each other."""


@pytest.fixture
def whole(make_database, tmp_path):
    with served(make_database(), tmp_path / "whole") as application:
        yield application


@pytest.fixture
def reduced(make_database, tmp_path):
    with served(make_database(), tmp_path / "reduced") as application:
        yield application


def seen_by(person: Person, records):
    """The records of the entries that the person may see, as the last record of each says."""
    reader = reader_of(person)
    names = {"person:anna@example.org": "person:1", "person:ben@example.org": "person:2"}
    last = {one["id"]: one for one in records}

    def may_see(one):
        readers = [names.get(each, each) for each in one.get("readers", ())]
        return reader.may_see(one.get("visibility", "public"), readers)

    return [one for one in records if may_see(last[one["id"]])]


def check(whole, reduced, records, person, queries):
    """Both repositories give the person the same answers, in which no mark of a hidden entry stands."""
    shown = seen_by(person, records)
    whole.hold(records)
    reduced.hold(shown)
    asked = addresses(whole.app, queries)
    answers, expected = whole.answers(person, asked), reduced.answers(person, asked)
    visible = {one["id"] for one in shown}
    secret = [mark(ref, part) for ref in REFS if ref not in visible for part in PARTS]
    if not reader_of(person).sees_authors:
        anonymous = [one["id"] for one in shown if one.get("anonymous")]
        secret += [mark(ref, part) for ref in anonymous for part in ("author", "key")]
    for address in asked:
        assert answers[address] == expected[address], address
        assert not answers[address].startswith("500"), address
        found = [word for word in secret if word in answers[address] and word not in told(address)]
        assert found == [], address
    check_engine(whole.engine, reduced.engine, reader_of(person), queries)


def check_engine(whole, reduced, reader, queries):
    for query in queries:
        request = SearchRequest(text=query, limit=100)
        one, other = whole.search(request, reader), reduced.search(request, reader)
        assert (one.total, one.searched, one.suggestion) == (other.total, other.searched, other.suggestion)
        assert one.facets == other.facets
        assert {hit.entry.ref: hit.why.match for hit in one.hits} == {
            hit.entry.ref: hit.why.match for hit in other.hits
        }
    narrowed = SearchRequest(filters=(Filter("sector", "banking"),))
    assert whole.search(narrowed, reader).facets == reduced.search(narrowed, reader).facets
    for ref in REFS:
        near, other = whole.similar(ref, reader, 20), reduced.similar(ref, reader, 20)
        assert {hit.entry.ref: hit.score for hit in near} == {hit.entry.ref: hit.score for hit in other}
    one, other = whole.status(reader), reduced.status(reader)
    assert (one.documents, one.passages, one.behind) == (other.documents, other.passages, 0)


def misspelt(word: str) -> str:
    return word[:4] + word[5:]


@pytest.mark.parametrize("person", READERS, ids=lambda person: "-".join(sorted(person.roles)) or "visitor")
def test_every_answer_is_that_of_a_repository_without_it(whole, reduced, person):
    hidden = [mark(ref, part) for ref in ("L-0002", "T-0001") for part in ("title", "tag", "body")]
    queries = [
        "", "supplier late", "zeppelin", "MIL-STD-975", '"permits late"', "H-0002", "id:L-0002",
        f"supplier {hidden[0]}", misspelt(hidden[2]), misspelt(mark("L-0001", "body")), f"tag:{hidden[1]}",
        f"supplier -{hidden[2]}", "kind:lesson", mark("H-0001", "key"), "qwxzzy flurbnog",
    ]  # fmt: skip
    check(whole, reduced, EVERYWHERE, person, queries)


@settings(deadline=None, max_examples=4, suppress_health_check=[*HealthCheck])
@given(records=repositories(), person=st.sampled_from(READERS), data=st.data())
def test_no_repository_tells_of_what_is_hidden(whole, reduced, records, person, data):
    parts = st.builds(mark, st.sampled_from(REFS), st.sampled_from(PARTS))
    queries = data.draw(
        st.lists(st.one_of(st.sampled_from(WORDS), parts, parts.map(misspelt)), max_size=3, unique=True)
    )
    check(whole, reduced, records, person, ["", *queries])


def test_the_comparison_would_notice(whole, reduced):
    """The same check fails where something is told that should not be."""
    whole.hold(EVERYWHERE)
    reduced.hold(seen_by(NOBODY, EVERYWHERE))
    asked = addresses(whole.app, ["supplier"])
    curator = READERS[-1]
    differing = [
        address
        for address, answer in whole.answers(curator, asked).items()
        if answer != reduced.answers(curator, [address])[address]
    ]
    assert {"/", "/browse", "/entries/L-0002", "/api/v1/entries", "/search?q=supplier"} <= set(differing)
