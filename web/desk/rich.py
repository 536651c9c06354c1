"""What the rich-text editor asks the server: how texts look, and to take a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from flask import Blueprint, jsonify, request
from pydantic import Field

from kb.attachments.pictures import bring
from kb.attachments.storing import address_of
from kb.errors import InvalidRecord
from kb.people.errors import TooMany
from kb.strict import Strict
from kb.text import MAX_WORDS
from kb.validation import validate
from web.bodies import json_body
from web.desk.writing import contributor
from web.identity import origin
from web.services import services

if TYPE_CHECKING:
    from flask import Response

blueprint = Blueprint("rich", __name__)
MOST_TEXTS = 200


class TextsBody(Strict):
    """Markdown texts."""

    texts: Annotated[
        list[Annotated[str, Field(max_length=MAX_WORDS * 2)]], Field(min_length=1, max_length=MOST_TEXTS)
    ]


@blueprint.post("/texts/html")
def rendered() -> Response:
    """The HTML of each text, as the renderer makes it. Nothing is kept."""
    contributor()
    body = validate(TextsBody, json_body())
    return jsonify(html=services().renderer.many(body.texts, keep=False))


@blueprint.post("/pictures")
def take_picture() -> tuple[Response, int]:
    """Takes a picture for a text that is being written: its address, or what is wrong with it."""
    contributor()
    file = request.files.get("file")
    data = b""
    if file is not None:
        data = file.read()
        file.close()
    try:
        picture = bring(services().database, origin(), data)
    except InvalidRecord as error:
        return jsonify(error=f"The picture {error.problems[0].message}"), 400
    except TooMany as error:
        return jsonify(error=str(error)), 429
    return jsonify(address=address_of(picture)), 201
