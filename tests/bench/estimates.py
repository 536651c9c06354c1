"""Estimates: accuracy and ranges on real histories at the literature's protocol, and the time they take."""

from __future__ import annotations

import tempfile
import time
from typing import TYPE_CHECKING

import numpy as np

from indexer.embedder import processors
from kb.database import open_database
from kb.reading import OPERATOR
from search.estimates.answering import Estimates
from search.estimates.backtest import Protocol, backtest
from search.estimates.descriptions import Descriptions
from search.estimates.estimator import fit
from search.estimates.request import EstimateRequest
from search.significance import summarise
from tests.bench.setting import say
from tests.bench.tables import Table, percentile
from tests.estimating import REAL, made, open_history
from tests.finished import finished, put

if TYPE_CHECKING:
    from search.estimates.backtest import Backtest
    from search.estimates.history import History
    from tests.bench.setting import Bench

REPEATS = 10
SPLIT = {"Desharnais, 6 attributes": 3}
"""Sets that the literature tests in so many folds, beside leaving one out."""
SIZES = (500, 10_000)


def measure(bench: Bench) -> list[Table]:
    """Accuracy of each method, the product's ranges, paired tests, folds, and times."""
    accuracy, ranges, folds = tables = _tables()
    if bench.data is None:
        for table in tables:
            table.note = (
                "not measured: the histories are in PRECEDENT_DATA or ../shared/data, which is absent"
            )
        return [*tables, _times(), _answers()]
    for name, chosen in REAL.items():
        history = open_history(chosen, bench.data / "effort")
        if any(history.texts):
            history = history.embedded(bench.embedder.embed_passages)
        say(f"{name}: {len(history)} projects")
        started = time.monotonic()
        found = backtest(history, workers=processors())
        _add(name, found, accuracy, ranges, time.monotonic() - started)
        if name in SPLIT:
            _add_folds(name, history, SPLIT[name], folds)
    return [*tables, _times(), _answers()]


def _tables() -> list[Table]:
    """Of accuracy, ranges and folds, without rows."""
    accuracy = Table(
        "Estimates, left one out",
        {
            "set": "",
            "projects": ",d",
            "method": "",
            "MAE": ",.4g",
            "from": ",.4g",
            "to": ",.4g",
            "MdAE": ",.4g",
        }
        | {
            "SA %": ".1f",
            "delta": ".2f",
            "Pred(25)": ".2f",
            "MdMRE": ".2f",
            "MAE without the largest": ",.4g",
        }
        | {"Holm": ".4f"},
        note="from, to: 95 % bootstrap interval of MAE; Holm: Wilcoxon's p of Precedent against the method",
    )
    ranges = Table(
        "Ranges, left one out",
        {"set": "", "inside P10 to P90": ".1%", "from": ".1%", "to": ".1%", "under P80": ".1%"}
        | {"P80 from": ".1%", "P80 to": ".1%", "median width": ",.4g", "plain width": ",.4g"}
        | {"plain inside": ".1%", "score over plain": ".3f", "seconds": ".0f"},
        note="from, to: Wilson's 95 % interval; plain: unnormalised conformal on the same point estimates",
    )
    folds = Table(
        "Estimates in folds",
        {"set": "", "folds": "d", "repeats": "d", "method": "", "mean MAE": ",.4g", "deviation": ",.3g"},
        note="deviation: over the repeats, each with another shuffle",
    )
    return [accuracy, ranges, folds]


def _add(name: str, found: Backtest, accuracy: Table, ranges: Table, seconds: float) -> None:
    without = found.without_largest()
    ps = {test.against: test.corrected_p for test in found.tests()}
    for method, each in found.accuracies().items():
        low, high = summarise(np.abs(found.truth - found.estimates[method])).interval
        accuracy.add(
            name, len(found.truth), method, each.mae, low, high, each.mdae, each.sa, each.delta,
            each.pred25, each.mdmre, without[method].mae, ps.get(method),
        )  # fmt: skip
    each = found.intervals()
    ranges.add(
        name, each.coverage, *each.coverage_interval, each.hit_p80, *each.hit_p80_interval,
        each.median_width, each.plain_median_width, each.plain_coverage, each.score / each.plain_score,
        seconds,
    )  # fmt: skip


def _add_folds(name: str, history: History, number: int, folds: Table) -> None:
    runs = [backtest(history, Protocol("kfold", number, seed)).accuracies() for seed in range(REPEATS)]
    for method in runs[0]:
        errors = np.array([run[method].mae for run in runs])
        folds.add(name, number, REPEATS, method, float(errors.mean()), float(errors.std(ddof=1)))


def _times() -> Table:
    table = Table(
        "Time of an estimate",
        {"projects": ",d", "fit s": ".2f", "answer ms p50": ".1f", "p95": ".1f"},
        note="made-up histories of three attributes",
    )
    for size in SIZES:
        history = made(size + 200)
        learned = history.subset(np.arange(size))
        started = time.monotonic()
        estimator = fit(learned)
        seconds = time.monotonic() - started
        taken = []
        for row in range(size, size + 200):
            profile = history.profile(row)
            began = time.perf_counter()
            estimator.estimate(profile)
            taken.append(1000 * (time.perf_counter() - began))
        table.add(size, seconds, percentile(taken, 50), percentile(taken, 95))
    return table


def _answers() -> Table:
    """Whole answers over a repository: comparables, range, sensitivity, reference class and lessons."""
    table = Table(
        "Time of an answer over the repository",
        {"projects": ",d", "first s": ".1f", "answer ms p50": ".0f", "p95": ".0f"},
        note="made-up projects without descriptions; first: with reading and learning, once",
    )
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            database = open_database(f"sqlite:///{folder}/precedent.sqlite")
            with database.write() as session:
                put(session, *finished(size))
            estimates = Estimates(database, lambda: Descriptions(None), lambda _: None)
            asked = [
                EstimateRequest(type="migration", sector="rail", size=100.0 + row, size_unit="points")
                for row in range(40)
            ]
            started = time.monotonic()
            estimates.answer(asked[0], OPERATOR)
            seconds, taken = time.monotonic() - started, []
            for request in asked:
                began = time.perf_counter()
                estimates.answer(request, OPERATOR)
                taken.append(1000 * (time.perf_counter() - began))
            table.add(size, seconds, percentile(taken, 50), percentile(taken, 95))
            database.dispose()
    return table
