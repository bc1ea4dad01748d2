"""What fits together within one input, where drawing each field by itself hardly ever does.

One function a mutation, by its name; it changes the input that was drawn. None is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from life.city import Row
from life.declarations import outside
from life.drawing import Drawing

Values = dict[str, Any]
Recipe = Callable[[Drawing, Values], None]
RECIPES: dict[str, Recipe] = {}
GROUP_STAGES = ("PREPARATION", "FORMATION", "TRANSITION", "MATURITY", "CLOSING")
FOLLOWS = {"EXCELLENT": "PRIORITY", "GOOD": "PRIORITY", "PASS": "RECTIFY", "FAIL": "BARRED"}
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def recipe(*names: str) -> Callable[[Recipe], Recipe]:
    """Declare a function as that of these mutations."""

    def declare(made: Recipe) -> Recipe:
        RECIPES.update(dict.fromkeys(names, made))
        return made

    return declare


def _rows(drawing: Drawing, table: str) -> list[Row]:
    """The rows of the tenant whose rows are meant."""
    home = drawing.home() or drawing.person.tenant_id
    return [row for row in drawing.city.of(table) if row.get("tenant_id", home) == home]


def _ids(drawing: Drawing, entity: str, rows: list[Row]) -> list[str]:
    return [outside(drawing.schema, entity, row) for row in rows]


def _some(drawing: Drawing, rows: list[Row], most: int) -> list[Row]:
    return drawing.random.sample(rows, min(len(rows), drawing.random.randint(1, most)))


def _holds(row: Row, day: str, start: str = "valid_from", end: str = "valid_until") -> bool:
    return (row[start] or "") <= day and (row[end] or "9") > day


def _field_workers(drawing: Drawing, day: str) -> list[Row]:
    held = {
        row["member_id"]
        for row in _rows(drawing, "member_role")
        if row["role"] in {"social_worker", "director"} and _holds(row, day)
    }
    return [row for row in _rows(drawing, "member") if row["id"] in held]


def _named(drawing: Drawing, field: str) -> Row | None:
    return (drawing.by_field.get(field) or [None])[0]


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
        workers = _field_workers(drawing, drawing.city.today.isoformat())
        mine = [row for row in workers if row["id"] == drawing.person.member_id]
        [values["workerId"]] = _ids(
            drawing, "Member", [drawing.random.choice(mine or workers)]
        ) or [values["workerId"]]
    elif drawing.random.randrange(2):
        # An update changes all three or none.
        for name in fields:
            values.pop(name, None)
        return
    values |= fields
    for name in ("phone", "address", "name", "fileNumber", "siteId"):
        if name in values and values[name] is None:
            del values[name]


@recipe("assignBeneficiary", "assignCase", "openCase")
def _worker(drawing: Drawing, values: Values) -> None:
    if drawing.mutation == "openCase" and drawing.random.randrange(4):
        # It is the person's own.
        values.pop("workerId", None)
    workers = _field_workers(drawing, drawing.city.today.isoformat())
    if values.get("workerId") and workers:
        [values["workerId"]] = _ids(drawing, "Member", [drawing.random.choice(workers)])


@recipe("recordService")
def _service(drawing: Drawing, values: Values) -> None:
    project, day = _named(drawing, "projectId"), values["servedOn"]
    if project is None:
        return
    values |= _present(drawing, project, day, values["kind"])
    areas = [row for row in drawing.city.of("area") if _holds(row, day)]
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
        [values["seriesId"]] = _ids(drawing, "GroupSeries", [drawing.random.choice(series)])


@recipe("correctServiceRecord")
def _correction(drawing: Drawing, values: Values) -> None:
    """Mostly of what was said, sometimes of who was there, now and then of anything."""
    record = _named(drawing, "recordId")
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
        for row in _rows(drawing, "enrolment")
        if row["project_id"] == project["id"] and _holds(row, day)
    }
    files = [row for row in _rows(drawing, "beneficiary") if row["id"] in enrolled]
    me = drawing.person.member_id
    mine = [row for row in files if row["worker_id"] == me]
    served = _some(drawing, mine or files, 3 if kind == "GROUP_SESSION" else 1)
    if kind == "GROUP_SESSION":
        served += [row for row in files if row not in served][:2]
    workers = _field_workers(drawing, day)
    served_by = [row for row in workers if row["id"] == me] or _some(drawing, workers, 2)
    roll = [
        row for row in _rows(drawing, "volunteer") if _holds(row, day, "registered_on", "left_on")
    ]
    helped = _some(drawing, roll, 2) if drawing.random.randrange(2) else []
    return {
        "beneficiaryIds": _ids(drawing, "Beneficiary", served),
        "workerIds": _ids(drawing, "Member", served_by),
        "volunteerIds": _ids(drawing, "Volunteer", helped),
    }


def _formed(drawing: Drawing, project: Row, day: str) -> list[Row]:
    """The groups of a project that were formed by a day."""
    formed = {
        row["series_id"]
        for row in _rows(drawing, "group_stage")
        if row["stage"] == "FORMATION" and row["entered_on"] <= day
    }
    return [
        row
        for row in _rows(drawing, "group_series")
        if row["id"] in formed and row["project_id"] == project["id"]
    ]


@recipe("advanceGroupSeries")
def _next_stage(drawing: Drawing, values: Values) -> None:
    series = _named(drawing, "seriesId")
    if series is not None and series["stage"] != GROUP_STAGES[-1]:
        values["stage"] = GROUP_STAGES[GROUP_STAGES.index(series["stage"]) + 1]
        values["enteredOn"] = drawing.city.today.isoformat()


@recipe("createGroupSeries", "planGroupSessions")
def _sessions(drawing: Drawing, values: Values) -> None:
    series = _named(drawing, "seriesId")
    project = _named(drawing, "projectId")
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
    workers = _field_workers(drawing, drawing.city.today.isoformat())
    mine = [row for row in workers if row["id"] == drawing.person.member_id]
    if "leaderId" in values and workers:
        [values["leaderId"]] = _ids(drawing, "Member", [drawing.random.choice(mine or workers)])
        values["name"] = f"小组{drawing.number}"


@recipe("closeCampaign")
def _gaps(drawing: Drawing, values: Values) -> None:
    campaign = _named(drawing, "campaignId")
    if campaign is None:
        return
    visited = _visited(drawing, campaign)
    unexplained = [
        row
        for row in _rows(drawing, "campaign_due")
        if row["campaign_id"] == campaign["id"]
        and row["gap_reason"] is None
        and row["beneficiary_id"] not in visited
    ]
    values["gaps"] = [
        {"dueId": each, "reason": "NOT_REACHED"}
        for each in _ids(drawing, "CampaignDue", unexplained)
    ]


def _visited(drawing: Drawing, campaign: Row) -> set[str]:
    visits = {
        row["id"]
        for row in _rows(drawing, "service_record")
        if row["festival"] == campaign["festival"]
        and row["status"] == "CURRENT"
        and campaign["valid_from"] <= row["served_on"] < campaign["valid_until"]
    }
    return {
        row["beneficiary_id"]
        for row in _rows(drawing, "attendance")
        if row["service_record_id"] in visits and row["beneficiary_id"]
    }


@recipe("planCampaign")
def _festival(drawing: Drawing, values: Values) -> None:
    values["year"] = 2015
    for name in ("validFrom", "validUntil"):
        values.pop(name, None)
    if drawing.random.randrange(2):
        values.pop("categoryIds", None)


@recipe("linkCaseSession")
def _session(drawing: Drawing, values: Values) -> None:
    case = _named(drawing, "caseId")
    if case is None:
        return
    sat = {
        row["service_record_id"]
        for row in _rows(drawing, "attendance")
        if row["beneficiary_id"] == case["beneficiary_id"] and not row["superseded"]
    }
    linked = {row["service_record_id"] for row in _rows(drawing, "case_session")}
    fit = [
        row
        for row in _rows(drawing, "service_record")
        if row["id"] in sat - linked
        and (row["kind"], row["status"]) == ("CASE_SESSION", "CURRENT")
        and row["served_on"] >= case["opened_on"]
    ]
    if fit:
        [values["serviceRecordId"]] = _ids(drawing, "ServiceRecord", [drawing.random.choice(fit)])


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


@recipe("recordSupervision")
def _one_subject(drawing: Drawing, values: Values) -> None:
    both = [name for name in ("projectId", "caseId") if values.get(name)]
    if len(both) > 1:
        del values[drawing.random.choice(both)]
    elif not both:
        projects = _rows(drawing, "project")
        if projects:
            [values["projectId"]] = _ids(drawing, "Project", [drawing.random.choice(projects)])


@recipe("rateScorecard")
def _anchor(drawing: Drawing, values: Values) -> None:
    figure = _named(drawing, "figureId") or {}
    points = [
        row["points"]
        for row in drawing.city.of("indicator_anchor")
        if row["indicator_id"] == figure.get("indicator_id")
    ]
    if points:
        values["points"] = drawing.random.choice(points)


@recipe("defineIndicator")
def _counted_or_rated(drawing: Drawing, values: Values) -> None:
    numbers = ("measure", "direction", "baselineThousandths", "targetThousandths")
    if drawing.random.randrange(2):
        values["anchors"] = [
            {"points": points, "meaning": f"{points} 分"} for points in (0, 60, 100)
        ]
        for name in (*numbers, "projectId", "areaId"):
            values.pop(name, None)
    else:
        values.pop("anchors", None)
        measure = drawing.random.choice(("HOME_HELP", "PERSONS_SERVED", "GROUP_ACTIVITIES"))
        values |= dict(zip(numbers, (measure, "HIGHER_IS_BETTER", 0, 40_000), strict=True))
        values.pop("areaId", None)
    values["name"] = f"指标{drawing.number}"


@recipe("freezeScorecard")
def _consequence(drawing: Drawing, values: Values) -> None:
    card = _named(drawing, "scorecardId") or {}
    values["consequence"] = drawing.random.choice(
        (FOLLOWS.get(card.get("grade", ""), "NONE"), "NONE")
    )
    values.pop("rectifyBy", None)
    if values["consequence"] == "RECTIFY":
        values["rectifyBy"] = (drawing.city.today + timedelta(30)).isoformat()


@recipe("draftAssessment", "updateAssessment")
def _answers(drawing: Drawing, values: Values) -> None:
    form = _named(drawing, "instrumentId")
    assessment = _named(drawing, "assessmentId")
    form_id = form["id"] if form else (assessment or {}).get("instrument_id")
    questions = [
        row for row in drawing.city.of("instrument_question") if row["instrument_id"] == form_id
    ]
    if drawing.random.randrange(4) == 0:
        questions = _some(drawing, questions, 2)
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


@recipe("openScorecard", "submitPeriod")
def _period(drawing: Drawing, values: Values) -> None:
    """The stretch that follows on those that there are, up to today."""
    agreement = _named(drawing, "agreementId")
    if agreement is None:
        return
    table = "scorecard" if drawing.mutation == "openScorecard" else "accounting_period"
    ends = [
        row["valid_until"]
        for row in drawing.city.of(table)
        if row["agreement_id"] == agreement["id"]
    ]
    start = date.fromisoformat(max([agreement["valid_from"], *ends]))
    left = (min(drawing.city.today, date.fromisoformat(agreement["valid_until"])) - start).days
    end = start + timedelta(drawing.random.randint(1, max(1, min(left, 45))))
    values |= {"validFrom": start.isoformat(), "validUntil": end.isoformat()}


@recipe("commitBeyondBudget")
def _beyond(drawing: Drawing, values: Values) -> None:
    line = _named(drawing, "budgetLineId") or {}
    held = [
        row["balance_fen"]
        for row in drawing.city.of("ledger_account")
        if (row["owner_id"], row["kind"]) == (line.get("id"), "AVAILABLE")
    ]
    fen = sum(held) + drawing.random.choice((1, 100, 5_000))
    values["amount"] = f"{fen // 100}.{fen % 100:02}"


@recipe("createTypologyVersion")
def _typology(drawing: Drawing, values: Values) -> None:
    existing = sorted({row["name"] for row in _rows(drawing, "typology")})
    if existing and drawing.random.randrange(2):
        values["name"] = drawing.random.choice(existing)
    values["validFrom"] = drawing.city.today.isoformat()
    for place, each in enumerate(values["segments"]):
        each |= {"code": f"type-{drawing.number}-{place}", "name": f"类{place}"}


@recipe("publishPolicyDocument")
def _document(drawing: Drawing, values: Values) -> None:
    if drawing.random.randrange(4):
        values.pop("replacesId", None)
        values["number"] = f"民发〔2015〕{drawing.number}号"
    for place, each in enumerate(values["clauses"]):
        each["label"] = f"第{place + 1}条"


@recipe("proposeClosure")
def _outcome(drawing: Drawing, values: Values) -> None:
    case = _named(drawing, "caseId") or {}
    if case.get("stage") != "EVALUATION":
        values["outcome"] = drawing.random.choice(("DECLINED", "MOVED", "DIED"))


@recipe("raiseNeed")
def _question(drawing: Drawing, values: Values) -> None:
    person = _named(drawing, "beneficiaryId") or {}
    values.pop("serviceRecordId", None)
    if drawing.random.randrange(3):
        values.pop("followsId", None)
        values.pop("raisedOn", None)
        return
    earlier = [
        row
        for row in _rows(drawing, "need")
        if row["beneficiary_id"] == person.get("id") and row["delivered_on"]
    ]
    values.pop("followsId", None)
    if earlier:
        [values["followsId"]] = _ids(drawing, "Need", [drawing.random.choice(earlier)])


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
        held = {row["id"] for row in drawing.city.of("policy_document") if _holds(row, today)}
        fit = [row for row in drawing.city.of("policy_clause") if row["document_id"] in held]
        if fit:
            values["clauseId"] = outside(drawing.schema, "PolicyClause", drawing.random.choice(fit))


@recipe("recordVolunteerHours")
def _hours(drawing: Drawing, values: Values) -> None:
    volunteer = _named(drawing, "volunteerId") or {}
    records = {
        row["service_record_id"]
        for row in _rows(drawing, "attendance")
        if row["volunteer_id"] == volunteer.get("id") and not row["superseded"]
    }
    values["serviceRecordId"] = None
    fit = [row for row in _rows(drawing, "service_record") if row["id"] in records]
    if fit and drawing.random.randrange(2):
        record = drawing.random.choice(fit)
        [values["serviceRecordId"]] = _ids(drawing, "ServiceRecord", [record])
        values["servedOn"] = record["served_on"]


@recipe("planSalon")
def _turn(drawing: Drawing, values: Values) -> None:
    if drawing.random.randrange(2):
        values.pop("hostId", None)
        values.pop("hostReason", None)
    values["topic"] = drawing.random.choice(("倾听", "怎样讲清政策", "节日走访"))


@recipe("planTranche")
def _tranche(drawing: Drawing, values: Values) -> None:
    for name in ("leastGrade", "scorecardDay"):
        values.pop(name, None)
    if drawing.random.randrange(3):
        values.pop("deliverables", None)
