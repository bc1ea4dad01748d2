"""Whoever reviews the trail sees what was looked at, how often, and how few that was about."""

from __future__ import annotations

from datetime import UTC, datetime

from citywide.audit.chain import append
from citywide.audit.reads import entries_of
from citywide.db.session import Audience, Context
from citywide.errors import Code
from walls.house import House

DIRECTOR, WORKER, OFFICER = "shouqianshou.director", "shouqianshou.worker1", "bureau.officer"
COUNT = "query($p: String!) { beneficiaries(where: { phone: { startsWith: $p } }) { totalCount } }"
REVIEW = """{
  probeCounts(from: "2026-03-01", until: "2026-03-03") { actor day probes few }
  auditTrail(where: { isProbe: { eq: true } }, orderBy: { field: POSITION }) {
    nodes { actor shown probed counts subjects { totalCount } }
  }
}"""


async def chained(house: House, at: datetime) -> None:
    """What was noted, in the chains where the background writer puts it."""
    for read in house.reads.noted:
        for entry in entries_of(read, at, house.database.sealer):
            whose = Context(Audience.AGENCY, tenant_id=entry.tenant_id, bureau_id=entry.bureau_id)
            async with house.database.write(whose) as transaction:
                await append(transaction, [entry])
    house.reads.noted.clear()


async def test_a_reviewer_sees_probes_by_person_and_day(pilot: House) -> None:
    pilot.reads.noted.clear()
    phone = await pilot.owner.fetchval(
        "SELECT phone FROM beneficiary WHERE phone IS NOT NULL AND tenant_id ="
        " (SELECT tenant_id FROM tenant WHERE slug = 'shouqianshou') LIMIT 1"
    )
    for part in ("1", phone, "9"):
        await pilot.data(DIRECTOR, COUNT, p=part)
    # The city's day begins eight hours before that of UTC.
    await chained(pilot, datetime(2026, 3, 1, 17, 0, tzinfo=UTC))
    await pilot.data(WORKER, "{ beneficiaries(first: 1) { nodes { name } } }")
    await pilot.data(WORKER, "{ beneficiaries(orderBy: { field: NAME }) { nodes { id } } }")
    await chained(pilot, datetime(2026, 3, 1, 2, 0, tzinfo=UTC))
    found = await pilot.data(DIRECTOR, REVIEW)
    assert found["probeCounts"] == [
        {"actor": DIRECTOR, "day": "2026-03-02", "probes": 3, "few": 2},
        {"actor": WORKER, "day": "2026-03-01", "probes": 1, "few": 0},
    ]
    many, one, none, listed = found["auditTrail"]["nodes"]
    assert (one["probed"], one["shown"], one["counts"]) == ("Beneficiary.phone", "", "1")
    # A count of one names that one.
    assert one["subjects"]["totalCount"] == 1
    assert (none["counts"], none["subjects"]["totalCount"]) == ("0", 0)
    assert int(many["counts"]) > 5
    assert many["subjects"]["totalCount"] == 0
    assert (listed["probed"], listed["counts"]) == ("Beneficiary.name", "")
    assert listed["shown"] == "Beneficiary.id"
    assert listed["subjects"]["totalCount"] == 20


async def test_only_reviewers_see_them(pilot: House) -> None:
    for user in (WORKER, OFFICER):
        assert (await pilot.refusal(user, REVIEW)).code is Code.FORBIDDEN
    other = await pilot.data("yijiaqin.director", REVIEW)
    assert other["probeCounts"] == []
