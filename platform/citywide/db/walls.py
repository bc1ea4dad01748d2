"""The second wall: login roles, row-level security and the context function, as DDL.

Each policy compares one setting with one column and nothing else: no sub-query and no look-up,
which PostgreSQL would run per row and distributed tables refuse. There is no owner's exemption:
row-level security is FORCEd.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from citywide.db.session import Audience
from citywide.db.tables import APPEND_ONLY_KEY, WRITERS_KEY, is_city_table, is_tenant_table

_TENANT = "tenant_id = nullif(current_setting('citywide.tenant', true), '')::uuid"
_BUREAU = "bureau_id = nullif(current_setting('citywide.bureau', true), '')::uuid"
_TENANTS = (
    "tenant_id = ANY (string_to_array(coalesce(current_setting('citywide.tenants', true), ''), "
    "',')::uuid[])"
)
_SUBJECT = "subject = nullif(current_setting('citywide.subject', true), '')"

# What each audience's one policy on a table compares.
_CONDITIONS = {
    Audience.AGENCY: _TENANT,
    Audience.BUREAU: _BUREAU,
    Audience.SUPERVISOR: _TENANTS,
    Audience.IDENTITY: _TENANTS,
    Audience.OPERATOR: _BUREAU,
}
# Whoever works in a city reads what its bureau keeps for it.
_CITY_AUDIENCES = (Audience.AGENCY, Audience.BUREAU, Audience.SUPERVISOR, Audience.OPERATOR)
# The identity audience answers one question, "which roles has this subject, and until when".
_IDENTITY_TABLES = frozenset(
    {"tenant", "member", "member_role", "own_role", "own_role_rule", "assignment", "agreement"}
)
# What manifests declare; agencies read these and change none of them.
_MANIFEST_TABLES = frozenset({"tenant", "agreement", "site", "assignment"})

ENTER_FUNCTION = """
CREATE OR REPLACE FUNCTION citywide_enter(
    tenant text, bureau text, tenants text, subject text, timeout_ms integer
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- SET LOCAL, not set_config(): a distributed database passes on only the former.
    IF tenant IS NOT NULL THEN EXECUTE format('SET LOCAL citywide.tenant = %L', tenant); END IF;
    IF bureau IS NOT NULL THEN EXECUTE format('SET LOCAL citywide.bureau = %L', bureau); END IF;
    IF tenants IS NOT NULL THEN EXECUTE format('SET LOCAL citywide.tenants = %L', tenants); END IF;
    IF subject IS NOT NULL THEN EXECUTE format('SET LOCAL citywide.subject = %L', subject); END IF;
    EXECUTE format('SET LOCAL statement_timeout = %L', timeout_ms);
END $$
"""

# A login whose client forgets an open transaction holds rows and old versions of them; ours end
# theirs in milliseconds, and say how long a statement may take in each.
LOGIN_IDLE_TIMEOUT_S = 60
# For a session outside of our transactions, which set their own: as long as the longest of these.
LOGIN_STATEMENT_TIMEOUT_S = 60
# What every session of a login begins with, whatever client or pooler opened it. Names are found
# in one schema: what somebody else makes in another, or in a session, is never meant.
_LOGIN_SETTINGS = {
    "search_path": "public, pg_temp",
    "idle_in_transaction_session_timeout": f"'{LOGIN_IDLE_TIMEOUT_S}s'",
    "statement_timeout": f"'{LOGIN_STATEMENT_TIMEOUT_S}s'",
    "timezone": "'UTC'",
    "jit": "off",
}
# Functions of PostgreSQL that everybody may call and no login needs: large objects are storage
# that no wall knows, the others tell what other agencies' sessions run.
UNNEEDED_FUNCTIONS = (
    *("lo_create", "lo_creat", "lo_from_bytea", "lo_open", "lo_close", "lo_get", "lo_put"),
    *("loread", "lowrite", "lo_lseek", "lo_lseek64", "lo_tell", "lo_tell64", "lo_unlink"),
    *("lo_truncate", "lo_truncate64", "lo_import", "lo_export"),
    *("pg_stat_get_activity", "pg_stat_get_backend_activity"),
)
_UNNEEDED = ", ".join(f"'{name}'" for name in UNNEEDED_FUNCTIONS)

# Only a superuser can take these from everybody; another owner's administrator does it once
# (`deploy/README.md`), for each database has functions of its own.
WITHDRAW_FUNCTIONS = f"""
DO $$
DECLARE unneeded regprocedure;
BEGIN
    FOR unneeded IN
        SELECT oid FROM pg_proc
        WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ({_UNNEEDED})
        AND has_function_privilege('public', oid, 'EXECUTE')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', unneeded);
    END LOOP;
END $$
"""

# Which of these the logins ($1) may still call.
CALLABLE_FUNCTIONS = f"""
SELECT DISTINCT proname FROM pg_proc, pg_roles
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ({_UNNEEDED})
AND rolname = ANY ($1::text[]) AND has_function_privilege(pg_roles.oid, pg_proc.oid, 'EXECUTE')
ORDER BY proname
"""

# The logins ($1) that may put something beside the declared tables.
MAKING_LOGINS = """
SELECT rolname FROM pg_roles
WHERE rolname = ANY ($1::text[]) AND (
    has_database_privilege(oid, current_database(), 'TEMPORARY')
    OR has_database_privilege(oid, current_database(), 'CREATE')
    OR has_schema_privilege(oid, current_schema(), 'CREATE')
    OR rolcreaterole OR rolcreatedb
)
ORDER BY rolname
"""

# Who manages members must make every process look again, and may do nothing else to the counter
# that all agencies of a bureau share. The function is the owner's: it adds one, for the bureau of
# the transaction's context, and a login that may call it needs no right to the table.
RAISE_ACCESS_FUNCTION = """
CREATE OR REPLACE FUNCTION citywide_raise_access() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE public.access_version SET version = version + 1
    WHERE id = nullif(current_setting('citywide.bureau', true), '')::uuid
    RETURNING version
$$
"""


def raise_access_statements() -> Iterable[str]:
    """The function, and who may call it: the audience whose members manage members."""
    yield RAISE_ACCESS_FUNCTION
    yield "REVOKE ALL ON FUNCTION citywide_raise_access() FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION citywide_raise_access() TO {Audience.AGENCY.login}"


def login_statements(verifiers: Mapping[Audience, str], *, fingerprint: str) -> Iterable[str]:
    """Create each login role once; say whose deployment it belongs to, and what it begins with.

    `verifiers` are of those whose password is to be set. A new role may log in and nothing more;
    what an existing one may is looked at, not changed, for only a superuser could. Verifiers and
    fingerprint are made of characters that need no quoting.
    """
    for audience in Audience:
        yield (
            f"DO $$ BEGIN CREATE ROLE {audience.login} LOGIN; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        if audience in verifiers:
            yield f"ALTER ROLE {audience.login} LOGIN PASSWORD '{verifiers[audience]}'"
        yield f"COMMENT ON ROLE {audience.login} IS '{fingerprint}'"
        for name, value in _LOGIN_SETTINGS.items():
            yield f"ALTER ROLE {audience.login} SET {name} = {value}"


def room_statements(database: str) -> Iterable[str]:
    """Nobody but the owner makes anything in the database; its name comes quoted."""
    yield f"REVOKE CREATE, TEMPORARY ON DATABASE {database} FROM PUBLIC"
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"


# Logins ($1) for which the second wall would not stand: they bypass it, copy the whole cluster,
# reach its files, own a table and could lower the wall, or may become a role that does.
STRONG_LOGINS = """
SELECT login.rolname
FROM pg_roles AS login
WHERE login.rolname = ANY ($1::text[]) AND EXISTS (
    SELECT FROM pg_roles AS other
    WHERE pg_has_role(login.oid, other.oid, 'MEMBER') AND (
        other.rolsuper OR other.rolbypassrls OR other.rolreplication
        OR other.rolname IN
            ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
        OR EXISTS (
            SELECT FROM pg_class
            WHERE relowner = other.oid AND relkind IN ('r', 'p')
            AND relnamespace = current_schema()::regnamespace
        )
    )
)
ORDER BY login.rolname
"""


def protect_statements(tables: Iterable[Table]) -> Iterable[str]:
    """Row-level security, policies and grants for `tables` of every kind."""
    quote = postgresql.dialect().identifier_preparer.format_table  # type: ignore[no-untyped-call]
    for table in tables:
        name = quote(table)
        if not (is_tenant_table(table) or is_city_table(table)):
            for audience in Audience:
                yield f"GRANT SELECT ON {name} TO {audience.login}"
            yield f"GRANT INSERT, UPDATE ON {name} TO {Audience.OPERATOR.login}"
            continue
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"
        for audience, using in _conditions(table).items():
            yield (
                f"CREATE POLICY {table.name}_{audience} ON {name} TO {audience.login} "
                f"USING ({using}) WITH CHECK ({using})"
            )
            yield f"GRANT {_privileges(audience, table)} ON {name} TO {audience.login}"


def _conditions(table: Table) -> dict[Audience, str]:
    """Who sees rows of `table`, and which."""
    if is_city_table(table):
        return dict.fromkeys(_CITY_AUDIENCES, _BUREAU)
    found = dict(_CONDITIONS)
    if table.name == "member":
        found[Audience.IDENTITY] = _SUBJECT
    elif table.name not in _IDENTITY_TABLES:
        del found[Audience.IDENTITY]
    return found


def _privileges(audience: Audience, table: Table) -> str:
    if writers := table.info.get(WRITERS_KEY):
        if audience not in writers:
            return "SELECT"
        return "SELECT, INSERT" if table.info[APPEND_ONLY_KEY] else "SELECT, INSERT, UPDATE"
    writes = audience is Audience.OPERATOR or (
        audience is Audience.AGENCY
        and table.name not in _MANIFEST_TABLES
        and not is_city_table(table)
    )
    return "SELECT, INSERT, UPDATE" if writes else "SELECT"
