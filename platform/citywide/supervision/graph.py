"""Supervision, salons and the library in the schema."""

from citywide.graph.declare import (
    column,
    entity,
    hidden,
    many,
    named,
    one,
    own,
    persons_of,
    through,
)
from citywide.graph.topics import announce_approval
from citywide.supervision.models import (
    ADVICE,
    LIBRARY_DRAFT,
    LIBRARY_ENTRY,
    SALON,
    SALON_ATTENDANCE,
    SUPERVISION,
    SUPERVISION_PARTICIPANT,
)


@entity(
    SUPERVISION,
    tag="supe",
    root="supervisions",
    root_description="Supervision sessions on plans and cases.",
    caseload=named("SupervisionParticipant", {"supervision_id": "id"}, "member_id"),
    about=persons_of("Case", {"id": "case_id"}, "beneficiary_id", fields=("observations",)),
)
class Supervision:
    """A session of a supervisor with an agency (督导), on a project's plan or on a case."""

    held_on = column("The day of the session.")
    duration_minutes = column("How long it took, in minutes.")
    observations = column("What the supervisor noticed.", mask=hidden)
    supervisor_name = column("The supervisor's name.")
    agency = one("Agency", "The supervised agency.", {"id": "tenant_id"})
    project = one(
        "Project", "The project whose plan it was on.", {"id": "project_id"}, nullable=True
    )
    case = one("Case", "The case it was on.", {"id": "case_id"}, nullable=True)
    participants = many("SupervisionParticipant", "Who took part.", {"supervision_id": "id"})
    advice = many("Advice", "What follows from it.", {"supervision_id": "id"})


_OF_SUPERVISION = through("Supervision", {"id": "supervision_id"})


@entity(SUPERVISION_PARTICIPANT, tag="supp", caseload=_OF_SUPERVISION)
class SupervisionParticipant:
    """A member of the agency at a supervision session."""

    joined_on = column("The day of the session.")
    supervision = one("Supervision", "The session.", {"id": "supervision_id"})
    member = one("Member", "Who took part.", {"id": "member_id"})


@entity(
    ADVICE,
    tag="advi",
    root="supervisionAdvice",
    root_description="Advice given in supervision; open past its due date, it is overdue.",
    caseload=_OF_SUPERVISION,
)
class Advice:
    """What a supervisor advises the agency to do by a day."""

    advice = column("What the agency should do.", mask=hidden)
    given_on = column("The day it was given.")
    due_on = column("By when the agency should answer; open and earlier than today: overdue.")
    status = column("What became of it.")
    answer = column("What is done about it, or why it is not.", mask=hidden)
    answered_on = column("The day of the answer; null while it is open.")
    version = column("Counts up with every change; send it with the next one.")
    agency = one("Agency", "The advised agency.", {"id": "tenant_id"})
    supervision = one("Supervision", "The session.", {"id": "supervision_id"})
    answered_by = one("Member", "Who answered.", {"id": "answered_by_id"}, nullable=True)


@entity(
    SALON,
    tag="salo",
    root="salons",
    root_description="Peer learning with a host in turn.",
    caseload=own("host_id"),
)
class Salon:
    """Colleagues learn from each other (沙龙); the host rotates."""

    topic = column("What it is about; names nobody who is served.")
    held_on = column("The day.")
    status = column("What became of it.")
    host_reason = column("Why not the next in turn hosts; null: it was their turn.")
    summary = column("What was learned; names nobody who is served.")
    cancel_reason = column("Why it was cancelled.")
    version = column("Counts up with every change; send it with the next one.")
    agency = one("Agency", "Whose salon.", {"id": "tenant_id"})
    host = one("Member", "Who hosts.", {"id": "host_id"})
    attendances = many("SalonAttendance", "Who came.", {"salon_id": "id"})


@entity(SALON_ATTENDANCE, tag="sala")
class SalonAttendance:
    """A member at a salon."""

    attended_on = column("The day of the salon.")
    salon = one("Salon", "The salon.", {"id": "salon_id"})
    member = one("Member", "Who came.", {"id": "member_id"})


announce_approval("LibraryDraft")


@entity(
    LIBRARY_DRAFT,
    tag="libd",
    root="libraryDrafts",
    root_description="Texts for the library until somebody else has reviewed them.",
    caseload=own("author_id"),
)
class LibraryDraft:
    """A case told for others to learn from, as its author writes it."""

    title = column("Its title.")
    topic = column("What it teaches about.")
    text = column("The text; names nobody.", comparable=False)
    status = column("How far it is.")
    written_on = column("The day it was begun.")
    reviewer_name = column("Who reviewed it last.")
    reviewed_on = column("The day of the last review.")
    review_note = column("What the reviewer said.")
    version = column("Counts up with every change; send it with the next one.")
    agency = one("Agency", "Where it is written.", {"id": "tenant_id"})
    author = one("Member", "Who writes it.", {"id": "author_id"})


@entity(
    LIBRARY_ENTRY,
    tag="libe",
    root="library",
    root_description="Reviewed cases to learn from: the agency's own, and those of the whole city.",
    condition=lambda row: row.c.withdrawn_on.is_(None),
)
class LibraryEntry:
    """A reviewed, de-identified case on one shelf of the library (案例库)."""

    title = column("Its title.")
    topic = column("What it teaches about.")
    text = column("The text; names nobody.", comparable=False)
    is_origin = column(
        "Whether it stands on the shelf of the agency that wrote it; false: it is a copy."
    )
    reviewed_on = column("The day it was reviewed.")
    published_on = column("The day it was put on this shelf for the city; null: not published.")
