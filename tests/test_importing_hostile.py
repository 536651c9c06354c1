"""Files that are broken or mean harm: read, or refused in a sentence, and whoever asked goes on."""

from __future__ import annotations

import io
import os
import re
import resource
import socket
import threading
import time
from pathlib import Path

import pytest

from kb.importing import sandbox
from kb.importing.document import Document, Unreadable
from kb.importing.sandbox import MAX_UPLOAD, read_document, without_network
from tests.hostile_files import ANY, HOSTILE, READ
from tests.office_files import changed, docx, png, word


def outcome(name: str, data: bytes, **limits: int) -> Document | str:
    try:
        return read_document(name, data, **limits)
    except Unreadable as error:
        return str(error)


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_read_or_refused_in_words(case):
    name, make, expected = HOSTILE[case]
    data = make()
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    found = outcome(name, data)
    assert time.monotonic() - started < sandbox.SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "kB of this process"
    if isinstance(found, str):
        assert expected
        assert re.search(expected, found), found
        assert re.fullmatch(r"[A-Z][^\n]+\.", found), "one sentence or two, no trace"
    else:
        assert expected in {READ, ANY}
        said = found.to_bytes()
        assert b"root:x:0" not in said, "a file of this machine was read"
        assert b"<script" not in said
        assert b"alert(1)" not in said or name == "a.md"


@pytest.mark.parametrize("case", ["huge picture", "picture that is a script", "picture from elsewhere"])
def test_what_is_left_out_is_said(case):
    name, make, _ = HOSTILE[case]
    found = outcome(name, make())
    assert isinstance(found, Document)
    assert found.pictures == []
    assert "picture" in " ".join(found.notices)


def test_no_other_machine_is_asked():
    heard = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.2)
    port = server.getsockname()[1]

    def listen() -> None:
        while not done.is_set():
            try:
                heard.append(server.accept())
            except TimeoutError:
                continue

    done = threading.Event()
    thread = threading.Thread(target=listen)
    thread.start()
    try:
        page = f"<link rel=stylesheet href='http://127.0.0.1:{port}/a.css'><p>x<img src='http://127.0.0.1:{port}/b'>"
        assert isinstance(outcome("a.html", page.encode()), Document)
        assert isinstance(outcome("a.md", f"x ![a](http://127.0.0.1:{port}/c.png)".encode()), Document)
    finally:
        done.set()
        thread.join()
        server.close()
    assert heard == []


@pytest.mark.skipif(not without_network(), reason="the kernel lets nobody have a network of their own")
def test_the_process_has_no_network(monkeypatch, tmp_path):
    """Even code that ran in it could reach nobody: not this machine, which listens here."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 2)"
        said = run(monkeypatch, tmp_path, program)
    assert "unreachable" in said or "refused" in said


def test_the_process_gets_no_secrets(monkeypatch, tmp_path):
    monkeypatch.setenv("PRECEDENT_OIDC_CLIENT_SECRET", "of the house")
    said = run(monkeypatch, tmp_path, "import os, sys; sys.exit(repr(sorted(os.environ)))")
    assert "PRECEDENT" not in said
    assert "PATH" in said


def test_a_process_that_takes_too_long_ends_with_all_it_started(monkeypatch, tmp_path):
    program = "import subprocess; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
    said = run(monkeypatch, tmp_path, program, seconds=2)
    assert said == "None"
    child = int((tmp_path / "out").read_text())
    for _ in range(50):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    raise AssertionError("its child goes on")


def test_memory_is_bounded(monkeypatch, tmp_path):
    said = run(monkeypatch, tmp_path, "x = bytearray(2_000_000_000)", memory_mib=512)
    assert "MemoryError" in said


def test_output_is_bounded(monkeypatch, tmp_path):
    program = "import sys\nwhile True: sys.stdout.buffer.write(b'x' * 1_000_000)"
    run(monkeypatch, tmp_path, program, seconds=20)
    assert (tmp_path / "out").stat().st_size <= sandbox.MAX_OUTPUT_MIB * 2**20


def run(monkeypatch, tmp_path, program: str, seconds: int = 10, memory_mib: int = 1024) -> str:
    """What a program says on standard error, run as documents are read; its status where it says nothing."""
    command = sandbox._command(sandbox.WORKER, ["x"], seconds, memory_mib)
    at = command.index("-m")
    command[at:] = ["-c", program]
    files = [tmp_path / name for name in ("in", "out", "said")]
    files[0].write_bytes(b"")
    with files[0].open("rb") as given, files[1].open("w+b") as made, files[2].open("w+b") as said:
        status = sandbox._run(command, str(tmp_path), (given, made, said), seconds)
    return files[2].read_text() or str(status)


def test_a_reader_that_dies_is_a_sentence(monkeypatch):
    monkeypatch.setattr(sandbox, "_command", lambda *_: ["/bin/sh", "-c", "kill -SEGV $$"])
    assert "breaks the program" in outcome("a.docx", b"x")
    monkeypatch.setattr(sandbox, "_command", lambda *_: ["/bin/sh", "-c", "echo nonsense"])
    assert "confused" in outcome("a.docx", b"x")
    monkeypatch.setattr(sandbox, "_command", lambda *_: ["/bin/sh", "-c", "sleep 30"])
    assert "longer than 1 seconds" in outcome("a.docx", b"x", seconds=1)


def test_a_file_that_is_too_large_is_not_even_looked_at():
    started = time.monotonic()
    assert "at most 25 MB" in outcome("a.docx", b"x" * (MAX_UPLOAD + 1))
    assert time.monotonic() - started < 0.2


def test_macros_and_files_inside_are_left_out_aloud():
    made = changed(docx("Text."), {"word/vbaProject.bin": b"x", "word/embeddings/a.bin": b"x"})
    found = outcome("a.docx", made)
    assert isinstance(found, Document)
    assert found.notices == ["Macros were left out.", "Files inside the document were left out."]


def test_links_lead_to_pages_and_mail_only():
    found = outcome("a.html", b"<p><a href='javascript:x'>one</a> <a href='https://e.example/'>two</a></p>")
    assert isinstance(found, Document)
    assert found.sections[0].text == "one [two](https://e.example/)"


def test_a_picture_keeps_its_points_only():
    from PIL import Image

    out = io.BytesIO()
    picture = Image.new("RGB", (40, 20), "red")
    exif = picture.getexif()
    exif[0x010E] = "taken at home"
    picture.save(out, "JPEG", exif=exif)
    found = outcome("a.docx", docx("x", out.getvalue()))
    assert isinstance(found, Document)
    (kept,) = found.pictures
    assert kept.type == "jpeg"
    assert b"taken at home" not in kept.data
    assert isinstance(outcome("a.docx", word("<w:p/>")), str)
    assert png() != kept.data
