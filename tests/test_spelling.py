"""Did you mean: which known word stands for an unknown one, and what stays of the query."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from search.query import Filter, parse, render_query
from search.spelling import SHORTEST, TWO_EDITS_FROM, Speller, suggest

COUNTS = {
    "supplier": 90, "supply": 70, "procurement": 80, "permit": 40, "permits": 30, "delay": 60, "relay": 9,
    "cutover": 5, "over": 99, "lesson": 50, "zurich": 3, "don't": 8, "7120": 7, "risk": 95, "disk": 20,
}  # fmt: skip


def correct(word: str, counts: dict[str, int] = COUNTS) -> str | None:
    return Speller(list(counts)).correct(word, counting(counts))


def counting(counts: dict[str, int]):
    return lambda words: {word: counts[word] for word in words if counts.get(word)}


@pytest.mark.parametrize(
    ("word", "better"),
    [
        ("suplier", "supplier"),
        ("Suppleir", "supplier"),
        ("procurmnet", "procurement"),
        ("permti", "permit"),
        ("dela", "delay"),
        ("zürch", "zurich"),
    ],
)
def test_a_mistyped_word_is_corrected(word: str, better: str) -> None:
    assert correct(word) == better


@pytest.mark.parametrize(
    "word", ["supplier", "SUPPLIER", "rsk", "xylophone", "7121", "don'd", "", "a" * 5000, "supplxxx"]
)
def test_known_short_and_distant_words_are_left_alone(word: str) -> None:
    assert correct(word) is None


def test_the_same_first_letter_comes_before_frequency() -> None:
    assert correct("dizk", {"disk": 1, "risk": 100}) == "disk"


def test_among_equals_the_frequent_word_wins() -> None:
    assert correct("permitt", {"permit": 3, "permits": 30}) == "permits"


def test_without_words_nothing_is_corrected() -> None:
    assert correct("supplier", {}) is None


@given(
    st.lists(st.text("abcdeé", min_size=1, max_size=10), unique=True),
    st.text("abcdeé", min_size=SHORTEST, max_size=10),
)
def test_no_near_word_is_overlooked(words: list[str], word: str) -> None:
    found = correct(word, dict.fromkeys(words, 1))

    plain = word.replace("é", "e")
    limit = 2 if len(word) >= TWO_EDITS_FROM else 1
    nearest = min((OSA.distance(plain, other) for other in words), default=99)
    if plain in words or nearest > limit:
        assert found is None
    else:
        assert found is not None
        assert OSA.distance(plain, found) == nearest


def test_a_word_that_a_reader_is_not_told_is_as_good_as_absent() -> None:
    speller = Speller(["supplier", "supplied"])
    assert speller.correct("suppliers", counting({"supplier": 5, "supplied": 1})) == "supplier"
    assert speller.correct("supplier", counting({"supplied": 1})) == "supplied"
    assert speller.correct("suppliers", counting({})) is None


def test_a_hundred_thousand_words_take_no_time() -> None:
    random.seed(1)
    parts = [
        "pro",
        "cur",
        "ment",
        "sup",
        "pli",
        "er",
        "con",
        "tam",
        "in",
        "a",
        "tion",
        "de",
        "lay",
        "mit",
        "ing",
        "ule",
    ]
    words = list({"".join(random.choices(parts, k=random.randint(2, 6))) for _ in range(300_000)})[:100_000]
    speller, counts = Speller(words), counting({word: count for count, word in enumerate(words, 1)})
    times = []
    for word in ["procurmnet", "suplier", "contaminatoin", "tionmentproxx", "delayy"] * 3:
        started = time.process_time()
        speller.correct(word, counts)
        times.append(time.process_time() - started)

    assert sorted(times)[len(times) // 2] < 0.02


def known(word: str) -> bool:
    return word.lower() in COUNTS


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("suplier delay", "supplier delay"),
        ("Suplier, dely!", "Supplier, delay!"),
        ('"late suplier" risk', 'risk "late supplier"'),
        ("cut-ovre", "cut-over"),
        ("suplier kind:lesson -delya after:2019", "supplier -delya kind:lesson after:2019"),
        ('procurment sector:"suplier"', "procurement sector:suplier"),
    ],
)
def test_unknown_words_are_replaced_and_all_else_stays(text: str, better: str) -> None:
    assert suggest(parse(text), known, correct) == better


@pytest.mark.parametrize(
    "text", ["supplier delay", "xylophone", "", "kind:lesson", "tag:suplier", "-suplier"]
)
def test_where_nothing_is_corrected_nothing_is_suggested(text: str) -> None:
    assert suggest(parse(text), known, correct) is None


def test_chosen_filters_do_not_enter_the_text() -> None:
    query = replace(parse("suplier"), filters=(Filter("kind", "lesson"),))

    assert suggest(query, known, correct) == "supplier"


@given(st.text())
def test_every_query_gets_an_answer(text: str) -> None:
    found = suggest(parse(text), known, correct)

    assert found is None or render_query(parse(found)) == found
