"""Use cases on service types: a new version of an agency's set, and who is of which type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import update

from citywide.acts.act import Act
from citywide.acts.workspace import Workspace
from citywide.beneficiaries.files import find_file, open_faults
from citywide.beneficiaries.models import (
    BENEFICIARY,
    CLASSIFICATION,
    SEGMENT,
    TYPOLOGY,
    TypologyRow,
)
from citywide.db.rows import returned
from citywide.db.session import Change
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.rules.fields import day, draft, flag, formed, id_of, line, list_of, paragraph, version
from citywide.rules.periods import Span
from citywide.rules.texts import TITLE_LENGTH

# A worker chooses from these by heart; the pilot had six.
MOST_SEGMENTS = 40
# A paragraph that is read at a visit.
STRATEGY_LENGTH = 500


@draft
class JudgementDraft:
    """A judgement that a person is of a service type."""

    beneficiary_id: UUID = id_of("Beneficiary", "Whose file.")
    segment_id: UUID = id_of("Segment", "The service type.")
    segmented_on: date = day("The day of the judgement.", past=True)
    reason: str = paragraph("What it rests on.")


@draft
class NewJudgement(JudgementDraft):
    """A judgement that a person is of a service type."""

    version: int = version("The version of it that you read.")


@mutation(gives="Beneficiary")
async def classify_beneficiary(act: Act, draft: NewJudgement) -> UUID:
    """Judge a person to be of a service type, with the reason; earlier judgements are kept."""
    await classify(act, draft, judge_id=act.member_id)
    return draft.beneficiary_id


async def classify(work: Workspace, draft: JudgementDraft, judge_id: UUID | None = None) -> UUID:
    """Sort a person into a service type; every judgement is kept, and the newest stands."""
    file = await find_file(work, draft.beneficiary_id)
    segment = await work.find(SEGMENT, draft.segment_id, "segment_id")
    typology = await work.find(TYPOLOGY, segment["typology_id"], "segment_id")
    faults = list(open_faults(file, draft.segmented_on, "segmented_on"))
    if not Span.of(typology).covers(draft.segmented_on):
        message = f"The typology of this service type is not in force on {draft.segmented_on}."
        faults.append(Fault(("segmented_on",), message))
    if file["segmented_on"] is not None and draft.segmented_on < file["segmented_on"]:
        # It would be one made in hindsight.
        faults.append(Fault(("segmented_on",), "A newer judgement stands."))
    refuse(faults)
    judged = {"classified_on": draft.segmented_on, "judge_id": judge_id}
    judgement_id = await work.insert(CLASSIFICATION, draft, **judged)
    await work.update(BENEFICIARY, file, draft, segment_reason=draft.reason)
    return judgement_id


@draft
class NewSegment:
    """A service type of a new typology."""

    # As in manifests, which declare an agency's first set.
    code: str = formed(
        "Its code in the typology.",
        "[a-z][a-z0-9-]{1,38}[a-z0-9]",
        "A code has 3 to 40 lower-case letters, digits and hyphens.",
    )
    name: str = line("Its name.", TITLE_LENGTH)
    strategy: str = line("How persons of this type are served.", STRATEGY_LENGTH)
    is_sensitive: bool = flag("Whether it is a judgement that must not travel.")


@draft
class TypologyDraft:
    """A set of service types that takes the place of the last one of its name."""

    name: str = line("The typology's name.", TITLE_LENGTH)
    valid_from: date = day("First day; the last version ends on it.")
    segments: tuple[NewSegment, ...] = list_of("Its service types.", least=1, most=MOST_SEGMENTS)


@mutation(gives="Typology")
async def create_typology_version(act: Act, draft: TypologyDraft) -> UUID:
    """Write a new set of service types; who was sorted by the old one stays so until judged."""
    earlier = await act.rows(TYPOLOGY, name=draft.name)
    last = max(earlier, key=lambda row: row["version"], default=None)
    refuse([*_version_faults(draft, last), *_segment_faults(draft.segments)])
    if last is not None and last["valid_until"] is None:
        await _end(act, last, draft.valid_from)
    version = 1 if last is None else last["version"] + 1
    typology_id = await act.insert(TYPOLOGY, draft, version=version)
    for segment in draft.segments:
        await act.insert(SEGMENT, segment, typology_id=typology_id, sensitive=segment.is_sensitive)
    return typology_id


async def _end(act: Act, typology: TypologyRow, day: date) -> None:
    """End the last version; not by `Act.update`: its `version` is a name, no count of changes."""
    same = (act.owns(TYPOLOGY), TYPOLOGY.c.id == typology["id"])
    ended = update(TYPOLOGY).where(*same).values(valid_until=day).returning(*returned(TYPOLOGY))
    [row] = await act.transaction.rows(ended)
    act.transaction.wrote(act.tenant_id, TYPOLOGY.name, row)
    change = Change("typology", typology["id"], {"valid_until": None}, {"valid_until": day})
    act.transaction.changes.append(change)


def _version_faults(draft: TypologyDraft, last: TypologyRow | None) -> Iterator[Fault]:
    if last is None:
        return
    if draft.valid_from <= last["valid_from"]:
        message = f"Version {last['version']} begins on {last['valid_from']}: begin later."
        yield Fault(("valid_from",), message)
    elif last["valid_until"] is not None and draft.valid_from < last["valid_until"]:
        message = f"Version {last['version']} is in use until {last['valid_until']}."
        yield Fault(("valid_from",), message)


def _segment_faults(segments: Sequence[NewSegment]) -> Iterator[Fault]:
    for field in ("code", "name"):
        values = [getattr(segment, field) for segment in segments]
        if len(set(values)) < len(values):
            yield Fault(("segments",), f"Two service types have the same {field}.", "LISTED_TWICE")
