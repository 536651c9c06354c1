"""What templates may use: formats, icons, Markdown and the tokens of the request."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined
from markupsafe import Markup

from kb.sections import HEADINGS
from web import labels
from web.context import current
from web.services import services

if TYPE_CHECKING:
    from flask import Flask

ICONS = "build/icons.svg"
FORMATS = (
    "day", "month", "number", "signed", "short_amount", "duration", "trust", "facet_value", "kind_name",
    "event_date",
)  # fmt: skip
"""Functions of `web.labels` that templates use as filters."""
TOP_LEVEL = 3
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
    app.jinja_env.globals["labels"] = labels
    app.jinja_env.globals["headings"] = HEADINGS
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


def _request_globals() -> dict[str, Any]:
    context = current()
    return {"nonce": context.nonce, "today": context.today, "request_id": context.request_id}


def _has_icons(app: Flask) -> bool:
    """Whether the icons were built: pages work without them."""
    return (Path(app.static_folder or "") / ICONS).is_file()
