"""The answers that a call can get, for its description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from web.api.operations import JSON

if TYPE_CHECKING:
    from web.api.operations import Operation

PROBLEM = "application/problem+json"
RETRY = {"description": "Seconds to wait.", "required": True, "schema": {"type": "integer", "minimum": 0}}
WORDS = {
    200: "The answer.",
    201: "It was made.",
    204: "It was done.",
    304: "It still is what If-None-Match names.",
    400: "A parameter or a field of the body is unknown or wrong; `errors` names each.",
    401: "Nobody has signed in, or the token does not work.",
    403: "The roles, or the token's scopes, do not allow it; or a form token is missing.",
    404: "There is nothing of this name or number, or it is not for whoever calls.",
    412: "It is no longer what If-Match names.",
    413: "The body is too large.",
    415: "The body is of a kind that nothing here reads.",
    422: "The file could not be made.",
    428: "The call does not say which version it is about.",
    429: "Too many searches in a short time, or too much was tried that is not allowed.",
    503: "The records cannot be reached, or nothing can be stored for now; `detail` says which.",
}
"""Statuses and what they mean."""


def responses(operation: Operation, ref: str) -> dict[str, Any]:
    """Every answer, by its status. `ref` is where models are described."""
    found = {str(operation.status): _success(operation, ref)}
    if operation.has_versions and operation.is_safe:
        found["304"] = {"description": WORDS[304], "headers": _version_headers()}
    for status in _failures(operation):
        words = operation.conflict if status == 409 else WORDS[status]
        found[str(status)] = _problem(status, words, ref)
    return dict(sorted(found.items()))


def _failures(operation: Operation) -> list[int]:
    changes = not operation.is_safe
    possible = {
        400: True,
        401: True,
        403: changes or operation.needs_person,
        404: "<" in operation.path or operation.makes_files or operation.may_miss,
        409: bool(operation.conflict),
        412: changes and operation.has_versions,
        413: operation.body is not None or bool(operation.takes),
        415: changes,
        422: operation.makes_files,
        428: changes and operation.has_versions,
        429: True,
        503: True,
    }
    return [status for status, can_be in possible.items() if can_be]


def _success(operation: Operation, ref: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": WORDS[operation.status]}
    if operation.answer is not None:
        answer["content"] = {JSON: {"schema": {"$ref": ref.format(model=operation.answer.__name__)}}}
    elif operation.media:
        answer["content"] = {media: {"schema": {"type": "string"}} for media in operation.media}
    headers: dict[str, Any] = {}
    if operation.status == 201:
        words = "Path of what was made."
        headers["Location"] = {"description": words, "required": True, "schema": {"type": "string"}}
    if operation.has_versions and operation.answer is not None:
        headers |= _version_headers()
    return answer | ({"headers": headers} if headers else {})


def _version_headers() -> dict[str, Any]:
    words = "The version, for If-Match."
    return {"ETag": {"description": words, "required": True, "schema": {"type": "string"}}}


def _problem(status: int, words: str, ref: str) -> dict[str, Any]:
    problem: dict[str, Any] = {
        "description": words,
        "content": {PROBLEM: {"schema": {"$ref": ref.format(model="ProblemAnswer")}}},
    }
    if status == 401:
        schema = {"type": "string", "const": "Bearer"}
        words = "How to say who calls."
        problem["headers"] = {"WWW-Authenticate": {"description": words, "required": True, "schema": schema}}
    elif status in {429, 503}:
        problem["headers"] = {"Retry-After": RETRY}
    return problem
