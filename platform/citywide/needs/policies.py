"""The use case that publishes a policy document, and ends the one that it replaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from citywide.acts.act import Act
from citywide.acts.workspace import values_of
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.needs.models import POLICY_CLAUSE, POLICY_DOCUMENT, PolicyDocumentRow
from citywide.rules.fields import day, draft, id_of, line, list_of, paragraph
from citywide.rules.periods import Span, period_faults
from citywide.rules.texts import NAME_LENGTH, NUMBER_LENGTH, TITLE_LENGTH

# The longest articles of a law have some hundreds of characters.
CLAUSE_LENGTH = 2_000
CLAUSE_LABEL_LENGTH = 40
# A law has some dozens of articles.
MOST_CLAUSES = 200


@draft
class PolicyClause:
    """A part of a policy document that an answer can rest on."""

    label: str = line("How it is cited: 第十二条.", CLAUSE_LABEL_LENGTH)
    text: str = paragraph("What it says.", CLAUSE_LENGTH)


@draft
class PolicyDocumentDraft:
    """A policy document as it is in force from a day on."""

    number: str = line("The issuing body's number of the document.", NUMBER_LENGTH)
    title: str = line("Its title.", TITLE_LENGTH)
    issuing_body: str = line("Who issued it.", NAME_LENGTH)
    valid_from: date = day("First day.")
    valid_until: date | None = day(
        "First day on which it no longer holds; null while open.", default=None
    )
    replaces_id: UUID | None = id_of(
        "PolicyDocument", "The document that ends where this one begins.", default=None
    )
    clauses: tuple[PolicyClause, ...] = list_of(
        "Its clauses, in order.", least=1, most=MOST_CLAUSES
    )


@mutation(gives="PolicyDocument")
async def publish_policy_document(act: Act, draft: PolicyDocumentDraft) -> UUID:
    """Publish a policy document with its clauses for the whole city, as of its first day."""
    refuse([*period_faults((), draft.valid_from, draft.valid_until), *_label_faults(draft)])
    replaced = None
    if draft.replaces_id is not None:
        replaced = await act.find(POLICY_DOCUMENT, draft.replaces_id, "replaces_id")
    versions = await act.rows(POLICY_DOCUMENT, number=draft.number)
    refuse(_version_faults(draft, replaced, versions))
    if replaced is not None:
        await act.update(POLICY_DOCUMENT, replaced, valid_until=draft.valid_from)
    document_id = await act.insert(POLICY_DOCUMENT, draft)
    clauses = [
        values_of(POLICY_CLAUSE, clause, {"document_id": document_id, "position": position})
        for position, clause in enumerate(draft.clauses, start=1)
    ]
    await act.insert_all(POLICY_CLAUSE, clauses)
    return document_id


def _label_faults(draft: PolicyDocumentDraft) -> Iterator[Fault]:
    """A label is cited: a document has it once."""
    labels = [clause.label for clause in draft.clauses]
    for place, label in enumerate(labels):
        if label in labels[:place]:
            message = "Another clause of the document has this label."
            yield Fault(("clauses", place, "label"), message, "LISTED_TWICE")


def _version_faults(
    draft: PolicyDocumentDraft,
    replaced: PolicyDocumentRow | None,
    versions: Sequence[PolicyDocumentRow],
) -> Iterator[Fault]:
    """A document replaces one that began earlier and still holds; a number holds once a day."""
    starts = draft.valid_from
    if replaced is not None and not (
        replaced["valid_from"] < starts and Span.of(replaced).covers(starts)
    ):
        yield Fault(("replaces_id",), f"The replaced document does not hold up to {starts}.")
        return
    others = [Span.of(row) for row in versions if row["id"] != draft.replaces_id]
    if any(Span.of(draft).overlaps(other) for other in others):
        message = "A document of this number holds on some of these days: replace it."
        yield Fault(("number",), message, "TAKEN")
