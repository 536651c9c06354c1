"""Files of others: documents are read apart from the server, and what is kept of them runs nowhere.

`tests/test_importing_hostile.py` tries what hostile and broken files do; here, that nothing gets past it.
"""

from __future__ import annotations

import ast
import io
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from kb.attachments.model import Attachment, Incoming, StoredFile
from kb.attachments.storing import keep
from kb.editing import now
from kb.people.secrets import derived
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.hostile_files import HOSTILE
from tests.office_files import closing_report, packed, png
from tests.security.addresses import address_of, rules
from web.forms import TOKEN_HEADER
from web.identity import SAFE
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

TAKING = {
    "vocabulary_tables.load_now", "importing.upload", "reference_files.load_now", "project_loading.send",
    "rich.take_picture", "files.add", "paths.bring_now",
}  # fmt: skip
ROOT = Path(__file__).parents[2]
CONVERTERS = {
    "docx", "pptx", "mammoth", "pdfminer", "pypdf", "PyPDF2", "pypdfium2", "pypandoc", "pdfplumber", "fitz",
    "odf", "striprtf", "html2text", "PIL", "zipfile", "tarfile", "lxml", "xml", "openpyxl",
}  # fmt: skip
"""Libraries that read what strangers packed."""
READERS = {"archives", "office", "pandoc", "pdf", "pictures", "sheets", "texts", "trees"}
"""Modules of `kb.importing` that only its own process loads."""
TRIED = ("path upwards", "entity of a file", "half a megabyte that unpacks to 200 MB", "PDF named Word")
TABLES = {
    "evil.docx": packed({"[Content_Types].xml": "<Types/>", "../../evil.txt": "x" * 1_000}),
    "evil.html": b"<script>alert(1)</script>", "evil.svg": b"<svg onload='x'/>",
    "../../evil.csv": b"kind,terms,note\n\x00\xff", "evil.pdf": b"%PDF-1.7\n",
    "evil.png": b"\x89PNG\r\n\x1a\n",
}  # fmt: skip


def files_of(app) -> set[str]:
    """Every file of the repository's folder but the database's own."""
    home = app.extensions[EXTENSION].settings.home
    return {path.name for path in home.rglob("*") if not path.name.startswith("precedent.sqlite")}


def kept(app, column) -> list:
    with app.extensions[EXTENSION].database.read() as session:
        return list(session.scalars(select(column)))


def bring(browser, name: str, data: bytes):
    """Sends a document. The client's own form of one that is large would leave a file open."""
    head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = head.encode() + data + b"\r\n--edge--\r\n"
    token = {TOKEN_HEADER: derived(browser.secret, "form")}
    return browser.post(
        "/import", data=body, content_type="multipart/form-data; boundary=edge", headers=token
    )


def test_points_5_and_6_few_addresses_take_a_file(own_app):
    """All others refuse the kind of body before they look at it, whoever sends it."""
    admin, before = sign_in(own_app, "ada", "admin"), files_of(own_app)
    for rule in rules(own_app):
        for method in (rule.methods or set()) - SAFE:
            sent = {"file": (io.BytesIO(TABLES["evil.docx"]), "evil.docx")}
            answer = admin.open(
                address_of(rule), method=method, data=sent, content_type="multipart/form-data"
            )
            assert rule.endpoint in TAKING or answer.status_code == 415, (rule, method)
    assert files_of(own_app) == before


@pytest.mark.parametrize("name", TABLES)
def test_points_5_and_6_the_table_is_text_or_refused_and_no_file_is_kept(own_app, name):
    curator, before = sign_in(own_app, "dora", "curator"), files_of(own_app)
    answer = curator.send("/vocabulary/load", file=(io.BytesIO(TABLES[name]), name))
    assert answer.status_code == 400
    assert answer.content_type.startswith("text/html")
    assert "<script>alert" not in answer.text
    assert files_of(own_app) == before


