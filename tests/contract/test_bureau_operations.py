"""What the bureau's documents tell about money and results, counted once more from plain rows.

Every figure here is added up in Python over rows that one SELECT without any arithmetic reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from statistics import median, pstdev
from typing import Any

import pytest

from citywide.graph.scalars import parse_money
from citywide.settings import CHECKOUT
from needs.conftest import an_errand
from walls.house import House

OFFICER, BUDGET, EVALUATOR = "bureau.officer", "bureau.budget", "bureau.evaluator"
TODAY = date(2015, 11, 11)
YEAR = {"from": "2014-12-01", "until": "2015-12-01"}
PERIODS = [YEAR, {"from": "2015-06-01", "until": "2015-09-01"}]
Row = Mapping[str, Any]

WORK = """SELECT t.name AS agency, p.id AS project_id, p.name AS project, r.id, r.kind,
    r.served_on AS day, a.id AS attendance, a.role, a.beneficiary_id AS person
    FROM service_record r JOIN tenant t ON t.tenant_id = r.tenant_id
    JOIN project p ON p.tenant_id = r.tenant_id AND p.id = r.project_id
    JOIN attendance a ON a.tenant_id = r.tenant_id AND a.service_record_id = r.id
    WHERE r.status = 'CURRENT'"""
FILES = """SELECT t.name AS agency, b.id, b.opened_on, b.closed_on, e.project_id,
    p.name AS project FROM beneficiary b JOIN tenant t ON t.tenant_id = b.tenant_id
    LEFT JOIN enrolment e ON e.tenant_id = b.tenant_id AND e.beneficiary_id = b.id
    LEFT JOIN project p ON p.tenant_id = e.tenant_id AND p.id = e.project_id
    WHERE b.merged_into_id IS NULL"""
LINES = """SELECT t.name AS agency, l.id, l.category, l.revised_fen, p.id AS project_id,
    p.agreement_id, p.valid_from, p.valid_until FROM budget_line l
    JOIN budget b ON b.tenant_id = l.tenant_id AND b.id = l.budget_id
    JOIN project p ON p.tenant_id = l.tenant_id AND p.id = l.project_id
    JOIN tenant t ON t.tenant_id = l.tenant_id WHERE b.status = 'APPROVED'"""
SCORES = """SELECT t.name AS agency, s.assessed_on AS day, s.beneficiary_id AS person, s.score
    FROM assessment s JOIN tenant t ON t.tenant_id = s.tenant_id
    WHERE s.status = 'APPROVED' ORDER BY s.assessed_on"""
VOUCHERS = """SELECT budget_line_id AS line, commitment_id, spent_on AS day, status, amount_fen
    FROM expense WHERE status IN ('APPROVED', 'PAID')"""
PROMISES = (
    "SELECT id, budget_line_id AS line, committed_on AS day, status, amount_fen, override_fen \
    FROM commitment"
)


async def ran(house: House, user: str, name: str, **variables: Any) -> Any:
    document = (CHECKOUT / "schema" / "operations" / f"{name}.graphql").read_text("utf-8")
    return await house.data(user, document, **variables)


def days(period: Mapping[str, str]) -> tuple[date, date]:
    return date.fromisoformat(period["from"]), date.fromisoformat(period["until"])


# -- what was done ---------------------------------------------------------------------------

COUNTS: Mapping[str, Callable[[Sequence[Row]], int]] = {
    "SOCIAL_WORKER_TURNOUTS": lambda rows: sum(row["role"] == "WORKER" for row in rows),
    "VOLUNTEER_TURNOUTS": lambda rows: sum(row["role"] == "VOLUNTEER" for row in rows),
    "HOME_HELP": lambda rows: sum(_received(row, "HOME_HELP") for row in rows),
    "CASE_COUNSELLING": lambda rows: sum(_received(row, "CASE_SESSION") for row in rows),
    "GROUP_ACTIVITIES": lambda rows: len(
        {row["id"] for row in rows if row["kind"] == "GROUP_SESSION"}
    ),
    "SERVICES": lambda rows: len({row["id"] for row in rows}),
    "PERSONS_SERVED": lambda rows: len({row["person"] for row in rows if row["person"]}),
    "PERSON_TIMES": lambda rows: sum(row["role"] == "BENEFICIARY" for row in rows),
}
REPORTED = (
    "SOCIAL_WORKER_TURNOUTS",
    "VOLUNTEER_TURNOUTS",
    "HOME_HELP",
    "CASE_COUNSELLING",
    "GROUP_ACTIVITIES",
)


def _received(row: Row, kind: str) -> bool:
    return bool(row["role"] == "BENEFICIARY" and row["kind"] == kind)


def worked(
    rows: Iterable[Row], period: tuple[date, date], key: Callable[[Row], Any] = lambda _: None
) -> dict[Any, list[Row]]:
    """What was done in the period, by the key."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        if period[0] <= row["day"] < period[1]:
            found.setdefault(key(row), []).append(row)
    return found


