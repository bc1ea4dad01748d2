"""Rows that a year of orderly records does not have, written straight into the tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

import asyncpg
from sqlalchemy import insert

from citywide.db.compiled import compile_statement
from citywide.db.sealed import Place, Sealer
from citywide.domain import METADATA
from oracle.figures import UNITS

_SPACE = UUID("3f1c1a52-6a4e-4c53-8d60-4b0d3f6b9a01")
_DAY = date(2015, 3, 1)
_EVER = {"valid_from": date(1949, 10, 1), "valid_until": None}
# Quotes, backslashes, what JSON escapes, what LIKE means, and characters of two UTF-16 units.
TEXTS = (
    "a \"quoted\" and 'quoted' text",
    "back\\slash \\n \\u0041 \\",
    "tab\there, line\nbreak, return\r, \x7f",
    "100% _under_ %",
    "\U0001f9d3\U0001f3fd\u200d\U0001f9af 𠮷野 \U00020bb7",
    "\ufeffmark, e\u0301 and \u00e9, \uffff",
    "",
    " ",
    "王",
    "{}[]:,null",
)


class Stress:
    """Writes the rows as the owner, whom no wall stops."""

    def __init__(self, owner: asyncpg.Connection, sealer: Sealer) -> None:
        self._owner = owner
        self._sealer = sealer

    async def write(self) -> None:
        """Strange rows for an agency of the pilot, then a second bureau with an agency."""
        sql = "SELECT * FROM tenant WHERE slug = $1"
        agency = dict(await self._owner.fetchrow(sql, "yijiaqin") or {})
        await self._agency(agency, "stress")
        other = dict(await self._owner.fetchrow(sql, "yixin") or {})
        await self._agency(other, "beside", files=3)
        await self._second_city()

    async def _second_city(self) -> None:
        city = await self._add("area", "city", code="999999", level="CITY", name="別的市")
        bureau = await self._add(
            "bureau", "other", slug="other", name="別的局", office="office", city_id=city
        )
        await self._add("access_version", "other", id=bureau, version=1)
        for slug, kind in (("other", "BUREAU"), ("other-agency", "AGENCY")):
            tenant_id = bureau if kind == "BUREAU" else uuid5(_SPACE, slug)
            tenant = {"tenant_id": tenant_id, "bureau_id": bureau}
            names = {"kind": kind, "slug": slug, "name": f"{slug} 機構"}
            await self._add("tenant", slug, id=tenant_id, **tenant, **names)
            if kind == "AGENCY":
                await self._agency(tenant, slug)

    async def _agency(self, tenant: Mapping[str, Any], mark: str, *, files: int = 14) -> None:
        """An agency's rows: everything empty that can be, and much that is equal."""
        own = {"tenant_id": tenant["tenant_id"], "bureau_id": tenant["bureau_id"]}
        areas = [row["id"] for row in await self._owner.fetch("SELECT id FROM area ORDER BY code")]
        categories = [
            row["id"]
            for row in await self._owner.fetch("SELECT id FROM entitlement_category ORDER BY code")
        ]
        year = {"valid_from": date(2015, 1, 1), "valid_until": date(2016, 1, 1)}
        # Sums at the ends of what a sum can be.
        agreements = [
            await self._add(
                "agreement",
                f"{mark} {fen}",
                **own,
                number=f"{mark} {fen}",
                scope=TEXTS[fen % 7],
                amount_fen=fen,
                **year,
            )
            for fen in (0, 1, 10, 99_999_999_999_999, 8_600_000)
        ]
        site = await self._add(
            "site", mark, **own, agreement_id=agreements[0], area_id=areas[len(areas) // 2]
        )
        projects = [
            await self._add(
                "project",
                f"{mark} {text}",
                **own,
                agreement_id=agreements[0],
                name=f"{text}|",
                goal=text,
                **year,
            )
            for text in TEXTS[:3]
        ]
        for place, measure in enumerate(("HOME_HELP", "CASE_COUNSELLING", "HOME_HELP")):
            start = _DAY + timedelta(days=place // 2)
            await self._add(
                "planned_output",
                f"{mark} {place}",
                **own,
                project_id=projects[0],
                measure=measure,
                valid_from=start,
                valid_until=date(2016, 1, 1),
                quantity=place % 2,
            )
        members = [
            await self._add(
                "member",
                f"{mark} {place}",
                **own,
                subject=f"{mark}.{place}",
                name=name,
                status=status,
            )
            for place, (name, status) in enumerate(
                (("林", "SUSPENDED"), ("\U00020bb7林", "ACTIVE"), ("林知远", "ACTIVE"))
            )
        ]
        known = await self._owner.fetch(
            "SELECT id FROM member WHERE tenant_id = $1 AND subject LIKE '%.worker%'"
            " ORDER BY subject",
            own["tenant_id"],
        )
        workers = [*(row["id"] for row in known[:2]), *members]
        segments = await self._typology(own, mark)
        volunteers = [
            await self._add(
                "volunteer",
                f"{mark} {place}",
                **own,
                number=f"{mark}-{place}",
                name="同名" if place % 2 else TEXTS[place] or "空",
                phone=None if place % 3 else "100",
                skills=None if place % 2 else "",
                registered_on=_DAY,
            )
            for place in range(6)
        ]
        persons = []
        for place in range(files):
            segment = segments[place % len(segments)] if place % 3 else None
            persons.append(
                await self._add(
                    "beneficiary",
                    f"{mark} {place}",
                    **own,
                    file_number=f"{mark}-{place}",
                    name=TEXTS[place % len(TEXTS)],
                    gender="MALE" if place % 2 else "FEMALE",
                    born_on=date(1940, 2, 29) if place % 4 else date(2, 1, 1),
                    id_number_sealed=self._sealed(own["tenant_id"], f"{mark} {place}"),
                    id_number_digest=self._sealer.digest(own["tenant_id"], f"{mark} {place}"),
                    phone=None if place % 2 else TEXTS[place % len(TEXTS)],
                    address=None if place % 3 else TEXTS[-1 - place % len(TEXTS)],
                    site_id=site,
                    worker_id=workers[place % len(workers)],
                    segment_id=segment,
                    segment_reason=None if segment is None else TEXTS[place % len(TEXTS)],
                    segmented_on=None if segment is None else _DAY,
                    opened_on=_DAY,
                    closed_on=_DAY + timedelta(days=place * 40 + 1) if place % 2 else None,
                )
            )
        await self._of_persons(own, mark, persons, categories, projects)
        await self._services(own, mark, persons[1:], workers, volunteers, projects, areas)
        await self._needs(own, mark, persons)
        await self._judgements(own, mark, agreements[0], projects, areas)

    async def _typology(self, own: Mapping[str, Any], mark: str) -> list[UUID]:
        """Two versions of one typology, the second with no end and an equal code."""
        segments = []
        for version, until in ((1, _DAY), (2, None)):
            typology = await self._add(
                "typology",
                f"{mark} {version}",
                **own,
                name=f"{mark} 分類",
                version=version,
                valid_from=date(2015, 1, version),
                valid_until=until,
            )
            segments += [
                await self._add(
                    "segment",
                    f"{mark} {version} {code}",
                    **own,
                    typology_id=typology,
                    code=code,
                    name=f"{code} \\ {version}",
                    strategy=TEXTS[version],
                    sensitive=code == "B",
                )
                for code in ("a", "B", "_")
            ]
        return segments

    async def _of_persons(
        self,
        own: Mapping[str, Any],
        mark: str,
        persons: list[UUID],
        categories: list[UUID],
        projects: list[UUID],
    ) -> None:
        """Several entitlements at once, equal days, both ends of the score; the first has none."""
        for place, person in enumerate(persons[1:], 1):
            about = {**own, "beneficiary_id": person}
            for category in categories[: place % 4]:
                until = None if place % 2 else date(2015, 6, 1)
                await self._add(
                    "entitlement",
                    f"{mark} {place} {category}",
                    **about,
                    category_id=category,
                    valid_from=_DAY,
                    valid_until=until,
                )
            await self._add(
                "consent",
                f"{mark} {place}",
                **about,
                purpose=("SERVICE", "PHOTOGRAPH", "SHARING")[place % 3],
                given_on=_DAY,
                withdrawn_on=_DAY if place % 2 else None,
            )
            assessor = await self._owner.fetchval(
                "SELECT id FROM member WHERE tenant_id = $1 ORDER BY id LIMIT 1", own["tenant_id"]
            )
            await self._add(
                "assessment",
                f"{mark} {place}",
                **about,
                assessor_id=assessor,
                instrument=TEXTS[place % 3],
                instrument_version=1,
                assessed_on=_DAY,
                score=(0, 50, 100)[place % 3],
                band=("LOW", "MEDIUM", "HIGH")[place % 3],
                summary=TEXTS[place % len(TEXTS)],
            )
            if place % 2:
                await self._add(
                    "worker_term",
                    f"{mark} {place}",
                    **about,
                    member_id=assessor,
                    valid_from=_DAY,
                    valid_until=None if place % 3 else _DAY + timedelta(days=1),
                )
                await self._add(
                    "likeness",
                    f"{mark} {place}",
                    **about,
                    other_id=persons[0],
                    basis=("NAME_AND_BIRTH", "NAME", "BIRTH")[place % 3],
                    noted_on=_DAY,
                )
            for start in range(place % 3):
                await self._add(
                    "enrolment",
                    f"{mark} {place} {start}",
                    **about,
                    project_id=projects[place % 2],
                    valid_from=_DAY + timedelta(days=start),
                    valid_until=None if start else _DAY + timedelta(days=9),
                )

    async def _needs(self, own: Mapping[str, Any], mark: str, persons: list[UUID]) -> None:
        """Overdue and in time, ended and not, following one another, with and without words."""
        city = {"bureau_id": own["bureau_id"]}
        department = await self._add("department", mark, **city, code=mark, name=mark, **_EVER)
        kind = await self._add(
            "need_kind",
            mark,
            **city,
            code=mark,
            label_zh=TEXTS[0],
            label_en=TEXTS[1],
            department_id=department,
            days_to_answer=1,
            **_EVER,
        )
        clauses = await self._documents(city, mark)
        before = None
        for place, person in enumerate(persons):
            is_referred, is_ended = bool(place % 3), place % 4 == 3
            referral = {
                "department_id": department,
                "referred_question": TEXTS[place % len(TEXTS)],
                "referred_on": _DAY,
                # The pilot's day, the one before it and the one after it.
                "due_on": date(2015, 11, 10 + place % 3),
            }
            answer = {
                "answer": TEXTS[place % len(TEXTS)],
                "answered_on": _DAY,
                "clause_id": clauses[place % len(clauses)],
            }
            before = await self._add(
                "need",
                f"{mark} {place}",
                **own,
                beneficiary_id=person,
                kind_id=kind,
                status="CLOSED" if is_ended else "REFERRED" if is_referred else "RAISED",
                status_since=_DAY + timedelta(days=place),
                channel=("VISIT", "PHONE", "OFFICE")[place % 3],
                question=TEXTS[place % len(TEXTS)],
                raised_on=_DAY,
                follows_id=before if place % 2 else None,
                satisfaction=None if place % 2 else place % 5 + 1,
                ended_on=_DAY + timedelta(days=place) if is_ended else None,
                **(referral if is_referred else {}),
                **(answer if is_ended else {}),
            )
            for position in range(place % 4):
                await self._add(
                    "need_step",
                    f"{mark} {place} {position}",
                    **own,
                    need_id=before,
                    position=position,
                    status=("RAISED", "REFERRED", "CLOSED")[position],
                    entered_on=_DAY,
                    left_on=_DAY + timedelta(days=place) if position == 0 else None,
                    note=TEXTS[place % len(TEXTS)],
                )

    async def _judgements(
        self,
        own: Mapping[str, Any],
        mark: str,
        agreement: UUID,
        projects: list[UUID],
        areas: list[UUID],
    ) -> None:
        """A line of every measure: of one project, one place or all, for long and not."""
        measures = [*(name for name, unit in UNITS.items() if unit != "FEN"), None, None]
        for number, until in enumerate((date(2016, 1, 1), _DAY + timedelta(days=1))):
            term = {"valid_from": _DAY - timedelta(days=60 * (1 - number)), "valid_until": until}
            card = await self._add(
                "scorecard",
                f"{mark} {number}",
                **own,
                agreement_id=agreement,
                stage=("OPEN", "GRADED")[number],
                opened_on=_DAY,
                self_evaluation=TEXTS[number],
                score_hundredths=(None, 0)[number],
                grade=(None, "FAIL")[number],
                **term,
            )
            for place, measure in enumerate(measures):
                same = {
                    "name": f"{TEXTS[place % len(TEXTS)]} {number} {place}",
                    "aspect": ("EXECUTION", "OUTPUTS", "EFFECTS", "SATISFACTION")[place % 4],
                    "weight": place % 3 + 1,
                    "measure": measure,
                    "project_id": None if place % 4 else projects[number],
                    "area_id": None if place % 3 else areas[len(areas) // 2 * number],
                    "direction": None if measure is None else "HIGHER_IS_BETTER",
                    "baseline_thousandths": None if measure is None else place,
                    "target_thousandths": None if measure is None else 1_000,
                }
                name = f"{mark} {number} {place}"
                indicator = await self._add(
                    "indicator", name, **own, agreement_id=agreement, **same
                )
                figure = await self._add(
                    "scorecard_figure",
                    name,
                    **own,
                    scorecard_id=card,
                    indicator_id=indicator,
                    numerator=None if measure is None else (None, 0, -7, 5)[place % 4],
                    denominator=None if measure is None else (3, 0, None)[place % 3],
                    operation=None if measure is None else "query",
                    variables=None if measure is None else "{}",
                    **same,
                    **term,
                )
                for rater in range(place % 4 if measure is None else 0):
                    await self._add(
                        "scorecard_rating",
                        f"{name} {rater}",
                        **own,
                        scorecard_id=card,
                        figure_id=figure,
                        rater_kind=("BUREAU", "THIRD_PARTY")[rater % 2],
                        rater=f"{rater}",
                        points=(0, 100, 60)[rater],
                        weight=40,
                        reason=TEXTS[rater],
                        rated_on=_DAY,
                    )

    async def _documents(self, city: Mapping[str, Any], mark: str) -> list[UUID]:
        """Two versions of a policy document; the clauses of both."""
        clauses, before = [], None
        for place in range(2):
            before = await self._add(
                "policy_document",
                f"{mark} {place}",
                **city,
                number=mark,
                title=TEXTS[place],
                issuing_body=TEXTS[place + 2],
                valid_from=_DAY + timedelta(days=place),
                valid_until=None if place else _DAY + timedelta(days=1),
                replaces_id=before,
            )
            clauses += [
                await self._add(
                    "policy_clause",
                    f"{mark} {place} {position}",
                    **city,
                    document_id=before,
                    position=position,
                    label=f"{position}",
                    text=TEXTS[position % len(TEXTS)],
                )
                for position in range(place + 1)
            ]
        return clauses

    async def _services(  # noqa: PLR0917 - what a service record refers to
        self,
        own: Mapping[str, Any],
        mark: str,
        persons: list[UUID],
        workers: list[UUID],
        volunteers: list[UUID],
        projects: list[UUID],
        areas: list[UUID],
    ) -> None:
        """Equal days, no note, nobody there, and groups of one."""
        kinds = ("VISIT", "HOME_HELP", "CASE_SESSION", "GROUP_SESSION")
        for place in range(16):
            record = await self._add(
                "service_record",
                f"{mark} {place}",
                **own,
                number=f"{mark}-{place}",
                project_id=projects[place % 2],
                kind=kinds[place % 4],
                medium=("IN_PERSON", "PHONE", "ONLINE")[place % 3],
                served_on=_DAY + timedelta(days=31 * (place // 6)),
                duration_minutes=place // 5 + 1,
                area_id=areas[place % 3],
                festival=None if place % 5 else TEXTS[place % len(TEXTS)],
                title=TEXTS[place % len(TEXTS)],
                note=None if place % 2 else TEXTS[-1 - place % len(TEXTS)],
            )
            came = [("beneficiary_id", each) for each in persons[: place % 7]]
            came += [("member_id", each) for each in workers[: place % 3]]
            came += [("volunteer_id", each) for each in volunteers[: place % 5]]
            for column, person in came:
                role = {"member_id": "WORKER"}.get(column, column.removesuffix("_id").upper())
                await self._add(
                    "attendance",
                    f"{mark} {place} {person}",
                    **own,
                    service_record_id=record,
                    role=role,
                    **{column: person},
                )

    def _sealed(self, tenant_id: UUID, mark: str) -> bytes:
        place = Place("beneficiary", "id_number_sealed", tenant_id, _id("beneficiary", mark))
        return self._sealer.seal(place, f"{mark} 號")

    async def _add(self, table: str, mark: str, **columns: Any) -> UUID:
        """Insert one row under an id that is the same in every run."""
        row = {"id": _id(table, mark), **columns}
        sql, values = compile_statement(insert(METADATA.tables[table]).values(row))
        await self._owner.execute(sql, *values)
        found: UUID = row["id"]
        return found


def _id(table: str, mark: str) -> UUID:
    return uuid5(_SPACE, f"{table} {mark}")
