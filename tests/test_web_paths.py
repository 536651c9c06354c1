"""Paths as files from the page, the API and the command line."""

from __future__ import annotations

import io
from html import unescape

import pytest
from click.testing import CliRunner

from kb.model import Audience, Entry
from kb.people.audit import AuditFilter, find
from kb.people.tokens import TokenText, issue_token
from tests.cmi5_rules import check_package
from tests.fixtures.people import make_user, sign_in
from tests.test_learning import COURSE, QUIZ, put
from web.cli import precedent
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
MARKDOWN = "text/markdown"


@pytest.fixture
def school(own_app):
    put(own_app.extensions[EXTENSION].database, QUIZ, COURSE)
    return own_app


def token_of(app, person, *scopes) -> dict[str, str]:
    with app.extensions[EXTENSION].database.write_aside() as session:
        _, secret = issue_token(session, person, TokenText(name="test", scopes=list(scopes), days=1))
    return {"Authorization": f"Bearer {secret}"}


def test_a_path_goes_out_and_comes_back_as_it_was(school):
    tina = sign_in(school, "tina", "trainer")
    page = tina.get("/learning/P-0005").text
    assert 'href="/paths/P-0005.md"' in page
    assert 'href="/paths/P-0005.zip"' in page
    assert 'href="/paths/P-0005.md"' in tina.get("/entries/P-0005").text
    assert 'href="/paths/import"' in tina.get("/learning").text
    taken = tina.get("/paths/P-0005.md")
    assert taken.mimetype == MARKDOWN
    assert taken.headers["Content-Disposition"].startswith('attachment; filename="P-0005-')
    assert "Rehearse the cut-over" in taken.text

    answer = tina.send("/paths/import", text=taken.text)
    assert answer.status_code == 303, answer.text
    ref = answer.headers["Location"].split("/")[2]
    assert ref != "P-0005"
    assert tina.get(answer.headers["Location"]).status_code == 200
    draft = tina.get(f"/api/v1/drafts/{ref}").json["content"]
    assert draft == tina.get("/api/v1/entries/P-0005").json["content"]


def test_what_is_refused_stays_on_the_page_with_its_lines(school):
    tina = sign_in(school, "tina", "trainer")
    text = tina.get("/paths/P-0005.md").text.replace("[[L-0001]]", "[[the lesson]]")
    answer = tina.send("/paths/import", text=text, revises="yes")
    assert answer.status_code == 400
    assert "is no step; one begins with its id" in unescape(answer.text)
    assert "[[the lesson]]" in answer.text
    assert 'name="revises" value="yes" checked' in answer.text
    assert "file is empty" in answer.text or "is empty" in tina.send("/paths/import", text="").text


def test_a_file_goes_before_what_was_pasted(school):
    tina = sign_in(school, "tina", "trainer")
    file = (io.BytesIO("# From a file: Übergabe\n".encode()), "path.md")
    answer = tina.send("/paths/import", text="# Pasted\n", file=file)
    assert answer.status_code == 303, answer.text
    assert "From a file: Übergabe" in tina.get(answer.headers["Location"]).text
    refused = tina.send("/paths/import", file=(io.BytesIO(b"no title"), "path.md"))
    assert refused.status_code == 400
    assert "no title" in refused.text
    empty = tina.send("/paths/import", text="# Pasted\n", file=(io.BytesIO(b""), ""))
    assert empty.status_code == 303  # as browsers send it where no file was chosen


def test_a_file_revises_its_path_unless_somebody_was_first(school):
    tina, tom = sign_in(school, "tina", "trainer"), sign_in(school, "tom", "trainer")
    text = tina.get("/paths/P-0005.md").text
    answer = tina.send("/paths/import", text=text.replace("# ", "# Better: ", 1), revises="yes")
    assert answer.headers["Location"].startswith("/entries/P-0005/edit"), answer.text
    with school.extensions[EXTENSION].database.read() as session:
        title = session.query(Entry).filter_by(ref="P-0005").one().revisions[-1].title
    assert title.startswith("Better: ")
    assert tom.send("/paths/import", text="# A\n", revises="yes").status_code == 400  # names no path
    again = tina.send("/paths/import", text=text.replace("# ", "# Other: ", 1), revises="yes")
    assert again.status_code == 409
    assert "# Other: " in again.text