def on_file(rows: Iterable[Row], period: tuple[date, date], **wanted: Any) -> int:
    """Persons whose file was open on a day of the period."""
    return len(
        {
            row["id"]
            for row in rows
            if all(row[name] == value for name, value in wanted.items())
            and row["opened_on"] < period[1]
            and (row["closed_on"] is None or row["closed_on"] > period[0])
        }
    )


def table(found: Any) -> dict[Any, dict[str, Any]]:
    """The rows of `metrics` by the label of their one key."""
    return {
        row["keys"][0]["label"] if row.get("keys") else None: {
            each["measure"]: each["value"] for each in row["values"]
        }
        for row in found["rows"]
    }


def month(row: Row) -> str:
    return f"{row['day']:%Y-%m}"


@pytest.mark.parametrize("period", PERIODS)
async def test_the_reports_tell_what_was_done(planned: House, period: Mapping[str, str]) -> None:
    both = days(period)
    work = [dict(row) for row in await planned.owner.fetch(WORK)]
    files = [dict(row) for row in await planned.owner.fetch(FILES)]

    def counted(rows: Sequence[Row], **wanted: Any) -> dict[str, int]:
        told = {measure: COUNTS[measure](rows) for measure in REPORTED}
        return {"BENEFICIARIES_ON_FILE": on_file(files, both, **wanted), **told}

    city = await ran(planned, OFFICER, "CityReport", **period)
    assert table(city["byAgency"]) == {
        agency: counted(rows, agency=agency)
        for agency, rows in worked(work, both, lambda row: row["agency"]).items()
    }
    assert table(city["total"]) == {None: counted(worked(work, both)[None])}
    assert table(city["byMonth"]) == {
        label: {measure: COUNTS[measure](rows) for measure in REPORTED}
        for label, rows in worked(work, both, month).items()
    }

    overview = (await ran(planned, OFFICER, "AgreementsOverview"))["agreements"]
    rows = await planned.owner.fetch(
        "SELECT a.number, a.scope, a.valid_from, a.valid_until, a.amount_fen, t.name,"
        " (SELECT count(*) FROM site s WHERE s.tenant_id = a.tenant_id AND s.agreement_id = a.id)"
        " AS sites, (SELECT array_agg(p.name ORDER BY p.name) FROM project p"
        " WHERE p.tenant_id = a.tenant_id AND p.agreement_id = a.id) AS projects"
        " FROM agreement a JOIN tenant t ON t.tenant_id = a.tenant_id"
    )
    assert overview["totalCount"] == len(rows) == 3
    told = {
        (
            node["number"],
            node["scope"],
            node["validFrom"],
            node["validUntil"],
            parse_money(node["amount"]),
            node["agency"]["name"],
            len(node["sites"]),
            tuple(sorted(each["name"] for each in node["projects"]["nodes"])),
        )
        for node in overview["nodes"]
    }
    assert told == {
        (
            row["number"],
            row["scope"],
            row["valid_from"].isoformat(),
            row["valid_until"].isoformat(),
            row["amount_fen"],
            row["name"],
            row["sites"],
            tuple(row["projects"]),
        )
        for row in rows
    }

    for node in overview["nodes"]:
        projects = {each["name"] for each in node["projects"]["nodes"]}
        given = {
            "id": node["id"],
            "agencies": [node["agency"]["id"]],
            "projects": [each["id"] for each in node["projects"]["nodes"]],
        }
        report = await ran(planned, OFFICER, "AgreementReport", **given, **period)
        mine = [row for row in work if row["project"] in projects]
        assert table(report["byProject"]) == {
            name: counted(rows, project=name)
            for name, rows in worked(mine, both, lambda row: row["project"]).items()
        }
        enrolled = [row for row in files if row["project"] in projects]
        [total] = table(report["total"]).values()
        assert total == {
            **counted(worked(mine, both)[None]),
            "BENEFICIARIES_ON_FILE": on_file(enrolled, both),
        }
        assert table(report["byMonth"]) == {
            label: {measure: COUNTS[measure](rows) for measure in REPORTED}
            for label, rows in worked(mine, both, month).items()
        }
        plans = await planned.owner.fetch(
            "SELECT o.measure, o.quantity FROM planned_output o JOIN project p"
            " ON p.tenant_id = o.tenant_id AND p.id = o.project_id WHERE p.name = ANY($1)",
            sorted(projects),
        )
        assert sorted(
            (each["measure"], each["quantity"])
            for project in report["node"]["projects"]["nodes"]
            for each in project["plan"]
        ) == sorted((row["measure"], row["quantity"]) for row in plans)


