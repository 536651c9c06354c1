"""`precedent serve`: one command, two processes, and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from kb.records import apply_record, parse_record
from tests.fixtures.served import free_port, wait_for
from web.serve import AT_ONCE

pytestmark = pytest.mark.slow


def start(repository, tmp_path, *options: str, **changed: str):
    port = free_port()
    log = tmp_path / "serve.log"
    command = [sys.executable, "-m", "web", "serve", "--port", str(port), *options]
    with log.open("wb") as output:
        environment = repository.environment() | changed
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    wait_for(url, process, log)
    return url, process, log


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def tree(pid: int) -> list[int]:
    return [descendant for child in children(pid) for descendant in (child, *tree(child))]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(condition, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def search(url: str, text: str) -> dict:
    with urllib.request.urlopen(f"{url}/api/v1/search?q={text}", timeout=20) as answer:
        return json.load(answer)


@pytest.fixture
def served(repository, tmp_path):
    url, process, log = start(repository, tmp_path)
    yield url, process, log
    if process.poll() is None:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_every_process(served, number):
    _, process, log = served
    family = tree(process.pid)
    assert len(family) >= 3
    assert eventually(lambda: "Precedent is at http://127.0.0.1:" in log.read_text())
    process.send_signal(number)
    assert process.wait(30) == 0
    assert not any(is_running(pid) for pid in family)
    assert "Traceback" not in log.read_text()


def test_no_process_outlives_a_killed_parent(served):
    _, process, _ = served
    family = tree(process.pid)
    process.kill()
    process.wait()
    assert eventually(lambda: not any(is_running(pid) for pid in family))


def test_what_is_published_is_soon_found(served, repository):
    url, _, _ = served
    with repository.database.write() as session:
        apply_record(session, parse_record({"kind": "lesson", "title": "Zeppelin hangars need zoning"}))
    assert eventually(lambda: any("Zeppelin" in hit["title"] for hit in search(url, "zeppelin")["hits"]))


def test_a_pasted_description_of_10000_characters_is_answered(served):
    url, _, _ = served
    answer = search(url, "supplier%20" * 1_100)
    assert answer["total"]
    assert any("8,000" in note or "400" in note for note in answer["notes"])
    with pytest.raises((urllib.error.HTTPError, OSError)):
        search(url, "x" * 2_000_000)
    assert search(url, "supplier")["total"]


def test_a_deleted_index_is_answered_without_and_comes_back(served, repository):
    url, _, _ = served
    assert search(url, "rehearsal")["degraded"] == []
    shutil.rmtree(repository.settings.index_folder)
    answers = [search(url, "rehearsal")]
    assert answers[0]["total"]
    assert eventually(lambda: search(url, "rehearsal")["degraded"] == [])


def test_nobody_waits_for_the_index_of_much(repository, tmp_path):
    with repository.database.write() as session:
        for number in range(AT_ONCE + 1):
            title = f"Zeppelin hangar {number} needs a zoning permit"
            apply_record(session, parse_record({"kind": "lesson", "title": title}))
    url, process, log = start(repository, tmp_path)
    try:
        assert "entries are not in the index yet" in log.read_text()
        # However far the writer is, each entry is found: by a phrase, as all are alike.
        found = search(url, f"%22hangar%20{AT_ONCE}%22")["hits"]
        assert any(hit["title"].startswith(f"Zeppelin hangar {AT_ONCE} ") for hit in found)
        assert eventually(lambda: not search(url, "zeppelin")["degraded"], 120)
        assert search(url, "zeppelin")["total"] == AT_ONCE + 1
    finally:
        process.terminate()
        process.wait(30)


def test_a_killed_writer_is_started_again(served, repository):
    url, process, _ = served
    # The writer is the child that is not gunicorn.
    writer = next(
        pid for pid in children(process.pid) if b"sync" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    os.kill(writer, signal.SIGKILL)
    with repository.database.write() as session:
        apply_record(session, parse_record({"kind": "lesson", "title": "Zeppelin hangars need zoning"}))
    assert eventually(lambda: search(url, "zeppelin")["total"] and search(url, "zeppelin")["hits"], 40)


def test_a_taken_port_is_said_in_one_line(repository):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "web", "serve", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(
            command, env=repository.environment(), check=False, capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 2
    assert done.stderr.startswith("precedent: Cannot listen on 127.0.0.1:")
    assert len(done.stderr.splitlines()) == 1
