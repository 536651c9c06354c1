"""Tables of projects that programs bring: /api/v1/project-tables and /api/v1/project-mappings"""

from __future__ import annotations

import pytest

from tests.fixtures.programs import program

pytest_plugins = ["tests.fixtures.web", "tests.fixtures.people"]
FILE = {"content_type": "application/octet-stream"}
TABLE = """No;Project;Cost (k EUR);Effort;Bugs found
1;Depot;1.200,5;10;3
2;Bridge;2.500;many;4
3;Mill;900;7;
4;Pier;800;8;1
5;Quay;700;9;2
"""


@pytest.fixture
def cora(own_app):
    return program(own_app, "cora", "curator")


def brought(who, text: str = TABLE, **query: str):
    asked = "&".join(f"{name}={value}" for name, value in {"name": "ours.csv", **query}.items())
    answer = who("POST", f"/project-tables?{asked}", text.encode(), **FILE)
    assert answer.status_code == 201, answer.text
    return answer


def decided(found: dict, **changes: dict) -> dict:
    """The mapping of an answer, with more said of columns."""
    mapping = found["mapping"]
    columns = [each | changes.get(each["column"].split()[0], {}) for each in mapping["columns"]]
    return mapping | {"columns": columns}


WHOLE = {"Effort": {"unit": "hours"}, "Bugs": {"known_after": True}}


def test_a_table_is_brought_mapped_and_loaded_whole_or_not_at_all(cora):
    before = cora("GET", "/entries?kind=project").json["total"]
    made = brought(cora)
    found = made.json
    address = f"/project-tables/{found['id']}"
    assert made.headers["Location"] == f"/api/v1{address}"
    assert (found["state"], found["rows"], found["can_be_loaded"], found["loaded"]) == (
        "open",
        5,
        False,
        None,
    )
    columns = {each["column"]: each for each in found["columns"]}
    assert columns["Cost (k EUR)"]["reason"].startswith("Its name is one of actual cost. In thousand")
    assert columns["No"]["reason"] == "It tells the rows apart: no two have the same."
    assert columns["Effort"]["open"] == [
        "is in what unit? Say one of hours, person-days, person-months, person-years"
    ]
    refused = cora("POST", f"{address}/loaded", {})
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (409, "Effort")
    said = cora("PUT", f"{address}/mapping", decided(found, **WHOLE))
    assert (said.status_code, said.json["can_be_loaded"]) == (200, True), said.text
    assert {each["column"]: each["reason"] for each in said.json["columns"]}[
        "Effort"
    ] == "The mapping says so."
    assert said.json["preview"]["wrong"] == 1
    assert said.json["preview"]["first"][0]["actuals"] == {"cost": 1200500.0, "effort_hours": 10.0}
    none = cora("POST", f"{address}/loaded", {"rows": "all"})
    assert none.status_code == 409
    assert none.json["errors"] == [
        {"field": "Effort", "message": "line 3: 'many' is no number; correct it, or empty the cell"}
    ]
    assert cora("GET", "/entries?kind=project").json["total"] == before
    standing = cora("GET", address).json["loaded"]
    assert (standing["is_taken_back"], standing["created"], standing["failed"]) == (True, 0, 1)
    assert standing["faults"][0]["line"] == 3
    some = cora("POST", f"{address}/loaded", {"rows": "right"})
    assert (some.status_code, some.json["state"]) == (201, "done"), some.text
    assert (some.json["loaded"]["created"], some.json["loaded"]["failed"]) == (4, 1)
    assert cora("GET", "/entries?kind=project").json["total"] == before + 4
    (listed,) = cora("GET", "/project-tables").json["tables"]
    assert (listed["id"], listed["state"]) == (found["id"], "done")
    assert cora("DELETE", address).status_code == 204
    assert cora("GET", address).status_code == 404


