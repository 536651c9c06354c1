"""The OpenAPI 3.1 description, generated from the models that parse and answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from kb.content import CONTENT
from kb.people.roles import ACTIONS, PERMISSIONS, ROLES
from kb.steps import STEP_PATTERN
from kb.taxonomy.dimensions import DIMENSIONS
from kb.text import REF_PATTERN
from kb.version import product_version
from web.api.examples import BODIES, PATH
from web.api.models import ProblemAnswer
from web.api.operations import JSON, LARGEST, PREFIX
from web.api.responses import responses
from web.forms import TOKEN_HEADER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel

    from web.api.operations import Operation

REF = "#/components/schemas/{model}"
_PATH_NAME = re.compile(r"<(\w+)>")
_LIMITS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": LARGEST}
_REF = {"type": "string", "pattern": f"^{REF_PATTERN}$"}
PATH_SCHEMAS = {
    "ref": _REF,
    "dossier": {"type": "string", "pattern": "^E-[0-9]{4,9}$"},
    "other": _REF,
    "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "number": _NUMBER,
    "group": _NUMBER,
    "person": _NUMBER,
    "path": _REF,
    "step": {"type": "string", "pattern": f"^{STEP_PATTERN}$"},
    "training": _REF,
    "attempt": _NUMBER,
    "waiting": _NUMBER,
    "action": _NUMBER,
    "adoption": _NUMBER,
    "assignment": _NUMBER,
    "cohort": _NUMBER,
    "request": _NUMBER,
    "revision": _NUMBER | {"maximum": 1_000_000},
    "comment": _NUMBER,
    "name": {"type": "string", "enum": list(DIMENSIONS)},
    "place": {"type": "string", "pattern": f"^({REF_PATTERN}|new:({'|'.join(CONTENT)}))$"},
}
INTRODUCTION = (
    "What past projects teach the next one: search and read the repository, estimate from finished projects, "
    "keep the vocabulary, take learning paths, look after people and their accounts. Programs send a token, "
    "which a person makes on the page of their account: `Authorization: Bearer prc_...`. Scripts of our own "
    "pages send the session's cookie, and with what changes something the value of the page's field "
    f"`form_token` in the header `{TOKEN_HEADER}`."
)


def describe(
    operations: Sequence[Operation], tags: Mapping[str, str], *, cookie: str, is_open: bool
) -> dict[str, Any]:
    """The whole description as a JSON object. `is_open`: visitors may read."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = _PATH_NAME.sub(r"{\1}", operation.path)
        described = _describe(operation, is_open=is_open)
        described["tags"] = [tags[path.split("/")[1]]]
        paths.setdefault(path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Precedent",
            "version": product_version(),
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "tags": [{"name": name} for name in dict.fromkeys(tags.values())],
        "paths": paths,
        "components": {"schemas": _schemas(operations), "securitySchemes": _security_schemes(cookie)},
    }


def _schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    answers: set[type[BaseModel]] = {each.answer for each in operations if each.answer is not None}
    answers |= {ProblemAnswer}
    bodies = {each.body for each in operations if each.body is not None}
    named = [(model, "serialization") for model in answers] + [
        (model, "validation") for model in (*bodies, *CONTENT.values())
    ]
    refs, schemas = models_json_schema(
        sorted(named, key=lambda pair: pair[0].__name__),  # type: ignore[arg-type]
        ref_template=REF,
    )
    components: dict[str, Any] = schemas["$defs"]
    # The content of an entry is the content of one of the kinds.
    kinds = [refs[model, "validation"] for model in CONTENT.values()]
    for name in ("RevisionAnswer", "EntryAnswer", "WorkAnswer"):
        components[name]["properties"]["content"] = {"title": "Content", "anyOf": kinds}
    return components


def _security_schemes(cookie: str) -> dict[str, Any]:
    return {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token within its scopes; those named here are needed.",
        },
        "session": {"type": "apiKey", "in": "cookie", "name": cookie, "description": "A browser's session."},
        "form_token": {
            "type": "apiKey",
            "in": "header",
            "name": TOKEN_HEADER,
            "description": "With a session: that the request comes from a page of ours.",
        },
    }


def _describe(operation: Operation, *, is_open: bool) -> dict[str, Any]:
    described = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": " ".join(part for part in (_words(operation), who_may(operation)) if part),
        "parameters": [*_path(operation), *_query(operation), *_headers(operation)],
        "responses": responses(operation, REF),
        "security": _security(operation, is_open=is_open),
    }
    if operation.takes:
        file = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
        described["requestBody"] = {"required": True, "content": {operation.takes: file}}
    if operation.body is not None:
        schema = {"$ref": REF.format(model=operation.body.__name__)}
        content = {"schema": schema, "example": BODIES[operation.name]}
        described["requestBody"] = {"required": True, "content": {JSON: content}}
    return described


def _words(operation: Operation) -> str:
    return " ".join((operation.verb.__doc__ or "").split())


def who_may(operation: Operation) -> str:
    """Who may make the call, in a sentence or two; empty for whoever may read."""
    if operation.action:
        roles = [role for role in ROLES if operation.action in PERMISSIONS[role]]
        who = f"For whoever may {_lower(ACTIONS[operation.action])} ({', '.join(roles)})."
    else:
        who = "For whoever has signed in." if operation.own else ""
    if operation.is_browsers:
        return f"{who} Tokens cannot do it."
    return f"{who} A token needs the scope `{operation.scope}`." if operation.scope else who


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _security(operation: Operation, *, is_open: bool) -> list[dict[str, list[str]]]:
    token = {"token": [operation.scope] if operation.scope else []}
    names = ["session"] if operation.is_safe else ["session", "form_token"]
    session: dict[str, list[str]] = {name: [] for name in names}
    nobody = is_open and not operation.needs_person
    return [*([{}] if nobody else []), *([] if operation.is_browsers else [token]), session]


def _path(operation: Operation) -> list[dict[str, Any]]:
    names = _PATH_NAME.findall(operation.path)
    return [
        {"name": name, "in": "path", "required": True, "schema": PATH_SCHEMAS[name], "example": PATH[name]}
        for name in names
    ]


def _query(operation: Operation) -> list[dict[str, Any]]:
    described = operation.parameters.model_json_schema()
    needed = described.get("required", [])
    # Lists are repeated parameters (tag=a&tag=b), which is OpenAPI's default style.
    return [
        _parameter(name, schema) | ({"required": True} if name in needed else {})
        for name, schema in described.get("properties", {}).items()
    ]


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    schema = {key: value for key, value in schema.items() if key != "title" and value is not None}
    description = schema.pop("description", None)
    schema |= {"items": _standard(schema["items"])} if "items" in schema else {}
    # What need not be given may not be given as null either: there is none in an address.
    kinds = [each for each in schema.pop("anyOf", []) if each != {"type": "null"}]
    schema |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}
    words = {"description": description} if description else {}
    return {"name": name, "in": "query", "schema": _standard(schema)} | words


def _standard(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with JSON Schema's names of limits: behind a validator pydantic leaves its own."""
    return {_LIMITS.get(name, name): value for name, value in schema.items()}


def _headers(operation: Operation) -> list[dict[str, Any]]:
    if not operation.has_versions or operation.is_safe:
        return []
    words = "The ETag that was read; in its place `version` may say which version that was."
    return [{"name": "If-Match", "in": "header", "schema": {"type": "string"}, "description": words}]
