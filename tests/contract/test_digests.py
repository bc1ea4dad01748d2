"""What people typed is digested under a key or not at all: a plain digest of it can be guessed."""

from __future__ import annotations

import re

import pytest

from citywide.settings import CHECKOUT

PACKAGE = CHECKOUT / "platform" / "citywide"
ALGORITHMS = re.compile(r"\b(md5|sha\d+|blake2[bs]|crc32|adler32|hashlib|zlib|hmac)\b")
# Who digests, and what.
DIGESTED = {
    "acts/perform.py": "an input, and the digest of it under a key",
    "audit/chain.py": "entries, whose words are sealed, under a key",
    "authz/policy.py": "the policy's files",
    "bench": "made-up records, and the recipe that makes them",
    "db/digests.py": "rows, under a key",
    "db/embedded.py": "the path of a folder",
    "db/migrate.py": "a purpose, under the secret",
    "db/sealed.py": "under keys of the secret",
    "db/session.py": "names of logins, under the secret",
    "db/verifiers.py": "passwords of logins that are derived from the secret",
    "graph/paging.py": "names of the fields of an order",
    "graph/probes.py": "questions, in memory for an hour",
    "oversight/detection.py": "ids, amounts and days, which stand beside it in clear",
    "web/home.py": "the page, for the browser's policy",
}


def test_whoever_digests_is_known_with_what() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if ALGORITHMS.search(path.read_text(encoding="utf-8")) and "migrations" not in name:
            found.add(name if name in DIGESTED else name.partition("/")[0])
    assert found == DIGESTED.keys()


@pytest.mark.parametrize("line", ["hashlib.md5(x)", "from hashlib import sha256", "zlib.crc32(x)"])
def test_the_search_knows_a_digest(line: str) -> None:
    assert ALGORITHMS.search(line)
