"""Everything that a measure counts, one thing after another, as plainly as it can be said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from oracle.world import Row, World

_KIND_OF = {"CASE_COUNSELLING": "CASE_SESSION", "HOME_HELP": "HOME_HELP"}


@dataclass(frozen=True)
class Counted:
    """One thing that a measure counts: how much, where it belongs, whom it is about and when."""

    split: Mapping[str, Any]
    what: UUID
    persons: frozenset[UUID]
    first: date
    last: date | None = None
    amount: int = 1


@dataclass(frozen=True)
class Facts:
    """What is counted of the rows for which `is_inside` holds."""

    world: World
    is_inside: Callable[[Row], bool]

    def of(self, measure: str, *, by_project: bool = False) -> Iterator[Counted]:
        """Each thing that the measure counts."""
        match measure:
            case "BENEFICIARIES_ON_FILE":
                yield from self._files(by_project=by_project)
            case "VOLUNTEER_MINUTES":
                for hours in self._inside("volunteer_hours"):
                    if hours["status"] == "CERTIFIED":
                        split = {"AGENCY": hours["tenant_id"], **in_time(hours["served_on"])}
                        person = frozenset({hours["volunteer_id"]})
                        day, amount = hours["served_on"], hours["minutes"]
                        yield Counted(split, hours["id"], person, day, amount=amount)
            case "MONEY_SPENT":
                yield from self._money("expense", "spent_on", {"APPROVED", "PAID"})
            case "MONEY_COMMITTED":
                yield from self._money("commitment", "committed_on", {"OPEN", "CLOSED"})
            case "SCORE_CHANGE":
                yield from self._about("assessment", "assessed_on", _is_approved, self._change)
            case _ if measure in _ABOUT:
                yield from self._about(*_ABOUT[measure])
            case _:
                yield from self._services(measure)

    def _about(
        self,
        table: str,
        day: str,
        holds: Callable[[Row], Any],
        amount: Callable[[Row], int | None],
    ) -> Iterator[Counted]:
        for row in self._inside(table):
            if not holds(row) or (found := amount(row)) is None:
                continue
            [file] = self._joined(row, "beneficiary", {"id": row["beneficiary_id"]})
            [site] = self._joined(file, "site", {"id": file["site_id"]})
            split = {
                "AGENCY": row["tenant_id"],
                "AREA": site["area_id"],
                "SEGMENT": file["segment_id"],
                "DEPARTMENT": row.get("department_id"),
                **in_time(row[day]),
            }
            yield Counted(split, row["id"], frozenset({file["id"]}), row[day], amount=found)

    def _change(self, row: Row) -> int | None:
        same = ("tenant_id", "beneficiary_id", "instrument", "instrument_version")
        earlier = [
            each
            for each in self.world.where("assessment", {name: row[name] for name in same})
            if _is_approved(each) and each["assessed_on"] < row["assessed_on"]
        ]
        if not earlier:
            return None
        before = max(earlier, key=lambda each: each["assessed_on"])
        found: int = row["score"] - before["score"]
        return found

    def _money(self, table: str, day: str, statuses: set[str]) -> Iterator[Counted]:
        for row in self._inside(table):
            if row["status"] in statuses:
                [line] = self._joined(row, "budget_line", {"id": row["budget_line_id"]})
                split = {
                    "AGENCY": row["tenant_id"],
                    "PROJECT": line["project_id"],
                    **in_time(row[day]),
                }
                amount = row["amount_fen"]
                yield Counted(split, row["id"], frozenset(), row[day], amount=amount)

    def _files(self, *, by_project: bool) -> Iterator[Counted]:
        for file in self._inside("beneficiary"):
            if file["merged_into_id"] is not None:
                continue
            [site] = self._joined(file, "site", {"id": file["site_id"]})
            split = {
                "AGENCY": file["tenant_id"],
                "AREA": site["area_id"],
                "SEGMENT": file["segment_id"],
            }
            person, days = frozenset({file["id"]}), (file["opened_on"], file["closed_on"])
            if not by_project:
                yield Counted(split, file["id"], person, *days)
                continue
            for each in self._joined(file, "enrolment", {"beneficiary_id": file["id"]}):
                yield Counted({**split, "PROJECT": each["project_id"]}, file["id"], person, *days)

    def _services(self, measure: str) -> Iterator[Counted]:
        for record in self._current():
            if measure in _KIND_OF and record["kind"] != _KIND_OF[measure]:
                continue
            took_part = self._joined(record, "attendance", {"service_record_id": record["id"]})
            served = [each for each in took_part if each["role"] == "BENEFICIARY"]
            persons = frozenset(each["beneficiary_id"] for each in served)
            day = record["served_on"]
            split = {
                "AGENCY": record["tenant_id"],
                "PROJECT": record["project_id"],
                "AREA": record["area_id"],
                "KIND": record["kind"],
                **in_time(day),
            }
            match measure:
                case "SERVICES":
                    yield Counted(split, record["id"], persons, day)
                case "GROUP_ACTIVITIES":
                    if record["kind"] == "GROUP_SESSION":
                        yield Counted(split, record["id"], persons, day)
                case "CASE_COUNSELLING" | "HOME_HELP" | "PERSONS_SERVED":
                    for each in served:
                        wanted = {"id": each["beneficiary_id"]}
                        [file] = self._joined(record, "beneficiary", wanted)
                        what = file["id"] if measure == "PERSONS_SERVED" else each["id"]
                        about = {**split, "SEGMENT": file["segment_id"]}
                        yield Counted(about, what, frozenset({file["id"]}), day)
                case _:
                    role = "WORKER" if measure == "SOCIAL_WORKER_TURNOUTS" else "VOLUNTEER"
                    for each in took_part:
                        if each["role"] == role:
                            yield Counted(split, each["id"], persons, day)

    def _current(self) -> list[Row]:
        """Records that are neither cancelled nor an earlier version."""
        return [row for row in self._inside("service_record") if row["status"] == "CURRENT"]

    def _inside(self, table: str) -> list[Row]:
        return [row for row in self.world.tables[table] if self.is_inside(row)]

    def _joined(self, row: Row, table: str, wanted: Mapping[str, Any]) -> Sequence[Row]:
        return self.world.where(table, {**wanted, "tenant_id": row["tenant_id"]})


def _is_approved(row: Row) -> bool:
    return bool(row["status"] == "APPROVED")


def _is_answered(row: Row) -> bool:
    return row["answered_on"] is not None


# Table, day, which rows count, and how much each comes to.
_ABOUT: Mapping[str, tuple[str, str, Callable[[Row], Any], Callable[[Row], int]]] = {
    "ASSESSMENTS": ("assessment", "assessed_on", _is_approved, lambda _: 1),
    "CASES_OPENED": ("case_file", "opened_on", lambda _: True, lambda _: 1),
    "CASES_CLOSED": ("case_file", "closed_on", lambda row: row["closed_on"], lambda _: 1),
    "NEEDS_RAISED": ("need", "raised_on", lambda _: True, lambda _: 1),
    "NEEDS_ANSWERED": ("need", "raised_on", _is_answered, lambda _: 1),
    "NEEDS_ANSWERED_ON_TIME": (
        "need",
        "raised_on",
        _is_answered,
        lambda row: int(row["due_on"] is not None and row["answered_on"] <= row["due_on"]),
    ),
    "DAYS_TO_ANSWER": (
        "need",
        "raised_on",
        _is_answered,
        lambda row: (row["answered_on"] - row["raised_on"]).days,
    ),
    "SATISFACTION": (
        "need",
        "raised_on",
        lambda row: row["satisfaction"] is not None,
        lambda row: row["satisfaction"],
    ),
}


def in_time(day: date) -> Mapping[str, str]:
    return {
        "MONTH": f"{day:%Y-%m}",
        "QUARTER": f"{day.year}-Q{(day.month + 2) // 3}",
        "YEAR": f"{day.year}",
    }
