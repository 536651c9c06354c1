"""An example of each thing that a call takes, for the description."""

from __future__ import annotations

PATH = {
    "ref": "L-0001", "dossier": "E-0001", "number": 1, "group": 1, "person": 1, "name": "tag",
    "path": "P-0001", "step": "L-0001", "training": "M-0001", "attempt": 1, "waiting": 3,
    "other": "R-0001", "assignment": 1, "cohort": 1, "action": 1, "adoption": 1, "request": 1, "revision": 1,
    "comment": 1, "place": "new:lesson",
    "digest": "748c2f917a321c0fa1adbc81faa2bdf3d7efd6769f35aab9f279de64fd3c2b33",
}  # fmt: skip
"""Of the names in paths."""
_MAPPING: dict[str, object] = {
    "name": "finished",
    "currency": "EUR",
    "size_unit": "function points",
    "columns": [
        {"column": "No", "to": "key"},
        {"column": "Project", "to": "title"},
        {"column": "Spent (k)", "to": "actuals.cost", "unit": "thousand", "decimal": "comma"},
        {"column": "FP", "to": "size", "known_after": False},
        {"column": "Defects found", "to": "attribute", "known_after": True},
    ],
}
BODIES: dict[str, dict[str, object]] = {
    "keep_estimate": {
        "title": "Payroll replacement", "note": "For the business case",
        "request": {"target": "cost", "type": "migration", "size": 900, "size_unit": "users"},
    },
    "add_dossier_version": {
        "after": 1, "note": "The size is known by now",
        "request": {"target": "cost", "type": "migration", "size": 1200, "size_unit": "users"},
    },
    "close_dossier": {"actual": 1350000},
    "create_draft": {
        "kind": "lesson",
        "content": {
            "title": "Order long-lead valves before the design is frozen",
            "happened": "The vendor accepted a preliminary data sheet against a fee of 4 %.",
            "impact": {"cost": 180000, "currency": "EUR", "days": 110, "confidence": "medium"},
            "tags": ["procurement"],
        },
        "mask_source": True,
    },
    "change_draft": {
        "kind": "lesson", "base": 1, "note": "Says who does it",
        "content": {
            "title": "Order long-lead valves before the design is frozen",
            "recommendation": "The design lead lists long-lead items at the concept gate.",
        },
    },
    "put_working_copy": {
        "kind": "lesson", "base": 0, "note": "",
        "content": {"title": "Order long-lead valves", "happened": "The vendor accepted a preliminary"},
    },
    "advice": {
        "content": {
            "title": "Communication", "lesson": "Communication is key.",
            "recommendation": "Communicate early and often with all stakeholders.",
        }
    },
    "decide_review": {"decision": "request changes", "reason": "Who is to do it?"},
    "assign_review": {"person": 1},
    "comment_review": {"field": "recommendation", "text": "A role, please, not a name."},
    "settle_comment": {"settled": True},
    "archive_entry": {"reason": "The law has changed"},
    "supersede_entry": {"by": "L-0002", "reason": "Two projects have shown a better way"},
    "restore_entry": {"revision": 1},
    "bulk_plan": {"action": "add tag", "entries": ["L-0003", "L-0007"], "tag": "procurement"},
    "change_in_bulk": {"action": "archive", "entries": ["L-0003", "L-0007"], "reason": "The law has changed"},
    "plan_import": {"shape": "lessons", "put": {"Observation": "lesson.happened", "#3.2": "title"}},
    "map_project_table": _MAPPING, "keep_project_mapping": _MAPPING,
    "load_project_table": {"rows": "all"},
    "attach_file": {
        "name": "notes.md", "data": "IyBOb3RlcwoKVGhlIHRyYW5zZm9ybWVyIGFycml2ZWQgYnkgYmFyZ2Uu",
    },
    "set_entry_visibility": {"visibility": "restricted", "readers": ["role:estimator"]},
    "estimate": {
        "target": "cost", "type": "migration", "sector": "education", "complexity": "high",
        "size": 900, "size_unit": "users", "exclude": [{"id": "H-0012", "reason": "Bought, not built"}],
    },
    "add_vocabulary_group": {"kind": "acronym", "terms": ["UAT", "user acceptance testing"], "note": ""},
    "change_vocabulary_group": {"kind": "synonyms", "terms": ["supplier", "vendor", "seller"], "version": 1},
    "decide_on_duplicates": {"decision": "apart"},
    "set_demand": {"state": "dismissed"},
    "give_demand": {"email": "guest@example.org"},
    "merge_taxonomy_values": {
        "dimension": "tag", "values": ["go live"], "into": "cut-over", "fingerprint": "0f1e2d3c",
    },
    "add_rate": {"currency": "GBP", "year": 2026, "rate": 0.86, "source": "European Central Bank"},
    "change_rate": {"currency": "GBP", "year": 2026, "rate": 0.87, "source": "European Central Bank",
                    "version": 1},
    "add_index": {"currency": "EUR", "year": 2026, "index": 131.2, "base": "2015 = 100",
                  "source": "Eurostat"},
    "change_index": {"currency": "EUR", "year": 2026, "index": 131.3, "base": "2015 = 100",
                     "source": "Eurostat", "version": 1},
    "add_uplift": {"project_type": "tunnel", "measure": "cost", "p50_percent": 20.0, "p80_percent": 50.0,
                   "year": 2025, "source": "Our own study"},
    "change_uplift": {"project_type": "tunnel", "measure": "cost", "p50_percent": 22.0, "year": 2025,
                      "source": "Our own study", "version": 1},
    "invite_person": {"email": "anna.berg@example.org", "name": "Anna Berg", "roles": ["contributor"]},
    "set_person_roles": {"roles": ["contributor", "verifier"]},
    "set_person_status": {"status": "disabled"},
    "fill_template": {"values": {"go-live date": "2 May 2026"}, "format": "docx"},
    "change_profile": {
        "name": "Anna Berg", "skills": ["cut-over planning"], "interests": ["procurement"],
        "notices": {"entry due": "daily"}, "mentors": True,
        "private_learning": False,
    },
    "read_my_notices": {"up_to": 17},
    "read_my_notice": {"read": True},
    "change_step": {"done": True, "note": "Ask who rehearsed it last."},
    "hand_in": {"answers": [{"question": 0, "chosen": [2]}, {"question": 1, "text": "A sample only."}]},
    "mark_attempt": {"marks": [{"question": 1, "points": 80, "remark": "Say whose sample."}]},
    "decide_on_step": {"decision": "adopt", "current": 2},
    "assign_path": {
        "path": "P-0001", "due_on": "2099-12-18", "note": "Before the cut-over", "people": [],
        "roles": ["project manager"], "cohorts": [],
    },
    "change_path_assignment": {
        "version": 1, "due_on": "2099-12-31", "people": [], "roles": ["project manager"], "cohorts": [],
    },
    "rate_path": {"stars": 4, "words": "The second exercise needs the plan of the first."},
    "add_cohort": {"name": "Autumn 2026", "note": "Those who joined in autumn", "people": []},
    "change_cohort": {"version": 1, "name": "Autumn 2026, first group", "people": []},
    "adopt_lesson": {"project": "Payroll replacement", "note": "Two rehearsals are planned"},
    "note_action": {"what": "The cut-over template asks for two rehearsals"},
    "change_lesson_action": {
        "version": 1, "state": "embedded", "embedded_in": "T-0001", "embedded_words": "Section 3",
    },
    "ask_mentor": {"person": 2, "about": "L-0001", "words": "How did you find the slot for a rehearsal?"},
    "answer_mentor_request": {"state": "accepted", "words": "Gladly. Call me on Tuesday."},
    "set_mail": {"state": "waiting"},
    "set_statement": {"state": "waiting"},
    "make_token": {"name": "Nightly report", "scopes": ["read"], "days": 90},
}  # fmt: skip
"""Of bodies, by the name of the call."""
QUERIES: dict[str, dict[str, str]] = {
    "search": {"q": "cut-over rehearsal", "kind": "lesson"},
    "mentors": {"q": "permits"},
    "bring_document": {"name": "closing-report.docx"},
    "bring_project_table": {"name": "finished.csv"},
    "keep_project_mapping": {"name": "finished"},
    "remove_project_mapping": {"name": "finished"},
    "take_document": {"q": "cut-over rehearsal", "format": "docx"},
    "money": {
        "amount": "1200000", "currency": "GBP", "price_year": "2016", "to_currency": "EUR", "to_year": "2020",
    },
    "taxonomy_plan": {"dimension": "tag", "values": "cut over", "into": "cut-over"},
}  # fmt: skip
"""Of what may be asked, by the name of the call: for examples that show it."""
