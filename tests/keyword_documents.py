"""Documents for the tests of the keyword index."""

from __future__ import annotations

from hypothesis import strategies as st

from indexer.documents import Document

WORDS = [
    "supplier",
    "delay",
    "permit",
    "cut",
    "over",
    "the",
    "of",
    "risk",
    "naïve",
    "7120.5",
    "budgets",
    "L-0042",
    "проекты",
    "工程",
    "𐐷",
    "x" * 100,
]
texts = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)


def document(revision: int, text: str, title: str = "untitled") -> Document:
    return Document(
        revision_id=revision, stamp="s", ref=f"L-{revision:04d}", key="", title=title, text=text, passages=(),
        facets={}, year=2020, day=737000, due=0, audience="public",
    )  # fmt: skip
