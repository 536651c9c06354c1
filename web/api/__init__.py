"""The JSON API: one table of operations makes the routes and their OpenAPI description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from web.api import entries, search, vocabulary
from web.api.models import (
    EntryAnswer,
    EntryList,
    HistoryAnswer,
    RevisionAnswer,
    SearchAnswer,
    SimilarAnswer,
)
from web.api.openapi import Operation, describe
from web.api.vocabulary import VocabularyAnswer
from web.parameters import ListParameters, NoParameters, SearchParameters, SimilarParameters, parse
from web.vocabulary import GroupParameters

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATIONS = (
    Operation("/search", search.search, SearchParameters, SearchAnswer, "Search entries"),
    Operation("/entries", entries.list_entries, ListParameters, EntryList, "List entries"),
    Operation("/entries/<ref>", entries.get_entry, NoParameters, EntryAnswer, "Read an entry"),
    Operation("/entries/<ref>/similar", entries.similar, SimilarParameters, SimilarAnswer,
              "Entries nearest in meaning"),
    Operation("/entries/<ref>/history", entries.history, NoParameters, HistoryAnswer,
              "Revisions that are or were published"),
    Operation("/entries/<ref>/revisions/<number>", entries.get_revision, NoParameters, RevisionAnswer,
              "Read one revision"),
    Operation("/vocabulary", vocabulary.vocabulary, GroupParameters, VocabularyAnswer,
              "List terms that mean the same"),
)  # fmt: skip


def make_blueprint() -> Blueprint:
    """The blueprint under /api/v1."""
    blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
    for operation in OPERATIONS:
        blueprint.add_url_rule(operation.path, operation.name, _view(operation), methods=["GET"])
    blueprint.add_url_rule("/openapi.json", "openapi", _openapi, methods=["GET"])
    return blueprint


def _view(operation: Operation) -> Callable[..., Response]:
    """Parses the parameters, calls the verb, renders its answer."""

    def view(**path: str) -> Response:
        parameters = parse(operation.parameters, request.args)
        answer = operation.verb(parameters, **path)
        return Response(answer.model_dump_json(), content_type="application/json")

    return view


def _openapi() -> Response:
    import json

    parse(NoParameters, request.args)
    return Response(json.dumps(describe(OPERATIONS)), content_type="application/json")
