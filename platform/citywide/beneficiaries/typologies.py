"""Use cases on service types: a new version of an agency's set, and who is of which type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from uuid import UUID

from asyncpg import Record
from sqlalchemy import select, update

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, of_tenant, rows_with
from citywide.beneficiaries.commands import classify
from citywide.beneficiaries.drafts import ClassificationDraft
from citywide.beneficiaries.files import file_at_hand, one_of_a_batch
from citywide.beneficiaries.models import BENEFICIARY, SEGMENT, TYPOLOGY
from citywide.beneficiaries.requests import (
    ClassifyBeneficiary,
    CreateTypologyVersion,
    NewSegment,
)
from citywide.db.session import Change
from citywide.errors import Fault, InvalidError, refuse
from citywide.graph.mutate import mutation
from citywide.ids import new_id
from citywide.rules.texts import TITLE_LENGTH, text_faults

# A worker chooses from these by heart; the pilot had six.
MOST_SEGMENTS = 40
# A paragraph that is read at a visit.
STRATEGY_LENGTH = 500
CODE = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")


@mutation(gives="Beneficiary")
async def classify_beneficiary(act: Act, asked: ClassifyBeneficiary) -> UUID:
    """Judge a person to be of a service type, with the reason; earlier judgements are kept."""
    file = await file_at_hand(act, asked.beneficiary_id)
    act.check_version(await _held(act, file["id"]), asked.version)
    draft = ClassificationDraft(
        asked.beneficiary_id, asked.segment_id, asked.segmented_on, asked.reason
    )
    try:
        await classify(
            act.transaction, desk=act.desk, drafts=[draft], judge_id=act.principal.member_id
        )
    except InvalidError as error:
        raise one_of_a_batch(error) from error
    return asked.beneficiary_id


@mutation(gives="Typology")
async def create_typology_version(act: Act, asked: CreateTypologyVersion) -> UUID:
    """Write a new set of service types; who was sorted by the old one stays so until judged."""
    earlier = await rows_with(
        act.transaction, desk=act.desk, column=TYPOLOGY.c.name, values=[asked.name]
    )
    last = max(earlier, key=lambda row: row["version"], default=None)
    refuse([*_typology_faults(asked, last), *_segment_faults(asked.segments)])
    if last is not None and last["valid_until"] is None:
        await _end(act, last, asked)
    typology = act.desk.owned(
        id=new_id(),
        name=asked.name,
        version=1 if last is None else last["version"] + 1,
        valid_from=asked.valid_from,
        valid_until=None,
    )
    [typology_id] = await insert_rows(act.transaction, table=TYPOLOGY, rows=[typology])
    segments = [
        act.desk.owned(
            id=new_id(),
            typology_id=typology_id,
            code=segment.code,
            name=segment.name,
            strategy=segment.strategy,
            sensitive=segment.is_sensitive,
        )
        for segment in asked.segments
    ]
    await insert_rows(act.transaction, table=SEGMENT, rows=segments)
    return typology_id


async def _held(act: Act, beneficiary_id: UUID) -> Record:
    """The file, which nobody else can change until the act is done."""
    statement = select(BENEFICIARY).where(BENEFICIARY.c.id == beneficiary_id).with_for_update()
    [file] = await act.transaction.rows(of_tenant(statement, BENEFICIARY, desk=act.desk))
    return file


async def _end(act: Act, typology: Record, asked: CreateTypologyVersion) -> None:
    """End the last version; not by `Act.update`: its `version` is a name, no count of changes."""
    await act.transaction.rows(
        update(TYPOLOGY)
        .where(TYPOLOGY.c.tenant_id == act.desk.tenant_id, TYPOLOGY.c.id == typology["id"])
        .values(valid_until=asked.valid_from)
    )
    change = Change(
        "typology", typology["id"], {"valid_until": None}, {"valid_until": asked.valid_from}
    )
    act.transaction.changes.append(change)


def _typology_faults(asked: CreateTypologyVersion, last: Record | None) -> Iterator[Fault]:
    yield from text_faults(("name",), asked.name, longest=TITLE_LENGTH)
    if last is None:
        return
    if asked.valid_from <= last["valid_from"]:
        message = f"Version {last['version']} begins on {last['valid_from']}: begin later."
        yield Fault(("valid_from",), message)
    elif last["valid_until"] is not None and asked.valid_from < last["valid_until"]:
        message = f"Version {last['version']} is in use until {last['valid_until']}."
        yield Fault(("valid_from",), message)


def _segment_faults(segments: Sequence[NewSegment]) -> Iterator[Fault]:
    if not 0 < len(segments) <= MOST_SEGMENTS:
        yield Fault(("segments",), f"A typology has 1 to {MOST_SEGMENTS} service types.")
    for field in ("code", "name"):
        values = [getattr(segment, field) for segment in segments]
        if len(set(values)) < len(values):
            yield Fault(("segments",), f"Two service types have the same {field}.")
    for place, segment in enumerate(segments[:MOST_SEGMENTS]):
        if not CODE.fullmatch(segment.code):
            message = "A code has 3 to 40 lower-case letters, digits and hyphens."
            yield Fault(("segments", place, "code"), message)
        yield from text_faults(("segments", place, "name"), segment.name, longest=TITLE_LENGTH)
        yield from text_faults(
            ("segments", place, "strategy"), segment.strategy, longest=STRATEGY_LENGTH
        )
