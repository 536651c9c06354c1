"""The page of how good estimates from this history have been, with its charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from web.charts import calibration_chart, misses_chart, predicted_chart

if TYPE_CHECKING:
    from search.estimates.checked import BacktestAnswer, BacktestResult
    from search.estimates.offering import EstimateFields
    from web.charts import Chart


@dataclass(frozen=True)
class HistoryPage:
    """What is shown of a back-test."""

    offered: EstimateFields
    target: str
    answer: BacktestAnswer | None
    problem: str = ""
    least_grade: str = ""

    @property
    def result(self) -> BacktestResult | None:
        """The back-test, once it is done."""
        return self.answer.result if self.answer else None

    @property
    def share(self) -> float:
        """How much of it is done, in per cent."""
        return 100 * self.answer.done / self.answer.total if self.answer and self.answer.total else 0.0

    @property
    def calibration(self) -> Chart | None:
        """What was kept of what was promised."""
        return calibration_chart(self.result) if self.result else None

    @property
    def predicted(self) -> Chart | None:
        """What projects took over what they were estimated at."""
        return predicted_chart(self.result) if self.result else None

    @property
    def misses(self) -> Chart | None:
        """How far off estimates were over time; None where no project says when it ended."""
        return misses_chart(self.result) if self.result else None
