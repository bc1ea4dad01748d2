"""What is asked: four operations as a frontend sends them, each with many different variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from citywide.db.session import POOL_SIZE
from citywide.domain import CATALOGUE
from citywide.ids import NodeId

# So many different requests of an operation, in an order that follows from their ids.
REQUESTS = 300
# An answer about the whole city takes seconds; so many of them are warmed in time.
CITY_REQUESTS = 12
# What a made-up officer says, who has to say why they read about persons.
PURPOSE = "measurement"

WORKLIST = """
query Worklist($worker: ID!, $first: Int!) {
  beneficiaries(
    first: $first
    where: { worker: { id: { eq: $worker } } }
    orderBy: [{ field: FILE_NUMBER }]
  ) {
    nodes {
      id
      name
      site { area { name } }
      attendances(last: 3) { nodes { serviceRecord { servedOn kind } } }
    }
  }
}
"""

FILE = """
query File($id: ID!) {
  node(id: $id) {
    ... on Beneficiary {
      id fileNumber name gender bornOn phone address openedOn closedOn
      segmentReason segmentedOn
      site { area { name parent { name } } }
      worker { name }
      segment { code name strategy }
      entitlements { nodes { validFrom validUntil category { code label } } }
      consents { nodes { purpose givenOn withdrawnOn } }
      assessments(orderBy: [{ field: ASSESSED_ON, direction: DESC }]) {
        nodes { instrument instrumentVersion assessedOn score band summary assessor { name } }
      }
      enrolments { nodes { validFrom validUntil project { name goal } } }
      attendances(last: 50) {
        totalCount
        nodes {
          role
          serviceRecord { number kind medium servedOn durationMinutes title note area { name } }
        }
      }
    }
  }
}
"""

LOOKUP = """
query Beneficiary($id: ID!) {
  node(id: $id) { ... on Beneficiary { name fileNumber worker { name } } }
}
"""

METRICS = """
query City($from: Date!, $until: Date!) {
  metrics(
    measures: [
      BENEFICIARIES_ON_FILE, SOCIAL_WORKER_TURNOUTS, VOLUNTEER_TURNOUTS,
      CASE_COUNSELLING, GROUP_ACTIVITIES, HOME_HELP
    ]
    by: [AGENCY]
    where: { from: $from, until: $until }
  ) {
    rows { keys { value label } values { measure unit value } }
  }
}
"""

DOCUMENTS: Mapping[str, str] = {
    "worklist": WORKLIST,
    "file": FILE,
    "lookup": LOOKUP,
    "metrics": METRICS,
}
DESCRIPTIONS: Mapping[str, str] = {
    "worklist": "a social worker's fifty files with site and three newest attendances each",
    "file": "one whole file with all its lists, as its social worker",
    "lookup": "three fields of one file by its id, as a director",
    "metrics": "six measures of a quarter by agency, as a bureau officer",
}
# Connections at work on an operation: as many as a pool has, more would measure waiting for one.
# A figure of the whole city uses every processor by itself.
CONNECTIONS: Mapping[str, int] = {
    "worklist": POOL_SIZE,
    "file": POOL_SIZE,
    "lookup": POOL_SIZE,
    "metrics": 1,
}

# Ordered by a digest: neighbours of one agency do not follow one another.
_WORKERS = """
SELECT m.subject, m.tenant_id, m.id FROM member m
JOIN member_role r ON r.tenant_id = m.tenant_id AND r.member_id = m.id
WHERE r.role = 'social_worker' ORDER BY md5(m.id::text) LIMIT $1
"""
_FILES = """
SELECT w.subject, b.tenant_id, b.id FROM beneficiary b
JOIN member w ON w.tenant_id = b.tenant_id AND w.id = b.worker_id
ORDER BY md5(b.id::text) LIMIT $1
"""
_LOOKUPS = """
SELECT m.subject, b.tenant_id, b.id FROM beneficiary b
JOIN member_role r ON r.tenant_id = b.tenant_id AND r.role = 'director'
JOIN member m ON m.tenant_id = r.tenant_id AND m.id = r.member_id
ORDER BY md5('lookup' || b.id) LIMIT $1
"""
_PERIODS = """
SELECT m.subject, date '2025-01-01' + 21 * n::int AS first_day,
       date '2025-04-01' + 21 * n::int AS last_day
FROM (SELECT subject, row_number() OVER (ORDER BY subject) AS o FROM member
      WHERE subject LIKE 'officer%') m
JOIN generate_series(0, $1::bigint - 1) n ON n % 10 + 1 = m.o ORDER BY n
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: who asks, what, and with which variables."""

    subject: str
    document: str
    variables: Mapping[str, Any]


async def asked_of(connection: asyncpg.Connection) -> dict[str, list[Asked]]:
    """The requests of each operation, of people and about rows that the city has."""
    files = await connection.fetch(_FILES, REQUESTS)
    lookups = await connection.fetch(_LOOKUPS, REQUESTS)
    workers = await connection.fetch(_WORKERS, REQUESTS)
    periods = await connection.fetch(_PERIODS, CITY_REQUESTS)
    return {
        "worklist": [
            _asked("worklist", row, {"worker": _outside("Member", row), "first": 50})
            for row in workers
        ],
        "file": [_asked("file", row, {"id": _outside("Beneficiary", row)}) for row in files],
        "lookup": [_asked("lookup", row, {"id": _outside("Beneficiary", row)}) for row in lookups],
        "metrics": [
            _asked("metrics", row, {"from": str(row["first_day"]), "until": str(row["last_day"])})
            for row in periods
        ],
    }


def _asked(operation: str, row: asyncpg.Record, variables: Mapping[str, Any]) -> Asked:
    return Asked(row["subject"], DOCUMENTS[operation], variables)


def _outside(type_name: str, row: asyncpg.Record) -> str:
    tenant_id: UUID = row["tenant_id"]
    return NodeId(CATALOGUE.entities[type_name].tag, tenant_id, row["id"]).encode()
