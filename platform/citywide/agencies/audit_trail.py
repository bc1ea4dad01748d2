"""The audit trail in the schema: who wrote what, and who looked at whom, and why."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, FromClause, Text, and_, cast, func, literal_column, select
from sqlalchemy.sql import ColumnElement

from citywide.audit.models import AUDIT_ENTRY, AUDIT_SUBJECT
from citywide.audit.sealing import PURPOSE, SEALED
from citywide.graph.declare import Expression, Kind, Sealed, Value, column, entity, many, one


def _told(name: str) -> Expression:
    """A member of the entry's text, which is canonical JSON; null where it has none."""

    def expression(row: FromClause) -> ColumnElement[Any]:
        entry = cast(row.c.entry, JSON)
        return func.json_extract_path_text(entry, literal_column(f"'{name}'"))

    return expression


def _sealed_purpose(row: FromClause) -> ColumnElement[Any]:
    purpose, sealed = (literal_column(f"'{name}'", Text) for name in (PURPOSE, SEALED))
    told = func.json_extract_path_text(cast(row.c.entry, JSON), purpose, sealed)
    return func.decode(told, literal_column("'base64'"))


def _listed(name: str) -> Expression:
    """A list of coordinates in the entry's text, as one text; null where it has none."""
    told = _told(name)
    # Coordinates hold none of these.
    return lambda row: func.translate(told(row), literal_column("""'[]"'"""), literal_column("''"))


def _is_probe(row: FromClause) -> ColumnElement[Any]:
    return _told("probed")(row).is_not(None)


def _when(row: FromClause) -> ColumnElement[Any]:
    """When the entry of a subject was made."""
    entry = AUDIT_ENTRY.alias()
    is_its = and_(entry.c.tenant_id == row.c.tenant_id, entry.c.id == row.c.entry_id)
    return select(entry.c.occurred_at).where(is_its).correlate(row).scalar_subquery()


@entity(
    AUDIT_ENTRY,
    tag="audi",
    root="auditTrail",
    root_description="Who wrote what and who looked at whom: entries of your agency's chain, "
    "or of your city's.",
)
class AuditEntry:
    """One link of an agency's or the bureau's audit chain; it holds ids, never what was read."""

    position = column("Its place in the chain, from 1 without a gap.")
    kind = column("Whether something was written or read.")
    occurred_at = column("When.")
    actor = column("The user name of whoever did it.")
    coordinate = column("The mutation, or the root fields that were read.")
    operation = Value(
        description="The name of the operation that the caller sent; null without one.",
        expression=_told("operation"),
        kind=Kind.STRING,
        nullable=True,
        comparable=False,
    )
    purpose = Sealed(
        description="Why persons were looked at, in the reader's words; null where none was asked.",
        column=f"entry.{PURPOSE}",
        value=_sealed_purpose,
    )
    shown = Value(
        description="The coordinates about persons that were shown; empty where none was.",
        expression=_listed("fields"),
        kind=Kind.STRING,
        nullable=True,
        comparable=False,
    )
    probed = Value(
        description="The coordinates about persons that were filtered, ordered, counted or "
        "computed by, shown or not; null where none was.",
        expression=_listed("probed"),
        kind=Kind.STRING,
        nullable=True,
        comparable=False,
    )
    counts = Value(
        description="How many rows its counts gave, the smallest twenty; null where nothing "
        "was probed.",
        expression=_listed("counts"),
        kind=Kind.STRING,
        nullable=True,
        comparable=False,
    )
    is_probe = Value(
        description="Whether persons were filtered, ordered, counted or computed by something.",
        expression=_is_probe,
        kind=Kind.BOOLEAN,
    )
    subjects = many("AuditSubject", "The persons it is about.", {"entry_id": "id"})


@entity(AUDIT_SUBJECT, tag="asub")
class AuditSubject:
    """A person whom an entry of the audit trail is about."""

    occurred_at = Value(
        description="When it happened.",
        expression=_when,
        kind=Kind.DATETIME,
    )
    entry = one("AuditEntry", "The entry.", {"id": "entry_id"})
    beneficiary = one(
        "Beneficiary", "The person, if a served one.", {"id": "person_id"}, nullable=True
    )
    volunteer = one("Volunteer", "The person, if a volunteer.", {"id": "person_id"}, nullable=True)
