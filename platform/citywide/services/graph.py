"""Service records and attendance in the schema."""

from enum import Enum

import strawberry

from citywide.graph.declare import column, either, entity, hidden, many, named, one
from citywide.services.models import ATTENDANCE, SERVICE_RECORD


@strawberry.enum(description="What kind of service was delivered.")
class ServiceKind(Enum):
    VISIT = "VISIT"
    HOME_HELP = "HOME_HELP"
    CASE_SESSION = "CASE_SESSION"
    GROUP_SESSION = "GROUP_SESSION"


@strawberry.enum(description="How a service was delivered.")
class Medium(Enum):
    IN_PERSON = "IN_PERSON"
    PHONE = "PHONE"
    ONLINE = "ONLINE"


@strawberry.enum(description="In what role a person took part in a service.")
class AttendanceRole(Enum):
    BENEFICIARY = "BENEFICIARY"
    WORKER = "WORKER"
    VOLUNTEER = "VOLUNTEER"


@entity(
    SERVICE_RECORD,
    tag="serv",
    root="serviceRecords",
    root_description="Delivered services, the facts all output figures are computed from.",
    caseload=named("Attendance", {"service_record_id": "id"}, "member_id"),
)
class ServiceRecord:
    """One delivered service (服务记录)."""

    number = column("The agency's own number of the record.")
    kind = column("What was delivered.", enum=ServiceKind)
    medium = column("How it was delivered.", enum=Medium)
    served_on = column("The day of the service.")
    duration_minutes = column("How long it took, in minutes.")
    festival = column("The festival of a festival visit; null for any other service.")
    title = column("What it was about; may name a person.", mask=hidden)
    note = column("The worker's note.", mask=hidden)
    agency = one("Agency", "The agency that served.", {"id": "tenant_id"})
    project = one("Project", "The project that pays for it.", {"id": "project_id"})
    area = one("Area", "Where it took place.", {"id": "area_id"})
    attendances = many("Attendance", "Who took part.", {"service_record_id": "id"})


@entity(ATTENDANCE, tag="atte", person=True)
class Attendance:
    """One person at one service; one attendance is one person-time (人次)."""

    role = column("In what role they took part.", enum=AttendanceRole)
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
