"""Service records and attendance in the schema."""

from citywide.graph.declare import (
    column,
    either,
    entity,
    few,
    hidden,
    many,
    named,
    one,
    own,
    persons_of,
    through,
)
from citywide.graph.topics import announce
from citywide.services.models import (
    ATTENDANCE,
    GROUP_SERIES,
    GROUP_STAGE,
    PLANNED_SESSION,
    SERVICE_RECORD,
)
from citywide.services.words import GroupStageName, RecordStage, RecordStatus

_OF_WORKERS = named("Attendance", {"service_record_id": "id"}, "member_id")
# Free text may tell about those who were there.
_OF_ATTENDEES = persons_of(
    "Attendance",
    {"service_record_id": "id"},
    "beneficiary_id",
    "volunteer_id",
    fields=("title", "note", "place", "cancelReason", "reason"),
)


@entity(
    SERVICE_RECORD,
    tag="serv",
    root="serviceRecords",
    root_description="Delivered services, the facts all output figures are computed from.",
    condition=lambda row: row.c.status != RecordStage.SUPERSEDED,
    caseload=_OF_WORKERS,
    about=_OF_ATTENDEES,
)
class ServiceRecord:
    """One delivered service (服务记录)."""

    number = column("The agency's own number of the record.")
    kind = column("What was delivered.")
    medium = column("How it was delivered.")
    served_on = column("The day of the service.")
    duration_minutes = column("How long it took, in minutes.")
    festival = column("The festival of a festival visit; null for any other service.")
    title = column("What it was about; may name a person.", mask=hidden)
    note = column("The worker's note.", mask=hidden)
    place = column("Where exactly, in words; may be somebody's home.", mask=hidden)
    quantity = column("Of help at home: how much, in the unit; null where it was not measured.")
    quantity_unit = column("The quantity's unit.")
    status = column("Whether it counts.", enum=RecordStatus)
    version = column("Counts up with each change; a correction names the one it saw.")
    cancelled_at = column("When it was cancelled; null while it counts.", "ended_at")
    cancel_reason = column("Why it was cancelled.", "end_reason", mask=hidden)
    cancelled_by = one("Member", "Who cancelled it.", {"id": "ended_by_id"}, nullable=True)
    agency = one("Agency", "The agency that served.", {"id": "tenant_id"})
    project = one("Project", "The project that pays for it.", {"id": "project_id"})
    area = one("Area", "Where it took place.", {"id": "area_id"})
    series = one(
        "GroupSeries", "The series of a group session.", {"id": "series_id"}, nullable=True
    )
    attendances = many("Attendance", "Who took part.", {"service_record_id": "id"})
    history = few(
        "ServiceRecordVersion",
        "What it said before each correction, the first version first.",
        {"record_id": "id"},
        order=("version",),
    )


@entity(
    SERVICE_RECORD,
    tag="sver",
    condition=lambda row: row.c.status == RecordStage.SUPERSEDED,
    caseload=_OF_WORKERS,
    about=_OF_ATTENDEES,
)
class ServiceRecordVersion:
    """What a service record said before it was corrected; no figure counts it."""

    version = column("The version it was; the first is 1.")
    kind = column("What was delivered.")
    medium = column("How it was delivered.")
    served_on = column("The day of the service.")
    duration_minutes = column("How long it took, in minutes.")
    festival = column("The festival of a festival visit.")
    title = column("What it was about; may name a person.", mask=hidden)
    note = column("The worker's note.", mask=hidden)
    place = column("Where exactly, in words; may be somebody's home.", mask=hidden)
    quantity = column("Of help at home: how much, in the unit.")
    quantity_unit = column("The quantity's unit.")
    corrected_at = column("When it was corrected.", "ended_at")
    reason = column("Why it was corrected.", "end_reason", mask=hidden)
    corrected_by = one("Member", "Who corrected it.", {"id": "ended_by_id"})
    project = one("Project", "The project that was to pay for it.", {"id": "project_id"})
    area = one("Area", "Where it took place.", {"id": "area_id"})
    series = one(
        "GroupSeries", "The series of a group session.", {"id": "series_id"}, nullable=True
    )
    attendances = many("PastAttendance", "Who was on it.", {"service_record_id": "id"})


@entity(ATTENDANCE, tag="atte", person=True, condition=lambda row: row.c.superseded.is_(False))
class Attendance:
    """One person at one service; one attendance is one person-time (人次)."""

    role = column("In what role they took part.")
    service_record = one("ServiceRecord", "The service.", {"id": "service_record_id"})
    person = either(
        "Attendee",
        "A person who can take part in a service.",
        "Who took part.",
        {
            "Beneficiary": {"id": "beneficiary_id"},
            "Member": {"id": "member_id"},
            "Volunteer": {"id": "volunteer_id"},
        },
    )


@entity(ATTENDANCE, tag="patt", person=True, condition=lambda row: row.c.superseded.is_(True))
class PastAttendance:
    """One person on an earlier version of a service record; no figure counts it."""

    role = column("In what role they were recorded.")
    beneficiary = one("Beneficiary", "Who was served.", {"id": "beneficiary_id"}, nullable=True)
    worker = one("Member", "Who served.", {"id": "member_id"}, nullable=True)
    volunteer = one("Volunteer", "Who helped.", {"id": "volunteer_id"}, nullable=True)


@entity(
    GROUP_SERIES,
    tag="gser",
    root="groupSeries",
    root_description="Series of group sessions.",
    caseload=own("leader_id"),
)
class GroupSeries:
    """A group (小组) that meets several times, led through stages."""

    name = column("Its name.")
    goal = column("What it is to achieve.")
    stage = column("The stage it is in.")
    version = column("Counts up with each change.")
    agency = one("Agency", "The agency that runs it.", {"id": "tenant_id"})
    project = one("Project", "The project that pays for it.", {"id": "project_id"})
    leader = one("Member", "The worker who answers for it.", {"id": "leader_id"})
    stages = few("GroupStage", "The stages it entered.", {"series_id": "id"}, order=("entered_on",))
    planned_sessions = few(
        "PlannedSession", "Its plan, in order.", {"series_id": "id"}, order=("number",)
    )
    sessions = many("ServiceRecord", "The sessions that were held.", {"series_id": "id"})


@entity(GROUP_STAGE, tag="gsta", caseload=through("GroupSeries", {"id": "series_id"}))
class GroupStage:
    """A series' entry into one of its stages."""

    stage = column("The stage.")
    entered_on = column("The first day in it.")
    note = column("How the group was doing.", mask=hidden)
    entered_by = one("Member", "Who said so.", {"id": "member_id"})


@entity(PLANNED_SESSION, tag="pses")
class PlannedSession:
    """One session of a series' plan."""

    number = column("Its place in the plan; the first is 1.")
    stage = column("The stage that the group should be in.", enum=GroupStageName)
    planned_on = column("The day it is planned for.")
    theme = column("What it is to be about.")


announce(
    "serviceRecorded",
    "A service was recorded, corrected or cancelled.",
    gives="ServiceRecord",
)
