"""The import of a document in the browser, and the files of entries."""

from __future__ import annotations

import hashlib
import io
import re
import time

import pytest
from sqlalchemy import select

from kb import editing
from kb.attachments.model import Attachment, Incoming, StoredFile
from kb.backups.making import back_up
from kb.backups.restoring import restore
from kb.config import Settings
from kb.database import open_database
from kb.importing import incoming
from kb.model import Entry, Revision
from kb.people.audit import AuditFilter, Origin, find
from kb.visibility import set_visibility
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.office_files import closing_report, docx, png, xlsx
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]


def database(app):
    return app.extensions[EXTENSION].database


def bring(browser, data: bytes, name: str = "report.docx") -> str:
    """The address of the document's page, once it is read."""
    answer = browser.send("/import", file=(io.BytesIO(data), name))
    assert answer.status_code == 303, answer.text
    address = answer.headers["Location"]
    for _ in range(100):
        if "is being read" not in browser.get(address).text:
            return address
        time.sleep(0.1)
    raise AssertionError("never read")


def chosen(page: str) -> dict[str, str]:
    """The form of the page as it stands."""
    fields = {}
    for name, body in re.findall(
        r'<select (?:id="[^"]*" )?name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL
    ):
        if name != "role":
            fields[name] = re.search(r'<option value="([^"]*)" selected', body)[1]
    fields["title"] = re.search(r'name="title" value="([^"]*)"', page)[1]
    return fields


def entries(app, author: str) -> list[tuple[str, str, str]]:
    with database(app).read() as session:
        query = select(Entry.ref, Revision.state, Revision.title).join(Revision)
        return [
            tuple(row)
            for row in session.execute(query.where(Revision.author == author).order_by(Revision.id))
        ]


def publish(app, refs, reviewer: str = "Somebody Else") -> None:
    with database(app).write() as session:
        for ref in refs:
            editing.submit(session, ref, 1)
            editing.publish(session, ref, 1, reviewer=reviewer)


def test_a_closing_report_becomes_a_review_with_its_lessons(own_app):
    anna = sign_in(own_app, "anna", "contributor")
    data = closing_report(png())
    address = bring(anna, data)
    page = anna.get(address).text
    assert "Closing report: bus depot" in page
    assert "Its heading says “What went well”." in page
    assert "Save 4 drafts" in page
    assert entries(own_app, "Anna") == [], "nothing is saved before they agree"
    assert anna.send(address, save="yes", **chosen(page)).status_code == 303
    made = entries(own_app, "Anna")
    assert [(ref[0], state, title) for ref, state, title in made] == [
        ("R", "draft", "Closing report: bus depot"), ("L", "draft", "Ask before design freeze"),
        ("L", "draft", "Survey first, then order"), ("L", "draft", "Weekly walks of the site"),
    ]  # fmt: skip
    refs = [ref for ref, _, _ in made]
    done = anna.get(address).text
    assert all(ref in done for ref in refs)
    with database(own_app).read() as session:
        stored = session.scalars(select(Revision.content).join(Entry).where(Entry.ref == refs[0])).one()
        assert stored["lessons"] == refs[1:]
        assert re.search(r"!\[\]\(/attachments/[0-9a-f]{64}\.png\)", stored["went_well"])
        roles = session.execute(select(Attachment.role, StoredFile.size).join(StoredFile)).all()
        assert sorted(role for role, _ in roles) == ["original"] * 4 + ["picture"]
        assert {size for role, size in roles if role == "original"} == {len(data)}
        (line,) = find(session, AuditFilter(action="import document"), 0, 5)[1]
        assert (line.object, line.detail["made"]) == ("report.docx", 4)
        row = session.scalars(select(Incoming)).one()
        assert (row.data, row.document) == (None, None)


def test_choices_change_what_comes_out_and_are_kept(own_app):
    anna = sign_in(own_app, "anna", "contributor")
    address = bring(anna, closing_report())
    page = anna.get(address).text
    fields = chosen(page) | {"shape": "lessons", "title": "Another title", "target-4": "skip"}
    shown = anna.send(address, show="yes", **fields).text
    assert "Save 1 draft<" in shown
    assert "go nowhere" in shown
    again = anna.get(address).text
    assert 'value="Another title"' in again
    assert "Save 1 draft<" in again
    back = chosen(again) | {
        "shape": "review",
        "target-4": "rows",
        "column-4-0": "lesson",
        "column-4-2": "skip",
    }
    assert "Save 4 drafts" in anna.send(address, show="yes", **back).text


