"""Notices in words, the same on pages, in mails and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.notices.reading import NoticeView

SENTENCES = {
    "review requested": "{who} asks you to review it.",
    "decision made": "{who} decided on it.",
    "text overtaken": "{who} published another change of it while you worked on yours.",
    "entry due": "It is due for verification: does it still hold?",
    "comment": "{who} commented on it.",
    "lesson superseded": "You adopted it, built on it or wrote it, and it no longer stands.",
    "lesson changed": "You adopted it, and it says something else now.",
    "task given": "{who} gives it to you to do.",
    "action due": "You are to put it to use.",
    "path assigned": "{who} asks you to complete it.",
    "assignment changed": "{who} changed what you are asked to do.",
    "path due": "You are asked to complete it.",
    "answers marked": "{who} has read your answers.",
    "help asked": "{who} asks for your help.",
    "help answered": "{who} answers your request for help.",
}
"""What has happened to the thing whose title stands before it."""
UNSIGNED = {"assignment changed": "What you are asked to do has changed."}
"""The same where nobody did it."""
KINDS = {
    "review requested": "reviews that are asked of you",
    "decision made": "decisions on what you wrote",
    "text overtaken": "changes of yours that another one overtook",
    "entry due": "entries that are due for verification",
    "comment": "comments",
    "lesson superseded": "entries that no longer stand",
    "lesson changed": "lessons that say something else now",
    "task given": "what is given to you to do",
    "action due": "what you are to do soon",
}
"""What mails of each kind are about."""


def heading(notice: NoticeView) -> str:
    """What it is about: the entry's title, or the words of what is about no entry."""
    return notice.title or notice.ref or notice.words or notice.event.capitalize()


def sentence(notice: NoticeView) -> str:
    """What has happened; empty where the heading says it."""
    if not notice.title and not notice.ref and not notice.actor:
        return ""
    known = SENTENCES.get(notice.event, f"{notice.event.capitalize()}.")
    known = known if notice.actor else UNSIGNED.get(notice.event, known)
    return known.format(who=notice.actor or "Somebody")


def details(notice: NoticeView) -> str:
    """What was said about it, where the heading is not that already."""
    return notice.words if notice.title or notice.ref else ""
