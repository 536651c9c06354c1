"""The forms of the reference tables: a curator adds, changes and removes rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb.errors import InvalidRecord, NotFound
from kb.people.roles import require
from kb.reference import curating
from kb.reference.files import fields_of, read_fields
from kb.reference.rows import RowChanged, get_row, table_of
from web.forms import Form, refilled, typed
from web.identity import origin, signed_in
from web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.reference.rows import Row
    from kb.reference.texts import RowText, Table

blueprint = Blueprint("reference_editing", __name__)
FIELDS: dict[str, tuple[str, str]] = {
    "currency": ("Currency", "Three letters, such as GBP."),
    "reference": (
        "Reference currency",
        "The currency whose one unit is counted in the other; EUR unless given.",
    ),
    "year": ("Year", "Of the figure; of an uplift, of the publication."),
    "rate": (
        "Rate",
        "How many units of the currency one unit of the reference currency bought, such as 0.8195.",
    ),
    "region": ("Region", "Where the prices hold; empty for the currency as a whole."),
    "index": ("Index", "How high prices stood, such as 126.1."),
    "base": ("Base", "When the index was 100, such as 2015 = 100. Only figures of one base can be compared."),
    "project_type": ("Type of project", "Such as rail."),
    "p50_percent": (
        "Uplift at P50, per cent",
        "On top of the estimate, so that half of the projects keep it.",
    ),
    "p80_percent": ("Uplift at P80, per cent", "So that eight in ten keep it."),
    "n": ("Projects", "How many it rests on."),
    "source": ("Source", "Who published the figure, and where."),
    "note": ("Note", "What a reader should know."),
}
"""Label and help of each field."""


@blueprint.get("/tables/<sheet>/new")
def new(sheet: str) -> str:
    """Renders an empty form."""
    require_curator()
    return _form(table_of(sheet), Form())


@blueprint.post("/tables/<sheet>/new")
def create(sheet: str) -> str | BaseResponse:
    """Adds a row."""
    require_curator()
    table = table_of(sheet)
    try:
        curating.add(services().database, origin(), table, _read(table))
    except InvalidRecord as error:
        return Response(_form(table, refilled(error)), status=400)
    return _back(table)


@blueprint.get("/tables/<sheet>/<int:number>")
def edit(sheet: str, number: int) -> str:
    """Renders a row's form."""
    require_curator()
    table = table_of(sheet)
    row = _standing(table, number)
    return _form(table, Form(fields_of(row.text, table) | {"version": str(row.version)}), row)


@blueprint.post("/tables/<sheet>/<int:number>")
def change(sheet: str, number: int) -> str | BaseResponse:
    """Changes a row. Where somebody else was first, nothing that was typed is lost."""
    require_curator()
    table = table_of(sheet)
    try:
        text = _read(table)
        curating.change(services().database, origin(), table, number, text, version=_version())
    except InvalidRecord as error:
        return Response(_form(table, refilled(error), _find(table, number)), status=400)
    except (RowChanged, NotFound):
        row = _find(table, number)
        form = Form(typed() | {"version": str(row.version) if row else ""})
        return Response(_form(table, form, row, is_overtaken=True), status=409)
    return _back(table)


@blueprint.get("/tables/<sheet>/<int:number>/remove")
def ask_to_remove(sheet: str, number: int) -> str:
    """Renders what is lost when the row goes."""
    require_curator()
    table = table_of(sheet)
    return _asked(table, _standing(table, number))


@blueprint.post("/tables/<sheet>/<int:number>/remove")
def remove(sheet: str, number: int) -> str | BaseResponse:
    """Removes a row, and offers to put it back."""
    require_curator()
    table = table_of(sheet)
    try:
        row = curating.remove(services().database, origin(), table, number, version=_version())
    except RowChanged:
        return Response(_asked(table, _standing(table, number), is_overtaken=True), status=409)
    return render_template("reference/removed.html", table=table, row=row, fields=fields_of(row.text, table))


def require_curator() -> None:
    """Raises SignInNeeded or NotAllowed unless the person who asks may change the tables."""
    require(signed_in(), curating.EDIT)


def page_of(table: Table) -> str:
    """Address of the page that shows a table."""
    return url_for("reference.uplifts" if table.name == "uplifts" else "reference.money")


def _standing(table: Table, number: int) -> Row:
    with services().database.read() as session:
        return get_row(session, table, number)


def _find(table: Table, number: int) -> Row | None:
    try:
        return _standing(table, number)
    except NotFound:
        return None


def _version() -> int:
    stated = request.form.get("version", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else 0


def _read(table: Table) -> RowText:
    return read_fields(table, {name: request.form.get(name, "") for name in table.columns})


def _form(table: Table, form: Form, row: Row | None = None, *, is_overtaken: bool = False) -> str:
    return render_template(
        "reference/form.html", table=table, form=form, row=row, is_overtaken=is_overtaken, labels_of=FIELDS,
        standing=fields_of(row.text, table) if row else {}, page=page_of(table),
        is_required=_is_required(table),
    )  # fmt: skip


def _is_required(table: Table) -> dict[str, bool]:
    return {name: field.is_required() for name, field in table.model.model_fields.items()}


def _asked(table: Table, row: Row, **shown: Any) -> str:
    shown = {"is_overtaken": False} | shown
    return render_template(
        "reference/remove.html", table=table, row=row, fields=fields_of(row.text, table), labels_of=FIELDS,
        **shown,
    )  # fmt: skip


def _back(table: Table) -> BaseResponse:
    return redirect(page_of(table), 303)
