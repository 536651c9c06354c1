"""Files of an entry: who attaches, lists and removes them, by page and by command."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from kb import editing
from kb.attachments.attaching import attach, files_of
from kb.attachments.model import StoredFile
from kb.attachments.reading import texts_of
from kb.attachments.removing import KEPT_DAYS, bring_back, detach, erase, removed_files
from kb.editing import find_entry
from kb.errors import InvalidRecord, NotAllowed, NotFound, Taken
from kb.people.audit import Origin
from kb.people.clock import now
from kb.people.roles import OPERATOR
from tests.fixtures.people import browser_of, make_user, sign_in
from tests.fixtures.programs import program
from tests.test_pictures import database, picture
from web.chores import hourly
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
        assert texts_of(session, [ref]) == {}
    assert anna.send(f"/entries/{ref}/files/{address[2]}/remove").status_code == 404


def test_who_only_proposes_a_change_touches_no_file_of_what_is_published(own_app, anna):
    """Files are shown to readers at once: else nobody would have to review them."""
    ada, otto = sign_in(own_app, "ada", "admin"), sign_in(own_app, "otto", "contributor")
    sent(ada, "L-0001")
    digest = re.search(r"/attachments/([0-9a-f]{64})", ada.get("/entries/L-0001/files").text)[1]
    otto.send("/entries/L-0001/edit", base="1", **{"f.title": "Another title"})
    assert otto.get("/entries/L-0001/files").status_code == 403
    assert sent(otto, "L-0001", b"# Mine").status_code == 403
    assert otto.send(f"/entries/L-0001/files/{digest}/remove").status_code == 403
    assert ada.get(f"/attachments/{digest}").data == NOTES


def test_files_of_what_somebody_wrote_anonymously_are_named_to_them_and_curators(own_app, anna, ref):
    sent(anna, ref)
    with database(own_app).write() as session:
        for revision in find_entry(session, ref).revisions:
            revision.anonymous = True
            editing.move(revision, "submitted")
        editing.publish(session, ref, 1, reviewer="Vic")
    otto = sign_in(own_app, "otto", "contributor")
    otto.send(f"/entries/{ref}/edit", base="1", **{"f.title": "Barges are slow, too"})
    with database(own_app).write() as session:
        editing.move(find_entry(session, ref).revisions[1], "submitted")
        editing.publish(session, ref, 2, reviewer="Vic")
    seen = {
        name: "notes.md" in browser.get(f"/entries/{ref}/files").text
        for name, browser in (("anna", anna), ("otto", otto), ("ada", sign_in(own_app, "ada", "admin")))
    }
    assert seen == {"anna": True, "otto": False, "ada": True}


def test_a_removed_file_is_brought_back_with_what_stands_in_it(own_app, anna, ref):
    sent(anna, ref)
    address = re.search(
        r'href="(/attachments/([0-9a-f]{64}))" download', anna.get(f"/entries/{ref}/files").text
    )
    place = f"/entries/{ref}/files/{address[2]}"
    anna.send(f"{place}/remove")
    assert "Bring back" in anna.get(f"/entries/{ref}/files").text
    otto = sign_in(own_app, "otto", "contributor")
    for what in ("restore", "delete"):
        assert otto.send(f"{place}/{what}").status_code == 404
    answer = anna.send(f"{place}/restore")
    page = anna.get(answer.headers["Location"]).text
    assert "The file is back." in page
    assert "Bring back" not in page
    assert anna.get(address[1]).data == NOTES
    with database(own_app).read() as session:
        assert texts_of(session, [ref])[ref][0][1].endswith("The transformer arrived by barge.")
    assert anna.send(f"{place}/restore").status_code == 404
    assert anna.send(f"{place}/delete").status_code == 404, "only what was removed"


def test_a_removed_file_is_deleted_for_good(own_app, anna, ref):
    sent(anna, ref)
    digest = re.search(r"/attachments/([0-9a-f]{64})", anna.get(f"/entries/{ref}/files").text)[1]
    anna.send(f"/entries/{ref}/files/{digest}/remove")
    answer = anna.send(f"/entries/{ref}/files/{digest}/delete")
    assert "deleted for good" in anna.get(answer.headers["Location"]).text
    with database(own_app).read() as session:
        assert session.scalars(select(StoredFile.digest)).all() == []


def test_a_removed_file_is_kept_for_a_time(own_app, ref, monkeypatch):
    who, held = Origin(OPERATOR), database(own_app)
    old, young = (attach(held, who, ref, f"{name}.md", f"# {name}".encode()) for name in ("old", "young"))
    at = now()
    monkeypatch.setattr("kb.attachments.removing.now", lambda: at - timedelta(days=KEPT_DAYS, hours=1))
    detach(held, who, ref, old.digest)
    monkeypatch.setattr("kb.attachments.removing.now", lambda: at)
    detach(held, who, ref, young.digest)
    hourly(held, 90)
    with held.read() as session:
        assert [each.name for each in removed_files(session, OPERATOR, ref)] == ["young.md"]
        assert session.scalars(select(StoredFile.digest)).all() == [young.digest]


def test_what_is_attached_again_is_removed_no_more(own_app, ref, monkeypatch):
    who, held = Origin(OPERATOR), database(own_app)
    first = attach(held, who, ref, "a.md", b"# A")
    detach(held, who, ref, first.digest)
    attach(held, who, ref, "again.md", b"# A")
    with held.read() as session:
        assert removed_files(session, OPERATOR, ref) == []
    detach(held, who, ref, first.digest)
    monkeypatch.setattr("kb.attachments.attaching.MOST", 0)
    with pytest.raises(InvalidRecord, match="at most 0"):
        bring_back(held, who, ref, first.digest)
    monkeypatch.undo()
    assert bring_back(held, who, ref, first.digest).name == "again.md"
    with pytest.raises(NotFound):
        erase(held, who, ref, first.digest)


def test_of_an_entry_so_many_removed_files_are_kept(own_app, ref, monkeypatch):
    monkeypatch.setattr("kb.attachments.removing.MOST_KEPT", 2)
    who, held = Origin(OPERATOR), database(own_app)
    for name in "abc":
        detach(held, who, ref, attach(held, who, ref, f"{name}.md", name.encode()).digest)
    with held.read() as session:
        assert [each.name for each in removed_files(session, OPERATOR, ref)] == ["c.md", "b.md"]
        assert len(session.scalars(select(StoredFile.digest)).all()) == 2


def test_programs_bring_files_back(own_app, ref):
    cleo = program(own_app, "cleo", "curator")
    made = cleo("POST", f"/entries/{ref}/files", {"name": "a.md", "data": "IyBB"}).json
    place = f"/entries/{ref}/removed-files"
    assert cleo("DELETE", f"/entries/{ref}/files/{made['digest']}").status_code == 204
    assert cleo("GET", place).json["files"][0]["name"] == "a.md"
    assert cleo("PUT", f"{place}/{made['digest']}/restored").json == made
    assert cleo("GET", place).json["files"] == []
    assert cleo("DELETE", f"{place}/{made['digest']}").status_code == 404
    cleo("DELETE", f"/entries/{ref}/files/{made['digest']}")
    assert cleo("DELETE", f"{place}/{made['digest']}").status_code == 204
    assert cleo("PUT", f"{place}/{made['digest']}/restored").status_code == 404


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


def test_a_picture_is_encoded_anew_and_downloaded(own_app, anna, ref):
    sent(anna, ref, picture("GIF"), "logo.gif")
    address = re.search(r"/attachments/[0-9a-f]{64}", anna.get(f"/entries/{ref}/files").text)[0]
    answer = anna.get(address)
    assert answer.data.startswith(b"\x89PNG")
    assert answer.content_type == "application/octet-stream", "only pictures of texts are shown"
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
    assert "notes.md is no longer attached to L-0001." in run("L-0001", "--remove", "notes.md")
    assert "taken away" in run("L-0001")
    assert "no file of that name; taken away: notes.md" in run("L-0001", "--restore", "other.md")
    assert run("L-0001", "--restore", "notes.md") == "notes.md is attached to L-0001 again.\n"
    run("L-0001", "--remove", "notes.md")
    assert run("L-0001", "--delete", "notes.md") == "notes.md is deleted for good.\n"
    assert run("L-0001") == "Nothing is attached to L-0001.\n"
