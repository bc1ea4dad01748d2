"""What the pilot lacks for a life: agreements that go on, with projects that have no budget yet."""

from __future__ import annotations

from citywide.audit.attesting import attest
from citywide.audit.verify import chains, verifying
from walls.house import House

# One agency's agreement ends with November, as the pilot's did; the others go on with a second.
SQL = """
WITH more AS (
  INSERT INTO agreement
    (tenant_id, bureau_id, id, number, scope, valid_from, valid_until, amount_fen)
  SELECT a.tenant_id, a.bureau_id, gen_random_uuid(), '续' || a.number, a.scope,
    DATE '2015-07-01', DATE '2016-12-01', 20000000
  FROM agreement a JOIN tenant t ON t.id = a.tenant_id WHERE t.slug <> 'yixin' RETURNING *
), place AS (
  INSERT INTO site (tenant_id, bureau_id, id, agreement_id, area_id)
  SELECT m.tenant_id, m.bureau_id, gen_random_uuid(), m.id, s.area_id
  FROM more m JOIN site s ON s.tenant_id = m.tenant_id RETURNING *
), work AS (
  INSERT INTO project (tenant_id, bureau_id, id, agreement_id, name, goal, valid_from, valid_until)
  SELECT m.tenant_id, m.bureau_id, gen_random_uuid(), m.id, '续办' || n, '续办', m.valid_from,
    m.valid_until
  FROM more m, generate_series(1, 3) n RETURNING *
)
INSERT INTO enrolment
  (tenant_id, bureau_id, id, project_id, beneficiary_id, valid_from, valid_until)
SELECT w.tenant_id, w.bureau_id, gen_random_uuid(), w.id, b.id, DATE '2015-07-15',
  CASE WHEN row_number() OVER (PARTITION BY w.id ORDER BY b.file_number) % 4 = 0
    THEN DATE '2015-11-20' END
FROM work w JOIN beneficiary b ON b.tenant_id = w.tenant_id WHERE w.name <> '续办3'
"""


async def prepared(house: House) -> None:
    """Write it as the owner, before the life begins, and attest it: the trail is whole then."""
    await house.owner.execute(SQL)
    for bureau in await house.owner.fetch("SELECT id FROM bureau"):
        async with verifying(house.database, bureau["id"]) as transaction:
            found = await chains(transaction, bureau["id"])
        for chain in found:
            await attest(house.database, chain, reason="示例：写在平台之外")
