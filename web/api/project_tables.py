"""/api/v1/project-tables and /api/v1/project-mappings: tables of projects are loaded by what they say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kb import uploads
from kb.errors import InvalidRecord, Taken
from kb.strict import Strict
from kb.validation import Problem
from search.estimates.tables import BadTable
from search.importing import bringing
from search.importing.loading import as_json, check_mapping, read_mapping
from search.importing.mapping import ColumnMapping
from web.api.operations import Operation, Reply, number_of
from web.api.project_table_models import (
    FaultPart,
    LoadedPart,
    MappedColumn,
    PreviewPart,
    ProjectMappingPart,
    ProjectMappingsAnswer,
    ProjectTable,
    ProjectTablePart,
    ProjectTablesAnswer,
)
from web.identity import origin
from web.parameters import NoParameters, Parameters, Value
from web.project_loading import start_loading
from web.project_loading_views import mapping_page
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kb.model import SavedMapping
    from kb.uploads import Waiting
    from search.importing.bringing import Brought
    from web.project_loading_views import ColumnView, MappingPage

FILE = "application/octet-stream"
WAIT_SECONDS = 20.0
"""How long an answer waits for loading to end."""
_LOOK_SECONDS = 0.05
Named = Annotated[Value, Field(max_length=uploads.MOST_NAME)]


class NothingLoaded(Taken):
    """All rows were to be loaded or none, and some are wrong; `problems` name line and field."""


class SentParameters(Parameters):
    """What the file is called and how it is read."""

    name: Annotated[Value, Field(max_length=200, description="The file's name.")]
    mapping: Annotated[Named, Field(description="A mapping that is kept: its name.")] | None = None
    delimiter: Annotated[
        Literal[",", ";", "\t", "|"] | None, Field(description="Of a CSV file; found out unless given.")
    ] = None
    encoding: Annotated[Literal["utf-8", "cp1252"], Field(description="Of a CSV file.")] = "utf-8"


class MappingBody(ColumnMapping):
    """What every column of a table is, and what holds for all its rows; an answer has it as `mapping`."""


class LoadBody(Strict):
    """Which rows are loaded."""

    rows: Annotated[
        Literal["all", "right"],
        Field(description="`all`: every row, or none if one is wrong; `right`: those that are right."),
    ] = "all"


class MappingName(Parameters):
    """Under which name a mapping is kept."""

    name: Named


def project_tables(_: NoParameters) -> ProjectTablesAnswer:
    """The tables that one has sent. Each is kept for a day, the last five of a person."""
    found = uploads.waiting(services().database, origin())
    return ProjectTablesAnswer(
        tables=[
            ProjectTablePart(
                id=each.id, name=each.name, sent_at=each.created_at, state=_state(each.id, each.state)
            )
            for each in found
        ]
    )


def bring_project_table(parameters: SentParameters, data: bytes) -> Reply:
    """The body is the file itself, CSV or Excel, a project a row, its first line the columns' names. Nothing
    is loaded before that is asked for.
    """
    database = services().database
    try:
        table = bringing.read_sent(
            data, parameters.name, delimiter=parameters.delimiter or "", encoding=parameters.encoding
        )
    except BadTable as error:
        raise InvalidRecord(
            [_in_line(each.line, each.column, each.message) for each in error.problems]
        ) from None
    mapping = bringing.first_mapping(database, table, parameters.mapping or "")
    number = bringing.bring(database, origin(), table, mapping)
    return Reply(_standing(number), location=f"/project-tables/{number}")


def get_project_table(_: NoParameters, number: str) -> ProjectTable:
    """What each column is taken for, with the reason, what is still open, which columns look as if they
    were known only afterwards, the first projects as they would be stored, and what came of loading.
    """
    return _standing(number_of(number, "table"))


def map_project_table(_: NoParameters, body: MappingBody, number: str) -> ProjectTable:
    """Says what the columns are; every column of the table has to be named. Nothing is loaded yet."""
    at, database = number_of(number, "table"), services().database
    found = bringing.find(database, origin(), at)
    try:
        bringing.say(database, origin(), at, check_mapping(body, found.table))
    except InvalidRecord as error:
        raise Taken(error.problems) from None
    return _standing(at)


def load_project_table(_: NoParameters, body: LoadBody, number: str) -> Reply:
    """Loads the projects, and waits a while for the end: where `state` still says `loading`, ask again.
    Of all rows or none, what is wrong stands in `errors` with line and field, and nothing was loaded.
    """
    at = number_of(number, "table")
    found = bringing.find(services().database, origin(), at)
    start_loading(found, is_whole=body.rows == "all")
    until = time.monotonic() + WAIT_SECONDS
    while services().jobs.progress(at) is not None and time.monotonic() < until:
        time.sleep(_LOOK_SECONDS)
    report = bringing.find(services().database, origin(), at).report or {}
    if report.get("taken_back"):
        raise NothingLoaded([_in_line(*each) for each in report["problems"]])
    return Reply(_standing(at), location=f"/project-tables/{at}")


def _in_line(line: int | None, field: str, message: str) -> Problem:
    return Problem(field or "file", f"line {line}: {message}" if line else message)


def drop_project_table(_: NoParameters, number: str) -> None:
    """Forgets the table; what was loaded of it stays."""
    uploads.drop(services().database, origin(), number_of(number, "table"))


def project_mappings(_: NoParameters) -> ProjectMappingsAnswer:
    """The mappings that are kept to be used again, by page, API and command alike."""
    with services().database.read() as session:
        return ProjectMappingsAnswer(mappings=[_mapping(each) for each in uploads.list_mappings(session)])


def keep_project_mapping(parameters: MappingName, body: MappingBody) -> ProjectMappingPart:
    """Keeps a mapping under a name, in the place of one that had it."""
    if problems := body.problems():
        raise Taken(problems)
    uploads.save_mapping(services().database, origin(), parameters.name, as_json(body))
    with services().database.read() as session:
        kept = {each.name: each for each in uploads.list_mappings(session)}
        return _mapping(kept[parameters.name])


def remove_project_mapping(parameters: MappingName) -> None:
    """What was loaded by it stays."""
    uploads.remove_mapping(services().database, origin(), parameters.name)


def _part(row: Waiting) -> ProjectTablePart:
    return ProjectTablePart(id=row.id, name=row.name, sent_at=row.created_at, state=_state(row.id, row.state))


def _standing(number: int) -> ProjectTable:
    running = services().jobs.progress(number)
    found = bringing.find(services().database, origin(), number)
    page = mapping_page(number, found.table, found.mapping)
    state = {"loading": found.is_loading, "report": found.report}
    return ProjectTable(
        id=number, name=found.name, state="loading" if running else _state(number, state),
        rows=len(found.table.rows), mapping=found.mapping,
        columns=[_column(each) for each in page.columns],
        open=[FaultPart(line=None, field=each.field, message=each.message) for each in page.general],
        can_be_loaded=not page.open, preview=_preview(page), loaded=_loaded(found) if not running else None,
    )  # fmt: skip


def _state(number: int, state: Mapping[str, object]) -> Literal["open", "loading", "interrupted", "done"]:
    if services().jobs.progress(number) is not None:
        return "loading"
    if state.get("report"):
        return "done"
    return "interrupted" if state.get("loading") else "open"


def _column(view: ColumnView) -> MappedColumn:
    return MappedColumn(
        column=view.column.column, to=view.column.to, reason=view.reason, holds=view.holds,
        known=view.known, examples=list(view.examples), suspicion=view.suspicion, open=list(view.asked),
    )  # fmt: skip


def _preview(page: MappingPage) -> PreviewPart:
    found = page.preview
    return PreviewPart(
        checked=found.checked, wrong=found.failed,
        faults=[FaultPart(line=each.line, field=each.field, message=each.message) for each in found.faults],
        notices=list(found.notices),
        first=[content.model_dump(mode="json", exclude_defaults=True) for _, content in found.first],
    )  # fmt: skip


def _loaded(found: Brought) -> LoadedPart | None:
    report = found.report
    if report is None:
        return None
    names = ("created", "updated", "unchanged", "failed")
    return LoadedPart(
        **{name: report.get(name, 0) for name in names},
        is_taken_back=report.get("taken_back", False), why=report.get("error", ""),
        faults=[
            FaultPart(line=line, field=field, message=message)
            for line, field, message in report.get("problems", ())
        ],
        more=report.get("more", 0), notices=report.get("notices", []),
    )  # fmt: skip


def _mapping(row: SavedMapping) -> ProjectMappingPart:
    return ProjectMappingPart(
        name=row.name, author=row.author, changed_at=row.changed_at, mapping=read_mapping(row.content)
    )


UNFIT = "It names a column that the table has not, lacks one, or says two things that contradict each other."
UNSENT = "Something is open, or a row is wrong and all were wanted: `errors` says what. Nothing was loaded."
PROJECT_TABLES = (
    Operation("GET", "/project-tables", project_tables, ProjectTablesAnswer, "List tables of projects",
              action=uploads.LOAD),
    Operation("POST", "/project-tables", bring_project_table, ProjectTable, "Bring a table of projects",
              SentParameters, takes=FILE, action=uploads.LOAD, may_miss=True),
    Operation("GET", "/project-tables/<number>", get_project_table, ProjectTable,
              "Read what a table's columns are", action=uploads.LOAD),
    Operation("PUT", "/project-tables/<number>/mapping", map_project_table, ProjectTable,
              "Say what a table's columns are", body=MappingBody, action=uploads.LOAD, conflict=UNFIT),
    Operation("POST", "/project-tables/<number>/loaded", load_project_table, ProjectTable,
              "Load the projects of a table", body=LoadBody, action=uploads.LOAD, conflict=UNSENT),
    Operation("DELETE", "/project-tables/<number>", drop_project_table, None, "Forget a table of projects",
              action=uploads.LOAD),
    Operation("GET", "/project-mappings", project_mappings, ProjectMappingsAnswer,
              "List mappings of tables of projects", action=uploads.LOAD),
    Operation("PUT", "/project-mappings", keep_project_mapping, ProjectMappingPart, "Keep a mapping",
              MappingName, body=MappingBody, action=uploads.LOAD, conflict=UNFIT),
    Operation("DELETE", "/project-mappings", remove_project_mapping, None, "Remove a mapping", MappingName,
              action=uploads.LOAD, may_miss=True),
)  # fmt: skip
"""The calls about tables of projects, and the mappings that are kept."""
