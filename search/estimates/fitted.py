"""What was learned from a history, kept while the projects are the same: the fit, and how well it held."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from search.estimates.answers import Measured
from search.estimates.backtest import Protocol, backtest
from search.estimates.estimator import Estimator, fit
from search.estimates.history import MIN_PROJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from search.estimates.history import History, Profile
    from search.estimates.repository import Prepared

    Measure = Callable[[History], Measured | None]

LEAVE_ONE_OUT = 120
"""Up to here each project is left out by itself; above, or with descriptions, a tenth at a time."""
REFITTED = 300
"""Up to here a project is excluded by learning anew; above, by not counting it."""
WAIT_SECONDS = 4.0
"""How long an answer waits for the measured hit rate."""
_MEASURING = ThreadPoolExecutor(1, thread_name_prefix="hit-rate")


class Fitted:
    """One history, fitted with or without descriptions. Thread safe."""

    def __init__(self, prepared: Prepared, history: History, measure: Measure) -> None:
        self.prepared, self.history, self._measure = prepared, history, measure
        self._lock = Lock()
        self._without: dict[frozenset[int], Estimator] = {}
        self._measured: Future[Measured | None] | None = None

    @cached_property
    def estimator(self) -> Estimator:
        """Learned from all of it."""
        return fit(self.history)

    def without(self, rows: Iterable[int]) -> Estimator:
        """Learned from all but these rows."""
        key = frozenset(rows)
        if not key:
            return self.estimator
        with self._lock:
            held = self._without.get(key)
        if held is None:
            held = self._fit_without(np.array(sorted(key), np.intp))
            with self._lock:
                if len(self._without) >= (200 if len(self.history) <= 1000 else 16):
                    self._without.clear()
                self._without[key] = held
        return held

    def marks_without(self, rows: Iterable[int], profile: Profile) -> tuple[float, float] | None:
        """P50 and P80 without these rows; None where there is no fit."""
        key, blend = frozenset(rows), self.estimator.blend
        if blend is None or len(self.history) - len(key) <= REFITTED:
            return self.without(key).marks(profile)
        left = blend.without(np.array(sorted(key), np.intp))
        return replace(self.estimator, blend=left).marks(profile)

    def _fit_without(self, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Estimator:
        kept = np.setdiff1d(np.arange(len(self.history)), rows)
        left = self.history.subset(kept)
        blend = self.estimator.blend
        if blend is None or len(left) <= REFITTED:
            return fit(left)
        return replace(self.estimator, history=left, blend=blend.without(rows))

    def measured(self, wait: float = WAIT_SECONDS) -> Measured | None:
        """How often its ranges held on projects that they had not seen; None while that is not known."""
        if len(self.history) < MIN_PROJECTS or self.estimator.blend is None:
            return None
        with self._lock:
            if self._measured is None:
                self._measured = _MEASURING.submit(self._measure, self.history)
        try:
            return self._measured.result(wait)
        except NotYet:
            return None


def measure(history: History) -> Measured | None:
    """How often ranges held on projects that they had not seen, by a back-test of this history."""
    alone = len(history) <= (LEAVE_ONE_OUT if history.vectors is None else 2 * MIN_PROJECTS)
    protocol = Protocol("loo" if alone else "kfold", 10)
    found = backtest(history, protocol, compared=False).intervals()
    return Measured(
        protocol="each project estimated from all others"
        if alone
        else "each tenth estimated from the others",
        n=len(history),
        inside_p10_p90=found.coverage,
        inside_interval=found.coverage_interval,
        under_p80=found.hit_p80,
        under_interval=found.hit_p80_interval,
    )
