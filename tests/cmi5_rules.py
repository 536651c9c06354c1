"""The rules of a cmi5 package, written from the specification (ADL, 2016; sections 13 and 14)."""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Decimal
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

SPACE = "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"
MOVES = {"Passed", "Completed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable"}
METHODS = {"OwnWindow", "AnyWindow"}
ATTRIBUTES = {
    "courseStructure": ((), ()), "course": (("id",), ()), "objective": (("id",), ("idref",)),
    "block": (("id",), ()),
    "au": (("id",), ("moveOn", "masteryScore", "launchMethod", "activityType")),
    "langstring": ((), ("lang",)),
}  # fmt: skip
"""Of an element: attributes that it must have, and may have; others have none."""
CHILDREN = {
    "courseStructure": r"course (objectives )?((au|block) )+",
    "course": r"title description ",
    "objectives": r"(objective )+",
    "objective": r"title description ",
    "block": r"title description (objectives )?((au|block) )+",
    "au": r"title description (objectives )?url (launchParameters )?(entitlementKey )?",
    "title": r"(langstring )+",
    "description": r"(langstring )+",
    "langstring": "",
    "url": "",
}
"""The order of the elements in each."""


def is_iri(text: str) -> bool:
    parts = urlsplit(text)
    return bool(parts.scheme and parts.netloc) and not re.search(r"[\s<>\"{}|\\^`]", text)


def check_structure(data: bytes) -> ET.Element:
    """Fails where the structure breaks a rule; its root else."""
    root = ET.fromstring(data)
    assert root.tag == f"{{{SPACE}}}courseStructure"
    ids = []
    for element in root.iter():
        space, _, name = element.tag.removeprefix("{").partition("}")
        assert space == SPACE
        inner = "".join(f"{child.tag.partition('}')[2]} " for child in element)
        assert re.fullmatch(CHILDREN[name], inner), (name, inner)
        needed, more = ATTRIBUTES.get(name, ((), ()))
        assert set(needed) <= set(element.attrib) <= {*needed, *more}, (name, element.attrib)
        if name in {"course", "objective", "block", "au"}:
            assert is_iri(element.attrib["id"])
            ids.append(element.attrib["id"])
        if name == "langstring":
            assert re.fullmatch(r"[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*", element.attrib["lang"])
            assert (element.text or "").strip()
        if name == "au":
            assert element.attrib.get("moveOn", "NotApplicable") in MOVES
            assert element.attrib.get("launchMethod", "AnyWindow") in METHODS
            assert 0 <= Decimal(element.attrib.get("masteryScore", "0")) <= 1
    assert len(ids) == len(set(ids))
    return root


def check_package(data: bytes) -> tuple[ET.Element, dict[str, bytes]]:
    """Fails where the package breaks a rule; its structure and its files else."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names))
        files = {name: archive.read(name) for name in names}
    root = check_structure(files["cmi5.xml"])
    urls = [each.text or "" for each in root.iter(f"{{{SPACE}}}url")]
    assert len(urls) == len(set(urls))
    for url in urls:
        assert not urlsplit(url).scheme
        assert not urlsplit(url).query
        assert url in files
    return root, files


def named(root: ET.Element, name: str) -> list[ET.Element]:
    """All elements of a name."""
    return list(root.iter(f"{{{SPACE}}}{name}"))
