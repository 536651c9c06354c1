"""A disk that is full or read-only: reading goes on, writing says why not, and all comes back."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from kb import disks
from kb.errors import DatabaseUnavailable, NotWritable
from kb.people.clock import now
from kb.people.model import SessionRow, Token
from kb.people.roles import Person
from kb.people.tokens import TokenText, issue_token
from kb.sqlite import why_not_written
from tests.fixtures.people import browser_of, make_user, session_secret
from tests.fixtures.web import application
from tests.test_sync import add
from web.services import EXTENSION

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]

FAULTS = {"full": disks.FULL, "read-only": disks.READ_ONLY}
GROUP = {"kind": "synonyms", "terms": ["punch list", "snag list"]}


@pytest.fixture(params=FAULTS)
def fault(request, disk):
    """A disk, how it is broken, how it is mended, and what is said meanwhile."""
    if request.param == "full":
        yield lambda: disk.fill([os.getpid()]), lambda: disk.free([os.getpid()]), FAULTS["full"]
    elif not disk.binds:
        pytest.skip("nothing keeps this account from writing")
    else:
        yield disk.lock, disk.unlock, FAULTS["read-only"]


@pytest.fixture
def app(own_home, disk):
    home = disk.folder / "home"
    shutil.copytree(own_home, home)
    with application(home) as app:
        yield app


def database_of(app):
    return app.extensions[EXTENSION].database


def dump(app) -> list[str]:
    with closing(sqlite3.connect(f"file:{database_of(app).file}?mode=ro", uri=True)) as connection:
        return list(connection.iterdump())


@pytest.fixture
def dora(app):
    """A curator whose session and token were last used a while ago, and the headers of a program of hers."""
    person = make_user(app, "dora", "curator")
    secret = session_secret(app, person)
    with database_of(app).write_aside() as session:
        row = session.scalars(select(SessionRow)).one()
        by = Person(id=person.id, name=person.name, email=person.email, roles=person.roles, session_id=row.id)
        _, token = issue_token(session, by, TokenText(name="script", scopes=["read", "curate"]))
        session.execute(update(SessionRow).values(seen_at=now() - timedelta(minutes=5)))
    browser = browser_of(app)
    browser.set_cookie("precedent", secret)
    return browser, {"Authorization": f"Bearer {token}"}


def test_reading_goes_on_writing_says_why_and_all_comes_back(app, dora, fault):
    (break_it, mend_it, why), (browser, program) = fault, dora
    break_it()
    before = dump(app)
    for address in ("/", "/search?q=permits", "/entries/L-0001", "/account", "/readyz", "/api/v1/me"):
        assert browser.get(address).status_code == 200, address
    assert browser_of(app).get("/api/v1/vocabulary", headers=program).status_code == 200
    refused = browser_of(app).post("/api/v1/vocabulary", json=GROUP, headers=program)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert refused.json["detail"] == f"Nothing can be stored at the moment: {why}."
    page = browser.send("/account/profile", name="Theodora")
    assert page.status_code == 503
    assert f"<p>Nothing can be stored at the moment: {why}. What is there can still be read." in page.text
    assert dump(app) == before
    mend_it()
    assert browser_of(app).post("/api/v1/vocabulary", json=GROUP, headers=program).status_code == 201
    assert browser.send("/account/profile", name="Theodora").status_code == 303


def test_readiness_says_so_and_still_serves(app, disk, fault):
    break_it, mend_it, why = fault
    client = app.test_client()

    def storage():
        return next(check for check in client.get("/readyz").json["checks"] if check["name"] == "storage")

    assert storage() == {"name": "storage", "ok": True, "detail": "takes what is written"}
    break_it()
    if why == disks.READ_ONLY or disk.is_real:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json["status"]) == (200, "degraded")
        assert storage() == {"name": "storage", "ok": False, "detail": f"nothing can be stored: {why}"}
    mend_it()
    assert storage()["ok"]


def test_that_somebody_is_here_is_noted_once_it_can_be(app, dora, fault):
    (break_it, mend_it, _), (browser, program) = fault, dora
    break_it()
    assert browser.get("/account").status_code == 200
    assert browser_of(app).get("/api/v1/me", headers=program).status_code == 200
    mend_it()
    assert browser.get("/account").status_code == 200
    assert browser_of(app).get("/api/v1/me", headers=program).status_code == 200
    with database_of(app).read() as session:
        assert session.scalars(select(SessionRow.seen_at)).one() > now() - timedelta(minutes=1)
        assert session.scalars(select(Token.used_at)).one() is not None


def test_who_brings_a_key_that_does_not_work_reads_as_a_visitor(app, fault, caplog):
    break_it, _, why = fault
    break_it()
    browser = browser_of(app)
    browser.set_cookie("precedent", "of a session that is over")
    assert browser.get("/entries/L-0001").status_code == 200
    assert why in caplog.text
    assert browser_of(app).get("/api/v1/me", headers={"Authorization": "Bearer none"}).status_code == 401


def test_whom_a_proxy_names_reads_without_a_session(own_home, disk, fault):
    from kb.networks import read_network

    home = disk.folder / "home"
    shutil.copytree(own_home, home)
    break_it, mend_it, _ = fault
    proxies = (read_network("127.0.0.1"),)
    with application(home, proxies=proxies, proxy_header="X-Forwarded-Email") as app:
        make_user(app, "dora", "curator")
        browser, named = browser_of(app), {"X-Forwarded-Email": "dora@example.org"}
        break_it()
        assert browser.get("/account", headers=named).status_code == 200
        assert browser.get_cookie("precedent") is None
        mend_it()
        assert browser.get("/account", headers=named).status_code == 200
        assert browser.get_cookie("precedent") is not None


def test_a_connection_that_was_opened_to_read_is_opened_anew_to_write(app, disk):
    if not disk.binds:
        pytest.skip("nothing keeps this account from writing")
    database = database_of(app)
    database.dispose()
    disk.lock()
    assert database.change_stamp()
    with pytest.raises(NotWritable, match=disks.READ_ONLY):
        add(database, "One")
    disk.unlock()
    add(database, "One")
    disk.lock()
    with pytest.raises(DatabaseUnavailable):
        add(database, "Two")
    disk.unlock()
    add(database, "Three")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (sqlite3.SQLITE_FULL, disks.FULL),
        (sqlite3.SQLITE_READONLY | 4 << 8, disks.READ_ONLY),
        (sqlite3.SQLITE_IOERR_WRITE, "the disk refuses what is written"),
        (sqlite3.SQLITE_IOERR_READ, ""),
        (sqlite3.SQLITE_CANTOPEN, ""),
        (sqlite3.SQLITE_BUSY, ""),
    ],
)
def test_what_sqlite_says_is_told_apart(tmp_path, code, why):
    error = sqlite3.OperationalError("as it may be")
    error.sqlite_errorcode = code
    (tmp_path / "precedent.sqlite").touch()
    assert why_not_written(error, tmp_path / "precedent.sqlite") == why
    assert why_not_written(error, tmp_path / "gone") == (why if code & 0xFF in {8, 13} else "")


def test_a_server_that_only_follows_another_cannot_be_written(migrated_postgres):
    from kb.database import Database

    database = Database(migrated_postgres)
    with database.engine.connect() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        connection.commit()
    database.dispose()
    assert database.change_stamp() is not None
    with pytest.raises(NotWritable, match="the database can only be read"):
        add(database, "One")
    database.dispose()
