"""Use cases of the library: write, have reviewed, publish to the whole city, withdraw."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from sqlalchemy import select

from citywide.acts.act import Act
from citywide.acts.problems import not_yours, wrong_state
from citywide.authz.grants import Scope
from citywide.beneficiaries.others_eyes import HARMLESS, ForOthers, check_deidentified
from citywide.beneficiaries.problems import RevealingProblem
from citywide.beneficiaries.words import RevealingKind
from citywide.errors import Fault, refuse
from citywide.graph.mutate import mutation
from citywide.ids import NodeId
from citywide.rules.course import Step
from citywide.rules.fields import draft, id_of, line, list_of, paragraph, version
from citywide.rules.texts import TITLE_LENGTH
from citywide.supervision.courses import EntryCourse, LibraryCourse
from citywide.supervision.models import (
    LIBRARY_DRAFT,
    LIBRARY_ENTRY,
    LibraryDraftRow,
    LibraryEntryRow,
)
from citywide.supervision.words import LibraryStatus
from citywide.tenancy.models import MEMBER, TENANT

# Some four printed pages: a case with what was tried and what came of it.
TEXT_LENGTH = 6_000
TOPIC_LENGTH = 40


@draft
class LibraryTextDraft:
    """A text for the library."""

    title: str = line("Its title; names nobody.", TITLE_LENGTH)
    topic: str = line("What it teaches about, in a word or two.", TOPIC_LENGTH)
    text: str = paragraph("The case as others may learn from it; names nobody.", TEXT_LENGTH)
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="LibraryDraft", problems=[RevealingProblem])
async def draft_library_text(act: Act, draft: LibraryTextDraft) -> UUID:
    """Write a text for the library; it is refused while it gives somebody away."""
    await _check_hidden(act, draft, draft.title, draft.topic, draft.text)
    return await act.insert(
        LIBRARY_DRAFT,
        draft,
        author_id=act.member_id,
        written_on=act.today,
        status=LibraryStatus.DRAFT,
    )


@draft
class RevisionDraft(LibraryTextDraft):
    """A new wording of a text for the library."""

    draft_id: UUID = id_of("LibraryDraft", "The text.")
    version: int = version("The version that you read.")


@mutation(gives="LibraryDraft", problems=[RevealingProblem])
async def revise_library_text(act: Act, draft: RevisionDraft) -> UUID:
    """Give an own text another wording, before it is handed in or after it was returned."""
    row = await _own_text(act, draft.draft_id)
    act.check(LibraryCourse.reword, row, "draft_id")
    await _check_hidden(act, draft, draft.title, draft.topic, draft.text)
    await act.update(LIBRARY_DRAFT, row, draft)
    return row["id"]


@draft
class SubmissionDraft:
    """A text to hand in for review."""

    draft_id: UUID = id_of("LibraryDraft", "The text.")
    version: int = version("The version that you read.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="LibraryDraft", problems=[RevealingProblem])
async def submit_library_text(act: Act, draft: SubmissionDraft) -> UUID:
    """Hand in an own text for review by somebody else."""
    row = await _own_text(act, draft.draft_id)
    act.check(LibraryCourse.submit, row, "draft_id")
    await _check_hidden(act, draft, row["title"], row["topic"], row["text"])
    await act.take(LibraryCourse.submit, row, draft, "draft_id")
    return row["id"]


@draft
class ReviewDraft:
    """A review of a text."""

    draft_id: NodeId = id_of("LibraryDraft", "The text.")
    version: int = version("The version that you read.")
    note: str = paragraph("What the reviewer says about it; names nobody.")
    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="LibraryDraft", problems=[RevealingProblem])
async def approve_library_text(act: Act, draft: ReviewDraft) -> UUID:
    """Approve a text of somebody else; it stands on the agency's shelf from now on."""
    row = await _review(act, draft, LibraryCourse.approve)
    await _check_hidden(act, draft, row["title"], row["topic"], row["text"])
    await act.insert(
        LIBRARY_ENTRY,
        draft_id=row["id"],
        is_origin=True,
        title=row["title"],
        topic=row["topic"],
        text=row["text"],
        reviewed_on=act.today,
    )
    return row["id"]


@mutation(gives="LibraryDraft", problems=[RevealingProblem])
async def return_library_text(act: Act, draft: ReviewDraft) -> UUID:
    """Return a text to its author with a note."""
    return (await _review(act, draft, LibraryCourse.send_back))["id"]


@draft
class EntryDraft:
    """A reviewed text on a shelf."""

    entry_id: NodeId = id_of("LibraryEntry", "The entry.")


@draft
class PublicationDraft(EntryDraft):
    """A reviewed text to put on every shelf of the city."""

    confirmed_harmless: tuple[RevealingKind, ...] = list_of(HARMLESS, distinct=True, default=())


