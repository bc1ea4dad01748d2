"""Whether a person due had their visit, as SQL: told by the service records that stand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import FromClause, Select, and_, func, literal_column, select
from sqlalchemy.sql import ColumnElement

from citywide.campaigns.models import CAMPAIGN
from citywide.services.models import ATTENDANCE, SERVICE_RECORD
from citywide.services.words import RecordStage, ServiceKind


def _visits(due: FromClause, found: ColumnElement[Any], record: FromClause) -> Select[Any]:
    """`found` over the visits of the festival, within the campaign, to the person of `due`.

    Each table is held to the tenant of the row it is about.
    """
    campaign, served = CAMPAIGN.alias(), ATTENDANCE.alias()
    inside = record.join(
        served,
        and_(
            served.c.tenant_id == record.c.tenant_id,
            served.c.service_record_id == record.c.id,
        ),
    ).join(campaign, campaign.c.tenant_id == record.c.tenant_id)
    return (
        select(found)
        .select_from(inside)
        .where(
            served.c.tenant_id == due.c.tenant_id,
            served.c.beneficiary_id == due.c.beneficiary_id,
            record.c.tenant_id == due.c.tenant_id,
            record.c.kind == literal_column(f"'{ServiceKind.VISIT}'"),
            record.c.status == literal_column(f"'{RecordStage.CURRENT}'"),
            record.c.festival == campaign.c.festival,
            record.c.served_on >= campaign.c.valid_from,
            record.c.served_on < campaign.c.valid_until,
            campaign.c.tenant_id == due.c.tenant_id,
            campaign.c.id == due.c.campaign_id,
        )
        .correlate(due)
    )


def is_visited(due: FromClause) -> ColumnElement[bool]:
    """Whether there was a visit."""
    record = SERVICE_RECORD.alias()
    return _visits(due, literal_column("1"), record).exists()


def visited_on(due: FromClause) -> ColumnElement[Any]:
    """The day of the first visit; null without one."""
    record = SERVICE_RECORD.alias()
    return _visits(due, func.min(record.c.served_on), record).scalar_subquery()
