"""Reviewing in the browser: the queue, a revision with its margin, and what is decided about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from flask import Blueprint, redirect, render_template, request, url_for

from kb.desk import comments, reviewing, writing
from kb.desk.access import find_case
from kb.desk.colleagues import others_at_work
from kb.desk.comments import CommentText
from kb.desk.lists import QueueFilter, due, never_verified, next_in_queue, queue, reviewers
from kb.desk.reviewing import CHANGES, REJECTED, Judgement
from kb.errors import EditConflict, InvalidRecord
from kb.people.roles import can, require
from kb.validation import Problem
from web.context import current
from web.desk.bulk import actions_for, list_address
from web.desk.revision_views import RevisionParameters, revision_view
from web.entries import checked_ref
from web.forms import Form, typed
from web.identity import origin, signed_in
from web.parameters import ChoiceParameters, Kind, parse_page
from web.services import services
from web.templating import prepare_markdown

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response as BaseResponse

    from kb.people.roles import Person

blueprint = Blueprint("reviewing", __name__)


class QueueParameters(ChoiceParameters):
    """Which of what is in review."""

    kind: Kind | None = None
    state: Literal["submitted", "changes requested", "rejected"] = "submitted"
    assigned: Literal["", "me", "nobody"] = ""
    late: Literal["", "yes"] = ""


class DueParameters(ChoiceParameters):
    """What has just been verified."""

    done: str = ""


@blueprint.get("/review")
def review() -> str:
    """Renders the queue."""
    person = reviewer()
    asked = parse_page(QueueParameters, request.args)
    wanted = QueueFilter(asked.kind or "", asked.state, asked.assigned, overdue=bool(asked.late))
    with services().database.read() as session:
        items = queue(session, person, current().today, wanted, mask_below=_mask_below())
        known = reviewers(session, person)
        others = others_at_work(session, person, {item.view.ref for item in items})
    back = list_address(request.full_path)
    shown = {"items": items, "others": others, "reviewers": known}
    return render_template("desk/queue.html", **shown, asked=asked, back=back)


@blueprint.get("/review/due")
def due_list() -> str:
    """Renders what is to be verified again."""
    person = signed_in()
    require(person, "verify")
    asked = parse_page(DueParameters, request.args)
    with services().database.read() as session:
        items = due(session, person, current().today, mask_below=_mask_below())
        never = never_verified(session, person)
    return render_template(
        "desk/due.html", items=items, never=never, asked=asked, actions=actions_for(person),
        back=list_address(request.full_path),
    )  # fmt: skip


@blueprint.get("/review/<ref>/<int:number>")
def revision(ref: str, number: int) -> str:
    """Renders a revision that readers may not see yet, for its author and reviewers."""
    signed_in()
    return _page(ref, number, parse_page(RevisionParameters, request.args))


@blueprint.post("/review/<ref>/<int:number>/decide")
def decide(ref: str, number: int) -> str | BaseResponse:
    """Does what the button says with a revision."""
    signed_in()
    verb = _VERBS.get(request.form.get("do", ""))
    if verb is None:
        raise InvalidRecord([Problem("do", f"must be one of {', '.join(_VERBS)}")])
    return _done(checked_ref(ref), number, verb)


@blueprint.post("/review/<ref>/<int:number>/assign")
def assign(ref: str, number: int) -> str | BaseResponse:
    """Says who is to review it."""
    reviewer()
    stated = request.form.get("to", "")
    to = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 10 else None

    def verb(ref: str, number: int) -> str:
        reviewing.assign(services().database, origin(), ref, number, to)
        return "assigned"

    return _done(checked_ref(ref), number, verb)


@blueprint.post("/review/<ref>/<int:number>/comments")
def add_comment(ref: str, number: int) -> str | BaseResponse:
    """Adds a comment in the margin, or settles one."""
    signed_in()
    settles = request.form.get("settles", "")

    def verb(ref: str, number: int) -> str:
        database = services().database
        if settles.isascii() and settles.isdigit() and len(settles) < 10:
            comments.settle(database, origin(), ref, number, int(settles), settled=True)
            return "settled"
        said = CommentText.model_construct(
            field=request.form.get("field", ""), text=request.form.get("text", "")
        )
        comments.comment(database, origin(), ref, number, said)
        return "commented"

    return _done(checked_ref(ref), number, verb)


def reviewer() -> Person:
    """Who asks. Raises SignInNeeded, NotAllowed."""
    person = signed_in()
    require(person, "review")
    return person


def _publish(ref: str, number: int) -> str:
    judgement = Judgement(request.form.get("edit") == "typographic", request.form.get("verify") == "yes")
    reviewing.publish(services().database, origin(), ref, number, judgement)
    return "published"


def _refuse(to: str, done: str) -> Callable[[str, int], str]:
    def verb(ref: str, number: int) -> str:
        reason = request.form.get("reason", "")
        if not reason.strip():
            raise InvalidRecord([Problem("reason", "is needed: the author has to know why")])
        reviewing.refuse(services().database, origin(), ref, number, to=to, reason=reason)
        return done

    return verb


def _plainly(action: Callable[..., Any], done: str) -> Callable[[str, int], str]:
    def verb(ref: str, number: int) -> str:
        action(services().database, origin(), ref, number)
        return done

    return verb


_VERBS: dict[str, Callable[[str, int], str]] = {
    "publish": _publish,
    "changes": _refuse(CHANGES, "changes"),
    "reject": _refuse(REJECTED, "rejected"),
    "reconsider": _plainly(reviewing.reconsider, "reconsidered"),
    "submit": _plainly(writing.submit, "submitted"),
    "take back": _plainly(writing.withdraw, "draft"),
    "discard": _plainly(writing.discard, "discarded"),
}
"""What the buttons of a revision do; each gives the word for what was done."""


def _done(ref: str, number: int, verb: Callable[[str, int], str]) -> str | BaseResponse:
    """To the page that says so; where it cannot be done, the page says why and keeps what was typed."""
    try:
        done = verb(ref, number)
    except InvalidRecord as error:
        return _page(ref, number, RevisionParameters(), Form(typed(), error.problems)), 400  # type: ignore[return-value]
    except EditConflict as error:
        return _page(ref, number, RevisionParameters(), Form(typed(), [Problem("", str(error))])), 409  # type: ignore[return-value]
    if done == "discarded":
        return redirect(url_for("writing.drafts", done=done), 303)
    anchor = "comments" if done in ("commented", "settled") else None
    return redirect(url_for("reviewing.revision", ref=ref, number=number, done=done, _anchor=anchor), 303)


def _page(ref: str, number: int, asked: RevisionParameters, form: Form | None = None) -> str:
    person = current().person
    with services().database.read() as session:
        case = find_case(session, person, checked_ref(ref), number)
        view = revision_view(session, person, case, asked)
        if can(person, "review") and (view.state == "submitted" or view.done):
            found = next_in_queue(session, person, current().today, case, mask_below=_mask_below())
            view = replace(view, following=found[0], waiting=found[1])
    prepare_markdown(view.page.texts)
    return render_template("desk/revision.html", view=view, form=form or Form())


def _mask_below() -> int:
    return services().settings.mask_below
