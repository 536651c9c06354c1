"""What the calls about tables of projects answer."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import Annotated, Any, Literal

from pydantic import Field

from search.importing.mapping import ColumnMapping  # noqa: TC001 - pydantic reads it
from web.api.models import Answer

State = Annotated[
    Literal["open", "loading", "interrupted", "done"],
    Field(description="`interrupted`: loading was cut off; load again, nothing is stored twice."),
]


class FaultPart(Answer):
    """Something that is wrong or open, and where."""

    line: Annotated[int | None, Field(description="Of the file; null where it is about all of it.")]
    field: Annotated[str, Field(description="The column, or a field of the mapping or the project.")]
    message: str


class MappedColumn(Answer):
    """A column of the table, and what it is taken for."""

    column: str
    to: Annotated[str, Field(description="The field that it becomes.")]
    reason: Annotated[str, Field(description="Why it is taken for that.")]
    holds: Annotated[str, Field(description="What its cells are: numbers, categories, texts and so on.")]
    known: Annotated[int, Field(description="Cells that say something.")]
    examples: list[str]
    suspicion: Annotated[
        str, Field(description="Why it may be known only afterwards, and so give the answer away.")
    ]
    open: Annotated[list[str], Field(description="What has to be said of it first.")]


class PreviewPart(Answer):
    """What would be stored."""

    checked: Annotated[int, Field(description="Rows that were looked at; 0 while numbers cannot be read.")]
    wrong: Annotated[int, Field(description="Rows of these that would not be loaded.")]
    faults: list[FaultPart]
    notices: list[str]
    first: Annotated[list[dict[str, Any]], Field(description="The first projects that are right.")]


class LoadedPart(Answer):
    """What came of loading."""

    created: int
    updated: int
    unchanged: int
    failed: Annotated[int, Field(description="Rows that are wrong.")]
    is_taken_back: Annotated[bool, Field(description="Whether nothing was loaded because a row is wrong.")]
    why: Annotated[str, Field(description="Why loading broke off; empty where it did not.")]
    faults: list[FaultPart]
    more: Annotated[int, Field(description="Faults that are not listed.")]
    notices: list[str]


class ProjectTablePart(Answer):
    """A table that was sent."""

    id: int
    name: str
    sent_at: datetime
    state: State


class ProjectTablesAnswer(Answer):
    """One's tables, newest first."""

    tables: list[ProjectTablePart]


class ProjectTable(Answer):
    """A table with what its columns are, what is open, and what came of loading it."""

    id: int
    name: str
    state: State
    rows: int
    mapping: Annotated[ColumnMapping, Field(description="As it stands: change it and send it back.")]
    columns: list[MappedColumn]
    open: Annotated[list[FaultPart], Field(description="What has to be said of all rows first.")]
    can_be_loaded: bool
    preview: PreviewPart
    loaded: LoadedPart | None


class ProjectMappingPart(Answer):
    """A mapping that is kept under a name."""

    name: str
    author: str
    changed_at: datetime
    mapping: ColumnMapping


class ProjectMappingsAnswer(Answer):
    """Every mapping that is kept, by name."""

    mappings: list[ProjectMappingPart]
