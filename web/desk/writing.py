"""Writing in the browser: a form for each kind; drafts, working copies, submitting, and stale saves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for

from kb.clauses import deleted_clauses
from kb.content import make_content, to_json
from kb.desk import copies, writing
from kb.desk.access import find_case, is_author
from kb.desk.colleagues import at_work, others_at_work
from kb.desk.comments import comments_on
from kb.desk.comparing import stored_for
from kb.desk.lines import is_archived, is_behind, line_of, published_number, start_of_edit
from kb.desk.lists import own_work
from kb.desk.required import missing as missing_fields
from kb.desk.writing import Manner
from kb.errors import EditConflict, InvalidRecord, NotFound
from kb.kinds import KINDS
from kb.people.roles import require
from web.context import current
from web.desk import building, keeping
from web.desk.advice import LINTED, counsel_on, looks_like
from web.desk.fields import plan_of
from web.desk.previews import preview_of
from web.desk.reading_forms import read_fields
from web.desk.sheets import Sheet, conflict_of, input_name, input_value
from web.desk.stepping import is_stepped
from web.entries import checked_ref, missing
from web.identity import origin, signed_in
from web.parameters import DraftsParameters, EditParameters, parse_page
from web.services import services
from web.templating import prepare_markdown

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response as BaseResponse

    from kb.content import Content
    from kb.desk.access import Case
    from kb.people.roles import Person

blueprint = Blueprint("writing", __name__)
SUBMITS = ("submit", "submit-anyway")
MAX_NOTE = 300


@blueprint.get("/entries/new")
def choose() -> str:
    """Renders the kinds to choose from."""
    contributor()
    return render_template("desk/choose.html")


@blueprint.get("/drafts")
def drafts() -> str:
    """Renders what the person wrote and readers do not see yet."""
    asked, person = parse_page(DraftsParameters, request.args), contributor()
    with services().database.read() as session:
        items = own_work(session, person, current().today)
        unsaved = copies.own_copies(session, person)
        places = {*(item.view.ref for item in items), *(copy.place for copy in unsaved)}
        others = others_at_work(session, person, places)
    return render_template("desk/drafts.html", items=items, unsaved=unsaved, others=others, done=asked.done)


@blueprint.get("/entries/new/<kind>")
def new(kind: str) -> str:
    """Renders an empty form, or what was typed into one and never saved."""
    person, sheet = contributor(), Sheet(_known(kind))
    with services().database.read() as session:
        keeping.recover(session, person, sheet)
    return _page(sheet)


@blueprint.post("/entries/new/<kind>")
def create(kind: str) -> str | BaseResponse:
    """Saves a new entry as a draft, submits it, or does one of the form's smaller steps."""
    contributor()
    return _handle(_sent(Sheet(_known(kind))))


@blueprint.post("/entries/new/<kind>/copy")
def keep_new(kind: str) -> Response:
    """Keeps what is typed into the form of a new entry."""
    contributor()
    return _kept(_sent(Sheet(_known(kind))))


@blueprint.get("/entries/<ref>/edit")
def edit(ref: str) -> str:
    """Renders the form of an entry: one's own draft, else what is published, else what one may see."""
    asked, person = parse_page(EditParameters, request.args), contributor()
    with services().database.read() as session:
        try:
            case = _start(session, person, checked_ref(ref), asked.revision)
        except NotFound as error:
            failure: NotFound | None = error
        else:
            sheet, failure = _of_case(session, person, case), None
            sheet.done = asked.done
            keeping.recover(session, person, sheet)
    if failure is not None:
        raise missing(ref, failure)
    return _page(sheet)


@blueprint.post("/entries/<ref>/edit")
def change(ref: str) -> str | BaseResponse:
    """Saves an edit as a draft, submits it, or does one of the form's smaller steps."""
    return _handle(_sent(_standing(ref)))


@blueprint.post("/entries/<ref>/edit/copy")
def keep(ref: str) -> Response:
    """Keeps what is typed into the form of an entry."""
    return _kept(_sent(_standing(ref)))


def contributor() -> Person:
    """Who asks. Raises SignInNeeded, NotAllowed."""
    person = signed_in()
    require(person, "contribute")
    return person


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise NotFound(f"There is no kind of entry of that name; kinds are {', '.join(KINDS)}.")
    return kind


def _start(session: Session, person: Person, ref: str, number: int | None) -> Case:
    if number is not None:
        return find_case(session, person, ref, number)
    case = start_of_edit(session, person, ref)
    if case is None:
        raise NotFound(f"There is no entry {ref}.")
    return case


def _of_case(session: Session, person: Person, case: Case) -> Sheet:
    revision, line = case.revision, line_of(session, case)
    return Sheet(
        kind=revision.entry.kind, ref=revision.entry.ref, base=revision.number,
        data=stored_for(session, person, case, current().reader), state=revision.state,
        anonymous=revision.anonymous and (not case.was_published or is_author(person, case)),
        mask_source=revision.entry.mask_source,
        reason=revision.reason if revision.state in ("changes requested", "rejected") else "",
        comments=comments_on(session, person, case),
        behind=published_number(session, revision.entry) if is_behind(session, line) else None,
        is_archived=is_archived(line),
        colleagues=at_work(session, person, revision.entry.ref),
    )  # fmt: skip


def _standing(ref: str) -> Sheet:
    """The sheet of the revision that the sent form names. Raises NotFound."""
    person, stated = contributor(), request.form.get("base", "")
    number = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 8 else None
    with services().database.read() as session:
        return _of_case(session, person, _start(session, person, checked_ref(ref), number))