def test_columns_of_a_log_go_where_somebody_says(own_app):
    anna = sign_in(own_app, "anna", "contributor")
    rows = [["Id", "Thema", "Observation", "Raised by"], [1, "Permits late", "It was late.", "Max"],
            [2, "Crane too small", "It stood still.", "Eva"]]  # fmt: skip
    address = bring(anna, xlsx(Log=rows), "log.xlsx")
    page = anna.get(address).text
    assert "Names people" in page
    anna.send(address, save="yes", **chosen(page) | {"column-0-1": "title"})
    assert [title for _, _, title in entries(own_app, "Anna")] == ["Permits late", "Crane too small"]
    with database(own_app).read() as session:
        stored = session.scalars(select(Revision.content).where(Revision.author == "Anna")).all()
        assert "Max" not in str(stored)
        places = session.scalars(select(Attachment.place)).all()
        assert places == ["sheet Log, row 2", "sheet Log, row 3"]


def test_what_cannot_be_read_says_why_and_is_not_kept(own_app):
    anna = sign_in(own_app, "anna", "contributor")
    address = bring(anna, b"Just text.", "a.docx")
    assert "not a Word document" in anna.get(address).text
    with database(own_app).read() as session:
        assert session.scalars(select(Incoming.data)).all() == [None]
    assert anna.send("/import", file=(io.BytesIO(b""), "")).status_code == 400
    assert anna.send("/import").status_code == 400


def test_nothing_can_be_saved_that_makes_no_entry(own_app):
    anna = sign_in(own_app, "anna", "contributor")
    address = bring(anna, docx(("#", "A"), "b"), "a.docx")
    fields = chosen(anna.get(address).text) | {"shape": "lessons", "target-0": "skip"}
    answer = anna.send(address, save="yes", **fields)
    assert answer.status_code == 400
    assert "nothing would be made" in answer.text
    assert entries(own_app, "Anna") == []


def test_a_document_is_its_persons_own(own_app):
    anna = sign_in(own_app, "anna", "contributor")
    address = bring(anna, closing_report())
    for other in (sign_in(own_app, "otto", "admin"), browser_of(own_app)):
        for path in ("", "/again", "/drop"):
            answer = other.send(f"{address}{path}", save="yes")
            assert answer.status_code in {404, 303}
            assert answer.status_code == 404 or "/sign-in" in answer.headers["Location"]
    assert anna.send(f"{address}/drop").status_code == 303
    assert anna.get(address).status_code == 404


def test_a_document_is_forgotten_after_a_day_and_the_oldest_goes_first(own_app, monkeypatch):
    anna = make_user(own_app, "anna")
    numbers = [incoming.receive(database(own_app), Origin(anna), "a.md", b"# A") for _ in range(22)]
    with database(own_app).read() as session:
        assert session.scalars(select(Incoming.id).order_by(Incoming.id)).all() == numbers[2:]
    later = editing.now() + incoming.KEPT * 2
    monkeypatch.setattr(incoming, "now", lambda: later)
    incoming.receive(database(own_app), Origin(anna), "a.md", b"# A")
    with database(own_app).read() as session:
        assert len(session.scalars(select(Incoming.id)).all()) == 1


def test_reading_that_was_interrupted_can_begin_again(own_app, monkeypatch):
    person = make_user(own_app, "anna")
    number = incoming.receive(database(own_app), Origin(person), "a.md", b"# A\n\nb")
    anna = browser_of(own_app, person)
    assert "is being read" in anna.get(f"/import/{number}").text
    later = editing.now() + incoming.GIVEN_UP * 2
    monkeypatch.setattr(incoming, "now", lambda: later)
    assert "was interrupted" in anna.get(f"/import/{number}").text
    assert anna.send(f"/import/{number}/again").status_code == 303
    assert "What becomes of a.md" in anna.get(f"/import/{number}").text


def test_too_many_documents_in_a_short_time_wait(own_app):
    person = make_user(own_app, "anna")
    for _ in range(30):
        incoming.receive(database(own_app), Origin(person), "a.md", b"# A")
    answer = browser_of(own_app, person).send("/import", file=(io.BytesIO(b"# A"), "a.md"))
    assert answer.status_code == 429


@pytest.fixture
def imported(own_app):
    """Two browsers, and the drafts of a report: (author's, another's, ids, address of the file)."""
    anna = sign_in(own_app, "anna", "contributor")
    address = bring(anna, closing_report(png()), "Bericht – größer.docx")
    anna.send(address, save="yes", **chosen(anna.get(address).text))
    refs = [ref for ref, _, _ in entries(own_app, "Anna")]
    with database(own_app).read() as session:
        original = session.scalars(select(Attachment.digest).where(Attachment.role == "original")).first()
    return anna, sign_in(own_app, "otto", "reader"), refs, f"/attachments/{original}"


