"""Who could help: volunteers ranked for a task, each with the reasons for their place.

Pure: facts in, proposals out. Nothing is excluded for what somebody lacks; it earns no points.
Skills weigh most, because a task that needs a lawyer is not done by a neighbour; then nearness,
because most of those served live where they are visited; then whether they can come, and last
how much they gave of late, so that the willing are not worn out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from citywide.volunteers.words import ProposalReasonKind

# What each reason is worth at most, together 100.
SKILL_POINTS = 50
NEARNESS_POINTS = 20
SLOT_POINTS = 10
REST_POINTS = 20
# Points lost with each step through the area tree: the next community is two steps away.
POINTS_PER_STEP = 4
# A point lost with every so many minutes given of late: twenty hours use them up.
MINUTES_PER_POINT = 60

Slot = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task: the skills it needs, the area as the path from the city down, when it is."""

    skills: frozenset[UUID]
    area: tuple[UUID, ...]
    slot: Slot | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A volunteer as far as a proposal depends on them; `minutes` they gave of late."""

    volunteer_id: UUID
    skills: frozenset[UUID]
    area: tuple[UUID, ...]
    slots: frozenset[Slot]
    minutes: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Points for one thing, and a sentence that says what it is."""

    kind: ProposalReasonKind
    points: int
    text: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A volunteer with the reasons for their place; the score is the sum of the points."""

    candidate: Candidate
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> int:
        """0 to 100."""
        return sum(reason.points for reason in self.reasons)


def propose(wanted: Wanted, candidates: Iterable[Candidate], first: int) -> list[Proposal]:
    """The `first` best candidates, best first; equals by what they gave, then by id."""
    found = [Proposal(each, tuple(reasons(wanted, each))) for each in candidates]
    found.sort(key=lambda each: (-each.score, each.candidate.minutes, each.candidate.volunteer_id))
    return found[:first]


def reasons(wanted: Wanted, candidate: Candidate) -> Iterable[Reason]:
    """What speaks for the candidate, of what was asked for; nothing that earns no points."""
    found = [_skills(wanted, candidate), _nearness(wanted, candidate)]
    found += [_availability(wanted, candidate), _rest(candidate)]
    return [reason for reason in found if reason.points > 0]


def distance(one: Sequence[UUID], other: Sequence[UUID]) -> int:
    """Steps through the area tree from one area to another, each given from the city down."""
    shared = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        shared += 1
    return len(one) + len(other) - 2 * shared


def _skills(wanted: Wanted, candidate: Candidate) -> Reason:
    has = len(wanted.skills & candidate.skills)
    needs = len(wanted.skills)
    points = SKILL_POINTS * has // needs if needs else 0
    return Reason(ProposalReasonKind.SKILLS, points, f"Offers {has} of the {needs} skills wanted.")


def _nearness(wanted: Wanted, candidate: Candidate) -> Reason:
    if not wanted.area or not candidate.area:
        return Reason(ProposalReasonKind.NEARNESS, 0, "")
    steps = distance(wanted.area, candidate.area)
    points = max(0, NEARNESS_POINTS - POINTS_PER_STEP * steps)
    away = f"{steps} steps away in the area tree" if steps else "in the very area"
    return Reason(ProposalReasonKind.NEARNESS, points, f"Lives {away}.")


def _availability(wanted: Wanted, candidate: Candidate) -> Reason:
    points = SLOT_POINTS if wanted.slot in candidate.slots else 0
    return Reason(ProposalReasonKind.AVAILABILITY, points, "Can come at that time of the week.")


def _rest(candidate: Candidate) -> Reason:
    points = max(0, REST_POINTS - candidate.minutes // MINUTES_PER_POINT)
    return Reason(ProposalReasonKind.REST, points, f"Gave {candidate.minutes} minutes of late.")
