"""Use cases of who helps in a case: conferences about it, and pairings for a while."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.problems import wrong_state
from citywide.acts.workspace import nothing
from citywide.cases.casework import early_faults, part_and_case
from citywide.cases.courses import CaseCourse, PairingCourse
from citywide.cases.models import (
    CASE_CONFERENCE,
    CASE_FILE,
    CASE_PAIRING,
    CONFERENCE_PARTICIPANT,
)
from citywide.cases.problems import CaseStageProblem
from citywide.cases.words import PairingRole, PairingState
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, id_of, ids_of, line, list_of, paragraph, part, word
from citywide.rules.texts import NAME_LENGTH, TITLE_LENGTH
from citywide.tenancy.models import MEMBER
from citywide.volunteers.models import VOLUNTEER

# A conference has as many as sit around a table.
MOST_PARTICIPANTS = 30


@draft
class OutsiderDraft:
    """Somebody from outside the agency."""

    name: str = line("Their name.", NAME_LENGTH)
    profession: str = line("Their profession, and whom they work for.", TITLE_LENGTH)


@draft
class ConferenceDraft:
    """A conference about a case."""

    case_id: UUID = id_of("Case", "The case.")
    held_on: date = day("The day it was held.", past=True)
    topic: str = line("What it was about.", TITLE_LENGTH)
    conclusions: str = paragraph("What was concluded.")
    member_ids: tuple[UUID, ...] = ids_of(
        "Member", "Who took part of the staff.", least=1, most=MOST_PARTICIPANTS
    )
    volunteer_ids: tuple[UUID, ...] = ids_of(
        "Volunteer", "Who took part of the volunteers.", most=MOST_PARTICIPANTS, default=()
    )
    outsiders: tuple[OutsiderDraft, ...] = list_of(
        "Who came from outside.", most=MOST_PARTICIPANTS, default=()
    )


@mutation(gives="CaseConference", problems=[CaseStageProblem])
async def record_conference(act: Act, draft: ConferenceDraft) -> UUID:
    """Record a conference about a case: who took part, and what was concluded."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    act.check(CaseCourse.add_to_it, case, "case_id")
    refuse([*_number_faults(draft), *early_faults("held_on", draft.held_on, case["opened_on"])])
    members = await act.by_id(MEMBER, draft.member_ids)
    volunteers = await act.by_id(VOLUNTEER, draft.volunteer_ids)
    refuse(
        nothing(table, field, place)
        for table, field, given, known in (
            (MEMBER, "member_ids", draft.member_ids, members),
            (VOLUNTEER, "volunteer_ids", draft.volunteer_ids, volunteers),
        )
        for place, each in enumerate(given)
        if each not in known
    )
    conference_id = await act.insert(CASE_CONFERENCE, draft)
    people = [
        *(_who(member_id=each) for each in draft.member_ids),
        *(_who(volunteer_id=each) for each in draft.volunteer_ids),
        *(_who(outsider=each) for each in draft.outsiders),
    ]
    rows = [{"conference_id": conference_id, **each} for each in people]
    await act.insert_all(CONFERENCE_PARTICIPANT, rows)
    return conference_id


def _number_faults(draft: ConferenceDraft) -> Iterator[Fault]:
    together = len(draft.member_ids) + len(draft.volunteer_ids) + len(draft.outsiders)
    if together < 2:  # noqa: PLR2004 -- one alone confers with nobody
        message = "A conference has a member of the staff and somebody else at least."
        yield Fault(("member_ids",), message, "TOO_FEW", {"minItems": "2"})
    if together > MOST_PARTICIPANTS:
        limit = {"maxItems": str(MOST_PARTICIPANTS)}
        yield Fault(("member_ids",), f"At most {MOST_PARTICIPANTS} take part.", "TOO_MANY", limit)


@draft
class PairingDraft:
    """Somebody to pair with the person; exactly one of the three."""

    case_id: UUID = id_of("Case", "The case.")
    role: PairingRole = word("As what they help.")
    purpose: str = paragraph("What for.")
    paired_on: date = day("From which day on.", past=True)
    member_id: UUID | None = id_of("Member", "A member of the staff.", default=None)
    volunteer_id: UUID | None = id_of("Volunteer", "A volunteer.", default=None)
    outsider: OutsiderDraft | None = part("Somebody from outside.", default=None)


@mutation(gives="CasePairing", problems=[CaseStageProblem])
async def pair_case(act: Act, draft: PairingDraft) -> UUID:
    """Pair the person of a case with somebody who helps in it for a while."""
    case = await act.find(CASE_FILE, draft.case_id, "case_id", lock=True)
    act.check(CaseCourse.add_to_it, case, "case_id")
    refuse([*_who_faults(draft), *early_faults("paired_on", draft.paired_on, case["opened_on"])])
    if draft.member_id is not None:
        await act.find(MEMBER, draft.member_id, "member_id")
    if draft.volunteer_id is not None:
        await act.find(VOLUNTEER, draft.volunteer_id, "volunteer_id")
    person = _who(
        member_id=draft.member_id, volunteer_id=draft.volunteer_id, outsider=draft.outsider
    )
    named = {column: value for column, value in person.items() if value is not None}
    for earlier in await act.rows(CASE_PAIRING, case_id=case["id"], **named):
        if PairingCourse.state_of(earlier) is PairingState.RUNNING:
            raise wrong_state("They are paired already.", "case_id")
    return await act.insert(CASE_PAIRING, draft, **person)


def _who_faults(draft: PairingDraft) -> Iterator[Fault]:
    given = [draft.member_id, draft.volunteer_id, draft.outsider]
    if len([each for each in given if each is not None]) != 1:
        message = "Name exactly one: a member, a volunteer or somebody from outside."
        yield Fault(("member_id",), message)
    if draft.role is PairingRole.VOLUNTEER and draft.volunteer_id is None:
        yield Fault(("volunteer_id",), "Who helps as a volunteer is on the roll.", "REQUIRED")


@draft
class EndPairingDraft:
    """A pairing that ends."""

    pairing_id: UUID = id_of("CasePairing", "The pairing.")
    ended_on: date = day("The last day of it.", past=True)
    reason: str = paragraph("Why it ends.")


@mutation(gives="CasePairing", problems=[CaseStageProblem])
async def end_pairing(act: Act, draft: EndPairingDraft) -> UUID:
    """End a pairing with the reason."""
    pairing, _ = await part_and_case(act, CASE_PAIRING, draft.pairing_id, "pairing_id")
    message = "The pairing began on {}."
    refuse(early_faults("ended_on", draft.ended_on, pairing["paired_on"], message))
    await act.take(PairingCourse.end, pairing, draft, "pairing_id", end_reason=draft.reason)
    return pairing["id"]


def _who(
    *,
    member_id: UUID | None = None,
    volunteer_id: UUID | None = None,
    outsider: OutsiderDraft | None = None,
) -> dict[str, Any]:
    """The columns that say who somebody is: of the agency's own, or from outside."""
    return {
        "member_id": member_id,
        "volunteer_id": volunteer_id,
        "outside_name": outsider and outsider.name,
        "outside_profession": outsider and outsider.profession,
    }
