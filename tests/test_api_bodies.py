"""The bodies of entries are described exactly: what the description allows is taken, and nothing else."""

from __future__ import annotations

import json

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.config import GenerationConfig
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode

from kb.errors import InvalidRecord
from kb.kinds import KINDS
from kb.validation import validate
from web.api.desk_bodies import AdviceBody, DraftBody, EditBody
from web.api.openapi import describe
from web.api.table import OPERATIONS, TAGS
from web.bodies import read_object
from web.parameters import BadParameters

CALLS = {("/drafts", "POST"): DraftBody, ("/drafts/{ref}", "PUT"): EditBody, ("/advice", "POST"): AdviceBody}


@pytest.fixture(scope="module")
def schema():
    return schemathesis.openapi.from_dict(describe(OPERATIONS, TAGS, cookie="precedent", is_open=True))


def fault(model, body) -> str:
    """What is wrong with a body as it would be read; empty where nothing is."""
    try:
        data = read_object(json.dumps(body).encode())
        validate(model.shape_of(data) if hasattr(model, "shape_of") else model, data)
    except (InvalidRecord, BadParameters) as error:
        return str(error) or "wrong"
    return ""


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "does not"])
def test_every_limit_of_the_description_is_that_of_the_body(schema, call, mode):
    path, method = call
    cases = schema.iter_coverage_cases(
        schema[path][method], generation_modes=[mode], generation_config=GenerationConfig()
    )
    tried = 0
    for case in cases:
        component = case.meta.components.get("body") if case.meta else None
        if isinstance(case.body, NotSet | bytes) or component is None or component.mode != mode:
            continue
        tried += 1
        found = fault(CALLS[call], case.body)
        assert bool(found) == (mode == GenerationMode.NEGATIVE), (found, str(case.body)[:500])
    assert tried > 100


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_what_the_description_allows_is_taken(schema, call):
    path, method = call
    kinds = set()

    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(schema[path][method].as_strategy())
    def taken(case):
        kinds.add(case.body.get("kind"))
        assert fault(CALLS[call], case.body) == "", case.body

    taken()
    assert kinds == {None} or len(kinds & set(KINDS)) > 1
