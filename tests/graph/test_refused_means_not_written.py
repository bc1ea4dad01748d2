"""What can be known before a mutation's first write is; what fails after it hides no commit."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from acts.test_perform import a_visit
from citywide.acts.act import Act
from citywide.audit.reads import Read
from citywide.authz.principal import Principal
from citywide.db.outage import AwayError, UncertainError
from citywide.db.session import BusyError
from citywide.errors import Code, RefusalError
from citywide.graph.admit import InvalidDocumentError
from citywide.graph.operation import Operation
from citywide.ids import NodeId
from walls.databases import owning
from walls.house import PURPOSE, House

WORKER = "shouqianshou.worker1"
# Long enough for an act on a busy machine, short enough to be waited for.
SHORT_MS = 1_500
FOREVER_S = 60


async def rows(house: House) -> dict[str, int]:
    """How many rows each table of the database has."""
    names = await house.owner.fetch(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    counts = " UNION ALL ".join(
        f"SELECT '{name}' AS name, count(*) AS count FROM \"{name}\"" for [name] in names
    )
    return {row["name"]: row["count"] for row in await house.owner.fetch(counts)}


def written(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """The tables that have more or fewer rows than before."""
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


async def answered(
    house: House,
    document: str,
    *,
    timeout_ms: int | None = None,
    user: str = WORKER,
    purpose: str | None = PURPOSE,
    **variables: Any,
) -> Any:
    """The whole answer to a document."""
    principal = await house.principal(user)
    if timeout_ms is not None:
        principal = hurried(principal, timeout_ms)
    operation = Operation(document, None, variables, purpose)
    return json.loads(await house.engine.answer(operation, principal))


def hurried(principal: Principal, timeout_ms: int) -> Principal:
    """The same member, for whom no statement may run longer."""
    return replace(principal, context=replace(principal.context, statement_timeout_ms=timeout_ms))


def document(selections: Iterable[str], declared: str = "") -> str:
    """An operation that records one service after the other, the n-th of them as `$n<n>`."""
    listed = list(selections)
    inputs = " ".join(f"$n{number}: RecordServiceInput!" for number in range(len(listed)))
    fields = " ".join(
        f"f{number}: recordService(input: $n{number}) {{ {selection} }}"
        for number, selection in enumerate(listed)
    )
    return f"mutation({inputs} {declared}) {{ {fields} }}"


def record(selection: str) -> str:
    """Something of a recorded service."""
    return f"__typename ... on RecordServiceSuccess {{ serviceRecord {{ {selection} }} }}"


async def visits(house: House, count: int) -> dict[str, Any]:
    """The inputs of so many good visits, as variables."""
    return {
        f"n{number}": {
            **await a_visit(house, number=f"T-{number}"),
            "idempotencyKey": f"key {number}",
        }
        for number in range(count)
    }


def cursor(*parts: object) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


PLAIN = record("number")
ROWS = record(
    "agency { members(first: 100) { nodes { serviceRecords: caseload(first: 100) { nodes {"
    " attendances(first: 100) { nodes { id } } } } } } }"
)


@dataclass(frozen=True, slots=True)
class Refused:
    """What is read of a recorded service, and a part of the sentence that refuses it."""

    selection: str
    sentence: str
    declared: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


REFUSED = {
    "a page that is too large": Refused(
        record("attendances(first: 5000) { totalCount }"), "holds 100 rows at most"
    ),
    "a page that a variable makes too large": Refused(
        record("attendances(first: $x) { totalCount }"),
        "holds 100 rows at most",
        "$x: Int",
        {"x": 5000},
    ),
    "a page of less than nothing": Refused(
        record("attendances(last: -1) { nodes { id } }"), "cannot hold -1 rows"
    ),
    "a page that runs both ways": Refused(
        record("attendances(first: 1, last: 1) { nodes { id } }"), "not both"
    ),
    "too many rows in all": Refused(ROWS, "could hold 1010100 rows"),
    "a cursor that is none": Refused(
        record('attendances(after: "x") { nodes { id } }'), "cursor is not one of this list"
    ),
    "a cursor of another order": Refused(
        record("attendances(before: $x) { nodes { id } }"),
        "cursor is not one of this list",
        "$x: String",
        {"x": cursor("o00000000", str(UUID(int=1)))},
    ),
    "a cursor that is too long": Refused(
        record("attendances(after: $x) { nodes { id } }"),
        "cursor is not one of this list",
        "$x: String",
        {"x": "x" * 9_000},
    ),
    "an id of nothing in a filter": Refused(
        record('attendances(where: {id: {eq: "nothing"}}) { totalCount }'),
        "not the id of a Attendance",
    ),
    "an id of another type in a filter": Refused(
        record("attendances(where: {id: {in: $x}}) { totalCount }"),
        "not the id of a Attendance",
        "$x: [ID!]",
        {"x": [NodeId("bene", UUID(int=1), UUID(int=2)).encode()]},
    ),
    "a text that no database holds": Refused(
        record("agency { members(where: {name: {eq: $x}}) { totalCount } }"),
        "NUL character",
        "$x: String",
        {"x": "\x00"},
    ),
    "a time that no database holds": Refused(
        record("agency { serviceRecords(where: {cancelledAt: {lt: $x}}) { totalCount } }"),
        "years 1 to 9999",
        "$x: DateTime",
        {"x": "0001-01-01T00:00:00+14:00"},
    ),
    "null for a condition of the success": Refused(
        record("number @include(if: $x)"), "must not be null", "$x: Boolean = true", {"x": None}
    ),
    "null for a condition of a problem": Refused(
        "... on InputProblem { faults { message @skip(if: $x) } }",
        "must not be null",
        "$x: Boolean = true",
        {"x": None},
    ),
    "what the role may not read": Refused(
        record("agency { agreements { nodes { amount } } }"), "Agreement.amount"
    ),
}


async def test_what_the_refusals_are_about_would_have_been_written(pilot: House) -> None:
    before = await rows(pilot)
    answer = await answered(pilot, document([PLAIN, PLAIN]), **await visits(pilot, 2))
    assert [field["serviceRecord"]["number"] for field in answer["data"].values()] == ["T-0", "T-1"]
    assert written(before, await rows(pilot))["service_record"] == 2


@pytest.mark.parametrize("place", ["alone", "first", "last"])
@pytest.mark.parametrize("name", REFUSED)
async def test_what_can_be_refused_is_refused_before_anything_is_written(
    pilot: House, name: str, place: str
) -> None:
    refused = REFUSED[name]
    fields = {
        "alone": [refused.selection],
        "first": [refused.selection, PLAIN],
        "last": [PLAIN, refused.selection],
    }[place]
    given = await visits(pilot, len(fields))
    before = await rows(pilot)
    with pytest.raises((RefusalError, InvalidDocumentError), match=refused.sentence):
        await answered(pilot, document(fields, refused.declared), **given, **refused.variables)
    assert written(before, await rows(pilot)) == {}


async def test_an_input_that_a_variable_leaves_null_is_refused_before_the_field_before_it_writes(
    pilot: House,
) -> None:
    given = await visits(pilot, 1)
    before = await rows(pilot)
    query = (
        'mutation($n0: RecordServiceInput!, $key: String = "k") {'
        " f0: recordService(input: $n0) { __typename }"
        ' f1: cancelServiceRecord(input: {idempotencyKey: $key, recordId: "x", version: 1,'
        ' reason: "r"}) { __typename } }'
    )
    with pytest.raises(InvalidDocumentError, match="must not be null"):
        await answered(pilot, query, **given, key=None)
    assert written(before, await rows(pilot)) == {}


async def test_whoever_must_say_why_they_read_is_refused_before_anything_is_written(
    pilot: House,
) -> None:
    query = """mutation($input: PublishPolicyDocumentInput!) {
        publishPolicyDocument(input: $input) { __typename }
        answerNeed(input: {idempotencyKey: "b", needId: "x", version: 1, answer: "a",
            clauseId: "x"}) {
          ... on AnswerNeedSuccess { need { beneficiary { fileNumber } } } } }"""
    given = {
        "idempotencyKey": "a",
        "number": "民〔2015〕1号",
        "title": "优抚政策",
        "issuingBody": "民政部",
        "validFrom": "2015-01-01",
        "clauses": [{"label": "第一条", "text": "优抚对象享受抚恤优待。"}],
    }
    before = await rows(pilot)
    with pytest.raises(RefusalError, match="stated purpose"):
        await answered(pilot, query, user="bureau.officer", purpose=None, input=given)
    assert written(before, await rows(pilot)) == {}


async def test_input_that_breaks_a_rule_is_a_problem_in_its_turn(pilot: House) -> None:
    given = await visits(pilot, 3)
    given["n1"]["beneficiaryIds"] = ["nothing"]
    answer = await answered(pilot, document([PLAIN] * 3), **given)
    assert [field["__typename"] for field in answer["data"].values()] == [
        "RecordServiceSuccess",
        "InputProblem",
        "RecordServiceSuccess",
    ]


# -- after the commit --------------------------------------------------------------------------


@asynccontextmanager
async def locked(house: House, table: str) -> AsyncIterator[None]:
    """Whoever reads the table waits, in the database."""
    async with owning(house.url) as connection, connection.transaction():
        await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


PLAN = """__typename ... on RecordServiceSuccess {
    done: serviceRecord { number project { plan { measure } } } }"""


async def test_a_payload_that_takes_too_long_does_not_hide_what_was_done(pilot: House) -> None:
    given = await visits(pilot, 1)
    before = await rows(pilot)
    async with locked(pilot, "planned_output"):
        answer = await answered(pilot, document([PLAN]), timeout_ms=SHORT_MS, **given)
    assert answer["data"] == {"f0": {"__typename": "RecordServiceSuccess", "done": None}}
    [error] = answer["errors"]
    assert error["path"] == ["f0", "done"]
    assert error["extensions"] == {"code": "TIMEOUT"}
    assert f"{SHORT_MS} ms" in error["message"]
    once = await rows(pilot)
    assert written(before, once)["service_record"] == 1
    again = await answered(pilot, document([PLAN]), **given)
    assert again["data"]["f0"]["done"]["number"] == "T-0"
    assert "errors" not in again
    assert written(once, await rows(pilot)) == {}


AFTER = {
    "no connection is free": (BusyError(), "TIMEOUT"),
    "the database is gone": (ConnectionRefusedError("10.0.0.7:5432"), "UNAVAILABLE"),
    "the database gives up": (asyncpg.AdminShutdownError("terminating connection"), "UNAVAILABLE"),
    "nobody thought of it": (ZeroDivisionError("a secret"), "INTERNAL"),
}


@pytest.mark.parametrize("name", AFTER)
async def test_whatever_fails_while_a_payload_is_read_does_not_hide_what_was_done(
    pilot: House, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure, code = AFTER[name]

    def read(_: object, **__: object) -> None:
        raise failure

    given = await visits(pilot, 2)
    before = await rows(pilot)
    monkeypatch.setattr(pilot.database, "read", read)
    with capture_logs() as logs:
        answer = await answered(pilot, document([PLAIN, PLAIN]), **given)
    monkeypatch.undo()
    success = {"__typename": "RecordServiceSuccess", "serviceRecord": None}
    assert answer["data"] == {"f0": success, "f1": success}
    assert [error["path"] for error in answer["errors"]] == [
        ["f0", "serviceRecord"],
        ["f1", "serviceRecord"],
    ]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}
    assert "secret" not in json.dumps(answer)
    assert "10.0.0.7" not in json.dumps(answer)
    # What is a fault of ours is logged, once for each.
    assert [log["exc_info"] for log in logs] == ([failure] * 2 if code == "INTERNAL" else [])
    assert written(before, await rows(pilot))["service_record"] == 2
    again = await answered(pilot, document([PLAIN]), n0=given["n0"])
    assert again["data"]["f0"]["serviceRecord"] == {"number": "T-0"}


async def test_a_payload_whose_reading_cannot_be_noted_is_not_shown_but_said_to_be_done(
    pilot: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def note(_: Read) -> None:
        raise RefusalError(Code.TIMEOUT, "It cannot be recorded.")

    given = await visits(pilot, 1)
    selection = record("title attendances { totalCount }")
    monkeypatch.setattr(pilot.reads, "note", note)
    answer = await answered(pilot, document([selection]), **given)
    assert answer["data"] == {"f0": {"__typename": "RecordServiceSuccess", "serviceRecord": None}}
    [error] = answer["errors"]
    assert error == {
        "message": "It cannot be recorded.",
        "path": ["f0", "serviceRecord"],
        "extensions": {"code": "TIMEOUT"},
    }


async def test_a_success_of_which_nothing_is_read_needs_no_reading(
    pilot: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_: object, **__: object) -> None:
        raise BusyError

    given = await visits(pilot, 1)
    monkeypatch.setattr(pilot.database, "read", read)
    answer = await answered(pilot, document(["name: __typename"]), **given)
    assert answer == {"data": {"f0": {"name": "RecordServiceSuccess"}}}


# -- what one field fails with, the others are told beside --------------------------------------


async def fails(_: Act, __: object) -> UUID:
    raise ZeroDivisionError("a secret")


async def waits(act: Act, _: object) -> UUID:
    await act.transaction.scalar(select(func.pg_sleep(FOREVER_S)))
    raise AssertionError


@pytest.mark.parametrize(("use_case", "code"), [(fails, "INTERNAL"), (waits, "TIMEOUT")])
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_field_that_fails_is_null_and_those_beside_it_are_told(
    pilot: House, use_case: Any, code: str, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutations = pilot.schema.catalogue.mutations
    broken = replace(mutations["cancelServiceRecord"], use_case=use_case)
    fields = [f"f{n}: recordService(input: $n{n}) {{ {PLAIN} }}" for n in range(2)]
    # The code is in the text because a plan is kept with its use case.
    fields.insert(place, f"broken: cancelServiceRecord(input: $x) {{ {code}: __typename }}")
    declared = "$n0: RecordServiceInput!, $n1: RecordServiceInput!, $x: CancelServiceRecordInput!"
    query = f"mutation({declared}) {{ {' '.join(fields)} }}"
    cancelled = {
        "idempotencyKey": "c",
        "recordId": await recorded(pilot),
        "version": 1,
        "reason": "r",
    }
    given = await visits(pilot, 2)
    before = await rows(pilot)
    monkeypatch.setitem(mutations, "cancelServiceRecord", broken)
    with capture_logs() as logs:
        answer = await answered(pilot, query, timeout_ms=SHORT_MS, x=cancelled, **given)
    done = {
        f"f{n}": {"__typename": "RecordServiceSuccess", "serviceRecord": {"number": f"T-{n}"}}
        for n in range(2)
    }
    assert answer["data"] == {**done, "broken": None}
    assert list(answer["data"])[place] == "broken"
    [error] = answer["errors"]
    assert error["path"] == ["broken"]
    assert error["extensions"] == {"code": code}
    assert "secret" not in json.dumps(answer)
    assert len(logs) == (code == "INTERNAL")
    assert written(before, await rows(pilot))["service_record"] == 2


@pytest.mark.parametrize("lost", [AwayError, UncertainError])
async def test_an_outage_ends_an_operation_and_hides_nothing_that_was_done(
    pilot: House, lost: type[AwayError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a database that is away once for each field."""
    given, real, asked = await visits(pilot, 4), pilot.database.write, []

    def write(context: Any) -> Any:
        asked.append(context)
        if len(asked) == 2:
            raise lost
        return real(context)

    monkeypatch.setattr(pilot.database, "write", write)
    answer = await answered(pilot, document([PLAIN] * 4), **given)
    assert [answer["data"][f"f{n}"] is None for n in range(4)] == [False, True, True, True]
    assert [error["path"] for error in answer["errors"]] == [["f1"], ["f2"], ["f3"]]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"UNAVAILABLE"}
    assert [error["message"] for error in answer["errors"]] == [
        lost.sentence,
        AwayError.sentence,
        AwayError.sentence,
    ]
    assert len(asked) == 2


@pytest.mark.parametrize("lost", [AwayError, UncertainError])
async def test_an_outage_of_the_first_field_is_one_of_the_operation(
    pilot: House, lost: type[AwayError], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = await visits(pilot, 2)
    before = await rows(pilot)

    def write(_: Any) -> Any:
        raise lost

    monkeypatch.setattr(pilot.database, "write", write)
    with pytest.raises(lost):
        await answered(pilot, document([PLAIN] * 2), **given)
    assert written(before, await rows(pilot)) == {}


async def recorded(house: House) -> str:
    """The id of a recorded service."""
    visit = await a_visit(house, number="T-8")
    done = await house.act(WORKER, "recordService", "serviceRecord { id }", **visit)
    return str(done["serviceRecord"]["id"])


async def test_a_request_that_is_given_up_is_not_answered(pilot: House) -> None:
    given = await visits(pilot, 1)
    async with locked(pilot, "planned_output"):
        asking = asyncio.create_task(answered(pilot, document([PLAN]), **given))
        await asyncio.sleep(SHORT_MS / 1000)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    again = await answered(pilot, document([PLAN]), **given)
    assert again["data"]["f0"]["done"]["number"] == "T-0"
