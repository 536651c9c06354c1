"""The API as a page that people can read, made from the same description that programs read."""

from __future__ import annotations

import json
import re
import shlex
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template

from kb.people.roles import ACTIONS, SCOPES
from web.api import description
from web.api.examples import QUERIES
from web.api_shapes import Words, fields_of, kind_of, name_of
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from web.api_shapes import FieldView

blueprint = Blueprint("api_page", __name__)
PLACES = {"path": "in the path", "query": "after the ?", "header": "header"}
JSON = "application/json"


@dataclass(frozen=True)
class ParameterView:
    """What a call takes beside its body."""

    name: str
    place: str
    kind: Words
    is_needed: bool
    description: str


@dataclass(frozen=True)
class AnswerView:
    """One status that a call can answer with."""

    status: str
    description: str
    kind: Words
    """What stands in it; empty for nothing."""


@dataclass(frozen=True)
class CallView:
    """One operation of the description."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: Sequence[ParameterView]
    body: str
    """The shape of the body; empty where none is taken."""
    body_fields: Sequence[FieldView]
    example: str
    """The body of the example, laid out."""
    answers: Sequence[AnswerView]
    curl: str


@dataclass(frozen=True)
class ShapeView:
    """What stands in bodies and answers, under its name."""

    name: str
    kind: Words
    """Of what kind it is, where it has no fields."""
    fields: Sequence[FieldView]


@dataclass(frozen=True)
class ApiView:
    """Everything the template shows."""

    base: str
    version: str
    introduction: str
    groups: Mapping[str, Sequence[CallView]]
    """What the calls are about -> the calls."""
    shapes: Sequence[ShapeView]
    scopes: Mapping[str, Sequence[str]]
    """Scope -> what a token may do by it, in words."""


@blueprint.get("/api")
def api_page() -> str:
    """Renders every operation, parameter, body and answer of the description."""
    return render_template("api.html", view=view_of(description(), services().settings.base_url))


def view_of(document: Mapping[str, Any], base_url: str) -> ApiView:
    """The page of an OpenAPI description that is served under an address."""
    base = base_url + document["servers"][0]["url"]
    schemas = document["components"]["schemas"]
    cookie = document["components"]["securitySchemes"]["session"]["name"]
    groups: dict[str, list[CallView]] = {tag["name"]: [] for tag in document["tags"]}
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            groups[call["tags"][0]].append(_call(method.upper(), path, call, schemas, (base, cookie)))
    return ApiView(
        base=base,
        version=document["info"]["version"],
        introduction=document["info"]["description"],
        groups={name: calls for name, calls in groups.items() if calls},
        shapes=[
            ShapeView(name, kind_of(schema), fields_of(schema)) for name, schema in sorted(schemas.items())
        ],
        scopes={scope: _allowed(actions) for scope, actions in SCOPES.items()},
    )


def _allowed(actions: frozenset[str]) -> list[str]:
    return [ACTIONS[action].lower() for action in ACTIONS if action in actions]


def _call(
    method: str, path: str, call: Mapping[str, Any], schemas: Mapping[str, Any], here: tuple[str, str]
) -> CallView:
    content: dict[str, dict[str, Any]] = call.get("requestBody", {}).get("content", {})
    kind = next(iter(content), "")
    body = content.get(kind, {})
    name = name_of(body.get("schema", {}))
    return CallView(
        id=call["operationId"],
        method=method,
        path=path,
        summary=call["summary"],
        description=call.get("description", ""),
        parameters=[_parameter(each) for each in call.get("parameters", [])],
        body=name or kind,
        body_fields=fields_of(schemas[name]) if name else (),
        example=json.dumps(body["example"], indent=2, ensure_ascii=False) if "example" in body else "",
        answers=[_answer(status, answer) for status, answer in call["responses"].items()],
        curl=_curl(method, path, call, here),
    )


def _parameter(each: Mapping[str, Any]) -> ParameterView:
    place, is_needed = PLACES.get(each["in"], each["in"]), each.get("required", False)
    return ParameterView(each["name"], place, kind_of(each["schema"]), is_needed, each.get("description", ""))


def _answer(status: str, answer: Mapping[str, Any]) -> AnswerView:
    kinds: Words = ()
    for media, content in answer.get("content", {}).items():
        is_json = media.endswith("json")
        kinds += ((" or ", ""),) if kinds else ()
        kinds += kind_of(content.get("schema", {})) if is_json else ((media, ""),)
    return AnswerView(status, answer["description"], kinds)


def _curl(method: str, path: str, call: Mapping[str, Any], here: tuple[str, str]) -> str:
    """The call as a line for a shell, with what it needs in variables."""
    base, cookie = here
    parts = ["curl"]
    if method != "GET":
        parts.append(f"-X {method}")
    parts += _keys(call, cookie)
    content = call.get("requestBody", {}).get("content", {})
    body = content.get(JSON, {}).get("example")
    versions = [each["name"] for each in call.get("parameters", []) if each["in"] == "header"]
    if "If-Match" in versions and "version" not in (body or {}):
        parts.append("""-H 'If-Match: "1"'""")
    if body is not None:
        compact = json.dumps(body, ensure_ascii=False)
        parts += [f"-H 'Content-Type: {JSON}'", f"-d {shlex.quote(compact)}"]
    elif content:
        parts += [f"-H 'Content-Type: {next(iter(content))}'", "--data-binary @FILE"]
    if not _answers_json(call):
        parts.append("-OJ")
    parts.append(shlex.quote(base + _address(path, call)))
    return _lines(parts)


def _keys(call: Mapping[str, Any], cookie: str) -> Iterator[str]:
    ways = call.get("security", [])
    if any("token" in way for way in ways):
        if {} not in ways:
            yield '-H "Authorization: Bearer $TOKEN"'
    elif {} not in ways:
        yield f'-b "{cookie}=$SESSION"'
        if any("form_token" in way for way in ways):
            yield '-H "X-Form-Token: $FORM_TOKEN"'


def _answers_json(call: Mapping[str, Any]) -> bool:
    good = next(answer for status, answer in call["responses"].items() if status.startswith("2"))
    return all(media.endswith("json") for media in good.get("content", {}))


def _address(path: str, call: Mapping[str, Any]) -> str:
    """The path with its examples, and what the call cannot do without."""
    given = {each["name"]: each for each in call.get("parameters", [])}
    filled = re.sub(
        r"\{(\w+)\}", lambda name: urllib.parse.quote(str(given[name[1]].get("example", 1))), path
    )
    needed = {
        name: _sample(each["schema"])
        for name, each in given.items()
        if each["in"] == "query" and each.get("required")
    }
    asked = urllib.parse.urlencode(needed | QUERIES.get(call["operationId"], {}))
    return f"{filled}?{asked}" if asked else filled


def _sample(schema: Mapping[str, Any]) -> str:
    """A value that fits well enough, where nobody has written a better one."""
    if "enum" in schema:
        return str(schema["enum"][0])
    if schema.get("type") == "array":
        return _sample(schema["items"])
    return str(schema.get("minimum", 1)) if schema.get("type") == "integer" else "text"


def _lines(parts: Sequence[str], width: int = 76) -> str:
    """The words of a command, broken between options where it gets long."""
    line, lines = "", list[str]()
    for part in parts:
        if line and len(line) + len(part) + 1 > width:
            lines.append(line)
            line = f"  {part}"
        else:
            line = f"{line} {part}" if line else part
    return " \\\n".join([*lines, line])
