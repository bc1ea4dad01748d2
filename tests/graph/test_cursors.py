"""A cursor is sealed, is its reader's alone, ends after a day, and leads to the next page."""

from __future__ import annotations

import json
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citywide.authz.own_roles import OwnRole
from citywide.authz.principal import Principal
from citywide.db.session import Audience
from citywide.domain import CATALOGUE
from citywide.errors import RefusalError
from citywide.graph.cursors import CURSOR_HOURS, CURSOR_LENGTH, Cursors, Given
from citywide.graph.declare import Kind, Value
from citywide.graph.paging import ORDER_KEYS, _may_be_long
from citywide.graph.schema import ORDERED_CHARACTERS
from walls.house import House

DIRECTOR, OFFICER = "shouqianshou.director", "bureau.officer"
ORDER = "orderBy: [{ field: NAME }, { field: PHONE }, { field: ADDRESS }, { field: BORN_ON }]"
QUIET = settings(
    max_examples=15,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
# One byte, two, three and four of UTF-8, what JSON escapes, and what looks alike.
LETTERS = string.ascii_letters + '"\\éß王小明𠮷\U0001f9d3 \n\t'


async def given_cursors(house: House, user: str, order: str = ORDER) -> list[str]:
    document = f"{{ beneficiaries(first: 100, {order}) {{ edges {{ cursor }} }} }}"
    return [e["cursor"] for e in (await house.data(user, document))["beneficiaries"]["edges"]]


async def test_no_key_can_be_read_in_a_cursor(pilot: House) -> None:
    found = await given_cursors(pilot, DIRECTOR)
    assert len(found) > 20
    rows = await pilot.owner.fetch("SELECT name, phone, address, born_on FROM beneficiary")
    kept = {str(value) for row in rows for value in row.values() if value is not None}
    for text in found:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        assert not any(value.encode() in raw for value in kept)


async def refused(
    house: House, user: str, cursor: str, order: str = ORDER, root: str = "beneficiaries"
) -> str:
    document = f"query ($c: String) {{ {root}(after: $c, {order}) {{ nodes {{ id }} }} }}"
    return (await house.refusal(user, document, c=cursor)).message


async def test_a_cursor_is_of_its_list_its_order_and_its_reader(pilot: House) -> None:
    cursor, *_ = await given_cursors(pilot, DIRECTOR)
    document = f"query ($c: String) {{ beneficiaries(after: $c, {ORDER}) {{ nodes {{ id }} }} }}"
    assert (await pilot.data(DIRECTOR, document, c=cursor))["beneficiaries"]["nodes"]
    sentence = "A cursor is not one of this list"
    other_order = ORDER.replace("BORN_ON }", "BORN_ON, direction: DESC }")
    by_name = "orderBy: [{ field: NAME }]"
    name_cursor, *_ = await given_cursors(pilot, DIRECTOR, by_name)
    for message in (
        await refused(pilot, DIRECTOR, cursor, other_order),
        await refused(pilot, DIRECTOR, cursor, by_name),
        await refused(pilot, DIRECTOR, name_cursor, by_name, root="projects"),
        await refused(pilot, "shouqianshou.worker1", cursor),
        await refused(pilot, "yijiaqin.director", cursor),
        await refused(pilot, OFFICER, cursor),
        await refused(pilot, DIRECTOR, cursor[:-1]),
        await refused(
            pilot, DIRECTOR, cursor[:9] + ("A" if cursor[9] != "A" else "B") + cursor[10:]
        ),
    ):
        assert message.startswith(sentence)


def test_a_cursor_is_of_the_roles_that_it_was_given_under(secret: bytes) -> None:
    cursors, mine = Cursors(secret), Given("", "o" + "0" * 32, 1)
    reader = READER
    text = cursors.seal(b'["x"]', mine.signature, reader)
    assert cursors.opened(text, mine, reader) == ["x"]
    for other in (
        replace(reader, roles=frozenset({*reader.roles, own_role("more")})),
        replace(reader, roles=frozenset()),
        replace(reader, tenant_id=UUID(int=9)),
        replace(reader, member_id=UUID(int=9)),
        replace(reader, audience=Audience.BUREAU),
    ):
        with pytest.raises(RefusalError, match="not one of this list"):
            cursors.opened(text, mine, other)
    with pytest.raises(RefusalError, match="not one of this list"):
        Cursors(b"another secret of thirty-two bytes").opened(text, mine, reader)


def test_a_cursor_ends_after_a_day_and_says_so(secret: bytes) -> None:
    now = 1_000_000_123.0
    cursors, mine = Cursors(secret, lambda: now), Given("", "o" + "0" * 32, 1)
    text = cursors.seal(b'["x"]', mine.signature, READER)
    now += CURSOR_HOURS * 3_600
    assert cursors.opened(text, mine, READER) == ["x"]
    now += 3_600
    with pytest.raises(RefusalError, match="good for 24 hours and this one is older"):
        cursors.opened(text, mine, READER)
    # Nobody makes it good for longer.
    raw = bytearray(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[2] ^= 0x7F
    longer = urlsafe_b64encode(bytes(raw)).decode()
    with pytest.raises(RefusalError, match="not one of this list"):
        cursors.opened(longer, mine, READER)


def own_role(name: str) -> OwnRole:
    return OwnRole(UUID(int=2), name, frozenset(), ())


READER = Principal(
    subject="somebody",
    member_id=UUID(int=1),
    tenant_id=UUID(int=2),
    bureau_id=UUID(int=3),
    audience=Audience.AGENCY,
    roles=frozenset({own_role("one")}),
    tenants=(),
    today=None,  # type: ignore[arg-type]
    valid_until=None,
    context=None,  # type: ignore[arg-type]
    selves=frozenset({UUID(int=1)}),
)


def longest_cursor() -> int:
    key = "𠮷" * ORDERED_CHARACTERS
    keys = json.dumps([*[key] * ORDER_KEYS, str(UUID(int=1))], ensure_ascii=False)
    sealed = Cursors(b"x" * 32).seal(keys.encode(), "o" + "0" * 32, READER)
    return len(sealed)


def test_the_longest_cursor_is_accepted_again() -> None:
    assert longest_cursor() < CURSOR_LENGTH


def indexed_texts() -> Iterator[tuple[str, str]]:
    """The texts that are ordered whole, since an index is ordered by them."""
    for entity in CATALOGUE.entities.values():
        for field in entity.orders.values():
            declared = entity.fields[field]
            assert isinstance(declared, Value)
            is_text = declared.kind is Kind.STRING and declared.enum is None
            if is_text and not _may_be_long(entity.table, declared):
                column = declared.expression(entity.table)
                yield entity.table.name, str(column.key)


async def test_no_text_that_is_ordered_whole_is_longer_than_a_line(pilot: House) -> None:
    texts = [*indexed_texts()]
    assert ("beneficiary", "file_number") in texts
    assert ("service_record", "title") not in texts
    for table, column in texts:
        longest = await pilot.owner.fetchval(f'SELECT max(length("{column}")) FROM "{table}"')
        assert (longest or 0) <= ORDERED_CHARACTERS, (table, column)


LONG = st.text(LETTERS, min_size=ORDERED_CHARACTERS - 2, max_size=2_000)
SHORT = st.text(LETTERS, max_size=3)
TEXT = st.one_of(SHORT, LONG, st.just("王" * 2_000), st.just("𠮷" * 2_000), st.none())


@QUIET
@given(
    texts=st.lists(st.tuples(TEXT, TEXT), min_size=9, max_size=9),
    directions=st.tuples(*[st.sampled_from(["ASC", "DESC"])] * 3),
    size=st.integers(1, 4),
)
async def test_every_cursor_leads_to_the_next_page(
    pilot: House, texts: list[tuple[str | None, str | None]], directions: Any, size: int
) -> None:
    """Long texts, equal ones, equal beginnings and nulls, in every direction: each row once."""
    rows = await pilot.owner.fetch(
        "SELECT id FROM service_record WHERE tenant_id ="
        " (SELECT tenant_id FROM tenant WHERE slug = 'shouqianshou')"
        " AND status = 'CURRENT' ORDER BY served_on, id LIMIT 9"
    )
    await pilot.owner.executemany(
        "UPDATE service_record SET title = 'kept', note = $2, place = $3 WHERE id = $1",
        [(row["id"], *pair) for row, pair in zip(rows, texts, strict=True)],
    )
    first, second, third = directions
    order = (
        f"orderBy: [{{ field: NOTE, direction: {first} }}, {{ field: PLACE, direction: {second} }},"
        f" {{ field: SERVED_ON, direction: {third} }}]"
    )
    where = 'where: { title: { eq: "kept" } }'
    every = (
        f"{{ serviceRecords(first: 100, {where}, {order}) {{ edges {{ cursor node {{ id }} }} }} }}"
    )
    edges = (await pilot.data(DIRECTOR, every))["serviceRecords"]["edges"]
    assert len(edges) == 9
    assert all(len(edge["cursor"]) <= CURSOR_LENGTH for edge in edges)
    wanted = [edge["node"]["id"] for edge in edges]
    document = (
        f"query ($c: String) {{ serviceRecords(first: {size}, after: $c, {where}, {order})"
        " { nodes { id } pageInfo { hasNextPage endCursor } } }"
    )
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(10):
        page = (await pilot.data(DIRECTOR, document, c=cursor))["serviceRecords"]
        seen += [node["id"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == wanted
