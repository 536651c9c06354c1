"""Files of entries: pictures to be shown, everything else to be saved and never opened here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response, request

from kb.attachments.reading import find_file
from kb.errors import NotFound
from web.context import current
from web.parameters import NoParameters, parse_page
from web.services import services

if TYPE_CHECKING:
    from kb.attachments.reading import File

blueprint = Blueprint("attachments", __name__)
_NAME = re.compile(r"([0-9a-f]{64})(?:\.(?:png|jpeg|webp))?")
SANDBOX = "default-src 'none'; sandbox"
"""Whatever a file holds, it runs nothing and reaches nothing, even if somebody opens it by its address."""


@blueprint.get("/attachments/<file>")
def attachment(file: str) -> Response:
    """Sends a file of an entry that the reader may see. Its address is the hash of its bytes."""
    parse_page(NoParameters, request.args)
    name = _NAME.fullmatch(file)
    if name is None:
        raise NotFound("There is no such file.")
    with services().database.read() as session:
        found = find_file(session, name[1], current().reader, current().person)
    return _sent(found)


def _sent(file: File) -> Response:
    view = file.view
    response = Response(file.data, content_type=view.media if view.is_picture else "application/octet-stream")
    kind = "inline" if view.is_picture else "attachment"
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", view.name)
    response.headers["Content-Disposition"] = (
        f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(view.name, safe='')}"
    )
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-cache"
    return response
