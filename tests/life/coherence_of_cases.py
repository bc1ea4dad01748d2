"""What fits together in inputs about casework."""

from __future__ import annotations

from life.coherence import Recipe, Values, chosen, declaring, ids, named, rows
from life.drawing import Drawing
from life.workers import worker_of

RECIPES: dict[str, Recipe] = {}
recipe = declaring(RECIPES)


@recipe("linkCaseSession")
def _session(drawing: Drawing, values: Values) -> None:
    """A session that belongs to no case yet, and an open case of its person."""
    linked = {row["service_record_id"] for row in rows(drawing, "case_session")}
    sessions = {
        row["id"]: row
        for row in rows(drawing, "service_record")
        if (row["kind"], row["status"]) == ("CASE_SESSION", "CURRENT") and row["id"] not in linked
    }
    attended = [
        (row["service_record_id"], row["beneficiary_id"])
        for row in rows(drawing, "attendance")
        if row["service_record_id"] in sessions and row["beneficiary_id"]
    ]
    cases = [row for row in rows(drawing, "case_file") if row["closed_on"] is None]
    mine = [row for row in cases if row["worker_id"] == drawing.person.member_id]
    pairs = [
        (case, sessions[record])
        for case in mine or cases
        for record, person in attended
        if person == case["beneficiary_id"] and sessions[record]["served_on"] >= case["opened_on"]
    ]
    if pairs:
        case, record = drawing.random.choice(pairs)
        [values["caseId"]] = ids(drawing, "Case", [case])
        [values["serviceRecordId"]] = ids(drawing, "ServiceRecord", [record])


@recipe("pairCase")
def _one_of_three(_: Drawing, values: Values) -> None:
    if "memberId" not in values and "outsider" not in values and "volunteerId" not in values:
        values["outsider"] = {"name": "甲", "profession": "律师"}
    given = [name for name in ("memberId", "volunteerId", "outsider") if values.get(name)]
    for name in given[1:]:
        del values[name]
    if given == ["volunteerId"]:
        values["role"] = "VOLUNTEER"
    elif values["role"] == "VOLUNTEER":
        values["role"] = "OTHER"


@recipe("proposeClosure")
def _outcome(drawing: Drawing, values: Values) -> None:
    case = named(drawing, "caseId") or {}
    if case.get("stage") != "EVALUATION":
        values["outcome"] = drawing.random.choice(("DECLINED", "MOVED", "DIED"))


@recipe("planAction")
def _action(drawing: Drawing, values: Values) -> None:
    """For a goal that has none yet."""
    planned = {row["goal_id"] for row in rows(drawing, "case_action")}
    planning = {
        row["id"]
        for row in rows(drawing, "case_file")
        if row["stage"] == "PLANNING" and row["awaiting"] is None
    }
    fit = [
        row
        for row in rows(drawing, "case_goal")
        if row["id"] not in planned and row["case_id"] in planning and row["dropped_on"] is None
    ]
    mine = [row for row in fit if worker_of(drawing.city, row) == drawing.person.member_id]
    if drawing.random.randrange(8):
        chosen(drawing, values, "goalId", "CaseGoal", mine or fit)


@recipe("submitCasePlan")
def _plan(drawing: Drawing, values: Values) -> None:
    """Of a case whose goals all have an action."""
    acted = {row["goal_id"] for row in rows(drawing, "case_action") if row["dropped_on"] is None}
    goals = [row for row in rows(drawing, "case_goal") if row["dropped_on"] is None]
    begun = {row["case_id"] for row in goals}
    bare = {row["case_id"] for row in goals if row["id"] not in acted}
    fit = [
        row
        for row in rows(drawing, "case_file")
        if row["id"] in begun - bare and row["stage"] == "PLANNING" and row["awaiting"] is None
    ]
    mine = [row for row in fit if row["worker_id"] == drawing.person.member_id]
    case = chosen(drawing, values, "caseId", "Case", mine or fit)
    if case is not None:
        values["version"] = case["version"]
