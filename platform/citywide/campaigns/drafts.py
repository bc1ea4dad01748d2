"""What is asked for when a campaign is planned, extended or closed, and the rules it obeys."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from citywide.errors import Fault, Path
from citywide.graph.mutate import asked
from citywide.rules.legacy import choice_faults, optional_text_faults
from citywide.rules.periods import Span
from citywide.rules.texts import ADDRESS_LENGTH
from citywide.services.festivals import FESTIVALS, FIRST_YEAR, LAST_YEAR

GAP_REASONS = (
    "AWAY",
    "IN_HOSPITAL",
    "DECLINED",
    "MOVED",
    "DECEASED",
    "NOT_REACHED",
    "OTHER",
)
# Visits begin two weeks before the festival and are made up for a week after it.
DAYS_BEFORE, DAYS_AFTER = 14, 7
# A festival is not visited for longer than a quarter of a year.
LONGEST_DAYS = 92
NO_CAMPAIGN = "This agency has no campaign with this id."
NO_DUE = "This campaign has no such person on its list."


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDraft:
    """A festival's visits: when, and for whom."""

    festival: Annotated[str, asked("The festival's Chinese name; `festivals` lists them.")]
    year: Annotated[int, asked("The year; of a lunar festival the lunar one.")]
    category_ids: Annotated[
        tuple[UUID, ...],
        asked("Only persons of one of these categories that day.", of="EntitlementCategory"),
    ] = ()
    site_ids: Annotated[tuple[UUID, ...], asked("Only persons served there.", of="Site")] = ()
    valid_from: Annotated[
        date | None, asked("The first day on which a visit counts; 14 days before by default.")
    ] = None
    valid_until: Annotated[
        date | None, asked("The first day on which none counts any more; 8 days after by default.")
    ] = None

    @property
    def held_on(self) -> date:
        """The festival's day."""
        return FESTIVALS[self.festival].held_on(self.year)

    @property
    def window(self) -> Span:
        """When a visit counts."""
        return Span(
            self.valid_from or self.held_on - timedelta(days=DAYS_BEFORE),
            self.valid_until or self.held_on + timedelta(days=DAYS_AFTER + 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignExtension:
    """A campaign's list made anew, with more categories or sites."""

    campaign_id: Annotated[UUID, asked("The campaign.", of="Campaign")]
    version: Annotated[int, asked("The version you read.")]
    category_ids: Annotated[
        tuple[UUID, ...], asked("Categories to add.", of="EntitlementCategory")
    ] = ()
    site_ids: Annotated[tuple[UUID, ...], asked("Sites to add.", of="Site")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GapDraft:
    """Why a person was not visited."""

    due_id: Annotated[UUID, asked("The person's row on the list.", of="CampaignDue")]
    reason: Annotated[str, asked("The kind of reason.", enum="GapReason")]
    note: Annotated[str | None, asked("In words, at most 200 characters.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignClosing:
    """A campaign's end, with the reasons that are not on the list yet."""

    campaign_id: Annotated[UUID, asked("The campaign.", of="Campaign")]
    version: Annotated[int, asked("The version you read.")]
    gaps: Annotated[tuple[GapDraft, ...], asked("Why persons were not visited.")] = ()


def campaign_faults(draft: CampaignDraft, *, agreements: Sequence[Span]) -> Iterator[Fault]:
    """A known festival, in an agreement, within a sensible window."""
    if draft.festival not in FESTIVALS:
        yield Fault(("festival",), f"This must be one of {'、'.join(FESTIVALS)}.")
        return
    if not FIRST_YEAR <= draft.year <= LAST_YEAR:
        yield Fault(("year",), f"The years {FIRST_YEAR} to {LAST_YEAR} are known.")
        return
    day, window = draft.held_on, draft.window
    assert window.start is not None
    assert window.end is not None
    if not any(span.covers(day) for span in agreements):
        yield Fault(("year",), f"No agreement of this agency is in force on {day}.")
    if window.end <= window.start:
        yield Fault(("valid_until",), "The end must come after the start.")
    elif not window.covers(day):
        yield Fault(("valid_from",), f"The festival's day {day} must lie within.")
    elif (window.end - window.start).days > LONGEST_DAYS:
        yield Fault(("valid_until",), f"A campaign lasts at most {LONGEST_DAYS} days.")


def choice_of_faults(
    category_ids: Sequence[UUID],
    site_ids: Sequence[UUID],
    *,
    categories: Mapping[UUID, Span],
    sites: Collection[UUID],
    day: date,
) -> Iterator[Fault]:
    """Categories that exist on the day, sites of the agency."""
    for place, category_id in enumerate(category_ids):
        category = categories.get(category_id)
        if category is None or not category.covers(day):
            message = f"There is no entitlement category with this id on {day}."
            yield Fault(("category_ids", place), message)
    for place, site_id in enumerate(site_ids):
        if site_id not in sites:
            yield Fault(("site_ids", place), "This agency has no site with this id.")


def gap_faults(path: Path, gap: GapDraft) -> Iterator[Fault]:
    """A reason's rules."""
    yield from choice_faults((*path, "reason"), gap.reason, GAP_REASONS)
    yield from optional_text_faults((*path, "note"), gap.note, longest=ADDRESS_LENGTH)
    if gap.reason == "OTHER" and gap.note is None:
        yield Fault((*path, "note"), "Another reason needs words.")


def closing_faults(
    gaps: Sequence[GapDraft], *, missed: Collection[UUID], explained: Collection[UUID]
) -> Iterator[Fault]:
    """Every person who was `missed` has a reason, `explained` before or given now; no one else."""
    given = [gap.due_id for gap in gaps]
    for place, due_id in enumerate(given):
        if due_id not in missed:
            yield Fault(("gaps", place, "due_id"), "This person is not among the gaps.")
        elif due_id in given[:place]:
            yield Fault(("gaps", place, "due_id"), "This person is listed twice.")
    silent = set(missed) - set(explained) - set(given)
    if silent:
        yield Fault(("gaps",), f"{len(silent)} persons without a visit have no reason yet.")
