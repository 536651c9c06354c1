"""Who may see an entry, decided in the browser: looked at, said who loses sight, done, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, render_template, request

from kb.editing import find_entry, latest_revision
from kb.errors import InvalidRecord
from kb.masking import told_in_texts
from kb.model import VISIBILITIES
from kb.people.roles import ROLES, require
from kb.showing import SET, Showing, ShowingChanged, Shown, in_words, show_to, showing_of
from kb.validation import Problem
from kb.visibility import PERSON, RESTRICTED, ROLE
from web.account import listed
from web.context import current
from web.entries import checked_ref
from web.forms import Form, refilled
from web.identity import origin, signed_in
from web.parameters import NoParameters, parse_page
from web.services import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

blueprint = Blueprint("showing", __name__)
WORDS = {
    "public": "Everybody who reads here, signed in or not",
    "signed-in": "People who have signed in",
    "restricted": "Only the roles and people named below, and those who may read restricted entries",
}
"""What each visibility means, in the words of the form."""


@blueprint.get("/entries/<ref>/visibility")
def look(ref: str) -> str:
    """Renders the form with what stands."""
    require(signed_in(), SET)
    parse_page(NoParameters, request.args)
    return _page(checked_ref(ref), Form())


@blueprint.post("/entries/<ref>/visibility")
def decide(ref: str) -> str | BaseResponse:
    """Decides, after it was said who loses sight and that was agreed to."""
    require(signed_in(), SET)
    ref = checked_ref(ref)
    try:
        shown = _decide(ref, is_trial=True)
        if shown.losing and "agreed" not in request.form:
            return _page(ref, _again(), shown=shown)
        shown = _decide(ref, is_trial=False)
    except InvalidRecord as error:
        return Response(_page(ref, _again(error)), status=400)
    except ShowingChanged:
        return Response(_page(ref, _again(), is_overtaken=True), status=409)
    return _page(ref, Form(), done=shown)


def _decide(ref: str, *, is_trial: bool) -> Shown:
    """Raises InvalidRecord, ShowingChanged, and what `show_to` raises."""
    said = request.form
    level, readers = said.get("visibility", ""), []
    if level not in VISIBILITIES:
        raise InvalidRecord([Problem("visibility", "is missing: choose one")])
    if level == RESTRICTED:
        readers = [f"{ROLE}{role}" for role in said.getlist("roles")]
        readers += [f"{PERSON}{who}" for who in listed(said.get("people", ""))]
    return show_to(
        services().database, origin(), ref, level, readers, mask_source="mask_source" in said,
        was=said.get("was", ""), is_trial=is_trial,
    )  # fmt: skip


def _again(error: InvalidRecord | None = None) -> Form:
    """The form as it was sent; what is wrong with a reader stands at the field of its kind."""
    form = refilled(error or InvalidRecord([]))
    roles = len(form.several.get("roles", ()))
    problems = []
    for each in form.problems:
        name, _, place = each.field.partition(".")
        is_person = place.isdecimal() and int(place) > roles
        problems.append(Problem("people" if is_person or name == "readers" else name, each.message))
    return Form(form.values or {"visibility": ""}, problems, form.several)


def _page(ref: str, form: Form, **shown: Any) -> str:
    with services().database.read() as session:
        standing = showing_of(session, origin(), ref)
        entry = find_entry(session, ref)
        title, is_lesson = latest_revision(session, entry).title, entry.kind == "lesson"
        now = in_words(session, ref)
        told = told_in_texts(session, ref, current().reader)
    shown = {"shown": None, "done": None, "is_overtaken": False} | shown
    return render_template(
        "entries/visibility.html", ref=ref, title=title, is_lesson=is_lesson, standing=standing, now=now,
        told=told, form=form, roles=ROLES, levels=WORDS, people_of=people_of, roles_of=roles_of, **shown,
    )  # fmt: skip


def people_of(showing: Showing) -> str:
    """The people among the readers, one a line."""
    return "\n".join(each.removeprefix(PERSON) for each in showing.readers if each.startswith(PERSON))


def roles_of(showing: Showing) -> list[str]:
    """The roles among the readers."""
    return [each.removeprefix(ROLE) for each in showing.readers if each.startswith(ROLE)]
