"""Facet counts are what counting one by one gives."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue import Catalogue, DocumentRow
from search.facets import FacetCounter
from search.query import Filter, Query
from search.results import Facet

TODAY = datetime.now(UTC).date()
DUE = {
    "unverified": 0,
    "overdue": (TODAY - timedelta(days=2)).toordinal(),
    "verified": (TODAY + timedelta(days=2)).toordinal(),
}

documents = st.lists(
    st.tuples(
        st.sampled_from(["lesson", "review", "project"]),
        st.lists(st.sampled_from(["delay", "Permit", "scope", "risk"]), unique=True),
        st.none() | st.sampled_from(["health", "rail"]),
        st.sampled_from([1, 999, 2019, 2024]),
        st.sampled_from(sorted(DUE)),
        st.booleans(),
    ),
    max_size=30,
)


def catalogue_of(rows: list[tuple]) -> Catalogue:
    return Catalogue(
        [
            DocumentRow(
                revision_id=number, ref=f"L-{number:04}", key="",
                facets=json.dumps({"kind": [kind], "tag": tags, "sector": [sector] if sector else []}),
                year=year, day=0, due=DUE[state], audience="public",
            )
            for number, (kind, tags, sector, year, state, _) in enumerate(rows)
        ]
    )  # fmt: skip


def count(rows: list[tuple], query: Query = Query(), without=None) -> dict[str, Facet]:  # noqa: B008  immutable
    counter = FacetCounter(catalogue_of(rows), TODAY)
    hits = counter.tally(np.array([row[-1] for row in rows], bool))

    def of_others(field: str) -> np.ndarray:
        return counter.tally(without(field)) if without else hits

    return {facet.field: facet for facet in counter.facets(query, hits, of_others)}


@given(documents)
def test_counts_are_those_of_the_hits_most_frequent_first(rows: list[tuple]) -> None:
    hits = [row for row in rows if row[-1]]
    naive = {
        "kind": Counter(row[0] for row in hits),
        "tag": Counter(tag for row in hits for tag in row[1]),
        "sector": Counter(row[2] for row in hits if row[2]),
        "verified": Counter(row[4] for row in hits),
    }
    counted = count(rows)

    for field, counts in naive.items():
        expected = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        values = counted[field].values if field in counted else ()
        assert [(value.value, value.count) for value in values] == expected
    years = Counter(row[3] for row in hits)
    values = counted["year"].values if "year" in counted else ()
    assert [(value.value, value.count) for value in values] == [
        (str(year), years[year]) for year in sorted(years, reverse=True)
    ]
    assert set(counted) == {field for field, counts in (naive | {"year": years}).items() if counts}


def test_a_filtered_field_counts_the_hits_without_its_filter() -> None:
    rows = [
        ("lesson", ["delay"], None, 2019, "verified", True),
        ("review", ["delay"], None, 2019, "verified", False),
        ("review", ["risk"], None, 2019, "verified", False),
    ]
    query = Query(filters=(Filter("kind", "Lesson"), Filter("tag", "risk", negated=True)))
    wider = {"kind": np.array([True, True, False]), "tag": np.array([True, False, True])}

    counted = count(rows, query, wider.__getitem__)

    assert [(v.value, v.count, v.active) for v in counted["kind"].values] == [
        ("lesson", 1, True),
        ("review", 1, False),
    ]
    assert [(v.value, v.count, v.active) for v in counted["tag"].values] == [
        ("delay", 1, False),
        ("risk", 1, False),
    ]


def test_verification_runs_out_after_its_day() -> None:
    rows = [("lesson", [], None, 2019, "verified", True)] * 2
    catalogue = catalogue_of(rows)
    catalogue.due[:] = [TODAY.toordinal(), TODAY.toordinal() - 1]

    counter = FacetCounter(catalogue, TODAY)
    tally = counter.tally(np.ones(2, bool))
    counted = counter.facets(Query(), tally, lambda field: tally)

    (verified,) = (facet.values for facet in counted if facet.field == "verified")
    assert {value.value: value.count for value in verified} == {"overdue": 1, "verified": 1}


@given(documents)
def test_tallies_of_parts_add_up_to_that_of_the_whole(rows: list[tuple]) -> None:
    counter = FacetCounter(catalogue_of(rows), TODAY)
    hits = np.array([row[-1] for row in rows], bool)

    whole = counter.tally(hits) + counter.tally_rows(np.flatnonzero(~hits))

    assert whole.tolist() == counter.tally(np.ones(len(rows), bool)).tolist()
    assert counter.tally(hits).tolist() == counter.tally_rows(np.flatnonzero(hits)).tolist()
