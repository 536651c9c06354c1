"""The vocabulary as a table: downloaded, and loaded after a look at what that would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request

from kb import curating
from kb.errors import InvalidRecord
from kb.formats import BadFile, decode
from kb.formats.vocabulary import NAME, write
from kb.people.audit import audited
from kb.validation import Problem
from kb.vocabulary import GroupChanged, list_groups
from kb.vocabulary_loading import BadVocabulary, read_text
from web.documents import count_file
from web.forms import Form, refilled
from web.identity import origin
from web.services import services
from web.vocabulary_editing import require_curator

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from kb.formats.vocabulary import RawGroup
    from kb.vocabulary import Change, Changes

blueprint = Blueprint("vocabulary_tables", __name__)
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
ENCODINGS = {"utf-8": "UTF-8", "cp1252": "Windows (cp1252)"}


@dataclass(frozen=True)
class Table:
    """A table that somebody sent, as text; forms carry it on."""

    text: str
    delimiter: str
    """A name of DELIMITERS."""

    @property
    def groups(self) -> list[RawGroup]:
        """What it says. Raises BadVocabulary."""
        return read_text(self.text, DELIMITERS[self.delimiter])


@blueprint.get("/vocabulary.csv")
def download() -> Response:
    """The whole vocabulary as a table, to be edited and loaded again."""
    count_file()
    with audited(services().database, origin(), "take table", NAME) as act:
        groups = list_groups(act.session)
        act.detail["groups"] = len(groups)
    text = write(groups, history=False)
    response = Response(text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{NAME}"'
    return response


@blueprint.get("/vocabulary/load")
def load() -> str:
    """Renders the form that takes a table."""
    require_curator()
    return _load_page(Form())


@blueprint.post("/vocabulary/load")
def load_now() -> str | BaseResponse:
    """Shows what a table would change; does it when that was agreed to."""
    require_curator()
    try:
        if "agreed" not in request.form:
            return _preview(_uploaded())
        return _load(Table(request.form.get("table", ""), _delimiter()))
    except InvalidRecord as error:
        return Response(_load_page(refilled(error)), status=400)
    except BadVocabulary as error:
        return Response(_load_page(refilled(InvalidRecord([])), error), status=400)


def _load(table: Table) -> str | BaseResponse:
    agreed = request.form.get("removing", "").splitlines()
    try:
        changes = curating.load(services().database, origin(), table.groups, removing=agreed)
    except GroupChanged:
        return Response(_preview(table, is_overtaken=True), status=409)
    before = Table(_before(changes), "comma")
    undone = curating.preview(services().database, origin(), before.groups)
    return render_template("vocabulary/loaded.html", changes=changes, before=before, undone=undone)


def _preview(table: Table, *, is_overtaken: bool = False) -> str:
    changes = curating.preview(services().database, origin(), table.groups)
    return render_template("vocabulary/preview.html", changes=changes, table=table, is_overtaken=is_overtaken)


def _before(changes: Changes) -> str:
    """The table of the vocabulary that was replaced."""
    kept: list[Change] = [*changes.removed, *changes.updated, *changes.unchanged]
    return write([each.before for each in kept if each.before is not None], history=False)


def _uploaded() -> Table:
    file = request.files.get("file")
    data = file.read() if file is not None else b""
    if file is None or not file.filename:
        raise InvalidRecord([Problem("file", "is missing: choose one")])
    encoding = request.form.get("encoding", "utf-8")
    if encoding not in ENCODINGS:
        raise InvalidRecord([Problem("encoding", "must be one of those offered")])
    try:
        return Table(decode(data, encoding), _delimiter())
    except BadFile as error:
        said = f"cannot be read as {ENCODINGS[encoding]}: choose another encoding, or save it as CSV UTF-8"
        raise InvalidRecord([Problem("file", f"{said} (line {error.fault.line or 1})")]) from None


def _delimiter() -> str:
    name = request.form.get("delimiter", "comma")
    if name not in DELIMITERS:
        raise InvalidRecord([Problem("delimiter", "must be one of those offered")])
    return name


def _load_page(form: Form, error: BadVocabulary | None = None) -> str:
    return render_template("vocabulary/load.html", form=form, error=error, encodings=ENCODINGS)