# -- what came of it -------------------------------------------------------------------------


def quotient(above: int, below: int) -> float | None:
    """To four places, halves away from zero."""
    if not below:
        return None
    exact = Decimal(above) / Decimal(below)
    return float(exact.quantize(Decimal("0.0001"), ROUND_HALF_UP))


async def test_an_agreements_impact_is_what_its_records_and_answers_say(pilot: House) -> None:
    errand = await an_errand(pilot)
    for raised, answered, points in (
        ("2015-10-05", "2015-10-09", 5),
        ("2015-10-06", "2015-11-10", 2),
        ("2015-10-07", "2015-10-08", None),
        ("2015-11-02", None, None),
    ):
        errand.need = {}
        await errand.raised(raisedOn=raised)
        await errand.step("referNeed", day=raised)
        if answered is not None:
            done = await errand.answered(day=answered)
            assert done["__typename"].endswith("Success"), done
        if points is not None:
            await errand.step("printAnswer", day=answered)
            await errand.step("deliverAnswer", day=answered)
            done = await errand.step("rateNeed", satisfaction=points, day=answered)
            assert done["__typename"].endswith("Success"), done
    work = [dict(row) for row in await pilot.owner.fetch(WORK)]
    needs = await pilot.owner.fetch(
        "SELECT t.name AS agency, n.raised_on AS day, n.answered_on, n.due_on, n.satisfaction"
        " FROM need n JOIN tenant t ON t.tenant_id = n.tenant_id"
    )
    scores = await pilot.owner.fetch(SCORES)
    agencies = (await pilot.data(OFFICER, "{ agencies { nodes { id name } } }"))["agencies"]
    for each in agencies["nodes"]:
        [row] = (
            await ran(
                pilot,
                OFFICER,
                "AgreementImpact",
                agencies=[each["id"]],
                **{"from": "2015-10-01", "until": "2015-11-01"},
            )
        )["metrics"]["rows"]
        assert row["keys"] == [{"value": each["id"], "label": each["name"]}]
        both = date(2015, 10, 1), date(2015, 11, 1)
        now, before = (
            impact(
                *([row for row in rows if row["agency"] == each["name"]] for rows in (work, needs)),
                [row for row in scores if row["agency"] == each["name"]],
                period,
            )
            for period in (both, (date(2015, 9, 1), both[0]))
        )
        for told in row["values"]:
            above, below = now[told["measure"]]
            value = above if below is None else quotient(above, below)
            assert (told["numerator"], told["denominator"], told["value"]) == (above, below, value)
            above, below = before[told["measure"]]
            assert told["previous"] == (above if below is None else quotient(above, below))


