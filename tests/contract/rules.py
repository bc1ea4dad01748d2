"""What a tenant's table must be like, read from the database's own catalogue.

The rules are those under which one comparison per audience is a whole policy, an index serves it
and the table can be spread over several machines by tenant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import asyncpg

from citywide.db.session import Audience

# What runs as its owner although a login calls it: it adds one to the context's own counter, and
# a right to the counter itself would let every agency set every bureau's.
DEFINERS = {"citywide_raise_access"}
# Their comparisons are leakproof, so that an index serves them under row-level security.
COLUMN_TYPES = {"uuid", "text", "bigint", "boolean", "date", "timestamp with time zone", "bytea"}
# Alembic's own; it holds a revision and nobody's rows.
NOT_OURS = ["alembic_version"]
ACTIONS = {"a": "NO ACTION", "c": "CASCADE"}

# One column compared with one setting, in the four spellings that PostgreSQL prints them in.
_SETTING = r"current_setting\('citywide\.\w+'::text, true\)"
_PLAIN = rf"NULLIF\({_SETTING}, ''::text\)"
POLICY_EXPRESSION = re.compile(
    rf"\((?:tenant_id|bureau_id) = \({_PLAIN}\)::uuid\)"
    rf"|\(subject = {_PLAIN}\)"
    rf"|\(tenant_id = ANY \(\(string_to_array\(COALESCE\({_SETTING}, ''::text\), "
    r"','::text\)\)::uuid\[\]\)\)"
)

_COLUMNS = """
    SELECT c.relname AS "table", a.attname AS "column", a.attnotnull AS required,
           format_type(a.atttypid, a.atttypmod) AS type, a.attnum AS place
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND a.attnum > 0 AND NOT a.attisdropped AND NOT c.relname = ANY ($1)
    ORDER BY c.relname, a.attnum
"""
_CONSTRAINTS = """
    SELECT k.conrelid::regclass::text AS "table", k.conname AS name, k.contype AS kind,
           k.confrelid::regclass::text AS target,
           k.confupdtype AS updates, k.confdeltype AS deletes,
           ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY AS o (num, place)
                 JOIN pg_attribute a ON (a.attrelid, a.attnum) = (k.conrelid, o.num)
                 ORDER BY o.place) AS columns,
           ARRAY(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY AS o (num, place)
                 JOIN pg_attribute a ON (a.attrelid, a.attnum) = (k.confrelid, o.num)
                 ORDER BY o.place) AS referred
    FROM pg_constraint k WHERE k.connamespace = 'public'::regnamespace AND k.conrelid <> 0
"""
_UNIQUE_INDEXES = """
    SELECT i.indrelid::regclass::text AS "table", i.indexrelid::regclass::text AS name,
           ARRAY(SELECT a.attname FROM pg_attribute a
                 WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)) AS columns
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique
"""
_SECURITY = """
    SELECT relname AS "table", relrowsecurity AS enabled, relforcerowsecurity AS forced
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""
_POLICIES = """
    SELECT tablename AS "table", policyname AS name, permissive, roles::text[] AS roles, cmd,
           qual, with_check
    FROM pg_policies WHERE schemaname = 'public'
"""
_RIGHTS = """
    SELECT c.relname AS "table", r.rolname AS role
    FROM pg_class c CROSS JOIN pg_roles r
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND r.rolname = ANY ($1)
      AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
"""
_TRIGGERS = """
    SELECT tgrelid::regclass::text AS "table", tgname AS name FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'the database', evtname FROM pg_event_trigger
"""
_FUNCTIONS = """
    SELECT proname AS name, prosrc AS source, prosecdef AS definer, proconfig AS settings
    FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
"""


async def broken_rules(connection: asyncpg.Connection) -> list[str]:
    """A sentence for every rule that a table breaks; none when all is well."""
    house = await _House.read(connection)
    found = [
        *_faults_of_columns(house),
        *_faults_of_keys(house),
        *_faults_of_missing_keys(house),
        *_faults_of_security(house),
        *await _faults_of_the_rest(connection),
    ]
    return sorted(found)


class _House:
    """What the catalogue says, table by table."""

    columns: dict[str, list[Any]]
    constraints: list[Any]
    unique_indexes: list[Any]
    security: dict[str, Any]
    policies: list[Any]
    rights: set[tuple[str, str]]

    @classmethod
    async def read(cls, connection: asyncpg.Connection) -> _House:
        house = cls()
        house.columns = {}
        for row in await connection.fetch(_COLUMNS, NOT_OURS):
            house.columns.setdefault(row["table"], []).append(row)
        house.constraints = await connection.fetch(_CONSTRAINTS)
        house.unique_indexes = await connection.fetch(_UNIQUE_INDEXES)
        house.security = {row["table"]: row for row in await connection.fetch(_SECURITY)}
        house.policies = await connection.fetch(_POLICIES)
        logins = [audience.login for audience in Audience]
        rights = await connection.fetch(_RIGHTS, logins)
        house.rights = {(row["table"], row["role"]) for row in rights}
        return house

    def is_tenants(self, table: str) -> bool:
        """A table of tenants is one that has the column, wherever it stands."""
        return any(column["column"] == "tenant_id" for column in self.columns[table])

    def is_citys(self, table: str) -> bool:
        """A table that a bureau keeps for its city names the bureau and no tenant."""
        named = {column["column"] for column in self.columns[table]}
        return "bureau_id" in named and "tenant_id" not in named


