"""Files of an entry: who attaches, lists and removes them, by page and by command."""

from __future__ import annotations

import io
import re

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from kb.attachments.attaching import attach, detach, files_of
from kb.attachments.model import StoredFile
from kb.attachments.reading import texts_of
from kb.errors import InvalidRecord, NotAllowed, NotFound, Taken
from kb.people.audit import Origin
from kb.people.roles import OPERATOR
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.test_pictures import database, picture
from web.cli import precedent

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
NOTES = b"# Notes\n\nThe transformer arrived by barge."


@pytest.fixture
def anna(own_app):
    return sign_in(own_app, "anna", "contributor")


@pytest.fixture
def ref(anna):
    """A draft of Anna's."""
    answer = anna.send("/entries/new/lesson", do="save", **{"f.title": "Barges are slow"})
    return re.search(r"L-\d{4}", answer.headers["Location"])[0]


def sent(browser, ref, data=NOTES, name="notes.md"):
    return browser.send(f"/entries/{ref}/files", file=(io.BytesIO(data), name))


def test_a_file_is_attached_listed_found_downloaded_and_removed(own_app, anna, ref):
    assert "Nothing is attached yet" in anna.get(f"/entries/{ref}/files").text
    answer = sent(anna, ref)
    assert answer.status_code == 303
    page = anna.get(answer.headers["Location"]).text
    assert "The file is attached." in page
    address = re.search(r'href="(/attachments/([0-9a-f]{64}))" download', page)
    assert anna.get(address[1]).data == NOTES
    with database(own_app).read() as session:
        assert texts_of(session, [ref])[ref][0][1].endswith("The transformer arrived by barge.")
    again = sent(anna, ref)
    assert again.status_code == 409
    assert "already" in again.text
    answer = anna.send(f"/entries/{ref}/files/{address[2]}/remove")
    assert "The file is removed." in anna.get(answer.headers["Location"]).text
    assert anna.get(address[1]).status_code == 404
    with database(own_app).read() as session:
        assert session.scalars(select(StoredFile.digest)).all() == []
    assert anna.send(f"/entries/{ref}/files/{address[2]}/remove").status_code == 404


def test_only_authors_and_curators_attach_files(own_app, anna, ref):
    otto, carla = sign_in(own_app, "otto", "contributor"), sign_in(own_app, "carla", "curator")
    assert sent(otto, ref).status_code == 404, "a draft of somebody else is not there"
    assert sent(otto, "L-0001").status_code == 403
    assert otto.get("/entries/L-0001/files").status_code == 403
    assert "/sign-in" in sent(browser_of(own_app), "L-0001").headers["Location"]
    assert sent(carla, ref).status_code == 303
    assert sent(carla, "L-0001").status_code == 303
    page = carla.get("/entries/L-0001").text
    assert "notes.md" in page
    assert "Attach or remove files" in page
    assert "Attach or remove files" not in otto.get("/entries/L-0001").text
    digest = re.search(r"/attachments/([0-9a-f]{64})", page)[1]
    assert otto.send(f"/entries/L-0001/files/{digest}/remove").status_code == 403


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [("a.docx", b"MZ program", "cannot be taken"), ("a.exe", b"MZ program", "of a kind that is not kept"),
     ("a.png", b"<svg onload=alert(1)>", "of a kind that is not kept"), ("a.md", b"", "missing or empty"),
     ("a.pdf", b"# text", "cannot be taken"), ("../../etc/passwd", b"root", "of a kind that is not kept")],
)  # fmt: skip
def test_what_is_not_what_it_says_is_refused(own_app, anna, ref, name, data, words):
    answer = sent(anna, ref, data, name)
    assert answer.status_code == 400
    assert words in answer.text
    with database(own_app).read() as session:
        assert session.scalars(select(StoredFile.digest)).all() == []


def test_a_picture_is_encoded_anew_and_shown(own_app, anna, ref):
    sent(anna, ref, picture("GIF"), "logo.gif")
    address = re.search(r"/attachments/[0-9a-f]{64}", anna.get(f"/entries/{ref}/files").text)[0]
    answer = anna.get(address)
    assert answer.content_type == "image/png"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_an_entry_has_room_for_so_many_files(own_app, ref, monkeypatch):
    monkeypatch.setattr("kb.attachments.attaching.MOST", 1)
    who = Origin(OPERATOR)
    attach(database(own_app), who, ref, "a.md", b"# A\n\na")
    with pytest.raises(InvalidRecord, match="at most 1"):
        attach(database(own_app), who, ref, "b.md", b"# B\n\nb")
    with pytest.raises(Taken):
        attach(database(own_app), who, ref, "a.md", b"# A\n\na")
    with pytest.raises(NotFound):
        detach(database(own_app), who, "L-9999", "0" * 64)
    with database(own_app).read() as session, pytest.raises(NotAllowed):
        files_of(session, make_user(own_app, "rita", "reader"), "L-0001")


def test_the_command_attaches_lists_and_removes(own_app, own_home, tmp_path, monkeypatch):
    monkeypatch.setenv("PRECEDENT_HOME", str(own_home))
    monkeypatch.setenv("PRECEDENT_DATABASE_URL", f"sqlite:///{own_home}/precedent.sqlite")
    (tmp_path / "notes.md").write_bytes(NOTES)

    def run(*words):
        done = CliRunner().invoke(precedent, ["attach", *words])
        return done.output if done.exception is None else str(done.exception)

    assert run("l-0001") == "Nothing is attached to L-0001.\n"
    assert run("L-0001", str(tmp_path / "notes.md")) == "notes.md is attached to L-0001.\n"
    assert "notes.md  text/markdown" in run("L-0001")
    assert "no file of that name; attached: notes.md" in run("L-0001", "--remove", "other.md")
    assert "not both" in run("L-0001", str(tmp_path / "notes.md"), "--remove", "x")
    assert run("L-0001", "--remove", "notes.md") == "notes.md is no longer attached to L-0001.\n"