def impact(
    work: Sequence[Row], needs: Sequence[Row], scores: Sequence[Row], period: tuple[date, date]
) -> dict[str, tuple[int, int | None]]:
    """Numerator and denominator of each measure of `AgreementImpact`."""
    done = worked(work, period).get(None, [])
    raised = worked(needs, period).get(None, [])
    answered = [row for row in raised if row["answered_on"] is not None]
    rated = [row["satisfaction"] for row in raised if row["satisfaction"] is not None]
    last: dict[Any, int] = {}
    changes: list[tuple[Any, int]] = []
    for row in scores:
        if row["person"] in last and period[0] <= row["day"] < period[1]:
            changes.append((row["person"], row["score"] - last[row["person"]]))
        last[row["person"]] = row["score"]
    names = ("PERSONS_SERVED", "SERVICES", "HOME_HELP", "CASE_COUNSELLING", "GROUP_ACTIVITIES")
    return {
        **{name: (COUNTS[name](done), None) for name in (*names, "VOLUNTEER_TURNOUTS")},
        "NEEDS_RAISED": (len(raised), None),
        "NEEDS_ANSWERED_ON_TIME": (
            sum(row["answered_on"] <= row["due_on"] for row in answered),
            len(answered),
        ),
        "DAYS_TO_ANSWER": (
            sum((row["answered_on"] - row["day"]).days for row in answered),
            len(answered),
        ),
        "SATISFACTION": (sum(rated), len(rated)),
        "SCORE_CHANGE": (
            sum(change for _, change in changes),
            len({person for person, _ in changes}),
        ),
    }


# -- money -----------------------------------------------------------------------------------


class Books:
    """All lines, promises and vouchers of a city."""

    def __init__(self, lines: list[Row], promises: list[Row], vouchers: list[Row]) -> None:
        self.lines, self.promises, self.vouchers = lines, promises, vouchers

    @classmethod
    async def read(cls, house: House) -> Books:
        fetched = [await house.owner.fetch(sql) for sql in (LINES, PROMISES, VOUCHERS)]
        return cls(*([dict(row) for row in rows] for rows in fetched))

    def of(self, line: Row, first: date, until: date) -> dict[str, int]:
        """One line's figures of the days from `first` to before `until`, in fen."""
        start, end = line["valid_from"], line["valid_until"]
        first, until = max(first, start), min(until, end)
        mine = [row for row in self.vouchers if row["line"] == line["id"]]
        lately = sum(
            row["amount_fen"] for row in mine if date(2015, 8, 1) <= row["day"] < date(2015, 11, 1)
        )

        def allotted(day: date) -> int:
            return int(line["revised_fen"]) * (day - start).days // (end - start).days

        def coming(day: date) -> int:
            return lately * max((day - TODAY).days - 1, 0) // 92

        spent = [row for row in mine if first <= row["day"] < until]
        promised = [
            row
            for row in self.promises
            if row["line"] == line["id"] and first <= row["day"] < until
        ]
        drawn = {
            row["id"]: sum(v["amount_fen"] for v in mine if v["commitment_id"] == row["id"])
            for row in promised
        }
        tomorrow = TODAY + timedelta(days=1)
        total = {
            "allocated": allotted(until) - allotted(first),
            "expected": allotted(min(until, tomorrow)) - allotted(min(first, tomorrow)),
            "committed": sum(
                row["amount_fen"] - drawn[row["id"]] for row in promised if row["status"] == "OPEN"
            ),
            "spent": sum(row["amount_fen"] for row in spent),
            "paid": sum(row["amount_fen"] for row in spent if row["status"] == "PAID"),
            "overrun": sum(row["override_fen"] for row in promised),
        }
        total["forecast"] = total["spent"] + coming(until) - coming(first)
        total["available"] = (
            total["allocated"] + total["overrun"] - total["committed"] - total["spent"]
        )
        return total

    def by(
        self, key: Callable[[Row], Any], period: tuple[date, date], projects: set[Any] | None = None
    ) -> dict[Any, dict[str, int]]:
        """The sums of lines by the key; a month's by its label, with `key` None."""
        found: dict[Any, dict[str, int]] = {}
        for line in self.lines:
            if projects is not None and line["project_id"] not in projects:
                continue
            for name, value in self.of(line, *period).items():
                kept = found.setdefault(key(line), {})
                kept[name] = kept.get(name, 0) + value
        return found

    def by_month(
        self, period: tuple[date, date], key: Callable[[Row], Any], projects: set[Any] | None = None
    ) -> dict[Any, dict[str, int]]:
        found = {}
        first = period[0]
        while first < period[1]:
            after = (first + timedelta(days=31)).replace(day=1)
            for name, each in self.by(key, (first, after), projects).items():
                found[name, f"{first:%Y-%m}"] = each
            first = after
        return found