@mutation(gives="LibraryEntry", problems=[RevealingProblem])
async def publish_library_entry(act: Act, draft: PublicationDraft) -> UUID:
    """Put a reviewed entry on every shelf of the city; again for agencies that joined since."""
    home = act.tenant_id
    entry = await act.find(LIBRARY_ENTRY, draft.entry_id, "entry_id")
    act.check(EntryCourse.publish, entry, "entry_id")
    if not entry["is_origin"]:
        refuse([Fault(("entry_id",), "This is a copy: publish the entry it is a copy of.")])
    await _check_hidden(act, draft, entry["title"], entry["topic"], entry["text"])
    copies = {row["tenant_id"] for row in await _copies(act, entry)}
    shelves = await act.transaction.rows(
        select(TENANT.c.id).where(TENANT.c.bureau_id == act.bureau_id)
    )
    missing = sorted({row["id"] for row in shelves} - copies)
    if not missing:
        raise wrong_state("It stands on every shelf of the city already.", "entry_id")
    copy = {
        "draft_id": entry["draft_id"],
        "is_origin": False,
        "title": entry["title"],
        "topic": entry["topic"],
        "text": entry["text"],
        "reviewed_on": entry["reviewed_on"],
        "published_on": act.today,
    }
    await act.insert_all(LIBRARY_ENTRY, [{**copy, "tenant_id": each} for each in missing])
    published_on = entry["published_on"] or act.today
    await act.take(EntryCourse.publish, entry, draft, "entry_id", published_on=published_on)
    act.move_to(home)
    return await _at_home(act, entry)


@draft
class WithdrawalDraft(EntryDraft):
    """An entry to take off the shelves."""

    reason: str = paragraph("Why.")


@mutation(gives="LibraryEntry")
async def withdraw_library_entry(act: Act, draft: WithdrawalDraft) -> UUID:
    """Take an entry off the shelf, or as the bureau off every shelf; nobody reads it any more."""
    home = act.tenant_id
    entry = await act.find(LIBRARY_ENTRY, draft.entry_id, "entry_id")
    act.check(EntryCourse.withdraw, entry, "entry_id")
    is_bureaus = act.scope is Scope.BUREAU
    if entry["published_on"] is not None and not is_bureaus:
        raise not_yours("It stands on every shelf of the city: ask the bureau.", "entry_id")
    for row in await _copies(act, entry) if is_bureaus else [entry]:
        act.move_to(row["tenant_id"])
        await act.take(
            EntryCourse.withdraw,
            row,
            draft,
            "entry_id",
            withdrawn_on=act.today,
            withdraw_reason=draft.reason,
        )
    act.move_to(home)
    return await _at_home(act, entry)


async def _at_home(act: Act, entry: LibraryEntryRow) -> UUID:
    """The id of the entry on the shelf of whoever acts; of the entry itself if it is not there."""
    own = [row["id"] for row in await _copies(act, entry) if row["tenant_id"] == act.tenant_id]
    return own[0] if own else entry["id"]


async def _copies(act: Act, entry: LibraryEntryRow) -> list[LibraryEntryRow]:
    """The entry on every shelf of the bureau's city, as far as whoever acts sees them."""
    table = LIBRARY_ENTRY
    statement = select(table).where(
        table.c.bureau_id == act.bureau_id, table.c.draft_id == entry["draft_id"]
    )
    return cast(list[LibraryEntryRow], await act.transaction.rows(statement))


async def _own_text(act: Act, draft_id: UUID) -> LibraryDraftRow:
    row = await act.find(LIBRARY_DRAFT, draft_id, "draft_id")
    if row["author_id"] != act.member_id:
        raise not_yours("Only its author changes a text.", "draft_id")
    return row


async def _review(act: Act, draft: ReviewDraft, step: Step) -> LibraryDraftRow:
    """Decide about a text of somebody else, which may be another tenant's than the reviewer."""
    reviewer = await act.find(MEMBER, act.member_id, "draft_id")
    row = await act.find(LIBRARY_DRAFT, draft.draft_id, "draft_id")
    act.check(step, row, "draft_id")
    await check_deidentified(act, draft, {"note": draft.note})
    await act.take(
        step,
        row,
        draft,
        "draft_id",
        reviewer_id=reviewer["id"],
        reviewer_name=reviewer["name"],
        reviewed_on=act.today,
        review_note=draft.note,
    )
    return row


async def _check_hidden(act: Act, draft: ForOthers, title: str, topic: str, text: str) -> None:
    """Refuse a text that gives somebody away; the agency may know more persons than before."""
    texts = {"title": title, "topic": topic, "text": text}
    await check_deidentified(act, draft, texts, hides_staff=True)
