"""Would it have been right? Every finished project is estimated as if it were still planned.

Nested: for each project that is held out everything is learned again from the others alone (scales,
weights, penalty, neighbours, difficulty, the scores that make the range), so neither estimate nor range
has seen it. That is affordable because inside each fit leaving one out has a closed form. The shares
that are reported are plain counts over held-out projects, with no assumption behind them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from search.estimates import baselines
from search.estimates.blend import Blend
from search.estimates.estimator import all_equal, too_few
from search.estimates.history import MIN_PROJECTS, BadHistory
from search.estimates.intervals import plain_half_width
from search.estimates.measures import accuracy, compare, guessing, interval_score, wilson

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from search.estimates.history import History
    from search.estimates.measures import Accuracy, Tested

    Matrix = NDArray[np.float64]

ProtocolKind = Literal["loo", "kfold", "time"]
PROTOCOLS: tuple[ProtocolKind, ...] = get_args(ProtocolKind)
PRODUCT = "Precedent"
LARGEST_LOO = 1_000
"""Above this the default is ten folds."""
_GUARANTEED = 0.8


@dataclass(frozen=True)
class Protocol:
    """How projects are held out: one at a time, in folds, or in the order of time."""

    kind: ProtocolKind = "loo"
    folds: int = 10
    seed: int = 0
    """Of the shuffle before folding."""

    def splits(self, history: History) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """(learned from, held out) of each round. Raises BadHistory when there can be none."""
        n = len(history)
        everyone = np.arange(n)
        if self.kind == "time":
            return _in_time(history)
        if self.kind == "loo":
            parts = [everyone[row : row + 1] for row in range(n)]
        elif 2 <= self.folds <= n:
            parts = np.array_split(np.random.default_rng(self.seed).permutation(n), self.folds)
        else:
            raise BadHistory(f"{self.folds} folds of {n} projects: there must be 2 to {n} folds.")
        splits = [(np.setdiff1d(everyone, part), np.sort(part)) for part in parts]
        fewest = min(len(learned) for learned, _ in splits)
        if fewest < MIN_PROJECTS - 1:
            raise BadHistory(f"{too_few(fewest)} Use more folds or leave one out.")
        return splits


def _in_time(history: History) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    if history.order is None:
        raise BadHistory("The time protocol needs a date of each project.")
    splits = []
    for moment in np.unique(history.order[~np.isnan(history.order)]):
        before = np.flatnonzero(history.order < moment)
        if len(before) >= MIN_PROJECTS:
            splits.append((before, np.flatnonzero(history.order == moment)))
    if not splits:
        raise BadHistory(f"No project has {MIN_PROJECTS} others before it.")
    return splits


@dataclass(frozen=True)
class Intervals:
    """How the ranges did on held-out projects. Shares are between 0 and 1."""

    coverage: float
    """Truths from P10 to P90; 0.8 is promised."""
    coverage_interval: tuple[float, float]
    """Wilson's 95 % interval."""
    hit_p80: float
    """Truths up to P80; 0.8 is promised."""
    hit_p80_interval: tuple[float, float]
    median_width: float
    """P90 less P10, in the unit of the target."""
    score: float
    """Interval score (width and misses together; less is better)."""
    plain_coverage: float
    """The same of plain conformal ranges on the same point estimates."""
    plain_median_width: float
    plain_score: float


