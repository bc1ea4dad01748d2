"""Rules of every table: what is written stays, versions count, periods do not overlap."""

from __future__ import annotations

# Tables whose rows hold for a period, and what a period is one of.
PERIODS = {
    "accounting_period": "agreement_id",
    "assignment": "member_id, agency_id",
    "enrolment": "project_id, beneficiary_id",
    "entitlement": "beneficiary_id, category_id",
    "policy_document": "number",
    "scorecard": "agreement_id",
    "typology": "name",
    "worker_term": "beneficiary_id",
}
APPENDED = (
    "audit_entry",
    "audit_subject",
    "case_conference",
    "case_risk",
    "case_step",
    "expense_approval",
    "funding",
    "goal_score",
    "group_stage",
    "idempotency_key",
    "inspection",
    "ledger_entry",
    "ledger_transaction",
    "outbox",
    "policy_clause",
    "scorecard_rating",
    "supervision",
)


def nothing_is_deleted() -> str:
    """Nobody deletes a row."""
    return (
        "SELECT n, relation, old ->> 'id' AS id FROM life_journal WHERE n > $1 AND deed = 'DELETE'"
    )


def what_is_appended_stays() -> str:
    """Entries of a trail, a ledger or a history are never changed."""
    tables = ", ".join(f"'{table}'" for table in APPENDED)
    return f"""
        SELECT n, relation, old ->> 'id' AS id FROM life_journal
        WHERE n > $1 AND deed = 'UPDATE' AND relation IN ({tables})"""


def a_row_stays_whose_it_is() -> str:
    """No row changes its id, its tenant or its bureau."""
    return """
        SELECT n, relation, old ->> 'id' AS id FROM life_journal WHERE n > $1 AND deed = 'UPDATE'
        AND (old ->> 'id', old ->> 'tenant_id', old ->> 'bureau_id') IS DISTINCT FROM
          (new ->> 'id', new ->> 'tenant_id', new ->> 'bureau_id')"""


def a_version_counts_each_change() -> str:
    """Whoever read a row before it was changed has another version of it.

    A version that holds for a period is another thing: the number of an edition.
    """
    return """
        SELECT n, relation, old ->> 'id' AS id FROM life_journal WHERE n > $1 AND deed = 'UPDATE'
        AND old ? 'version' AND NOT old ? 'valid_from'
        AND (new ->> 'version')::bigint <= (old ->> 'version')::bigint"""


def periods_of_one_thing_do_not_overlap() -> str:
    """Of one thing, one period holds a day."""
    parts = [
        f"""SELECT '{table}' AS relation, one.id FROM {table} one JOIN {table} other
        ON other.bureau_id = one.bureau_id AND other.id <> one.id {_same_tenant(table)}
        AND ({_columns("one", columns)}) = ({_columns("other", columns)})
        AND daterange(one.valid_from, one.valid_until)
          && daterange(other.valid_from, other.valid_until)"""
        for table, columns in PERIODS.items()
    ]
    return " UNION ALL ".join(parts)


def _same_tenant(table: str) -> str:
    return "" if table == "policy_document" else "AND other.tenant_id = one.tenant_id"


def _columns(alias: str, columns: str) -> str:
    return ", ".join(f"{alias}.{column.strip()}" for column in columns.split(","))


def every_day_is_a_day() -> str:
    """A day is one of a calendar: nobody can read what is infinite."""
    return """
        SELECT n, relation, new ->> 'id' AS id FROM life_journal, jsonb_each_text(new) column_
        WHERE n > $1 AND column_.value IN ('infinity', '-infinity')"""


def every_act_has_one_key() -> str:
    """As many entries of acts as keys of requests, since the journal was begun."""
    return """
        SELECT count(*) FILTER (WHERE relation = 'audit_entry') AS entries,
          count(*) FILTER (WHERE relation = 'idempotency_key') AS keys FROM life_journal
        WHERE deed = 'INSERT' HAVING count(*) FILTER (WHERE relation = 'audit_entry')
          <> count(*) FILTER (WHERE relation = 'idempotency_key')"""


def an_entry_names_who_acted() -> str:
    """The actor of an entry is the member who holds the key."""
    return """
        SELECT e.n FROM life_journal e JOIN life_journal k ON k.relation = 'idempotency_key'
          AND k.n > $1 JOIN member m ON m.tenant_id::text = k.new ->> 'tenant_id'
          AND m.id::text = k.new ->> 'member_id'
        WHERE e.n > $1 AND e.relation = 'audit_entry' AND e.new ->> 'actor' <> m.subject"""


RULES = (
    nothing_is_deleted,
    what_is_appended_stays,
    a_row_stays_whose_it_is,
    a_version_counts_each_change,
    periods_of_one_thing_do_not_overlap,
    every_day_is_a_day,
    every_act_has_one_key,
    an_entry_names_who_acted,
)
