"""GET /vocabulary and /api/v1/vocabulary, and `precedent vocabulary`."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from click.testing import CliRunner

from kb.database import open_database
from kb.errors import InvalidRecord, KbError, NotFound
from kb.people.audit import AuditFilter, find
from kb.validation import validate
from kb.vocabulary import add_group, list_groups, replace_all
from kb.vocabulary_text import GroupRecord, GroupText
from tests.fixtures.browser import check_accessibility
from tests.fixtures.web import application
from web.cli import precedent
from web.commands import operator

pytest_plugins = ["tests.fixtures.web"]

GROUPS = [
    {"kind": "acronym", "terms": ["UAT", "user acceptance testing"], "note": "By the <business>."},
    {"kind": "synonyms", "terms": ["supplier", "vendor"]},
    {"kind": "synonyms", "terms": ["4D model", "time model"]},
]


@pytest.fixture
def home(tmp_path, sqlite_template, monkeypatch):
    """An empty repository that commands find."""
    shutil.copy(sqlite_template, tmp_path / "precedent.sqlite")
    monkeypatch.setenv("PRECEDENT_HOME", str(tmp_path))
    monkeypatch.setenv("PRECEDENT_DATABASE_URL", f"sqlite:///{tmp_path}/precedent.sqlite")
    return tmp_path


@pytest.fixture
def database(home):
    database = open_database(f"sqlite:///{home}/precedent.sqlite")
    yield database
    database.dispose()


@pytest.fixture
def client(home, database):
    with database.write() as session:
        for said in GROUPS:
            add_group(session, validate(GroupText, said), author="ann")
    with application(home) as app:
        yield app.test_client()


def terms(page: str) -> list[str]:
    return re.findall(r'<th scope="row">([^<]+)</th>', page)


def test_the_page_lists_the_groups_under_their_letters(client):
    page = client.get("/vocabulary").text
    assert terms(page) == ["4D model", "supplier", "UAT"]
    assert re.findall(r'rowgroup"[^>]+><strong>([^<]+)<', page) == ["0–9", "S", "U"]
    assert "By the &lt;business&gt;." in page
    assert "3 groups" in page
    assert "precedent vocabulary change" in page


def test_the_filter_narrows_and_says_so(client):
    page = client.get("/vocabulary?q=accept").text
    assert terms(page) == ["UAT"]
    assert "1 of 3 groups" in page
    assert 'value="accept"' in page
    assert "rowgroup" not in page


def test_a_filter_that_finds_nothing_says_what_to_do(client):
    page = client.get("/vocabulary?q=<zeppelin>").text
    assert "No group has these words" in page
    assert "show all 3 groups" in page
    assert "&lt;zeppelin&gt;" in page


def test_a_long_list_has_pages(client, monkeypatch):
    monkeypatch.setattr("web.vocabulary.PAGE_SIZE", 2)
    page = client.get("/vocabulary?page=2").text
    assert terms(page) == ["UAT"]
    assert 'rel="prev" href="/vocabulary"' in page
    assert 'href="/vocabulary?q=model&amp;page=2"' not in client.get("/vocabulary?q=model").text
    assert "There is no page 9" in client.get("/vocabulary?page=9").text


def test_an_empty_vocabulary_says_what_it_is_for_and_what_to_do(empty_client):
    page = empty_client.get("/vocabulary").text
    assert "No terms yet" in page
    assert "precedent vocabulary load" in page
    assert '<form class="search" action="/vocabulary"' not in page


def test_a_wrong_page_is_named(client):
    assert client.get("/vocabulary?page=0").status_code == 400


def test_a_visitor_changes_nothing(client):
    assert client.post("/vocabulary").status_code == 405
    assert client.post("/api/v1/vocabulary", json=GROUPS[0]).status_code == 401


@pytest.mark.parametrize("path", ["/help", "/browse"])
def test_other_pages_lead_to_it(client, path):
    assert 'href="/vocabulary"' in client.get(path).text


def test_the_api_lists_the_groups(client):
    answer = client.get("/api/v1/vocabulary?q=u&limit=1").json
    (group,) = answer["groups"]
    assert (answer["total"], answer["offset"]) == (1, 0)
    assert group.pop("changed_at").endswith("Z")
    assert client.get(f"/api/v1/vocabulary/{group.pop('id')}").json["version"] == 1
    assert group == GROUPS[0] | {"version": 1, "author": "ann"}
    assert [each["terms"][0] for each in client.get("/api/v1/vocabulary?offset=2").json["groups"]] == ["UAT"]


@pytest.mark.parametrize("query", ["limit=0", "offset=x", "colour=red", "q=" + "a" * 201])
def test_the_api_names_wrong_parameters(client, query):
    answer = client.get(f"/api/v1/vocabulary?{query}")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, query.split("=", maxsplit=1)[0])


def test_the_description_has_the_answer(client):
    description = client.get("/api/v1/openapi.json").json
    assert "/vocabulary" in description["paths"]
    assert description["components"]["schemas"]["GroupPart"]["properties"]["kind"]["enum"] == [
        "acronym",
        "synonyms",
    ]


def call(*arguments: object, answer: str | None = None, status: int = 0) -> str:
    done = CliRunner().invoke(precedent, ["vocabulary", *map(str, arguments)], input=answer)
    if isinstance(done.exception, KbError):
        raise done.exception
    assert done.exit_code == status, done.output
    return done.output


def listed(database) -> list[tuple[str, ...]]:
    with database.read() as session:
        return [group.terms for group in list_groups(session)]


def test_a_curator_adds_changes_and_removes(home, database):
    assert call("list") == "The vocabulary is empty.\n"
    call("add", "UAT", "user acceptance testing", "--kind", "acronym", "--author", "ann")
    assert (
        call("add", "supplier", "vendor", "--note", "Both") == "Added: supplier | vendor  (synonyms)  Both\n"
    )
    assert call("change", "VENDOR", "--add", "seller", "--drop", "supplier", "--note", "").startswith(
        "Changed: vendor"
    )
    assert listed(database) == [("UAT", "user acceptance testing"), ("vendor", "seller")]
    stamp = database.change_stamp()
    assert call("change", "seller", "--kind", "synonyms").startswith("Unchanged")
    assert database.change_stamp() == stamp
    assert call("remove", "seller", answer="n\n", status=1).startswith(
        "Remove the group vendor | seller? [y/N]"
    )
    call("remove", "seller", answer="y\n")
    call("remove", "uat", "--yes")
    assert listed(database) == []


def test_the_list_prints_what_was_asked_for(client):
    assert call("list", "accept") == "UAT | user acceptance testing  (acronym)  By the <business>.\n"
    assert call("list", "zeppelin") == "No group has these words.\n"
    (group,) = json.loads(call("list", "vendor", "--json"))["groups"]
    assert (group["terms"], group["author"], group["version"]) == (["supplier", "vendor"], "ann", 1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["add", "supplier", "trader"], InvalidRecord, "terms.1: “supplier” is in the group of “supplier”"),
        (["add", "lonely"], InvalidRecord, "terms: must be 2 to 12 terms, not 1"),
        (["change", "zeppelin", "--add", "airship"], NotFound, "has the term 'zeppelin'"),
        (["change", "vendor", "--drop", "zeppelin"], KbError, "supplier | vendor has no term zeppelin"),
        (["change", "vendor", "--drop", "supplier"], InvalidRecord, "must be 2 to 12 terms"),
        (["remove", "zeppelin"], NotFound, "has the term 'zeppelin'"),
        (["export", "/no/such/folder.csv"], KbError, "cannot be written"),
    ],
)
def test_what_is_wrong_is_said(client, arguments, error, message):
    with pytest.raises(error) as caught:
        call(*arguments)
    assert message in str(caught.value)


def test_a_table_is_exported_edited_and_loaded(client, home, database):
    table = home / "terms.csv"
    assert call("export", table) == f"Wrote 3 groups to {table}.\n"
    call("export", table, answer="n\n", status=1)
    assert call("load", table) == "0 created, 0 updated, 0 removed, 3 unchanged.\n"
    table.write_text(table.read_text("utf-8").replace("synonyms,4D model | time model,\n", ""), "utf-8")
    assert call("load", "--dry-run", table) == "Would have: 0 created, 0 updated, 1 removed, 2 unchanged.\n"
    assert call("load", table, answer="n\n", status=1).startswith("Remove 1 group: 4D model? [y/N]")
    assert len(listed(database)) == 3
    call("load", table, "--yes")
    assert listed(database) == [("supplier", "vendor"), ("UAT", "user acceptance testing")]


def test_the_login_name_may_be_missing(home, database, monkeypatch):
    def nobody() -> str:
        raise OSError("no such user")

    monkeypatch.setattr("getpass.getuser", nobody)
    call("add", "supplier", "vendor")
    with database.read() as session:
        assert list_groups(session)[0].author == "command line"


def test_what_the_command_line_changes_stands_in_the_audit_log(home, database):
    call("add", "supplier", "vendor", "--author", "ann")
    call("change", "supplier", "--add", "seller", "--author", "bea")
    call("change", "supplier", "--kind", "synonyms")
    call("remove", "supplier", "--yes")
    with database.read() as session:
        lines = [
            (line.action, line.person, line.object, line.detail.get("author"))
            for line in find(session, AuditFilter(), 0, 20)[1]
        ]
    who = operator().name
    assert who.startswith("command line")
    assert lines == [
        ("remove vocabulary group", who, "supplier | vendor | seller", None),
        ("change vocabulary group", who, "supplier | vendor | seller", "bea"),
        ("add vocabulary group", who, "supplier | vendor", "ann"),
    ]


@pytest.mark.browser
@pytest.mark.parametrize("address", ["/vocabulary", "/vocabulary?q=accept", "/vocabulary?q=zeppelin"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits_a_phone(page, live_url, address, scheme):
    page.emulate_media(color_scheme=scheme)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 740})
        page.goto(live_url + address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        check_accessibility(page)


@pytest.mark.browser
def test_the_filter_works_without_scripts(browser, live_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_url}/vocabulary")
    page.get_by_label("Filter the vocabulary").fill("accept")
    page.get_by_role("button", name="Filter").click()
    assert page.get_by_role("rowheader", name="UAT").is_visible()
    assert page.get_by_role("rowheader").count() == 4
    page.get_by_role("link", name="Show all").click()
    assert page.get_by_role("rowheader").count() > 60
    context.close()


def test_many_groups_are_replaced_in_one_go(home, database):
    groups = [validate(GroupRecord, {"kind": "synonyms", "terms": [f"a{n}", f"b{n}"]}) for n in range(250)]
    with database.write() as session:
        replace_all(session, groups, author="ann")
    with application(home) as app:
        page = app.test_client().get("/vocabulary").text
    assert "Page 1 of 3" in page
    assert len(terms(page)) == 100
