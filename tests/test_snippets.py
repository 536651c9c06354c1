"""Extracts: which stretch of an entry is shown, and what is marked in it."""

from __future__ import annotations

import re
import time
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import term_of, terms, word_list, words_of
from search.results import Fragment
from search.snippets import ELLIPSIS, LONGEST_WORD, WIDTH, Extractor, occurrences_in

FILLER = "Nothing of note was said about the weather in the north. " * 20


class Snippet(NamedTuple):
    number: int
    fragments: tuple[Fragment, ...]


def find(
    query: str,
    *texts: str,
    phrases: tuple[str, ...] = (),
    preferred: int | None = None,
    weights: dict[str, float] | None = None,
    width: int = WIDTH,
) -> Snippet:
    wanted = {term for text in (query, *phrases) for _, term in terms(text)}
    found = [occurrences_in(text, wanted) for text in texts]
    extractor = Extractor(phrases, weights, width)
    best = extractor.best(found, preferred)
    return Snippet(best, extractor.extract(texts[best], found[best]))


def text_of(snippet: Snippet) -> str:
    return "".join(fragment.text for fragment in snippet.fragments)


def marked(snippet: Snippet) -> list[str]:
    return [fragment.text for fragment in snippet.fragments if fragment.marked]


def test_a_short_text_is_shown_whole() -> None:
    snippet = find("suppliers", "The supplier was late.")

    assert text_of(snippet) == "The supplier was late."
    assert marked(snippet) == ["supplier"]
    assert snippet.number == 0


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

    assert snippet.number == 1


def test_rare_words_weigh_more() -> None:
    texts = ("The project and its team.", "Asbestos.")

    assert find("project team asbestos", *texts).number == 0
    weights = {"project": 0.1, "team": 0.2, "asbesto": 3.0}
    assert find("project team asbestos", *texts, weights=weights).number == 1


def test_ties_go_to_the_passage_nearest_in_meaning_then_to_the_first() -> None:
    assert find("permit", "A permit.", "The permit.", preferred=1).number == 1
    assert find("permit", "A permit.", "The permit.").number == 0


def test_without_a_match_the_nearest_passage_begins_unmarked() -> None:
    snippet = find("asbestos", "First.", FILLER, preferred=1)

    assert snippet.number == 1
    assert marked(snippet) == []
    assert text_of(snippet).startswith("Nothing of note")
    assert text_of(snippet).endswith(ELLIPSIS)


@pytest.mark.parametrize("preferred", [-1, 7, None])
def test_a_preference_that_does_not_exist_is_passed_over(preferred: int | None) -> None:
    assert find("asbestos", "First.", "Second.", preferred=preferred).number == 0


def test_nothing_to_show_is_an_empty_extract() -> None:
    assert find("x", "").fragments == ()


def test_a_phrase_is_marked_as_one_with_its_common_words() -> None:
    snippet = find("", "It was out of scope, and the scope grew.", phrases=("Out of Scope",))

    assert marked(snippet) == ["out of scope", "scope"]


def test_the_passage_that_holds_the_phrase_wins() -> None:
    snippet = find("", "A supplier; it came late.", "The late supplier.", phrases=("late suppliers",))

    assert snippet.number == 1
    assert marked(snippet) == ["late supplier"]


def test_any_word_stands_for_a_common_word_of_a_phrase_as_in_the_index() -> None:
    snippet = find("", "Out with scope; out scope.", phrases=("out of scope",))

    assert marked(snippet) == ["Out with scope", "out", "scope"]


def test_items_of_a_list_do_not_run_together() -> None:
    snippet = find("drafts", "Take drafts apart\n\nName a role\n\nIt ends. A paragraph.\n\nAnother.")

    assert text_of(snippet) == "Take drafts apart · Name a role · It ends. A paragraph.\n\nAnother."
    assert marked(snippet) == ["drafts"]


def test_a_longer_phrase_wins_over_a_shorter_one_at_the_same_place() -> None:
    snippet = find("", "The late supplier permit.", phrases=("late supplier", "late supplier permit"))

    assert marked(snippet) == ["late supplier permit"]


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
queries = st.sets(st.sampled_from(["supplier", "permit", "cut", "over", "late", "Zurich", "x" * 64, "a.b"]))


@given(
    st.lists(texts, min_size=1, max_size=4),
    queries,
    st.lists(st.sampled_from(["late supplier", "supplier of permits", "supplier supplier"])),
    st.none() | st.integers(0, 5),
    st.integers(60, 300),
)
def test_an_extract_is_a_window_of_its_passage_with_matching_words_marked(
    texts: list[str], query: set[str], phrases: list[str], preferred: int | None, width: int
) -> None:
    snippet = find(" ".join(query), *texts, phrases=tuple(phrases), preferred=preferred, width=width)

    window = text_of(snippet)
    passage = re.sub(r"(?<=\w)(?<!_)\n\n(?=\S)", " · ", texts[snippet.number])
    starts, ends = not window.startswith(ELLIPSIS), not window.endswith(ELLIPSIS)
    core = window.removeprefix(ELLIPSIS).removesuffix(ELLIPSIS)
    assert core.strip() in passage
    assert len(core.strip()) <= width + LONGEST_WORD
    assert not starts or passage.strip().startswith(core.strip())
    assert not ends or passage.strip().endswith(core.strip())
    wanted = {term for text in (*query, *phrases) for _, term in terms(text)}
    for text in marked(snippet):
        first, *_, last = 2 * [term_of(match.group()) for match in words_of(text)]
        assert {first, last} <= wanted
        assert len(word_list(text)) <= 3
    assert all(fragment.text for fragment in snippet.fragments)


def marked_words(text: str, wanted: set[str], phrase: str) -> set[int]:
    """The numbers of the words that are marked, by looking for the phrase at every place."""
    at = dict(occurrences_in(text, wanted))
    numbers, parts = set(at), terms(phrase)
    for place in range(-1, len(word_list(text))):
        if all(at.get(place + offset) == part for offset, part in parts):
            numbers |= set(range(place + parts[0][0], place + parts[-1][0] + 1))
    return numbers


@given(texts, st.sampled_from(["late supplier", "the late supplier", "supplier of permits"]))
def test_the_phrase_and_every_other_term_is_marked(text: str, phrase: str) -> None:
    snippet = find("zurich", text, phrases=(phrase,), width=len(text) + LONGEST_WORD)

    numbers, place = set(), 0
    for fragment in snippet.fragments:
        count = len(word_list(fragment.text))
        numbers |= set(range(place, place + count)) if fragment.marked else set()
        place += count
    assert numbers == marked_words(text, {"zurich", *(term for _, term in terms(phrase))}, phrase)


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
