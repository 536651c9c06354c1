"""Headers of every answer, and the limits that every request meets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import RequestURITooLarge, UnsupportedMediaType
from werkzeug.routing import IntegerConverter

from kb.attachments.pictures import MAX_PICTURE
from kb.importing.sandbox import MAX_UPLOAD
from kb.validation import Problem
from web.context import current
from web.headers import FIXED
from web.parameters import BadParameters

if TYPE_CHECKING:
    from flask import Flask, Response

    from kb.config import Settings

MAX_BODY = 1_000_000
"""Bytes: forms are small; imports set their own limit."""


MAX_QUERY = 300_000
"""Bytes of an address after its question mark: the longest query, each character written as nine."""
MAX_PARTS = 2_000
"""Names with values that an address or a form may have. Reading a megabyte of them takes seconds."""
TAKE_FILES = {
    "paths.bring_now",
    "vocabulary_tables.load_now", "importing.upload", "reference_files.load_now", "project_loading.send",
    "rich.take_picture", "files.add",
}  # fmt: skip
"""Endpoints of forms with a file. All others refuse one before it is read."""
FORM_TYPE = "application/x-www-form-urlencoded"


LARGE_BODIES = {
    "importing.upload": MAX_UPLOAD + MAX_BODY,
    "api.bring_document": MAX_UPLOAD + MAX_BODY,
    "project_loading.send": 20_000_000,
    "api.bring_project_table": 20_000_000,
    "rich.take_picture": MAX_PICTURE + MAX_BODY,
    "files.add": MAX_UPLOAD + MAX_BODY,
    "api.attach_file": MAX_UPLOAD * 4 // 3 + MAX_BODY,
}
"""Endpoints that take more than MAX_BODY, and how much: documents, in JSON a third longer, and tables."""


class _Number(IntegerConverter):
    """`<int:number>` of an address: no more digits than a database's whole numbers hold."""

    regex = "[0-9]{1,9}"


def install_security(app: Flask, settings: Settings) -> None:
    """Limits bodies and host names, and adds the security headers to every answer."""
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        MAX_FORM_PARTS=MAX_PARTS,
        TRUSTED_HOSTS=_hosts(settings),
    )
    app.url_map.converters["int"] = _Number
    app.before_request(_check_shape)
    app.after_request(_add_headers)
    if settings.is_secure:
        app.after_request(_keep_to_tls)


def _hosts(settings: Settings) -> list[str]:
    """Names by which requests may call this server."""
    return ["127.0.0.1", "localhost", settings.host, urlsplit(settings.base_url).hostname or ""]


def _check_shape() -> None:
    """Refuses what would cost much to read, what nobody here reads, and what no database stores."""
    if request.endpoint in LARGE_BODIES:
        request.max_content_length = LARGE_BODIES[request.endpoint]
    if len(request.query_string) > MAX_QUERY:
        raise RequestURITooLarge
    if request.mimetype.startswith("multipart/") and request.endpoint not in TAKE_FILES:
        raise UnsupportedMediaType
    _check_pairs("the address", request.query_string)
    if request.mimetype == FORM_TYPE:
        _check_pairs("the form", request.get_data())


def _check_pairs(what: str, pairs: bytes) -> None:
    if pairs.count(b"&") >= MAX_PARTS:
        raise BadParameters([Problem("", f"{what} has more than {MAX_PARTS:,} parts; send fewer")])
    if b"%00" in pairs or b"\x00" in pairs:
        raise BadParameters(
            [Problem("", f"{what} holds the character U+0000, which cannot be stored; remove it")]
        )


def _keep_to_tls(response: Response) -> Response:
    response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _add_headers(response: Response) -> Response:
    policy = (
        "default-src 'self'; "
        f"script-src 'nonce-{current().nonce}'; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.update(FIXED)
    response.headers["X-Request-Id"] = current().request_id
    return response
