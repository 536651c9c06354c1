"""/api/v1/documents: entries as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from kb.documents.conversion import MEDIA, Form
from kb.documents.tables import TABLE_MEDIA
from kb.strict import Strict
from web.documents import answer, sent
from web.filling import filled, template

if TYPE_CHECKING:
    from flask import Response

    from web.documents import DocumentParameters
    from web.parameters import NoParameters

DOCUMENTS = tuple(media.partition(";")[0] for media in MEDIA.values())
FILES = tuple(media.partition(";")[0] for media in (*MEDIA.values(), *TABLE_MEDIA.values()))


class FillBody(Strict):
    """What goes into a template."""

    values: Annotated[dict[str, str], Field(max_length=200, description="Texts, by the names of the fields.")]
    format: Annotated[Form, Field(description="Kind of file.")] = "docx"


def fill_template(_: NoParameters, body: FillBody, ref: str) -> Response:
    """The template as a document with the values in their places. What is typed is kept nowhere."""
    return sent(filled(template(ref), body.values, body.format))


def take_document(parameters: DocumentParameters) -> Response:
    """What a search finds, or the entries named, as one file: whole entries as md, docx or pdf (the first
    200), a table as csv or xlsx (the first 1,000 hits; 10,000 of a list that no words rank), or a report of
    lessons for people who decide. The audit log says who took it.
    """
    return answer(parameters.wanted)
