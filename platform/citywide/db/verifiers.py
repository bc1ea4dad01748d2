"""What a PostgreSQL server keeps of a login's password: a SCRAM verifier, made here (RFC 5803).

The server never hears the password, nor does its log. The salt is derived like the password: the
verifier is the same at every migration, so that a pooler's copy of it goes on working.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from hashlib import pbkdf2_hmac, sha256

from citywide.db.sealed import derived_key
from citywide.db.session import Audience, login_password

# PostgreSQL's own number, the least that RFC 7677 allows: the passwords are 256 bits of a key,
# which nobody guesses however fast, and every new connection computes it.
SCRAM_ITERATIONS = 4_096
# PostgreSQL's own length.
SALT_BYTES = 16


def login_verifier(secret: bytes, audience: Audience) -> str:
    """The verifier of a login's password, as `pg_authid` and a pooler's `auth_file` hold it."""
    key = derived_key(secret, b"citywide login salt")
    salt = hmac.digest(key, audience.login.encode(), "sha256")[:SALT_BYTES]
    password = login_password(secret, audience).encode()
    salted = pbkdf2_hmac("sha256", password, salt, SCRAM_ITERATIONS)
    stored = sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    in_base64 = [b64encode(each).decode() for each in (salt, stored, server)]
    return "SCRAM-SHA-256${}:{}${}:{}".format(SCRAM_ITERATIONS, *in_base64)
