"""The calls of whoever tends the repository: duplicates, and how the repository does."""

from __future__ import annotations

from web.api import demand, duplicates, insight
from web.api.demand import DemandAnswer, DemandBody, DemandParameters, DemandPart, WriterBody
from web.api.duplicates import DecisionBody, DecisionsAnswer, PairsAnswer, PairsParameters
from web.api.insight import InsightAnswer
from web.api.operations import Operation

TEND = "tend repository"
TENDING = (
    Operation("GET", "/duplicates", duplicates.duplicates, PairsAnswer, "List entries that look alike",
              PairsParameters, action=TEND),
    Operation("GET", "/duplicates/decisions", duplicates.duplicate_decisions, DecisionsAnswer,
              "List what was decided about duplicates", action=TEND),
    Operation("PUT", "/duplicates/<ref>/<other>", duplicates.decide_on_duplicates, None,
              "Decide about two entries", body=DecisionBody, action=TEND,
              conflict="Somebody has decided about them already, or is at work on one of them."),
    Operation("DELETE", "/duplicates/<ref>/<other>", duplicates.reconsider_duplicates, None,
              "Take a decision back", action=TEND, conflict="Somebody is at work on one of them."),
    Operation("GET", "/demand", demand.demand, DemandAnswer, "List what people look for in vain",
              DemandParameters, action=TEND),
    Operation("PUT", "/demand/<number>", demand.set_demand, DemandPart, "Settle a demand",
              body=DemandBody, action=TEND, conflict="It is in that state already."),
    Operation("PUT", "/demand/<number>/writer", demand.give_demand, DemandPart, "Give a demand to somebody",
              body=WriterBody, action=TEND, conflict="It is given, answered or dismissed already."),
    Operation("GET", "/insight", insight.insight, InsightAnswer, "See how the repository does", action=TEND),
)  # fmt: skip
