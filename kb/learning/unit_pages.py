"""The pages of a cmi5 package: static HTML that needs nothing but the package itself."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from kb.kinds import Training
from kb.learning.cmi5 import content_of
from kb.learning.questions import asked, is_written, right_order
from kb.markup import showable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kb.kinds import Question
    from kb.learning.cmi5 import Block, Material, Unit
    from kb.learning.questions import Asked
    from kb.reading import EntryView
    from kb.steps import LinkStep

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src http: https:; base-uri 'none'; form-action 'none'"
)
REPORTS_NOTHING = (
    "This page reports nothing: it was not opened by a learning system that speaks cmi5. What you do here is "
    "kept nowhere."
)


def can_score(question: Question) -> bool:
    """Whether a program can tell what an answer is worth."""
    return bool(accepted(question)) if is_written(question) else bool(question.options)


def accepted(question: Question) -> list[str]:
    """The texts that answer a question in words; none where a person has to read the answer."""
    options = question.options if question.type == "short" else []
    return [options[each] for each in question.answers if each < len(options)] or options


def unit_page(unit: Unit, inner: str) -> str:
    """The page of a unit; `inner` is its material as sanitised HTML, without questions."""
    title, questions = unit.material.title, asked_by(unit.material)
    note = f"<p><strong>From the trainer:</strong> {_text(unit.step.note)}</p>" if unit.step.note else ""
    forms = _questions(unit, questions)
    end = "" if unit.scored else '<p><button type="button" id="done" hidden>Done</button></p>'
    told = f'<p class="told" id="report" role="status">{REPORTS_NOTHING}</p>'
    body = f"<main><h1>{_text(title)}</h1>{told}{note}{inner}{forms}{end}</main>"
    return _page(title, body, "../", script=True)


def asked_by(material: Material) -> Sequence[Question]:
    """The questions of what a step leads to."""
    content = content_of(material)
    return content.assessment if isinstance(content, Training) else []


def leading_on(step: LinkStep) -> str:
    """The material of a step that is a link. What it leads to speaks no cmi5, so this page does."""
    return (
        f'<p><a href="{escape(step.link)}" target="_blank" rel="noopener noreferrer">Open {_text(step.host)}'
        "</a> (in a new tab). Come back to this page afterwards.</p>"
    )


def index_page(view: EntryView, blocks: Sequence[Block], left_out: int) -> str:
    """What whoever opens the package without a learning system finds."""
    parts = [f"<main><h1>{_text(view.title)}</h1>"]
    parts.append(
        '<p class="told">A cmi5 package made by Precedent. Import the whole file into a learning system; '
        "read here, it reports nothing.</p>"
    )
    if left_out:
        what = "step was" if left_out == 1 else "steps were"
        parts.append(f"<p>{left_out:,} {what} not open to whoever made the package, and left out.</p>")
    for block in blocks:
        links = "".join(
            f'<li><a href="{escape(unit.file)}">{_text(unit.material.title)}</a></li>' for unit in block.units
        )
        parts.append(f"<h2>{_text(block.title)}</h2><ol>{links}</ol>")
    return _page(view.title, "".join([*parts, "</main>"]), "", script=False)


def _page(title: str, body: str, up: str, *, script: bool) -> str:
    code = f'<script src="{up}unit.js" defer></script>' if script else ""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<link rel="stylesheet" href="{up}unit.css">{code}</head><body>{body}</body></html>\n'
    )


def _questions(unit: Unit, questions: Sequence[Question]) -> str:
    """The questions that are scored in a form, and those that only a person can judge after them."""
    put = asked(questions, unit.name)
    scored = [each for each in put if can_score(each.question)]
    open_ones = [each.question for each in put if not can_score(each.question)]
    parts = []
    if scored:
        fields = "".join(_field(each) for each in scored)
        bank = {"list": [_told(each) for each in scored], "mark": _mark(unit)}
        data = json.dumps(bank, ensure_ascii=True).replace("<", "\\u003c")
        parts.append(
            f'<h2>Questions</h2><form id="questions">{fields}<p id="result" class="told" role="status" '
            'hidden></p><p><button type="submit" id="done">Hand in</button></p></form>'
            f'<script type="application/json" id="bank">{data}</script>'
        )
    if open_ones:
        parts.append(
            "<h2>To think about</h2>"
            "<p>Only a person can judge these answers, so they are not scored here.</p>"
        )
        parts += [_open(question) for question in open_ones]
    return "".join(parts)


def _mark(unit: Unit) -> int:
    return getattr(content_of(unit.material), "pass_mark", None) or 0


def _told(each: Asked) -> dict[str, Any]:
    """What the script needs to score an answer."""
    question = each.question
    right = right_order(question)
    if question.type == "multiple":
        right = sorted(set(right))
    return {
        "place": each.place, "type": "short" if each.is_written else question.type,
        "options": list(each.options), "right": right,
        "accepted": accepted(question) if each.is_written else [],
    }  # fmt: skip


def _field(each: Asked) -> str:
    question, name = each.question, f"q{each.place}"
    if each.is_written:
        inner = f'<label>Your answer<input type="text" name="{name}" required autocomplete="off"></label>'
    elif question.type == "order":
        places = range(1, len(question.options) + 1)
        inner = "".join(
            _place(question.options[option], f"{name}-{option}", places) for option in each.options
        )
    else:
        kind = "checkbox" if question.type == "multiple" else "radio"
        needed = "" if kind == "checkbox" else " required"
        inner = "".join(
            f'<label><input type="{kind}" name="{name}" value="{option}"{needed}> '
            f"{_text(question.options[option])}</label>"
            for option in each.options
        )
    said = f'<p class="feedback" hidden>{_text(question.feedback)}</p>' if question.feedback else ""
    return f"<fieldset><legend>{_text(question.text)}</legend>{inner}{said}</fieldset>"


def _place(words: str, name: str, places: Iterable[int]) -> str:
    choices = "".join(f'<option value="{place}">{place}</option>' for place in places)
    inner = f'<select name="{name}" required><option value=""></option>{choices}</select>'
    return f"<label>{_text(words)}{inner}</label>"


def _open(question: Question) -> str:
    answer = f"<details><summary>One answer</summary>{_text(question.model_answer)}</details>"
    return f"<section><h3>{_text(question.text)}</h3>{answer if question.model_answer else ''}</section>"


def _text(words: str) -> str:
    return escape(showable(words))
