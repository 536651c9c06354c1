"""The JSON API: one table of operations makes the routes and their OpenAPI description."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request

from web.api.openapi import describe
from web.api.operations import JSON, PREFIX
from web.api.table import OPERATIONS, TAGS
from web.identity import cookie_name
from web.parameters import NoParameters, parse
from web.services import services


def make_blueprint() -> Blueprint:
    """The blueprint under /api/v1."""
    blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
    for operation in OPERATIONS:
        blueprint.add_url_rule(
            operation.path, operation.name, operation.answer_request, methods=[operation.method]
        )
    blueprint.add_url_rule("/openapi.json", "openapi", _openapi, methods=["GET"])
    return blueprint


def description() -> dict[str, Any]:
    """The OpenAPI description of the API as it is set up here."""
    settings = services().settings
    return describe(OPERATIONS, TAGS, cookie=cookie_name(settings), is_open=settings.public_reading)


def _openapi() -> Response:
    parse(NoParameters, request.args)
    return Response(json.dumps(description()), content_type=JSON)
