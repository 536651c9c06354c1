"""Trust as a part of the ranking: what is verified, built in or proven stands above its equals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kb.standing import Standing
from search import results

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from indexer.catalogue import Catalogue

VERIFIED = 0.1
EMBEDDED = 0.1
RECURRED = 0.1
OVERDUE = -0.1
SUPERSEDED = -0.5
"""Added to the log-odds of relevance (see `search.fusion.log_odds`): 0.1 is a hundredth of cosine, less
than what lies between neighbours in most results, so equals change places and nothing else does."""


@dataclass(frozen=True)
class Trust:
    """The prior of every entry of a catalogue, as of a day."""

    catalogue: Catalogue
    standings: Mapping[str, Standing]
    today: date

    @cached_property
    def prior(self) -> NDArray[np.float32]:
        """(rows): what is added to each row's log-odds."""
        due, today = self.catalogue.due, self.today.toordinal()
        prior = np.where(due >= today, VERIFIED, np.where(due > 0, OVERDUE, 0.0)).astype(np.float32)
        for ref, standing in self.standings.items():
            row = self.catalogue.row_of_ref.get(ref)
            if row is not None:
                prior[row] += sum(weight for weight, _ in _reasons(standing))
        return prior

    def reasons(self, ref: str, due: date | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Why the entry stands higher, and why lower, in words."""
        found = _reasons(self.standings.get(ref) or Standing())
        if due is not None:
            is_verified = due >= self.today
            found.insert(0, (VERIFIED, results.VERIFIED) if is_verified else (OVERDUE, results.OVERDUE))
        higher = tuple(words for weight, words in found if weight > 0)
        return higher, tuple(words for weight, words in found if weight < 0)


def _reasons(standing: Standing) -> list[tuple[float, str]]:
    found = []
    if standing.embedded:
        noun = "template or course" if standing.embedded == 1 else "templates and courses"
        found.append((EMBEDDED, f"built into {standing.embedded} {noun}"))
    if standing.recurrences:
        found.append((RECURRED, f"learned {standing.recurrences + 1} times"))
    if standing.superseded:
        found.append((SUPERSEDED, f"superseded by {' and '.join(sorted(standing.superseded_by))}"))
    return found
