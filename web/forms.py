"""Forms: what was typed, what is wrong with it, and that it comes from a page of ours."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from flask import request
from pydantic import BaseModel

from kb.errors import InvalidRecord, KbError
from kb.people.secrets import derived, same
from kb.validation import Problem, validate
from web.context import current
from web.identity import SAFE, form_secret
from web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask import Flask

TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field
TOKEN_HEADER = "X-Form-Token"  # noqa: S105
ONCE_FIELD = "once"
BY_LINK = {"unsubscribing.stop"}
"""What mail programs ask for by themselves: a signed link says that they may."""
M = TypeVar("M", bound=BaseModel)


class FormRefused(KbError):
    """The request that changes something does not come from a page of this repository."""


@dataclass
class Form:
    """A form as it is shown: values as typed, and problems beside their fields."""

    values: Mapping[str, str] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    several: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Fields of several values, such as boxes that were ticked."""

    def value(self, name: str, default: str = "") -> str:
        """What was typed into the field."""
        return self.values.get(name, default)

    def problem(self, name: str) -> str:
        """What is wrong with the field; empty when nothing is."""
        return "; ".join(_located(each) for each in self.problems if each.field.partition(".")[0] == name)

    def chosen(self, name: str, default: Sequence[str] = ()) -> Sequence[str]:
        """The boxes that were ticked; those of `default` in a form that was not sent yet."""
        return self.several.get(name, ()) if self.values else default

    @property
    def others(self) -> list[str]:
        """Problems that are no single field's."""
        return [str(each) for each in self.problems if not each.field]


def install_forms(app: Flask) -> None:
    """Requests that change something must come from a page of ours, or bring a token."""
    app.before_request(_check_request)
    app.jinja_env.globals["form_token"] = form_token
    app.jinja_env.globals["form_once"] = form_once


def form_token() -> str:
    """The hidden field of a form. It works in the browser that it was made for."""
    return derived(form_secret(), "form")


def form_once() -> str:
    """The hidden field of a form that makes a secret: another one on each page that shows the form."""
    return secrets.token_urlsafe(16)


def sent() -> str:
    """What tells this sending of a form from others: the form, whole and from this browser. What differs in
    any field, as after going back to the page and typing something else, is another sending.

    Empty for forms without the field: they are not ours, and make something each time.
    """
    if not request.form.get(ONCE_FIELD):
        return ""
    fields = [[name, *values] for name, values in sorted(request.form.lists())]
    return json.dumps([request.path, current().person.id, fields])


def read_form(model: type[M], lists: Sequence[str] = (), **given: object) -> M:
    """The fields of a form as a model; `lists` are fields of several values.

    Raises InvalidRecord naming each field that is wrong.
    """
    data: dict[str, object] = dict(given)
    for name in model.model_fields:
        if name in lists:
            data[name] = [value for value in request.form.getlist(name) if value.strip()]
        elif name in request.form:
            data[name] = request.form[name]
    return validate(model, data)


def typed() -> dict[str, str]:
    """What was typed, to be shown again: everything but passwords."""
    return {name: value for name, value in request.form.items() if "password" not in name}


def refilled(error: InvalidRecord) -> Form:
    """The form as it was sent, with what is wrong."""
    several = {name: request.form.getlist(name) for name in request.form}
    return Form(typed(), error.problems, several)


def whole(text: str) -> int | str:
    """What was typed as a whole number where it is one; else as it is, for the model to refuse."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else text


def _located(problem: Problem) -> str:
    """The message, with the number of the entry that is wrong in a field of several."""
    place = problem.field.partition(".")[2]
    return f"(entry {place}) {problem.message}" if place.isdecimal() else problem.message


def _check_request() -> None:
    if request.method in SAFE or request.endpoint is None or current().person.token_id is not None:
        return
    if request.endpoint in BY_LINK:
        return
    if request.blueprint == "api" and not current().person.is_known:
        return  # there is no session that another site could use; the call says that it needs one
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in {"same-origin", "none"} or not _is_ours(request.headers.get("Origin")):
        raise FormRefused("The request came from another site. Nothing was changed.")
    given = request.form.get(TOKEN_FIELD) or request.headers.get(TOKEN_HEADER) or ""
    if not same(given, form_token()):
        raise FormRefused(
            "This form is out of date: it was opened before you signed in or out, or in another browser. "
            "Nothing was changed. Go back, load the page again and send the form once more."
        )


def _is_ours(address: str | None) -> bool:
    if address is None:
        return True
    given = urlsplit(address)
    ours = {urlsplit(request.host_url), urlsplit(services().settings.base_url)}
    return (given.scheme, given.netloc) in {(each.scheme, each.netloc) for each in ours}
