"""Sealed cursors: a row's place in a list, which only the one it was given to can hand back.

A cursor holds the row's order keys, and these tell about persons. So what goes out is the number of
the hour in which it expires, then the keys under AES-SIV (RFC 5297): authenticated, bound to the
list with its order, to the member, the tenant, the audience and the roles. The encryption is
deterministic, and so equal rows have equal cursors for an hour.

PostgreSQL writes a cursor in clear behind a control character (`sql.cursor`); `Cursors.sealed`
replaces it on the way out, by one regular expression over the answer.
"""

from __future__ import annotations

import json
import re
import time
from base64 import urlsafe_b64decode
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from citywide.authz.principal import Principal
from citywide.db.sealed import derived_key
from citywide.errors import Code, RefusalError

# At least so long a cursor is good: whoever pages through a list does so within a day, and what
# was ordered yesterday under other rights is worth nothing tomorrow.
CURSOR_HOURS = 24
# Eight keys of `ORDERED_CHARACTERS`, four bytes each, in base64 are 5 200 characters. A longer one
# is not ours.
CURSOR_LENGTH = 8_192

# The end of a cursor is told in whole hours: it says nothing of when somebody read.
_HOUR_S = 3_600
# The number of an hour since 1970, for another 1 800 years.
_HOUR_BYTES = 3
_URLSAFE = bytes.maketrans(b"+/", b"-_")
# A cursor in an answer: the control character is JSON's \u0003 at a string's start.
_CLEAR = re.compile(rb'"\\u0003(o[0-9a-f]{32})([A-Za-z0-9+/=]+)"')


@dataclass(frozen=True, slots=True)
class Given:
    """A cursor that an operation gives: its text (`values.resolve`), the list it must be of."""

    text: Any
    signature: str
    keys: int


class Cursors:
    """Seals and opens the cursors of one deployment."""

    def __init__(self, secret: bytes, clock: Callable[[], float] = time.time) -> None:
        self._cipher: Final = AESSIV(derived_key(secret, b"citywide cursor"))
        self._clock: Final = clock

    def sealed(self, data: bytes, reader: Principal) -> bytes:
        """The answer with its cursors sealed for its reader."""
        holder = _holder(reader)
        expiry = self._expiry()

        def sealed(match: re.Match[bytes]) -> bytes:
            signature, keys = match.groups()
            return b'"' + self._seal(a2b_base64(keys), [expiry, signature, holder]) + b'"'

        return _CLEAR.sub(sealed, data)

    def seal(self, keys: bytes, signature: str, reader: Principal) -> str:
        """One cursor; `keys` is a JSON array."""
        bound = [self._expiry(), signature.encode(), _holder(reader)]
        return self._seal(keys, bound).decode()

    def _seal(self, keys: bytes, bound: list[bytes]) -> bytes:
        text = b2a_base64(bound[0] + self._cipher.encrypt(keys, bound), newline=False)
        return text.translate(_URLSAFE, b"=")

    def _expiry(self) -> bytes:
        hour = int(self._clock() // _HOUR_S) + CURSOR_HOURS + 1
        return hour.to_bytes(_HOUR_BYTES, "big")

    def opened(self, text: str, given: Given, reader: Principal) -> Sequence[Any]:
        """The keys in a cursor of this list, order and reader; any other is refused."""
        try:
            if len(text) > CURSOR_LENGTH:
                raise ValueError  # noqa: TRY301 -- one sentence for every cursor that is not ours
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            expiry = raw[:_HOUR_BYTES]
            bound = [expiry, given.signature.encode(), _holder(reader)]
            keys = json.loads(self._cipher.decrypt(raw[_HOUR_BYTES:], bound))
        except (ValueError, InvalidTag):
            raise not_of_this_list() from None
        if self._clock() >= int.from_bytes(expiry, "big") * _HOUR_S:
            message = (
                f"A cursor is good for {CURSOR_HOURS} hours and this one is older; "
                "begin again at the first page."
            )
            raise RefusalError(Code.BAD_USER_INPUT, message)
        if not isinstance(keys, list) or len(keys) != given.keys:
            raise not_of_this_list()
        return keys


def not_of_this_list() -> RefusalError:
    """The refusal of whatever is no cursor of the reader's in this list and order."""
    message = "A cursor is not one of this list in this order; take it from the page before."
    return RefusalError(Code.BAD_USER_INPUT, message)


def _holder(reader: Principal) -> bytes:
    """Who may hand a cursor back: the member, as long as their roles show them the same."""
    whom = [reader.audience, str(reader.tenant_id), str(reader.member_id)]
    return json.dumps([*whom, *sorted(map(str, reader.roles))]).encode()
