"""A repository of finished projects, for tests of estimates over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kb.records import apply_record, parse_record

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

SECTORS = ("rail", "water", "health")
WORDS = {
    "rail": "Signals, points and a control room for a railway line.",
    "water": "Pumps, pipes and a treatment plant for drinking water.",
    "health": "Patient records, wards and nurses of a hospital.",
}


def finished(count: int, seed: int = 0, **same: Any) -> list[dict[str, Any]]:
    """Records of finished projects whose cost follows their size and sector; `same` holds for all."""
    random = np.random.default_rng(seed)
    found = []
    for row in range(count):
        sector = SECTORS[row % 3]
        size = float(np.round(np.exp(random.normal(5, 0.8)), 1))
        cost = round(float(1000 * size * (1 + row % 3) * np.exp(random.normal(0, 0.3))))
        plan = round(cost / float(np.exp(random.normal(0.2, 0.15))))
        found.append(
            {
                "id": f"H-{row + 1:04}", "kind": "project", "title": f"{sector.title()} project {row + 1}",
                "summary": WORDS[sector], "type": "construction" if row % 2 else "migration",
                "sector": sector, "complexity": ("low", "medium", "high")[int(size > 150) + int(size > 250)],
                "size": size, "size_unit": "points", "currency": "EUR", "price_year": 2020,
                "finished_on": f"{2000 + row % 20}-0{1 + row % 9}-15", "team_size": 5.0 + row % 7,
                "baselines": [{"stage": "business case", "cost": float(plan)}],
                "actuals": {"cost": float(cost), "duration_months": float(6 + row % 11)},
                "variances": [{"cause": "permits", "cost": 1000.0, "days": 40.0}],
                "attributes": {"sites": float(1 + row % 5), "public": row % 2 == 1, "firm": "AB"[row % 2]},
            }
            | same
        )  # fmt: skip
    return found


def put(session: Session, *records: dict[str, Any]) -> None:
    """Publishes the records."""
    for record in records:
        apply_record(session, parse_record(record))


def put_finished(session: Session, count: int) -> None:
    """Publishes finished projects beside those that a repository has already."""
    put(session, *(record | {"id": f"H-9{row:03}"} for row, record in enumerate(finished(count))))
