"""Words found by arrays are those of the regular expression."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import words_of
from search.spans import WordSpans

# Letters beside what joins and parts them, in and beyond the characters of the table.
characters = st.sampled_from("aZé7_.'’- \n·ß١ﷺ\ud800\U0001d7d9🦄")
texts = st.lists(st.text(characters, max_size=40) | st.text(max_size=40), min_size=1, max_size=4)


@given(texts)
def test_every_word_is_where_the_expression_finds_it(texts: list[str]) -> None:
    expected = [(number, word.span()) for number, text in enumerate(texts) for word in words_of(text)]
    places = [place for text in texts for place, _ in enumerate(words_of(text))]
    numbers = [number for number, _ in expected]

    starts, ends = WordSpans(texts).stretches(numbers, places, places)

    assert list(zip(starts, ends, strict=True)) == [span for _, span in expected]


def test_a_stretch_reaches_from_its_first_word_to_its_last() -> None:
    texts = ["One two", "The cut-over plan."]

    starts, ends = WordSpans(texts).stretches([1, 0], [1, 0], [3, 0])

    assert [text[start:end] for text, start, end in zip(reversed(texts), starts, ends, strict=True)] == [
        "cut-over plan",
        "One",
    ]