def test_mappings_are_kept_and_used_again(cora):
    found = brought(cora).json
    mapping = decided(found, **WHOLE)
    kept = cora("PUT", "/project-mappings?name=ours", mapping)
    assert (kept.status_code, kept.json["name"], kept.json["author"]) == (200, "ours", cora.person.name)
    (listed,) = cora("GET", "/project-mappings").json["mappings"]
    assert listed["mapping"] == kept.json["mapping"]
    again = brought(cora, TABLE.replace("many", "9"), mapping="ours").json
    assert again["can_be_loaded"] is True
    loaded = cora("POST", f"/project-tables/{again['id']}/loaded", {})
    assert (loaded.status_code, loaded.json["loaded"]["created"]) == (201, 5)
    assert cora("DELETE", "/project-mappings?name=ours").status_code == 204
    assert cora("DELETE", "/project-mappings?name=ours").status_code == 404
    assert cora("POST", "/project-tables?name=a.csv&mapping=ours", b"A,B\n1,2\n", **FILE).status_code == 404


def test_columns_that_give_the_answer_away_are_named_with_the_reason(cora):
    rows = "\n".join(f"{n},{n * n + 7},{(n * n + 7) * 1.1:.1f},{n % 5}" for n in range(1, 31))
    text = f"No,Effort hours,Invoiced,Sites\n{rows}\n"
    found = brought(cora, text).json
    (late,) = [each for each in found["columns"] if each["suspicion"]]
    assert late["column"] == "Invoiced"
    assert "orders projects" in late["suspicion"]
    assert "known_after true or false" in late["open"][0]
    said = cora(
        "PUT", f"/project-tables/{found['id']}/mapping", decided(found, Invoiced={"known_after": False})
    ).json
    (late,) = [each for each in said["columns"] if each["suspicion"]]
    assert (late["column"], late["open"]) == ("Invoiced", [])


@pytest.mark.parametrize(
    ("changes", "status", "field", "words"),
    [
        ({"Effort": {"unit": "miles"}}, 400, "columns.4.unit", "must be"),
        ({"Effort": {"unit": "single"}}, 409, "Effort", "Actual effort has no unit 'single'"),
        ({"Project": {"to": "colour"}}, 400, "columns.2.to", "there is no field"),
        ({"Project": {"to": "outcome", "values": {"x": "great"}}}, 409, "Project", "is none of succeeded"),
        ({"Project": {"to": "baseline.cost"}}, 409, "Project", "say of which stage"),
        ({"Project": {"to": "key"}}, 409, "Project", "is id of the project as No is already"),
        ({"Project": {"column": "Ghost"}}, 409, "Ghost", "is in the mapping and not in the table"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_and_nothing_kept(cora, changes, status, field, words):
    found = brought(cora).json
    answer = cora("PUT", f"/project-tables/{found['id']}/mapping", decided(found, **changes))
    assert answer.status_code == status, answer.text
    assert answer.json["errors"][0]["field"] == field
    assert words in answer.json["errors"][0]["message"]
    assert cora("GET", f"/project-tables/{found['id']}").json["mapping"] == found["mapping"]


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("", "file", "empty"),
        ("A;A\n1;2\n", "A", "line 1: is the name of two columns"),
        ("A;B\n1\n", "file", "line 2: has 1 cells"),
        ("A,B\n", "file", "no rows"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_line(cora, text, field, words):
    answer = cora("POST", "/project-tables?name=a.csv", text.encode(), **FILE)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, field), answer.text
    assert words in answer.json["errors"][0]["message"]
    assert cora("POST", "/project-tables?name=a.csv&delimiter=x", b"A\n1", **FILE).status_code == 400
    assert cora("POST", "/project-tables", b"A\n1", **FILE).json["errors"][0]["field"] == "name"


def test_tables_are_their_senders_and_loading_is_for_curators(cora, own_app):
    number = brought(cora).json["id"]
    bea, reader = program(own_app, "bea", "curator"), program(own_app, "ron", "reader")
    for call in (("GET", ""), ("POST", "/loaded", {}), ("DELETE", "")):
        method, path, *body = call
        assert bea(method, f"/project-tables/{number}{path}", *body).status_code == 404
    for path in ("/project-tables", f"/project-tables/{number}", "/project-mappings"):
        assert reader("GET", path).status_code == 403
    assert bea("GET", "/project-tables").json["tables"] == []
