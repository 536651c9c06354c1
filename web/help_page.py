"""The help page: the query language, the reasons of a hit, the shortcuts."""

from __future__ import annotations

from flask import Blueprint, render_template

from web.links import SearchState

blueprint = Blueprint("help", __name__)

QUERIES = (
    ("cut-over rehearsal", "Entries about these words or near them in meaning; not every word must occur."),
    ('"change control"', "The exact phrase. Every hit holds it."),
    ("supplier -software", "A minus in front leaves out what holds the word."),
    ("kind:lesson contingency", "Only one kind: lesson, review, template, training, path or project."),
    ('sector:"public health" training', "A value of several words goes in quotes."),
    ("tag:procurement phase:planning", "Several fields narrow together."),
    ("-method:agile estimate", "A minus in front of a field leaves those entries out."),
    ("permits after:2018 before:2022", "Years, both included."),
    ("verified:overdue", "Without words, filters list entries, newest first."),
    ("L-0001", "An id goes straight to its entry, as the first hit."),
)
"""Example queries and what they do."""

FIELDS = {
    "kind": "lesson, review, template, training, path, project",
    "type": "such as problem, good practice, near miss; closure, gate; quiz, exercise",
    "tag": "any tag",
    "sector": "such as transport or “public health”",
    "region": "where it happened",
    "phase": "such as planning, testing, transition",
    "method": "agile, waterfall, hybrid",
    "year": "a year, such as 2021",
    "outcome": "succeeded, challenged, failed, cancelled",
    "verified": "verified, overdue, unverified",
    "after, before": "a year",
}
"""Fields of the query language and what they hold."""


@blueprint.get("/help")
def help_page() -> str:
    """Renders the help with live examples."""
    examples = [(query, words, SearchState(query).url) for query, words in QUERIES]
    return render_template("help.html", examples=examples, fields=FIELDS)
