"""What is answered to visits and to forms, and somebody who fills in every form that there is."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kb.people.accounts import find_user
from tests.fixtures.people import browser_of
from tests.security.bringing import give_upload
from tests.security.forms import forms_of
from tests.security.peopling import give_keys, newcomer
from tests.security.visiting import Visit, plain_visits
from web.forms import TOKEN_FIELD
from web.services import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.test import TestResponse

    from kb.people.roles import Person
    from tests.fixtures.people import Browser
    from tests.security.forms import Filled, PageForm
    from tests.security.world import World

ANSWERS = {
    "application/json", "application/problem+json", "text/csv", "text/markdown", "text/plain",
    "application/octet-stream", "application/pdf", "application/zip", "application/vc+jwt",
    "application/x-ndjson",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
"""What is answered besides pages."""


TAKEN = {200, 400, 401, 409, 502}
"""How a form is answered that was read; with a 502 where another machine does not answer."""
STATES = {"importing.preview", "teaching.attempt"}
"""Pages that look otherwise in each state of what they are about."""


@dataclass
class Shown:
    """What was answered to the visits of one repository."""

    pages: dict[tuple[str, Visit], str] = field(default_factory=dict)
    """Who asked for what, and the page."""
    well: set[str] = field(default_factory=set)
    """The endpoints that gave a page to somebody."""
    others: dict[str, str] = field(default_factory=dict)
    """The endpoints that gave something else, and of what kind."""

    def take(self, who: str, visit: Visit, answer: TestResponse) -> None:
        """Notes the answer. Only pages may be taken for HTML."""
        kind = answer.mimetype
        if kind == "text/html":
            self.pages[who, visit] = answer.text
            if answer.status_code == 200:
                self.well.add(visit.endpoint)
        elif answer.status_code not in {301, 303, 308}:
            assert kind in ANSWERS, (visit, kind)
            if kind.endswith("json"):
                for part in answer.text.splitlines() if kind.endswith("ndjson") else [answer.text]:
                    json.loads(part)
            if answer.status_code == 200:
                self.others[visit.endpoint] = kind
        assert answer.status_code not in {500, 503}, (who, visit)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        answer.close()


def somebody(app: Flask, world: World, role: str) -> Person:
    """As `newcomer`, with a table of projects; the pages are theirs from now on."""
    with app.extensions[EXTENSION].database.write_aside() as session:
        person = newcomer(session, world, role)
        give_upload(session, world, person.id or 0)
    world.viewer = person.id or 0
    return person


@dataclass
class Sending:
    """Fills in and sends each kind of form that somebody finds, and those of the pages that come back."""

    app: Flask
    world: World
    shown: Shown = field(default_factory=Shown)
    seen: set[object] = field(default_factory=set)
    reached: set[str] = field(default_factory=set)
    """The endpoints that took a form for what it is, if only to say what is wrong with it."""

    def forms(self, role: str) -> None:
        """All forms of the pages that the role opens."""
        browser = self._browser(role)
        for place, visit in self._places().items():
            answer = browser.get(visit.address)
            if answer.mimetype == "text/html":
                for form in forms_of(answer.text, visit.address):
                    if form.shape not in self.seen:
                        self._fill(role, place, form)
            answer.close()

    def _places(self) -> dict[str, Visit]:
        """The first address of each kind, as the viewer finds it; where there are several states, of each."""
        first: dict[str, Visit] = {}
        for each in plain_visits(self.app, self.world):
            kind = re.sub("[0-9]+", "0", each.address)
            place = f"{kind} {len(first)}" if each.endpoint in STATES else kind
            first.setdefault(place, each)
        return first

    def _fill(self, role: str, place: str, form: PageForm) -> None:
        """Somebody new opens the page and sends its form in every way, then the forms that came back."""
        browser = self._browser(role)
        address = self._places()[place].address
        waiting = [form]
        self.seen.add(form.shape)
        for each in waiting:  # it grows meanwhile
            # What an earlier form was about may be used up: one like it, of what is there now.
            page = browser.get(address).text
            fresh = next((one for one in forms_of(page, address) if one.shape == each.shape), each)
            for back in self._send(role, browser, fresh):
                for found in forms_of(back, each.action):
                    if found.shape not in self.seen:
                        self.seen.add(found.shape)
                        waiting.append(found)

    def _send(self, role: str, browser: Browser, form: PageForm) -> Iterator[str]:
        """The pages that come back. Each is sent from a session of its own, as some end it."""
        endpoint = endpoint_of(self.app, form)
        for way, fields in form.ways(self.world.packs[0]):
            sender = self._again(browser)
            answer = sender.send(form.action, **self._sent(endpoint, form, fields))
            to = answer.headers.get("Location", "")
            if answer.status_code in TAKEN or (to and not to.startswith("/sign-in?")):
                self.reached.add(endpoint)
            if answer.status_code == 303:
                answer.close()
                answer = sender.get(to)
            page = answer.text if answer.mimetype == "text/html" else ""
            self.shown.take(role, Visit(form.action, f"{form.shape[1]} {way}", endpoint), answer)
            if page:
                yield page

    def _browser(self, role: str) -> Browser:
        """Of somebody new with all kinds of keys, and a password that nobody knows; or of a visitor."""
        if not role:
            self.person = None
            return browser_of(self.app)
        self.person = somebody(self.app, self.world, role)
        with self.app.extensions[EXTENSION].database.write_aside() as session:
            user = find_user(session, self.person.id or 0)
            user.password = "!"
            give_keys(session, self.world, user, 0)
        return browser_of(self.app, self.person)

    def _again(self, browser: Browser) -> Browser:
        """The same person in another browser; a visitor in the same."""
        return browser_of(self.app, self.person) if self.person else browser

    def _sent(self, endpoint: str, form: PageForm, fields: Filled) -> dict[str, Any]:
        """The fields as they are posted, with a file wherever one is taken."""
        found: dict[str, Any] = {}
        for name, value in fields:
            if name != TOKEN_FIELD:
                found.setdefault(name, []).append(value)
        return found | {
            name: (io.BytesIO(self._table(endpoint)), self._name(endpoint)) for name in form.files
        }

    def _name(self, endpoint: str) -> str:
        """A hostile name with the ending that the page takes."""
        return self.world.line(0) + {"importing.upload": ".md", "project_loading.send": ".csv"}.get(
            endpoint, ""
        )

    def _table(self, endpoint: str) -> bytes:
        """A document, a table of projects, or one of the vocabulary."""
        texts = [text.replace('"', "'").replace("\n", " ") for text in self.world.packs[0]]
        if endpoint == "importing.upload":
            return "\n\n".join(f"# {text}\n\n{text}" for text in texts).encode()
        if endpoint == "project_loading.send":
            lines = [
                f'"{text}",{at + 5},"{text}",{("sweet", "sour")[at % 2]}' for at, text in enumerate(texts)
            ]
            return "\n".join([f'Title,Cost,"{texts[0]}",Flavour', *lines]).encode()
        lines = [f'synonyms,"{text} | x{at}",' for at, text in enumerate(texts)]
        return "\n".join(["kind,terms,note", *lines]).encode()


def endpoint_of(app: Flask, form: PageForm) -> str:
    """Where the form goes."""
    found = app.url_map.bind("127.0.0.1").match(form.action.partition("?")[0], method="POST")
    return str(found[0])
