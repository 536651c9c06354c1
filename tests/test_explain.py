"""What is said of a hit is what reading all of it would say: the index only saves the reading."""

from __future__ import annotations

import pytest

from indexer.analysis import terms
from indexer.documents import _labels
from kb.reading import ANONYMOUS, OPERATOR
from search.explain import Wanted
from search.query import parse
from search.results import Mode, SearchRequest
from search.searching import Words
from search.sight import Sight
from search.snippets import occurrences_in
from tests.fixtures.served import Repository

QUERIES = [
    "rehearse the cut-over",
    "supplier delay permit",
    '"roll-back plan" migration weekend',
    '"out of scope" "late changes" the of',
    "we have one weekend to move all accounts to the new system and nobody has practised it",
    "L-0042 lessons",
    "supplier supplier Suppliers",
    "kind:training competencies",
]


@pytest.mark.parametrize("text", QUERIES)
def test_the_passage_shown_is_the_one_that_reading_every_passage_would_choose(
    sample: Repository, text: str
) -> None:
    engine, query = sample.engine, parse(text)
    snapshot = engine._source.current()
    expansions = engine._understanding.vocabulary.current().expand(query.words)
    looked_for = Wanted(Words(Sight(snapshot, OPERATOR), query, tuple(expansions)))
    wanted, extractor = looked_for.terms, looked_for.extractor
    for hit in engine.search(SearchRequest(text=text, mode="keyword", limit=100), OPERATOR).hits:
        passages = snapshot.manifest.passages(hit.entry.revision_id)
        found = [occurrences_in(text, wanted) for _, text in passages]
        best = extractor.best(found)
        assert hit.why.passage == passages[best][0]
        assert hit.snippet == extractor.extract(passages[best][1], found[best])
        held = {term for of_one in found for _, term in of_one}
        held |= {term for _, term in terms(" ".join([hit.entry.title, *_labels(hit.entry.content)]))}
        assert set(hit.why.words) == {
            word for word in (*query.words, *query.phrases)
            if (parts := {term for _, term in terms(word)}) and parts <= held
        }  # fmt: skip


def test_words_that_do_not_tell_leave_the_choice_to_the_meaning(sample: Repository) -> None:
    engine = sample.engine
    for hit in engine.similar("L-0001", OPERATOR, 20):
        headings = [
            heading for heading, _ in engine._source.current().manifest.passages(hit.entry.revision_id)
        ]
        assert hit.why.words == ()
        assert hit.why.passage in headings
        assert hit.why.semantic_rank is not None
        assert not any(fragment.marked for fragment in hit.snippet)


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
def test_ranks_are_places_in_the_two_rankings(sample: Repository, mode: Mode) -> None:
    def hits(mode: Mode) -> list[str]:
        request = SearchRequest(text="supplier delay of permits", mode=mode, limit=100)
        return [hit.entry.ref for hit in sample.engine.search(request, ANONYMOUS).hits]

    by_word, by_meaning = hits("keyword"), hits("semantic")
    request = SearchRequest(text="supplier delay of permits", mode=mode, limit=100)
    compared = 0
    for hit in sample.engine.search(request, ANONYMOUS).hits:
        for rank, ranking in ((hit.why.keyword_rank, by_word), (hit.why.semantic_rank, by_meaning)):
            if rank is not None and rank <= len(ranking):
                assert ranking[rank - 1] == hit.entry.ref
                compared += 1
    assert compared > 20
