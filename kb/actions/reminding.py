"""Reminders: a week before an action is due, and every week that it is overdue."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from kb.actions.keeping import due_words
from kb.actions.model import LessonAction
from kb.model import Entry
from kb.notices.telling import notify

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

EVENT = "action due"
AHEAD = timedelta(days=7)


def remind(session: Session, today: date) -> int:
    """Tells the owners of actions that are due within a week or overdue; returns how many were told now."""
    due = (LessonAction.state == "assigned", LessonAction.due_on <= today + AHEAD)
    query = select(LessonAction, Entry.ref).join(Entry).where(*due).order_by(LessonAction.id)
    told = 0
    year, week, _ = today.isocalendar()
    for row, ref in session.execute(query).all():
        is_late = row.due_on is not None and row.due_on < today
        once = f"action {row.id} {row.due_on} " + (f"late {year}-W{week:02}" if is_late else "soon")
        words = ("Overdue: " if is_late else "") + due_words(row.what, row.due_on)
        to, place = [row.owner_id or 0], f"/actions/{row.id}"
        told += notify(session, EVENT, to, ref=ref, words=words, once=once, place=place)
    return told
