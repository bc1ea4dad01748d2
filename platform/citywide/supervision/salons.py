"""Use cases of salons: plan them in turn, hold them, cancel them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.beneficiaries.others_eyes import HARMLESS, check_deidentified
from citywide.beneficiaries.problems import RevealingProblem
from citywide.beneficiaries.words import RevealingKind
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, id_of, ids_of, line, list_of, paragraph, version
from citywide.rules.periods import Span
from citywide.rules.texts import TITLE_LENGTH
from citywide.supervision.courses import SalonCourse
from citywide.supervision.hosts import Colleague, Hosted, next_host
from citywide.supervision.models import SALON, SALON_ATTENDANCE
from citywide.supervision.words import SalonStatus
from citywide.tenancy.models import MEMBER, MEMBER_ROLE
from citywide.tenancy.words import MemberStatus

# Planned or written down after the fact, but not of another agreement.
FARTHEST = timedelta(days=366)
# More than an agency has members is a mistake.
MOST_ATTENDEES = 200
# Salons are for who works with the persons served; the rotation is theirs.
HOST_ROLE = "social_worker"
# What a cancelled salon is not: hosted.
COUNTED = (SalonStatus.PLANNED, SalonStatus.HELD)


@draft
class SalonDraft:
    """A salon to plan."""

    topic: str = line("What it is about; names nobody who is served.", TITLE_LENGTH)
    held_on: date = day("The day.")
    host_id: UUID | None = id_of("Member", "Who hosts; left out: whose turn it is.", default=None)
    host_reason: str | None = line(
        "Why somebody else than the next in turn hosts.", TITLE_LENGTH, default=None
    )
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="Salon", problems=[RevealingProblem])
async def plan_salon(act: Act, draft: SalonDraft) -> UUID:
    """Plan a salon; without a host it is whose turn it is, another host needs a reason."""
    if abs(draft.held_on - act.today) > FARTHEST:
        message = f"A salon is within a year of {act.today}."
        refuse([Fault(("held_on",), message, "OUT_OF_RANGE", {"today": str(act.today)})])
    texts = {"topic": draft.topic, "host_reason": draft.host_reason}
    await check_deidentified(act, draft, texts)
    colleagues = await _colleagues(act, draft.held_on)
    hosted = await act.rows(SALON, status=COUNTED)
    turn = next_host([Hosted(row["host_id"], row["held_on"]) for row in hosted], colleagues)
    if turn is None:
        raise wrong_state("No social worker is there to host on that day.", "held_on")
    host_id = draft.host_id or turn.member_id
    if host_id not in {each.member_id for each in colleagues}:
        message = "Nobody with this id is a social worker of this agency on that day."
        refuse([Fault(("host_id",), message, "NOT_FOUND")])
    is_in_turn = host_id == turn.member_id
    if not is_in_turn and draft.host_reason is None:
        message = "It is somebody else's turn: say why not theirs."
        refuse([Fault(("host_reason",), message, "REQUIRED")])
    return await act.insert(
        SALON,
        draft,
        host_id=host_id,
        host_reason=None if is_in_turn else draft.host_reason,
        status=SalonStatus.PLANNED,
    )


@draft
class HeldDraft:
    """A salon that was held."""

    salon_id: UUID = id_of("Salon", "The salon.")
    version: int = version("The version that you read.")
    summary: str = paragraph("What was learned; names nobody who is served.")
    attendee_ids: tuple[UUID, ...] = ids_of(
        "Member", "Who came; the host did.", most=MOST_ATTENDEES
    )
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="Salon", problems=[RevealingProblem])
async def hold_salon(act: Act, draft: HeldDraft) -> UUID:
    """Record that a salon was held: what was learned, and who came."""
    salon = await act.find(SALON, draft.salon_id, "salon_id")
    act.check(SalonCourse.hold, salon, "salon_id")
    attendees = {*draft.attendee_ids, salon["host_id"]}
    members = await act.by_id(MEMBER, attendees)
    refuse(_attendance_faults(act.today, salon["held_on"], attendees, known=len(members)))
    await check_deidentified(act, draft, {"summary": draft.summary})
    await act.take(SalonCourse.hold, salon, draft, "salon_id")
    came = {"salon_id": salon["id"], "attended_on": salon["held_on"]}
    rows = [{**came, "member_id": each} for each in sorted(attendees)]
    await act.insert_all(SALON_ATTENDANCE, rows)
    return salon["id"]


def _attendance_faults(
    today: date, held_on: date, attendees: set[UUID], *, known: int
) -> Iterator[Fault]:
    if held_on > today:
        message = f"{held_on} lies in the future; today is {today}."
        yield Fault(("salon_id",), message, "FUTURE", {"today": str(today)})
    path = ("attendee_ids",)
    if known < len(attendees):
        yield Fault(path, "Somebody listed is no member of this agency.", "NOT_FOUND")
    if len(attendees) < 2:  # noqa: PLR2004 -- nobody learns from each other alone
        yield Fault(path, "Somebody comes beside the host.", "TOO_FEW")


@draft
class CancelDraft:
    """A salon that is not held."""

    salon_id: UUID = id_of("Salon", "The salon.")
    version: int = version("The version that you read.")
    reason: str = line("Why; names nobody who is served.", TITLE_LENGTH)
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="Salon", problems=[RevealingProblem])
async def cancel_salon(act: Act, draft: CancelDraft) -> UUID:
    """Cancel a planned salon with the reason; its host stays next in turn."""
    salon = await act.find(SALON, draft.salon_id, "salon_id")
    act.check(SalonCourse.cancel, salon, "salon_id")
    await check_deidentified(act, draft, {"reason": draft.reason})
    await act.take(SalonCourse.cancel, salon, draft, "salon_id", cancel_reason=draft.reason)
    return salon["id"]


async def _colleagues(act: Act, day: date) -> list[Colleague]:
    """Who can host on a day."""
    roles = await act.rows(MEMBER_ROLE, role=HOST_ROLE)
    ids = {role["member_id"] for role in roles if Span.of(role).covers(day)}
    members = await act.rows(MEMBER, id=ids, status=MemberStatus.ACTIVE)
    return [Colleague(member["id"], member["subject"]) for member in members]
