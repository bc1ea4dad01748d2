"""What the tests of volunteers share: a volunteer of 手牵手, and what they find by name."""

from __future__ import annotations

from typing import Any

from walls.house import House

MANAGER = "shouqianshou.volunteers"
DIRECTOR = "shouqianshou.director"
WORKER = "shouqianshou.worker1"
ENTRY = """volunteer { id number name phone skills leftOn version area { name }
    abilities { nodes { skill { code } } } slots { nodes { weekday partOfDay } } }"""
TABLES = (
    "volunteer",
    "volunteer_skill",
    "volunteer_slot",
    "volunteer_link",
    "volunteer_hours",
    "audit_entry",
    "outbox",
)


async def counts(house: House) -> list[int]:
    """How many rows each table that acts on volunteers write has."""
    return [await house.owner.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES]


async def skills(house: House, *codes: str) -> list[Any]:
    """The ids of skills."""
    found = await house.data(MANAGER, "{ skills(first: 50) { nodes { id code } } }")
    ids = {each["code"]: each["id"] for each in found["skills"]["nodes"]}
    return [ids[code] for code in codes]


async def areas(house: House, *names: str) -> list[Any]:
    """The ids of areas."""
    read = "query($name: String!) { areas(where: {name: {eq: $name}}) { nodes { id } } }"
    found = [await house.data(MANAGER, read, name=name) for name in names]
    return [each["areas"]["nodes"][0]["id"] for each in found]


async def register(house: House, number: str, **given: Any) -> Any:
    """Register a volunteer; the mutation's answer."""
    entry = {"number": number, "name": "周志愿", "registeredOn": "2015-06-01", **given}
    return await house.act(MANAGER, "registerVolunteer", ENTRY, **entry)


async def volunteer_id(house: House, number: str) -> Any:
    """A volunteer's id."""
    read = """query($number: String!) { agencies { nodes { volunteers(
        where: {number: {eq: $number}}) { nodes { id version } } } } }"""
    found = await house.data(MANAGER, read, number=number)
    [one] = found["agencies"]["nodes"][0]["volunteers"]["nodes"]
    return one["id"]
