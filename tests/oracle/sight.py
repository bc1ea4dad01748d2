"""What one principal sees of the world: walls, row scopes, caseloads and masks, row by row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from statistics import pstdev
from typing import Any
from uuid import UUID

from citywide.authz.grants import Grants, Scope
from citywide.authz.principal import Principal
from citywide.budgets.graph import first_sign
from citywide.db.session import Audience
from citywide.graph.declare import (
    Entity,
    Expression,
    Join,
    Named,
    One,
    Own,
    Sealed,
    Through,
    Value,
    hidden,
    surname,
)
from citywide.ids import NO_TENANT, NodeId
from oracle.facts import Facts
from oracle.world import Row, World

# The masks and conditions of the declarations, said once more in Python.
_MASKS: Mapping[Expression, Callable[[Row], Any]] = {
    hidden: lambda _: None,
    surname: lambda row: row["name"][:1] + "**",
    first_sign: lambda row: row["payee"][:1] + "**",
}
_CONDITIONS: Mapping[str, Callable[[Row], bool]] = {
    "Agency": lambda row: row["kind"] == "AGENCY",
    "ServiceRecord": lambda row: row["status"] != "SUPERSEDED",
    "ServiceRecordVersion": lambda row: row["status"] == "SUPERSEDED",
    "Attendance": lambda row: not row["superseded"],
    "PastAttendance": lambda row: row["superseded"],
    "LibraryEntry": lambda row: row["withdrawn_on"] is None,
    "VolunteerLink": lambda row: row["is_current"],
    "VolunteerSkill": lambda row: row["is_current"],
    "VolunteerSlot": lambda row: row["is_current"],
}


def _change(world: World, row: Row, _: date) -> int | None:
    same = ("tenant_id", "beneficiary_id", "instrument", "instrument_version")
    earlier = [
        each
        for each in world.where("assessment", {name: row[name] for name in same})
        if each["status"] == "APPROVED" and each["assessed_on"] < row["assessed_on"]
    ]
    if row["score"] is None or not earlier:
        return None
    before: int = max(earlier, key=lambda each: each["assessed_on"])["score"]
    found: int = row["score"] - before
    return found


def _held(kind: str, sign: int = 1) -> Callable[[World, Row, date], int]:
    """What the ledger's account of a kind holds for the row."""

    def held(world: World, row: Row, _: date) -> int:
        wanted = {"tenant_id": row["tenant_id"], "owner_id": row["id"], "kind": kind}
        return sign * sum(each["balance_fen"] for each in world.where("ledger_account", wanted))

    return held


def _committed(world: World, row: Row, today: date) -> int:
    wanted = {"tenant_id": row["tenant_id"], "budget_line_id": row["id"]}
    left = _held("COMMITTED")
    return sum(left(world, each, today) for each in world.where("commitment", wanted))


def _coordinates(row: Row, name: str) -> str | None:
    found = json.loads(row["entry"]).get(name)
    return None if found is None else ",".join(map(str, found))


def _when(world: World, row: Row, _: date) -> Any:
    [entry] = world.where("audit_entry", {"tenant_id": row["tenant_id"], "id": row["entry_id"]})
    return entry["occurred_at"]


def _current(world: World, row: Row, _: date) -> int | None:
    """What a line of a scorecard would be told as today: its measure within what it is about."""
    measure = row["measure"]
    if measure is None:
        return None
    counted: dict[UUID, int] = {}
    persons: set[UUID] = set()
    for each in Facts(world, lambda fact: fact["tenant_id"] == row["tenant_id"]).of(measure):
        if each.first >= row["valid_until"]:
            continue
        if measure == "BENEFICIARIES_ON_FILE":
            is_over = each.last is not None and each.last <= row["valid_from"]
        else:
            is_over = each.first < row["valid_from"]
        if not is_over and all(
            row[column] in {None, each.split.get(dimension, row[column])}
            for dimension, column in (("PROJECT", "project_id"), ("AREA", "area_id"))
        ):
            counted[each.what] = each.amount
            persons |= each.persons
    below = len(persons if measure == "SCORE_CHANGE" else counted)
    return _thousandths(measure, sum(counted.values()), below)


def _difference(world: World, row: Row, today: date) -> int | None:
    now, then = _current(world, row, today), _figure(world, row, today)
    return None if now is None or then is None else now - then


