"""Back-tests of live histories, one at a time in the background, kept while the projects stay the same."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from search.estimates.backtest import LARGEST_LOO, Protocol, backtest
from search.estimates.checked import BacktestAnswer, BacktestResult, result_of
from search.estimates.history import BadHistory

if TYPE_CHECKING:
    from collections.abc import Hashable

    from search.estimates.fitted import Fitted

logger = logging.getLogger(__name__)
KEPT = 12
FAULT = "The back-test failed; the log says why."


@dataclass
class _Run:
    """A back-test under way or done."""

    done: int = 0
    total: int = 0
    why: str = ""
    result: BacktestResult | None = None

    def progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    @property
    def answer(self) -> BacktestAnswer:
        return BacktestAnswer(
            state="done" if self.result else "refused" if self.why else "running",
            done=self.done, total=self.total, why=self.why, result=self.result,
        )  # fmt: skip


class Checks:
    """Back-tests by what they were made from. Thread safe."""

    def __init__(self) -> None:
        self._runs: dict[Hashable, _Run] = {}
        self._lock = Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="back-test")

    def of(self, key: Hashable, fitted: Fitted) -> BacktestAnswer:
        """The back-test of a history: begun when first asked for."""
        with self._lock:
            run = self._runs.get(key)
            if run is None:
                run = self._runs[key] = _Run()
                while len(self._runs) > KEPT:
                    del self._runs[next(iter(self._runs))]
                self._worker.submit(_work, run, fitted)
        return run.answer


def _work(run: _Run, fitted: Fitted) -> None:
    history = fitted.history
    try:
        kind = Protocol("loo" if len(history) <= LARGEST_LOO else "kfold")
        run.result = result_of(backtest(history, kind, run.progress), fitted.prepared)
    except BadHistory as error:
        run.why = str(error)
    except Exception:
        logger.exception("a back-test failed")
        run.why = FAULT
