"""The vocabulary's forms: a curator adds, changes and removes groups, after a look at the effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb import curating
from kb.errors import InvalidRecord, NotFound
from kb.people.roles import require
from kb.validation import validate
from kb.vocabulary import GroupChanged, get_group
from kb.vocabulary_text import GroupText
from web.forms import Form, refilled, typed
from web.identity import origin, signed_in
from web.services import services
from web.vocabulary import meanings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kb.vocabulary import Group
    from search.vocabulary import Rewriting

blueprint = Blueprint("vocabulary_editing", __name__)
MAX_TEST = 300


@dataclass(frozen=True)
class Effect:
    """What the vocabulary makes of a search, as it stands and with what was typed."""

    query: str
    before: Sequence[Rewriting]
    after: Sequence[Rewriting]


@blueprint.get("/vocabulary/new")
def new() -> str:
    """Renders an empty form, or one with terms that somebody searched for."""
    require_curator()
    terms = request.args.get("terms", "")[:2_000]
    return _form(Form({"kind": "synonyms", "terms": terms, "test": terms[:MAX_TEST]}))


@blueprint.post("/vocabulary/new")
def create() -> str | BaseResponse:
    """Adds a group, or shows what that would do."""
    require_curator()
    try:
        text = _read_group()
        if "show" in request.form:
            return _form(Form(typed()), effect=_effect(text))
        group = curating.add(services().database, origin(), text)
    except InvalidRecord as error:
        return Response(_form(refilled(error)), status=400)
    return _back("added", group)


@blueprint.get("/vocabulary/<int:number>")
def edit(number: int) -> str:
    """Renders a group's form."""
    require_curator()
    group = _standing(number)
    values = {"kind": group.kind, "terms": "\n".join(group.terms), "note": group.note}
    return _form(Form(values | {"version": str(group.version)}), group)


@blueprint.post("/vocabulary/<int:number>")
def change(number: int) -> str | BaseResponse:
    """Changes a group, or shows what that would do. Where somebody else was first, nothing typed is lost."""
    require_curator()
    version = _version()
    try:
        text = _read_group()
        if "show" in request.form:
            return _form(Form(typed()), _standing(number), effect=_effect(text, number, version))
        group = curating.change(services().database, origin(), number, text, version=version)
    except InvalidRecord as error:
        return Response(_form(refilled(error), _find(number)), status=400)
    except (GroupChanged, NotFound):
        return _overtaken(_find(number))
    return _back("changed", group)


@blueprint.get("/vocabulary/<int:number>/remove")
def ask_to_remove(number: int) -> str:
    """Renders what is lost when the group goes."""
    require_curator()
    return _asked(_standing(number))


@blueprint.post("/vocabulary/<int:number>/remove")
def remove(number: int) -> str | BaseResponse:
    """Removes a group, and offers to put it back."""
    require_curator()
    try:
        group = curating.remove(services().database, origin(), number, version=_version())
    except GroupChanged:
        return Response(_asked(_standing(number), is_overtaken=True), status=409)
    return render_template("vocabulary/removed.html", group=group)


def require_curator() -> None:
    """Raises SignInNeeded or NotAllowed unless the person who asks may change the vocabulary."""
    require(signed_in(), curating.EDIT)


def _standing(number: int) -> Group:
    """The group. Raises NotFound."""
    with services().database.read() as session:
        return get_group(session, number)


def _find(number: int) -> Group | None:
    try:
        return _standing(number)
    except NotFound:
        return None


def _version() -> int:
    stated = request.form.get("version", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else 0


def _read_group() -> GroupText:
    terms = [line.strip() for line in request.form.get("terms", "").splitlines() if line.strip()]
    said = {"kind": request.form.get("kind", ""), "terms": terms, "note": request.form.get("note", "")}
    return validate(GroupText, said)


def _effect(text: GroupText, number: int | None = None, version: int = 0) -> Effect:
    """What would become of the search that was typed, or of the group's first term."""
    query = request.form.get("test", "").strip()[:MAX_TEST] or text.terms[0]
    before, after = curating.tried(services().database, origin(), text, number=number, version=version)
    return Effect(query, meanings(before, query), meanings(after, query))


def _overtaken(standing: Group | None) -> BaseResponse:
    """What was typed beside what stands now: saving again replaces that, or adds a group that is gone."""
    version = str(standing.version) if standing else ""
    form = Form(typed() | {"version": version})
    return Response(_form(form, standing, is_overtaken=True), status=409)


def _form(form: Form, group: Group | None = None, **shown: Any) -> str:
    shown = {"is_overtaken": False, "effect": None} | shown
    return render_template("vocabulary/form.html", form=form, group=group, most_test=MAX_TEST, **shown)


def _asked(group: Group, *, is_overtaken: bool = False) -> str:
    return render_template("vocabulary/remove.html", group=group, is_overtaken=is_overtaken)


def _back(done: str, group: Group) -> BaseResponse:
    """To the list, which says what was done, and what becomes of the search that was tried."""
    test = request.form.get("test", "").strip()[:MAX_TEST] or None
    return redirect(url_for("vocabulary.vocabulary", q=group.terms[0], test=test, done=done), 303)
