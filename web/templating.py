"""What templates may use: formats, icons, Markdown and the tokens of the request."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined
from markupsafe import Markup

from kb.content import to_json
from kb.formats.cells import flatten
from kb.people.roles import can
from kb.sections import HEADINGS
from web import labels
from web.context import current
from web.desk.wording import text_of
from web.notices import unread_notices
from web.roles import here, looks
from web.services import services

if TYPE_CHECKING:
    from flask import Flask

    from kb.content import Content

ICONS = "build/icons.svg"
FORMATS = (
    "day", "month", "number", "signed", "short_amount", "duration", "trust", "facet_value", "kind_name",
    "event_date", "moment", "exact", "amount", "file_size", "media_name", "figure", "plain_number",
)  # fmt: skip
"""Functions of `web.labels` that templates use as filters."""
TOP_LEVEL = 3
MOST_SHOWN = 300
_HEADING = re.compile(r"</?h([1-6])\b")
_EMPTY_HEADER = re.compile(r"<th( align=\"\w+\")?>\s*</th>")
_BLANK = re.compile(r"\{\{([^{}<>\"'&]{1,200})\}\}")


def install_templating(app: Flask) -> None:
    """Adds the filters and globals. An undefined name in a template is an error."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    for name in FORMATS:
        app.jinja_env.filters[name] = getattr(labels, name)
    app.jinja_env.filters["markdown"] = markdown
    app.jinja_env.filters["pair"] = lambda each: (each, each)
    app.jinja_env.filters["target_pair"] = lambda target: (target.name, target.label)
    app.jinja_env.filters["stored"] = stored_fields
    app.jinja_env.globals["labels"] = labels
    app.jinja_env.globals["headings"] = HEADINGS
    app.jinja_env.globals["field_label"] = lambda name: text_of("", name).label
    app.jinja_env.globals["has_icons"] = _has_icons(app)
    app.context_processor(_request_globals)


def prepare_markdown(texts: list[str]) -> None:
    """Renders the texts of this answer together: one look into the cache, and one write to it."""
    current().rendered.update(zip(texts, services().renderer.many(texts), strict=True))


def markdown(text: str) -> Markup:
    """Markdown as sanitised HTML, below a heading of the second level.

    Its highest heading becomes the third level, header cells without words become plain ones, and
    `{{blanks}}` of templates stand out as <var>.
    """
    html = current().rendered.get(text) or services().renderer.html(text)
    lift = min((int(level) for level in _HEADING.findall(html)), default=TOP_LEVEL) - TOP_LEVEL
    if lift > 0:
        html = _HEADING.sub(lambda tag: tag[0].replace(tag[1], str(int(tag[1]) - lift)), html)
    # None of the changes puts in a quote that was not there: they are safe even inside an attribute.
    html = _EMPTY_HEADER.sub(r"<td\1></td>", html)
    return Markup(_BLANK.sub(r"<var>\1</var>", html))  # noqa: S704 - the renderer has sanitised it


def stored_fields(content: Content) -> list[tuple[str, str]]:
    """What a record holds, as it is stored: the names of fields and their values, in the order of files."""
    cells = flatten(to_json(content))
    return [(name.replace("_", " "), value if len(value) <= MOST_SHOWN else f"{value[:MOST_SHOWN]} …")
            for name, value in cells.items() if name != "title"]  # fmt: skip


def _request_globals() -> dict[str, Any]:
    context = current()
    return {
        "nonce": context.nonce,
        "today": context.today,
        "request_id": context.request_id,
        "person": context.person,
        "can": partial(can, context.person),
        "looks": looks(context.person),
        "here": here(),
        "unread_notices": unread_notices,
    }


def _has_icons(app: Flask) -> bool:
    """Whether the icons were built: pages work without them."""
    return (Path(app.static_folder or "") / ICONS).is_file()
