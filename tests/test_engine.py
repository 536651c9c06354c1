"""A search over the sample corpus, by the real encoder, on both databases."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.sync import IndexWriter
from kb import editing
from kb.reading import ANONYMOUS, OPERATOR, get_entry
from kb.sections import sections
from search.engine import Engine, open_engine
from search.query import Filter
from search.results import MAX_DEPTH, SearchRequest

WORRIES = {
    "we have one weekend to move all accounts to the new system": "L-0001",
    "approval from the authorities takes longer than building": "L-0002",
    "staff had forgotten the course by the time the system started": "L-0036",
    "personal details of patients visible to trainees": "L-0022",
}


def refs(page) -> list[str]:
    return [hit.entry.ref for hit in page.hits]


def ask(repository, text: str, *filters: Filter, reader=OPERATOR, **options):
    return repository.engine.search(SearchRequest(text=text, filters=filters, **options), reader)


def everything(repository, text: str, *filters: Filter, **options):
    found, offset = [], 0
    while True:
        page = ask(repository, text, *filters, offset=offset, limit=100, **options)
        found += page.hits
        offset += 100
        if offset >= page.total:
            return page, found


@pytest.mark.parametrize(("worry", "lesson"), WORRIES.items())
def test_a_worry_in_other_words_finds_the_lesson(searchable, worry, lesson):
    assert lesson in refs(ask(searchable, worry, limit=5))


def test_an_id_comes_first_in_any_case(searchable):
    for text in ("L-0042", "l-0042", "lesson L-0042 please"):
        assert refs(ask(searchable, text))[0] == "L-0042"


def test_every_hit_of_a_phrase_holds_it(searchable):
    _, hits = everything(searchable, '"roll-back plan"')
    assert hits
    for hit in hits:
        text = " ".join([hit.entry.title, *(text for _, text in sections(hit.entry.content))]).lower()
        assert "roll-back plan" in text.replace("*", "") or "roll back plan" in text


def test_no_hit_holds_an_excluded_word(searchable):
    _, with_word = everything(searchable, "supplier")
    _, without = everything(searchable, "supplier -contract")
    assert 0 < len(without) < len(with_word)
    assert not any("contract" in str(hit.entry.content).lower().split() for hit in without)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("supplier kind:review", lambda view: view.kind == "review"),
        ('supplier sector:"public health"', lambda view: view.content.sector == "public health"),
        ("cut-over tag:migration", lambda view: "migration" in view.content.tags),
        ("supplier method:agile", lambda view: "agile" in view.content.methods),
        ("supplier -kind:lesson", lambda view: view.kind != "lesson"),
        ("kind:lesson,review", lambda view: view.kind in {"lesson", "review"}),
        ("outcome:failed", lambda view: view.content.outcome == "failed"),
    ],
)
def test_filters_hold_for_every_hit(searchable, text, holds):
    page, hits = everything(searchable, text)
    assert hits
    assert page.total == len(hits)
    assert all(holds(hit.entry) for hit in hits)


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
def test_pages_are_disjoint_and_together_the_total(searchable, mode):
    pages = [
        ask(searchable, "supplier delay", mode=mode, offset=offset, limit=7) for offset in range(0, 700, 7)
    ]
    seen = [ref for page in pages for ref in refs(page)]
    assert len(seen) == len(set(seen)) == pages[0].total


@pytest.mark.parametrize(
    "text", ["supplier delay", "supplier delay kind:lesson", "kind:project year:2021", ""]
)
def test_facets_count_all_hits(searchable, text):
    page, hits = everything(searchable, text)
    filtered = {condition.field for condition in page.query.filters}
    for facet in page.facets:
        if facet.field in filtered:
            continue
        for value in facet.values:
            narrower = ask(searchable, text, Filter(facet.field, value.value))
            if not page.query.text:
                assert narrower.total == value.count, (facet.field, value)
    kinds = {
        value.value: value.count for facet in page.facets if facet.field == "kind" for value in facet.values
    }
    if "kind" not in filtered:
        assert sum(kinds.values()) == len(hits)


def test_a_chosen_value_leaves_the_others_in_view(searchable):
    page = ask(searchable, "supplier", Filter("kind", "lesson"))
    kinds = next(facet for facet in page.facets if facet.field == "kind").values
    assert {value.value for value in kinds} > {"lesson"}
    assert [value.value for value in kinds if value.active] == ["lesson"]


def test_hits_say_why_they_are_there(searchable):
    hit = ask(searchable, "rehearse the cut-over").hits[0]
    assert {"rehearse", "cut", "over"} & {word.lower() for word in hit.why.words}
    assert hit.why.keyword_rank is not None
    assert hit.why.passage
    assert any(fragment.marked for fragment in hit.snippet)
    assert "matched" in str(hit.why)


def test_scores_never_rise_down_the_page(searchable):
    for mode in ("hybrid", "keyword", "semantic"):
        scores = [hit.score for hit in everything(searchable, "late supplier of parts", mode=mode)[1]]
        assert scores == sorted(scores, reverse=True)


def test_nonsense_finds_nothing_and_says_how_much_was_searched(searchable):
    for mode in ("hybrid", "keyword", "semantic"):
        page = ask(searchable, "qwxzzy flurbnog", mode=mode)
        assert page.total == 0
        assert page.searched > 170


def test_a_misspelled_word_is_corrected_and_the_rest_kept(searchable):
    page = ask(searchable, "suplier kind:lesson")
    assert page.suggestion is not None
    assert "supplier" in page.suggestion
    assert "kind:lesson" in page.suggestion
    assert ask(searchable, "supplier").suggestion is None


def test_dates_sort_both_ways(searchable):
    newest = [
        hit.entry.content.occurred_on for hit in ask(searchable, "supplier kind:lesson", sort="newest").hits
    ]
    oldest = [
        hit.entry.content.occurred_on for hit in ask(searchable, "supplier kind:lesson", sort="oldest").hits
    ]
    assert newest == sorted(newest, reverse=True)
    assert oldest == sorted(oldest)


def test_similar_entries_are_near_and_never_the_entry_itself(searchable):
    hits = searchable.engine.similar("L-0001", OPERATOR, 6)
    assert len(hits) == 6
    found = {hit.entry.ref for hit in hits}
    assert "L-0001" not in found
    assert found & {"M-0020", "M-0010", "T-0015", "L-0015", "L-0004"}
    assert searchable.engine.similar("L-9999", OPERATOR) == []


def test_what_a_reader_may_not_see_leaves_no_trace(repository, embedder):
    with repository.database.write() as session:
        editing.find_entry(session, "L-0001").visibility = "signed-in"
    IndexWriter(repository.settings, repository.database, embedder).sync()
    open_page, closed = (
        ask(repository, "rehearse the cut-over"),
        ask(repository, "rehearse the cut-over", reader=ANONYMOUS),
    )
    assert "L-0001" in refs(open_page)
    assert "L-0001" not in refs(closed)
    assert "L-0001" not in refs(ask(repository, "L-0001", reader=ANONYMOUS))
    assert closed.searched == open_page.searched - 1
    assert "L-0001" not in {hit.entry.ref for hit in repository.engine.similar("L-0015", ANONYMOUS, 20)}
    shutil.rmtree(repository.settings.index_folder)
    assert "L-0001" not in refs(ask(repository, "rehearse", reader=ANONYMOUS))
    assert "L-0001" in refs(ask(repository, "rehearse"))


def test_the_database_is_the_last_gate(repository):
    assert "L-0001" in refs(ask(repository, "rehearse the cut-over", reader=ANONYMOUS))
    with repository.database.write() as session:
        editing.find_entry(session, "L-0001").visibility = "signed-in"
    assert "L-0001" not in refs(ask(repository, "rehearse the cut-over", reader=ANONYMOUS))


def test_without_an_index_words_still_find_and_the_page_says_so(repository, embedder):
    shutil.rmtree(repository.settings.index_folder)
    page = ask(repository, "cut-over rehearsal")
    assert page.degraded == ("keyword", "semantic")
    assert "L-0001" in refs(page)
    IndexWriter(repository.settings, repository.database, embedder).sync()
    assert ask(repository, "cut-over rehearsal").degraded == ()


def test_without_an_encoder_the_words_rank_and_the_page_says_so(repository, tmp_path):
    engine = open_engine(replace(repository.settings, encoder=tmp_path / "nothing"), repository.database)
    page = engine.search(SearchRequest(text="rehearse the cut-over"), OPERATOR)
    assert page.degraded == ("semantic",)
    assert page.hits[0].entry.ref == "L-0001"


def test_an_encoder_that_fails_does_not_fail_the_search(repository, embedder):
    class Broken:
        fingerprint, dimension, note = embedder.fingerprint, embedder.dimension, ""

        def embed_query(self, text):
            raise RuntimeError("out of memory")

    engine = Engine(repository.settings, repository.database, Broken())
    page = engine.search(SearchRequest(text="rehearse the cut-over"), OPERATOR)
    assert page.degraded == ("semantic",)
    assert page.hits


def test_a_published_edit_is_found_at_once_by_an_open_engine(repository, embedder):
    with repository.database.write() as session:
        view = get_entry(session, "L-0001", OPERATOR)
        content = view.content.model_copy(update={"title": "Zeppelin hangars need zoning"})
        revision = editing.save_edit(session, "L-0001", content, base=view.number, author="writer")
        editing.submit(session, "L-0001", revision.number)
        editing.publish(session, "L-0001", revision.number, reviewer="editor")
    assert "L-0001" not in refs(ask(repository, "zeppelin", mode="keyword"))
    IndexWriter(repository.settings, repository.database, embedder).sync()
    assert refs(ask(repository, "zeppelin", mode="keyword")) == ["L-0001"]


HOSTILE = [
    "", " ", "the of and", '"unbalanced', "*", "* *", "?*?", "a" * 10_000, "x " * 5_000,
    "'; DROP TABLE entries;--", "<script>alert(1)</script>", "\0", "\ud800", "\u202eevil", "🦄🔥",
    "kind:", "kind:banana", ":", "-", "--", '-"',
    "after:99999999999", "id:", 'tag:"', "AND OR NOT", "((((", "year:-1", "\u200f\u200e", "ﷺ" * 100,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
def test_nothing_typed_breaks_a_search(sample, text, mode):
    page = ask(sample, text, mode=mode)
    assert page.total >= len(page.hits)


@given(st.text(max_size=200), st.integers(-5, MAX_DEPTH * 3), st.integers(-5, 500))
@settings(max_examples=150, deadline=None)
def test_no_text_and_no_page_number_breaks_a_search(sample, text, offset, limit):
    page = ask(sample, text, offset=offset, limit=limit)
    assert len(page.hits) <= 100
