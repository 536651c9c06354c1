"""Bulk actions in the browser: chosen in a list, looked at, done, and undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kb.desk import bulk
from kb.desk.bulk import MOST, NEEDS, UNDO_DAYS, BulkChanged, Wanted
from kb.desk.lists import reviewers
from kb.errors import InvalidRecord, NotAllowed, NotFound
from kb.people.roles import can, require
from kb.validation import Problem, validate
from web.context import current
from web.forms import Form, whole
from web.identity import origin, signed_in
from web.parameters import ChoiceParameters, Parameters, parse_page
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from kb.people.roles import Person

blueprint = Blueprint("bulk", __name__)
WORDS = {
    "verify": "They still hold", "archive": "Archive", "add tag": "Add a tag", "remove tag": "Remove a tag",
    "assign": "Assign a reviewer",
}  # fmt: skip
"""What each action is called in lists, in their order."""
LISTS = ("results.results", "reviewing.review", "reviewing.due_list")
"""Where entries are chosen."""
LONGEST_BACK = 4_000
SAID = ("action", "tag", "reviewer", "reason", "back")
"""What a form of such a change says, besides the entries."""
OF_ENTRIES = ("verify", "archive", "add tag", "remove tag")


class BulkParameters(Parameters):
    """What was chosen in a list."""

    action: str = ""
    ref: list[str] = []
    tag: str = ""
    reviewer: str = ""
    reason: str = ""
    back: str = ""


class ChangeParameters(Parameters):
    """What has just been done, and in which list it was chosen."""

    done: str = ""
    back: str = ""


def person_with_lists() -> Person:
    """Who asks, and may review or tend. Raises SignInNeeded, NotAllowed."""
    person = signed_in()
    require(person, "review")
    return person


def actions_for(person: Person) -> dict[str, str]:
    """What the person may do with entries of a list, by its name, in words."""
    return {name: words for name, words in WORDS.items() if name in OF_ENTRIES and can(person, NEEDS[name])}


def list_address(address: str) -> str:
    """The address of one of our lists, without what was chosen in it; empty for any other."""
    path, _, query = address.partition("?")
    if len(address) > LONGEST_BACK or path not in {url_for(name) for name in LISTS}:
        return ""
    pairs = [pair for pair in parse_qsl(query) if pair[0] not in ChoiceParameters.model_fields]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def way_back(back: str, said: Mapping[str, str], refs: Sequence[str]) -> str:
    """Where the list is, with the choice as it was made there; empty where no list is known."""
    address = list_address(back)
    if not address:
        return ""
    names = ("action", "tag", "reviewer")
    pairs = [("chosen", ref) for ref in refs] + [
        (f"chosen_{name}", said[name]) for name in names if said[name]
    ]
    return f"{address}{'&' if '?' in address else '?'}{urlencode(pairs)}#bulk"


@blueprint.get("/bulk")
def look() -> str | BaseResponse:
    """Renders exactly what would change; without a choice, the changes that were made of late."""
    person = person_with_lists()
    asked = parse_page(BulkParameters, request.args)
    if not (asked.action or asked.ref):
        with services().database.read() as session:
            return render_template("desk/bulk_changes.html", changes=bulk.changes(session, person))
    said = {name: getattr(asked, name) for name in SAID}
    return _looked_at(said, asked.ref)


@blueprint.post("/bulk")
def do() -> str | BaseResponse:
    """Does what was looked at."""
    person_with_lists()
    said = {name: request.form.get(name, "") for name in SAID}
    refs = request.form.getlist("ref")
    try:
        wanted = _wanted(said, refs)
        made = bulk.apply(services().database, origin(), wanted, request.form.get("fingerprint", ""))
    except InvalidRecord as error:
        return _wrong(said, refs, error.problems)
    except BulkChanged as error:
        return _looked_at(said, refs, [Problem("", str(error))], 409)
    back = list_address(said["back"]) or None
    return redirect(url_for("bulk.change", number=made.number, done="done", back=back), 303)


@blueprint.get("/bulk/<int:number>")
def change(number: int) -> str:
    """Renders a change that was made, with the way back."""
    person, asked = person_with_lists(), parse_page(ChangeParameters, request.args)
    with services().database.read() as session:
        found = bulk.find_change(session, person, number)
    return render_template(
        "desk/bulk_change.html", change=found, done=asked.done, days=UNDO_DAYS, back=list_address(asked.back)
    )


@blueprint.post("/bulk/<int:number>/undo")
def undo(number: int) -> str:
    """Takes a change back, and says what of it stays."""
    person_with_lists()
    found = bulk.undo(services().database, origin(), number)
    return render_template("desk/bulk_change.html", change=found, done="undone", days=UNDO_DAYS, back="")


def _wanted(said: Mapping[str, str], refs: Sequence[str]) -> Wanted:
    """Raises InvalidRecord."""
    data: dict[str, Any] = {"action": said["action"], "entries": [ref.upper() for ref in refs]}
    data |= {"reason": said["reason"]} if said["action"] == "archive" else {}
    data |= {"tag": said["tag"]} if said["tag"].strip() and "tag" in said["action"] else {}
    reviewer = whole(said["reviewer"])
    data |= {"reviewer": reviewer} if reviewer != "" and said["action"] == "assign" else {}
    return validate(Wanted, data)


def _looked_at(
    said: Mapping[str, str], refs: Sequence[str], problems: Sequence[Problem] = (), status: int = 200
) -> str | BaseResponse:
    try:
        planned = bulk.plan(services().database, origin(), _wanted(said, refs))
    except InvalidRecord as error:
        return _wrong(said, refs, error.problems)
    except (NotAllowed, NotFound) as error:
        if said["action"] != "assign":
            raise
        return _wrong(said, refs, [Problem("reviewer", f"does not do: {error}".rstrip("."))])
    page = _page(said, refs, planned, Form({}, problems))
    return page if status == 200 else Response(page, status=status)


def _wrong(said: Mapping[str, str], refs: Sequence[str], problems: Sequence[Problem]) -> BaseResponse:
    """The page that asks again."""
    found = [
        Problem("", f"Choose at least one entry in the list, and at most {MOST}.")
        if each.field.startswith("entries") else each for each in problems
    ]  # fmt: skip
    return Response(_page(said, refs, None, Form(dict(said), found)), status=400)


def _page(said: Mapping[str, str], refs: Sequence[str], planned: bulk.Plan | None, form: Form) -> str:
    person = current().person
    with services().database.read() as session:
        known = reviewers(session, person) if said["action"] == "assign" else []
    return render_template(
        "desk/bulk.html", said=said, refs=refs, plan=planned, form=form, words=WORDS, reviewers=known,
        days=UNDO_DAYS, cancel=way_back(said["back"], said, refs),
    )  # fmt: skip
