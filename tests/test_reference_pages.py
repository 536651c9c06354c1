"""The pages /money and /uplifts, their forms, and the API of the reference tables."""

from __future__ import annotations

import io
import re

import pytest

from kb.people.audit import AuditFilter, find
from tests.fixtures.browser import check_accessibility
from tests.fixtures.people import make_user, sign_in
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

RATE = {"currency": "NZD", "year": "2020", "rate": "1.7561", "reference": "EUR", "source": "Central bank"}
BODY = {"currency": "NZD", "year": 2020, "rate": 1.7561, "source": "Central bank"}


def edit_address(page: str, words: str) -> str:
    """Where a row is changed whose link says the words."""
    return re.search(rf'href="([^"]+)" aria-label="Change {re.escape(words)}', page)[1]


def test_anybody_reads_the_figures_with_their_sources(client):
    page = client.get("/money").text
    assert "0.81948" in page
    assert "European Central Bank" in page
    assert "/tables/rates/new" not in page
    page = client.get("/uplifts").text
    assert "+57" in page
    assert "UK Department for Transport, 2004" in page
    assert client.get("/tables/rates.csv").text.startswith("currency,year,rate,reference,source,note\n")
    assert client.get("/tables/nothing.csv").status_code == 404


def test_an_amount_is_converted_or_it_is_said_what_is_missing(client):
    said = "/money?amount=1,200,000&currency=gbp&price_year=2016&to_currency=EUR&to_year=2024"
    assert "1.2 M GBP of 2016 = 1.843 M EUR of 2024" in client.get(said).text
    assert "There is no price index of EUR for 2050" in client.get(said.replace("2024", "2050")).text
    assert client.get("/money?amount=much").status_code == 400


def test_a_curator_adds_changes_and_removes_a_rate_and_takes_it_back(own_app):
    curator = sign_in(own_app, "cora", "curator")
    assert curator.send("/tables/rates/new", **RATE | {"rate": "cheap"}).status_code == 400
    assert curator.send("/tables/rates/new", **RATE).status_code == 303
    page = curator.get("/money").text
    address = edit_address(page, "NZD per EUR in 2020")
    assert 'value="1.7561"' in curator.get(address).text
    again = curator.send("/tables/rates/new", **RATE)
    assert (again.status_code, "there is a row about NZD per EUR in 2020 already" in again.text) == (
        400,
        True,
    )
    assert curator.send(address, **RATE | {"rate": "1.8", "version": "1"}).status_code == 303
    stale = curator.send(address, **RATE | {"rate": "1.9", "version": "1"})
    assert stale.status_code == 409
    assert "Cora changed this row while you did" in stale.text
    assert 'value="1.9"' in stale.text
    assert "1.8" in stale.text
    assert "Remove this row?" in curator.get(f"{address}/remove").text
    assert curator.send(f"{address}/remove", version="1").status_code == 409
    removed = curator.send(f"{address}/remove", version="2")
    assert "The row was removed" in removed.text
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', removed.text))
    kept.pop("form_token")
    assert curator.send("/tables/rates/new", **kept).status_code == 303
    assert "NZD per EUR in 2020, 1.8" in curator.get("/money").text
    with own_app.extensions[EXTENSION].database.read() as session:
        actions = [line.action for line in find(session, AuditFilter(), 0, 20)[1]]
    assert actions.count("add exchange rate") == 2


def test_a_file_is_shown_loaded_and_undone(own_app):
    curator = sign_in(own_app, "cleo", "curator")
    text = "project_type,measure,p50_percent,p80_percent,n,source,year\nrail,cost,41,58,46,{},2004\n"
    source = re.search(r"rail,cost,40,57,46,([^,]*,[^,]*,[^,\n]*)", curator.get("/tables/uplifts.csv").text)
    assert source is not None or "rail" in curator.get("/tables/uplifts.csv").text
    other = text.format("Another study")
    sent = {"file": (io.BytesIO(other.encode()), "u.csv"), "replacing": "yes"}
    shown = curator.send("/tables/uplifts/load", **sent)
    assert "Removed: 4" in shown.text
    assert "Added: 1" in shown.text
    assert "Another study" not in curator.get("/uplifts").text
    hidden = {name: field(shown.text, name) for name in ("delimiter", "replacing", "table", "lost")}
    loaded = curator.send("/tables/uplifts/load", **hidden, agreed="yes")
    assert "The file was loaded" in loaded.text
    assert "Another study" in curator.get("/uplifts").text
    stale = curator.send(
        "/tables/uplifts/load", **hidden | {"lost": "1:1", "table": text.format("x")}, agreed="yes"
    )
    assert (stale.status_code, "was changed meanwhile" in stale.text) == (409, True)
    undo = {name: field(loaded.text, name) for name in ("delimiter", "replacing", "table", "lost")}
    curator.send("/tables/uplifts/load", **undo, agreed="yes")
    page = curator.get("/uplifts").text
    assert "Another study" not in page
    assert "UK Department for Transport" in page


