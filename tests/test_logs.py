"""Logs: their fields, and that nothing a client sends begins a line."""

from __future__ import annotations

import json
import logging
import re
import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.web import application
from tests.test_serve import start
from web.logs import MOST, JsonFormatter, TextFormatter, printable
from web.server_logs import RequestFields

pytest_plugins = ["tests.fixtures.web"]
HOSTILE = "x\r\n2026-11-26T00:00:00.000Z critical root: forged\n\x1b[2J\u2028\u202e\x85\ud800"


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("web.access", logging.INFO, "file", 1, message, arguments, None)
    vars(made).update(extra)
    return made


def failed(error: Exception) -> logging.LogRecord:
    made = record("failed")
    try:
        raise error
    except type(error):
        made.exc_info = sys.exc_info()
    return made


def test_a_json_line_holds_the_fields_that_there_are():
    line = json.loads(
        JsonFormatter().format(record("%s in %d ms", "/x", 7, status=200, ms=7.25, person=None))
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "info", "logger": "web.access", "message": "/x in 7 ms", "status": 200, "ms": 7.25,
    }  # fmt: skip


def test_an_exception_is_a_field():
    line = json.loads(JsonFormatter().format(failed(ValueError(HOSTILE))))
    assert line["exception"].startswith("Traceback (most recent call last)")
    assert line["exception"].endswith(f"ValueError: {HOSTILE}")


@given(st.text() | st.just(HOSTILE))
def test_json_is_one_line_of_ascii(text):
    for each in (record("%s", text, path=text), failed(ValueError(text))):
        line = JsonFormatter().format(each)
        assert line.isascii()
        assert line.isprintable()
        json.loads(line)


@given(st.text() | st.just(HOSTILE))
def test_no_text_begins_a_line_for_people(text):
    assert TextFormatter().format(record("%s", text)).isprintable()
    first, *others = TextFormatter().format(failed(ValueError(text))).split("\n")
    assert first.endswith("failed")
    assert all(line.startswith("  | ") and line.isprintable() for line in others)


def test_a_line_for_people_names_the_request():
    line = TextFormatter().format(record("GET /search 200 in 12.0 ms", request_id="a1b2c3"))
    assert re.fullmatch(r"\S+Z info web\.access: GET /search 200 in 12\.0 ms \[a1b2c3\]", line)


def test_what_can_be_printed_stays_as_it_is():
    assert printable("Grüße, 日本 “x”") == "Grüße, 日本 “x”"
    assert printable("a\nb") == "a\\nb"


def test_long_messages_are_cut():
    assert len(JsonFormatter().format(record("%s", "x" * 10 * MOST))) < MOST + 500


def test_a_request_is_noted_without_its_query(small_home, caplog):
    caplog.handler.addFilter(fields := RequestFields())
    caplog.set_level(logging.INFO, "web.access")
    with application(small_home) as app:
        answer = app.test_client().get("/entries/L-0001?revision=7&link=top-secret")
    caplog.handler.removeFilter(fields)
    (noted,) = [each for each in caplog.records if each.name == "web.access"]
    line = json.loads(JsonFormatter().format(noted))
    assert (line["method"], line["endpoint"], line["path"]) == ("GET", "entries.entry", "/entries/L-0001")
    assert (line["status"], line["request_id"]) == (404, answer.headers["X-Request-Id"])
    assert line["ms"] > 0
    assert "person" not in line
    assert "top-secret" not in json.dumps(line)


@pytest.mark.slow
def test_every_process_of_a_server_logs_json(repository, tmp_path):
    changed = {"PRECEDENT_LOG": "json"}
    url, process, log = start(repository, tmp_path, **changed)
    try:
        host, _, port = url.removeprefix("http://").partition(":")
        for request in (
            b"GET /entries/%0Aforged HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"NO\x01\r\nSENSE\r\n\r\n",
        ):
            with socket.create_connection((host, int(port)), timeout=20) as connection:
                connection.sendall(request)
                connection.recv(100)
    finally:
        process.terminate()
        process.wait(30)
    text = log.read_text()
    link = text[text.index("Nobody is the administrator yet") :].split("\n")[:2]
    assert "/welcome?link=" in link[1], "told to whoever starts the server"
    lines = [json.loads(line) for line in text.splitlines() if line not in link]
    assert not any("/welcome?link=" in json.dumps(line) for line in lines), "and never logged"
    messages = [line["message"] for line in lines]
    assert any(message.startswith("Precedent is at http://") for message in messages)
    assert any(message.startswith("The index is up to date") for message in messages)
    (noted,) = [line for line in lines if line.get("endpoint") == "entries.entry"]
    assert (noted["path"], noted["status"]) == ("/entries/\nforged", 404)
    assert any(line["logger"] == "gunicorn.error" for line in lines)
