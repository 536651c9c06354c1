"""A real browser over the hostile texts, with the policy that would stop scripts off: nothing runs."""

from __future__ import annotations

import re
import shutil
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from kb.database import open_database
from tests.fixtures.browser import foreign
from tests.fixtures.people import session_secret
from tests.fixtures.served import free_port
from tests.fixtures.web import application
from tests.security.bringing import give_upload
from tests.security.building import build
from tests.security.filling import hostile
from tests.security.payloads import payloads
from tests.security.peopling import newcomer
from tests.security.visiting import gets, is_for_programs, plain_visits
from tests.security.world import STEP, World
from web.services import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from playwright.sync_api import Browser, BrowserContext, Page

    from kb.people.roles import Person

pytestmark = pytest.mark.browser

EVERY = 1 if STEP == 1 else STEP * 3
"""Each entry's page holds more than a hundred of the texts."""
WATCH = """
window.__runs = [];
window.__blocked = [];
Object.defineProperty(window, '__ran', {set(number) { window.__runs.push(number); }, get() { return 0; }});
addEventListener('securitypolicyviolation', (event) => window.__blocked.push(event.blockedURI));
"""
PROVOKE = """async () => {
  const events = ['mouseover', 'focus', 'toggle', 'animationstart', 'error', 'load', 'begin'];
  const found = [];
  for (const each of document.querySelectorAll('*')) {
    const own = each.matches('script[src^="/static/js/"], meta[http-equiv=refresh][content="5"]');
    if (!own && each.matches('script, iframe, frame, object, embed, applet, base, portal, meta[http-equiv]'))
      found.push(each.outerHTML.slice(0, 200));
    for (const {name, value} of each.attributes)
      if (name.startsWith('on')) found.push(`${name}=${value}`.slice(0, 200));
    for (const name of ['href', 'action', 'formAction', 'src']) {
      const held = each.getAttribute(name.toLowerCase());
      if (held !== null && typeof each[name] === 'string' && /^[a-z-]+:/i.test(each[name])
          && !['http:', 'https:', 'mailto:'].includes(new URL(each[name]).protocol))
        found.push(`${name}: ${each[name]}`.slice(0, 200));
    }
    for (const name of events) each.dispatchEvent(new Event(name));
  }
  await new Promise((done) => setTimeout(done, 20));
  return {runs: window.__runs, blocked: window.__blocked, found};
}"""
"""Does what a person or the browser may do to each element, and says what would run when pressed."""


class Quiet(WSGIRequestHandler):
    """No line for each request."""

    def log_request(self, *said: object) -> None:
        """Nothing."""


@dataclass
class Site:
    """The application behind an address, over the hostile repository."""

    app: Flask
    world: World
    url: str

    @cached_property
    def person(self) -> Person:
        """Somebody who may see everything, with a document and a table on their way in."""
        with self.app.extensions[EXTENSION].database.write_aside() as session:
            person = newcomer(session, self.world, "admin")
            give_upload(session, self.world, person.id or 0)
        return person

    def context(self, browser: Browser, *, is_guarded: bool) -> BrowserContext:
        """A browser of that person; `is_guarded` by the content security policy."""
        self.world.viewer = self.person.id or 0
        context = browser.new_context(bypass_csp=not is_guarded, locale="en-GB")
        secret = session_secret(self.app, self.person)
        context.add_cookies([{"name": "precedent", "value": secret, "url": self.url}])
        context.add_init_script(WATCH)
        return context

    def addresses(self) -> dict[str, str]:
        """Every entry, document and list of demand, and of the other pages the first of each kind; and the
        endpoint of each.
        """
        pages = {rule.endpoint for rule in gets(self.app) if not is_for_programs(rule)}
        first, endpoints = dict[str, str](), dict[str, str]()
        for each in plain_visits(self.app, self.world):
            if each.endpoint in pages and not FILES.search(each.address):
                first.setdefault(each.address if each.endpoint in ALL_OF else each.endpoint, each.address)
                endpoints[each.address] = each.endpoint
        words = (
            "/search?q=script+window",
            "/search?q=%22window+ran%22",
            "/search?q=onerrror+windw",
            "/search",
        )
        found = {address: endpoints[address] for address in first.values()}
        return found | dict.fromkeys(words, "results.results")


ALL_OF = {
    "entries.entry", "importing.preview", "demand.demand", "taxonomy.taxonomy", "duplicates.compare",
    "filling.form", "signing.welcome", "unsubscribing.look",
}  # fmt: skip
"""Pages that are visited at each address, not only the first."""
REFUSED = {"single_sign_on.begin", "single_sign_on.callback", "single_sign_on.connections", "signing.sign_in"}
"""Pages that say what is wrong, or lead elsewhere, as nobody signs in here."""
FILES = re.compile(r"\.(md|docx|csv|xlsx|jwt|zip)$|^/(documents|attachments)|^/(healthz|readyz|metrics)$")


