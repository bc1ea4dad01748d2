"""Use cases of the library, as mutations: write, have reviewed, publish to the whole city."""

from __future__ import annotations

from uuid import UUID

from asyncpg import Record
from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.legacy import insert_rows
from citywide.acts.problems import not_yours, wrong_state
from citywide.authz.grants import Scope
from citywide.cases.deidentified import check_deidentified
from citywide.cases.problems import RevealingProblem
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import NodeId, new_id
from citywide.rules.texts import NOTE_LENGTH, TITLE_LENGTH, text_faults
from citywide.supervision.drafts import (
    LibraryTextDraft,
    PublicationDraft,
    ReviewDraft,
    RevisionDraft,
    SubmissionDraft,
    WithdrawalDraft,
)
from citywide.supervision.models import LIBRARY_DRAFT, LIBRARY_ENTRY
from citywide.tenancy.models import MEMBER, TENANT

# Some four printed pages: a case with what was tried and what came of it.
TEXT_LENGTH = 6_000
TOPIC_LENGTH = 40
NO_DRAFT = "There is no text with this id here."
NO_ENTRY = "There is no entry with this id here."


@mutation(gives="LibraryDraft", problems=[RevealingProblem])
async def draft_library_text(act: Act, draft: LibraryTextDraft) -> UUID:
    """Write a text for the library; it is refused while it gives somebody away."""
    await _check_text(act, draft)
    row = act.desk.owned(
        id=new_id(),
        title=draft.title,
        topic=draft.topic,
        text=draft.text,
        author_id=act.principal.member_id,
        written_on=act.desk.today,
        status="DRAFT",
    )
    [draft_id] = await insert_rows(act.transaction, table=LIBRARY_DRAFT, rows=[row])
    return draft_id


@mutation(gives="LibraryDraft", problems=[RevealingProblem])
async def revise_library_text(act: Act, draft: RevisionDraft) -> UUID:
    """Give an own text another wording, before it is handed in or after it was returned."""
    row = await _own_draft(act, draft.draft_id)
    await _check_text(act, draft)
    values = {"title": draft.title, "topic": draft.topic, "text": draft.text}
    await act.update(LIBRARY_DRAFT, row, values, version=draft.version)
    return draft.draft_id


@mutation(gives="LibraryDraft", problems=[RevealingProblem])
async def submit_library_text(act: Act, draft: SubmissionDraft) -> UUID:
    """Hand in an own text for review by somebody else."""
    row = await _own_draft(act, draft.draft_id)
    await _check_still_hidden(act, row)
    await act.update(LIBRARY_DRAFT, row, {"status": "SUBMITTED"}, version=draft.version)
    act.tell("approvalRequested", draft.draft_id)
    return draft.draft_id


@mutation(gives="LibraryDraft", problems=[RevealingProblem])
async def approve_library_text(act: Act, draft: ReviewDraft) -> UUID:
    """Approve a text of somebody else; it stands on the agency's shelf from now on."""
    row, reviewer = await _submitted(act, draft.draft_id)
    refuse(text_faults(("note",), draft.note, longest=NOTE_LENGTH, lines=True))
    await _check_still_hidden(act, row)
    await _review(act, row, draft, "REVIEWED", reviewer)
    entry = act.desk.owned(
        id=new_id(),
        draft_id=row["id"],
        is_origin=True,
        title=row["title"],
        topic=row["topic"],
        text=row["text"],
        reviewed_on=act.desk.today,
    )
    await insert_rows(act.transaction, table=LIBRARY_ENTRY, rows=[entry])
    return draft.draft_id.row_id


@mutation(gives="LibraryDraft")
async def return_library_text(act: Act, draft: ReviewDraft) -> UUID:
    """Return a text to its author with a note."""
    row, reviewer = await _submitted(act, draft.draft_id)
    refuse(text_faults(("note",), draft.note, longest=NOTE_LENGTH, lines=True))
    await _review(act, row, draft, "DRAFT", reviewer)
    return draft.draft_id.row_id


@mutation(gives="LibraryEntry", problems=[RevealingProblem])
async def publish_library_entry(act: Act, draft: PublicationDraft) -> UUID:
    """Put a reviewed entry on every shelf of the city; again for agencies that joined since."""
    home = act.desk.tenant_id
    act.move_to(draft.entry_id.tenant_id)
    entry = await _standing(act, draft.entry_id)
    if not entry["is_origin"]:
        refuse([Fault(("entry_id",), "This is a copy: publish the entry it is a copy of.")])
    await _check_still_hidden(act, entry)
    copies = {row["tenant_id"] for row in await _copies(act, entry)}
    shelves = await act.transaction.rows(
        select(TENANT.c.id).where(TENANT.c.bureau_id == act.desk.bureau_id)
    )
    missing = sorted({row["id"] for row in shelves} - copies)
    if not missing:
        raise wrong_state("It stands on every shelf of the city already.", "entryId")
    shared = {name: entry[name] for name in ("draft_id", "title", "topic", "text")}
    rows = [
        {
            "tenant_id": tenant_id,
            "bureau_id": act.desk.bureau_id,
            "id": new_id(),
            "is_origin": False,
            "reviewed_on": entry["reviewed_on"],
            "published_on": act.desk.today,
            **shared,
        }
        for tenant_id in missing
    ]
    await insert_rows(act.transaction, table=LIBRARY_ENTRY, rows=rows)
    if entry["published_on"] is None:
        await act.update(LIBRARY_ENTRY, entry, {"published_on": act.desk.today})
    act.move_to(home)
    return await _at_home(act, entry)


