"""A question in words that do not say whose it is: what leaves the agency with a referral.

A department answers a question, it needs no person for that: names of the person asking, their
address, and numbers long enough to be one's identity or telephone are taken out. What remains may
still tell a story that somebody recognises; the worker who refers reads it, and can word it anew.
"""

from __future__ import annotations

import re

# An identity number of either length, a telephone or account number, with its separators. Money
# and years have fewer digits in a row.
_NUMBER = re.compile(r"\d(?:[ \-]?\d){6,}[Xx]?")
REMOVED = "〇〇"


def deidentified(text: str, *, name: str, address: str | None = None) -> str:
    """`text` with the person's name shortened to 王某, without their address and long numbers."""
    found = text.replace(name, f"{name[:1]}某")
    if address:
        found = found.replace(address, REMOVED)
    return _NUMBER.sub(REMOVED, found)
