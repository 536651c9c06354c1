"""Logs on standard error: lines for people, or a JSON object a line for programs.

Whatever a client sends, it cannot begin a line: JSON escapes what would, and in lines for people
every character that cannot be printed stands as its escape.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from kb.config import LogForm

OURS = ("kb", "indexer", "search", "web", "corpus")
"""Their messages count from information on, those of libraries from warnings on."""
FIELDS = ("request_id", "method", "endpoint", "path", "status", "ms", "person")
"""What is said of a request, where there is one."""
MOST = 20_000
"""Characters of a message or an exception: more is cut in the middle."""

logger = logging.getLogger("web")


class JsonFormatter(logging.Formatter):
    """One JSON object a record, in ASCII."""

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line."""
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _cut(record.getMessage()),
        }
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line["exception"] = _cut(self.formatException(record.exc_info))
        return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    """A line a record; a traceback follows on lines that begin with a bar."""

    def format(self, record: logging.LogRecord) -> str:
        """The record, and its traceback if it has one."""
        request_id = getattr(record, "request_id", None)
        mark = f" [{request_id}]" if request_id else ""
        text = f"{record.levelname.lower()} {record.name}: {_cut(record.getMessage())}{mark}"
        lines = [f"{_time(record)} {printable(text)}"]
        if record.exc_info:
            trace = _cut(self.formatException(record.exc_info))
            lines += [f"  | {printable(line)}" for line in trace.splitlines()]
        return "\n".join(lines)


def configure(form: LogForm, *filters: logging.Filter) -> None:
    """From now on this process logs in this form. `filters` see every record, and may add FIELDS."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    for each in filters:
        handler.addFilter(each)
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_exception
    threading.excepthook = lambda found: _log_exception(
        found.exc_type, found.exc_value or found.exc_type(), found.exc_traceback
    )


def writes_json() -> bool:
    """Whether this process logs JSON."""
    return any(isinstance(handler.formatter, JsonFormatter) for handler in logging.root.handlers)


def teller(form: LogForm) -> Callable[[str], None]:
    """How a process that stays tells what it does: to people on standard output, to programs by the log."""
    return logger.info if form == "json" else click.echo


def printable(text: str) -> str:
    """The text on one line, with escapes for what cannot be printed."""
    if text.isprintable():
        return text
    escaped = (char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return "".join(escaped)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _cut(text: str) -> str:
    return text if len(text) <= MOST else f"{text[: MOST // 2]} [...] {text[-MOST // 2 :]}"


def _log_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logger.critical("this process ends by an error", exc_info=(kind, error, trace))
