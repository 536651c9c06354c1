"""nDCG, recall and MRR of a ranking against graded judgements: pure functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Judgements = dict[str, dict[str, int]]
"""query id -> document id -> grade (0: not relevant)."""

MEASURES = ("ndcg@10", "recall@100", "mrr@10")
DEPTH = 100
"""Ranked documents that the measures look at."""


def measures(run: Mapping[str, Sequence[str]], judgements: Judgements) -> dict[str, float]:
    """nDCG@10, recall@100 and MRR@10, each the mean over the queries of the run."""
    per_query = [measures_of(ranked, judgements[query]) for query, ranked in run.items()]
    names = per_query[0] if per_query else ()
    return {name: round(sum(m[name] for m in per_query) / len(per_query), 4) for name in names}


def measures_of(ranked: Sequence[str], grades: Mapping[str, int]) -> dict[str, float]:
    """The measures of one query. Gains are the grades, discounts log2(rank + 1).

    Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques".
    """
    gains = [grades.get(document, 0) for document in ranked]
    ideal = sorted((grade for grade in grades.values() if grade > 0), reverse=True)
    relevant = len(ideal)
    first = next((place for place, gain in enumerate(gains[:10], 1) if gain > 0), 0)
    return {
        "ndcg@10": _dcg(gains[:10]) / _dcg(ideal[:10]) if ideal else 0.0,
        "recall@100": sum(gain > 0 for gain in gains[:DEPTH]) / relevant if relevant else 0.0,
        "mrr@10": 1 / first if first else 0.0,
    }


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))
