"""Columns that are the answer under another name.

An estimate that reads the answer looks excellent in a back-test and is worth nothing. Suspicious are:
a name that says "actual" or repeats the target's without saying "planned"; a column that orders projects
almost as the target does; one or two columns whose logarithms explain nearly all of the target's (so
any product or ratio, such as size times hours per unit of size).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

ORDER = 0.985
ALONE = 0.98
TOGETHER = 0.975
_ROWS = 10
_AFTERWARDS = {"actual", "actuals", "real", "final"}
_BEFORE = re.compile(r"plan|estim|budget|baseline|forecast|approved|expect|predict|target", re.IGNORECASE)
_FILLER = {"the", "of", "in", "eur", "usd", "gbp", "total", "hours", "days", "months", "m", "k"}


@dataclass(frozen=True)
class Leak:
    """A column, and why it may give the answer away."""

    column: str
    why: str


def leaks(numbers: Mapping[str, Matrix], names: Iterable[str], target: str, truth: Matrix) -> list[Leak]:
    """Everything suspicious, each column at most once, single columns first.

    `numbers` are the numeric attributes (n,), `names` all attributes, `truth` (n,) above 0.
    """
    found = [Leak(name, why) for name in names if (why := _by_name(name, target))]
    named = {leak.column for leak in found}
    logs: dict[str, Matrix] = {}
    for name, values in numbers.items():
        known = ~np.isnan(values)
        if name in named or known.sum() < _ROWS or len(np.unique(values[known])) < _ROWS:
            continue
        why = _alone(values[known], truth[known], target)
        if why:
            found.append(Leak(name, why))
        elif (values[known] > 0).mean() > 0.9:
            logs[name] = np.log(np.where(values > 0, values, np.nan))
    found += _pairs(logs, np.log(truth), target)
    return found


def _by_name(name: str, target: str) -> str:
    words, wanted = _words(name), _words(target)
    if _BEFORE.search(name):
        return ""
    if words & _AFTERWARDS:
        return "its name says that it is known only afterwards"
    core = wanted - _AFTERWARDS - _FILLER
    if core and core <= words:
        return f"its name is that of {target}"
    return ""


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def _alone(values: Matrix, truth: Matrix, target: str) -> str:
    from scipy.stats import rankdata

    order = abs(_correlation(rankdata(values), rankdata(truth)))
    if order >= ORDER:
        return f"it orders projects as {target} does (rank correlation {order:.3f})"
    positive = values > 0
    if positive.sum() >= _ROWS:
        share = _correlation(np.log(values[positive]), np.log(truth[positive])) ** 2
        if share >= ALONE:
            return f"its logarithm explains {share:.1%} of that of {target}"
    return ""


def _pairs(logs: Mapping[str, Matrix], target: Matrix, name: str) -> list[Leak]:
    """Columns whose logarithm explains the target together with that of another."""
    scored: list[tuple[float, str, str]] = []
    for one, other in itertools.combinations(logs, 2):
        known = ~(np.isnan(logs[one]) | np.isnan(logs[other]))
        if known.sum() < 2 * _ROWS:
            continue
        a, b, y = logs[one][known], logs[other][known], target[known]
        first, second, between = _correlation(a, y), _correlation(b, y), _correlation(a, b)
        if between**2 > 0.999:
            continue
        share = (first**2 + second**2 - 2 * first * second * between) / (1 - between**2)
        if share >= TOGETHER:
            scored.append((share, one, other))
    return _blamed(scored, {each: abs(_correlation_known(logs[each], target)) for each in logs}, name)


def _blamed(scored: list[tuple[float, str, str]], alone: Mapping[str, float], target: str) -> list[Leak]:
    """One leak a column: of each pair the one that is in fewer pairs, or that says less by itself."""
    pairs = Counter(column for _, one, other in scored for column in (one, other))
    worst: dict[str, tuple[float, str]] = {}
    for share, one, other in scored:
        blamed, hub = sorted((one, other), key=lambda column: (pairs[column], alone[column]))
        worst[blamed] = max(worst.get(blamed, (0.0, "")), (share, hub))
    return [
        Leak(column, f"with {hub} it explains {share:.1%} of the logarithm of {target}")
        for column, (share, hub) in worst.items()
    ]


def _correlation_known(one: Matrix, other: Matrix) -> float:
    known = ~np.isnan(one)
    return _correlation(one[known], other[known])


def _correlation(one: Matrix, other: Matrix) -> float:
    if not one.std() or not other.std():
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
