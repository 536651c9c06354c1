"""The OpenAPI 3.1 description, generated from the models that parse and answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from kb.content import CONTENT
from kb.text import REF_PATTERN
from web.api.models import Answer, ProblemAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import BaseModel

    from web.parameters import Parameters

_REF = "#/components/schemas/{model}"
_PATH_NAME = re.compile(r"<(\w+)>")
PATH_SCHEMAS = {
    "ref": {"type": "string", "pattern": f"^{REF_PATTERN}$"},
    "number": {"type": "integer", "minimum": 1},
}


@dataclass(frozen=True)
class Operation:
    """One route: where, what answers it, and the shapes of question and answer."""

    path: str
    verb: Callable[..., Answer]
    parameters: type[Parameters]
    answer: type[Answer]
    summary: str

    @property
    def name(self) -> str:
        """The operation's id."""
        return self.verb.__name__


def describe(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole description as a JSON object."""
    models: set[type[BaseModel]] = {operation.answer for operation in operations} | {ProblemAnswer}
    models |= set(CONTENT.values())
    _, schemas = models_json_schema(
        [(model, "serialization") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template=_REF,
    )
    components = schemas["$defs"]
    _type_content(components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Precedent",
            "version": _version(),
            "description": "What past projects teach the next one: search and read the repository.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "paths": {_PATH_NAME.sub(r"{\1}", each.path): {"get": _describe(each)} for each in operations},
        "components": {"schemas": components},
    }


def _type_content(components: dict[str, Any]) -> None:
    """The content of an entry is the content of one of the kinds."""
    kinds = [{"$ref": _REF.format(model=model.__name__)} for model in CONTENT.values()]
    for name in ("RevisionAnswer", "EntryAnswer"):
        components[name]["properties"]["content"] = {"title": "Content", "anyOf": kinds}


def _describe(operation: Operation) -> dict[str, Any]:
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": (operation.verb.__doc__ or "").strip(),
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": {
            "200": _content("The answer.", operation.answer.__name__, "application/json"),
            "400": _problem("A parameter is unknown or wrong; `errors` names each."),
            **({"404": _problem("There is no such entry.")} if "<ref>" in operation.path else {}),
            "503": _problem("The records cannot be reached."),
        },
    }


def _path_parameters(operation: Operation) -> list[dict[str, Any]]:
    names = _PATH_NAME.findall(operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": PATH_SCHEMAS[name]} for name in names]


def _query_parameters(operation: Operation) -> list[dict[str, Any]]:
    properties = operation.parameters.model_json_schema().get("properties", {})
    # Lists are repeated parameters (tag=a&tag=b), which is OpenAPI's default style.
    return [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()]


def _content(description: str, model: str, media_type: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model=model)}
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _problem(description: str) -> dict[str, Any]:
    return _content(description, "ProblemAnswer", "application/problem+json")


def _version() -> str:
    try:
        return version("precedent")
    except PackageNotFoundError:
        return "0"