@mutation(gives="LibraryEntry")
async def withdraw_library_entry(act: Act, draft: WithdrawalDraft) -> UUID:
    """Take an entry off the shelf, or as the bureau off every shelf; nobody reads it any more."""
    home = act.desk.tenant_id
    act.move_to(draft.entry_id.tenant_id)
    entry = await _standing(act, draft.entry_id)
    refuse(text_faults(("reason",), draft.reason, longest=NOTE_LENGTH, lines=True))
    is_bureaus = act.scope is Scope.BUREAU
    if entry["published_on"] is not None and not is_bureaus:
        raise not_yours("It stands on every shelf of the city: ask the bureau.", "entryId")
    withdrawn = {"withdrawn_on": act.desk.today, "withdraw_reason": draft.reason}
    copies = await _copies(act, entry) if is_bureaus else [entry]
    for row in copies:
        act.move_to(row["tenant_id"])
        await act.update(LIBRARY_ENTRY, row, withdrawn)
    act.move_to(home)
    return await _at_home(act, entry)


async def _at_home(act: Act, entry: Record) -> UUID:
    """The id of the entry on the shelf of whoever acts; of the entry itself if it is not there."""
    own = [row["id"] for row in await _copies(act, entry) if row["tenant_id"] == act.desk.tenant_id]
    return own[0] if own else entry["id"]  # type: ignore[no-any-return]


async def _copies(act: Act, entry: Record) -> list[Record]:
    """The entry on every shelf of the bureau's city, as far as whoever acts sees them."""
    table = LIBRARY_ENTRY
    statement = select(table).where(
        table.c.bureau_id == act.desk.bureau_id, table.c.draft_id == entry["draft_id"]
    )
    return await act.transaction.rows(statement)


async def _standing(act: Act, entry_id: NodeId) -> Record:
    entry = await act.find(LIBRARY_ENTRY, entry_id.row_id, "entry_id", NO_ENTRY)
    if entry["withdrawn_on"] is not None:
        raise wrong_state("The entry was withdrawn.", "entryId")
    return entry


async def _own_draft(act: Act, draft_id: UUID) -> Record:
    row = await act.find(LIBRARY_DRAFT, draft_id, "draft_id", NO_DRAFT)
    if row["author_id"] != act.principal.member_id:
        raise not_yours("Only its author changes a text.", "draftId")
    if row["status"] != "DRAFT":
        raise wrong_state("The text was handed in.", "draftId")
    return row


async def _submitted(act: Act, draft_id: NodeId) -> tuple[Record, Record]:
    """A text that waits for somebody else, and who is about to review it."""
    reviewer = await act.find(MEMBER, act.principal.member_id, "draft_id", NO_DRAFT)
    act.move_to(draft_id.tenant_id)
    row = await act.find(LIBRARY_DRAFT, draft_id.row_id, "draft_id", NO_DRAFT)
    if row["author_id"] == act.principal.member_id:
        raise not_yours("Somebody else than its author reviews a text.", "draftId")
    if row["status"] != "SUBMITTED":
        raise wrong_state("The text does not wait for a review.", "draftId")
    return row, reviewer


async def _review(act: Act, row: Record, draft: ReviewDraft, status: str, reviewer: Record) -> None:
    values = {
        "status": status,
        "reviewer_id": reviewer["id"],
        "reviewer_name": reviewer["name"],
        "reviewed_on": act.desk.today,
        "review_note": draft.note,
    }
    await act.update(LIBRARY_DRAFT, row, values, version=draft.version)


async def _check_text(act: Act, draft: LibraryTextDraft | RevisionDraft) -> None:
    refuse(
        [
            *text_faults(("title",), draft.title, longest=TITLE_LENGTH),
            *text_faults(("topic",), draft.topic, longest=TOPIC_LENGTH),
            *text_faults(("text",), draft.text, longest=TEXT_LENGTH, lines=True),
        ]
    )
    texts = {"title": draft.title, "topic": draft.topic, "text": draft.text}
    await check_deidentified(act, texts, hides_staff=True)


async def _check_still_hidden(act: Act, row: Record) -> None:
    """The same check as when it was written: the agency may know more persons since."""
    texts = {name: row[name] for name in ("title", "topic", "text")}
    await check_deidentified(act, texts, hides_staff=True)
