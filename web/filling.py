"""Templates as forms: filled in here, taken away as documents. Nothing that is typed is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, render_template, request

from kb import reading
from kb.documents.conversion import MEDIA
from kb.documents.filling import MOST_LETTERS, blanks, fill
from kb.documents.making import setting_for
from kb.errors import InvalidRecord
from kb.validation import Problem
from web.context import current
from web.documents import count_file, sent
from web.entries import checked_ref
from web.forms import Form
from web.services import services
from web.taking import Taken, file_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kb.documents.conversion import Form as FileForm
    from kb.reading import EntryView

blueprint = Blueprint("filling", __name__)


@blueprint.get("/entries/<ref>/fill")
def form(ref: str) -> str:
    """Renders the template's fields as a form."""
    return _page(template(ref), Form())


@blueprint.post("/entries/<ref>/fill")
def document(ref: str) -> Response:
    """Sends the document; what is wrong is shown beside what was typed."""
    view = template(ref)
    inputs = {f"f{number}": each.name for number, each in enumerate(blanks(view))}
    typed = {name: request.form.get(input_, "") for input_, name in inputs.items()}
    wanted = request.form.get("format", "docx")
    try:
        return sent(filled(view, typed, cast("FileForm", wanted if wanted in MEDIA else "docx")))
    except InvalidRecord as error:
        of = {name: input_ for input_, name in inputs.items()}
        problems = [Problem(of.get(each.field, ""), each.message) for each in error.problems]
        return Response(_page(view, Form(request.form.to_dict(), problems)), status=400)


def template(ref: str) -> EntryView:
    """The published template. Raises NotFound, also for what is none."""
    with services().database.read() as session:
        view = reading.get_entry(session, checked_ref(ref), current().reader)
    blanks(view)
    return view


def filled(view: EntryView, values: Mapping[str, str], wanted: FileForm) -> Taken:
    """The template filled in. Raises InvalidRecord, TooMany, ConversionFailed."""
    here, reader = services(), current().reader
    count_file()
    setting = setting_for(here.database, here.renderer, reader, [view], here.settings.base_url)
    data = fill(view, values, setting, wanted)
    return Taken(data, file_name(f"{view.ref} {view.title}", wanted), MEDIA[wanted], 1, 1)


def _page(view: EntryView, form: Form) -> str:
    return render_template("entries/fill.html", view=view, fields=blanks(view), form=form, most=MOST_LETTERS)