def checked(found: Any, wanted: Mapping[Any, Mapping[str, int]], *parts: str) -> None:
    """Rows of `spending` by the named parts of their keys are exactly those wanted."""
    told = {
        tuple(k[part] for k, part in zip(row["keys"], parts, strict=True)): row for row in found
    }
    keyed = {key if isinstance(key, tuple) else (key,): each for key, each in wanted.items()}
    assert told.keys() == keyed.keys()
    for key, row in told.items():
        expected = keyed[key]
        for name, value in row.items():
            if name == "burnRate":
                if not expected["expected"]:
                    assert value is None
                    continue
                pace = Decimal(expected["spent"]) / expected["expected"]
                assert abs(Decimal(str(value)) - pace) <= Decimal("0.0005")
            elif name != "keys":
                assert parse_money(value) == expected[name], (key, name)


UNITS = {
    "PERSON": "PERSONS_SERVED",
    "PERSON_TIME": "PERSON_TIMES",
    "HOME_HELP": "HOME_HELP",
    "CASE_COUNSELLING": "CASE_COUNSELLING",
    "GROUP_ACTIVITY": "GROUP_ACTIVITIES",
}


def priced(
    found: Any, books: Books, work: Sequence[Row], period: tuple[date, date], only: set[str]
) -> None:
    """Rows of `unitCosts` are what was spent, by what was done, beside the city's median."""
    spent = {agency: each["spent"] for agency, each in books.by(_agency, period).items()}
    done = worked(work, period, _agency)
    assert {row["keys"][0]["label"] for row in found} == only
    for row in found:
        agency = row["keys"][0]["label"]
        for cost in row["costs"]:
            quantities = {name: COUNTS[UNITS[cost["unit"]]](rows) for name, rows in done.items()}
            every = [Decimal(spent[name]) / 100 / q for name, q in quantities.items() if q]
            assert parse_money(cost["spent"]) == spent[agency]
            assert cost["quantity"] == quantities[agency]
            each = Decimal(spent[agency]) / 100 / quantities[agency]
            assert abs(Decimal(cost["cost"]) - each) <= Decimal("0.005")
            assert abs(Decimal(cost["median"]) - median(every)) <= Decimal("0.006")


def _agency(row: Row) -> Any:
    return row["agency"]


