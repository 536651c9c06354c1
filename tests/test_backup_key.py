"""The key of badges in backups: it comes back for its owner alone, and badges can be checked again."""

from __future__ import annotations

import json
import stat
import zipfile

import pytest

from kb.backups.errors import BackupFailed, BadBackup
from kb.backups.making import back_up
from kb.backups.restoring import rehearse, restore
from kb.database import Database
from kb.learning.signing import FILE, BadgeRefused, Signer
from kb.people.audit import AuditFilter, find
from kb.people.roles import Person
from tests.fixtures.served import make_settings
from tests.test_backups import url_of

SAID = {"iss": "https://lessons.example.org", "name": "Cut-over planning"}


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def signed(home):
    """A badge that the key of this home signed."""
    return Signer(home, SAID["iss"]).sign(SAID)


def target_of(tmp_path, name="other"):
    return make_settings(tmp_path / name, database_url=f"sqlite:///{tmp_path}/{name}/precedent.sqlite")


def mode(file) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def rewritten(file, change):
    """The backup with parts and manifest as `change` leaves them."""
    with zipfile.ZipFile(file) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(parts.pop("manifest.json"))
    change(manifest, parts)
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("manifest.json", json.dumps(manifest))
        for name, data in parts.items():
            packed.writestr(name, data)
    return file


def test_badges_can_be_checked_after_a_restore_elsewhere(sqlite_database, home, signed, tmp_path):
    made = back_up(url_of(sqlite_database), tmp_path / "a.backup", home=home)
    assert [part.kind for part in made.manifest.parts] == ["sqlite", "badge key"]
    assert mode(made.file) == 0o600
    settings = target_of(tmp_path)
    assert rehearse(settings, made.file) == made.manifest
    assert not (settings.home / FILE).exists()
    report = restore(settings, made.file)
    assert (report.has_key, report.kept_key) == (True, None)
    assert mode(settings.home / FILE) == 0o600
    assert Signer(settings.home, SAID["iss"]).read(signed) == SAID
    assert [each.name for each in settings.home.iterdir() if each.name.startswith(FILE)] == [FILE]


def test_the_log_says_who_restored(sqlite_database, tmp_path):
    made, settings = back_up(url_of(sqlite_database), tmp_path / "a.backup"), target_of(tmp_path)
    restore(settings, made.file, by=Person(name="command line (root)", is_operator=True))
    database = Database(settings.database_url)
    with database.read() as session:
        lines = find(session, AuditFilter(action="restore backup"), 0, 9)[1]
        assert [line.person for line in lines] == ["command line (root)"]
    database.dispose()


def test_another_key_that_was_there_is_kept(sqlite_database, home, signed, tmp_path):
    made = back_up(url_of(sqlite_database), tmp_path / "a.backup", home=home)
    settings = target_of(tmp_path)
    settings.home.mkdir()
    other = Signer(settings.home, SAID["iss"]).sign(SAID)
    report = restore(settings, made.file)
    assert Signer(settings.home, SAID["iss"]).read(signed) == SAID
    with pytest.raises(BadgeRefused):
        Signer(settings.home, SAID["iss"]).read(other)
    assert mode(report.kept_key) == 0o600
    report.kept_key.replace(settings.home / FILE)
    assert Signer(settings.home, SAID["iss"]).read(other) == SAID


def test_the_same_key_stays_and_is_closed_to_others(sqlite_database, home, signed, tmp_path):
    made = back_up(url_of(sqlite_database), tmp_path / "a.backup", home=home)
    settings = target_of(tmp_path)
    restore(settings, made.file)
    (settings.home / FILE).chmod(0o644)
    report = restore(settings, made.file, replace=True)
    assert (report.has_key, report.kept_key) == (True, None)
    assert mode(settings.home / FILE) == 0o600


def test_a_backup_without_a_key_leaves_the_one_that_is_there(sqlite_database, home, tmp_path):
    made = back_up(url_of(sqlite_database), tmp_path / "a.backup", home=home)
    assert [part.kind for part in made.manifest.parts] == ["sqlite"]
    settings = target_of(tmp_path)
    settings.home.mkdir()
    badge = Signer(settings.home, SAID["iss"]).sign(SAID)
    assert not restore(settings, made.file).has_key
    assert Signer(settings.home, SAID["iss"]).read(badge) == SAID


def test_backups_of_the_first_format_are_restored(sqlite_database, tmp_path):
    made = back_up(url_of(sqlite_database), tmp_path / "a.backup")
    file = rewritten(made.file, lambda manifest, _: manifest.update(format=1))
    assert not restore(target_of(tmp_path), file).has_key


@pytest.mark.parametrize("text", ["", "{}", "[", '{"kty": "RSA", "n": "x", "e": "AQAB"}', "public"])
def test_a_key_that_cannot_be_read_is_no_part_of_a_backup(sqlite_database, home, signed, tmp_path, text):
    if text == "public":
        text = json.dumps(Signer(home, "").key.as_dict(private=False))
    (home / FILE).write_text(text)
    with pytest.raises(BackupFailed, match=r"key of badges in .*badge-key\.json cannot be read"):
        back_up(url_of(sqlite_database), tmp_path / "a.backup", home=home)
    assert not (tmp_path / "a.backup").exists()


def swapped(manifest, _parts):
    manifest["parts"].reverse()


def doubled(manifest, _parts):
    manifest["parts"].append(manifest["parts"][1])


def changed(_manifest, parts):
    parts[FILE] = parts[FILE].replace(b'"d"', b'"D"')


@pytest.mark.parametrize(
    ("change", "words"), [(swapped, "its parts are"), (doubled, "its parts are"), (changed, "is damaged")]
)
def test_parts_that_are_not_a_database_and_its_key_change_nothing(
    sqlite_database, home, signed, tmp_path, change, words
):
    made = back_up(url_of(sqlite_database), tmp_path / "a.backup", home=home)
    file, settings = rewritten(made.file, change), target_of(tmp_path)
    for attempt in (rehearse, restore):
        with pytest.raises(BadBackup, match=words):
            attempt(settings, file)
    assert not (settings.home / FILE).exists()
    assert not (settings.home / "precedent.sqlite").exists()
