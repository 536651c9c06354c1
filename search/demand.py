"""Searches without result, put together by what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kb.usage.demand import Cluster, decided, failed_searches, replace_open

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from indexer.embedder import Embedder
    from kb.database import Database

SAME = 0.6
"""Cosine from which two searches are one demand."""
MOST = 2_000
"""Searches that are looked at, the most frequent first."""


def gather_demand(database: Database, embedder: Embedder | None) -> int:
    """Puts the searches without result together anew. Returns how many demands are open.

    What is searched like a demand that somebody has decided about is not a new one.
    """
    with database.read() as session:
        failed, known = failed_searches(session)[:MOST], decided(session)
    clusters = clustered(failed, known, embedder)
    with database.write_aside() as session:
        return replace_open(session, clusters)


def clustered(
    failed: Sequence[tuple[str, int]], known: Sequence[Cluster], embedder: Embedder | None
) -> list[Cluster]:
    """Each search joins the cluster whose most frequent search is nearest, if that is near enough, or begins
    one (leader clustering, J. A. Hartigan 1975). Without an encoder each is one of its own.
    """
    seen = {text for cluster in known for text, _ in cluster.queries}
    fresh = [(text, count) for text, count in failed if text not in seen]
    if embedder is None or not fresh:
        return [Cluster(text, ((text, count),)) for text, count in fresh]
    leaders = [cluster.words for cluster in known]
    vectors = [embedder.embed_query(text) for text in leaders]
    members: list[list[tuple[str, int]]] = [[] for _ in leaders]
    for text, count in fresh:
        vector = embedder.embed_query(text)
        place = _nearest(vector, vectors)
        if place is None:
            leaders.append(text)
            vectors.append(vector)
            members.append([])
            place = len(leaders) - 1
        members[place].append((text, count))
    found = [
        Cluster(leader, tuple(held))
        for leader, held in zip(leaders[len(known) :], members[len(known) :], strict=True)
    ]
    return sorted(found, key=lambda cluster: (-cluster.searches, cluster.words))


def _nearest(vector: NDArray[np.float32], others: Sequence[NDArray[np.float32]]) -> int | None:
    if not others:
        return None
    cosines = np.stack(others) @ vector
    best = int(np.argmax(cosines))
    return best if cosines[best] >= SAME else None
