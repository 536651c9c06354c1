"""What becomes of documents: sections with their places, tables, pictures, and what every page says."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from kb.html import render
from kb.importing.document import Document, Part, Picture, Section, Table
from kb.importing.recognition import clean_name, form_of_name
from kb.importing.sandbox import read_document
from tests.office_files import changed, closing_report, docx, pdf, png, pptx, xlsx


def test_a_word_document_becomes_sections_tables_and_pictures():
    found = read_document("report.docx", closing_report(png()))
    assert (found.form, found.title, found.notices) == ("docx", "Closing report: bus depot", [])
    assert [(each.heading, each.level) for each in found.sections] == [
        ("Summary", 1), ("What went well", 1), ("What went badly", 1), ("Lessons learned", 1),
        ("Lessons learned", 0), ("Weekly walks of the site", 2), ("Distribution list", 1),
    ]  # fmt: skip
    assert found.sections[1].text == "The charging supplier was on site every day.\n\n![](picture:0)"
    table = found.sections[4].table
    assert table is not None
    assert table.header == ["Observation", "Recommendation", "Priority"]
    assert table.rows[1] == ["Cables were ordered before the survey.", "Survey first, then order.", "Low"]
    assert found.sections[5].text.startswith("**Observation:** Walks")
    assert found.parts[0] == Part(
        "Summary", "The new depot opened eleven weeks late and 8 % over its budget."
    )
    (picture,) = found.pictures
    assert Image.open(io.BytesIO(picture.data)).size == (60, 30)


def test_lists_and_marks_show_as_they_were_written():
    found = read_document("a.docx", docx(("#", "A * b_c_ <x>"), "5 * 3 < 20 [x] `y`", ("-", "one", "two")))
    (section,) = found.sections
    assert section.heading == "A * b_c_ <x>"
    html = render(section.text)
    assert "<li>one</li>" in html.replace("<p>", "").replace("</p>", "").replace("\n", "")
    assert "5 * 3 &lt; 20 [x] `y`" in html


def test_slides_are_sections_with_their_number():
    found = read_document(
        "talk.pptx",
        pptx(("Start", "One\nTwo"), ("Picture", png()), ("Table", [["Observation", "Advice"], ["o", "a"]])),
    )
    assert [(each.heading, each.place) for each in found.sections] == [
        ("Start", "slide 1"), ("Picture", "slide 2"), ("Table", "slide 3"), ("Table", "slide 3"),
    ]  # fmt: skip
    assert found.sections[3].table == Table(["Observation", "Advice"], [["o", "a"]])
    assert "picture:0" in found.sections[1].text
    assert found.parts[0] == Part("slide 1", "Start\nOne\n\nTwo")
    assert len(found.pictures) == 1


def test_sheets_are_tables_and_dates_stay_dates():
    from datetime import date, datetime

    rows = [
        ["Lessons of Alpha"], [], ["Id", "Raised", None, "Lesson", "Done"],
        [1, date(2025, 3, 1), None, "Ask early", True],
        [2.5, datetime.fromisoformat("2025-03-01 14:30"), None, "Ask\nlate", False],
    ]  # fmt: skip
    found = read_document("log.xlsx", xlsx(Log=rows, Empty=[]))
    (section,) = found.sections
    assert (section.heading, section.place, section.text) == ("Log", "sheet Log", "Lessons of Alpha")
    assert section.table == Table(
        ["Id", "Raised", "Lesson", "Done"],
        [["1", "2025-03-01", "Ask early", "yes"], ["2.5", "2025-03-01 14:30", "Ask\nlate", "no"]],
    )
    assert [part.place for part in found.parts] == ["sheet Log"]
    assert "Ask early" in found.parts[0].text


def test_what_a_workbook_hides_is_left_out_aloud():
    import openpyxl

    book = openpyxl.load_workbook(
        io.BytesIO(xlsx(Seen=[["a", "b"], ["c", "d"]], Kept=[["e", "f"], ["g", "h"]]))
    )
    book["Kept"].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    found = read_document("a.xlsx", out.getvalue())
    assert [each.heading for each in found.sections] == ["Seen"]
    assert found.notices == ["Hidden sheets were left out."]


def test_a_pdf_is_read_page_by_page_and_headings_are_told_by_size():
    def body(words):
        return [(11, f"The {words} came after"), (11, f"weeks of {words} and waiting.")]

    pages = [
        [(22, "Closing report"), (16, "What went badly"), *body("permit")],
        [*body("roof"), (16, "Lessons"), *body("survey")], [*body("crane"), *body("fence")],
    ]  # fmt: skip
    made = pdf(*([*page, (8, f"Depot report, page {at}")] for at, page in enumerate(pages, 1)))
    found = read_document("a.pdf", made)
    assert [(each.heading, each.level, each.place) for each in found.sections] == [
        ("Closing report", 1, "page 1"), ("What went badly", 2, "page 1"), ("Lessons", 2, "page 2"),
    ]  # fmt: skip
    assert found.sections[1].text.startswith("The permit came after weeks of permit and waiting.")
    assert [part.place for part in found.parts] == ["page 1", "page 2", "page 3"]
    assert "Depot report" not in found.parts[0].text


def test_pictures_of_a_pdf_are_kept():
    found = read_document("a.pdf", pdf([(11, "See below.")], images=True))
    assert [each.type for each in found.pictures] == ["png"]
    assert "picture:0" in found.sections[0].text


def test_scanned_pages_among_others_are_named():
    import pypdfium2

    text, scan = (pypdfium2.PdfDocument(pdf(lines, images=not lines)) for lines in ([(11, "Words.")], []))
    text.import_pages(scan)
    out = io.BytesIO()
    text.save(out)
    found = read_document("a.pdf", out.getvalue())
    assert found.notices == ["Pages without text, perhaps scanned, were left out: 2."]


def test_web_pages_keep_structure_and_their_own_pictures_only():
    import base64

    inside = base64.b64encode(png()).decode()
    page = (
        "<html><head><meta charset=utf-8><title>Bericht</title><style>p{color:red}</style></head>"
        "<body><h1>Über</h1>"
        f"<p>Grün <img src='data:image/png;base64,{inside}'><img src='http://e.example/x.png'></p>"
        "<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></table></body></html>"
    )
    found = read_document("a.html", page.encode())
    assert found.title == "Bericht"
    assert [(each.heading, each.text, each.table) for each in found.sections] == [
        ("Über", "Grün ![](picture:0)", None), ("Über", "", Table(["a", "b"], [["c", "d"]])),
    ]  # fmt: skip
    assert found.notices == ["1 picture stood elsewhere: other files and machines are never opened."]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_tables_of_any_usual_encoding_and_delimiter(encoding):
    for delimiter in ",;\t":
        text = f'Beobachtung{delimiter}Empfehlung\r\n"Grün{delimiter}\nspät"{delimiter}früher\r\n'
        found = read_document("a.csv", text.encode(encoding))
        assert found.sections[0].table == Table(
            ["Beobachtung", "Empfehlung"], [[f"Grün{delimiter}\nspät", "früher"]]
        )


def test_markdown_keeps_its_text_and_gives_its_tables():
    text = (
        "---\ntitle: x\n---\nBefore [[L-0001]] and **bold**.\n\n"
        "Lessons\n=======\n\n| Observation | Advice |\n"
        "| --- | --- |\n| one | two |\n\nAfter.\n\n```\n# no heading\n```\n\n## Next\n"
    )
    found = read_document("a.md", text.encode())
    assert [(each.heading, each.level) for each in found.sections] == [
        ("", 0), ("Lessons", 1), ("Lessons", 0), ("Lessons", 0), ("Next", 2),
    ]  # fmt: skip
    assert found.sections[0].text == "Before [[L-0001]] and **bold**."
    assert found.sections[2].table == Table(["Observation", "Advice"], [["one", "two"]])
    assert found.sections[3].text == "After.\n\n```\n# no heading\n```"


def test_cells_over_several_columns_keep_the_others_in_their_place():
    import docx as library

    document = library.Document(io.BytesIO(docx([["a", "b", "c"], ["1", "2", "3"], ["4", "5", "6"]])))
    (table,) = document.tables
    table.cell(1, 0).merge(table.cell(1, 1)).text = "12"
    table.cell(1, 2).merge(table.cell(2, 2)).text = "36"
    out = io.BytesIO()
    document.save(out)
    (section,) = read_document("a.docx", out.getvalue()).sections
    assert section.table == Table(["a", "b", "c"], [["12", "", "36"], ["4", "5", ""]])


def test_terms_and_quotations_stay_text():
    found = read_document(
        "a.html", b"<h2>T</h2><dl><dt>Term</dt><dd>Meaning</dd></dl><blockquote>Said</blockquote>"
    )
    assert found.sections[0].text == "**Term**\n\nMeaning\n\n> Said"


def test_a_document_survives_its_way_between_processes():
    made = Document(
        "pdf", "T\ud800", [Section("h", 1, "page 1", "x\ny", Table(["a"], [["b"]]))],
        [Part("page 1", "x")], ["n."], [Picture("png", b"\n\x00"), Picture("jpeg", b"1\n2")],
    )  # fmt: skip
    assert Document.from_bytes(made.to_bytes()) == made
    for nonsense in (b"", b"{}", b"[1]", b"x" * 100, made.to_bytes()[:30]):
        with pytest.raises(ValueError, match="not a converted document"):
            Document.from_bytes(nonsense)


def test_names_are_shown_without_folders_and_controls():
    assert clean_name("C:\\Users\\x\\a\u202e\nb.docx") == "a b.docx"
    assert clean_name("../../etc/passwd") == "passwd"
    assert clean_name("") == "document"
    assert clean_name("x" * 300 + ".docx").endswith("x.docx")
    assert (form_of_name("A.DOCX"), form_of_name("docx"), form_of_name(".md")) == ("docx", None, None)


def test_pictures_of_other_kinds_are_counted_not_kept():
    made = docx("x", png(), png(colour="red"))
    found = read_document("a.docx", changed(made, {"word/media/image1.png": b"\x01\x00\x00\x00 a metafile"}))
    assert len(found.pictures) == 1
    assert found.notices == ["1 picture could not be kept: only PNG, JPEG, WebP, GIF, BMP and TIFF are."]
