"""What fits together in inputs about the work with persons."""

from __future__ import annotations

from datetime import date, timedelta

from life.city import Row
from life.coherence import (
    Recipe,
    Values,
    chosen,
    declaring,
    field_workers,
    holds,
    ids,
    named,
    rows,
    some,
)
from life.declarations import outside
from life.drawing import Drawing
from life.workers import worker_of

RECIPES: dict[str, Recipe] = {}
recipe = declaring(RECIPES)

GROUP_STAGES = ("PREPARATION", "FORMATION", "TRANSITION", "MATURITY", "CLOSING")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@recipe("registerBeneficiary", "updateBeneficiary")
def _identity(drawing: Drawing, values: Values) -> None:
    born_on = date(1920, 1, 1) + timedelta(drawing.random.randrange(14_000))
    sequence = drawing.random.randrange(1_000)
    digits = f"999999{born_on:%Y%m%d}{sequence:03}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    fields = {
        "bornOn": born_on.isoformat(),
        "gender": "MALE" if sequence % 2 else "FEMALE",
        "idNumber": digits + "10X98765432"[total % 11],
    }
    if "workerId" in values:
        workers = field_workers(drawing, drawing.city.today.isoformat())
        mine = [row for row in workers if row["id"] == drawing.person.member_id]
        [values["workerId"]] = ids(drawing, "Member", [drawing.random.choice(mine or workers)]) or [
            values["workerId"]
        ]
    elif drawing.random.randrange(2):
        # An update changes all three or none.
        for name in fields:
            values.pop(name, None)
        return
    values |= fields
    for name in ("phone", "address", "name", "fileNumber", "siteId"):
        if name in values and values[name] is None:
            del values[name]


@recipe("recordService")
def _service(drawing: Drawing, values: Values) -> None:
    project, day = named(drawing, "projectId"), values["servedOn"]
    if project is None:
        return
    values |= _present(drawing, project, day, values["kind"])
    areas = [row for row in drawing.city.of("area") if holds(row, day)]
    values["areaId"] = outside(drawing.schema, "Area", drawing.random.choice(areas))
    if values["kind"] != "VISIT":
        values["festival"] = None
    if values["kind"] == "HOME_HELP":
        values["medium"] = "IN_PERSON"
    if values["kind"] != "HOME_HELP" or None in {
        values.get("quantity"),
        values.get("quantityUnit"),
    }:
        values.pop("quantity", None)
        values.pop("quantityUnit", None)
    values.pop("seriesId", None)
    series = _formed(drawing, project, day)
    if values["kind"] == "GROUP_SESSION" and series:
        [values["seriesId"]] = ids(drawing, "GroupSeries", [drawing.random.choice(series)])


@recipe("correctServiceRecord")
def _correction(drawing: Drawing, values: Values) -> None:
    """Mostly of what was said, sometimes of who was there, now and then of anything."""
    record = named(drawing, "recordId")
    if record is None or drawing.random.randrange(8) == 0:
        return
    always = {"recordId", "version", "reason"}
    said = {*always, "title", "durationMinutes", "note"}
    for name in [*values]:
        if name not in said:
            del values[name]
    project = drawing.city.row("project", record["project_id"])
    if drawing.random.randrange(2) or project is None:
        values.setdefault("title", f"更正{drawing.number}")
        return
    there = _present(drawing, project, record["served_on"], record["kind"])
    names = drawing.random.sample([*there], drawing.random.randint(1, 3))
    values |= {name: there[name] for name in names}
    if drawing.random.randrange(6) == 0:
        values["kind"] = drawing.random.choice(("VISIT", "CASE_SESSION"))


def _present(drawing: Drawing, project: Row, day: str, kind: str) -> Values:
    """Who may have been there: persons who take part that day, workers, volunteers."""
    enrolled = {
        row["beneficiary_id"]
        for row in rows(drawing, "enrolment")
        if row["project_id"] == project["id"] and holds(row, day)
    }
    files = [row for row in rows(drawing, "beneficiary") if row["id"] in enrolled]
    me = drawing.person.member_id
    mine = [row for row in files if row["worker_id"] == me]
    if kind == "CASE_SESSION":
        in_case = {
            row["beneficiary_id"] for row in rows(drawing, "case_file") if row["closed_on"] is None
        }
        mine = [row for row in mine or files if row["id"] in in_case] or mine
    served = some(drawing, mine or files, 3 if kind == "GROUP_SESSION" else 1)
    if kind == "GROUP_SESSION":
        served += [row for row in files if row not in served][:2]
    workers = field_workers(drawing, day)
    served_by = [row for row in workers if row["id"] == me] or some(drawing, workers, 2)
    roll = [
        row for row in rows(drawing, "volunteer") if holds(row, day, "registered_on", "left_on")
    ]
    helped = some(drawing, roll, 2) if drawing.random.randrange(2) else []
    return {
        "beneficiaryIds": ids(drawing, "Beneficiary", served),
        "workerIds": ids(drawing, "Member", served_by),
        "volunteerIds": ids(drawing, "Volunteer", helped),
    }


