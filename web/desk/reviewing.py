"""Reviewing in the browser: the queue, a revision with its margin, and what is decided about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from flask import Blueprint, redirect, render_template, request, url_for

from kb.clauses import deleted_clauses
from kb.desk import comments, reviewing, writing
from kb.desk.access import Case, find_case, is_author
from kb.desk.comments import CommentText, comments_on
from kb.desk.comparing import differences_of, stored_for
from kb.desk.lines import line_of, published_number
from kb.desk.lists import QueueFilter, case_item, due, never_verified, next_in_queue, queue, reviewers
from kb.desk.required import missing
from kb.desk.reviewing import CHANGES, REJECTED, Judgement
from kb.errors import EditConflict, InvalidRecord
from kb.people.roles import can, require
from kb.reading import as_shown, view_of
from kb.validation import Problem
from web.context import current
from web.desk.bulk import actions_for, list_address
from web.desk.previews import unpublished_page
from web.entries import checked_ref
from web.forms import Form, typed
from web.identity import origin, signed_in
from web.parameters import ChoiceParameters, Kind, Parameters, parse_page
from web.services import services
from web.templating import prepare_markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response as BaseResponse

    from kb.clauses import Clause
    from kb.desk.comments import CommentView
    from kb.desk.differences import Difference
    from kb.desk.lists import QueueItem
    from kb.people.roles import Person
    from web.entry_views import EntryPage

blueprint = Blueprint("reviewing", __name__)


class QueueParameters(ChoiceParameters):
    """Which of what is in review."""

    kind: Kind | None = None
    state: Literal["submitted", "changes requested", "rejected"] = "submitted"
    assigned: Literal["", "me", "nobody"] = ""
    late: Literal["", "yes"] = ""


Done = Literal[
    "", "submitted", "draft", "commented", "settled", "assigned", "published", "changes", "rejected",
    "reconsidered",
]  # fmt: skip


class RevisionParameters(Parameters):
    """How the differences are shown, and what has just been done."""

    look: Literal["inline", "beside"] = "inline"
    done: Done = ""


class DueParameters(ChoiceParameters):
    """What has just been verified."""

    done: str = ""


@dataclass(frozen=True)
class RevisionView:
    """Everything the page of a revision shows."""

    page: EntryPage
    item: QueueItem
    against: int | None
    """The revision that it is compared with: the published text that it would take the place of."""
    fields: Sequence[Difference]
    comments: Sequence[CommentView]
    is_author: bool
    may_judge: bool
    is_overtaken: bool
    """Whether another text was published since it was begun."""
    lacking: Sequence[Problem]
    reason: str
    reviewers: Sequence[tuple[int, str]]
    names: Sequence[str]
    """Fields that a comment may be about."""
    look: str
    done: str
    deleted: Sequence[Clause] = ()
    """Clauses of the published template that it leaves out, while their lessons stand."""
    following: QueueItem | None = None
    """What a reviewer may look at next."""
    waiting: int = 0
    """How much more waits."""

    @property
    def state(self) -> str:
        """That of the revision."""
        return self.page.view.state


@blueprint.get("/review")
def review() -> str:
    """Renders the queue."""
    person = reviewer()
    asked = parse_page(QueueParameters, request.args)
    wanted = QueueFilter(asked.kind or "", asked.state, asked.assigned, overdue=bool(asked.late))
    with services().database.read() as session:
        items = queue(session, person, current().today, wanted, mask_below=_mask_below())
        known = reviewers(session, person)
    back = list_address(request.full_path)
    return render_template("desk/queue.html", items=items, asked=asked, reviewers=known, back=back)


@blueprint.get("/review/due")
def due_list() -> str:
    """Renders what is to be verified again."""
    person = signed_in()
    require(person, "verify")
    asked = parse_page(DueParameters, request.args)
    with services().database.read() as session:
        views = due(session, person, current().today, mask_below=_mask_below())
        never = never_verified(session, person)
    return render_template(
        "desk/due.html", views=views, never=never, asked=asked, actions=actions_for(person),
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


def revision_view(
    session: Session, person: Person, case: Case, asked: RevisionParameters | None = None
) -> RevisionView:
    """Everything about a revision that the person sees."""
    reader, entry = current().reader, case.revision.entry
    (shown,) = as_shown(session, [view_of(case.revision)], reader)
    page = unpublished_page(session, shown, reader)
    line = line_of(session, case)
    standing = published_number(session, entry)
    # Against what readers see; of a new entry against what was sent back before.
    published = [each for each in line[1:] if each.was_published]
    sent_back = [each for each in line[1:] if each.revision.state in (CHANGES, REJECTED)]
    against = next(iter((*published, *sent_back)), None)
    old = stored_for(session, person, against, reader) if against else {}
    return RevisionView(
        page=page,
        item=case_item(session, person, case, current().today, reader),
        against=against.revision.number if against else None,
        fields=differences_of(session, old, stored_for(session, person, case, reader), reader)
        if against
        else (),
        comments=comments_on(session, person, case),
        is_author=is_author(person, case) or can(person, "see drafts"),
        may_judge=reviewing.may_judge(session, origin(), case),
        is_overtaken=standing is not None
        and not case.was_published
        and standing not in {each.revision.number for each in line},
        lacking=missing(entry.kind, shown.content),
        reason=case.revision.reason,
        reviewers=reviewers(session, person) if can(person, "review") else (),
        names=["title", *(name for name in shown.stored if name != "title")],
        look=asked.look if asked else "inline",
        done=asked.done if asked else "",
        deleted=() if case.was_published else deleted_clauses(session, entry.ref, shown.content, reader),
    )


def _mask_below() -> int:
    return services().settings.mask_below
