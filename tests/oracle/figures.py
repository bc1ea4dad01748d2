"""`metrics` counted naively: one loop over all facts a measure, one set of persons a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from citywide.ids import NodeId
from oracle.sight import Sight, outside_id
from oracle.world import Row

UNITS: Mapping[str, str] = {
    "BENEFICIARIES_ON_FILE": "PERSONS",
    "SOCIAL_WORKER_TURNOUTS": "PERSON_TIMES",
    "VOLUNTEER_TURNOUTS": "PERSON_TIMES",
    "CASE_COUNSELLING": "PERSON_TIMES",
    "GROUP_ACTIVITIES": "OCCURRENCES",
    "HOME_HELP": "PERSON_TIMES",
}
_OF_RECORDS = frozenset({"AGENCY", "PROJECT", "AREA", "KIND", "MONTH"})
SPLITS: Mapping[str, frozenset[str]] = {
    "BENEFICIARIES_ON_FILE": frozenset({"AGENCY", "AREA", "SEGMENT", "PROJECT"}),
    "SOCIAL_WORKER_TURNOUTS": _OF_RECORDS,
    "VOLUNTEER_TURNOUTS": _OF_RECORDS,
    "CASE_COUNSELLING": _OF_RECORDS | {"SEGMENT"},
    "GROUP_ACTIVITIES": _OF_RECORDS,
    "HOME_HELP": _OF_RECORDS | {"SEGMENT"},
}
_KINDS = {
    "VISIT": "走访",
    "HOME_HELP": "上门帮扶",
    "CASE_SESSION": "个案辅导",
    "GROUP_SESSION": "小组活动",
}
_KIND_OF = {
    "CASE_COUNSELLING": "CASE_SESSION",
    "HOME_HELP": "HOME_HELP",
    "GROUP_ACTIVITIES": "GROUP_SESSION",
}
_FEWEST_PERSONS = 5

Key = tuple[Any, ...]


@dataclass
class Cell:
    """What is counted in one cell, and the beneficiaries that it is about."""

    counted: set[UUID] = field(default_factory=set)
    persons: set[UUID] = field(default_factory=set)


class Figures:
    """One `metrics` field as one principal sees it."""

    def __init__(self, sight: Sight, arguments: Mapping[str, Any]) -> None:
        self.sight = sight
        self.measures: Sequence[str] = arguments["measures"]
        self.by: Sequence[str] = list(dict.fromkeys(arguments.get("by") or ()))
        self.where: Mapping[str, Any] = arguments.get("where") or {}
        grant = sight.grants.of("MetricValue.value")
        self.is_suppressed = grant is not None and grant.clear is None

    def table(self) -> Mapping[str, Any]:
        """The answer, as graphql-core is to pick from it."""
        cells = {measure: self._cells(measure) for measure in dict.fromkeys(self.measures)}
        keys: set[Key] = {key for found in cells.values() for key in found}
        if not self.by:
            keys = {()}
        rows = []
        for key in keys:
            labelled = [self._labelled(*each) for each in zip(self.by, key, strict=True)]
            values = [self._value(m, cells[m].get(key, Cell())) for m in self.measures]
            rows.append({"keys": labelled, "values": values})
        rows.sort(key=_in_order)
        return {"rows": rows}

    def _value(self, measure: str, cell: Cell) -> Mapping[str, Any]:
        is_small = self.is_suppressed and 0 < len(cell.persons) < _FEWEST_PERSONS
        figure = None if is_small else len(cell.counted)
        return {"measure": measure, "unit": UNITS[measure], "value": figure}

    def _labelled(self, dimension: str, value: Any) -> Mapping[str, Any]:
        entity = self.sight.entities.get(dimension.capitalize())
        if value is None:
            return {"dimension": dimension, "value": None, "label": None}
        if entity is None:
            return {"dimension": dimension, "value": value, "label": _KINDS.get(value, value)}
        [row] = self.sight.world.where(entity.table.name, {"id": value})
        label = row["name"]
        return {"dimension": dimension, "value": outside_id(entity, row), "label": label}

    def _cells(self, measure: str) -> Mapping[Key, Cell]:
        cells: dict[Key, Cell] = {}
        facts = self._files() if measure == "BENEFICIARIES_ON_FILE" else self._services(measure)
        for split, counted, persons in facts:
            if not self._is_chosen(split):
                continue
            cell = cells.setdefault(tuple(split[name] for name in self.by), Cell())
            cell.counted.add(counted)
            cell.persons |= persons
        return cells

    def _is_chosen(self, split: Mapping[str, Any]) -> bool:
        for name, dimension in (("agencies", "AGENCY"), ("projects", "PROJECT")):
            if name in self.where and split[dimension] not in map(_row_id, self.where[name]):
                return False
        return "kinds" not in self.where or split["KIND"] in self.where["kinds"]

    def _files(self) -> Iterator[tuple[Mapping[str, Any], UUID, set[UUID]]]:
        today = self.sight.principal.today
        until, since = self.where.get("until"), self.where.get("from", today)
        for file in self._inside("beneficiary"):
            if file["merged_into_id"] is not None:
                continue
            is_opened = file["opened_on"] <= today if until is None else file["opened_on"] < until
            if not is_opened or (file["closed_on"] is not None and file["closed_on"] <= since):
                continue
            [site] = self._about(file, "site", {"id": file["site_id"]})
            split = {
                "AGENCY": file["tenant_id"],
                "AREA": site["area_id"],
                "SEGMENT": file["segment_id"],
            }
            if "PROJECT" not in self.by and "projects" not in self.where:
                yield split, file["id"], {file["id"]}
                continue
            for each in self._about(file, "enrolment", {"beneficiary_id": file["id"]}):
                yield {**split, "PROJECT": each["project_id"]}, file["id"], {file["id"]}

    def _services(self, measure: str) -> Iterator[tuple[Mapping[str, Any], UUID, set[UUID]]]:
        for record in self._current():
            if measure in _KIND_OF and record["kind"] != _KIND_OF[measure]:
                continue
            if "from" in self.where and record["served_on"] < self.where["from"]:
                continue
            if "until" in self.where and record["served_on"] >= self.where["until"]:
                continue
            took_part = self._about(record, "attendance", {"service_record_id": record["id"]})
            served = [each for each in took_part if each["role"] == "BENEFICIARY"]
            persons = {each["beneficiary_id"] for each in served}
            split = {
                "AGENCY": record["tenant_id"],
                "PROJECT": record["project_id"],
                "AREA": record["area_id"],
                "KIND": record["kind"],
                "MONTH": f"{record['served_on']:%Y-%m}",
            }
            match measure:
                case "GROUP_ACTIVITIES":
                    yield split, record["id"], persons
                case "CASE_COUNSELLING" | "HOME_HELP":
                    for each in served:
                        wanted = {"id": each["beneficiary_id"]}
                        [file] = self._about(record, "beneficiary", wanted)
                        yield {**split, "SEGMENT": file["segment_id"]}, each["id"], {file["id"]}
                case _:
                    role = "WORKER" if measure == "SOCIAL_WORKER_TURNOUTS" else "VOLUNTEER"
                    for each in took_part:
                        if each["role"] == role:
                            yield split, each["id"], persons

    def _current(self) -> list[Row]:
        """Records that are neither cancelled nor an earlier version."""
        return [row for row in self._inside("service_record") if row["status"] == "CURRENT"]

    def _inside(self, table: str) -> list[Row]:
        return [row for row in self.sight.world.tables[table] if self.sight.is_inside(row)]

    def _about(self, row: Row, table: str, wanted: Mapping[str, Any]) -> Sequence[Row]:
        return self.sight.world.where(table, {**wanted, "tenant_id": row["tenant_id"]})


def _in_order(row: Mapping[str, Any]) -> list[tuple[bool, Any]]:
    terms = [key[name] for key in row["keys"] for name in ("label", "value")]
    return [(term is None, term) for term in terms]


def _row_id(text: str) -> UUID | None:
    node = NodeId.decode(text)
    return None if node is None else node.row_id
