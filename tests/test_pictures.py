"""Pictures of texts: brought while somebody writes, attached once the text is saved."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from kb.attachments import pictures
from kb.attachments.model import Attachment, BroughtPicture, StoredFile
from kb.editing import now
from kb.errors import InvalidRecord, NotAllowed
from kb.people.audit import Origin
from kb.people.roles import Person
from kb.people.secrets import derived
from tests.fixtures.people import browser_of, make_user, sign_in
from web.forms import TOKEN_HEADER
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
TITLE = {"f.title": "A picture says it"}


def picture(form: str = "PNG", size: tuple[int, int] = (20, 10), colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


def brought(browser, data: bytes | None = None):
    return browser.send("/pictures", file=(io.BytesIO(picture() if data is None else data), "a.png"))


def database(app):
    return app.extensions[EXTENSION].database


@pytest.fixture
def anna(own_app):
    return sign_in(own_app, "anna", "contributor")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_picture_is_encoded_anew_and_shown_to_whoever_brought_it(own_app, anna, form):
    exif = Image.Exif()
    exif[0x010E] = "made with a secret"
    out = io.BytesIO()
    Image.new("RGB", (20, 10), "teal").save(out, form, **({"exif": exif} if form in {"JPEG", "WEBP"} else {}))
    answer = brought(anna, out.getvalue())
    assert answer.status_code == 201
    shown = anna.get(answer.json["address"])
    assert shown.content_type in {"image/png", "image/jpeg", "image/webp"}
    assert b"secret" not in shown.data
    assert Image.open(io.BytesIO(shown.data)).size == (20, 10)
    for browser in (browser_of(own_app), sign_in(own_app, "carla", "curator")):
        assert browser.get(answer.json["address"]).status_code == 404


@pytest.mark.parametrize(
    "data", [b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7",
             picture(size=(2, 2)), picture()[:45]],
    ids=["empty", "text", "svg", "pdf", "small", "cut"],
)  # fmt: skip
def test_what_is_no_picture_is_refused_in_words(own_app, anna, data):
    answer = brought(anna, data)
    assert answer.status_code == 400
    assert answer.json["error"].startswith("The picture ")
    with database(own_app).read() as session:
        assert session.scalars(select(StoredFile.digest)).all() == []


def test_a_picture_that_is_too_large_is_refused_before_it_is_read(monkeypatch, own_app, anna):
    monkeypatch.setattr(pictures, "read_picture", lambda data: pytest.fail("it was read"))
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    body = head + b"x" * 10_000_001 + b"\r\n--edge--\r\n"
    token = {TOKEN_HEADER: derived(anna.secret, "form")}
    answer = anna.post(
        "/pictures", data=body, content_type="multipart/form-data; boundary=edge", headers=token
    )
    assert "at most 10 MB" in answer.json["error"]
    monkeypatch.setattr(pictures, "MOST", 0)
    monkeypatch.setattr(pictures, "checked", lambda data: pictures.Picture("png", data))
    assert "0 of yours" in brought(anna).json["error"]


def test_who_may_not_write_brings_no_picture(own_app):
    assert "/sign-in" in brought(browser_of(own_app)).headers["Location"]
    for person in (Person(id=None, name="The operator"), make_user(own_app, "rita")):
        with pytest.raises((NotAllowed, InvalidRecord)):
            pictures.bring(database(own_app), Origin(person), b"")


def test_a_saved_text_takes_its_pictures_along(own_app, anna):
    address = brought(anna).json["address"]
    text = f"See ![it]({address}) and ![none](/attachments/{'0' * 64}.png)"
    anna.send("/entries/new/lesson", do="save", **TITLE, **{"f.happened": text})
    with database(own_app).read() as session:
        (row,) = session.scalars(select(Attachment).where(Attachment.role == "picture"))
        assert row.media == "image/png"
        assert row.digest in address
    carla = sign_in(own_app, "carla", "curator")
    assert carla.get(address).status_code == 200, "reviewers see what they review"
    other = sign_in(own_app, "otto", "contributor")
    assert other.get(address).status_code == 404
    copied = {**TITLE, "f.happened": text}
    other.send("/entries/new/lesson", do="save", **copied)
    assert other.get(address).status_code == 404, "naming a picture is not seeing it"
    anna.send("/entries/new/lesson", do="save", **copied)
    with database(own_app).read() as session:
        assert len(session.scalars(select(Attachment).where(Attachment.role == "picture")).all()) == 2


def test_pictures_that_nobody_saved_go_after_a_month_unless_they_are_being_written(own_app, anna):
    kept, lost = (brought(anna, picture(colour=colour)).json["address"] for colour in ("red", "blue"))
    anna.send("/entries/new/lesson/copy", **TITLE, **{"f.happened": f"![]({kept})"})
    with database(own_app).write_aside() as session:
        for row in session.scalars(select(BroughtPicture)):
            row.brought_at = now() - timedelta(days=31)
    assert brought(anna).status_code == 201
    assert anna.get(kept).status_code == 200
    assert anna.get(lost).status_code == 404
    with database(own_app).read() as session:
        assert len(session.scalars(select(BroughtPicture.digest)).all()) == 2


def test_many_pictures_in_a_short_time_wait(own_app, anna, monkeypatch):
    monkeypatch.setattr(pictures, "checked", lambda data: pictures.Picture("png", data))
    for _ in range(pictures.PICTURE_OF_PERSON.most):
        assert brought(anna).status_code == 201
    answer = brought(anna)
    assert answer.status_code == 429
    assert "Wait" in answer.json["error"]


def test_texts_are_rendered_without_being_kept(own_app, anna):
    token = {TOKEN_HEADER: derived(anna.secret, "form")}
    answer = anna.post("/texts/html", json={"texts": ["**a**", "", "<script>x</script>b"]}, headers=token)
    assert answer.json["html"] == ["<p><strong>a</strong></p>", "", "\n<p>b</p>"]
    assert anna.post("/texts/html", json={"texts": []}, headers=token).status_code == 400
    assert anna.post("/texts/html", json={"texts": ["a"]}).status_code == 403


def test_the_preview_is_the_page(own_app, anna):
    text = "Before\n\n- [ ] one\n- two\n\n| a | b |\n|---|---:|\n| {{c}} | [[L-0001]] |\n\n# High\n\n`code`"
    sent = {"f.title": "As it will look", "f.summary": "**Short**", "f.happened": text, "f.lesson": text,
            "f.recommendation": "r", "f.applicability.conditions": "c"}  # fmt: skip
    preview = anna.send("/entries/new/lesson", do="preview", **sent).text
    saved = anna.send("/entries/new/lesson", do="submit", **sent).headers["Location"].partition("?")[0]
    carla = sign_in(own_app, "carla", "curator")
    carla.send(f"{saved}/decide", do="publish", substance="substantive")
    ref = re.search(r"L-\d{4}", saved)[0]
    page = carla.get(f"/entries/{ref}").text
    shown = re.findall(r'<div class="prose[^"]*">.*?</div>', page, re.DOTALL)
    assert len(shown) >= 3
    for part in shown:
        assert part in preview
