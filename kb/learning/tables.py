"""How a path goes as tables, for spreadsheets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.learning.progress import Progress
    from kb.spreadsheets import Cell

ProgressTable = Literal["steps", "learners", "ratings"]
TABLES: tuple[ProgressTable, ...] = ("steps", "learners", "ratings")


def progress_table(found: Progress, table: ProgressTable) -> tuple[Sequence[str], list[Sequence[Cell]]]:
    """The header and rows of a table. Ratings carry no names."""
    rows: list[Sequence[Cell]]
    match table:
        case "steps":
            header: Sequence[str] = (
                "step", "title", "address", "required", "done by", "share", "on it now", "left here",
                "median days from beginning",
            )  # fmt: skip
            rows = [
                (each.step, each.title, each.address, each.counts, each.done, round(found.share(each), 3),
                 each.here, each.left_here, None if each.days is None else round(each.days, 1))
                for each in found.steps
            ]  # fmt: skip
        case "learners":
            header = ("person", "state", "steps done", "of", "began", "last step", "completed")
            rows = [
                (each.name, each.state, each.done, each.total, each.began_at, each.last_at,
                 each.completed_at)
                for each in found.learners
            ]  # fmt: skip
        case "ratings":
            header = ("rating", "comment", "on")
            rows = [(each.stars, each.words, each.at) for each in found.ratings]
    return header, rows
