"""The floods: what one agency may send, as much of it as the server takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import asyncpg
from graphql import get_introspection_query

from citywide.bench.load import SERIAL
from citywide.bench.operations import Asked
from citywide.bench.writes import DOCUMENT as RECORD
from citywide.bench.writes import recording

# Lists that an operation may just reach, and a page of eight columns each.
_WIDE_LISTS = 16
# As many lists as a document of the largest size has room for; the server bounds them sooner.
_PLAIN_LISTS = 200
_FORBIDDEN_ALIASES = 490
_MUTATIONS = 10
_FIGURES = 10


@dataclass(frozen=True, slots=True)
class Flood:
    """One flood: its requests, each different where the load puts its number."""

    name: str
    description: str
    asked: Sequence[Asked]


def _wide() -> str:
    fields = "id name fileNumber gender phone address openedOn worker { name } segment { name }"
    lists = (
        f"a{place}_{SERIAL}: beneficiaries(first: 2) {{ nodes {{ {fields} }} }}"
        for place in range(_WIDE_LISTS)
    )
    return f"query W{SERIAL} {{ {' '.join(lists)} }}"


def _introspection() -> str:
    return get_introspection_query().replace("IntrospectionQuery", f"I{SERIAL}")


def _aliases() -> str:
    """Coordinates that no agency reads: refused, all 490 of them."""
    fields = (
        f"a{place}_{SERIAL}: auditTrail {{ totalCount }}" for place in range(_FORBIDDEN_ALIASES)
    )
    return f"query A{SERIAL} {{ {' '.join(fields)} }}"


def _plain_lists() -> str:
    fields = (
        f"a{place}_{SERIAL}: beneficiaries(first: 1) {{ nodes {{ id }} }}"
        for place in range(_PLAIN_LISTS)
    )
    return f"query L{SERIAL} {{ {' '.join(fields)} }}"


def _figures() -> str:
    """Figures of a year from all records of the agency, ten times."""
    fields = (
        f'm{place}: metrics(measures: SERVICES, by: [AREA, MONTH], where: {{ from: "2025-01-0'
        f'{1 + place % 9}", until: "2026-01-01" }}) {{ rows {{ keys {{ label }} '
        "values { value } } }"
        for place in range(_FIGURES)
    )
    return f"{{ {' '.join(fields)} }}"


def _unreadable() -> str:
    return f"query U{SERIAL} {{ beneficiaries {{ nodes {{ name "


def _many_mutations() -> str:
    fields = (
        f"m{place}: recordService(input: $input{place}) {{ __typename "
        "... on RecordServiceSuccess { serviceRecord { id number } } }"
        for place in range(_MUTATIONS)
    )
    variables = (f"$input{place}: RecordServiceInput!" for place in range(_MUTATIONS))
    return f"mutation M({', '.join(variables)}) {{ {' '.join(fields)} }}"


_DOCUMENTS: Mapping[str, tuple[str, Callable[[], str]]] = {
    "wide": ("new documents of sixteen lists of eight columns, no two equal", _wide),
    "introspection": ("the whole schema, by documents of which no two are equal", _introspection),
    "refused": ("new documents of 490 aliases of what the role may not read", _aliases),
    "lists": ("new documents of 200 plain lists", _plain_lists),
    "figures": ("ten figures of a year by area and month", _figures),
    "unreadable": ("documents that end too soon", _unreadable),
}


def floods_of(director: str, places: Sequence[asyncpg.Record]) -> list[Flood]:
    """The floods of one agency: its director's, and its workers' at these places."""
    found = [
        Flood(name, description, [Asked(director, document(), {})])
        for name, (description, document) in _DOCUMENTS.items()
    ]
    many = _many_mutations()
    found.append(
        Flood(
            "records",
            "one service recorded for one person",
            [_recording(RECORD, each, 1) for each in places],
        )
    )
    found.append(
        Flood(
            "ten records",
            "ten services recorded in one operation",
            [_recording(many, each, _MUTATIONS) for each in places],
        )
    )
    return found


def _recording(document: str, place: asyncpg.Record, number: int) -> Asked:
    names = ["input"] if number == 1 else [f"input{each}" for each in range(number)]
    inputs = {name: recording(place, f"{name}-{number}-{SERIAL}") for name in names}
    return Asked(place["subject"], document, inputs)


def with_bad_token(request: bytes) -> bytes:
    """The same request with a token that nobody signed, another each time."""
    head, _, rest = request.partition(b"Authorization: Bearer ")
    token, _, rest = rest.partition(b"\r\n")
    signed, _, signature = token.rpartition(b".")
    forged = signature[: -len(SERIAL) - 2] + SERIAL.encode() + signature[-2:]
    return head + b"Authorization: Bearer " + signed + b"." + forged + b"\r\n" + rest


def without_body(request: bytes) -> bytes:
    """The same head with a body that is no JSON."""
    head, _, _ = request.partition(b"Content-Length:")
    body = json.dumps({"query": "{ viewer { id } }"})[:-1].encode()
    return head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
