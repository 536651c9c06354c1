"""Advice while a lesson is written: what could be better, and which entries it looks like."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template, request
from sqlalchemy import select

from kb.desk.linter import advise
from kb.errors import NotFound
from kb.people.errors import TooMany
from kb.people.model import User
from kb.recurring import times_learned
from kb.vocabulary import list_groups
from search.alike import alike_among, request_for
from web.context import current
from web.desk.fields import plan_of
from web.desk.reading_forms import read_fields
from web.searches import count_one
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kb.desk.linter import Advice

blueprint = Blueprint("advising", __name__)
logger = logging.getLogger(__name__)
LINTED = "lesson"


@dataclass(frozen=True)
class Counsel:
    """Everything that is said beside the form."""

    advice: Sequence[Advice]
    alike: Sequence[LikeLesson]


@dataclass(frozen=True)
class LikeLesson:
    """A published lesson that a text looks like."""

    ref: str
    title: str
    learned: int
    """How often, itself included."""


@blueprint.post("/advice/<kind>")
def advice(kind: str) -> str:
    """Renders advice on what is typed at the moment. Nothing is kept."""
    from web.desk.writing import contributor

    contributor()
    if kind != LINTED:
        raise NotFound("There is advice on lessons only.")
    data = read_fields(plan_of(kind).fields, request.form)
    return render_template("desk/advice.html", counsel=counsel_on(data, request.form.get("ref", "")))


def counsel_on(data: Mapping[str, Any], ref: str) -> Counsel:
    """Advice on a lesson, and the published lessons that it looks like."""
    with services().database.read() as session:
        groups = list_groups(session)
        names = session.scalars(select(User.name).where(User.status == "active")).all()
    acronyms = {group.terms[0] for group in groups if group.kind == "acronym"}
    return Counsel(advise(data, acronyms=acronyms, names=names), looks_like(data, ref))


def looks_like(data: Mapping[str, Any], ref: str) -> list[LikeLesson]:
    """Published lessons that it does not name yet; none where the search fails.

    What somebody writes is no search: it is not counted as one, since curators read those.
    """
    request = request_for(data)
    if request is None:
        return []
    try:
        count_one()
        page = services().engine.search(request, current().reader)
    except TooMany:
        return []
    except Exception:
        logger.exception("request %s: looking for similar lessons failed", current().request_id)
        return []
    found = [hit.entry for hit in alike_among(page, data, ref)]
    with services().database.read() as session:
        learned = times_learned(session, [each.ref for each in found], current().reader)
    return [LikeLesson(each.ref, each.title, learned[each.ref]) for each in found]