async def test_the_money_is_that_of_lines_promises_and_vouchers(funded: House) -> None:
    books = await Books.read(funded)
    work = [dict(row) for row in await funded.owner.fetch(WORK)]
    agencies = {line["agency"] for line in books.lines}
    nodes = (await ran(funded, BUDGET, "AgreementsOverview"))["agreements"]["nodes"]
    for period in PERIODS:
        both = days(period)
        city = await ran(funded, BUDGET, "CityMoneyReport", **period)
        checked(city["byAgency"]["rows"], books.by(_agency, both), "label")
        checked(city["total"]["rows"], books.by(lambda _: (), both))
        checked(city["byCategory"]["rows"], books.by(_category, both), "value")
        months = books.by_month(both, lambda _: "")
        checked(city["byMonth"]["rows"], {key[1]: each for key, each in months.items()}, "value")
        priced(city["unitCosts"]["rows"], books, work, both, agencies)
        for node in nodes:
            numbers = {"agencies": [node["agency"]["id"]]}
            numbers["projects"] = [each["id"] for each in node["projects"]["nodes"]]
            mine = {
                line["project_id"]
                for line in books.lines
                if line["agency"] == node["agency"]["name"]
            }
            report = await ran(funded, BUDGET, "AgreementMoneyReport", **numbers, **period)
            checked(report["total"]["rows"], books.by(lambda _: (), both, mine))
            checked(report["byCategory"]["rows"], books.by(_category, both, mine), "value")
            months = books.by_month(both, lambda _: "", mine)
            told = {key[1]: each for key, each in months.items()}
            checked(report["byMonth"]["rows"], told, "value")
            only = {node["agency"]["name"]}
            priced(report["unitCosts"]["rows"], books, work, both, only)

    year = days(YEAR)
    who = await ran(funded, BUDGET, "WhoSpentWhat")
    by_category = books.by(lambda line: (line["agency"], line["category"]), year)
    checked(who["spending"]["rows"], by_category, "label", "value")
    checked(who["months"]["rows"], books.by_month(year, _agency), "label", "value")

    shares = await funded.owner.fetch(
        "SELECT fu.name, f.agreement_id, f.amount_fen FROM funding f"
        " JOIN appropriation a ON a.id = f.appropriation_id JOIN fund fu ON fu.id = a.fund_id"
    )
    every: dict[Any, int] = {}
    for share in shares:
        every[share["agreement_id"]] = every.get(share["agreement_id"], 0) + share["amount_fen"]
    parts: dict[str, dict[str, Decimal]] = {}
    for agreement, sums in books.by(lambda line: line["agreement_id"], year).items():
        for share in shares:
            if share["agreement_id"] == agreement:
                kept = parts.setdefault(share["name"], {})
                for name, fen in sums.items():
                    part = Decimal(fen) * share["amount_fen"] / every[agreement]
                    kept[name] = kept.get(name, Decimal(0)) + part
    funds = (await ran(funded, BUDGET, "SpendingByFund"))["spending"]["rows"]
    assert {row["keys"][0]["label"] for row in funds} == set(parts)
    for row in funds:
        wanted = parts[row["keys"][0]["label"]]
        for name in ("allocated", "committed", "spent", "available", "forecast"):
            assert abs(parse_money(row[name]) - wanted[name]) <= 2, name


def _category(line: Row) -> Any:
    return line["category"]


# -- how it was judged -----------------------------------------------------------------------

ASPECTS = {"EXECUTION": 10, "OUTPUTS": 50, "EFFECTS": 30, "SATISFACTION": 10}
GRADES = ((9_000, "EXCELLENT"), (8_000, "GOOD"), (6_000, "PASS"), (0, "FAIL"))


def hundredths(exact: Fraction) -> int:
    """A whole number, halves away from zero."""
    return int((Decimal(exact.numerator) / exact.denominator).quantize(Decimal(1), ROUND_HALF_UP))


def points_of(line: Any) -> Fraction | None:
    """What a line earned of 100 points: its way from the baseline to the target, or its ratings."""
    if line["measure"] is not None:
        if line["frozen"] is None:
            return None
        way = line["targetThousandths"] - line["baselineThousandths"]
        gone = Fraction(line["frozen"] - line["baselineThousandths"], way)
        return 100 * max(Fraction(0), min(Fraction(1), gone))
    kinds: dict[tuple[str, int], list[int]] = {}
    for each in line["ratings"]:
        kinds.setdefault((each["raterKind"], each["weight"]), []).append(each["points"])
    if not kinds:
        return None
    total = sum(weight * Fraction(sum(given), len(given)) for (_, weight), given in kinds.items())
    return total / sum(weight for _, weight in kinds)


