"""The ranking by words: codes, and the vocabulary's other names."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.snapshot import SnapshotSource
from indexer.sync import IndexWriter
from kb.reading import OPERATOR
from kb.records import apply_record, parse_record
from search.keywords import OTHER_NAME, codes_of, keyword_scores
from search.query import parse
from search.sight import Sight
from search.vocabulary import Expansion
from tests.fakes import HashingEmbedder
from tests.fixtures.served import make_settings


@pytest.fixture
def indexed(sqlite_database, tmp_path):
    """Indexes the texts; gives the snapshot, its rows in the order of the texts."""

    def index(*texts):
        settings = make_settings(
            tmp_path / "home", database_url=sqlite_database.url.render_as_string(hide_password=False)
        )
        with sqlite_database.write() as session:
            for text in texts:
                apply_record(session, parse_record({"kind": "lesson", "title": "–", "body": text}))
        embedder = HashingEmbedder()
        IndexWriter(settings, sqlite_database, embedder).sync()
        return SnapshotSource(settings, embedder.fingerprint, embedder.dimension).current()

    return index


def scores(snapshot, text, *expansions):
    return keyword_scores(Sight(snapshot, OPERATOR), parse(text), expansions).scores


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("MIL-STD-975G", ["MIL-STD-975G"]),
        ("problem with STS-113 please", ["STS-113"]),
        ("where is TM 105924 mentioned", ["TM 105924"]),
        ("what p53 does", ["p53"]),
        ("invoice 20459", ["20459"]),
        ("lessons of 2019", []),
        ("the first 20 days", []),
        ("RAID log", []),
        ("UAT SIGN-OFF LATE", []),
        ("permits", []),
    ],
)
def test_what_is_a_code(text, codes):
    assert codes_of(text.split()) == codes


def test_a_long_description_asks_for_no_code():
    assert codes_of(["STS-113", *["words"] * 30]) == []


def test_a_run_of_many_parts_is_no_code():
    assert codes_of(["1a-" * 200 + "1a"]) == []
    assert codes_of([f"A{number}" for number in range(20)]) == []


@given(st.lists(st.text(max_size=12), max_size=30))
def test_codes_are_made_of_the_words_and_hold_a_digit(words):
    for code in codes_of(words):
        assert code in " ".join(words)
        assert any(map(str.isdigit, code))


def test_the_exact_code_comes_before_its_parts(indexed):
    others = [f"filler {number} about valves and pumps" for number in range(30)]
    snapshot = indexed("JPL D JPL D JPL D reports, and 10401 and 10401 elsewhere", "see JPL-D-10401", *others)
    found = keyword_scores(Sight(snapshot, OPERATOR), parse("JPL-D-10401"))
    assert found.scores[1] > found.scores[0] > 0
    assert found.codes.tolist() == [0, 1] + [0] * 30


def test_a_code_that_half_of_the_entries_hold_is_no_name(indexed):
    snapshot = indexed(*["form F-1 was used"] * 10, *["another text"] * 10)
    assert not keyword_scores(Sight(snapshot, OPERATOR), parse("F-1")).codes.any()


def test_another_name_counts_less_than_what_was_typed_and_is_never_added(indexed):
    snapshot = indexed("the supplier is late", "the vendor is late", "supplier vendor late", "nothing")
    expansion = Expansion(0, 1, "supplier", (("vendor",),), ("vendor",))
    plain = scores(snapshot, "supplier")
    wide = scores(snapshot, "supplier", expansion)
    assert plain[1] == 0
    assert wide[1] == pytest.approx(OTHER_NAME * scores(snapshot, "vendor")[1])
    assert wide[[0, 2]] == pytest.approx(plain[[0, 2]])
    assert wide[3] == 0


def test_a_name_of_several_words_counts_where_they_stand_together(indexed):
    filler = [f"text {number}" for number in range(5)]
    snapshot = indexed("a statement of work", "work on the statement", "the SOW", *filler)
    expansion = Expansion(0, 1, "SOW", (("statement", "work"),), ("statement of work",))
    found = scores(snapshot, "SOW", expansion)
    assert found[2] > found[0] > 0
    assert found[1] == 0


def test_words_outside_the_span_count_as_ever(indexed):
    snapshot = indexed("the vendor is late", "a late train", "nothing at all", "the supplier")
    expansion = Expansion(0, 1, "supplier", (("vendor",),), ("vendor",))
    both, late = scores(snapshot, "supplier late", expansion), scores(snapshot, "late")
    assert both[1] == pytest.approx(late[1])
    assert both[0] == pytest.approx(late[0] + OTHER_NAME * scores(snapshot, "vendor")[0])


def test_the_best_score_bounds_every_score(indexed):
    snapshot = indexed("permit permit permit permit", "late permits", "late")
    found = keyword_scores(Sight(snapshot, OPERATOR), parse("late permits"))
    assert found.scores.max() > 0
    # The title adds a fifth to what the text can reach.
    assert found.scores.max() <= 1.2 * found.best


def test_unknown_words_score_nothing(indexed):
    found = keyword_scores(Sight(indexed("one text"), OPERATOR), parse("quixotic zebra"))
    assert not np.any(found.scores)
    assert found.best == 0