def test_a_hidden_path_is_not_there_and_hidden_titles_are_not_told(school):
    database = school.extensions[EXTENSION].database
    anna = sign_in(school, "anna")
    title = anna.get("/api/v1/entries/L-0001").json["content"]["title"]
    with database.write() as session:
        lesson = session.query(Entry).filter_by(ref="L-0001").one()
        lesson.visibility, lesson.readers = "restricted", [Audience(principal="role:curator")]
    text = anna.get("/paths/P-0005.md").text
    assert title not in text
    assert "[[L-0001]]" in text
    with database.write() as session:
        path = session.query(Entry).filter_by(ref="P-0005").one()
        path.visibility, path.readers = "restricted", [Audience(principal="role:curator")]
    for address in ("/paths/P-0005.md", "/paths/P-0005.zip", "/paths/L-0002.md", "/paths/P-0777.zip"):
        assert anna.get(address).status_code == 404
    for address in ("/api/v1/paths/P-0005/text", "/api/v1/paths/P-0005/package"):
        assert anna.get(address).status_code == 404


def test_programs_take_paths_and_bring_them(school):
    headers = token_of(school, make_user(school, "robot"), "read", "write")
    client = school.test_client()
    text = client.get("/api/v1/paths/P-0005/text", headers=headers)
    assert text.mimetype == MARKDOWN
    check_package(client.get("/api/v1/paths/P-0005/package", headers=headers).data)
    kind = headers | {"Content-Type": MARKDOWN}
    made = client.post("/api/v1/paths", data=text.data, headers=kind)
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == f"/api/v1/drafts/{made.json['id']}"
    revised = client.post(
        "/api/v1/paths?becomes=revision", data=text.text.replace("# ", "# New: ", 1), headers=kind
    )
    assert (revised.status_code, revised.json["id"]) == (201, "P-0005")
    late = client.post(
        "/api/v1/paths?becomes=revision", data=text.text.replace("# ", "# Old: ", 1), headers=kind
    )
    assert late.status_code == 409
    assert late.json["conflict"]["yours"]["title"].startswith("Old: ")
    wrong = client.post("/api/v1/paths", data=b"no title", headers=kind)
    assert wrong.status_code == 400
    assert wrong.json["errors"][0]["message"].startswith("line 1: ")


def test_who_took_a_package_stands_in_the_log(school):
    sign_in(school, "anna").get("/paths/P-0005.zip")
    with school.extensions[EXTENSION].database.read() as session:
        _, (line,) = find(session, AuditFilter(action="take path as package"), 0, 5)
        assert (line.person, line.object) == ("Anna", "P-0005")
        assert line.detail["units"] > 0


def test_the_command_line_takes_and_brings(school, tmp_path, monkeypatch):
    settings = school.extensions[EXTENSION].settings
    monkeypatch.setenv("PRECEDENT_HOME", str(settings.home))
    monkeypatch.delenv("PRECEDENT_DATABASE_URL", raising=False)
    make_user(school, "tina", "trainer")

    def run(*words: str) -> str:
        done = CliRunner().invoke(precedent, ["path", *words])
        return done.output if done.exception is None else f"{done.output} {done.exception}"

    file, package = tmp_path / "path.md", tmp_path / "path.zip"
    assert run("export", "p-0005", str(file)) == f"Wrote P-0005 to {file}.\n"
    assert "is there already" in run("export", "P-0005", str(file))
    assert "is a draft, revision 1" in run("import", str(file), "--as", "tina@example.org")
    file.write_text(file.read_text().replace("# ", "# New: ", 1))
    assert "P-0005 is a draft, revision" in run("import", str(file), "--revise")
    file.write_text("nothing")
    assert "line 1: the text must begin with the title" in run("import", str(file))
    assert "Wrote P-0005 with" in run("cmi5", "P-0005", str(package))
    check_package(package.read_bytes())
    assert "no learning path" in run("cmi5", "L-0001", str(tmp_path / "other.zip"))
    assert list(tmp_path.glob("*.partial")) == []
