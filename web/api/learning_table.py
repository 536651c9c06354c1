"""The calls about learning, as rows of the table."""

from __future__ import annotations

from web.api import learning, teaching
from web.api.learning_home import LearningAnswer
from web.api.learning_models import (
    AnswersBody,
    AttemptAnswer,
    CourseAnswer,
    MarksBody,
    ResultsAnswer,
    StepBody,
    WaitingAnswer,
)
from web.api.operations import Operation
from web.api.path_building import BUILDING

LEARN = "learn"
ANSWERED = "The answers were handed in before, or an answer does not fit its question."
MARKED = "The answers were marked before, or a mark does not fit its answer."

LEARNING = (
    Operation("GET", "/learning", learning.my_learning, LearningAnswer, "List the paths that one takes",
              own=True, own_scope=LEARN),
    Operation("POST", "/learning/<path>", learning.enrol, CourseAnswer, "Take a path", own=True,
              own_scope=LEARN),
    Operation("GET", "/learning/<path>", learning.my_course, CourseAnswer, "Read how far one is on a path",
              own=True, own_scope=LEARN),
    Operation("DELETE", "/learning/<path>", learning.leave, None, "Leave a path", own=True, own_scope=LEARN),
    Operation("PUT", "/learning/<path>/steps/<step>", learning.change_step, CourseAnswer,
              "Mark a step as done, or note something on it", body=StepBody, own=True, own_scope=LEARN),
    Operation("POST", "/learning/<path>/steps/<training>/attempts", learning.begin_attempt, AttemptAnswer,
              "Begin the questions of a step", own=True, own_scope=LEARN),
    Operation("PUT", "/learning/<path>/attempts/<attempt>", learning.hand_in, AttemptAnswer,
              "Hand answers in", body=AnswersBody, own=True, own_scope=LEARN, conflict=ANSWERED),
    Operation("GET", "/teaching/attempts", teaching.waiting_attempts, WaitingAnswer,
              "List answers that wait for a trainer", action="train"),
    Operation("PUT", "/teaching/attempts/<waiting>", teaching.mark_attempt, AttemptAnswer, "Mark answers",
              body=MarksBody, action="train", conflict=MARKED),
    Operation("GET", "/teaching/questions/<training>", teaching.question_results, ResultsAnswer,
              "Read how questions went", action="train"),
    *BUILDING,
)  # fmt: skip
