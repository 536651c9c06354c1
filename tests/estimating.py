"""Histories for the tests: made ones with known noise, and the real ones where they are there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from search.estimates.history import History
from search.estimates.reading import Choices, read_history
from search.estimates.tables import read

EFFORT = Path(os.environ.get("PRECEDENT_DATA") or Path(__file__).parents[2] / "shared" / "data") / "effort"


@dataclass(frozen=True)
class RealSet:
    """A real set: its file, the target, and the columns that are not known beforehand."""

    file: str
    target: str
    drop: tuple[str, ...] = ()
    complete: tuple[str, ...] = ()
    """Columns whose gaps leave a project out, as the published protocol does."""
    category: tuple[str, ...] = field(default=())


CHINA = ("N_effort", "Resource", "Duration", "PDR_AFP", "PDR_UFP", "NPDR_AFP", "NPDU_UFP")
EBSPM = (
    "Actual_effort_hours", "Defects_process", "Defects_first_month", "Stakeholder_satisfaction_process",
    "Stakeholder Satisfaction - Product", "Perceived_value_overall",
)  # fmt: skip
SIX = ("YearEnd", "Length", "Language", "PointsNonAjust")
REAL = {
    "China": RealSet("china.csv", "Effort", CHINA),
    "Desharnais, 6 attributes": RealSet("desharnais.csv", "Effort", SIX, ("TeamExp", "ManagerExp")),
    "Desharnais, with language": RealSet(
        "desharnais.csv", "Effort", ("YearEnd", "Length", "PointsNonAjust"), ("TeamExp", "ManagerExp"),
        ("Language",),
    ),
    "Maxwell": RealSet("maxwell.csv", "Effort", ("Duration",)),
    "NASA93": RealSet("nasa93.csv", "act_effort"),
    "COCOMO81": RealSet("cocomo81.csv", "actual"),
    "EBSPM cost": RealSet("huijgens_ebspm.csv", "Actual_cost_EUR", (*EBSPM, "Actual_duration_months")),
    "EBSPM months": RealSet("huijgens_ebspm.csv", "Actual_duration_months", (*EBSPM, "Actual_cost_EUR")),
    "SEERA": RealSet(
        "seera.csv", "Actual effort",
        ("Actual duration", "% project gain (loss)", "Estimated effort", "Estimated duration"),
    ),
    "SEERA with its estimates": RealSet(
        "seera.csv", "Actual effort", ("Actual duration", "% project gain (loss)")
    ),
}  # fmt: skip


def real_history(name: str) -> History:
    """A real history; skips aloud where the data is absent, and fails where CI=true."""
    chosen = REAL[name]
    file = EFFORT / chosen.file
    if not file.exists():
        message = f"{file} is not there; PRECEDENT_DATA names the folder of real data"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return open_history(chosen, EFFORT)


def open_history(chosen: RealSet, folder: Path) -> History:
    table = read(folder / chosen.file)
    history = read_history(
        table, Choices(chosen.target, drop=frozenset(chosen.drop), category=frozenset(chosen.category))
    ).history
    known = np.ones(len(history), bool)
    for name in chosen.complete:
        known &= ~np.isnan(history.numbers[name])
    return history.subset(np.flatnonzero(known))


def made(n: int, seed: int = 0, noise: float = 0.5, *, gaps: float = 0.0) -> History:
    """Projects whose cost is a power of their size, by sector, with lognormal noise."""
    random = np.random.default_rng(seed)
    size = np.exp(random.normal(5, 1, n))
    team = random.integers(1, 9, n).astype(float)
    sector = random.choice(["water", "rail", "health"], n)
    factor = np.select([sector == "water", sector == "rail"], [0.0, 0.7], 0.3)
    truth = np.exp(2 + 0.9 * np.log(size) + 0.05 * team + factor + random.normal(0, noise, n))
    size[random.random(n) < gaps] = np.nan
    sector[random.random(n) < gaps] = ""
    return History(
        "cost", "EUR", tuple(f"P{row}" for row in range(n)), truth,
        {"size": size, "team": team}, {"sector": sector},
        names=tuple(f"Project {row}" for row in range(n)),
        order=np.arange(n, dtype=float),
    )  # fmt: skip


def by_letters(texts):
    """A stand-in for the encoder: unit vectors of how often each letter occurs."""
    counts = np.array([[text.lower().count(chr(97 + place)) + 0.01 for place in range(26)] for text in texts])
    return (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)