def field(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)">', page)
    if found:
        return found[1]
    text = re.search(rf'<textarea name="{name}"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)[1]
    return text.replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&")


def test_a_file_that_is_wrong_is_named_by_line(own_app):
    curator = sign_in(own_app, "carl", "curator")
    sent = {"file": (io.BytesIO(b"currency,year,rate,source\nGBP,2016,many,B\n"), "r.csv")}
    answer = curator.send("/tables/rates/load", **sent)
    assert (answer.status_code, "Line 2: rate: must be a number" in answer.text) == (400, True)
    answer = curator.send("/tables/rates/load", file=(io.BytesIO(b"\xff\xfe\x00"), "r.csv"))
    assert (answer.status_code, "cannot be read as UTF-8" in answer.text) == (400, True)


@pytest.fixture
def program(own_app):
    """Calls the API as a curator's browser does."""
    curator = sign_in(own_app, "cyd", "curator")
    curator.get("/money")
    from tests.fixtures.people import derived
    from web.forms import TOKEN_HEADER

    def call(method, path, **kwargs):
        headers = kwargs.pop("headers", {}) | {TOKEN_HEADER: derived(curator.secret, "form")}
        return curator.open(f"/api/v1{path}", method=method, headers=headers, **kwargs)

    return call


def test_programs_read_and_change_the_tables(program):
    answer = program("GET", "/rates?limit=1").json
    assert answer["total"] == 210
    assert answer["rows"][0]["currency"] == "AUD"
    made = program("POST", "/rates", json=BODY)
    assert made.status_code == 201
    path = made.headers["Location"].removeprefix("/api/v1")
    assert program("POST", "/rates", json=BODY).status_code == 409
    assert program("POST", "/rates", json=BODY | {"currency": "EUR"}).status_code == 409
    assert program("PUT", path, json=BODY).status_code == 428
    changed = program("PUT", path, json=BODY | {"rate": 1.8}, headers={"If-Match": made.headers["ETag"]})
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    assert program("PUT", path, json=BODY, headers={"If-Match": made.headers["ETag"]}).status_code == 412
    assert program("DELETE", f"{path}?version=1").status_code == 409
    assert program("DELETE", f"{path}?version=2").status_code == 204
    assert program("GET", path).status_code == 404
    rows = program("GET", "/uplifts").json["rows"]
    assert {row["project_type"] for row in rows} >= {"rail", "road"}
    body = {"project_type": "tunnel", "measure": "cost", "year": 2020, "source": "x"}
    assert program("POST", "/uplifts", json=body).status_code == 409


def test_programs_convert_amounts(program):
    said = "/money?amount=100&currency=GBP&price_year=2016&to_currency=EUR&to_year=2016"
    answer = program("GET", said)
    assert answer.json["amount"] == pytest.approx(122.03, abs=0.01)
    assert "rate 1.22 EUR per GBP" in answer.json["how"]
    missing = program("GET", said.replace("2016", "1999"))
    assert (missing.status_code, "no exchange rate of GBP for 1999" in missing.json["detail"]) == (409, True)
    assert program("GET", "/money?amount=x").status_code == 400


@pytest.mark.browser
def test_the_pages_are_accessible_and_fit_a_phone(page, live):
    live.sign_in(page, make_user(live.app, "figures", "curator"))
    for address in ("/money?amount=5", "/uplifts", "/tables/rates/new", "/tables/indices/load"):
        for scheme, width in (("light", 1280), ("dark", 360)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 740})
            page.goto(live.url + address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            check_accessibility(page)
