"""Whoever subscribes is told what they may see, for as long as they may, and misses nothing."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from citywide.audit.sealing import opened_words
from citywide.errors import Code, RefusalError
from citywide.events.event import Event, Place
from citywide.events.relay import QUEUE, RETENTION, Relay, Subscriber
from citywide.identity.tokens import LIFETIME_S
from citywide.ids import new_id
from citywide.web.socket import MESSAGE_BYTES, OPERATIONS
from events.clients import City, Socket
from walls.house import House

RECORDED = """subscription Recorded($id: ID, $after: String) {
  serviceRecorded(id: $id, after: $after) { eventId occurredAt serviceRecord { number title } } }"""

AMOUNTS = (
    "subscription { serviceRecorded { serviceRecord { agency { agreements { nodes { amount } }"
    " } } } }"
)


async def test_a_recorded_service_is_told_over_a_websocket_as_its_reader_may_see_it(
    city: City,
) -> None:
    async with (
        city.signed_in("shouqianshou.director") as director,
        city.signed_in("bureau.officer") as officer,
        city.signed_in("yijiaqin.director") as stranger,
    ):
        for socket in (director, officer, stranger):
            await socket.subscribe(RECORDED)
        await city.record("E-1")
        seen = (await director.data())["serviceRecorded"]
        assert seen["serviceRecord"] == {"number": "E-1", "title": "上门探访"}
        assert Place.read(seen["eventId"]) is not None
        assert datetime.fromisoformat(seen["occurredAt"]) <= datetime.now(UTC)
        message = await officer.next()
        told = message["payload"]["data"]["serviceRecorded"]
        assert told["serviceRecord"] == {"number": "E-1", "title": None}
        assert {m["coordinate"] for m in message["payload"]["extensions"]["masked"]} == {
            "ServiceRecord.title"
        }
        # Another agency is told nothing at all.
        assert await stranger.is_quiet()


async def test_a_stream_of_events_carries_ids_and_resumes_where_it_broke_off(city: City) -> None:
    async with city.stream("shouqianshou.director", RECORDED) as stream:
        await stream.begun()
        await city.record("E-1")
        first = await stream.next()
    assert first["event"] == "next"
    data = json.loads(first["data"])["data"]["serviceRecorded"]
    assert (data["serviceRecord"]["number"], data["eventId"]) == ("E-1", first["id"])
    # Nobody is connected now.
    for number in ("E-2", "E-3"):
        await city.record(number)
    async with city.stream("shouqianshou.director", RECORDED, after=first["id"]) as stream:
        missed = [await stream.next() for _ in range(2)]
        await city.record("E-4")
        missed.append(await stream.next())
    numbers = [
        json.loads(each["data"])["data"]["serviceRecorded"]["serviceRecord"]["number"]
        for each in missed
    ]
    assert numbers == ["E-2", "E-3", "E-4"]


async def test_a_websocket_resumes_with_an_argument_and_watches_one_row_alone(city: City) -> None:
    first = await city.record("E-1")
    outbox = await city.house.owner.fetchrow("SELECT transaction, id FROM outbox")
    assert outbox is not None
    before = Place(outbox["transaction"], UUID(int=outbox["id"].int - 1))
    async with city.signed_in("shouqianshou.worker1") as socket:
        await socket.subscribe(RECORDED, after=before.token)
        assert (await socket.data())["serviceRecorded"]["serviceRecord"]["number"] == "E-1"
    async with city.signed_in("shouqianshou.worker1") as socket:
        await socket.subscribe(RECORDED, id=first, after=before.token)
        assert (await socket.data())["serviceRecorded"]["serviceRecord"]["number"] == "E-1"
        await city.record("E-2")
        assert await socket.is_quiet()


async def test_what_a_subscriber_is_told_about_persons_is_in_the_trail(city: City) -> None:
    async with city.signed_in("bureau.auditor") as socket:
        await socket.subscribe(
            "subscription { serviceRecorded { serviceRecord { attendances { nodes {"
            " role person { ... on Beneficiary { name } } } } } } }"
        )
        await city.record("E-1")
        await socket.data()
        for _ in range(100):
            found = await city.house.owner.fetch(
                "SELECT * FROM audit_entry WHERE kind = 'READ' AND actor = 'bureau.auditor'"
            )
            if found:
                break
            await asyncio.sleep(0.05)
    assert found[0]["coordinate"] == "Subscription.serviceRecorded"
    told = json.loads(found[0]["entry"])
    sealer = city.house.database.sealer
    assert opened_words(sealer, found[0]["tenant_id"], told)["purpose"] == "年度审计"


async def test_an_approval_is_a_node_of_any_kind(city: City) -> None:
    async with city.signed_in("shouqianshou.director") as director:
        await director.subscribe(
            "subscription { approvalRequested { about { __typename id } eventId } }"
        )
        principal = await city.house.principal("shouqianshou.director")
        stray = (principal.tenant_id, principal.bureau_id, new_id(), new_id())
        await city.house.owner.execute(
            "INSERT INTO outbox (tenant_id, bureau_id, id, topic, row_id, occurred_at, transaction)"
            " VALUES ($1, $2, $3, 'approvalRequested', $4, now(),"
            " pg_current_xact_id()::text::bigint)",
            *stray,
        )
        # A row that is not there for the reader is no event.
        assert await director.is_quiet()


@pytest.mark.parametrize(
    ("user", "query", "code"),
    [
        ("shouqianshou.finance", RECORDED, "FORBIDDEN"),
        ("bureau.officer", "subscription { approvalRequested { eventId } }", "FORBIDDEN"),
        ("shouqianshou.director", "subscription { nobody }", "BAD_USER_INPUT"),
        (
            "shouqianshou.director",
            'subscription { serviceRecorded(after: "x") { eventId } }',
            "BAD_USER_INPUT",
        ),
        (
            "shouqianshou.worker1",
            AMOUNTS,
            "FORBIDDEN",
        ),
    ],
)
async def test_what_may_not_be_watched_is_an_error_of_that_operation_alone(
    city: City, user: str, query: str, code: str
) -> None:
    async with city.signed_in(user) as socket:
        name = await socket.subscribe(query)
        message = await socket.next()
        assert (message["type"], message["id"]) == ("error", name)
        assert message["payload"][0]["extensions"]["code"] == code
        await socket.send(type="ping")
        assert await socket.next() == {"type": "pong"}
    response = await city.client.http.post(
        "/graphql/stream",
        json={"query": query},
        headers={**city.headers(user), "accept": "text/event-stream"},
    )
    if '"x"' not in query:
        assert response.json()["errors"][0]["extensions"]["code"] == code
    else:
        assert "is not the id of an event" in response.text


async def test_an_event_that_is_too_old_to_resume_from_is_said_to_be(city: City) -> None:
    long_ago = datetime.now(UTC) - RETENTION - timedelta(hours=1)
    milliseconds = int(long_ago.timestamp() * 1_000)
    place = Place(5, UUID(int=milliseconds << 80 | new_id().int & ((1 << 80) - 1)))
    async with city.signed_in("shouqianshou.director") as socket:
        await socket.subscribe(RECORDED, after=place.token)
        message = await socket.next()
    assert message["type"] == "error"
    assert "7 days" in message["payload"][0]["message"]


def an_event_id(transaction: int, milliseconds: int) -> str:
    """An event id of our form, whatever it says."""
    return Place(transaction, UUID(int=milliseconds << 80 | new_id().int & ((1 << 80) - 1))).token


@pytest.mark.parametrize(
    ("transaction", "milliseconds"),
    [(5, 2**48 - 1), (2**63 - 1, None), (2**63, None), (2**64 - 1, 2**48 - 1)],
)
async def test_an_event_id_that_we_cannot_have_given_is_said_to_be_none(
    city: City, transaction: int, milliseconds: int | None
) -> None:
    token = an_event_id(transaction, milliseconds or int(time.time() * 1_000))
    user = "shouqianshou.director"
    async with city.stream(user, RECORDED, after=token) as stream:
        await stream.begun()
        told = json.loads((await stream.next())["data"])
    assert told["errors"][0]["message"] == "`after` is not the id of an event."
    async with city.signed_in(user) as socket:
        await socket.subscribe(RECORDED, after=token)
        message = await socket.next()
    assert message["payload"][0]["message"] == "`after` is not the id of an event."


async def test_half_a_surrogate_pair_in_a_message_is_answered_and_the_connection_goes_on(
    city: City,
) -> None:
    half = "\ud842"
    async with city.signed_in("shouqianshou.director") as socket:
        for query, variables in (
            ("{ viewer { name } }", {}),
            (f"{{ {half} }}", {}),
            ("query($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": [half]}),
            ("query($w: AreaFilter) { areas(where: $w) { totalCount } }", {"w": {half: 1}}),
            (RECORDED, {"after": half}),
        ):
            name = f"{half}{query}"[:90]
            payload = {"query": query, "variables": variables}
            await socket.send(type="subscribe", id=name, payload=payload)
            while (message := await socket.next())["type"] == "next":
                assert message["id"] == name
            assert message["id"] == name
            if message["type"] == "error":
                assert {e["extensions"]["code"] for e in message["payload"]} == {"BAD_USER_INPUT"}
        for _ in range(2):
            await socket.send(type="subscribe", id=half, payload={"query": RECORDED})
        assert await socket.closed() == (4409, "Subscriber for ? already exists")


async def test_a_revoked_member_s_connections_are_closed(city: City) -> None:
    user = "shouqianshou.worker2"
    async with city.signed_in(user) as socket, city.stream(user, RECORDED) as stream:
        await socket.subscribe(RECORDED)
        await stream.begun()
        owner = city.house.owner
        async with owner.transaction():
            await owner.execute("UPDATE member SET status = 'SUSPENDED' WHERE subject = $1", user)
            await owner.execute("UPDATE access_version SET version = version + 1")
        code, reason = await socket.closed()
        assert (code, "suspended" in reason) == (4403, True)
        told = json.loads((await stream.next())["data"])
        assert told["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (await stream.next())["event"] == "complete"


async def test_a_connection_ends_with_its_token(city: City) -> None:
    issued = time.time() - LIFETIME_S + 3
    async with city.signed_in("shouqianshou.worker2", now=issued) as socket:
        await socket.subscribe(RECORDED)
        code, reason = await socket.closed()
    assert code == 4401
    assert "expired" in reason


async def test_queries_and_mutations_go_over_a_websocket_as_well(city: City) -> None:
    async with city.signed_in("shouqianshou.director") as socket:
        await socket.subscribe("{ viewer { subject } }")
        assert await socket.data() == {"viewer": {"subject": "shouqianshou.director"}}
        assert (await socket.next())["type"] == "complete"


async def test_a_subscription_over_plain_http_is_told_where_to_go(city: City) -> None:
    response = await city.client.ask("shouqianshou.director", RECORDED)
    [error] = response.json()["errors"]
    assert "/graphql/stream" in error["message"]


async def test_an_operation_that_was_completed_is_told_nothing_more(city: City) -> None:
    async with city.signed_in("shouqianshou.director") as socket:
        name = await socket.subscribe(RECORDED)
        await socket.send(type="complete", id=name)
        await asyncio.sleep(0.1)
        await city.record("E-1")
        assert await socket.is_quiet()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}, 4401),
        ({"type": "connection_init", "payload": {"authorization": "Bearer x"}}, 4401),
        ({"type": "connection_init"}, 4401),
        ({"type": "connection_init", "payload": {"authorization": 7}}, 4400),
        ({"type": "what"}, 4400),
        ({"type": 7}, 4400),
        ("[", 4400),
        (b"{}", 4400),
        ("x" * (MESSAGE_BYTES + 1), 1009),
    ],
)
async def test_a_connection_that_begins_badly_is_closed(
    city: City, said: object, code: int
) -> None:
    async with city.socket() as connection:
        text = json.dumps(said) if isinstance(said, dict) else said
        with pytest.raises(ConnectionClosed):  # noqa: PT012 -- the server may close at either
            await connection.send(text)  # type: ignore[arg-type]
            await connection.recv()
        assert (await Socket(connection).closed())[0] == code


async def test_a_signed_in_connection_keeps_to_the_protocol(city: City) -> None:
    async with city.signed_in("shouqianshou.director") as socket:
        await socket.send(type="connection_init")
        assert (await socket.closed())[0] == 4429
    async with city.signed_in("shouqianshou.director") as socket:
        payload = {"query": RECORDED}
        await socket.send(type="subscribe", id="1", payload=payload)
        await socket.send(type="subscribe", id="1", payload=payload)
        assert (await socket.closed())[0] == 4409
    async with city.signed_in("shouqianshou.director") as socket:
        for number in range(OPERATIONS + 1):
            await socket.send(type="subscribe", id=str(number), payload={"query": RECORDED})
        message = await socket.next()
        assert (message["type"], message["id"]) == ("error", str(OPERATIONS))
        assert message["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    async with city.socket(Subprotocol("graphql-ws")) as connection:
        assert (await Socket(connection).closed())[0] == 4406


async def a_subscriber(house: House) -> Subscriber:
    return Subscriber(await house.principal("shouqianshou.director"), "serviceRecorded", None)


def an_event(tenant_id: UUID, transaction: int = 1) -> Event:
    place = Place(transaction, new_id())
    return Event(place, tenant_id, "serviceRecorded", new_id(), datetime.now(UTC))


async def test_a_subscriber_that_does_not_keep_up_is_ended_and_others_are_not(
    pilot: House,
) -> None:
    slow, quick = await a_subscriber(pilot), await a_subscriber(pilot)
    tenant_id = slow.principal.tenant_id
    for number in range(QUEUE + 1):
        event = an_event(tenant_id, number)
        slow.offer(event)
        quick.offer(event)
        assert await quick.next() == event
    with pytest.raises(RefusalError) as ended:
        await slow.next()
    assert ended.value.code is Code.LIMIT_EXCEEDED
    assert "resume" in ended.value.message


async def test_events_come_in_the_order_of_transactions_and_none_before_it_is_complete(
    pilot: House,
) -> None:
    principal = await pilot.principal("shouqianshou.director")
    relay = Relay(pilot.database)
    running = asyncio.create_task(relay.run())
    events = relay.events(principal, "t", row=None, after=None)
    coming = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.3)
    insert = (
        "INSERT INTO outbox (tenant_id, bureau_id, id, topic, row_id, occurred_at, transaction)"
        " VALUES ($1, $2, $3, 't', $3, now(), pg_current_xact_id()::text::bigint)"
    )
    early, late = new_id(), new_id()
    owned = (principal.tenant_id, principal.bureau_id)
    # The earlier transaction is the last to commit.
    slow = pilot.owner.transaction()
    await slow.start()
    await pilot.owner.execute(insert, *owned, early)
    async with pilot.database.write(principal.context) as transaction:
        await transaction.connection.execute(insert, *owned, late)
    await asyncio.sleep(0.5)
    assert not coming.done()
    await slow.commit()
    found = [await coming, await anext(events)]
    assert [event.row_id for event in found] == [early, late]
    assert sorted(found, key=lambda event: event.place) == found
    await events.aclose()  # type: ignore[attr-defined]
    running.cancel()


async def test_a_burst_ends_nobody_who_keeps_up(pilot: House) -> None:
    principal = await pilot.principal("shouqianshou.director")
    relay = Relay(pilot.database)
    running = asyncio.create_task(relay.run())
    events = relay.events(principal, "t", row=None, after=None)
    coming = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.3)
    rows = [new_id() for _ in range(2 * QUEUE + 1)]
    # All at once, as an import writes them.
    await pilot.owner.execute(
        "INSERT INTO outbox (tenant_id, bureau_id, id, topic, row_id, occurred_at, transaction)"
        " SELECT $1, $2, id, 't', id, now(), pg_current_xact_id()::text::bigint"
        " FROM unnest($3::uuid[]) id",
        principal.tenant_id,
        principal.bureau_id,
        rows,
    )
    found = [await coming] + [await anext(events) for _ in rows[1:]]
    assert [event.row_id for event in found] == sorted(rows)
    await events.aclose()  # type: ignore[attr-defined]
    running.cancel()


@given(st.integers(0, 2**63 - 1))
def test_an_event_id_is_read_as_it_was_written(transaction: int) -> None:
    place = Place(transaction, new_id())
    assert Place.read(place.token) == place
    assert abs(place.written_at - datetime.now(UTC)) < timedelta(seconds=10)


@given(st.text(max_size=40))
def test_no_other_text_is_an_event_id(text: str) -> None:
    place = Place.read(text)
    assert place is None or place.token == text
