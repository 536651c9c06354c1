"""A catalogue that follows changes equals one read anew."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.catalogue import Catalogue, DocumentRow
from indexer.documents import FACETS

VALUES = st.sampled_from(["Risk", "risk", "RISK", "Cost", "Straße", "STRASSE", "ß", "a", "b"])
FACET_VALUES = st.dictionaries(st.sampled_from(FACETS), st.lists(VALUES, max_size=3, unique=True))
AUDIENCES = ("public", "signed-in", "restricted\nrole:estimator", "restricted\nperson:1\nrole:estimator")
COLUMNS = ("revisions", "years", "days", "due", "refs", "keys")


@st.composite
def documents(draw: st.DrawFn) -> list[DocumentRow]:
    """Documents in the order of their revision ids."""
    revisions = draw(st.lists(st.integers(1, 40), unique=True, max_size=8))
    return [
        DocumentRow(
            revision_id=revision,
            ref=f"L-{revision:04d}",
            key=draw(st.sampled_from(["", "k1", "k2"])),
            facets=json.dumps(draw(FACET_VALUES)),
            year=draw(st.integers(1900, 2200)),
            day=draw(st.integers(1, 800_000)),
            due=draw(st.sampled_from([0, 738_000])),
            audience=draw(st.sampled_from(AUDIENCES)),
        )
        for revision in sorted(revisions)
    ]


def listed(catalogue: Catalogue) -> dict[str, list]:
    """Everything a catalogue tells, as lists."""
    found = {name: getattr(catalogue, name).tolist() for name in COLUMNS}
    found["rows"] = sorted(catalogue.row_of_ref.items())
    found["audience"] = [catalogue.audience.values[code] for code in catalogue.audience.codes]
    for field, column in catalogue.facets.items():
        values = [column.values[code] for code in column.codes]
        found[field] = [values[start:end] for start, end in pairwise(column.indptr.tolist())]
        for value in ("risk", "strasse", "cost", "none"):
            found[f"{field} {value}"] = column.holding(value).tolist()
    return found


@given(documents(), st.lists(st.tuples(documents(), st.sets(st.integers(1, 40), max_size=10)), max_size=5))
@settings(deadline=None)
def test_a_revised_catalogue_equals_one_read_anew(first, changes):
    standing = {document.revision_id: document for document in first}
    catalogue = Catalogue(first)
    for added, removed in changes:
        before = listed(catalogue)
        gone = removed | {document.revision_id for document in added}
        revised = catalogue.revised(~np.isin(catalogue.revisions, sorted(gone)), added)
        standing = {revision: d for revision, d in standing.items() if revision not in gone}
        standing |= {document.revision_id: document for document in added}
        assert listed(revised) == listed(Catalogue(standing[revision] for revision in sorted(standing)))
        assert listed(catalogue) == before
        catalogue = revised


@given(documents())
@settings(deadline=None)
def test_columns_say_what_the_documents_say(rows):
    told = listed(Catalogue(rows))
    assert told["revisions"] == [row.revision_id for row in rows]
    assert told["audience"] == [row.audience for row in rows]
    assert [told[name] for name in ("years", "days", "due", "keys")] == [
        [getattr(row, name) for row in rows] for name in ("year", "day", "due", "key")
    ]
    for field in FACETS:
        values = [json.loads(row.facets).get(field, []) for row in rows]
        assert told[field] == values
        for value in ("risk", "strasse"):
            assert told[f"{field} {value}"] == [value in map(str.casefold, held) for held in values]


def test_rows_of_unknown_revisions_lie_behind_the_last():
    catalogue = Catalogue([DocumentRow(5, "L-0005", "", "{}", 2020, 1, 0, "public")])
    assert catalogue.rows_of(np.array([5, 4, 6])).tolist() == [0, 1, 1]
    assert Catalogue([]).rows_of(np.array([5])).tolist() == [0]
