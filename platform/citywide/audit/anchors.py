"""Signed statements about where the chains are, to be kept where the database is not.

Whoever has the deployment's secret as well as the database can write a chain anew, and anybody
can cut one off together with its head. Neither can change what was said about it before, as long
as that is kept elsewhere: a file on another machine, an address it was posted to, a printed page.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey
from sqlalchemy import select

from citywide.audit.models import AUDIT_HEAD
from citywide.db.session import Audience, Context, Database
from citywide.errors import OperatorError
from citywide.tenancy.models import BUREAU, TENANT

# The signing key makes tokens too: what is signed for one purpose is not taken for the other.
KIND = "citywide-heads+jws"
# A statement about ten thousand tenants has two megabytes; more is no statement.
LARGEST_BYTES = 4 << 20
# As many digits of a hash as are printed: nobody finds another chain with the same 64 bits by
# trying, and a person can compare them.
PRINTED_DIGITS = 16
_SUFFIX = ".jws"
_NAME = re.compile(r"heads-\d{8}T\d{12}Z\.jws")


@dataclass(frozen=True, slots=True)
class Anchored:
    """Where one tenant's chain is."""

    tenant_id: UUID
    slug: str
    position: int
    hash: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What a statement saw of a chain; `source` names it in sentences."""

    source: str
    slug: str
    position: int
    hash: bytes


async def heads(database: Database, bureau_id: UUID | None = None) -> list[Anchored]:
    """The heads of all chains, or of one bureau's; read as the bureau's audience."""
    audience = Audience.BUREAU
    async with database.read(Context(audience)) as transaction:
        bureaus = [row["id"] for row in await transaction.rows(select(BUREAU.c.id))]
    head = AUDIT_HEAD
    statement = (
        select(TENANT.c.tenant_id, TENANT.c.slug, head.c.position, head.c.hash)
        .join(head, head.c.tenant_id == TENANT.c.tenant_id)
        .order_by(TENANT.c.slug)
    )
    found: list[Anchored] = []
    for each in bureaus if bureau_id is None else [bureau_id]:
        async with database.read(Context(audience, bureau_id=each)) as transaction:
            rows = await transaction.rows(statement.where(TENANT.c.bureau_id == each))
        found += [
            Anchored(row["tenant_id"], row["slug"], row["position"], row["hash"].hex())
            for row in rows
        ]
    return found


def signed(found: Sequence[Anchored], made_at: datetime, *, key: OKPKey, issuer: str) -> str:
    """The statement: a compact JWS (RFC 7515) of the deployment's issuer, Ed25519."""
    stated = {
        "iss": issuer,
        "at": made_at.isoformat(timespec="seconds"),
        "heads": [
            {
                "tenant": str(each.tenant_id),
                "slug": each.slug,
                "position": each.position,
                "hash": each.hash,
            }
            for each in found
        ],
    }
    header = {"alg": "Ed25519", "kid": key.thumbprint(), "typ": KIND}
    payload = json.dumps(stated, separators=(",", ":"), ensure_ascii=False).encode()
    return jws.serialize_compact(header, payload, key, algorithms=["Ed25519"])


def file_name(made_at: datetime) -> str:
    """By which statements are in the order of time."""
    return f"heads-{made_at.astimezone(UTC):%Y%m%dT%H%M%S%f}Z{_SUFFIX}"


def made_at(path: Path) -> datetime:
    """When a statement that `write` has named was made."""
    return datetime.strptime(path.name, f"heads-%Y%m%dT%H%M%S%fZ{_SUFFIX}").replace(tzinfo=UTC)


def write(folder: Path, made_at: datetime, statement: str) -> Path:
    """Keep a statement in a folder of this user's own; whole or not at all. Raises `OSError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    path = folder / file_name(made_at)
    hidden = path.with_suffix(".new")
    descriptor = os.open(hidden, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{statement}\n")
        file.flush()
        os.fsync(file.fileno())
    return hidden.rename(path)


def kept(folder: Path) -> list[Path]:
    """The statements of a folder in the order of time."""
    return sorted(path for path in folder.glob(f"*{_SUFFIX}") if path.is_file())


def written(folder: Path) -> list[Path]:
    """Those of `kept` that `write` has named."""
    return [path for path in kept(folder) if _NAME.fullmatch(path.name)]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement whose signature is right: when it was made, and where the chains were."""

    made_at: datetime
    heads: tuple[Anchored, ...]


def read(path: Path, key: OKPKey) -> Statement:
    """Raises `ValueError` with a sentence when the file is no statement of this deployment."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            message = f"{path} is no statement about chains: it is too long."
            raise ValueError(message)
        text = path.read_bytes().strip()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}."
        raise ValueError(message) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            found = jws.deserialize_compact(text, key, algorithms=["Ed25519"])
        if found.headers().get("typ") != KIND:
            message = f"{path} is signed, but is no statement about chains."
            raise ValueError(message)
        return _statement(json.loads(found.payload))
    except JoseError as error:
        message = f"{path} is not signed by this deployment, or was changed since."
        raise ValueError(message) from error
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        message = f"{path} is signed, but is no statement about chains."
        raise ValueError(message) from error


def _statement(stated: Mapping[str, Any]) -> Statement:
    return Statement(
        datetime.fromisoformat(stated["at"]),
        tuple(
            Anchored(UUID(each["tenant"]), each["slug"], each["position"], each["hash"])
            for each in stated["heads"]
        ),
    )


@dataclass(frozen=True, slots=True)
class Expectations:
    """What files say about the chains of tenants, and which files cannot be believed."""

    files: tuple[Path, ...]
    by_tenant: Mapping[UUID, tuple[Expected, ...]]
    faults: tuple[str, ...]


def expectations(source: Path, key: OKPKey) -> Expectations:
    """What a statement, or a folder of them, expects; raises `OperatorError` without any."""
    files = kept(source) if source.is_dir() else [source]
    if not files or not source.exists():
        sentence = f"There is no statement about chains in {source}: nothing was compared."
        raise OperatorError(sentence)
    by_tenant: dict[UUID, dict[tuple[int, str], Expected]] = {}
    faults: list[str] = []
    for path in files:
        try:
            statement = read(path, key)
        except ValueError as error:
            faults.append(str(error))
            continue
        for each in statement.heads:
            seen = Expected(path.name, each.slug, each.position, bytes.fromhex(each.hash))
            # The first one that saw a link says it; later ones of a quiet chain say the same.
            by_tenant.setdefault(each.tenant_id, {}).setdefault((each.position, each.hash), seen)
    return Expectations(
        tuple(files), {one: tuple(seen.values()) for one, seen in by_tenant.items()}, tuple(faults)
    )


def gone(expected: Mapping[UUID, Sequence[Expected]], known: Iterable[UUID]) -> list[str]:
    """A sentence for each tenant that statements name and the database has not."""
    there = set(known)
    return [
        f"{seen[-1].slug}: the chain was deleted with its tenant: {seen[-1].source} saw "
        f"{seen[-1].position} entries."
        for tenant_id, seen in expected.items()
        if tenant_id not in there
    ]