@dataclass(frozen=True)
class Miss:
    """A project whose estimate was far off."""

    id: str
    name: str
    truth: float
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True)
class Backtest:
    """Held-out estimates of m projects, in the order of the history."""

    history: History
    """The projects that were estimated."""
    protocol: Protocol
    estimates: dict[str, Matrix]
    """Method -> (m,); the product's is P50."""
    quantiles: Matrix
    """(m, 4): P10, P50, P80, P90."""
    plain: Matrix
    """(m, 2): ends of the plain conformal range."""

    @property
    def truth(self) -> Matrix:
        """What the projects really took, (m,)."""
        return self.history.truth

    def accuracies(self) -> dict[str, Accuracy]:
        """The measures of each method, the product first."""
        chance = guessing(self.truth)
        return {name: accuracy(self.truth, each, chance) for name, each in self.estimates.items()}

    def tests(self) -> list[Tested]:
        """The product against each other method, paired."""
        others = {name: each for name, each in self.estimates.items() if name != PRODUCT}
        return compare(self.truth, self.estimates[PRODUCT], others)

    def intervals(self) -> Intervals:
        """How the ranges did."""
        truth, n = self.truth, len(self.truth)
        low, high = self.quantiles[:, 0], self.quantiles[:, 3]
        inside = int(((truth >= low) & (truth <= high)).sum())
        under = int((truth <= self.quantiles[:, 2]).sum())
        plain_low, plain_high = self.plain.T
        return Intervals(
            inside / n, wilson(inside, n), under / n, wilson(under, n),
            float(np.median(high - low)), interval_score(truth, low, high),
            float(((truth >= plain_low) & (truth <= plain_high)).mean()),
            float(np.median(plain_high - plain_low)), interval_score(truth, plain_low, plain_high),
        )  # fmt: skip

    def worst(self, count: int = 5) -> list[Miss]:
        """The projects with the largest absolute errors."""
        errors = np.abs(self.truth - self.estimates[PRODUCT])
        rows = [int(row) for row in np.argsort(-errors, kind="stable")[:count]]
        return [
            Miss(
                self.history.ids[row], self.history.name(row), float(self.truth[row]),
                *(float(self.quantiles[row, place]) for place in (0, 1, 3)),
            )
            for row in rows
        ]  # fmt: skip

    def without_largest(self) -> dict[str, Accuracy]:
        """The measures when the project that took most is not counted: how much hangs on one project."""
        rows = np.delete(np.arange(len(self.truth)), int(self.truth.argmax()))
        return {name: accuracy(self.truth[rows], each[rows]) for name, each in self.estimates.items()}

    def data(self) -> dict[str, Any]:
        """What `precedent backtest --json` prints."""
        shown = ("mae", "mdae", "sa", "pred25", "mdmre")
        found = self.intervals()
        return {
            "n": len(self.truth),
            "methods": {
                name: {measure: asdict(each)[measure] for measure in shown}
                for name, each in self.accuracies().items()
            },
            "product": PRODUCT,
            "intervals": {
                "coverage_p10_p90": found.coverage,
                "hit_p80": found.hit_p80,
                "median_width": found.median_width,
            },
        }


@dataclass(frozen=True)
class _Round:
    rows: NDArray[np.intp]
    estimates: dict[str, Matrix]
    quantiles: Matrix
    plain: Matrix


def backtest(
    history: History,
    protocol: Protocol | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    *,
    compared: bool = True,
    workers: int = 1,
) -> Backtest:
    """Estimates each project from others. Descriptions count if the history has vectors of them.

    `progress` gets rounds done and rounds in all, `compared` says whether other methods run too.
    Raises BadHistory when there are too few projects.
    """
    if len(history) < MIN_PROJECTS:
        raise BadHistory(too_few(len(history)))
    if same := all_equal(history):
        raise BadHistory(same)
    protocol = protocol or Protocol("loo" if len(history) <= LARGEST_LOO else "kfold")
    splits = protocol.splits(history)
    bagged = compared and protocol.kind == "loo"
    names = [name for name in baselines.METHODS if compared and not (bagged and name == baselines.FOREST)]
    rounds = []
    progress(0, len(splits))
    with ThreadPoolExecutor(workers) as pool:
        for done, each in enumerate(
            pool.map(lambda split: _round(history, split[0], split[1], names), splits), 1
        ):
            rounds.append(each)
            progress(done, len(splits))
    found = _gathered(history, protocol, rounds)
    if bagged:
        whole = Blend.fit(history).design
        found.estimates[baselines.FOREST] = baselines.forest_out_of_bag(
            whole, whole.values(history), history.truth
        )
    return found


def _round(
    history: History, learned: NDArray[np.intp], held: NDArray[np.intp], names: list[str]
) -> _Round:  # fmt: skip
    finished = history.subset(learned)
    profiles = [history.profile(int(row)) for row in held]
    blend = Blend.fit(finished)
    found = blend.predict(blend.read(profiles))
    quantiles = np.exp(blend.quantiles(found))
    half = plain_half_width(blend.residuals, _GUARANTEED)
    plain = np.exp(found.point[:, None] + np.array([-half, half]))
    known, asked = blend.design.values(finished), blend.design.values(profiles)
    estimates = {PRODUCT: quantiles[:, 1]}
    for name in names:
        estimates[name] = baselines.METHODS[name](blend.design, known, finished.truth, asked)
    return _Round(held, estimates, quantiles, plain)


def _gathered(history: History, protocol: Protocol, rounds: list[_Round]) -> Backtest:
    rows = np.concatenate([each.rows for each in rounds])
    order = np.argsort(rows, kind="stable")

    def joined(parts: list[Matrix]) -> Matrix:
        return np.concatenate(parts)[order]

    names = rounds[0].estimates
    return Backtest(
        history.subset(rows[order]),
        protocol,
        {name: joined([each.estimates[name] for each in rounds]) for name in names},
        joined([each.quantiles for each in rounds]),
        joined([each.plain for each in rounds]),
    )
