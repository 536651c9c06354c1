"""Templates filled in: on their page, by the API, on the command line."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.content import make_content
from kb.documents.filling import blanks, fill
from kb.documents.parts import Setting
from kb.errors import InvalidRecord
from kb.html import render
from kb.reading import OPERATOR, get_entry
from tests.fixtures.people import Browser, browser_of
from tests.test_documents import squeezed, words_of_docx, words_of_pdf
from web.commands.taking import fill as fill_command
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
SETTING = Setting(render)


@pytest.fixture(scope="module")
def view(app):
    with app.extensions[EXTENSION].database.read() as session:
        return get_entry(session, "T-0001", OPERATOR)


def template(view, body: str, **fields: bool):
    """A template with this text; `fields` are required or not."""
    form = [{"name": name, "required": required} for name, required in fields.items()]
    made = replace(view)
    made.__dict__["content"] = make_content("template", {"title": "Plan", "body": body, "form": form})
    return made


def test_blanks_of_the_text_are_fields_too(view):
    found = blanks(template(view, "{{a}} and {{ b }} and {{a}}", c=True))
    assert [(each.name, each.required) for each in found] == [("c", True), ("a", False), ("b", False)]


def test_values_stand_in_their_places_and_the_rest_above(view):
    made = fill(template(view, "Go on {{date}}. {{open}}", sponsor=True), {"date": "1 May", "sponsor": "Ann"},
                SETTING, "md").decode()  # fmt: skip
    assert "Go on 1 May. {{open}}" in made.replace("\\", "")
    assert re.search(r"Sponsor\W+Ann", made)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]), max_size=60)


@settings(max_examples=60, deadline=None)
@given(
    TEXTS,
    st.sampled_from(["{{x}}", "| a | b |\n|---|---|\n| {{x}} | c |", "- {{x}}", "**{{x}}**", "# {{x}}"]),
)
def test_a_value_is_text_wherever_it_stands(view, value, body):
    html = fill_html(template(view, body), value)
    assert squeezed(value) in squeezed(re.sub("<[^>]+>", "", html))
    assert re.findall(r"<(?!/?(?:p|table|thead|tbody|tr|th|td|ul|li|strong|h\d|br)\b)[^>]*>", html) == []


def fill_html(view, value: str) -> str:
    """The document before it is converted."""
    from unittest.mock import patch

    with patch("kb.documents.filling.convert", lambda html, *_: html):
        made = fill(view, {"x": value}, SETTING, "md")
    import html

    return html.unescape(re.sub(r"&(?:lt|gt);", "", str(made)))


def test_what_is_wrong_is_named(view):
    with pytest.raises(InvalidRecord) as error:
        fill(template(view, "", a=True, b=False), {"b": "x" * 6000, "z": "?"}, SETTING, "md")
    assert [each.field for each in error.value.problems] == ["z", "a", "b"]


def test_the_page_asks_and_sends(own_app):
    visitor: Browser = browser_of(own_app)
    page = visitor.get("/entries/T-0001/fill")
    names = re.findall(r'<textarea id="field-f\d+" name="(f\d+)"', page.text)
    assert names
    missing = visitor.send("/entries/T-0001/fill", f0="", format="pdf")
    if missing.status_code == 400:
        assert "The document was not made" in missing.text
    sent = visitor.send("/entries/T-0001/fill", format="docx", **dict.fromkeys(names, "Blue & <green>"))
    assert "Blue & <green>" in words_of_docx(sent.data)
    pdf = visitor.send("/entries/T-0001/fill", format="pdf", **dict.fromkeys(names, "Blue"))
    assert "Blue" in words_of_pdf(pdf.data)
    assert visitor.get("/entries/L-0001/fill").status_code == 404


def test_the_api_fills_in(client, view):
    known = {each.name: "Blue" for each in blanks(view)}
    sent = client.post("/api/v1/entries/T-0001/filled", json={"values": known, "format": "md"})
    assert (sent.status_code, "Blue" in sent.text) == (200, True)
    wrong = client.post("/api/v1/entries/T-0001/filled", json={"values": {"nothing": "x"}})
    assert wrong.status_code == 400
    assert wrong.json["errors"][0]["field"] == "nothing"


def test_the_command_fills_in(own_home, monkeypatch, tmp_path, view):
    monkeypatch.setenv("PRECEDENT_HOME", str(own_home))
    values = tmp_path / "values.json"
    values.write_text(json.dumps({each.name: "Blue" for each in blanks(view)}))
    file = tmp_path / "case.docx"
    done = CliRunner().invoke(fill_command, ["T-0001", str(file), "--from", str(values)])
    assert done.exit_code == 0, done.output
    assert "Blue" in words_of_docx(file.read_bytes())
    assert CliRunner().invoke(fill_command, ["T-0001", str(file)]).exit_code == 2
    assert CliRunner().invoke(fill_command, ["T-0001", str(tmp_path / "x.xls")]).exit_code == 2
    assert CliRunner().invoke(fill_command, ["T-0001", str(tmp_path / "y.md"), "--set", "z"]).exit_code == 2