async def test_a_scorecard_is_what_the_records_and_the_raters_say(funded: House) -> None:
    """Each line as it was frozen and as it is now, after records of all kinds went since."""
    await funded.owner.execute(
        "WITH gone AS (SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id, kind"
        " ORDER BY number) AS place FROM service_record WHERE status = 'CURRENT')"
        " UPDATE service_record r SET status = 'CANCELLED', ended_at = now(), end_reason = 'x',"
        " ended_by_id = (SELECT id FROM member m WHERE m.tenant_id = r.tenant_id LIMIT 1)"
        " FROM gone WHERE gone.tenant_id = r.tenant_id AND gone.id = r.id AND gone.place % 5 = 0"
    )
    await funded.owner.execute("UPDATE assessment SET score = score - 1 WHERE score % 3 = 2")
    work = [dict(row) for row in await funded.owner.fetch(WORK)]
    files = [dict(row) for row in await funded.owner.fetch(FILES)]
    scores = await funded.owner.fetch(SCORES)
    lines = {
        (row["agency"], row["name"]): row
        for row in await funded.owner.fetch(
            "SELECT t.name AS agency, f.name, f.measure, f.project_id, f.area_id, c.valid_from,"
            " c.valid_until FROM scorecard_figure f JOIN tenant t ON t.tenant_id = f.tenant_id"
            " JOIN scorecard c ON c.tenant_id = f.tenant_id AND c.id = f.scorecard_id"
        )
    }
    assert all(row["area_id"] is None for row in lines.values())
    cards = (await ran(funded, EVALUATOR, "Scorecards"))["scorecards"]["nodes"]
    changed, measures = 0, set()
    for card in cards:
        agency = card["agency"]["name"]
        for line in card["figures"]:
            row = lines.pop((agency, line["name"]))
            assert line["measure"] == row["measure"]
            if line["measure"] is None:
                given = [each["points"] for each in line["ratings"]]
                assert (line["frozen"], line["current"]) == (None, None)
                assert line["spread"] == (max(given) - min(given) if given else None)
                assert line["deviationHundredths"] == (
                    round(100 * pstdev(given)) if given else None
                )
            else:
                measures.add(line["measure"])
                both = row["valid_from"], row["valid_until"]
                mine = [
                    each
                    for each in work
                    if each["agency"] == agency and row["project_id"] in {None, each["project_id"]}
                ]
                match line["measure"]:
                    case "BENEFICIARIES_ON_FILE":
                        now = Fraction(on_file(files, both, agency=agency))
                    case "ASSESSMENTS":
                        now = Fraction(
                            sum(
                                both[0] <= each["day"] < both[1]
                                for each in scores
                                if each["agency"] == agency
                            )
                        )
                    case "SCORE_CHANGE":
                        of_agency = [each for each in scores if each["agency"] == agency]
                        above, below = impact([], [], of_agency, both)["SCORE_CHANGE"]
                        now = Fraction(above, below or 1)
                    case name:
                        now = Fraction(COUNTS[name](worked(mine, both).get(None, [])))
                assert line["current"] == hundredths(1_000 * now), line["name"]
                assert line["difference"] == line["current"] - line["frozen"]
                changed += line["difference"] != 0
            points = points_of(line)
            assert line["pointsHundredths"] == (
                None if points is None else hundredths(100 * points)
            )
        aspects: dict[str, list[tuple[int, int]]] = {}
        for line in card["figures"]:
            if line["pointsHundredths"] is not None:
                pair = line["weight"], line["pointsHundredths"]
                aspects.setdefault(line["aspect"], []).append(pair)
        total = sum(
            ASPECTS[aspect] * Fraction(sum(w * p for w, p in every), sum(w for w, _ in every))
            for aspect, every in aspects.items()
        ) / sum(ASPECTS[aspect] for aspect in aspects)
        assert card["scoreHundredths"] == hundredths(Fraction(total))
        assert card["grade"] == next(
            name for least, name in GRADES if card["scoreHundredths"] >= least
        )
    assert not lines
    assert len(cards) == 3
    assert changed > 10
    assert {"HOME_HELP", "SCORE_CHANGE", "BENEFICIARIES_ON_FILE", "ASSESSMENTS"} <= measures
