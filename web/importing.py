"""Import of documents: brought, read, looked at and changed, then saved as drafts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb.desk.lines import start_of_edit
from kb.errors import InvalidRecord
from kb.importing import incoming
from kb.importing.making import MAX_DRAFTS, make
from kb.importing.plans import COLUMN_FIELDS, RECORD, ROWS, SHAPES, SKIP, choices, labels_of
from kb.importing.recognition import FORMS, TAKEN
from kb.importing.sandbox import MAX_UPLOAD
from kb.markup import plain_text
from web.account import myself
from web.context import current
from web.forms import Form, refilled
from web.identity import origin
from web.parameters import NoParameters, parse_page
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kb.importing.document import Section, Table
    from kb.importing.incoming import Pending
    from kb.importing.making import Made

blueprint = Blueprint("importing", __name__)
EXCERPT = 220
ROWS_SHOWN = 3
COLUMNS = {SKIP: "Leave out", **COLUMN_FIELDS}


@dataclass(frozen=True)
class Column:
    """A column of a table, or a label in its first one, and where it goes."""

    label: str
    target: str
    reason: str
    cells: Sequence[str]


@dataclass(frozen=True)
class Row:
    """A section as the preview shows it."""

    number: int
    section: Section
    target: str
    reason: str
    choices: Mapping[str, str]
    excerpt: str
    rest: str
    columns: Sequence[Column]


@dataclass(frozen=True)
class Preview:
    """A document that was read, with what would become of it."""

    pending: Pending
    rows: Sequence[Row]
    made: Sequence[Made]
    lost: int
    """Sections that go nowhere and are found by no search either."""

    @property
    def can_be_saved(self) -> bool:
        """Whether nothing stands against it."""
        return 0 < len(self.made) <= MAX_DRAFTS and not any(draft.problems for draft in self.made)


@blueprint.get("/import")
def start() -> str:
    """Renders the form that takes a document, and what still waits."""
    person = myself()
    parse_page(NoParameters, request.args)
    return _start_page(Form(), person)


@blueprint.post("/import")
def upload() -> str | BaseResponse:
    """Takes a document and begins to read it."""
    person = myself()
    file = request.files.get("file")
    name, data = "", b""
    if file is not None:
        name, data = file.filename or "", file.read()
        file.close()  # a large one lies on the disk
    try:
        number = incoming.receive(services().database, origin(), name, data)
    except InvalidRecord as error:
        return Response(_start_page(refilled(error), person), status=400)
    services().conversions.start(services().database, number)
    return redirect(url_for("importing.preview", number=number), 303)


@blueprint.get("/import/<int:number>")
def preview(number: int) -> str:
    """Renders how far a document is: being read, refused, to be decided about, or saved."""
    person = myself()
    parse_page(NoParameters, request.args)
    with services().database.read() as session:
        found = incoming.find(session, person, number)
    return _page(found)


@blueprint.post("/import/<int:number>")
def decide(number: int) -> str | BaseResponse:
    """Shows what the choices make of a document; makes it when that was agreed to."""
    myself()
    database = services().database
    found = incoming.choose(database, origin(), number, _said())
    if "save" not in request.form:
        return _page(found, Form({"shown": "yes"}))
    try:
        incoming.save(database, origin(), number)
    except InvalidRecord as error:
        return Response(_page(found, refilled(error)), status=400)
    return redirect(url_for("importing.preview", number=number), 303)


@blueprint.post("/import/<int:number>/again")
def again(number: int) -> BaseResponse:
    """Begins anew to read a document whose reading was interrupted."""
    myself()
    incoming.again(services().database, origin(), number)
    services().conversions.start(services().database, number)
    return redirect(url_for("importing.preview", number=number), 303)


@blueprint.post("/import/<int:number>/drop")
def drop(number: int) -> BaseResponse:
    """Forgets a document."""
    myself()
    incoming.drop(services().database, origin(), number)
    return redirect(url_for("importing.start"), 303)


def _start_page(form: Form, person: Any) -> str:
    with services().database.read() as session:
        waiting = incoming.pending(session, person)
    return render_template(
        "importing/start.html", form=form, waiting=waiting, taken=TAKEN, most=MAX_UPLOAD,
        endings=",".join(FORMS),
    )  # fmt: skip


def _page(found: Pending, form: Form | None = None) -> str:
    if found.document is None or found.plan is None:
        template = {"waiting": "wait", "refused": "refused", "done": "done"}[found.state]
        return render_template(f"importing/{template}.html", pending=found, made=_made(found))
    made = make(found.document, found.plan)
    rows = [_row(found, at) for at in range(len(found.document.sections))]
    whole = found.plan.shape != "lessons"
    lost = 0 if whole else sum(row.target == SKIP and bool(row.section.text) for row in rows)
    view = Preview(found, rows, made, lost)
    return render_template(
        "importing/preview.html", view=view, form=form or Form(), shapes=SHAPES, column_choices=COLUMNS,
        most=MAX_DRAFTS,
    )  # fmt: skip


def _made(found: Pending) -> list[tuple[str, str, str]]:
    """(id, kind, title) of the entries that came of it; without kind and title what is not there any more."""
    with services().database.read() as session:
        cases = [(ref, start_of_edit(session, current().person, ref)) for ref in found.refs]
        return [
            (ref, case.revision.entry.kind, case.revision.title) if case else (ref, "", "")
            for ref, case in cases
        ]


def _row(found: Pending, at: int) -> Row:
    plan, document = found.plan, found.document
    assert plan is not None  # noqa: S101 - the caller looked
    assert document is not None  # noqa: S101
    section = document.sections[at]
    offered = choices(plan.shape, section)
    target = plan.targets[at] if plan.targets[at] in offered else SKIP
    text = " ".join(plain_text(section.text.replace("](picture:", "](/")).split())
    cut = text.rfind(" ", 0, EXCERPT) if len(text) > EXCERPT else len(text)
    columns = _columns(found, at, section.table) if section.table and target in {ROWS, RECORD} else []
    return Row(at, section, target, plan.reasons[at], offered, text[:cut], text[cut:].strip(), columns)


def _columns(found: Pending, at: int, table: Table) -> list[Column]:
    plan = found.plan
    assert plan is not None  # noqa: S101 - the caller looked
    is_record = plan.targets[at] == RECORD
    labels = labels_of(table, plan.targets[at])
    lines = [table.header, *table.rows]
    cells = (
        [row[1:2] for row in lines] if is_record else [list(each) for each in zip(*table.rows, strict=True)]
    )
    why = plan.column_reasons[at]
    return [
        Column(label, plan.columns[at][place], why[place], cells[place][:ROWS_SHOWN])
        for place, label in enumerate(labels)
    ]


def _said() -> dict[str, Any]:
    """What was chosen, as `Plan.changed` takes it."""
    said: dict[str, Any] = {
        "shape": request.form.get("shape"),
        "title": request.form.get("title", "").strip(),
    }
    targets, columns = dict[int, str](), dict[str, dict[int, str]]()
    for name, value in request.form.items():
        kind, _, place = name.partition("-")
        first, _, second = place.partition("-")
        if kind == "target" and _is_number(first):
            targets[int(first)] = value
        elif kind == "column" and _is_number(first) and _is_number(second):
            columns.setdefault(first, {})[int(second)] = value
    said["targets"] = _in_order(targets)
    said["columns"] = {at: _in_order(names) for at, names in columns.items()}
    return said


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4


def _in_order(values: Mapping[int, str]) -> list[str]:
    """The values at their places; nothing where none was given."""
    return [values.get(at, "") for at in range(max(values, default=-1) + 1)]