@dataclass
class Watched:
    """What a page did that it should not."""

    faults: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        """Watches the page from now on."""
        page.on("dialog", lambda dialog: (self.faults.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self.faults.extend(foreign(request.url)))
        page.on("popup", lambda popup: self.faults.append(f"window {popup.url}"))

    def look(self, page: Page) -> set[int]:
        """The numbers of the texts that ran."""
        seen = page.evaluate(PROVOKE)
        self.faults += seen["found"]
        if len(page.frames) > 1:
            self.faults.append("a frame")
        return set(seen["runs"])


@pytest.fixture(scope="module")
def site(tmp_path_factory, sqlite_template) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("hostile")
    shutil.copy(sqlite_template, home / "precedent.sqlite")
    database = open_database(f"sqlite:///{home}/precedent.sqlite")
    world, port = build(database, home, hostile(), EVERY), free_port()
    with application(home, engine=world.engine, port=port) as app:
        server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Site(app, world, f"http://127.0.0.1:{port}")
        server.shutdown()
        thread.join()
        server.server_close()
    database.dispose()


@pytest.fixture(scope="module")
def unguarded(browser, site) -> Iterator[BrowserContext]:
    context = site.context(browser, is_guarded=False)
    yield context
    context.close()


@pytest.fixture
def page(unguarded) -> Iterator[Page]:
    page = unguarded.new_page()
    yield page
    page.close()


def unsafe(page: Page, site: Site, body: str, policy: str = "") -> None:
    """Opens a page of this site that shows the texts as HTML."""
    headers = {"Content-Security-Policy": policy} if policy else {}
    whole = f"<!doctype html><title>x</title>{body}"
    page.route(
        "**/unsafe", lambda route: route.fulfill(body=whole, content_type="text/html", headers=headers)
    )
    page.goto(f"{site.url}/unsafe", wait_until="load")


def handlers() -> str:
    """Texts of which each would run by itself, side by side."""
    return "".join(each.text for each in payloads()[:174] if "<style" not in each.text)


def test_point_03_the_browser_notices_what_runs(page, site):
    """The control: a page that shows texts as they are."""
    watched = Watched()
    watched.over(page)
    unsafe(page, site, handlers())
    assert len(watched.look(page)) > 80
    assert [each for each in watched.faults if each.startswith("onerror=window.__ran=")]
    for body, told in (
        ("<script>alert(1)</script>", "dialog"), ("<img src=//evil.example/x>", "it asked another host"),
        ("<a href='java&#115;cript:x'>x</a>", "href: javascript:x"), ("<iframe></iframe>", "a frame"),
        ("<script>window.__ran=7</script>", "<script>"), ("<base href=/x/>", "<base"),
    ):  # fmt: skip
        watched.faults.clear()
        page.unroute("**/unsafe")
        unsafe(page, site, body)
        watched.look(page)
        assert [each for each in watched.faults if each.startswith(told)], (body, watched.faults)


def test_point_03_the_policy_would_stop_it(browser, site):
    """Where a text did come through as HTML, the policy of every page would still let it do nothing."""
    context = site.context(browser, is_guarded=True)
    page = context.new_page()
    answer = page.goto(site.url)
    unsafe(page, site, handlers(), answer.header_value("content-security-policy"))
    assert Watched().look(page) == set()
    assert len(page.evaluate("window.__blocked")) > 80
    for address in [*site.addresses()][::9]:
        page.goto(site.url + address)
        assert page.evaluate(PROVOKE)["blocked"] == [], address
    context.close()


def test_point_03_nothing_runs_on_any_page(page, site):
    """Without the policy, so that it hides nothing."""
    watched, shown, well, addresses = Watched(), set(), set(), site.addresses()
    watched.over(page)
    for address, endpoint in addresses.items():
        answer = page.goto(site.url + address, wait_until="load")
        well |= {endpoint} if answer and answer.status == 200 else set()
        shown |= set(re.findall(r"__ran=(\d+)", page.content()))
        assert watched.look(page) == set(), address
        assert watched.faults == [], address
    assert len(shown) > 500
    assert {*addresses.values()} - well <= REFUSED


def test_point_03_nothing_runs_in_what_scripts_put_into_the_page(page, site):
    """Results while somebody types, the entry beside them, and the palette."""
    watched = Watched()
    watched.over(page)
    page.set_viewport_size({"width": 1400, "height": 900})
    for number in (1, len(hostile()) // 2):
        for words in (site.world.line(number), "script window"):
            page.goto(site.url)
            page.fill("#q", words)
            page.wait_for_url("**/search?**")
            if page.locator(".hit h2 a").count():
                page.locator(".hit h2 a").first.focus()
                page.locator("#preview:not([hidden])").wait_for()
            page.keyboard.press("Control+k")
            page.fill("#palette-q", words)
            page.wait_for_timeout(300)
            assert watched.look(page) == set()
            assert watched.faults == []


def test_point_03_nothing_runs_beside_what_somebody_writes(page, site):
    """Advice, entries to link to, and the preview, over a hostile text in the form."""
    watched = Watched()
    watched.over(page)
    page.goto(f"{site.url}/entries/L-0001/edit", wait_until="load")
    text = page.locator("textarea[data-markdown]").first
    text.evaluate("field => { field.value += '\\n\\n[[window'; }")
    text.press("End")
    text.press_sequentially(" ran")
    page.locator("#offers").wait_for()
    assert watched.look(page) == set()
    page.locator("#advice:not([hidden])").wait_for(state="attached")
    assert watched.look(page) == set()
    page.locator("[data-previews]").click()
    page.locator("#preview-dialog[open]").wait_for()
    assert watched.look(page) == set()
    assert watched.faults == []
