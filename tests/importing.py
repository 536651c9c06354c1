"""Mappings of the public sets, as a person would correct what is proposed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from search.estimates.tables import Table, read
from search.importing.mapping import Column, ColumnMapping
from search.importing.proposing import propose

DATA = Path(os.environ.get("PRECEDENT_DATA", Path(__file__).parents[2] / "shared" / "data")) / "effort"
AFTER = {"known_after": True}
DECISIONS: dict[str, tuple[dict[str, Any], dict[str, dict[str, Any]]]] = {
    "china": ({}, {
        "Duration": {"unit": "months"}, "Effort": {"unit": "hours"}, "N_effort": AFTER, "PDR_AFP": AFTER,
        "PDR_UFP": AFTER, "NPDR_AFP": AFTER, "NPDU_UFP": AFTER, "Resource": AFTER,
    }),
    "cocomo81": ({"size_unit": "thousand lines of code"},
                 {"actual": {"to": "actuals.effort_hours", "unit": "person-months"}}),
    "desharnais": ({}, {
        "Effort": {"unit": "hours"}, "Length": {"to": "actuals.duration_months", "unit": "months"},
        "Language": {"kind": "category"},
    }),
    "huijgens_ebspm": ({}, {}),
    "maxwell": ({"size_unit": "function points"}, {
        "Effort": {"unit": "hours"}, "Duration": {"unit": "months"},
        "Syear": {"to": "started_on", "dates": "year of 19.."},
    }),
    "nasa93": ({}, {"act_effort": {"unit": "person-months"}}),
    "seera": ({"size_unit": "object points"}, {
        "Estimated duration": {"unit": "months"}, "Actual duration": {"unit": "months"},
        "Estimated effort": {"unit": "hours"}, "Actual effort": {"unit": "hours"},
    }),
    "us_it_dashboard_2012": ({"price_year": 2012}, {
        "Projected/Actual Project Completion Date (B2)": AFTER,
        "Projected/Actual Cost ($ M)": {"zero_unknown": True}, "Planned Cost ($ M)": {"zero_unknown": True},
    }),
}  # fmt: skip
"""For each set what holds for all rows, and what a person says of columns."""


def mapped(name: str) -> tuple[Table, ColumnMapping]:
    """A public set and its whole mapping."""
    table = read(DATA / f"{name}.csv")
    general, columns = DECISIONS[name]
    return table, decided(propose(table, name), columns, **general)


def decided(
    mapping: ColumnMapping, columns: dict[str, dict[str, Any]], **general: Any
) -> ColumnMapping:  # fmt: skip
    """The mapping with a person's words."""
    changed = [
        Column.model_validate(each.model_dump() | columns.get(each.column, {})) for each in mapping.columns
    ]
    return ColumnMapping.model_validate(mapping.model_dump() | {"columns": changed} | general)