def _sent(sheet: Sheet) -> Sheet:
    """The sheet with what was sent."""
    sheet.data = read_fields(plan_of(sheet.kind).fields, request.form)
    sheet.anonymous = request.form.get("anonymous") == "yes"
    sheet.mask_source = request.form.get("mask_source") == "yes"
    sheet.note = request.form.get("note", "").strip()[:MAX_NOTE]
    if sheet.kind == building.KIND:
        building.begin(sheet, request.form)
    return sheet


def _kept(sheet: Sheet) -> Response:
    """When it was kept, and who else is at work on the entry by now."""
    at = keeping.keep(sheet)
    others = render_template("desk/at_work.html", works=sheet.colleagues, ref=sheet.ref, here=sheet.base)
    return jsonify(saved_at=at.isoformat(), others=others.strip())


def _handle(sheet: Sheet) -> str | BaseResponse:
    do, _, path = request.form.get("do", "save").partition(":")
    do = building.meant(do, request.form)
    if do == "discard":
        keeping.drop(sheet)
        return redirect(_address(sheet), 303)
    if is_stepped(sheet, do, path):
        keeping.keep(sheet)
        return _page(sheet)
    if not building.takes_link(sheet):
        return Response(_page(sheet), status=400)
    try:
        content = make_content(sheet.kind, sheet.data)
    except InvalidRecord as error:
        sheet.problems = error.problems
        return Response(_page(sheet), status=400)
    if do == "learn" and sheet.kind == building.KIND:
        building.preview(sheet, content)
        if current().fragment == "preview":
            return render_template("desk/preview_course.html", shown=sheet.course)
        keeping.keep(sheet)
        return _page(sheet)
    if do == "preview":
        return _previewed(sheet, content)
    return _saved(sheet, content, do)


def _previewed(sheet: Sheet, content: Content) -> str:
    with services().database.read() as session:
        sheet.preview = preview_of(session, sheet.kind, sheet.ref, content, current().reader)
    _note_deleted(sheet, content)
    prepare_markdown(sheet.preview.texts)
    if sheet.kind == LINTED and current().fragment != "preview":
        sheet.counsel = counsel_on(sheet.data, sheet.ref)
    if current().fragment == "preview":
        return render_template("desk/preview.html", page=sheet.preview)
    keeping.keep(sheet)
    return _page(sheet)


def _saved(sheet: Sheet, content: Content, do: str) -> BaseResponse:
    database, who = services().database, origin()
    manner = Manner(sheet.anonymous, sheet.mask_source, sheet.note)
    saved = None
    try:
        if sheet.ref:
            saved = writing.save(
                database, who, sheet.ref, content, base=sheet.base, manner=manner, reader=current().reader
            )
        else:
            saved = writing.create(database, who, sheet.kind, content, manner)
        keeping.drop(sheet)
        sheet.ref, sheet.base, sheet.state = saved.ref, saved.number, saved.state
        if do not in SUBMITS:
            return redirect(url_for("writing.edit", ref=saved.ref, done="saved"), 303)
        if do == "submit" and _is_held(sheet, content):
            return Response(_page(sheet))
        writing.submit(database, who, saved.ref, saved.number)
    except EditConflict as error:
        return _overtaken(sheet, error, to_json(content))
    except InvalidRecord as error:
        sheet.problems, sheet.done = error.problems, "incomplete" if saved else ""
        return Response(_page(sheet), status=400)
    return redirect(url_for("reviewing.revision", ref=saved.ref, number=saved.number, done="submitted"), 303)


def _is_held(sheet: Sheet, content: Content) -> bool:
    """Whether its writer has to look at something before it goes to review."""
    if missing_fields(sheet.kind, content):
        return False
    if sheet.kind == LINTED:
        sheet.alike = looks_like(sheet.data, sheet.ref)
    _note_deleted(sheet, content)
    return bool(sheet.alike or sheet.deleted)


def _note_deleted(sheet: Sheet, content: Content) -> None:
    if sheet.kind == "template" and sheet.ref:
        with services().database.read() as session:
            sheet.deleted = deleted_clauses(session, sheet.ref, content, current().reader)


def _overtaken(sheet: Sheet, error: EditConflict, mine: dict[str, Any]) -> BaseResponse:
    """Both texts, and what comes of them together: saving that goes on from theirs."""
    # It is kept on the revision on which it was typed: whoever leaves and comes back sees both texts again.
    keeping.keep(replace(sheet, data=mine))
    with services().database.read() as session:
        sheet.conflict = conflict_of(session, current().person, current().reader, error, mine)
    sheet.data, sheet.base = sheet.conflict.merged.content, error.current_number
    sheet.state = sheet.conflict.state
    return Response(_page(sheet), status=409)


def _address(sheet: Sheet) -> str:
    if sheet.ref:
        return url_for("writing.edit", ref=sheet.ref)
    return url_for("writing.new", kind=sheet.kind)


def _page(sheet: Sheet) -> str:
    if sheet.kind == building.KIND:
        building.prepare(sheet)
    is_part = bool(sheet.builder) and current().fragment == building.FRAGMENT
    template = "desk/builder.html" if is_part else "desk/form.html"
    here = {"sheet": sheet, "address": _address(sheet), "is_part": is_part}
    return render_template(template, **here, input_name=input_name, input_value=input_value)
