"""Dossiers: estimates that are kept, as pages and files, and the ledger of how they turned out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Blueprint, Response, redirect, render_template, request, url_for
from pydantic import Field

from kb.documents.conversion import MEDIA, convert
from kb.dossiers import keeping
from kb.errors import InvalidRecord
from kb.people.audit import audited
from kb.people.roles import require
from kb.validation import Problem, validate
from search.estimates.dossiers import DossierText, OutcomeText, VersionText, ledger_of, part_of, whole_of
from search.estimates.numbers import read_number
from search.estimates.workbook import workbook
from web.charts import range_chart
from web.context import current
from web.documents import count_file
from web.estimate_forms import fields_of, read_request
from web.estimate_views import request_words
from web.estimates import answered
from web.forms import Form, typed
from web.identity import origin, signed_in
from web.parameters import NoParameters, Parameters, Whole, parse_page
from web.searches import count_one
from web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.dossiers.keeping import Dossier
    from search.estimates.dossiers import DossierWhole

blueprint = Blueprint("dossiers", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PAGE_SIZE = 50
TITLE = "dossier_title"


class DossierPageParameters(Parameters):
    """Which version."""

    version: Annotated[Whole, Field(ge=1, le=999_999)] | None = None


class DossierListParameters(Parameters):
    """Which page of the list."""

    page: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1


@blueprint.get("/dossiers")
def dossiers() -> str:
    """Renders the dossiers that the person may see, and the ledger."""
    person, page = signed_in(), parse_page(DossierListParameters, request.args).page
    with services().database.read() as session:
        total, found = keeping.every(session, person, (page - 1) * PAGE_SIZE, PAGE_SIZE)
        _, every = keeping.every(session, person, limit=10_000)
    last = max(1, -(-total // PAGE_SIZE))
    return render_template(
        "estimates/dossiers.html", parts=[part_of(each) for each in found], ledger=ledger_of(every),
        total=total, number=page, last=last,
    )  # fmt: skip


@blueprint.post("/dossiers")
def keep() -> BaseResponse | tuple[str | BaseResponse, int]:
    """Keeps the estimate that a page shows, as a new dossier or as the next version of one; a dossier that
    nobody names has the project's name.
    """
    require(signed_in(), keeping.KEEP)
    here, ref = services(), request.form.get("dossier", "")
    with here.database.read() as session:
        projects = here.estimates.projects(session, current().reader)
        offered = here.estimates.offered(projects, here.estimates.figures(session))
    asked = read_request(request.form, offered.attributes)
    title = request.form.get(TITLE, "").strip() or asked.title
    text = {"title": title, "note": request.form.get("note", "")}
    if not (ref or title):
        return answered(request.form, offered, [Problem(TITLE, "is needed: name what is planned")]), 400
    count_one()
    if ref:
        after = request.form.get("after", "")
        number = int(after) if after.isascii() and after.isdigit() and len(after) < 7 else 0
        version = validate(VersionText, {"after": number, "note": text["note"], "request": asked})
        answer = here.estimates.answer(asked, current().reader).model_dump(mode="json")
        kept = keeping.continue_(
            here.database, origin(), ref, asked.model_dump(mode="json"), answer, version.note,
            after=version.after,
        )  # fmt: skip
    else:
        stated = validate(DossierText, text | {"request": asked})
        answer = here.estimates.answer(asked, current().reader).model_dump(mode="json")
        kept = keeping.keep(
            here.database, origin(), stated.title, asked.model_dump(mode="json"), answer, stated.note
        )
    return redirect(url_for("dossiers.dossier", ref=kept.ref), 303)


@blueprint.get("/dossiers/<ref>")
def dossier(ref: str) -> str:
    """Renders one version."""
    signed_in()
    return _page(ref, parse_page(DossierPageParameters, request.args).version)


@blueprint.post("/dossiers/<ref>/outcome")
def close(ref: str) -> str | BaseResponse:
    """What it really was is entered."""
    require(signed_in(), keeping.KEEP)
    _find(ref)
    try:
        actual = read_number(request.form.get("actual", ""), "actual")
        outcome = validate(OutcomeText, {"actual": actual})
    except InvalidRecord as error:
        return Response(_page(ref, None, Form(typed(), error.problems)), status=400)
    keeping.close(services().database, origin(), ref, outcome.actual)
    return redirect(url_for("dossiers.dossier", ref=ref), 303)


@blueprint.get("/dossiers/<ref>.<any(docx, pdf, xlsx):form>")
def dossier_file(ref: str, form: Literal["docx", "pdf", "xlsx"]) -> Response:
    """Sends the newest version as a document or a workbook."""
    signed_in()
    parse_page(NoParameters, request.args)
    count_file()
    whole = _whole(_find(ref), None)
    with audited(services().database, origin(), "take document", f"{whole.id}.{form}"):
        if form == "xlsx":
            data, media = workbook(whole), XLSX
        else:
            html = render_template("estimates/document.html", page=whole)
            data, media = convert(html, f"{whole.id}  {whole.title}", form), MEDIA[form]
    response = Response(data, content_type=media)
    slug = re.sub(r"[^a-z0-9]+", "-", whole.title.lower()).strip("-")[:60]
    response.headers["Content-Disposition"] = f'attachment; filename="{whole.id}-{slug}.{form}"'
    return response


def _find(ref: str) -> Dossier:
    with services().database.read() as session:
        return keeping.find(session, current().person, ref)


def _whole(found: Dossier, version: int | None) -> DossierWhole:
    with services().database.read() as session:
        return whole_of(session, found, version, current().person, current().reader)


def _page(ref: str, version: int | None, form: Form | None = None) -> str:
    whole = _whole(_find(ref), version)
    return render_template(
        "estimates/dossier.html", page=whole, chart=range_chart(whole.answer, actual=whole.actual),
        form=form or Form(), fields=fields_of(whole.request), asked=request_words(whole.request, whole.unit),
        problems=[] if form is None else list[Problem](form.problems),
    )  # fmt: skip