def _faults_of_columns(house: _House) -> Iterator[str]:
    for table, columns in house.columns.items():
        for column in columns:
            if column["type"] not in COLUMN_TYPES:
                yield f"{table}.{column['column']} has the type {column['type']}"
        if not house.is_tenants(table):
            continue
        required = {column["column"] for column in columns if column["required"]}
        if columns[0]["column"] != "tenant_id":
            yield f"{table} does not begin with tenant_id"
        for name in {"tenant_id", "bureau_id"} - required:
            yield f"{table}.{name} may be null or is missing"


def _faults_of_keys(house: _House) -> Iterator[str]:
    for key in house.constraints:
        table, name, columns = key["table"], key["name"], key["columns"]
        if table in NOT_OURS:
            continue
        match key["kind"]:
            case b"p" if house.is_tenants(table) and columns[0] != "tenant_id":
                yield f"{name} does not begin with tenant_id"
            case b"p" | b"u" if house.is_citys(table) and columns[0] != "bureau_id":
                yield f"{name} does not begin with bureau_id"
            case b"u" | b"x" if house.is_tenants(table) and "tenant_id" not in columns:
                yield f"{name} does not contain tenant_id"
            case b"f":
                yield from _faults_of_reference(house, key)
    for index in house.unique_indexes:
        table = index["table"]
        if (
            table in house.columns
            and house.is_tenants(table)
            and "tenant_id" not in index["columns"]
        ):
            yield f"{index['name']} is unique without tenant_id"


def _faults_of_missing_keys(house: _House) -> Iterator[str]:
    for table in house.columns:
        own = [key for key in house.constraints if key["table"] == table]
        if not any(key["kind"] == b"p" for key in own):
            yield f"{table} has no primary key"
        if house.is_tenants(table) and table != "tenant" and not any(map(_is_tenants_key, own)):
            yield f"{table} may name another bureau than its tenant's"


def _is_tenants_key(key: Any) -> bool:
    columns = ["tenant_id", "bureau_id"]
    return key["target"] == "tenant" and key["columns"] == key["referred"] == columns


def _faults_of_reference(house: _House, key: Any) -> Iterator[str]:
    name = key["name"]
    for action in (key["updates"], key["deletes"]):
        if action.decode() not in ACTIONS or (action == b"c" and key["updates"] == b"c"):
            yield f"{name} does something else than NO ACTION or ON DELETE CASCADE"
    if house.is_citys(key["target"]) and not key["columns"][0] == key["referred"][0] == "bureau_id":
        yield f"{name} does not carry bureau_id"
    if not house.is_tenants(key["target"]):
        return
    if not house.is_tenants(key["table"]):
        yield f"{name} leads from a catalogue to a tenant's table"
    elif key["columns"][0] != "tenant_id" or key["referred"][0] != "tenant_id":
        yield f"{name} does not carry tenant_id"


def _faults_of_security(house: _House) -> Iterator[str]:
    for table in house.columns:
        own = [policy for policy in house.policies if policy["table"] == table]
        if not (house.is_tenants(table) or house.is_citys(table)):
            if own:
                yield f"{table} is a catalogue with policies"
            continue
        security = house.security[table]
        if not (security["enabled"] and security["forced"]):
            yield f"{table} has no forced row-level security"
        for audience in Audience:
            mine = [policy for policy in own if audience.login in policy["roles"]]
            wanted = int((table, audience.login) in house.rights)
            if len(mine) != wanted:
                yield f"{table} has {len(mine)} policies for {audience.login}, not {wanted}"
        for policy in own:
            yield from _faults_of_policy(policy)


def _faults_of_policy(policy: Any) -> Iterator[str]:
    name = policy["name"]
    if policy["permissive"] != "PERMISSIVE" or policy["cmd"] != "ALL" or len(policy["roles"]) != 1:
        yield f"{name} is not one permissive policy for all commands of one login"
    if policy["qual"] != policy["with_check"]:
        yield f"{name} checks something else than it shows"
    if not POLICY_EXPRESSION.fullmatch(policy["qual"] or ""):
        yield f"{name} is more than one comparison of a column with a setting: {policy['qual']}"


async def _faults_of_the_rest(connection: asyncpg.Connection) -> list[str]:
    found = [
        f"{row['table']} has the trigger {row['name']}" for row in await connection.fetch(_TRIGGERS)
    ]
    for row in await connection.fetch(_FUNCTIONS):
        if re.search(r"\bNOTIFY\b|pg_notify", row["source"], re.IGNORECASE):
            found.append(f"the function {row['name']} notifies")
        if re.search(r"\bset_config\b", re.sub(r"--.*", "", row["source"]), re.IGNORECASE):
            found.append(f"the function {row['name']} calls set_config")
        if not any(each.startswith("search_path=") for each in row["settings"] or ()):
            found.append(f"the function {row['name']} looks for names where its caller says")
        is_known = row["name"] in DEFINERS and row["settings"] == [
            "search_path=pg_catalog, pg_temp"
        ]
        if row["definer"] and not is_known:
            found.append(f"the function {row['name']} runs as its owner")
    return found
