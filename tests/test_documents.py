"""Entries as documents: everything they say is in the file, whatever its kind, and nothing of it runs."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import replace
from datetime import date
from typing import Any

import docx
import openpyxl
import pypdfium2
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from kb.content import CONTENT, make_content
from kb.database import open_database
from kb.documents.conversion import convert
from kb.documents.parts import Setting, entry_html, prose
from kb.documents.programs import ConversionFailed, run
from kb.errors import NotFound
from kb.people.audit import AuditFilter, find
from kb.people.limits import Limit
from kb.reading import ANONYMOUS, OPERATOR, get_entry
from kb.rendering import Renderer
from kb.sections import sections
from kb.visibility import set_visibility
from tests.fakes_web import REFS, FakeEngine
from tests.fixtures.people import sign_in
from tests.strategies import groups
from web.commands.taking import document
from web.services import EXTENSION
from web.taking import Source, Wanted, take_away

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
TODAY = date(2026, 11, 27)


def words_of_docx(data: bytes) -> str:
    document = docx.Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return " ".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def words_of_pdf(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as document:
        return " ".join(page.get_textpage().get_text_range() for page in document)


def squeezed(text: str) -> str:
    """Letters and digits alone: lines break differently everywhere."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()


@pytest.fixture(scope="module")
def source(small_home):
    database = open_database(f"sqlite:///{small_home}/precedent.sqlite")
    renderer = Renderer(database)
    yield Source(database, renderer, FakeEngine(database), OPERATOR, "http://pmo.example", TODAY)
    renderer.close()
    database.dispose()


@pytest.mark.parametrize("kind", REFS)
def test_every_text_of_every_kind_is_in_every_kind_of_file(source, kind):
    with source.database.read() as session:
        view = get_entry(session, REFS[kind], OPERATOR)
    taken = {form: take_away(source, Wanted(form, (view.ref,))).data for form in ("md", "docx", "pdf")}
    found = {
        "md": squeezed(taken["md"].decode()),
        "docx": squeezed(words_of_docx(taken["docx"])),
        "pdf": squeezed(words_of_pdf(taken["pdf"])),
    }
    headings = [heading for heading, _ in sections(view.content) if heading != "Text"]
    for form, text in found.items():
        missing = [each for each in [view.title, view.ref, *headings] if squeezed(each) not in text]
        assert missing == [], form


def texts(value: Any) -> list[str]:
    """Every word that a record says in plain lines, its codes included."""
    if isinstance(value, BaseModel):
        return [text for _, part in value for text in texts(part)]
    if isinstance(value, dict):
        return [text for name, part in value.items() for text in (name, *texts(part))]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z ]*", value) else []


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(CONTENT)).flatmap(lambda kind: st.tuples(st.just(kind), groups(CONTENT[kind]))))
def test_no_field_is_left_out_of_the_html(small_view, drawn):
    kind, data = drawn
    content = make_content(kind, data)
    html = entry_html(small_view(kind, content), Setting(lambda text: f"<p>{text}</p>"))
    shown = squeezed(re.sub("<[^>]+>", " ", html))
    values = [value for name, value in content if name != "title"]
    assert [each for each in texts(values) if squeezed(each) not in shown] == []


@pytest.fixture(scope="module")
def small_view(source):
    with source.database.read() as session:
        views = {kind: get_entry(session, ref, OPERATOR) for kind, ref in REFS.items()}

    def make(kind: str, content: Any) -> Any:
        view = replace(views[kind], title=content.title, stored=content.model_dump(mode="json"))
        view.__dict__["content"] = content
        return view

    return make


