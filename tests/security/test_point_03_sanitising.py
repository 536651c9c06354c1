"""One sanitising policy for every text: a thousand that try to run a script, each rendered alone."""

from __future__ import annotations

import re

from kb.content import CONTENT
from kb.html import render, sanitise
from kb.records import parse_record
from tests.security.filling import hostile, record
from tests.security.judging import Own, elements_of
from tests.security.payloads import payloads

PRODUCT = str(1234567 * 7654321)
"""What a template makes of the multiplication in some of the texts."""
BEACON = re.compile(r"window\.__ran=(\d+)")


def beacons(texts) -> set[str]:
    return {number for text in texts for number in BEACON.findall(text)}


def test_point_03_the_texts_are_many_and_each_can_be_told():
    assert len(payloads()) > 1_000
    assert len({each.text for each in payloads()}) == len(payloads())
    numbers = [number for each in payloads() for number in BEACON.findall(each.text)]
    assert len(set(numbers)) > 1_000
    assert all(str(each.number) in {*beacons([each.text]), str(each.number)} for each in payloads())


def test_point_03_the_judge_knows_what_is_dangerous():
    """Without the sanitiser most of what is meant as HTML is named."""
    wrong = [each for each in payloads() if list(Own().faults(elements_of(each.text)))]
    assert len(wrong) > 500
    for text in (
        "<b onclick=x>", "<b style=x>", "<base href=/>", "<b class=banner>", "<a href=javascript:x>",
        "<img src=//x>", "<img srcset=/x>", "<q cite=/x>", "<a href='/\\x'>", "<a href=' /x'>",
    ):  # fmt: skip
        assert list(Own().faults(elements_of(text))), text
    assert not list(Own().faults(elements_of('<a href="/entries/L-0001" rel="x">x</a><td align="left">')))


def test_point_03_no_text_alone_becomes_more_than_the_policy_allows():
    """Also those with control characters, which no field takes."""
    for each in payloads():
        made = render(each.text)
        assert not list(Own().faults(elements_of(made))), each
        assert sanitise(made) == made
        assert PRODUCT not in made


def test_point_03_texts_with_control_characters_are_not_stored():
    refused = [each for each in payloads() if not each.is_storable]
    assert len(refused) > 40
    assert beacons(text for pack in hostile() for text in pack).isdisjoint(
        number for each in refused for number in BEACON.findall(each.text)
    )


def test_point_03_every_text_field_of_every_kind_takes_them():
    for kind in CONTENT:
        for number in range(0, len(hostile()), 40):
            held = parse_record(record(kind, number, hostile()))
            assert len(beacons([held.model_dump_json()])) > 20
