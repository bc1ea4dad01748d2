"""Use cases on two files about one person: continue one in the other, and undo that exactly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from asyncpg import Record
from sqlalchemy import update

from citywide.acts.act import Act
from citywide.acts.legacy import among, insert_rows, rows_with
from citywide.acts.problems import wrong_state
from citywide.beneficiaries.files import file_at_hand
from citywide.beneficiaries.merging import Link, links, movable
from citywide.beneficiaries.models import BENEFICIARY, FILE_MERGE, FILE_MOVE
from citywide.beneficiaries.requests import MergeBeneficiaries, SplitBeneficiary
from citywide.db.session import Change
from citywide.db.tables import METADATA
from citywide.errors import Fault, InvalidError, refuse
from citywide.graph.mutate import mutation
from citywide.ids import new_id
from citywide.rules.texts import NOTE_LENGTH, text_faults

_ONE_DAY = timedelta(days=1)


@mutation(gives="FileMerge")
async def merge_beneficiaries(act: Act, asked: MergeBeneficiaries) -> UUID:
    """Continue one file in another: both are about one person. splitBeneficiary undoes it."""
    refuse(text_faults(("reason",), asked.reason, longest=NOTE_LENGTH, lines=True))
    if asked.survivor_id == asked.merged_id:
        raise InvalidError([Fault(("merged_id",), "A file is not merged with itself.")])
    survivor = await file_at_hand(act, asked.survivor_id, "survivor_id")
    merged = await file_at_hand(act, asked.merged_id, "merged_id")
    closed_on = merged["closed_on"] or max(act.desk.today, merged["opened_on"] + _ONE_DAY)
    act.check_version(survivor, asked.survivor_version)
    await act.update(
        BENEFICIARY,
        merged,
        {"merged_into_id": survivor["id"], "closing_reason": "MERGED", "closed_on": closed_on},
        version=asked.merged_version,
    )
    merge = act.desk.owned(
        id=new_id(),
        survivor_id=survivor["id"],
        merged_id=merged["id"],
        merged_on=act.desk.today,
        merge_reason=asked.reason,
        merged_by_id=act.principal.member_id,
        earlier_closed_on=merged["closed_on"],
        earlier_closing_reason=merged["closing_reason"],
    )
    [merge_id] = await insert_rows(act.transaction, table=FILE_MERGE, rows=[merge])
    for link in links(METADATA, BENEFICIARY):
        going = await _rows_of(act, link, merged["id"])
        moved = movable(link, going, await _rows_of(act, link, survivor["id"]) if going else ())
        await _move(act, link, moved, merged["id"], survivor["id"])
        moves = [
            act.desk.owned(
                id=new_id(),
                merge_id=merge_id,
                table_name=link.table,
                column_name=link.column,
                row_id=row_id,
            )
            for row_id in moved
        ]
        await insert_rows(act.transaction, table=FILE_MOVE, rows=moves)
    return merge_id


@mutation(gives="FileMerge")
async def split_beneficiary(act: Act, asked: SplitBeneficiary) -> UUID:
    """Undo a merge: every row that went over goes back, and what came later stays."""
    refuse(text_faults(("reason",), asked.reason, longest=NOTE_LENGTH, lines=True))
    message = "There is no merge with this id."
    merge = await act.find(FILE_MERGE, asked.merge_id, "merge_id", message)
    if merge["split_on"] is not None:
        raise wrong_state(f"This merge was undone on {merge['split_on']}.", "mergeId")
    # A survivor that was merged itself has passed the rows on: the later merge is undone first.
    survivor = await file_at_hand(act, merge["survivor_id"], "merge_id")
    merged = await act.find(BENEFICIARY, merge["merged_id"], "merge_id", message)
    act.persons.add(merged["id"])
    await act.update(
        FILE_MERGE,
        merge,
        {
            "split_on": act.desk.today,
            "split_reason": asked.reason,
            "split_by_id": act.principal.member_id,
        },
        version=asked.version,
    )
    await act.update(
        BENEFICIARY,
        merged,
        {
            "merged_into_id": None,
            "closed_on": merge["earlier_closed_on"],
            "closing_reason": merge["earlier_closing_reason"],
        },
    )
    moves = await rows_with(
        act.transaction, desk=act.desk, column=FILE_MOVE.c.merge_id, values=[merge["id"]]
    )
    for link in links(METADATA, BENEFICIARY):
        ids = [
            move["row_id"]
            for move in moves
            if (move["table_name"], move["column_name"]) == (link.table, link.column)
        ]
        await _move(act, link, ids, survivor["id"], merged["id"])
    return asked.merge_id


async def _rows_of(act: Act, link: Link, person_id: UUID) -> list[Record]:
    column = METADATA.tables[link.table].c[link.column]
    return await rows_with(act.transaction, desk=act.desk, column=column, values=[person_id])


async def _move(act: Act, link: Link, ids: Sequence[UUID], from_id: UUID, to_id: UUID) -> None:
    """Make rows of one person those of another, as far as they are still the one's."""
    if not ids:
        return
    table = METADATA.tables[link.table]
    values: dict[str, object] = {link.column: to_id}
    if "version" in table.c:
        values["version"] = table.c.version + 1
    done = await act.transaction.rows(
        update(table)
        .where(
            table.c.tenant_id == act.desk.tenant_id,
            among(table.c.id, ids),
            table.c[link.column] == from_id,
        )
        .values(values)
        .returning(table.c.id)
    )
    act.transaction.changes += [
        Change(link.table, row["id"], {link.column: from_id}, {link.column: to_id}) for row in done
    ]