HOSTILE = [
    '#import "/etc/passwd"', '#read("/etc/passwd")', '$x$ #eval("1")', "```{=typst}\n#panic()\n```",
    "\\input{/etc/passwd}", "<script>alert(1)</script>", "[x](javascript:alert(1))",
    "]]] } { #[ ] $ * _ ` ~ @ <a",
    "// /* */ \\", "= heading\n- a\n+ b\n/ t: d", "![p](/static/x.png)", "#" * 500, "𝔘𝔫𝔦 שלום 日本 🚧",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_text(source, text):
    html = "<h1>Part</h1>" + prose(text, Setting(source.renderer.html), 1)
    for form in ("md", "docx", "pdf"):
        assert convert(html, text[:250].replace("\n", " "), form)
    assert "root:" not in words_of_pdf(convert(html, "t", "pdf"))


def test_files_say_where_links_lead_and_pictures_are_words(source):
    data = take_away(source, Wanted("md", ("L-0001",))).data.decode()
    assert "(http://pmo.example/entries/L-0002)" in data
    assert "](/" not in data


def test_what_the_reader_may_not_know_is_not_in_the_file(own_app):
    services = own_app.extensions[EXTENSION]
    own = Source(services.database, services.renderer, services.engine, OPERATOR, "", TODAY)
    stranger = replace(own, reader=ANONYMOUS)
    with own.database.write() as session:
        title = get_entry(session, "L-0002", OPERATOR).title
        set_visibility(session, "L-0002", "signed-in")
    with pytest.raises(NotFound):
        take_away(stranger, Wanted("pdf", ("L-0002",)))
    for wanted in (Wanted("md", ("L-0001",)), Wanted("md"), Wanted("csv")):
        assert title not in take_away(stranger, wanted).data.decode()
    assert title in take_away(own, Wanted("csv")).data.decode()


def test_tables_hold_a_row_per_entry_and_no_formulas(source):
    taken = take_away(source, Wanted("csv"))
    rows = list(csv.DictReader(io.StringIO(taken.data.decode("utf-8-sig"))))
    assert len(rows) == taken.count == taken.total
    lesson = next(row for row in rows if row["Id"] == "L-0001")
    assert lesson["Address"] == "http://pmo.example/entries/L-0001"
    assert float(lesson["Cost"]) == -2_400_000
    book = openpyxl.load_workbook(io.BytesIO(take_away(source, Wanted("xlsx")).data))
    assert [cell.value for cell in book.active[1]] == list(rows[0])
    assert book.active.max_row == len(rows) + 1


def test_a_report_counts_what_its_lessons_say(source):
    text = take_away(source, Wanted("md", is_report=True)).data.decode()
    assert "# Lessons learned" in text
    assert "2,400,000 lost" in text
    assert "120 lost" in text
    assert "R-0001" not in re.findall(r"^## (\S+)", text, re.MULTILINE)


def test_a_report_as_a_table_is_its_lessons(source):
    rows = csv.DictReader(
        io.StringIO(take_away(source, Wanted("csv", is_report=True)).data.decode("utf-8-sig"))
    )
    assert {row["Kind"] for row in rows} == {"Lesson"}


def test_a_program_that_takes_too_long_or_too_much_is_ended():
    with pytest.raises(ConversionFailed, match="longer than 1 seconds"):
        run(["/bin/sleep", "5"], b"", seconds=1)
    with pytest.raises(ConversionFailed):
        run(["/bin/sh", "-c", "echo broken >&2; exit 3"], b"")
    with pytest.raises(ConversionFailed, match="cannot be made"):
        run(["/usr/bin/env", "python3", "-c", "x = bytearray(500_000_000)"], b"", memory_mib=200)


def test_pages_send_files(client):
    answer = client.get("/entries/L-0001.docx")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="L-0001-')
    assert words_of_docx(answer.data)
    assert client.get("/entries/L-0001.pdf").data.startswith(b"%PDF")
    assert client.get("/documents?format=pdf&shape=report&q=").data.startswith(b"%PDF")
    assert client.get("/api/v1/documents?format=md&entry=L-0001").mimetype == "text/markdown"


def test_what_cannot_be_taken_is_said(client):
    assert client.get("/documents").status_code == 400
    assert "csv" in client.get("/documents?format=xls").text
    assert client.get("/documents?format=pdf&entry=L-9999").status_code == 404
    nothing = client.get("/documents?format=pdf&q=zeppelin")
    assert (nothing.status_code, "nothing to take away" in nothing.text) == (404, True)


def test_who_takes_a_file_stands_in_the_log(own_app):
    cora = sign_in(own_app, "cora", "curator")
    cora.get("/documents?format=csv")
    with own_app.extensions[EXTENSION].database.read() as session:
        _, lines = find(session, AuditFilter(action="take document"), 0, 1)
        session.expunge_all()
    assert (lines[0].person, lines[0].object, lines[0].outcome) == ("Cora", "entries.csv", "done")
    assert lines[0].detail["entries"] > 3


def test_files_are_limited(own_app, monkeypatch):
    monkeypatch.setattr("web.documents.CONVERSION_OF_ADDRESS", Limit("few", 2, 900, "Too many files."))
    visitor = own_app.test_client()
    assert [visitor.get("/entries/L-0001.docx").status_code for _ in range(3)] == [200, 200, 429]


def test_the_command_writes_files_and_replaces_none(own_home, monkeypatch, tmp_path):
    monkeypatch.setenv("PRECEDENT_HOME", str(own_home))
    file = tmp_path / "permits.xlsx"
    done = CliRunner().invoke(document, [str(file), "--kind", "lesson"])
    assert (done.exit_code, "Wrote" in done.output) == (0, True)
    assert openpyxl.load_workbook(file).active.max_row > 1
    again = CliRunner().invoke(document, [str(file), "--kind", "lesson"])
    assert (again.exit_code, "--force" in again.output) == (2, True)
    for wrong in (["x.txt"], ["x.pdf", "L-0001", "--search", "a"]):
        assert CliRunner().invoke(document, wrong).exit_code == 2
    assert list(tmp_path.glob("*.partial")) == []
