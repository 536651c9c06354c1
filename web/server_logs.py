"""The log of the web server's processes: gunicorn's own lines look like ours."""

from __future__ import annotations

import logging
from typing import Any

from flask import has_request_context, request
from gunicorn.glogging import Logger

from kb.config import Settings
from web.context import current
from web.logs import configure


class RequestFields(logging.Filter):
    """Adds to every record of a request what it is about. The query is left out: it may hold secrets."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets everything through."""
        if has_request_context():
            context = current()
            record.request_id, record.person = context.request_id, context.person_id
            record.method, record.endpoint, record.path = request.method, request.endpoint, request.path
        return True


class ServerLogger(Logger):  # type: ignore[misc]
    """What gunicorn makes its logs with."""

    def setup(self, cfg: Any) -> None:
        """One handler for all, in the form that PRECEDENT_LOG names."""
        super().setup(cfg)
        configure(Settings.from_env().log, RequestFields())
        self.error_log.handlers = []
        self.error_log.propagate = True