def test_who_sees_a_draft_sees_its_files(own_app, imported):
    """Curators from the beginning, reviewers once it is submitted; the file stands on the draft's page."""
    _, otto, refs, address = imported
    with database(own_app).read() as session:
        picture = session.scalars(select(Attachment.digest).where(Attachment.role == "picture")).first()
    shown = f"/attachments/{picture}.png"
    curator, reviewer = sign_in(own_app, "dora", "curator"), sign_in(own_app, "vera", "verifier")
    assert "größer" in curator.get(f"/review/{refs[0]}/1").text
    for wanted in (address, shown):
        assert curator.get(wanted).status_code == 200
        assert reviewer.get(wanted).status_code == 404
    with database(own_app).write() as session:
        session.scalars(select(Revision).join(Entry).where(Entry.ref == refs[0])).one().state = "submitted"
    for wanted in (address, shown):
        assert reviewer.get(wanted).status_code == 200
        assert otto.get(wanted).status_code == browser_of(own_app).get(wanted).status_code == 404
    assert "größer" in reviewer.get(f"/review/{refs[0]}/1").text
    with database(own_app).write() as session:
        for ref in refs:
            set_visibility(session, ref, "restricted", ["role:estimator"])
    assert reviewer.get(address).status_code == reviewer.get(shown).status_code == 404
    assert curator.get(address).status_code == 200


def test_a_file_of_an_anonymous_draft_does_not_tell_reviewers_whose_it_is(own_app, imported):
    _, _, refs, address = imported
    with database(own_app).write() as session:
        for revision in session.scalars(select(Revision).where(Revision.author == "Anna")):
            revision.state, revision.anonymous = "submitted", True
    reviewer = sign_in(own_app, "vera", "verifier")
    assert reviewer.get(address).status_code == 404
    assert "größer" not in reviewer.get(f"/review/{refs[0]}/1").text
    assert sign_in(own_app, "dora", "curator").get(address).status_code == 200


def test_eyes_that_are_borrowed_do_not_see_files_of_drafts(own_app, imported):
    _, _, _, address = imported
    curator = sign_in(own_app, "dora", "curator")
    curator.send("/view-as", role="reader")
    assert curator.get(address).status_code == 404


def test_files_are_listed_with_the_entry_and_sent_to_be_saved(own_app, imported):
    anna, otto, refs, address = imported
    assert otto.get(address).status_code == 404, "of a draft nobody else sees the file"
    assert anna.get(address).status_code == 200, "but its author does"
    publish(own_app, refs)
    page = otto.get(f"/entries/{refs[0]}").text
    assert "Bericht – größer.docx" in page
    assert "Word, " in page
    assert "Lessons learned, row 2" in otto.get(f"/entries/{refs[1]}").text
    answer = otto.get(address)
    assert answer.status_code == 200
    assert answer.data == closing_report(png()) or answer.data[:2] == b"PK"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="Bericht _ gr__er.docx"')
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pictures_stand_in_the_text_and_are_shown(own_app, imported):
    _, otto, refs, _ = imported
    publish(own_app, refs)
    page = otto.get(f"/entries/{refs[0]}").text
    source = re.search(r'<img[^>]*src="(/attachments/[0-9a-f]{64}\.png)"', page)[1]
    answer = otto.get(source)
    assert (answer.status_code, answer.content_type) == (200, "image/png")
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_file_is_seen_by_those_who_see_its_entry(own_app, imported):
    _, otto, refs, address = imported
    publish(own_app, refs)
    visitor = browser_of(own_app)
    assert visitor.get(address).status_code == 200
    with database(own_app).write() as session:
        for ref in refs:
            set_visibility(session, ref, "restricted", ["role:estimator"])
    assert visitor.get(address).status_code == otto.get(address).status_code == 404
    assert sign_in(own_app, "eva", "estimator").get(address).status_code == 200


def test_a_file_does_not_tell_whose_an_anonymous_entry_is(own_app, imported):
    _, otto, refs, address = imported
    publish(own_app, refs)
    with database(own_app).write() as session:
        for revision in session.scalars(select(Revision).where(Revision.author == "Anna")):
            revision.anonymous = True
    assert otto.get(address).status_code == 404
    assert "größer" not in otto.get(f"/entries/{refs[0]}").text
    curator = sign_in(own_app, "dora", "curator")
    assert curator.get(address).status_code == 200
    assert "größer" in curator.get(f"/entries/{refs[0]}").text


def test_addresses_of_files_are_hashes_and_nothing_else(own_app):
    browser = browser_of(own_app)
    for name in ("x", "../../precedent.sqlite", "a" * 64, f"{'a' * 64}.svg", "%00", "A" * 64):
        assert browser.get(f"/attachments/{name}").status_code == 404


def test_a_backup_holds_the_files(own_app, imported, tmp_path):
    url = own_app.extensions[EXTENSION].settings.database_url
    back_up(url, tmp_path / "a.backup")
    home = tmp_path / "other"
    home.mkdir()
    settings = Settings(home=home, database_url=f"sqlite:///{home}/precedent.sqlite")
    restore(settings, tmp_path / "a.backup")
    other = open_database(settings.database_url)
    with other.read() as session:
        files = session.execute(select(StoredFile.digest, StoredFile.data)).all()
    other.dispose()
    assert len(files) == 2
    assert all(hashlib.sha256(data).hexdigest() == digest for digest, data in files)
