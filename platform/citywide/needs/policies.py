"""The use case that publishes a policy document, and ends the one that it replaces."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Record

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows, rows_with
from citywide.errors import Fault, refuse
from citywide.ids import new_id
from citywide.needs.drafts import PublishPolicyDocument, publish_faults
from citywide.needs.models import POLICY_CLAUSE, POLICY_DOCUMENT
from citywide.rules.periods import Span


async def publish(act: Act, draft: PublishPolicyDocument) -> UUID:
    """Put a document with its clauses on record; its id.

    Raises `InvalidError` when the same number holds on some of the same days already.
    """
    refuse(publish_faults(draft))
    replaced = None
    if draft.replaces_id is not None:
        message = "There is no such document."
        replaced = await act.find(POLICY_DOCUMENT, draft.replaces_id, "replaces_id", message)
    same = await rows_with(
        act.transaction, desk=act.desk, column=POLICY_DOCUMENT.c.number, values=[draft.number]
    )
    refuse(_version_faults(draft, replaced, same))
    document_id = new_id()
    document = {
        "bureau_id": act.desk.bureau_id,
        "id": document_id,
        "number": draft.number,
        "title": draft.title,
        "issuing_body": draft.issuing_body,
        "valid_from": draft.valid_from,
        "valid_until": draft.valid_until,
        "replaces_id": draft.replaces_id,
    }
    if replaced is not None:
        await act.update(POLICY_DOCUMENT, replaced, {"valid_until": draft.valid_from})
    await insert_rows(act.transaction, table=POLICY_DOCUMENT, rows=[document])
    clauses = [
        {
            "bureau_id": act.desk.bureau_id,
            "id": new_id(),
            "document_id": document_id,
            "position": position,
            "label": clause.label,
            "text": clause.text,
        }
        for position, clause in enumerate(draft.clauses, start=1)
    ]
    await insert_rows(act.transaction, table=POLICY_CLAUSE, rows=clauses)
    return document_id


def _version_faults(
    draft: PublishPolicyDocument, replaced: Record | None, same: list[Record]
) -> list[Fault]:
    """A document replaces one that began earlier and still holds; a number holds once a day."""
    if replaced is not None:
        held = Span(replaced["valid_from"], replaced["valid_until"])
        if not (held.covers(draft.valid_from) and draft.valid_from > replaced["valid_from"]):
            message = f"The replaced document does not hold up to {draft.valid_from}."
            return [Fault(("replaces_id",), message)]
    ours = Span(draft.valid_from, draft.valid_until)
    for row in same:
        is_ended = replaced is not None and row["id"] == replaced["id"]
        end = draft.valid_from if is_ended else row["valid_until"]
        if ours.overlaps(Span(row["valid_from"], end)):
            message = "A document of this number holds on some of these days: replace it."
            return [Fault(("number",), message)]
    return []