def _formed(drawing: Drawing, project: Row, day: str) -> list[Row]:
    """The groups of a project that were formed by a day."""
    formed = {
        row["series_id"]
        for row in rows(drawing, "group_stage")
        if row["stage"] == "FORMATION" and row["entered_on"] <= day
    }
    return [
        row
        for row in rows(drawing, "group_series")
        if row["id"] in formed and row["project_id"] == project["id"]
    ]


@recipe("advanceGroupSeries")
def _next_stage(drawing: Drawing, values: Values) -> None:
    series = named(drawing, "seriesId")
    if series is not None and series["stage"] != GROUP_STAGES[-1]:
        values["stage"] = GROUP_STAGES[GROUP_STAGES.index(series["stage"]) + 1]
        values["enteredOn"] = drawing.city.today.isoformat()


@recipe("createGroupSeries", "planGroupSessions")
def _sessions(drawing: Drawing, values: Values) -> None:
    series = named(drawing, "seriesId")
    project = named(drawing, "projectId")
    if series is not None:
        project = drawing.city.row("project", series["project_id"])
    if project is None:
        return
    last = date.fromisoformat(project["valid_until"]) - timedelta(1)
    reached = GROUP_STAGES.index(series["stage"]) if series else 0
    for place, session in enumerate(values.get("sessions") or ()):
        session["stage"] = GROUP_STAGES[min(max(reached, 1) + place // 2, 4)]
        day = min(last, drawing.city.today + timedelta(20 + place))
        session["plannedOn"] = day.isoformat()
    workers = field_workers(drawing, drawing.city.today.isoformat())
    mine = [row for row in workers if row["id"] == drawing.person.member_id]
    if "leaderId" in values and workers:
        [values["leaderId"]] = ids(drawing, "Member", [drawing.random.choice(mine or workers)])
        values["name"] = f"小组{drawing.number}"


@recipe("closeCampaign")
def _gaps(drawing: Drawing, values: Values) -> None:
    campaign = named(drawing, "campaignId")
    if campaign is not None:
        missed = ids(drawing, "CampaignDue", _missed(drawing, campaign))
        values["gaps"] = [{"dueId": each, "reason": "NOT_REACHED"} for each in missed]


@recipe("explainCampaignGap")
def _gap(drawing: Drawing, values: Values) -> None:
    """Somebody of one's own who was not visited."""
    campaigns = [row for row in rows(drawing, "campaign") if row["status"] == "OPEN"]
    missed = [row for campaign in campaigns for row in _missed(drawing, campaign)]
    mine = [row for row in missed if worker_of(drawing.city, row) == drawing.person.member_id]
    chosen(drawing, values, "dueId", "CampaignDue", mine or missed)
    values["note"] = "几次上门都没有遇到。"


def _missed(drawing: Drawing, campaign: Row) -> list[Row]:
    visits = {
        row["id"]
        for row in rows(drawing, "service_record")
        if row["festival"] == campaign["festival"]
        and row["status"] == "CURRENT"
        and campaign["valid_from"] <= row["served_on"] < campaign["valid_until"]
    }
    visited = {
        row["beneficiary_id"]
        for row in rows(drawing, "attendance")
        if row["service_record_id"] in visits
    }
    return [
        row
        for row in rows(drawing, "campaign_due")
        if row["campaign_id"] == campaign["id"]
        and row["gap_reason"] is None
        and row["beneficiary_id"] not in visited
    ]


@recipe("planCampaign")
def _festival(drawing: Drawing, values: Values) -> None:
    values["year"] = 2015
    for name in ("validFrom", "validUntil"):
        values.pop(name, None)
    if drawing.random.randrange(2):
        values.pop("categoryIds", None)


@recipe("recordSupervision")
def _one_subject(drawing: Drawing, values: Values) -> None:
    both = [name for name in ("projectId", "caseId") if values.get(name)]
    if len(both) > 1:
        del values[drawing.random.choice(both)]
    elif not both:
        projects = rows(drawing, "project")
        if projects:
            [values["projectId"]] = ids(drawing, "Project", [drawing.random.choice(projects)])


@recipe("draftAssessment", "updateAssessment")
def _answers(drawing: Drawing, values: Values) -> None:
    form = named(drawing, "instrumentId")
    assessment = named(drawing, "assessmentId")
    form_id = form["id"] if form else (assessment or {}).get("instrument_id")
    questions = [
        row for row in drawing.city.of("instrument_question") if row["instrument_id"] == form_id
    ]
    if drawing.random.randrange(4) == 0:
        questions = some(drawing, questions, 2)
    values["answers"] = []
    for question in questions:
        options = [
            row
            for row in drawing.city.of("instrument_option")
            if row["question_id"] == question["id"]
        ]
        values["answers"].append(
            {
                "questionId": outside(drawing.schema, "InstrumentQuestion", question),
                "optionId": outside(
                    drawing.schema, "InstrumentOption", drawing.random.choice(options)
                ),
            }
        )
    if drawing.random.randrange(4):
        values["summary"] = "生活平稳，需要陪伴。"
    values.pop("assessorId", None)


@recipe("createTypologyVersion")
def _typology(drawing: Drawing, values: Values) -> None:
    existing = sorted({row["name"] for row in rows(drawing, "typology")})
    if existing and drawing.random.randrange(2):
        values["name"] = drawing.random.choice(existing)
    values["validFrom"] = drawing.city.today.isoformat()
    for place, each in enumerate(values["segments"]):
        each |= {"code": f"type-{drawing.number}-{place}", "name": f"类{place}"}


@recipe("raiseNeed")
def _question(drawing: Drawing, values: Values) -> None:
    person = named(drawing, "beneficiaryId") or {}
    values.pop("serviceRecordId", None)
    if drawing.random.randrange(3):
        values.pop("followsId", None)
        values.pop("raisedOn", None)
        return
    earlier = [
        row
        for row in rows(drawing, "need")
        if row["beneficiary_id"] == person.get("id") and row["delivered_on"]
    ]
    values.pop("followsId", None)
    if earlier:
        [values["followsId"]] = ids(drawing, "Need", [drawing.random.choice(earlier)])


@recipe(
    "printAnswer",
    "deliverAnswer",
    "rateNeed",
    "closeNeed",
    "withdrawNeed",
    "returnNeed",
    "answerNeed",
    "referNeed",
)
def _step_of_a_need(drawing: Drawing, values: Values) -> None:
    if drawing.random.randrange(3):
        values.pop("day", None)
    values.pop("serviceRecordId", None)
    values.pop("departmentId", None)
    if "note" in values:
        values["note"] = values["note"] or "本人没有意见。"
    if "clauseId" in values:
        today = drawing.city.today.isoformat()
        held = {row["id"] for row in drawing.city.of("policy_document") if holds(row, today)}
        fit = [row for row in drawing.city.of("policy_clause") if row["document_id"] in held]
        if fit:
            values["clauseId"] = outside(drawing.schema, "PolicyClause", drawing.random.choice(fit))


@recipe("recordVolunteerHours")
def _hours(drawing: Drawing, values: Values) -> None:
    volunteer = named(drawing, "volunteerId") or {}
    records = {
        row["service_record_id"]
        for row in rows(drawing, "attendance")
        if row["volunteer_id"] == volunteer.get("id") and not row["superseded"]
    }
    values["serviceRecordId"] = None
    fit = [row for row in rows(drawing, "service_record") if row["id"] in records]
    if fit and drawing.random.randrange(2):
        record = drawing.random.choice(fit)
        [values["serviceRecordId"]] = ids(drawing, "ServiceRecord", [record])
        values["servedOn"] = record["served_on"]


@recipe("planSalon")
def _turn(drawing: Drawing, values: Values) -> None:
    if drawing.random.randrange(2):
        values.pop("hostId", None)
        values.pop("hostReason", None)
    values["topic"] = drawing.random.choice(("倾听", "怎样讲清政策", "节日走访"))


@recipe("classifyBeneficiary")
def _segment(drawing: Drawing, values: Values) -> None:
    """Of the set of types that is in force."""
    today = drawing.city.today.isoformat()
    in_force = {row["id"] for row in rows(drawing, "typology") if holds(row, today)}
    fit = [row for row in rows(drawing, "segment") if row["typology_id"] in in_force]
    chosen(drawing, values, "segmentId", "Segment", fit)
    values["segmentedOn"] = today


@recipe("assignBeneficiary", "assignCase", "openCase")
def _worker(drawing: Drawing, values: Values) -> None:
    if drawing.mutation == "openCase" and drawing.random.randrange(4):
        # It is the person's own.
        values.pop("workerId", None)
    if values.get("workerId"):
        workers = field_workers(drawing, drawing.city.today.isoformat())
        chosen(drawing, values, "workerId", "Member", workers)


@recipe("holdSalon")
def _salon(drawing: Drawing, values: Values) -> None:
    values["attendeeIds"] = ids(drawing, "Member", some(drawing, rows(drawing, "member"), 4))
    values["summary"] = "大家谈了做法。"
