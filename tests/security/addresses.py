"""Addresses of the URL map, with something in each place that a rule leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

FILLED = {"ref": "L-0001", "filename": "css/base.css", "form": "docx", "file": "0" * 64, "sheet": "rates"}
"""What stands for an argument; a 1 where nothing is said."""


def rules(app: Flask) -> list[Rule]:
    """Everything that can be asked for."""
    return list(app.url_map.iter_rules())


def address_of(rule: Rule, **values: object) -> str:
    """An address that the rule answers."""
    filled = {name: values.get(name, FILLED.get(name, 1)) for name in rule.arguments}
    built = rule.build(filled, append_unknown=False)
    assert built is not None, rule
    return str(built[1])
