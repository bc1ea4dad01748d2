"""What is kept of earlier requests: bounded by bytes, and no tenant pushes out another's.

Everybody finds what anybody made. When there is too much, the tenant for which most is kept loses
what it has not used for longest: one that sends ever new documents only forgets its own.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Hashable
from typing import Any, Final, Generic, TypeVar

from cachetools import LRUCache

# The part of all room that one thing may take: what is larger would push out everything else.
LARGEST_SHARE = 0.25
# What a thing costs beside itself: its key, its place in two dictionaries and in the order of use.
ENTRY_BYTES = 1_000

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by key, each with its size and the tenant for which it was made."""

    def __init__(self, most_bytes: int) -> None:
        self._most: Final = most_bytes
        self._owners: Final[dict[Hashable, Hashable]] = {}
        self._of: Final[dict[Hashable, LRUCache[Hashable, tuple[Value, int]]]] = {}
        self.bytes = 0

    def get(self, key: Hashable) -> Value | None:
        """What is kept under the key."""
        owner = self._owners.get(key, ...)
        return None if owner is ... else self._of[owner][key][0]

    def put(self, tenant: Hashable, key: Hashable, value: Value, size: int) -> None:
        """Keep a value of so many bytes, made for a tenant, unless it is too large to be kept."""
        size += ENTRY_BYTES
        if key in self._owners or size > self._most * LARGEST_SHARE:
            return
        if tenant not in self._of:
            self._of[tenant] = LRUCache(math.inf, getsizeof=_size)
        self._of[tenant][key] = (value, size)
        self._owners[key] = tenant
        self.bytes += size
        while self.bytes > self._most:
            self._forget_one()

    def _forget_one(self) -> None:
        tenant = max(self._of, key=lambda each: self._of[each].currsize)
        key, (_, size) = self._of[tenant].popitem()
        if not self._of[tenant]:
            del self._of[tenant]
        del self._owners[key]
        self.bytes -= size


def _size(entry: tuple[Any, int]) -> int:
    return entry[1]


def text_bytes(*texts: str) -> int:
    """What texts take."""
    return sum(map(sys.getsizeof, texts))
