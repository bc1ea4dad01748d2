"""More rows of the same kind, written by the database itself."""

from __future__ import annotations

import asyncpg

# Enough that reading all of a table costs PostgreSQL more than an index does.
COPIES_OF_AN_AGENCY = 1_500

# What must differ between two rows of a tenant, by column; `n` counts the copies.
_OWN = {
    "id": "gen_random_uuid()",
    "file_number": "'C-' || n",
    "number": "'C-' || n",
    "id_number_digest": "sha256(('C-' || n)::bytea)",
}

_ATTENDANCES = """
    INSERT INTO attendance (tenant_id, bureau_id, id, service_record_id, role, beneficiary_id)
    SELECT b.tenant_id, b.bureau_id, gen_random_uuid(), s.id, 'BENEFICIARY', b.id
    FROM beneficiary b
    CROSS JOIN LATERAL (
        SELECT id FROM service_record s
        WHERE s.tenant_id = b.tenant_id AND s.number LIKE 'C-%'
        ORDER BY md5(s.id::text || b.id::text) LIMIT 2
    ) s
    WHERE b.file_number LIKE 'C-%' ORDER BY b.id LIMIT 3000
"""


async def grow(owner: asyncpg.Connection) -> None:
    """Copy each agency's files and services until there are some thousand of each."""
    for table in ("beneficiary", "service_record"):
        rows = await owner.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass"
            " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            table,
        )
        columns = [row["attname"] for row in rows]
        values = ", ".join(_OWN.get(column, column) for column in columns)
        await owner.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"
            f" FROM (SELECT DISTINCT ON (tenant_id) * FROM {table} ORDER BY tenant_id, id) AS one"
            f" CROSS JOIN generate_series(1, {COPIES_OF_AN_AGENCY}) AS n"
        )
    await owner.execute(_ATTENDANCES)
    await owner.execute("ANALYZE")
