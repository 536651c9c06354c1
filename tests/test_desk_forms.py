"""A form changes nothing by itself: what it shows of an entry is read back as the same entry."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from corpus.sample import sample_paths
from kb.content import make_content, to_json
from kb.formats import LoadOptions, RawRecord, tables
from kb.formats.markdown import read
from kb.kinds import KINDS
from kb.records import parse_record
from web.desk.fields import plan_of
from web.desk.reading_forms import PREFIX, read_fields, shown


def sent(fields, data, prefix: str = PREFIX) -> list[tuple[str, str]]:
    """What a browser sends of a form that is filled with the data, line breaks as browsers write them."""
    pairs: list[tuple[str, str]] = []
    for field in fields:
        value: Any = data.get(field.name, field.default)
        name = prefix + field.name
        if field.widget == "group":
            pairs += sent(field.parts, value or {}, f"{name}.")
        elif field.widget == "rows":
            for number, row in enumerate(value or [], 1):
                pairs += sent(field.parts, row, f"{name}.{number}.")
        elif field.widget in ("ticks", "named"):
            pairs += [(name, each) for each in value or []]
        elif field.widget != "switch" or value:
            pairs.append((name, shown(field, value).replace("\n", "\r\n")))
    return pairs


def records(kind: str):
    for path in sample_paths():
        if path.name == kind:
            found = [
                record for file in sorted(path.glob("*.md")) for record in read(file, LoadOptions(), "x")
            ]
        elif path.suffix == ".csv" and path.stem == "projects" and kind == "project":
            found = list(tables.read(path, LoadOptions(), "x"))
        else:
            continue
        yield from (parse_record(each.data) for each in found if isinstance(each, RawRecord))


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_of_the_sample_corpus_goes_through_its_form_unchanged(kind):
    fields, count = plan_of(kind).fields, 0
    for record in records(kind):
        stored = to_json(record.content)
        typed = read_fields(fields, MultiDict(sent(fields, stored)))
        assert to_json(make_content(kind, typed)) == stored, record.content.title
        count += 1
    assert count >= 5
