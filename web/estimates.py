"""The page of estimates: what comparable projects took, what if, and two scenarios side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.datastructures import MultiDict

from kb.errors import InvalidRecord
from kb.quality import Letter
from kb.text import Line
from kb.validation import Problem
from search.estimates.request import EstimateRequest
from search.estimates.targets import LOWEST, Aim
from web.context import current
from web.estimate_forms import ATTRIBUTE, OTHER, read_request, second
from web.estimate_history import HistoryPage
from web.estimate_views import EstimatePage, address_of
from web.forms import Form
from web.parameters import Parameters, parse_page
from web.searches import count_one
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from search.estimates.offering import EstimateFields


class HistoryParameters(Parameters):
    """Estimates of what."""

    target: Line = "cost"
    least_grade: Letter = LOWEST


blueprint = Blueprint("estimates", __name__)
REASON = "reason:"
"""Before the id of a project that somebody leaves out."""
ASKED = "asked"
"""A field that says that the form was sent, though nothing was filled in."""


@blueprint.get("/estimates")
def estimates() -> str | BaseResponse:
    """Renders the form, and the answer where the address states a project."""
    return answered(request.args, _offered())


@blueprint.post("/estimates")
def ask() -> str | BaseResponse | tuple[str | BaseResponse, int]:
    """Leads to the address of the answer; what no address can hold is answered at once."""
    offered = _offered()
    fields = _acted(request.form)
    unsaid = _unsaid(request.form)
    if unsaid:
        return answered(fields, offered, unsaid), 400
    try:
        one, other = _requests(fields, offered)
    except InvalidRecord as error:
        return _refused(fields, offered, error)
    address = address_of(one, other)
    return redirect(address, 303) if address else answered(fields, offered)


@blueprint.get("/estimates/history")
def history() -> str:
    """Renders how good estimates have been, or how far the back-test has come."""
    parameters = parse_page(HistoryParameters, request.args)
    count_one()
    try:
        aim = Aim(parameters.target, least_grade=parameters.least_grade)
        answer, problem = services().estimates.backtest(aim, current().reader), ""
    except InvalidRecord as error:
        answer, problem = None, str(error)
    page = HistoryPage(_offered(), parameters.target, answer, problem, parameters.least_grade)
    return render_template("estimates/history.html", page=page)


def _offered() -> EstimateFields:
    here = services()
    with here.database.read() as session:
        projects = here.estimates.projects(session, current().reader)
        return here.estimates.offered(projects, here.estimates.figures(session))


def _acted(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The fields with what a button does to them: leave out, take back in, estimate something else."""
    fields = MultiDict(form)
    leave, back, target = (fields.pop(name, "") for name in ("leave_out", "take_in", "as"))
    reason = fields.get(f"{REASON}{leave}", "").strip()
    if leave and reason:
        fields.add("exclude", f"{leave}:{reason}")
    if back:
        kept = [value for value in fields.getlist("exclude") if value.partition(":")[0] != back]
        fields.poplist("exclude")  # a field without any value would be none that can be read
        for value in kept:
            fields.add("exclude", value)
    if target:
        fields["target"] = target
        fields.pop("plan", None)
    return fields


def _unsaid(form: MultiDict[str, str]) -> list[Problem]:
    """That somebody leaves a project out without saying why."""
    leave = form.get("leave_out", "")
    field = f"{REASON}{leave}"
    return (
        [Problem(field, "is needed: say why it does not count")]
        if leave and not form.get(field, "").strip()
        else []
    )


def _requests(
    fields: MultiDict[str, str], offered: EstimateFields
) -> tuple[EstimateRequest, EstimateRequest | None]:
    one = read_request(fields, offered.attributes)
    stated = second(fields, one)
    if stated is None:
        return one, None
    try:
        other = read_request(stated, offered.attributes)
    except InvalidRecord as error:
        problems = [Problem("", f"In the second scenario, {each}.") for each in error.problems]
        raise InvalidRecord(problems) from None
    return one, (None if other == one else other)


def answered(
    fields: MultiDict[str, str], offered: EstimateFields, problems: Sequence[Problem] = ()
) -> str | BaseResponse:
    """The answer to what the fields state, or the form where they state nothing or what cannot be read."""
    names = {*EstimateRequest.model_fields, "method", ASKED}
    if not any(name in names or name.startswith(ATTRIBUTE) for name in fields):
        return _page(EstimatePage(offered, Form({"target": "cost"})))
    count_one()
    try:
        one, other = _requests(fields, offered)
        answer = services().estimates.answer(one, current().reader)
        beside = services().estimates.answer(other, current().reader) if other else None
    except InvalidRecord as error:
        return _refused(fields, offered, error)
    shown = second(fields, one)
    typed = dict(fields.items()) | {OTHER + name: value for name, value in (shown or fields).items()}
    form = Form(typed, problems, _several(fields))
    return _page(EstimatePage(offered, form, one, answer, form, other, beside))


def _several(fields: MultiDict[str, str]) -> dict[str, list[str]]:
    return {name: fields.getlist(name) for name in ("method", f"{OTHER}method")}


def _refused(fields: MultiDict[str, str], offered: EstimateFields, error: InvalidRecord) -> BaseResponse:
    """The form as it was sent, with what is wrong."""
    form = Form(dict(fields.items()), error.problems, _several(fields))
    return Response(_page(EstimatePage(offered, form)), status=400)


def _page(page: EstimatePage) -> str:
    return render_template("estimates/page.html", page=page)
