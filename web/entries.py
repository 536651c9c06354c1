"""Entry pages: the entry, its preview beside the results, its history, a template as a file."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb import reading
from kb.desk.access import find_readable
from kb.desk.colleagues import at_work
from kb.documents.filling import unlinked
from kb.errors import NotFound
from kb.kinds import KIND_OF_PREFIX, PREFIXES
from kb.neighbours import titles_of
from kb.people.audit import audited
from kb.people.errors import TooMany
from kb.people.roles import can
from kb.steps import STEP_PATTERN
from kb.text import REF_PATTERN
from kb.validation import shorten
from search.results import SearchRequest
from web.context import current
from web.documents import count_file
from web.entry_views import EntryPage, load_page
from web.errors import MissingEntry
from web.forms import Form
from web.identity import origin
from web.parameters import EntryParameters, NoParameters, parse_page
from web.searches import search
from web.services import services
from web.templating import prepare_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Response as BaseResponse

    from search.results import Hit

blueprint = Blueprint("entries", __name__)
logger = logging.getLogger(__name__)

SUGGESTED = 6
SIMILAR_ASKED = 12
"""More than are shown: those that the entry links to are left out."""
_LOOSE_REF = re.compile(r"([A-Za-z])?[-_ ]?0*([0-9]{1,9})")


@blueprint.get("/entries/<ref>")
def entry(ref: str) -> str | BaseResponse:
    """Renders an entry, or the preview of it that the results page asks for."""
    number = parse_page(EntryParameters, request.args).revision
    if ref != ref.upper() and re.fullmatch(REF_PATTERN, ref.upper()):
        return redirect(url_for("entries.entry", ref=ref.upper(), revision=number), 301)
    page = _load(ref, number)
    is_preview = current().fragment == "preview"
    if not is_preview:
        page = _with_colleagues(page.with_similar(_similar(ref)))
    prepare_markdown(page.texts)
    template = "entries/preview.html" if is_preview else "entries/page.html"
    usage = services().usage
    if usage is not None and number is None:
        usage.opened(page.view.ref)
    response = Response(render_template(template, page=page, forms=_forms()))
    response.headers["Vary"] = "X-Fragment"
    response.headers["Cache-Control"] = "no-store" if is_preview else "no-cache"
    return response


def refused_page(ref: str, which: str, form: Form, status: int) -> Response:
    """The entry's page with the form `which` as it was sent, open, and what is wrong with it.

    Raises MissingEntry where the entry is gone meanwhile.
    """
    page = _with_colleagues(_load(ref, None).with_similar(_similar(ref)))
    prepare_markdown(page.texts)
    forms = _forms() | {which: form}
    return Response(render_template("entries/page.html", page=page, forms=forms), status=status)


@blueprint.get("/entries/<ref>/history")
def history(ref: str) -> str:
    """Renders the list of revisions that are or were published."""
    parse_page(NoParameters, request.args)
    with services().database.read() as session:
        try:
            revisions = reading.history(session, checked_ref(ref), current().reader)
        except NotFound as error:
            raise missing(ref, error) from None
    return render_template("entries/history.html", revisions=revisions, newest=revisions[0])


@blueprint.get("/entries/<ref>.md")
def download(ref: str) -> Response:
    """A template's text as a Markdown file."""
    view = _load(ref, None).view
    if view.kind != "template":
        raise NotFound(f"{view.ref} is a {view.kind}; only templates can be downloaded.")
    text = f"# {view.title}\n\n{unlinked(view.content.body)}\n"
    slug = re.sub(r"[^a-z0-9]+", "-", view.title.lower()).strip("-")[:60]
    name = f"{view.ref}-{slug}.md"
    count_file()
    with audited(services().database, origin(), "take document", name):
        response = Response(text, content_type="text/markdown; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def checked_ref(ref: str) -> str:
    """The id in upper case. Raises NotFound for what is not written as an id."""
    if not re.fullmatch(REF_PATTERN, ref.upper()):
        raise NotFound(f"{shorten(ref)} is not the id of an entry; ids look like L-0042.")
    return ref.upper()


def checked_step(step: str) -> str:
    """The id of a step in upper case. Raises NotFound for what is not written as one."""
    if not re.fullmatch(STEP_PATTERN, step.upper()):
        raise NotFound(
            f"{shorten(step)} is not the id of a step; ids look like L-0042, those of links like "
            "W-0123456789."
        )
    return step.upper()


def readable_ref(ref: str) -> str:
    """The id in upper case of an entry that whoever asks may read. Raises NotFound."""
    with services().database.read() as session:
        return find_readable(session, current().person, checked_ref(ref)).ref


def missing(ref: str, error: NotFound) -> MissingEntry:
    """The error with the entries that may have been meant."""
    return MissingEntry(str(error), list(_suggestions(ref)))


def _forms() -> dict[str, Form]:
    """The forms of an entry's page, by what they add to."""
    return {"actions": Form(), "adoptions": Form()}


def _load(ref: str, number: int | None) -> EntryPage:
    reader = current().reader
    with services().database.read() as session:
        try:
            return load_page(session, checked_ref(ref), reader, number)
        except NotFound as error:
            failure = error
    raise missing(ref, failure) from None


def _with_colleagues(page: EntryPage) -> EntryPage:
    """The page with those who are at work on the entry, for whoever may edit it."""
    person = current().person
    if page.is_old or not can(person, "contribute"):
        return page
    with services().database.read() as session:
        return replace(page, colleagues=tuple(at_work(session, person, page.view.ref)))


def _similar(ref: str) -> list[Hit]:
    """The entries nearest in meaning; none, and a line in the log, whatever breaks in the index."""
    try:
        return services().engine.similar(ref, current().reader, SIMILAR_ASKED)
    except Exception:
        logger.exception("request %s: similar entries of %s failed", current().request_id, ref)
        return []


def _suggestions(ref: str) -> Iterator[tuple[str, str, str]]:
    """Ids written or numbered nearly like this one; else what a search for the words finds."""
    loose = _LOOSE_REF.fullmatch(ref.strip())
    if loose:
        candidates = list(_near_ids((loose[1] or "").upper(), int(loose[2])))
        with services().database.read() as session:
            titles = titles_of(session, candidates, current().reader)
        found = [(candidate, *titles[candidate]) for candidate in candidates if candidate in titles]
        yield from found[:SUGGESTED]
        return
    words = " ".join(re.findall(r"\w+", ref))
    if not words:
        return
    with suppress(TooMany):
        page = search(SearchRequest(text=words, limit=SUGGESTED))
        yield from ((hit.entry.ref, hit.entry.kind, hit.entry.title) for hit in page.hits)


def _near_ids(prefix: str, number: int) -> Iterator[str]:
    prefixes = [prefix] if prefix in KIND_OF_PREFIX else list(PREFIXES.values())
    for distance in (0, -1, 1, -2, 2):
        for letter in prefixes:
            if number + distance > 0:
                yield f"{letter}-{number + distance:04d}"
