"""No text that anybody can bring in becomes more than words, on any page, for anybody who sees it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from kb.database import open_database
from kb.people.texts import Email
from tests.fixtures.people import browser_of
from tests.fixtures.web import application
from tests.security.addresses import rules
from tests.security.building import build
from tests.security.filling import fits, harmless, hostile
from tests.security.judging import Own, elements_of
from tests.security.peopling import ISSUER
from tests.security.sending import Sending, Shown, somebody
from tests.security.test_point_03_sanitising import PRODUCT, beacons
from tests.security.told import TOLD_BY_US, text_columns
from tests.security.visiting import (
    Visit,
    everything_asked,
    fragments,
    gets,
    is_for_programs,
    texts_asked,
    visits,
)
from tests.security.world import STEP, World
from web.services import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from kb.people.roles import Person

pytestmark = pytest.mark.timeout(3_600)
"""With a step of 1 it takes long."""
SETTINGS = {
    "oidc_issuer": ISSUER, "oidc_client_id": "precedent", "oidc_client_secret": "secret",
    "oidc_name": "<img src=x onerror=window.__ran=9>",
}  # fmt: skip
FOLDER = "<img src=x onerror=window.__ran=8>"
"""The page about the server's operation shows where things are."""
NEVER_WELL = {"single_sign_on.callback"}
"""A page that says what is wrong: no provider answers here."""
NEVER_TAKEN = {"single_sign_on.connect"}
"""A form that asks for the password, which nobody knows here: it is sent, and refused."""
BY_SCRIPTS = {"rich.rendered", "rich.take_picture"}
"""No form sends there: scripts are answered with JSON, of HTML that was sanitised, or an address of ours."""


def opened(tmp_path: Path, template: Path, packs, step=STEP) -> Iterator[tuple[Flask, World]]:
    """The application over a repository of these texts."""
    home = tmp_path / FOLDER
    home.mkdir()
    shutil.copy(template, home / "precedent.sqlite")
    database = open_database(f"sqlite:///{home}/precedent.sqlite")
    world = build(database, home, packs, step)
    with application(home, engine=world.engine, **SETTINGS) as app:
        yield app, world
    database.dispose()


@pytest.fixture(autouse=True)
def _no_limits(monkeypatch):
    """As if the visits took hours."""
    for name in ("web.searches.SEARCH_OF_PERSON", "web.searches.SEARCH_OF_ADDRESS",
                 "kb.people.audit.REFUSALS", "web.signing.LINK_OF_ADDRESS",
                 "web.single_sign_on.LOGIN_OF_ADDRESS", "web.signing.LOGIN_OF_ADDRESS",
                 "web.unsubscribing.LINK_OF_ADDRESS"):  # fmt: skip
        module, _, limit = name.rpartition(".")
        before = getattr(__import__(module, fromlist=[limit]), limit)
        monkeypatch.setattr(name, type(before)(before.what, 10**9, before.seconds, before.words))


@pytest.fixture(scope="module")
def bad(tmp_path_factory, sqlite_template):
    """The repository in which each text would run."""
    yield from opened(tmp_path_factory.mktemp("bad"), sqlite_template, hostile())


@pytest.fixture(scope="module")
def good(tmp_path_factory, sqlite_template):
    """The same with words: what stands there is ours."""
    for app, world in opened(tmp_path_factory.mktemp("good"), sqlite_template, harmless(), max(STEP, 28)):
        world.asked = 3
        yield app, world


@pytest.fixture(scope="module")
def ours(good) -> Own:
    """What stands on the pages when their texts are harmless."""
    own = Own()
    for page in shown(*good).pages.values():
        own.learn(elements_of(page))
    return own


def actors(app: Flask, world: World) -> dict[str, Person | None]:
    """Who visits; the names of those who have signed in stand on every page."""
    return {"visitor": None} | {role: somebody(app, world, role) for role in ("reader", "admin")}


def shown(app: Flask, world: World) -> Shown:
    """Everything, for everybody."""
    found = Shown()
    for who, person in actors(app, world).items():
        world.viewer = (person.id if person else None) or world.viewer
        browser = browser_of(app, person)
        for visit in visits(app, world, who):
            headers = {"X-Fragment": visit.fragment} if visit.fragment else {}
            found.take(who, visit, browser.get(visit.address, headers=headers))
    return found


def all_faults(own: Own, pages: dict[tuple[str, Visit], str]) -> list[tuple[str, Visit, str]]:
    found = []
    for (who, visit), page in pages.items():
        found += [(who, visit, fault) for fault in own.faults(elements_of(page))]
        if PRODUCT in page:
            found.append((who, visit, "a template has calculated"))
    return found


def test_point_03_every_column_that_holds_words_was_given_hostile_ones(bad):
    """A new column fails until tests/security/world.py fills it, or says why nobody's words come there."""
    app, _ = bad
    empty, known = [], {f"{column.table.name}.{column.name}" for column in text_columns()}
    with app.extensions[EXTENSION].database.read() as session:
        for column in text_columns():
            name = f"{column.table.name}.{column.name}"
            if name not in TOLD_BY_US:
                held = [str(value) for value in session.scalars(select(column))]
                if len(beacons(held)) < 3:
                    empty.append(name)
    assert empty == []
    assert TOLD_BY_US.keys() <= known


def test_point_03_an_email_address_takes_no_mark_that_opens_or_closes_something():
    assert fits(Email, "ab@example.org")
    assert not [mark for mark in '<>"():; \\' if fits(Email, f"a{mark}b@example.org")]


def test_point_03_every_part_that_a_script_asks_for_is_visited(bad):
    assert {visit.fragment for visit in visits(*bad, "admin")} == {"", *fragments()}
    assert fragments() >= {"results", "palette", "preview"}


def test_point_03_addresses_are_asked_with_every_parameter(bad):
    app, _ = bad
    assert {"q", "tag", "sector", "next", "terms", "person", "object"} <= texts_asked()
    assert texts_asked() < everything_asked()
    assert {"done", "kind", "page", "revision", "since", "sort"} <= everything_asked() - texts_asked()
    assert len(gets(app)) > 30


def test_point_03_no_page_shows_a_text_as_more_than_words(ours, bad):
    found = shown(*bad)
    assert len(found.pages) > 500
    assert sorted({each[2][:160] for each in all_faults(ours, found.pages)})[:9] == []
    asked = {rule.endpoint for rule in gets(bad[0]) if not is_for_programs(rule)}
    assert asked - found.well - found.others.keys() == NEVER_WELL
    assert {"entries.download", "vocabulary_tables.download", "api.search"} <= found.others.keys()
    assert len(beacons(found.pages.values())) > 1_000


def test_point_03_no_form_gives_a_text_back_as_more_than_words(ours, good, bad):
    """Each form that stands on a page, also the ones that only come up after another was sent."""
    found = {}
    for name, (app, world) in (("good", good), ("bad", bad)):
        found[name] = Sending(app, world)
        for role in ("", "admin"):
            found[name].forms(role)
    for page in found["good"].shown.pages.values():
        ours.learn(elements_of(page))
    assert all_faults(ours, found["bad"].shown.pages)[:5] == []
    posts = {rule.endpoint for rule in rules(bad[0]) if "POST" in (rule.methods or ())}
    unsent = {each for each in posts if not each.startswith("api.")} - found["bad"].reached
    assert unsent - BY_SCRIPTS == NEVER_TAKEN
