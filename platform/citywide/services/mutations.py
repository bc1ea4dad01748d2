"""Use cases on services, as mutations."""

from __future__ import annotations

from uuid import UUID

from citywide.acts.act import Act
from citywide.errors import Fault, InvalidError
from citywide.graph.mutate import mutation
from citywide.services.commands import record_services
from citywide.services.drafts import ServiceDraft


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
