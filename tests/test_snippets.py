"""Extracts: which stretch of an entry is shown, and what is marked in it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import term_of, terms, words_of
from search.snippets import ELLIPSIS, LONGEST_WORD, WIDTH, Snippet, choose

FILLER = "Nothing of note was said about the weather in the north. " * 20


def find(query: str, *texts: str, phrases: tuple[str, ...] = (), **options: object) -> Snippet:
    wanted = {term for _, term in terms(query)} | {term for phrase in phrases for _, term in terms(phrase)}
    return choose([(f"Part {number}", text) for number, text in enumerate(texts)], wanted, phrases, **options)


def text_of(snippet: Snippet) -> str:
    return "".join(fragment.text for fragment in snippet.fragments)


def marked(snippet: Snippet) -> list[str]:
    return [fragment.text for fragment in snippet.fragments if fragment.marked]


def test_a_short_text_is_shown_whole() -> None:
    snippet = find("suppliers", "The supplier was late.")

    assert text_of(snippet) == "The supplier was late."
    assert marked(snippet) == ["supplier"]
    assert snippet.heading == "Part 0"


def test_every_form_of_a_word_is_marked() -> None:
    assert marked(find("deliver", "Delivered late: deliveries, delivering and délivered.")) == [
        "Delivered",
        "delivering",
        "délivered",
    ]


def test_parts_of_a_compound_are_marked() -> None:
    assert marked(find("cut-over", "The Cut-Over plan, and the cutover.")) == ["Cut", "Over"]


def test_common_words_are_not_marked() -> None:
    assert marked(find("the state of the art", "The art of the state")) == ["art", "state"]


def test_the_window_with_the_most_different_words_is_shown() -> None:
    text = f"Delay, delay and delay. {FILLER} The supplier caused a delay in the permit. {FILLER}"

    snippet = find("supplier delay permit", text)

    assert marked(snippet) == ["supplier", "delay", "permit"]
    assert text_of(snippet).startswith(f"{ELLIPSIS} ")
    assert text_of(snippet).endswith(f" {ELLIPSIS}")


def test_the_passage_with_the_most_different_words_is_shown() -> None:
    snippet = find(
        "supplier permit", "The supplier.", "The supplier lost the permit.", "The permit.", preferred=2
    )

    assert snippet.heading == "Part 1"


def test_rare_words_weigh_more() -> None:
    texts = ("The project and its team.", "Asbestos.")

    assert find("project team asbestos", *texts).heading == "Part 0"
    weights = {"project": 0.1, "team": 0.2, "asbesto": 3.0}
    assert find("project team asbestos", *texts, weights=weights).heading == "Part 1"


def test_ties_go_to_the_passage_nearest_in_meaning_then_to_the_first() -> None:
    assert find("permit", "A permit.", "The permit.", preferred=1).heading == "Part 1"
    assert find("permit", "A permit.", "The permit.").heading == "Part 0"


def test_without_a_match_the_nearest_passage_begins_unmarked() -> None:
    snippet = find("asbestos", "First.", FILLER, preferred=1)

    assert snippet.heading == "Part 1"
    assert marked(snippet) == []
    assert text_of(snippet).startswith("Nothing of note")
    assert text_of(snippet).endswith(ELLIPSIS)


@pytest.mark.parametrize("preferred", [-1, 7, None])
def test_a_preference_that_does_not_exist_is_passed_over(preferred: int | None) -> None:
    assert find("asbestos", "First.", "Second.", preferred=preferred).heading == "Part 0"


def test_nothing_to_show_is_an_empty_extract() -> None:
    assert choose([], {"x"}) == Snippet("", ())
    assert choose([("Title", "")], {"x"}) == Snippet("Title", ())


def test_a_phrase_is_marked_as_one_with_its_common_words() -> None:
    snippet = find("", "It was out of scope, and the scope grew.", phrases=("Out of Scope",))

    assert marked(snippet) == ["out of scope", "scope"]


def test_the_passage_that_holds_the_phrase_wins() -> None:
    snippet = find("", "A supplier; it came late.", "The late supplier.", phrases=("late suppliers",))

    assert snippet.heading == "Part 1"
    assert marked(snippet) == ["late supplier"]


def test_it_says_which_terms_the_entry_holds() -> None:
    snippet = find("supplier permit asbestos", "The permits.", "The supplier and another supplier.")

    assert snippet.terms == {"permit", "supplier"}


words = st.sampled_from(
    ["supplier", "permits", "cut-over", "of", "late", "Zürich", "x" * 70, "a.b", "don't", "(", "😀", "\u0301"]
)
spaces = st.sampled_from([" ", "  ", "\n\n", "", ", "])
texts = st.one_of(
    st.text(max_size=400),
    st.lists(st.tuples(words, spaces), max_size=120).map(
        lambda pairs: "".join(part for pair in pairs for part in pair)
    ),
)
queries = st.sets(st.sampled_from(["supplier", "permit", "cut", "over", "late", "zurich", "x" * 64, "a.b"]))


@given(
    st.lists(texts, min_size=1, max_size=4),
    queries,
    st.lists(st.sampled_from(["late supplier", "supplier of permits", "supplier supplier"])),
    st.none() | st.integers(0, 5),
    st.integers(60, 300),
)
def test_an_extract_is_a_window_of_its_passage_with_matching_words_marked(
    texts: list[str], wanted: set[str], phrases: list[str], preferred: int | None, width: int
) -> None:
    passages = [(str(number), text) for number, text in enumerate(texts)]
    snippet = choose(passages, wanted, phrases, preferred, width)

    window = text_of(snippet)
    passage = texts[int(snippet.heading)]
    starts, ends = not window.startswith(ELLIPSIS), not window.endswith(ELLIPSIS)
    core = window.removeprefix(ELLIPSIS).removesuffix(ELLIPSIS)
    assert core.strip() in passage
    assert len(core.strip()) <= width + LONGEST_WORD
    assert not starts or passage.strip().startswith(core.strip())
    assert not ends or passage.strip().endswith(core.strip())
    wanted_of = [{term_of(match.group()) for match in words_of(phrase)} for phrase in phrases]
    for text in marked(snippet):
        found = {term_of(match.group()) for match in words_of(text)}
        assert found <= wanted or found in wanted_of
    assert all(fragment.text for fragment in snippet.fragments)


@pytest.mark.parametrize(
    "piece", ["supplier ", "supplier", "-", " ", "a ", "\n", "late supplier ", "late late ", "\u0301", "'a"]
)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    started = time.process_time()

    find("supplier late", text, phrases=("late late late late late supplier",) * 8)

    assert time.process_time() - started < 3


def test_the_width_is_about_two_lines() -> None:
    assert WIDTH - LONGEST_WORD <= len(text_of(find("weather", FILLER))) <= WIDTH + 4