def _figure(_: World, row: Row, __: date) -> int | None:
    """What a scorecard keeps, in thousandths, halves away from zero."""
    return _thousandths(row["measure"], row["numerator"], row["denominator"])


def _thousandths(measure: str | None, above: int | None, below: int | None) -> int | None:
    if measure is None or above is None:
        return None
    if measure not in _RATIOS:
        return 1_000 * above
    if not below:
        return None
    sign = 1 if above >= 0 else -1
    return sign * ((2_000 * abs(above) + below) // (2 * below))


_RATIOS = {"NEEDS_ANSWERED_ON_TIME", "DAYS_TO_ANSWER", "SATISFACTION", "SCORE_CHANGE"}


def _given(world: World, row: Row) -> list[int]:
    """What raters gave a line of a scorecard."""
    wanted = {"tenant_id": row["tenant_id"], "figure_id": row["id"]}
    return [each["points"] for each in world.where("scorecard_rating", wanted)]


def _spread(world: World, row: Row, _: date) -> int | None:
    given = _given(world, row)
    return max(given) - min(given) if given else None


def _deviation(world: World, row: Row, _: date) -> int | None:
    given = _given(world, row)
    return round(100 * pstdev(given)) if given else None


# The values that are no column, computed once more from the rows and the business day.
_COMPUTED: Mapping[tuple[str, str], Callable[[World, Row, date], Any]] = {
    ("Assessment", "change"): _change,
    ("Appropriation", "available"): _held("APPROPRIATED"),
    ("BudgetLine", "available"): _held("AVAILABLE"),
    ("BudgetLine", "spent"): _held("SPENT"),
    ("BudgetLine", "paid"): _held("PAID"),
    ("BudgetLine", "overrun"): _held("OVERRUN", -1),
    ("BudgetLine", "committed"): _committed,
    ("Commitment", "left"): _held("COMMITTED"),
    ("AuditEntry", "operation"): lambda _, row, __: json.loads(row["entry"]).get("operation"),
    ("AuditEntry", "shown"): lambda _, row, __: _coordinates(row, "fields"),
    ("AuditEntry", "probed"): lambda _, row, __: _coordinates(row, "probed"),
    ("AuditEntry", "counts"): lambda _, row, __: _coordinates(row, "counts"),
    ("AuditEntry", "isProbe"): lambda _, row, __: "probed" in json.loads(row["entry"]),
    ("AuditSubject", "occurredAt"): _when,
    ("ScorecardFigure", "frozen"): _figure,
    ("ScorecardFigure", "current"): _current,
    ("ScorecardFigure", "difference"): _difference,
    ("ScorecardFigure", "spread"): _spread,
    ("ScorecardFigure", "deviationHundredths"): _deviation,
    ("Need", "daysOpen"): lambda _, row, today: (
        ((row["ended_on"] or today) - row["raised_on"]).days
    ),
    ("Need", "daysInStatus"): lambda _, row, today: (
        None if row["ended_on"] else (today - row["status_since"]).days
    ),
    ("Need", "isOverdue"): lambda _, row, today: (
        row["status"] == "REFERRED" and row["due_on"] is not None and row["due_on"] < today
    ),
    ("NeedStep", "days"): lambda _, row, today: (
        None
        if row["status"] in {"CLOSED", "WITHDRAWN"}
        else ((row["left_on"] or today) - row["entered_on"]).days
    ),
}


class Sight:
    """The rows and values of one principal, each decided by looking at the row alone."""

    def __init__(
        self,
        world: World,
        entities: Mapping[str, Entity],
        grants: Grants,
        principal: Principal,
    ) -> None:
        self.world = world
        self.entities = entities
        self.grants = grants
        self.principal = principal
        self._visible: dict[tuple[str, UUID | None, UUID], bool] = {}
        assert {name for name, each in entities.items() if each.condition} == _CONDITIONS.keys()

    def may_see(self, entity: Entity) -> bool:
        """Whether rows of this type exist for the principal at all."""
        return self.grants.of(f"{entity.name}.id") is not None

    def rows(self, entity: Entity) -> list[Row]:
        """All rows that exist for the principal."""
        return [r for r in self.world.tables[entity.table.name] if self.is_visible(entity, r)]

    def related(self, target: Entity, on: Join, row: Row) -> list[Row]:
        """The visible rows of `target` that `row` joins, inside one tenant."""
        return [r for r in self._joined(target, on, row) if self.is_visible(target, r)]

    def is_visible(self, entity: Entity, row: Row) -> bool:
        """Whether the row exists for the principal as a row of this type."""
        key = (entity.name, row.get("tenant_id"), row["id"])
        if key not in self._visible:
            self._visible[key] = self._is_visible(entity, row)
        return self._visible[key]

    def node(self, text: str) -> tuple[Entity, Row] | None:
        """What the outside id `text` is the id of, if the principal may see it."""
        node = NodeId.decode(text)
        for entity in self.entities.values():
            if node is None or entity.tag != node.tag or not self.may_see(entity):
                continue
            for row in self.world.where(entity.table.name, {"id": node.row_id}):
                is_mine = entity.name != "Viewer" or row["id"] == self.principal.member_id
                if is_mine and outside_id(entity, row) == text and self.is_visible(entity, row):
                    return entity, row
        return None

    def value(self, entity: Entity, name: str, row: Row) -> Any:
        """What the principal sees of a field: its stored value, or the mask's."""
        declared = entity.fields[name]
        assert isinstance(declared, Value)
        if declared.mask is not None and not self.is_clear(entity, name, row):
            return _MASKS[declared.mask](row)
        return self.stored(entity, name, row)

    def stored(self, entity: Entity, name: str, row: Row) -> Any:
        """The value beneath any mask: that of the declared column, or what is computed of them."""
        if computed := _COMPUTED.get((entity.name, name)):
            return computed(self.world, row, self.principal.today)
        declared = entity.fields[name]
        assert isinstance(declared, Value)
        return row[declared.expression(entity.table).name]

    def is_clear(self, entity: Entity, name: str, row: Row) -> bool:
        """Whether a maskable field of a visible row is read as it is."""
        declared = entity.fields[name]
        match declared:
            case Value(mask=None):
                return True
            case Value() | Sealed() | One(maskable=True):
                grant = self.grants.of(f"{entity.name}.{name}")
                if grant is None or grant.clear is None:
                    return False
                return grant.clear is not Scope.CASELOAD or self.is_in_caseload(entity, row)
            case _:
                return True

    def is_in_caseload(self, entity: Entity, row: Row) -> bool:
        """Whether the row is about one of the principal's own beneficiaries."""
        mine = self.principal.member_id
        match entity.caseload:
            case Own(column):
                return bool(row[column] == mine)
            case Through(target, on):
                other = self.entities[target]
                return any(self.is_in_caseload(other, r) for r in self._joined(other, on, row))
            case Named(target, on, column):
                other = self.entities[target]
                return any(r[column] == mine for r in self._joined(other, on, row))
            case None:
                raise AssertionError(entity.name)

    def is_inside(self, row: Row) -> bool:
        """Whether a row lies inside the principal's wall; a catalogue's has none."""
        if "tenant_id" not in row:
            return bool(row.get("bureau_id", self.principal.bureau_id) == self.principal.bureau_id)
        match self.principal.audience:
            case Audience.AGENCY:
                return bool(row["tenant_id"] == self.principal.tenant_id)
            case Audience.BUREAU:
                return bool(row["bureau_id"] == self.principal.bureau_id)
            case Audience.SUPERVISOR:
                return row["tenant_id"] in self.principal.tenants
            case audience:
                raise AssertionError(audience)

    def _is_visible(self, entity: Entity, row: Row) -> bool:
        grant = self.grants.of(f"{entity.name}.id")
        if grant is None or not self.is_inside(row):
            return False
        if entity.name in _CONDITIONS and not _CONDITIONS[entity.name](row):
            return False
        return grant.clear is not Scope.CASELOAD or self.is_in_caseload(entity, row)

    def _joined(self, target: Entity, on: Join, row: Row) -> Sequence[Row]:
        wanted = {theirs: row[ours] for theirs, ours in on.items()}
        if "tenant_id" in row and "tenant_id" in target.table.c:
            wanted["tenant_id"] = row["tenant_id"]
        return [r for r in self.world.where(target.table.name, wanted) if self.is_inside(r)]


def outside_id(entity: Entity, row: Row) -> str:
    """The row's opaque id."""
    return NodeId(entity.tag, row.get("tenant_id", NO_TENANT), row["id"]).encode()
