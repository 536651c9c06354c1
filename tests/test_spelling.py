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


@pytest.fixture
def speller() -> Speller:
    return Speller(list(COUNTS), list(COUNTS.values()))


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
def test_a_mistyped_word_is_corrected(speller: Speller, word: str, better: str) -> None:
    assert speller.correct(word) == better


@pytest.mark.parametrize(
    "word", ["supplier", "SUPPLIER", "rsk", "xylophone", "7121", "don'd", "", "a" * 5000, "supplxxx"]
)
def test_known_short_and_distant_words_are_left_alone(speller: Speller, word: str) -> None:
    assert speller.correct(word) is None


def test_the_same_first_letter_comes_before_frequency() -> None:
    assert Speller(["disk", "risk"], [1, 100]).correct("dizk") == "disk"


def test_among_equals_the_frequent_word_wins() -> None:
    assert Speller(["permit", "permits"], [3, 30]).correct("permitt") == "permits"


def test_without_words_nothing_is_corrected() -> None:
    assert Speller([], []).correct("supplier") is None


@given(
    st.lists(st.text("abcdeé", min_size=1, max_size=10), unique=True),
    st.text("abcdeé", min_size=SHORTEST, max_size=10),
)
def test_no_near_word_is_overlooked(words: list[str], word: str) -> None:
    speller = Speller(words, [1] * len(words))
    found = speller.correct(word)

    plain = word.replace("é", "e")
    limit = 2 if len(word) >= TWO_EDITS_FROM else 1
    nearest = min((OSA.distance(plain, other) for other in words), default=99)
    if plain in words or nearest > limit:
        assert found is None
    else:
        assert found is not None
        assert OSA.distance(plain, found) == nearest


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
    speller = Speller(words, range(len(words)))
    times = []
    for word in ["procurmnet", "suplier", "contaminatoin", "tionmentproxx", "delayy"] * 3:
        started = time.process_time()
        speller.correct(word)
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
def test_unknown_words_are_replaced_and_all_else_stays(speller: Speller, text: str, better: str) -> None:
    assert suggest(parse(text), known, speller) == better


@pytest.mark.parametrize(
    "text", ["supplier delay", "xylophone", "", "kind:lesson", "tag:suplier", "-suplier"]
)
def test_where_nothing_is_corrected_nothing_is_suggested(speller: Speller, text: str) -> None:
    assert suggest(parse(text), known, speller) is None


def test_chosen_filters_do_not_enter_the_text(speller: Speller) -> None:
    query = replace(parse("suplier"), filters=(Filter("kind", "lesson"),))

    assert suggest(query, known, speller) == "supplier"


@given(st.text())
def test_every_query_gets_an_answer(text: str) -> None:
    found = suggest(parse(text), known, Speller(list(COUNTS), list(COUNTS.values())))

    assert found is None or render_query(parse(found)) == found
