"""Terms of the vocabulary are found in queries, and in nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import term_of, terms, words_of
from kb.database import Database
from kb.editing import now
from kb.validation import validate
from kb.vocabulary import Group, add_group, find_group, remove_group
from kb.vocabulary_text import GroupText
from search.vocabulary import LOOSE_WORDS, MEANING_WORDS, MOST_WORDS, Vocabulary, VocabularySource


def group(kind: str, *names: str) -> Group:
    return Group(0, kind, names, "", 1, "ann", now())


VOCABULARY = Vocabulary(
    [
        group("acronym", "RAID", "risks, assumptions, issues and dependencies"),
        group("acronym", "UAT", "user acceptance testing", "acceptance testing"),
        group("acronym", "SIT", "system integration testing"),
        group("acronym", "IT", "information technology"),
        group("acronym", "BoQ", "bill of quantities"),
        group("acronym", "R&D", "research and development"),
        group("acronym", "PRINCE2", "projects in controlled environments"),
        group("acronym", "SOW", "statement of work"),
        group("synonyms", "go-live", "cut-over", "cutover"),
        group("synonyms", "supplier", "vendor"),
        group("synonyms", "test", "trial"),
        group("synonyms", "acceptance", "approval"),
    ]
)


def found(query: str) -> list[str]:
    return [each.typed for each in VOCABULARY.expand(query.split())]


def test_a_span_comes_with_its_other_names_as_index_terms():
    (span,) = VOCABULARY.expand(["late", "go-live", "weekend"])
    assert (span.start, span.end, span.typed) == (1, 2, "go-live")
    assert span.alternatives == (("cut", "over"), ("cutov",))
    assert span.names == ("cut-over", "cutover")


@pytest.mark.parametrize(
    "typed", ["go-live", "go live", "Go Live", "GO-LIVE", "(go-live)", "go - live", "going live"]
)
def test_spellings_with_hyphens_spaces_case_and_endings_are_one(typed: str):
    assert [each.alternatives[0] for each in VOCABULARY.expand([*typed.split(), "plan"])] == [("cut", "over")]


def test_several_words_match_across_words_and_the_longest_wins():
    assert found("user acceptance testing by vendors") == ["user acceptance testing", "vendors"]
    assert found("statement of work") == ["statement of work"]
    assert found("acceptance by the user") == ["acceptance"]
    assert found("testing") == ["testing"]


def test_a_word_matches_whole_or_not_at_all():
    assert found("pre-go-live vendor/supplier") == []


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("RAID log", ["RAID"]),
        ("the RAIDs", ["RAIDs"]),
        ("BoQ check", ["BoQ"]),
        ("R&D", ["R&D"]),
        ("IT strategy", ["IT"]),
        ("IT", ["IT"]),
        # Case says nothing in a short query that has none, or nothing else.
        ("raid log", ["raid"]),
        ("Raid log", ["Raid"]),
        ("RAID LOG", ["RAID"]),
        # Stop words are themselves there.
        ("it", []),
        ("what is it", []),
        ("DO IT", []),
        # Who writes capitals means words by small letters.
        ("sit with the UAT team", ["UAT"]),
        # Prose has ordinary words.
        ("did they sit with the people who tested", ["tested"]),
        ("did they do SIT with the right people", ["SIT"]),
        # Endings of a verb make no acronym.
        ("raided raiding", []),
        ("sitting sits", ["sits"]),
        # Nothing else is written so.
        ("they asked us to work the prince2 way throughout", ["prince2"]),
    ],
)
def test_small_letters_are_an_acronym_where_case_says_nothing(query: str, meant: list[str]):
    assert found(query) == meant


def test_a_pasted_description_is_left_alone():
    assert VOCABULARY.expand(["vendor"] * MOST_WORDS)
    assert VOCABULARY.expand(["vendor"] * (MOST_WORDS + 1)) == []


def test_an_alternative_that_the_index_takes_for_the_same_is_none():
    same = Vocabulary([group("synonyms", "plan", "plans", "plan's", "scheme")])
    assert [each.alternatives for each in same.expand(["plan"])] == [(("scheme",),)]
    assert [each.names for each in same.expand(["plan"])] == [("scheme",)]


def test_an_alternative_without_index_terms_is_none():
    (span,) = VOCABULARY.expand(["information", "technology"])
    assert span.alternatives == ()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("RAID log", "RAID (risks, assumptions, issues and dependencies) log"),
        ("uat", "uat (user acceptance testing)"),
        ("UAT and SIT", "UAT (user acceptance testing) and SIT (system integration testing)"),
        ("UAT user acceptance testing", "UAT user acceptance testing"),
        ("user acceptance testing", "user acceptance testing"),
        ("vendor  late", "vendor  late"),
        ("it", "it"),
        ("", ""),
        (f"UAT {'word ' * MEANING_WORDS}", f"UAT {'word ' * MEANING_WORDS}"),
    ],
)
def test_the_encoder_is_told_what_an_acronym_means(text: str, written: str):
    assert VOCABULARY.text_with_meanings(text) == written


def test_the_source_sees_a_change_at_once_and_keeps_what_did_not_change(database: Database):
    source = VocabularySource(database)
    assert source.current().expand(["vendor"]) == []
    with database.write() as session:
        said = validate(GroupText, {"kind": "synonyms", "terms": ["vendor", "supplier"]})
        add_group(session, said, author="ann")
    vocabulary = source.current()
    assert [each.alternatives for each in vocabulary.expand(["vendor"])] == [(("supplier",),)]
    with database.write():
        pass
    assert source.current() is vocabulary
    with database.write() as session:
        remove_group(session, find_group(session, "vendor").id, version=1)
    assert source.current().expand(["vendor"]) == []


PIECES = st.sampled_from(
    [
        *("it", "raid", "RAID", "Uat", "go", "live", "go-live", "cut", "over", "vendor", "late", "of"),
        *("user", "acceptance", "testing", "bill", "quantities", "&", "R&D", "sit", "x"),
    ]
)
QUERIES = st.lists(st.text() | PIECES, max_size=50)


@given(QUERIES)
def test_spans_are_disjoint_in_order_and_hold_a_name(words: list[str]):
    spans = VOCABULARY.expand(words)
    ends = [0, *(span.end for span in spans)]
    assert all(end <= span.start < span.end <= len(words) for end, span in zip(ends, spans, strict=False))
    for span in spans:
        assert span.typed == " ".join(words[span.start : span.end])
        own = tuple(term for _, term in terms(span.typed))
        assert own not in span.alternatives
        assert len(span.names) == len(span.alternatives) == len(set(span.alternatives))


SYNONYMS = Vocabulary([each for each in VOCABULARY.groups if each.kind == "synonyms"])
KNOWN = {
    tuple(term_of(word.group()) for word in words_of(term)) for each in SYNONYMS.groups for term in each.terms
}


@given(st.lists(PIECES, max_size=MOST_WORDS))
def test_the_spans_are_those_of_the_plainest_search(words: list[str]):
    """From left to right, the longest stretch of words that is a term."""
    keys = [tuple(term_of(part.group()) for part in words_of(word)) for word in words]
    expected = []
    start = 0
    while start < len(words):
        stretches = [
            end
            for end in range(start + 1, len(words) + 1)
            if keys[start] and keys[end - 1] and sum(keys[start:end], ()) in KNOWN
        ]
        expected += [(start, max(stretches))] if stretches else []
        start = max(stretches, default=start + 1)
    assert [(span.start, span.end) for span in SYNONYMS.expand(words)] == expected


@given(st.lists(PIECES, min_size=2, max_size=LOOSE_WORDS))
def test_a_query_in_one_case_means_the_same_in_the_other(words: list[str]):
    small = VOCABULARY.expand([word.lower() for word in words])
    large = VOCABULARY.expand([word.upper() for word in words])
    if sum(any(map(str.isalpha, word)) for word in words) > 1 and all(
        len(word) > 1 for word in words if word != "&"
    ):
        assert [(each.start, each.end, each.alternatives) for each in small] == [
            (each.start, each.end, each.alternatives) for each in large
        ]


@given(QUERIES)
def test_an_empty_vocabulary_expands_nothing(words: list[str]):
    assert Vocabulary().expand(words) == []
    assert Vocabulary().text_with_meanings(" ".join(words)) == " ".join(words)


@given(st.text() | QUERIES.map(" ".join))
def test_meanings_are_written_once(text: str):
    once = VOCABULARY.text_with_meanings(text)
    assert VOCABULARY.text_with_meanings(once) == once
    assert len(once) >= len(text) or once.split() == text.split()
