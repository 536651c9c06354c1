"""How values stand in the cells of a table."""

from __future__ import annotations

import pytest

from kb.formats.cells import (
    column_order,
    flatten,
    guard,
    join_items,
    read_cell,
    shape_of,
    split_items,
    unguard,
)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-", "'-"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1+1", "'＝1+1"),
        ("'=1", "''=1"),
        ("", "'"),
        ("'", "''"),
        ("'tis", "'tis"),
        ("a=b", "a=b"),
    ],
)
def test_formulas_are_disarmed_and_come_back(text: str, cell: str):
    assert guard(text) == cell
    assert unguard(cell) == text


@pytest.mark.parametrize(
    ("items", "cell"),
    [
        (["a", "b"], "a; b"),
        (["a;b", "c\\", "\\"], r"a\;b; c\\; \\"),
        ([""], r"\e"),
        (["", r"\e", "x"], r"\e; \\e; x"),
    ],
)
def test_lists_stand_in_one_cell(items: list[str], cell: str):
    assert join_items(items) == cell
    assert split_items(cell) == items


def test_foreign_lists_are_read_kindly():
    assert split_items(r"a;b ; ; C:\new;") == ["a", "b", r"C:\new"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (12.0, "12.0"),
        (-0.0, "-0.0"),
        (1e22, "1e+22"),
        (True, "true"),
        ("12", "'12"),
        ("'12", "''12"),
        ("-1.5e3", "'-1.5e3"),
        ("True", "'True"),
        ("+5", "'+5"),
        ("=A1", "'=A1"),
        ("", "'"),
        ("yes", "yes"),
        ("1,5", "1,5"),
        ("2024-01-01", "2024-01-01"),
    ],
)
def test_a_free_attribute_keeps_its_type(value: object, cell: str):
    assert flatten({"attributes": {"a": value}}) == {"attributes.a": cell}
    found = read_cell(cell, "free")
    assert (found, type(found), str(found)) == (value, type(value), str(value))


def test_columns_stand_in_the_order_of_the_fields():
    columns = [
        "verify_months",
        "body",
        "baselines.10.stage",
        "baselines.2.cost",
        "baselines.2.stage",
        "size",
        "title",
    ]
    columns += ["attributes.b", "attributes.a", "id", "tags", "actuals.effort_hours", "actuals.cost"]
    assert sorted(columns, key=lambda name: column_order("project", name)) == [
        "id", "title", "size", "baselines.2.stage", "baselines.2.cost", "baselines.10.stage", "actuals.cost",
        "actuals.effort_hours", "attributes.a", "attributes.b", "tags", "verify_months", "body",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "shape"),
    [
        ("title", "text"), ("kind", "text"), ("decided_at", "text"), ("variances.12.words", "text"),
        ("revision", "whole"), ("size", "number"), ("actuals.cost", "number"), ("tags", "texts"),
        ("actuals", "group"), ("attributes.a.b", "free"), ("attributes.", "free"), ("attributes", None),
        ("baselines", None), ("baselines.1", None), ("title.x", None), ("links.1.from", None),
    ],
)  # fmt: skip
def test_every_column_has_a_shape(column: str, shape: str | None):
    assert shape_of("project", column) == shape
