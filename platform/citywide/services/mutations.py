"""Use cases on services, as mutations."""

from __future__ import annotations

from uuid import UUID

from citywide.acts.act import Act
from citywide.errors import Fault, InvalidError
from citywide.graph.mutate import mutation
from citywide.services.commands import record_services
from citywide.services.corrections import (
    ServiceCancellation,
    ServiceCorrection,
    cancel,
    correct,
)
from citywide.services.drafts import ServiceDraft
from citywide.services.groups import (
    SeriesAdvance,
    SeriesDraft,
    SessionPlan,
    advance,
    create,
    plan_sessions,
)


@mutation(gives="ServiceRecord")
async def record_service(act: Act, draft: ServiceDraft) -> UUID:
    """Record a delivered service with everyone who was there."""
    for worker_id in draft.worker_ids or (None,):
        if worker_id == act.principal.member_id:
            break
    else:
        act.check_worker(None, "workerIds")
    try:
        [record_id] = await record_services(act.transaction, desk=act.desk, drafts=[draft])
    except InvalidError as error:
        # The batch of one is the use case's, not the caller's.
        raise InvalidError(Fault(f.path[1:], f.message) for f in error.faults) from error
    act.persons.update(draft.beneficiary_ids)
    act.tell("serviceRecorded", record_id)
    return record_id


@mutation(gives="ServiceRecord")
async def correct_service_record(act: Act, correction: ServiceCorrection) -> UUID:
    """Correct a service record; what it said before stays readable as its history."""
    return await correct(act, correction)


@mutation(gives="ServiceRecord")
async def cancel_service_record(act: Act, cancellation: ServiceCancellation) -> UUID:
    """Cancel a service record: it stays on file, and no figure counts it any more."""
    return await cancel(act, cancellation)


@mutation(gives="GroupSeries")
async def create_group_series(act: Act, draft: SeriesDraft) -> UUID:
    """Begin a series of group sessions, in preparation, with the sessions planned so far."""
    return await create(act, draft)


@mutation(gives="GroupSeries")
async def plan_group_sessions(act: Act, plan: SessionPlan) -> UUID:
    """Add sessions to the plan of a group series, after those planned already."""
    return await plan_sessions(act, plan)


@mutation(gives="GroupSeries")
async def advance_group_series(act: Act, step: SeriesAdvance) -> UUID:
    """Take a group series to its next stage; no stage is skipped and none comes again."""
    return await advance(act, step)