def test_points_5_and_6_who_may_not_sends_no_file(own_app):
    for browser in (browser_of(own_app), browser_of(own_app, make_user(own_app, "rita", "reader"))):
        table = (io.BytesIO(b"kind,terms,note\nsynonyms,a|b,\n"), "a.csv")
        assert browser.send("/vocabulary/load", file=table).status_code in {303, 403}
    document = (io.BytesIO(closing_report()), "a.docx")
    assert "/sign-in" in browser_of(own_app).send("/import", file=document).headers["Location"]
    assert kept(own_app, Incoming.name) == []


@pytest.mark.parametrize("case", TRIED)
def test_point_6_a_hostile_document_is_a_sentence_and_is_not_kept(own_app, case):
    name, make, expected = HOSTILE[case]
    anna, before = sign_in(own_app, "anna", "contributor"), files_of(own_app)
    answer = bring(anna, name, make())
    address = answer.headers["Location"]
    for _ in range(200):
        page = anna.get(address).text
        if "is being read" not in page:
            break
        time.sleep(0.1)
    assert "could not be read" in page
    assert expected in page
    assert "root:x:0" not in page
    assert (kept(own_app, Incoming.data), kept(own_app, StoredFile.digest)) == ([None], [])
    assert files_of(own_app) == before


def test_point_6_a_document_of_more_than_25_megabytes_is_not_taken(own_app):
    anna = sign_in(own_app, "anna", "contributor")
    assert bring(anna, "a.md", b"x" * 25_000_001).status_code == 400
    answer = bring(anna, "a.md", b"x" * 27_000_000)
    assert (answer.status_code, "At most 26 MB in all" in answer.text) == (413, True)
    assert kept(own_app, Incoming.name) == []


def test_point_5_what_was_sent_is_never_shown(own_app):
    """A web page with a script is kept as it is, and sent to be saved, as bytes, in a sandbox."""
    anna = sign_in(own_app, "anna", "contributor")
    page = b"<h1>Lessons learned</h1><ul><li>Ask.</li><li>Ask again.</li></ul><script>alert(1)</script>"
    address = anna.send("/import", file=(io.BytesIO(page), "<b>.html")).headers["Location"]
    shown = anna.get(address).text
    assert "alert(1)" not in shown
    assert "<b>.html" not in shown
    assert anna.send(address, save="yes", shape="review", title="T").status_code == 303
    (digest,) = set(kept(own_app, Attachment.digest))
    answer = anna.get(f"/attachments/{digest}")
    assert answer.data == page
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_point_5_only_pictures_that_were_encoded_here_are_shown(own_app):
    with own_app.extensions[EXTENSION].database.write() as session:
        for role, media, data in (
            ("original", "image/png", png()),
            ("picture", "image/svg+xml", b"<svg/>"),
            ("original", "text/html", b"<script>alert(1)</script>"),
            ("picture", "image/webp", png(form="WEBP")),
        ):
            session.add(
                Attachment(
                    entry_id=1, digest=keep(session, data), role=role, name='x"\r\n.png', media=media,
                    place="", parts=[], added_at=now(),
                )
            )  # fmt: skip
    browser = browser_of(own_app)
    shown = []
    for digest in kept(own_app, Attachment.digest):
        answer = browser.get(f"/attachments/{digest}.png")
        assert answer.status_code == 200
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        shown.append((answer.headers["Content-Disposition"].split(";")[0], answer.content_type))
    assert shown == [*[("attachment", "application/octet-stream")] * 3, ("inline", "image/webp")]


def imports_of(file: Path) -> set[str]:
    """What a module imports, anywhere in it, by full name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return found


def test_points_5_and_6_the_server_reads_no_office_document_or_archive():
    """Only the process that reads documents loads what unpacks them."""
    for file in sorted((ROOT / "web").rglob("*.py")):
        imported = imports_of(file)
        assert {name.partition(".")[0] for name in imported} & CONVERTERS == set(), file
        assert not {f"kb.importing.{name}" for name in READERS} & imported, file
    called = ("incoming", "saving", "making", "plans", "guessing", "stating", "values", "words", "sandbox")
    for name in called:
        imported = imports_of(ROOT / "kb" / "importing" / f"{name}.py")
        assert not {f"kb.importing.{each}" for each in READERS} & imported, name
