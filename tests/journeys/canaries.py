"""What an invented person's details look like wherever they might lie, and where they do."""

from __future__ import annotations

import hashlib
import re
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

from beneficiaries.keeping import id_number
from citywide.db import embedded

# Enough of a base64 text to be no accident: without what depends on the bytes before and after.
_LEAST_BASE64 = 8
# Of what a digest is found by: the whole, or as much as somebody might keep of it.
_DIGEST_HEX = 16


@dataclass(frozen=True, slots=True)
class Canary:
    """A person's details, all of which nobody else in the city has."""

    name: str = "欧阳金丝雀"
    phone: str = "139-0731-8264"
    address: str = "鸟笼巷七百二十一弄三号"
    born_on: str = "1931-07-19"
    story: str = "他说当年的退伍证被水淹过"

    @property
    def id_number(self) -> str:
        return id_number(date.fromisoformat(self.born_on))

    @property
    def other_number(self) -> str:
        """Of somebody born on the same day, whose file is never written."""
        return id_number(date.fromisoformat(self.born_on), 515)

    @property
    def details(self) -> dict[str, str]:
        """What is looked for, by what it is."""
        return {
            "name": self.name,
            "phone": self.phone,
            "address": self.address,
            "birth date": self.born_on,
            "story": self.story,
            "identity number": self.id_number,
            "other identity number": self.other_number,
        }


def written(text: str) -> Iterator[str]:
    """A text as it may stand in a file: plainly, escaped, in hexadecimal or in base64."""
    raw = text.encode()
    yield text
    yield text.encode("unicode_escape").decode()
    yield quote(text)
    yield raw.hex()
    yield raw[::-1].hex()
    for shift in range(3):
        # Wherever it begins in a longer text, these characters are the same.
        whole = b64encode(bytes(shift) + raw).decode()
        inner = whole[-(-8 * shift // 6) : 8 * (shift + len(raw)) // 6]
        if len(inner) >= _LEAST_BASE64:
            yield inner


def digests(*texts: bytes) -> Iterator[str]:
    """Plain digests of texts, as they may stand in a file."""
    for text in texts:
        for algorithm in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b"):
            raw = hashlib.new(algorithm, text).digest()
            yield raw.hex()[:_DIGEST_HEX]
            yield b64encode(raw).decode()[:_DIGEST_HEX]


def found_in(text: str, details: Mapping[str, str]) -> set[str]:
    """Which details stand in a text, in any of their forms."""
    return {
        name
        for name, detail in details.items()
        if any(form.lower() in text.lower() for form in set(written(detail)))
    }


def digested_in(text: str, *secrets: bytes) -> set[str]:
    """Plain digests of `secrets` that stand in a text."""
    return {form for form in digests(*secrets) if form.lower() in text.lower()}


def dumped(url: str) -> dict[tuple[str, str], str]:
    """All that a database holds, column by column, as its owner's `pg_dump` writes it."""
    program = embedded._binaries() / "pg_dump"
    said = subprocess.run(
        [program, "--data-only", "--dbname", url], check=True, capture_output=True, text=True
    ).stdout
    found: dict[tuple[str, str], list[str]] = {}
    for block in re.finditer(
        r"^COPY public\.(\w+) \(([^)]*)\) FROM stdin;\n(.*?)^\\\.$", said, re.MULTILINE | re.DOTALL
    ):
        columns = [name.strip('" ') for name in block[2].split(",")]
        for line in block[3].splitlines():
            for column, value in zip(columns, line.split("\t"), strict=True):
                found.setdefault((block[1], column), []).append(value)
    return {place: "\n".join(values) for place, values in found.items()}


def files_below(*folders: Path) -> dict[str, str]:
    """What every file in folders says."""
    return {
        str(path): path.read_bytes().decode(errors="replace")
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def server_log(data_directory: str) -> str:
    """What the embedded PostgreSQL has to say."""
    return (Path(data_directory).parent / "postgres.log").read_text(errors="replace")
